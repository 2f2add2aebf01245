r"""Functions of functions: gradients, Jacobians, Hessians, derivatives of any order.

Each transform takes a function f of numbers, arrays or containers of them, written with the ops of this library, and
returns a `Transformed` function with the same arguments. They nest: ``grad(grad(f))`` is the second derivative.

Letters: :math:`\nabla f` is the gradient, :math:`J_{ij} = \partial f_i / \partial x_j` the Jacobian,
:math:`H_{ij} = \partial^2 f / \partial x_i \partial x_j` the Hessian (Griewank & Walther, "Evaluating Derivatives", 2nd
ed. 2008, chapters 3 and 5).
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from types import MethodType
from typing import Any

import numpy as np

from autograd_lite.engine import Value, gradients
from autograd_lite.errors import DomainError, OperandError, ShapeError, checked_names
from autograd_lite.namespaces import values
from autograd_lite.op import current_tracer, shown
from autograd_lite.pytree import NUMBER, Structure, flatten
from autograd_lite.transforms.edge_pushing import second_derivatives
from autograd_lite.transforms.evaluation import (
    Evaluation,
    Function,
    Number,
    Selection,
    Tree,
    evaluate,
    roll_steps,
    scalar,
    select,
)
from autograd_lite.transforms.sharing import shared

__all__ = ["derivative", "grad", "hessian", "hvp", "jacobian", "successive_derivatives", "value_and_grad"]

FEW = 8  # inputs: for so few a loop is swept again and again sooner than very many steps once

Arguments = Sequence[Tree]
Named = dict[str, Tree]


class Transformed:
    """A function with a transform applied to it, under the function's own name; pickles where the function does."""

    adapts_arguments = True  # f(x, y) or f([x, y]): `evaluate` sees to it

    def __init__(self, transform: Callable[..., Tree], f: Function, option: Any) -> None:  # what it has to know of f
        if not callable(f):
            raise OperandError(
                f"A transform takes a function and returns one; it got {shown(f)} ({type(f).__name__}). "
                "Write ag.grad(f)(x), not ag.grad(f(x)); for an existing Value, use ag.gradients(v, wrt)."
            )
        functools.update_wrapper(self, f, updated=())
        self._transform, self._f, self._option = transform, f, option

    def __call__(self, *args: Tree, **named: Tree) -> Tree:
        return self._transform(self._f, self._option, args, named)

    def __get__(self, instance: object, owner: type | None = None) -> Function:
        """Bind to an instance, as a function does that is a method."""
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<{self._transform.__name__.lstrip('_')} of {shown(self._f)}>"


class Swept(Transformed):
    """A transform that evaluates a function, and then makes its result of the evaluation, by a reverse sweep.

    Attributes
    ----------
    batched_arguments : tuple of int
        The arguments that a `batch_mean` takes whole, where the transform hands them on as they come.
    """

    def __init__(self, transform: Callable[..., Tree], f: Function, option: Selection) -> None:
        super().__init__(transform, f, option)
        batched: tuple[int, ...] = getattr(f, "batched_arguments", ())
        self.batched_arguments = batched if option.leaves_alone(batched) else ()

    def __call__(self, *args: Tree, **named: Tree) -> Tree:
        return self.finish(self.evaluate(args, named))

    def evaluate(self, args: Arguments, named: Named) -> Evaluation:
        """The first half: evaluate the function."""
        return evaluate(self._f, self._option, args, named)

    def finish(self, evaluation: Evaluation) -> Tree:
        """The second half: make the result."""
        return self._transform(evaluation, self._option)

    @property
    def name(self) -> str:
        """What the second half does, whatever the function is."""
        return self._transform.__name__


@checked_names
def grad(
    f: Function, argnums: int | Sequence[int] = 0, *, wrt: Iterable[Value] | None = None, has_aux: bool = False
) -> Function:
    """Make the gradient of a function that returns one number.

    Parameters
    ----------
    f : callable
        Takes numbers, arrays, lists, tuples or dicts of numbers, which reach it as Values; returns a Value or a number.
    argnums : int or sequence of int
        Index of the argument to differentiate with respect to; several give a tuple of gradients.
    wrt : iterable of Value, optional
        Captured leaves to differentiate with respect to instead, such as ``model.parameters()``; gives a list.
    has_aux : bool
        Whether f returns a pair (result, aux), and this (gradient, aux): aux is numbers, not differentiated.

    Returns
    -------
    callable
        Takes what f takes. The gradient mirrors the argument: a float for a number, a float64 array for an array, the
        same container otherwise; Values where any input was a Value. A function of x and y may be called with
        ``[x, y]``, one of a vector with two numbers: the arguments of the call are what `argnums` counts.

    Raises
    ------
    ShapeError
        In a call, if f returns a sequence, or `argnums` is out of range.
    OperandError
        If f is not a function, does not return a number, or an argument holds anything but numbers.

    Examples
    --------
    >>> from autograd_lite import sin
    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(lambda p: p["w"] * p["x"] + sin(p["b"]))({"w": 3.0, "x": 5.0, "b": 0.0})
    {'w': 5.0, 'x': 3.0, 'b': 1.0}
    >>> grad(lambda w, x: w @ x)(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([3., 4.])
    >>> grad(lambda x, y: x * y)([2.0, 5.0])
    [5.0, 2.0]
    """
    return Swept(_gradient, f, select(argnums, wrt, has_aux=has_aux))


def _gradient(evaluation: Evaluation, selection: Selection) -> Tree:
    gradient = evaluation.structure.rebuild(evaluation.gradients(scalar(evaluation.result, "A gradient")))
    return (gradient, evaluation.numbers(evaluation.aux)) if selection.has_aux else gradient


@checked_names
def value_and_grad(
    f: Function, argnums: int | Sequence[int] = 0, *, wrt: Iterable[Value] | None = None, has_aux: bool = False
) -> Function:
    """Make a function that returns the value and the gradient of f, from one evaluation.

    Parameters
    ----------
    f, argnums, wrt, has_aux
        As for `grad`.

    Returns
    -------
    callable
        Takes what f takes, returns (value, gradient); the value is a float, or a Value where any input was a Value.
        With `has_aux` it returns ((value, aux), gradient).

    Raises
    ------
    ShapeError, OperandError
        As `grad`.

    Examples
    --------
    >>> value_and_grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 5.0)
    (10.0, (5.0, 2.0))
    >>> w = Value(3.0)
    >>> value_and_grad(lambda x: w * x, wrt=[w])(2.0)
    (6.0, [2.0])
    >>> value_and_grad(lambda x: (x**2, {"half": x / 2.0}), has_aux=True)(6.0)
    ((36.0, {'half': 3.0}), 12.0)
    """
    return Swept(_value_and_gradient, f, select(argnums, wrt, has_aux=has_aux))


def _value_and_gradient(evaluation: Evaluation, selection: Selection) -> tuple[Tree, Tree]:
    y = scalar(evaluation.result, "A gradient")
    value, gradient = evaluation.number(y), evaluation.structure.rebuild(evaluation.gradients(y))
    return (value, evaluation.numbers(evaluation.aux)) if selection.has_aux else value, gradient


@checked_names
def derivative(f: Function, order: int = 1) -> Function:
    r"""Make the n-th derivative of a function of one number.

    Parameters
    ----------
    f : callable
        Takes a number first, and returns a number.
    order : int
        Any n from 0 (f itself) on. The work about doubles with each order.

    Returns
    -------
    callable
        Takes what f takes, returns :math:`f^{(n)}` with respect to the first argument; 0 where f does not depend on it.

    Raises
    ------
    DomainError
        If the order is negative.
    OperandError, ShapeError
        If the first argument or the result is not one number.

    Examples
    --------
    >>> [derivative(lambda x: x**3, order=n)(3.0) for n in range(5)]
    [27.0, 27.0, 18.0, 6.0, 0.0]
    """
    return Transformed(_nth_derivative, f, check_order(order))


def _nth_derivative(f: Function, order: int, args: Arguments, named: Named) -> Number:
    return successive_derivatives(evaluate(f, Selection(), args, named), order)[-1]


def successive_derivatives(evaluation: Evaluation, order: int) -> list[Number]:
    """Differentiate the result of an evaluation with respect to its one number: f, f', f'', ... up to an order."""
    structure = evaluation.structure
    if structure != NUMBER:
        raise OperandError(
            f"This derivative is with respect to one number; the argument holds {structure.size} in a "
            f"{structure.kind}. Use ag.grad, ag.jacobian or ag.hessian."
        )
    y = scalar(evaluation.result, "A derivative")
    x = evaluation.inputs[0]
    found = [y]
    for _ in range(order):
        y = gradients(shared(y, since=x.order), x, create_graph=True) if isinstance(y, Value) else 0.0
        found.append(y)
    return [evaluation.number(y) for y in found]


def check_order(order: int) -> int:
    """Check the order of a derivative."""
    if isinstance(order, bool) or not hasattr(order, "__index__") or isinstance(order, Value):
        raise OperandError(f"order={shown(order)} is not a whole number, such as 0 (the function itself), 1 or 2.")
    if operator.index(order) < 0:
        raise DomainError(f"order={order} is negative; it must be 0 (the function itself), 1, 2, ...")
    return operator.index(order)


@checked_names
def jacobian(
    f: Function, argnums: int | Sequence[int] = 0, *, wrt: Iterable[Value] | None = None, has_aux: bool = False
) -> Function:
    r"""Make the Jacobian :math:`J_{ij} = \partial f_i / \partial x_j` of a function that returns many numbers.

    Parameters
    ----------
    f : callable
        Returns a number, an array, or lists, tuples or dicts of numbers.
    argnums, wrt, has_aux
        As for `grad`.

    Returns
    -------
    callable
        Takes what f takes. The Jacobian is an array: the axes of the result come first, then those of the argument,
        and sequences of numbers count as arrays. What is not regular, such as a dict, stays a container of such
        arrays. For one number of one number it is a float.

    Raises
    ------
    OperandError
        If f returns neither a number nor a container.

    Notes
    -----
    One evaluation of f, and one reverse sweep for each number that it returns.

    Examples
    --------
    >>> from autograd_lite import cos, sin
    >>> jacobian(lambda r, phi: [r * cos(phi), r * sin(phi)], argnums=(0, 1))(2.0, 0.0)
    array([[1., 0.],
           [0., 2.]])
    """
    return Transformed(_jacobian, f, select(argnums, wrt, has_aux=has_aux))


def _jacobian(f: Function, selection: Selection, args: Arguments, named: Named) -> Tree:
    evaluation = evaluate(f, selection, args, named, rolls=False)
    outputs, structure = flatten(evaluation.result)
    if structure.kind == "static":
        scalar(evaluation.result, "A Jacobian")
    roll_steps((evaluation.result, evaluation.aux), evaluation.inputs, len(outputs))
    gradients_of_outputs = [evaluation.gradients(y) for y in outputs]
    kind = object if evaluation.keeps_values else np.float64
    blocks = _blocks(_matrix(gradients_of_outputs, len(evaluation.inputs), kind), structure, evaluation.structure)
    return (blocks, evaluation.numbers(evaluation.aux)) if selection.has_aux else blocks


def _matrix(rows: Sequence[Sequence[Any]], width: int, kind: type) -> np.ndarray[Any, Any]:
    """A matrix of rows; NumPy would ask each node what it is like, were it to find the shape."""
    shape = len(rows), width
    return np.fromiter(chain.from_iterable(rows), dtype=kind, count=math.prod(shape)).reshape(shape)


def _blocks(entries: np.ndarray[Any, Any], by_row: Structure, by_column: Structure) -> Tree:  # floats or Values
    """Cut a matrix into the containers of the result (rows) and of the argument (columns)."""
    if by_row.shape is None:
        return _assembled(by_row, lambda part, here: _blocks(entries[here], part, by_column))
    if by_row == NUMBER and by_column.parts == (NUMBER,) * len(by_column.parts) != ():
        return by_column.assemble(entries.ravel().tolist())
    if by_column.shape is None:
        return _assembled(by_column, lambda part, here: _blocks(entries[:, here], by_row, part))
    if by_row == NUMBER == by_column:
        return entries.item()
    return entries.reshape(by_row.shape + by_column.shape).copy()


def _assembled(structure: Structure, block: Callable[[Structure, slice], Tree]) -> Tree:
    if structure.kind == "static":
        return structure.rebuild([])
    ends = np.cumsum([part.size for part in structure.parts]).tolist()
    return structure.assemble(
        [block(part, slice(end - part.size, end)) for part, end in zip(structure.parts, ends, strict=True)]
    )


@checked_names
def hessian(
    f: Function, argnums: int | Sequence[int] = 0, *, wrt: Iterable[Value] | None = None, has_aux: bool = False
) -> Function:
    r"""Make the Hessian :math:`H_{ij} = \partial^2 f / \partial x_i \partial x_j` of a scalar function.

    Parameters
    ----------
    f, argnums, wrt, has_aux
        As for `grad`.

    Returns
    -------
    callable
        Takes what f takes. For n numbers, in a list, in an array or as n arguments, the Hessian is an array of shape
        (n, n); for one number a float; for a dict a dict of dicts.

    Raises
    ------
    ShapeError, OperandError
        As `grad`.

    Notes
    -----
    Compiled, it takes one sweep in place of one for each row (edge pushing) where it can, and is symmetric to the bit.
    It multiplies in another order then, so it may be finite, and right, where products of the eager sweeps overflow.

    Examples
    --------
    >>> hessian(lambda p: p[0] ** 2 * p[1])([3.0, 5.0])
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    return Transformed(_hessian, f, select(argnums, wrt, has_aux=has_aux))


def _hessian(f: Function, selection: Selection, args: Arguments, named: Named) -> Tree:
    tracer = current_tracer.get()
    if tracer is None or tracer.exact:  # the Jacobian of the gradient
        slope = grad(f, selection.argnums, wrt=selection.wrt, has_aux=selection.has_aux)
        return _jacobian(slope, selection, args, named)
    evaluation = evaluate(f, selection, args, named, rolls=False)
    y, results = scalar(evaluation.result, "A gradient"), (evaluation.result, evaluation.aux)
    n = len(evaluation.inputs)
    if n <= FEW:
        roll_steps(results, evaluation.inputs, 4 * n)
    rows = second_derivatives(y, evaluation.inputs) if isinstance(y, Value) else None
    if rows is None:  # a sweep for each row: over a loop they are compiled sooner than over its steps, and run as fast
        roll_steps(results, evaluation.inputs)
        rows = [list(evaluation.gradients(slope)) for slope in evaluation.gradients(y)]
    blocks = _blocks(_matrix(rows, n, object), evaluation.structure, evaluation.structure)
    return (blocks, evaluation.numbers(evaluation.aux)) if selection.has_aux else blocks


@checked_names
def hvp(f: Function, argnums: int = 0) -> Function:
    r"""Make the product :math:`H v` of the Hessian with a vector, without the Hessian.

    Parameters
    ----------
    f : callable
        As for `grad`.
    argnums : int
        Index of the argument to differentiate with respect to.

    Returns
    -------
    callable
        Takes what f takes, and v last: a direction like the argument. The product mirrors the argument.

    Raises
    ------
    ShapeError
        If v is not like the argument, or f returns a sequence.

    Notes
    -----
    It is the gradient of :math:`v \cdot \nabla f(x)`: two reverse sweeps whatever the dimension (Pearlmutter, "Fast
    exact multiplication by the Hessian", Neural Computation 6, 1994).

    Examples
    --------
    >>> hvp(lambda p: p[0] ** 2 * p[1])([3.0, 5.0], [1.0, 0.0])
    [10.0, 6.0]
    """
    selection = select(argnums, None)
    if not isinstance(selection.argnums, int):
        raise OperandError(f"hvp takes one argument, which may be a container; argnums={argnums} names several.")
    return Transformed(_hessian_vector_product, f, selection)


def _hessian_vector_product(f: Function, selection: Selection, args: Arguments, named: Named) -> Tree:
    *point, direction = args or [None]
    x = point[selection.indices(len(point))[0]]
    v, structure = flatten(direction)
    if not structure.is_like(flatten(x)[1]):
        raise ShapeError(f"hvp(f)(x, v) needs a v like x; x is {shown(x)}, and v is {shown(direction)}.")

    def slope_along_v(*args: Tree, **named: Tree) -> Number:
        gradient, _ = flatten(_gradient(evaluate(f, selection, args, named), selection))
        return values.sumprod(v, gradient)  # type: ignore[no-any-return]

    return _gradient(evaluate(slope_along_v, selection, point, named), selection)

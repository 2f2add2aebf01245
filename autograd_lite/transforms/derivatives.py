r"""Functions of functions: gradients, Jacobians, Hessians, derivatives of any order.

Each transform takes a function f of numbers, arrays or containers of them, written with the ops of this library, and
returns a new function with the same arguments. They nest: ``grad(grad(f))`` is the second derivative.

Letters: :math:`\nabla f` is the gradient, :math:`J_{ij} = \partial f_i / \partial x_j` the Jacobian,
:math:`H_{ij} = \partial^2 f / \partial x_i \partial x_j` the Hessian (Griewank & Walther, "Evaluating Derivatives", 2nd
ed. 2008, chapters 3 and 5).
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd_lite.engine import Value, gradients
from autograd_lite.errors import DomainError, OperandError, ShapeError
from autograd_lite.namespaces import values
from autograd_lite.op import shown
from autograd_lite.pytree import NUMBER, Structure, flatten
from autograd_lite.transforms.evaluation import Function, Run, run, scalar, select
from autograd_lite.transforms.sharing import shared

__all__ = ["derivative", "grad", "hessian", "hvp", "jacobian", "successive_derivatives", "value_and_grad"]


def grad(f: Function, argnums: int | Sequence[int] = 0, *, wrt: Iterable[Value] | None = None) -> Function:
    """Make the gradient of a function of numbers that returns one number.

    Parameters
    ----------
    f : callable
        Takes numbers, arrays, lists, tuples or dicts of numbers, which reach it as Values; returns a Value or a number.
    argnums : int or sequence of int
        The place of the argument to differentiate by, from 0; several give a tuple of gradients.
    wrt : iterable of Value, optional
        Captured leaves to differentiate by instead, such as ``model.parameters()``; gives a list.

    Returns
    -------
    callable
        Takes what f takes. The gradient mirrors the argument: a float for a number, a float64 array for an array, the
        same container otherwise; of Values where any input was a Value.

    Raises
    ------
    ShapeError
        In a call, if f returns a sequence, or `argnums` names an argument that is not there.
    OperandError
        If f returns no number, or something else is not what it must be.

    Examples
    --------
    >>> from autograd_lite import sin
    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(lambda p: p["w"] * p["x"] + sin(p["b"]))({"w": 3.0, "x": 5.0, "b": 0.0})
    {'w': 5.0, 'x': 3.0, 'b': 1.0}
    >>> grad(lambda w, x: w @ x)(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([3., 4.])
    """
    pair = value_and_grad(f, argnums, wrt=wrt)

    @_wraps(f)
    def gradient(*args: Any, **named: Any) -> Any:
        return pair(*args, **named)[1]

    return gradient


def value_and_grad(f: Function, argnums: int | Sequence[int] = 0, *, wrt: Iterable[Value] | None = None) -> Function:
    """Make a function that gives the value and the gradient of f, from one run.

    Parameters
    ----------
    f, argnums, wrt
        As for `grad`.

    Returns
    -------
    callable
        Takes what f takes, returns (value, gradient); the value is a float, or a Value where any input was one.

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
    """
    selection = select(argnums, wrt)

    @_wraps(f)
    def value_and_gradient(*args: Any, **named: Any) -> Any:
        ran = run(f, selection, args, named)
        value = scalar(ran.result, "A gradient")
        return ran.number(value), ran.structure.rebuild(ran.gradients(value))

    return value_and_gradient


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
        Takes what f takes, returns :math:`f^{(n)}` by its first argument: 0 where f does not depend on it.

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
    order = check_order(order)
    selection = select(0, None)

    @_wraps(f)
    def nth_derivative(*args: Any, **named: Any) -> Any:
        return successive_derivatives(run(f, selection, args, named), order)[-1]

    return nth_derivative


def successive_derivatives(ran: Run, order: int) -> list[Any]:
    """Differentiate the result of a run by its one number: f, f', f'', ... up to an order."""
    if ran.structure != NUMBER:
        raise OperandError(
            f"A derivative of this kind is by one number; the argument holds {ran.structure.size} in a "
            f"{ran.structure.kind}. Use ag.grad, ag.jacobian or ag.hessian."
        )
    y = scalar(ran.result, "A derivative")
    x = ran.aliases[0]
    found = [y]
    for _ in range(order):
        y = gradients(shared(y, since=x.order), x, create_graph=True) if isinstance(y, Value) else 0.0
        found.append(y)
    return [ran.number(y) for y in found]


def check_order(order: int) -> int:
    """Check the order of a derivative."""
    if isinstance(order, bool) or not hasattr(order, "__index__") or isinstance(order, Value):
        raise OperandError(f"The order of a derivative is a whole number; it got {shown(order)}.")
    if operator.index(order) < 0:
        raise DomainError(f"The order of a derivative is 0 (the function itself), 1, 2, ...; it got {order}.")
    return operator.index(order)


def jacobian(f: Function, argnums: int | Sequence[int] = 0, *, wrt: Iterable[Value] | None = None) -> Function:
    r"""Make the Jacobian :math:`J_{ij} = \partial f_i / \partial x_j` of a function that returns many numbers.

    Parameters
    ----------
    f : callable
        Returns a number, an array, or lists, tuples or dicts of numbers.
    argnums, wrt
        As for `grad`.

    Returns
    -------
    callable
        Takes what f takes. The Jacobian is an array: the axes of the result come first, then those of the argument,
        and sequences of numbers count as arrays. What is not regular, such as a dict, stays a container of such
        arrays. One number by one number is a float.

    Raises
    ------
    OperandError
        If f returns what is neither number nor container.

    Notes
    -----
    One run of f, and one reverse sweep for each number that it returns.

    Examples
    --------
    >>> from autograd_lite import cos, sin
    >>> jacobian(lambda r, phi: [r * cos(phi), r * sin(phi)], argnums=(0, 1))(2.0, 0.0)
    array([[1., 0.],
           [0., 2.]])
    """
    selection = select(argnums, wrt)

    @_wraps(f)
    def jacobian_of_f(*args: Any, **named: Any) -> Any:
        ran = run(f, selection, args, named)
        outputs, structure = flatten(ran.result)
        if structure.kind == "static":
            scalar(ran.result, "A Jacobian")
        rows = [ran.gradients(y) for y in outputs]
        entries = np.empty((structure.size, ran.structure.size), dtype=object if ran.keeps_values else np.float64)
        for row, numbers in zip(entries, rows, strict=True):
            row[:] = numbers
        return _blocks(entries, structure, ran.structure)

    return jacobian_of_f


def _blocks(entries: np.ndarray[Any, Any], by_row: Structure, by_column: Structure) -> Any:
    """Cut a matrix into the containers that the result (rows) and the argument (columns) are made of."""
    if by_row.shape is None:
        return _assembled(by_row, lambda part, here: _blocks(entries[here], part, by_column))
    if by_column.shape is None:
        return _assembled(by_column, lambda part, here: _blocks(entries[:, here], by_row, part))
    if by_row == NUMBER == by_column:
        return entries.item()
    return entries.reshape(by_row.shape + by_column.shape).copy()


def _assembled(structure: Structure, block: Callable[[Structure, slice], Any]) -> Any:
    if structure.kind == "static":
        return structure.rebuild([])
    ends = np.cumsum([part.size for part in structure.parts]).tolist()
    return structure.assemble(
        [block(part, slice(end - part.size, end)) for part, end in zip(structure.parts, ends, strict=True)]
    )


def hessian(f: Function, argnums: int | Sequence[int] = 0, *, wrt: Iterable[Value] | None = None) -> Function:
    r"""Make the Hessian :math:`H_{ij} = \partial^2 f / \partial x_i \partial x_j` of a scalar function.

    Parameters
    ----------
    f, argnums, wrt
        As for `grad`.

    Returns
    -------
    callable
        Takes what f takes. The Hessian by n numbers, in a list, in an array or as n arguments, is an array of shape
        (n, n); by one number a float; by a dict a dict of dicts.

    Raises
    ------
    ShapeError, OperandError
        As `grad`.

    Examples
    --------
    >>> hessian(lambda p: p[0] ** 2 * p[1])([3.0, 5.0])
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    captured = None if wrt is None else ([wrt] if isinstance(wrt, Value) else list(wrt))
    return jacobian(grad(f, argnums, wrt=captured), argnums, wrt=captured)


def hvp(f: Function, argnums: int = 0) -> Function:
    r"""Make the product :math:`H v` of the Hessian with a vector, without the Hessian.

    Parameters
    ----------
    f : callable
        As for `grad`.
    argnums : int
        The place of the argument to differentiate by.

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
    place = select(argnums, None)
    if not isinstance(place.argnums, int):
        raise OperandError(f"hvp is by one argument, which may be a container; argnums={argnums} names several.")
    slope = grad(f, argnums)

    @_wraps(f)
    def hessian_vector_product(*args: Any, **named: Any) -> Any:
        *point, direction = args or [None]
        x = point[place.places(len(point))[0]]
        weights, structure = flatten(direction)
        if not structure.is_like(flatten(x)[1]):
            raise ShapeError(f"hvp(f)(x, v) needs a v like x; x is {shown(x)}, and v is {shown(direction)}.")

        def slope_along_v(*args: Any, **named: Any) -> Any:
            return values.sumprod(weights, flatten(slope(*args, **named))[0])

        return grad(slope_along_v, argnums)(*point, **named)

    return hessian_vector_product


def _wraps(f: Function) -> Callable[[Function], Function]:
    """Name a transformed function after f; refuse what is no function."""
    if not callable(f):
        raise OperandError(
            f"A transform takes a function and returns one; it got {shown(f)} ({type(f).__name__}). "
            "Write ag.grad(f)(x), not ag.grad(f(x)); of a Value that is there already, take ag.gradients(v, wrt)."
        )
    return functools.wraps(f, updated=())

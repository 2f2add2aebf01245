r"""Products of the Jacobian with one vector, without the Jacobian: from the left in reverse, from the right forwards.

Letters: f takes x and returns y, :math:`J_{ij} = \partial y_i / \partial x_j`. The *pullback* takes a cotangent
:math:`\bar y` of y to :math:`J^T \bar y`; a tangent :math:`\dot x` of x is pushed forward to :math:`J \dot x`
(Griewank & Walther, "Evaluating Derivatives", 2nd ed. 2008, sections 3.1 and 3.2). The signatures are JAX's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autograd_lite.engine import Value, gradients
from autograd_lite.errors import OperandError, ShapeError
from autograd_lite.forward import tangents
from autograd_lite.namespaces import values
from autograd_lite.op import shown
from autograd_lite.pytree import Structure, flatten, has_values
from autograd_lite.transforms.evaluation import Evaluation, Function, Number, Selection, Tree, evaluate

__all__ = ["jvp", "vjp"]


def vjp(f: Function, *primals: Tree, has_aux: bool = False) -> tuple[Tree, ...]:
    r"""Evaluate a function, and make its pullback: the product :math:`J^T \bar y` for any :math:`\bar y`.

    Parameters
    ----------
    f : callable
        Takes numbers, arrays or containers of them; returns a number or a container.
    *primals : number or container
        Where to evaluate it.
    has_aux : bool
        Whether f returns a pair (result, aux): aux is numbers, not differentiated.

    Returns
    -------
    value : number or container
        What f returned.
    pullback : callable
        Takes a cotangent like the value, and returns a tuple: one product for each of the primals, and like it. One
        reverse sweep a call, however many numbers f takes and returns.
    aux : number or container
        Only with `has_aux`.

    Raises
    ------
    OperandError
        If f is not a function, an argument holds anything but numbers, or none is given.
    ShapeError
        In a call of the pullback, if the cotangent is not like the value.

    Examples
    --------
    >>> value, pullback = vjp(lambda x, y: [x * y, x + y], 2.0, 5.0)
    >>> value, pullback([1.0, 0.0]), pullback([0.0, 1.0])
    ([10.0, 7.0], (5.0, 2.0), (1.0, 1.0))
    """
    evaluation = _evaluated("vjp", f, primals, has_aux)
    outputs, structure = flatten(evaluation.result)
    value = evaluation.numbers(evaluation.result)

    def pullback(cotangent: Tree) -> Tree:
        weights = _like(cotangent, structure, "The cotangent", "the function's result", value)
        loss = values.fsum([values.zmul(w, y) for w, y in zip(weights, outputs, strict=True)])
        if not isinstance(loss, Value):
            return evaluation.structure.rebuild(evaluation.gradients(loss))
        create_graph = evaluation.keeps_values or has_values(weights)
        return evaluation.structure.rebuild(gradients(loss, evaluation.inputs, create_graph=create_graph))

    return (value, pullback, evaluation.numbers(evaluation.aux)) if has_aux else (value, pullback)


def jvp(f: Function, primals: Sequence[Tree], direction: Sequence[Tree], *, has_aux: bool = False) -> tuple[Tree, ...]:
    r"""Evaluate a function, and its derivative :math:`J \dot x` along a direction.

    Parameters
    ----------
    f : callable
        Takes numbers, arrays or containers of them; returns a number or a container.
    primals : tuple or list
        Its arguments, one entry for each.
    direction : tuple or list
        The tangent of each argument, and like it.
    has_aux : bool
        Whether f returns a pair (result, aux): aux is numbers, not differentiated.

    Returns
    -------
    value : number or container
        What f returned.
    tangent : number or container
        Its derivative along the direction, like the value: one forward sweep.
    aux : number or container
        Only with `has_aux`.

    Raises
    ------
    OperandError
        If f is not a function, or primals and direction are not tuples of arguments.
    ShapeError
        If a direction is not like its argument.

    Examples
    --------
    >>> jvp(lambda x, y: [x * y, x + y], (2.0, 5.0), (1.0, 10.0))
    ([10.0, 7.0], [25.0, 11.0])
    """
    for name, given in (("primals", primals), ("direction", direction)):
        if not isinstance(given, (tuple, list)):
            raise OperandError(
                f"jvp(f, primals, direction) takes a tuple of arguments and one of their tangents; {name} is "
                f"{shown(given)}. For one argument write jvp(f, (x,), (v,))."
            )
    evaluation = _evaluated("jvp", f, tuple(primals), has_aux)
    moved = _like(tuple(direction), evaluation.structure, "The direction", "the primals", primals)
    outputs, structure = flatten(evaluation.result)
    roots = [y for y in outputs if isinstance(y, Value)]
    create_graph = evaluation.keeps_values or has_values(moved) or not all(y.has_number for y in roots)
    seeds = {x: v for x, v in zip(evaluation.inputs, moved, strict=True) if isinstance(v, Value) or v != 0.0}
    found = tangents(roots, seeds, create_graph=create_graph)
    numbers = [found.get(y, 0.0) for y in outputs]
    if create_graph:
        numbers = [v if isinstance(v, Value) else Value.constant(v) for v in numbers]
    results = evaluation.numbers(evaluation.result), structure.rebuild(numbers)
    return (*results, evaluation.numbers(evaluation.aux)) if has_aux else results


def _evaluated(name: str, f: Callable[..., Tree], primals: tuple[Tree, ...], has_aux: bool) -> Evaluation:
    if not callable(f):
        raise OperandError(f"{name} takes a function first, then its arguments; it got {shown(f)}.")
    if not primals:
        raise OperandError(f"{name} needs the point too, not the function alone: {_USAGE[name]}.")
    return evaluate(f, Selection(tuple(range(len(primals))), has_aux=has_aux), primals)


_USAGE = {"vjp": "ag.vjp(f, x)", "jvp": "ag.jvp(f, (x,), (v,))"}


def _like(vector: Tree, structure: Structure, what: str, other: str, like: Tree) -> list[Number]:
    leaves, given = flatten(vector)
    if not given.is_like(structure) and not (
        len(given.parts) == len(structure.parts) > 0
        and all(a.is_like(b) for a, b in zip(given.parts, structure.parts, strict=True))
    ):
        raise ShapeError(
            f"{what} {shown(vector)} is not like {other}, {shown(like)}. Give as many numbers, in the same form."
        )
    return leaves

r"""The forward sweep: how fast the nodes of a graph change when its inputs move.

Letters: for a node v the *tangent* is :math:`\dot v`, its derivative along the direction in which the inputs move. The
sweep visits operands first: :math:`\dot v = \sum_u \frac{\partial v}{\partial u} \dot u` (Griewank & Walther,
"Evaluating Derivatives", 2nd ed. 2008, section 3.1).

Types: ``Any`` stands for a tangent, a float or a node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from autograd_lite.namespaces import floats, values
from autograd_lite.node import Node
from autograd_lite.reverse import reachable

__all__ = ["push_forward", "tangents"]


def tangents(roots: Iterable[Any], seeds: Mapping[Any, Any], *, create_graph: bool) -> dict[Any, Any]:
    """Tangents of all nodes that move, from those of the inputs.

    A partial of exactly 0 contributes exactly 0, as an adjoint of 0 does in the reverse sweep: the branch that `where`
    did not take stays silent even if its tangent is infinite.

    Parameters
    ----------
    roots : iterable of Node
        What is asked for.
    seeds : mapping of Node to float or Node
        The tangents of the inputs.
    create_graph : bool
        Whether tangents are graphs: the rules are asked for the partials, where otherwise the stored numbers are read.

    Returns
    -------
    dict
        Tangents by node; what does not depend on an input is missing.

    Raises
    ------
    StaleGraphError
        With ``create_graph=True``, if data changed since the graph was built.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> x, y = Value(2.0), Value(5.0)
    >>> z = x * y
    >>> tangents([z], {x: 1.0, y: 10.0}, create_graph=False)[z]
    25.0
    """
    roots = list(roots)
    if create_graph:
        for root in roots:
            root.begin_sweep(list(seeds))
    return push_forward(roots, seeds, create_graph=create_graph)


def push_forward(roots: Iterable[Any], seeds: Mapping[Any, Any], *, create_graph: bool) -> dict[Any, Any]:
    """The sweep itself."""
    found = dict(seeds)
    oldest = min([v.order for v in seeds], default=0)
    for v in reachable(roots, constants=False, since=oldest):
        moved = [found.get(u) for u in v.operands]
        if v in found or all(u_dot is None for u_dot in moved):
            continue
        v_dot = v.pushforward(moved) if create_graph else NotImplemented
        if v_dot is NotImplemented:
            partials = v.symbolic_partials([u_dot is not None for u_dot in moved]) if create_graph else v.partials
            v_dot = v.tangent(_terms(partials, moved))
        if v_dot is not None:
            found[v] = v_dot
    return found


def _terms(partials: Iterable[Any], tangents_of_operands: Sequence[Any]) -> list[Any]:
    """Multiply partials by tangents, where both are there; a partial of 1, which most sums have, costs nothing."""
    return [
        u_dot if _is_one(p) else _zmul(p, u_dot)
        for p, u_dot in zip(partials, tangents_of_operands, strict=True)
        if p is not None and u_dot is not None
    ]


def _is_one(partial: Any) -> bool:
    return not isinstance(partial, Node) and bool(partial == 1.0)


def _zmul(partial: Any, u_dot: Any) -> Any:
    numbers = not isinstance(partial, Node) and not isinstance(u_dot, Node)
    return floats.zmul(partial, u_dot) if numbers else values.zmul(partial, u_dot)

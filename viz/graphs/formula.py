"""The whole graph as one formula, where it is short enough: ``(tanh(x · w + b) − y)²``."""

from __future__ import annotations

from autograd_lite.formulas import Expr
from autograd_lite.text import pretty_number

from .view import GraphView

__all__ = ["whole_formula"]

LARGEST = 40


def whole_formula(graph: GraphView) -> str:
    """The root in terms of the leaves, and their numbers; the root's own formula if that would be long.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> from autograd_lite.viz.graphs.view import scalar_view
    >>> x, w = Value(2.0, "x"), Value(-0.5, "w")
    >>> print(whole_formula(scalar_view((w * x).tanh())))
    v2 = tanh(w · x), with x = 2, w = −0.5
    """
    root = graph.root
    whole = graph.scalars is graph and _size(graph) <= LARGEST
    formula = _inlined(graph) if whole else graph.formula(root).pretty
    if formula == graph.names[root]:
        return f"{formula} = {pretty_number(graph.data[root])}"
    given = [i for i, is_leaf in enumerate(graph.leaf) if is_leaf and not graph.is_number(i)]
    numbers = ", ".join(f"{graph.names[i]} = {pretty_number(graph.data[i])}" for i in given[:12])
    more = ", …" if len(given) > 12 else ""
    return f"{graph.names[root]} = {formula}" + (f", with {numbers}{more}" if given else "")


def _size(graph: GraphView) -> int:
    """How many nodes the formula has when everything is written out; shared nodes count each time."""
    sizes: list[int] = []
    for operands in graph.operands:
        sizes.append(1 + sum(sizes[j] for j in operands))
    return sizes[graph.root]


def _inlined(graph: GraphView) -> str:
    formulas: list[Expr] = []
    for i, operands in enumerate(graph.operands):
        op = graph.nodes[i].op
        if op is None or graph.leaf[i]:
            formulas.append(Expr(graph.data[i] if graph.is_number(i) else graph.names[i]))
        else:
            formulas.append(op.formula(*(formulas[j] for j in operands)))
    return formulas[graph.root].pretty

"""Many inputs as one box: what a folded layer reads, where that is more than eight numbers without a gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from autograd_lite.errors import OperandError
from autograd_lite.formulas import Expr

from .view import FoldedBox, GraphView

__all__ = ["gathered"]

MOST = 8


def gathered(graph: GraphView) -> GraphView:
    """The view with a box for each set of many inputs that the same neurons read; no gradient is lost with them.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> from autograd_lite.viz.graphs.view import scalar_view
    >>> w = Value(2.0, "w")
    >>> gathered(scalar_view(w * 3.0)).names  # few inputs stay
    ['w', '3', 'v1']
    """
    users: dict[int, list[int]] = {}
    for i in graph.computed:
        for j in dict.fromkeys(graph.operands[i]):
            users.setdefault(j, []).append(i)
    groups: dict[tuple[int, ...], list[int]] = {}
    for j, by in users.items():
        if graph.leaf[j] and not graph.needs[j] and all(i in graph.folded for i in by):
            groups.setdefault(tuple(by), []).append(j)
    first_of = {j: group[0] for group in map(sorted, groups.values()) if len(group) > MOST for j in group}
    return _merged(graph, first_of) if first_of else graph


def _merged(graph: GraphView, first_of: dict[int, int]) -> GraphView:
    """Replace every node of a group by the first of it."""
    shown = [i for i in range(len(graph.nodes)) if first_of.get(i, i) == i]
    box_of = {i: k for k, i in enumerate(shown)}
    box_of |= {j: box_of[i] for j, i in first_of.items()}
    members = {k: [j for j, i in first_of.items() if box_of[i] == k] for k in {box_of[i] for i in first_of.values()}}
    kept = {i: _first_operands(graph.operands[i], first_of) for i in shown}
    folded = {box_of[i]: box._replace(slope=_shifted(box, kept[i])) for i, box in graph.folded.items()}
    names = [graph.names[i] for i in shown]
    for k, group in members.items():
        names[k] = f"{graph.names[group[0]]} … {graph.names[group[-1]]}"
        folded[k] = FoldedBox(names[k], Expr(names[k]), "in", _no_slope, data=f"{len(group)} numbers")
    return replace(
        graph,
        nodes=[graph.nodes[i] for i in shown],
        names=names,
        data=[graph.data[i] for i in shown],
        operands=[[box_of[graph.operands[i][k]] for k in kept[i]] for i in shown],
        partials=[[graph.partials[i][k] for k in kept[i]] for i in shown],
        leaf=[graph.leaf[i] for i in shown],
        needs=[graph.needs[i] for i in shown],
        root=box_of[graph.root],
        parameters=[box_of[i] for i in graph.parameters],
        index={v: box_of[i] for v, i in graph.index.items()},
        folded=folded,
        kept={box_of[i]: [graph.kept[i][k] for k in kept[i]] for i in graph.kept},
    )


def _first_operands(operands: list[int], first_of: dict[int, int]) -> list[int]:
    """The positions of the operands that stay: all but the later ones of a group."""
    seen: set[int] = set()
    stay = []
    for k, j in enumerate(operands):
        first = first_of.get(j)
        if first is None or first not in seen:
            stay.append(k)
        if first is not None:
            seen.add(first)
    return stay


def _shifted(box: FoldedBox, kept: list[int]) -> Callable[[int], Expr]:
    return lambda operand: box.slope(kept[operand])


def _no_slope(_operand: int) -> Expr:
    raise OperandError("Inputs are leaves: they were not computed from anything.")

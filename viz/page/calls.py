"""The page of calls: a function's graph, opened call by call down to its scalars, as one file without network."""

from __future__ import annotations

from html import escape
from string import Template

from autograd_lite.errors import OperandError
from autograd_lite.text import counted

from ..graphs.calls import Call
from ..graphs.functions import functions_view, scalars_of
from ..graphs.view import GraphView
from .page import asset
from .text import policy, script_json

__all__ = ["calls_page", "outline"]

ROWS = 24  # scalars that are listed of a line
MOST = 400  # calls that can be opened
WIDEST = 60  # inner calls of one call, in an outline


def outline(graph: GraphView, outermost: Call) -> str:
    """The calls as indented text, each with how many nodes it computes; of one call at most 60 inner ones."""
    lines = []
    waiting = [(outermost, 0)]
    while waiting:
        call, depth = waiting.pop()
        lines.append(
            f"{'  ' * depth}{call.name}: {counted(len(graph.computed_between(call.start, call.stop)), 'node')}"
        )
        waiting += [(inner, depth + 1) for inner in reversed(call.calls[:WIDEST])]
    return "\n".join(lines)


def calls_page(graph: GraphView, outermost: Call) -> str:
    """The whole page as HTML."""
    views, indices = [], {call: k for k, call in enumerate(_opened(graph, outermost))}
    for call in indices:
        parent = indices.get(call.parent, -1) if call.parent is not None else -1
        views.append({"name": call.name, "parent": parent} | _data(graph, outermost, call, indices))
    style, script = asset("calls.css"), asset("calls.js")
    size = f"{len(graph.nodes):,} nodes, {counted(sum(1 for _ in outermost.all()), 'call')}"
    return Template(asset("calls.html")).substitute(
        policy=policy([style], [script]),
        style=style,
        script=script,
        title=escape(f"{outermost.name} by its calls"),
        size=size,
        outline=escape(outline(graph, outermost)),
        data=script_json(views),
    )


def _opened(graph: GraphView, outermost: Call) -> list[Call]:
    """The calls that compute something, the outer ones first, as many as a page holds."""
    found: list[Call] = []
    waiting = [outermost]
    while waiting and len(found) < MOST:
        call = waiting.pop(0)
        if graph.computed_between(call.start, call.stop):
            found.append(call)
            waiting += call.calls
    if not found:
        raise OperandError(f"{outermost.name} computes nothing from Values.")
    return found


def _data(graph: GraphView, outermost: Call, call: Call, indices: dict[Call, int]) -> dict[str, object]:
    """The boxes and edges of one call."""
    view = functions_view(graph, outermost, call)
    boxes = []
    for i, name in enumerate(view.names):
        box: dict[str, object] = {
            "name": name,
            "symbol": view.symbol(i),
            "formula": view.formula(i).pretty,
            "data": view.data_text(i),
            "grad": view.folded[i].grad if view.needs[i] else "",
        }
        if view.leaf[i]:
            box["read"] = 1
        inner = view.calls.get(i)
        if inner in indices:
            box["opens"] = indices[inner]
        elif i in view.lines:
            box |= {"rows": scalars_of(graph, outermost, view.lines[i][:ROWS]), "size": len(view.lines[i])}
        boxes.append(box)
    edges = [[j, i, view.edge_text(i, k)] for i, operands in enumerate(view.operands) for k, j in enumerate(operands)]
    return {"boxes": boxes, "edges": edges}

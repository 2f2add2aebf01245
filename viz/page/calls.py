"""The page of calls: a function's graph, opened call by call down to its scalars, as one file without network.

The page holds the graph and the intervals of the calls; numbers, boxes, and the steps of backprop through a call are
computed in the browser, when the call is opened.
"""

from __future__ import annotations

from html import escape
from string import Template

from autograd_lite.errors import OperandError
from autograd_lite.text import counted

from ..graphs.calls import Call
from ..graphs.recording import without_collector
from ..graphs.view import GraphView
from ..steps.call_steps import CALL_TEXTS
from .calls_data import calls_data, printed_ops
from .notebook import framed
from .page import asset, small_style
from .program import computing, script
from .text import packed, policy, script_json

__all__ = ["calls_bundle", "calls_page", "outline"]

WIDEST = 60  # inner calls of one call, in an outline
LONGEST = 2_000  # calls in an outline


def outline(graph: GraphView, outermost: Call) -> str:
    """The calls as indented text, each with how many nodes it computes; of one call at most 60 inner ones."""
    lines: list[str] = []
    waiting = [(outermost, 0)]
    while waiting and len(lines) < LONGEST:
        call, depth = waiting.pop()
        size = len(graph.computed_between(call.start, call.stop))
        if size:
            lines.append(f"{'  ' * depth}{call.name}: {counted(size, 'node')}")
            waiting += [(inner, depth + 1) for inner in reversed(call.calls[:WIDEST])]
    return "\n".join([*lines, *(["..."] if waiting else [])])


def calls_page(graph: GraphView, outermost: Call, opened: Call | None = None, *, start: bool = False) -> str:
    """The whole page as HTML; with one call open, and before the first step or after the last."""
    if not graph.computed_between(outermost.start, outermost.stop):
        raise OperandError(f"{outermost.name} computes nothing from Values.")
    with without_collector():
        data = calls_data(graph, outermost)
    shown = [call for call in outermost.all() if graph.computed_between(call.start, call.stop)]
    data |= {"opened": 0 if opened is None else shown.index(opened), "atStart": start, "result": graph.root_name}
    style, unpacks = small_style(asset("calls.css")), script("unpack")
    parts = [computing(printed_ops(graph)), f"const CALL_TEXTS={script_json(CALL_TEXTS)};"]
    parts += [script("call_graph"), script("calls")]
    runs = "\n".join(["(()=>{", '"use strict";', *parts, "})();"])
    size = f"{len(graph.nodes):,} nodes, {counted(sum(not call.is_group for call in outermost.all()), 'call')}"
    notes = "" if outermost.recorded or not graph.outdated else f"{graph.outdated_note} "
    return Template(asset("calls.html")).substitute(
        policy=policy([style], [unpacks, runs]),
        style=style,
        script=unpacks,
        packed=packed([["script", runs]]),
        title=escape(f"{outermost.name} by its calls"),
        size=escape(f"{notes}{size}"),
        outline=escape(outline(graph, outermost)),
        data=script_json(data),
    )


def calls_bundle(page: str, outermost: Call, text: str) -> dict[str, str]:
    """Notebook view: the page in a frame, and a text."""
    return {"text/html": framed(page, f"{outermost.name} by its calls"), "text/plain": text}

"""The graph in Graphviz's language, styled whole, for those who go on with Graphviz."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from ..graphs.names import showable
from ..graphs.view import GraphView
from ..steps.states import FINAL, NodeState, State
from ..theme import Theme
from .boxes import Box, BoxModel, Edge

if TYPE_CHECKING:
    from graphviz import Digraph

__all__ = ["digraph_of"]

LABELLED_EDGES = 120


def digraph_of(view: GraphView, state: State, direction: str, theme: Theme, caption: str, *, alarm: bool) -> Digraph:
    """Build the object of the package graphviz."""
    from graphviz import Digraph  # noqa: PLC0415 - loaded when it is asked for

    digraph, model = Digraph("gradients", strict=False), BoxModel(view)
    dense = len(model.edges) > LABELLED_EDGES
    _set_defaults(digraph, direction, theme, dense)
    if caption:
        colour = theme.alarm if alarm else theme.muted
        digraph.attr(label=_plain(caption), fontname="Helvetica", fontsize="11", fontcolor=colour)
    tail, head = ("", "") if not dense else (":e", ":w") if direction == "LR" else (":s", ":n")
    for i, (box, shown) in enumerate(zip(model.boxes, state.nodes, strict=True)):
        digraph.node(f"n{i}", _label(box, shown, theme, compact=model.compact), **_node_style(box, shown, theme))
    for edge in model.edges:
        digraph.edge(f"n{edge.operand}{tail}", f"n{edge.node}{head}", **_edge_style(edge, theme, dense))
    return digraph


def _set_defaults(digraph: Digraph, direction: str, theme: Theme, dense: bool) -> None:
    """Set what all boxes and edges share; many edges are drawn faintly, from side to side, without numbers."""
    apart = {"ranksep": "1.6", "ordering": "in", "splines": "line"} if dense else {"ranksep": "0.5"}
    digraph.attr(rankdir=direction, bgcolor=theme.paper, nodesep="0.25", pad="0.12", **apart)
    digraph.attr("node", shape="box", fontname="Helvetica", fontsize="12", fontcolor=theme.ink, margin="0.04")
    faint = {"color": f"{theme.line}60", "arrowsize": "0.5"} if dense else {"color": theme.line}
    digraph.attr("edge", fontname="Helvetica", fontsize="10", fontcolor=theme.muted, **faint)


def _label(box: Box, shown: NodeState, theme: Theme, *, compact: bool) -> str:
    """Graphviz's HTML-like label: the op in a cell of its own, so that it is not read as a sign of the name."""
    op = f'<FONT COLOR="{theme.muted}">{escape(box.symbol)}</FONT>'
    name = f"<B>{escape(showable(box.name, 24))}</B>"
    data = _coloured(shown.data, theme.data)
    if box.number:
        return _table(f"<TR><TD>{data}</TD></TR>")
    head = f"<TD>{op}</TD><VR/><TD>{name}</TD>"
    if compact:
        return _table(f"<TR>{head}<TD>{data}</TD></TR>")
    grad = ""
    if box.needs:
        number = _coloured(shown.grad, theme.gradient if shown.status == FINAL else theme.muted)
        grad = f"<VR/><TD>{_captioned('grad', number, theme)}</TD>"
    data = _captioned("old" if shown.outdated else "data", data, theme)
    return _table(f'<TR>{head}</TR><HR/><TR><TD COLSPAN="{2 - box.needs}">{data}</TD>{grad}</TR>')


def _captioned(caption: str, number: str, theme: Theme) -> str:
    return f'<FONT COLOR="{theme.muted}" POINT-SIZE="9">{caption}</FONT><BR/>{number}'


def _node_style(box: Box, shown: NodeState, theme: Theme) -> dict[str, str]:
    tooltip = f"{box.name} = {box.formula}" if box.formula else box.name
    style = {"tooltip": _plain(showable(tooltip, 200)), "fillcolor": theme.box}
    if shown.wrong or shown.is_cause:
        return style | {"style": "rounded,filled", "color": theme.alarm, "penwidth": "3" if shown.wrong else "1.4"}
    if not box.needs:
        return style | {"style": "rounded,filled", "color": theme.constant, "fillcolor": theme.constant}
    line = "dotted" if shown.outdated else "solid" if shown.status == FINAL else "dashed"
    width = "2.4" if box.parameter else "1.2"
    return style | {"style": f"rounded,filled,{line}", "color": theme.line, "penwidth": width}


def _edge_style(edge: Edge, theme: Theme, dense: bool) -> dict[str, str]:
    if not edge.text:
        return {"color": theme.line, "style": "dotted"}
    style = {} if dense else {"label": f" {edge.text} "}
    return style | {"tooltip": escape(edge.tooltip)}


def _plain(text: str) -> str:
    """Text that Graphviz shows as it is: no entities, no escapes."""
    return escape(text).replace("\\", "\\\\")


def _table(rows: str) -> str:
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3">{rows}</TABLE>>'


def _coloured(text: str, colour: str) -> str:
    return f'<FONT COLOR="{colour}"><B>{text}</B></FONT>'

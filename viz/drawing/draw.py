"""The graph as a picture: boxes with data and gradient, and on each edge the local derivative.

`draw` builds DOT text (Graphviz's language) and lets Graphviz render it. The text is complete without Graphviz; a
picture needs `dot` or the extra ``autograd-lite[dot]``.
"""

from __future__ import annotations

import os
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from autograd_lite.atomic_files import write_whole
from autograd_lite.engine import Value
from autograd_lite.errors import GraphTooLargeError, MissingDependencyError, UnknownNameError
from autograd_lite.text import counted

from ..graphs.levels import MOST, at_level, check_size
from ..graphs.names import showable
from ..graphs.neighbours import neighbour_view
from ..graphs.nonfinite import first_nonfinite
from ..graphs.view import GraphView, scalar_view
from ..steps.states import FINAL, NodeState
from ..theme import Theme, theme_named
from .boxes import Box, BoxModel, Edge, state_now
from .graphviz_engine import render

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphviz import Digraph

__all__ = ["Drawing", "draw"]

LABELLED_EDGES = 120
KINDS = (".dot", ".gv", ".pdf", ".png", ".svg")


def draw(
    root: Value,
    *,
    parameters: Iterable[Value] | None = None,
    direction: str = "LR",
    theme: str = "light",
    level: str | None = None,
    focus: str | Value = "",
    limit: int = MOST,
) -> Drawing:
    """Draw the graph that a Value was computed by.

    A box shows the op, the name, the data and the gradient (``?`` until ``root.backward()``); an edge shows the local
    derivative that the chain rule multiplies by. Dashed means that the gradient is unknown, a thick line a parameter,
    grey a constant, dotted that the data are old, since something they depend on changed. Where a NaN or an
    infinity came up, the node that made it is marked, with its operands. Above 150 boxes they are compact.

    Parameters
    ----------
    root : Value
        What to draw, such as a loss.
    parameters : iterable of Value, optional
        Which leaves are parameters; guessed from their labels (w1, b, ...) unless given.
    direction : str
        ``"LR"``, left to right, or ``"TB"``, top to bottom.
    theme : str
        ``"light"`` or ``"dark"``.
    level : str, optional
        ``"scalars"``, ``"neurons"`` or ``"layers"``; large networks whose parameters are called like
        ``layer1.neuron2.w3`` are folded to neurons above 150 nodes, to layers above 200 neurons.
    focus : str or Value
        A neuron or layer, ``"layer1.neuron2"``, that stays open while the rest is folded; or a node, to draw only what
        is near it.
    limit : int
        The most boxes to draw.

    Returns
    -------
    Drawing
        Shown by a notebook; ``.svg``, ``.dot``, ``.digraph`` and ``.save(path)`` elsewhere.

    Raises
    ------
    OperandError
        If `root` is not a Value, or `focus` a node of another graph.
    GraphTooLargeError
        If there are more boxes than the limit.

    Examples
    --------
    >>> x = Value(3.0, "x")
    >>> y = x * x
    >>> print(draw(y).dot.count("n0 -> n1"))
    2
    """
    if direction not in ("LR", "TB"):
        raise UnknownNameError.among("direction", direction, ("LR", "TB"))
    whole = scalar_view(root, parameters)
    view = neighbour_view(whole, focus) if isinstance(focus, Value) else at_level(whole, level, focus, layers=True)
    check_size(view, limit)
    return Drawing(view, direction, theme_named(theme))


class Drawing:
    """A drawn graph; `draw` makes it."""

    def __init__(self, view: GraphView, direction: str, theme: Theme) -> None:
        self._view, self._direction, self._theme = view, direction, theme
        self._nonfinite = first_nonfinite(view)
        self._state = state_now(view)

    @cached_property
    def digraph(self) -> Digraph:
        """The graph as an object of the package graphviz, to be styled further."""
        from graphviz import Digraph  # noqa: PLC0415 - loaded when a picture is asked for

        digraph, model = Digraph("gradients", strict=False), BoxModel(self._view)
        dense = len(model.edges) > LABELLED_EDGES
        self._set_defaults(digraph, dense)
        tail, head = ("", "") if not dense else (":e", ":w") if self._direction == "LR" else (":s", ":n")
        for i, (box, shown) in enumerate(zip(model.boxes, self._state.nodes, strict=True)):
            digraph.node(f"n{i}", self._label(box, shown, compact=model.compact), **self._node_style(i, box, shown))
        for edge in model.edges:
            digraph.edge(f"n{edge.operand}{tail}", f"n{edge.node}{head}", **self._edge_style(edge, dense))
        return digraph

    def _set_defaults(self, digraph: Digraph, dense: bool) -> None:
        """Set what all boxes and edges share; many edges are drawn faintly, from side to side, without numbers."""
        theme = self._theme
        apart = {"ranksep": "1.6", "ordering": "in", "splines": "line"} if dense else {"ranksep": "0.5"}
        digraph.attr(rankdir=self._direction, bgcolor=theme.paper, nodesep="0.25", pad="0.12", **apart)
        digraph.attr("node", shape="box", fontname="Helvetica", fontsize="12", fontcolor=theme.ink, margin="0.04")
        faint = {"color": f"{theme.line}60", "arrowsize": "0.5"} if dense else {"color": theme.line}
        digraph.attr("edge", fontname="Helvetica", fontsize="10", fontcolor=theme.muted, **faint)
        wrong = " ".join(filter(None, (self._nonfinite.words, self._view.outdated_note)))
        caption = wrong or self._view.caption
        if caption:
            colour = theme.alarm if wrong else theme.muted
            digraph.attr(label=_plain(caption), fontname="Helvetica", fontsize="11", fontcolor=colour)

    @cached_property
    def dot(self) -> str:
        """The graph in Graphviz's language; needs no Graphviz."""
        return str(self.digraph.source)

    @cached_property
    def svg(self) -> str:
        """The picture as SVG."""
        return render(self.dot, "svg").decode()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture; the ending decides: .svg, .png, .pdf, or .dot for the text.

        Raises
        ------
        UnknownNameError
            For another ending.
        OutputError
            If the file cannot be written; nothing is left half-written.
        MissingDependencyError
            If a picture is asked for and there is no Graphviz.
        """
        kind = Path(path).suffix.lower()
        if kind not in KINDS:
            raise UnknownNameError.among("kind of picture", kind or Path(path).name, KINDS)
        return write_whole(path, self.dot if kind in (".dot", ".gv") else render(self.dot, kind[1:]))

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        """Notebook view: the picture, or without Graphviz how to get it."""
        try:
            return {"image/svg+xml": self.svg, "text/plain": repr(self)}
        except (MissingDependencyError, GraphTooLargeError) as error:
            return {"text/plain": f"{self!r}\n{error}"}

    def __repr__(self) -> str:
        return f"<drawing of {self._view.root_name}: {counted(len(self._view.nodes), 'node')}>"

    # Boxes and edges

    def _label(self, box: Box, shown: NodeState, *, compact: bool) -> str:
        """Graphviz's HTML-like label: the op and the name, below them data and gradient."""
        muted = self._theme.muted
        head = f'<FONT COLOR="{muted}">{escape(box.symbol)}</FONT> <B>{escape(showable(box.name, 24))}</B>'
        data = _coloured(shown.data, self._theme.data)
        if box.number:
            return _table(f"<TR><TD>{data}</TD></TR>")
        if compact:
            return _table(f"<TR><TD>{head}</TD><TD>{data}</TD></TR>")
        caption = "old" if shown.outdated else "data"
        cells = f'<TD><FONT COLOR="{muted}" POINT-SIZE="9">{caption}</FONT><BR/>{data}</TD>'
        if box.needs:
            grad = _coloured(shown.grad, self._theme.gradient if shown.status == FINAL else muted)
            cells += f'<VR/><TD><FONT COLOR="{muted}" POINT-SIZE="9">grad</FONT><BR/>{grad}</TD>'
        return _table(f'<TR><TD COLSPAN="{1 + box.needs}">{head}</TD></TR><HR/><TR>{cells}</TR>')

    def _node_style(self, i: int, box: Box, shown: NodeState) -> dict[str, str]:
        theme, bad = self._theme, self._nonfinite
        tooltip = f"{box.name} = {box.formula}" if box.formula else box.name
        style = {"tooltip": _plain(showable(tooltip, 200)), "fillcolor": theme.box}
        if i == bad.box or i in bad.operands:
            return style | {"style": "rounded,filled", "color": theme.alarm, "penwidth": "3" if i == bad.box else "1.4"}
        if not box.needs:
            return style | {"style": "rounded,filled", "color": theme.constant, "fillcolor": theme.constant}
        line = "dotted" if shown.outdated else "solid" if shown.status == FINAL else "dashed"
        width = "2.4" if box.parameter else "1.2"
        return style | {"style": f"rounded,filled,{line}", "color": theme.line, "penwidth": width}

    def _edge_style(self, edge: Edge, dense: bool) -> dict[str, str]:
        if not edge.text:
            return {"color": self._theme.line, "style": "dotted"}
        style = {} if dense else {"label": f" {edge.text} "}
        return style | {"tooltip": escape(f"local derivative {edge.text.removeprefix('×')}")}


def _plain(text: str) -> str:
    """Text that Graphviz shows as it is: no entities, no escapes."""
    return escape(text).replace("\\", "\\\\")


def _table(rows: str) -> str:
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3">{rows}</TABLE>>'


def _coloured(text: str, colour: str) -> str:
    return f'<FONT COLOR="{colour}"><B>{text}</B></FONT>'

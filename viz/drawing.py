"""The graph as a picture: boxes with data and gradient, and on each edge the local derivative.

`draw` builds DOT text (Graphviz's language) and lets Graphviz render it. The text is complete without Graphviz; a
picture needs `dot` or the extra ``autograd-lite[dot]``.
"""

from __future__ import annotations

import os
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd_lite.engine import Value
from autograd_lite.errors import GraphTooLargeError, MissingDependencyError, UnknownNameError

from .digits import counted
from .files import write_whole
from .graph import Graph
from .graphviz_engine import render
from .levels import FULL, MOST, at_level, check_size
from .names import showable
from .neighbours import NeighbourGraph
from .style import Theme, theme_named
from .suspects import suspects

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
    grey a constant. Where a NaN or an infinity came up, the node that made it is marked, with its operands. Above 150
    boxes they are compact.

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
    whole = Graph(root, parameters)
    if isinstance(focus, Value):
        graph: Graph = NeighbourGraph(whole, focus)
    else:
        graph = at_level(whole, level, focus, layers=True)
    check_size(graph, limit)
    return Drawing(graph, direction, theme_named(theme))


class Drawing:
    """A drawn graph; `draw` makes it.

    Attributes
    ----------
    dot : str
        The graph in Graphviz's language; needs no Graphviz.
    digraph : graphviz.Digraph
        The same as an object of the package graphviz, to be styled further.
    svg : str
        The picture.
    """

    def __init__(self, graph: Graph, direction: str, theme: Theme) -> None:
        self._graph, self._direction, self._theme = graph, direction, theme
        self._suspects = suspects(graph)
        self._swept = graph.scalars.nodes[graph.scalars.root].swept
        self._grads = [graph.grad_text(i) for i in range(len(graph.nodes))]  # as they are now

    @cached_property
    def digraph(self) -> Digraph:
        """The graph as an object of the package graphviz."""
        from graphviz import Digraph  # noqa: PLC0415 - loaded when a picture is asked for

        digraph = Digraph("gradients", strict=False)
        self._set_defaults(digraph)
        tail, head = ("", "") if not self._dense else (":e", ":w") if self._direction == "LR" else (":s", ":n")
        for i in range(len(self._graph.nodes)):
            digraph.node(f"n{i}", self._label(i), **self._node_style(i))
        for i, operands in enumerate(self._graph.operands):
            for k, j in enumerate(operands):
                digraph.edge(f"n{j}{tail}", f"n{i}{head}", **self._edge_style(i, k))
        return digraph

    def _set_defaults(self, digraph: Digraph) -> None:
        theme = self._theme
        apart = {"ranksep": "1.6", "ordering": "in", "splines": "line"} if self._dense else {"ranksep": "0.5"}
        digraph.attr(rankdir=self._direction, bgcolor=theme.paper, nodesep="0.25", pad="0.12", **apart)
        digraph.attr("node", shape="box", fontname="Helvetica", fontsize="12", fontcolor=theme.ink, margin="0.04")
        faint = {"color": f"{theme.line}60", "arrowsize": "0.5"} if self._dense else {"color": theme.line}
        digraph.attr("edge", fontname="Helvetica", fontsize="10", fontcolor=theme.muted, **faint)
        caption = self._suspects.words or self._graph.caption
        if caption:
            colour = theme.alarm if self._suspects.words else theme.muted
            digraph.attr(label=_plain(caption), fontname="Helvetica", fontsize="11", fontcolor=colour)

    @cached_property
    def _dense(self) -> bool:
        """Whether there are so many edges that they are drawn faintly, from side to side, and without numbers."""
        return sum(map(len, self._graph.operands)) > LABELLED_EDGES

    @cached_property
    def dot(self) -> str:
        """The graph in Graphviz's language."""
        return str(self.digraph.source)

    @cached_property
    def svg(self) -> str:
        """The picture as SVG."""
        return render(self.dot, "svg").decode()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture; the ending decides: .svg, .png, .pdf, or .dot for the text.

        Returns
        -------
        Path
            The file.

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

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, str]:
        """What a notebook shows: the picture, or without Graphviz how to get it."""
        try:
            return {"image/svg+xml": self.svg, "text/plain": repr(self)}
        except (MissingDependencyError, GraphTooLargeError) as error:
            return {"text/plain": f"{self!r}\n{error}"}

    def __repr__(self) -> str:
        return f"<drawing of {self._graph.names[self._graph.root]}: {counted(len(self._graph.nodes), 'node')}>"

    # Boxes and edges

    def _label(self, i: int) -> str:
        """Graphviz's HTML-like label: the op and the name, below them data and gradient."""
        graph, theme = self._graph, self._theme
        symbol, name = escape(graph.symbol(i)), escape(showable(graph.names[i], 24))
        head = f'<FONT COLOR="{theme.muted}">{symbol}</FONT> <B>{name}</B>'
        data = _coloured(graph.data_text(i), theme.data)
        if graph.is_number(i):
            return _table(f"<TR><TD>{data}</TD></TR>")
        if len(graph.nodes) > FULL:
            return _table(f"<TR><TD>{head}</TD><TD>{data}</TD></TR>")
        muted = theme.muted
        cells = f'<TD><FONT COLOR="{muted}" POINT-SIZE="9">data</FONT><BR/>{data}</TD>'
        if graph.needs[i]:
            known = self._grads[i] if self._swept else "?"
            grad = _coloured(known, theme.gradient if self._swept else muted)
            cells += f'<VR/><TD><FONT COLOR="{muted}" POINT-SIZE="9">grad</FONT><BR/>{grad}</TD>'
        span = 2 if graph.needs[i] else 1
        return _table(f'<TR><TD COLSPAN="{span}">{head}</TD></TR><HR/><TR>{cells}</TR>')

    def _node_style(self, i: int) -> dict[str, str]:
        graph, theme = self._graph, self._theme
        tooltip = graph.names[i] if graph.leaf[i] else f"{graph.names[i]} = {graph.formula(i).pretty}"
        style = {"tooltip": _plain(showable(tooltip, 200)), "fillcolor": theme.box}
        if i == self._suspects.culprit or i in self._suspects.operands:
            width = "3" if i == self._suspects.culprit else "1.4"
            return style | {"style": "rounded,filled", "color": theme.alarm, "penwidth": width}
        if not graph.needs[i]:
            return style | {"style": "rounded,filled", "color": theme.constant, "fillcolor": theme.constant}
        line = "solid" if self._swept else "dashed"
        width = "2.4" if i in graph.parameters else "1.2"
        return style | {"style": f"rounded,filled,{line}", "color": theme.line, "penwidth": width}

    def _edge_style(self, i: int, operand: int) -> dict[str, str]:
        text = self._graph.edge_text(i, operand)
        if not text:
            return {"color": self._theme.line, "style": "dotted"}
        style = {} if self._dense else {"label": f" {text} "}
        return style | {"tooltip": escape(f"local derivative {text.removeprefix('×')}")}


def _plain(text: str) -> str:
    """Text that Graphviz shows as it is: no entities, no escapes."""
    return escape(text).replace("\\", "\\\\")


def _table(rows: str) -> str:
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3">{rows}</TABLE>>'


def _coloured(text: str, colour: str) -> str:
    return f'<FONT COLOR="{colour}"><B>{text}</B></FONT>'

"""The graph as SVG, drawn by hand on Graphviz's coordinates: boxes, edges, and the local derivative on each edge.

Every element carries its colours as attributes, so that a file shows the same anywhere, and a class, by which the page
changes them: a dashed line means that the gradient is unknown, a solid one that it is complete, a thick one a
parameter; the active edge is thick and points backwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from html import escape
from typing import NamedTuple

from autograd_lite.formulas import pretty_number

from . import svg
from .graph import Graph
from .layout import MARGIN, Box, Layout, Point, lay_out
from .names import showable
from .states import NodeState, State
from .style import LIGHT, Theme

__all__ = ["Edge", "Picture", "edges_of"]

DIGIT, LETTER = 8.6, 9.6  # widths of a character of a number and of a name, in pixels
HEIGHT, HEADER, COMPACT_HEIGHT, CONSTANT_HEIGHT = 66.0, 29.0, 30.0, 26.0
ROOMY_NODES, LABELLED_EDGES = 150, 90
PILL_HEIGHT, CAPTION_LINE, DENSE_GAP = 19.0, 22.0, 150.0
LONGEST_NAME = 22


class Edge(NamedTuple):
    """An operand of a node: places of both, which operand it is, and the local derivative if it carries gradient."""

    giver: int
    operand: int
    receiver: int
    local: float | None


def edges_of(graph: Graph) -> list[Edge]:
    """All edges, also those that carry no gradient, in the order of the nodes that use the operands."""
    return [
        Edge(i, k, j, graph.partials[i][k] if graph.needs[i] else None)
        for i, operands in enumerate(graph.operands)
        for k, j in enumerate(operands)
    ]


class Picture:
    """A laid-out graph that can be drawn in any state.

    Parameters
    ----------
    graph : Graph
        What to draw.
    widest : sequence of (str, str)
        For each node the longest texts that its data and gradient will ever show, so that the box has room for them.
    direction : str
        ``"LR"`` or ``"TB"``.
    """

    def __init__(self, graph: Graph, widest: Sequence[tuple[str, str]], direction: str = "LR") -> None:
        self.graph = graph
        self.direction = direction
        self.edges = edges_of(graph)
        self.compact = len(graph.nodes) > ROOMY_NODES
        self.labelled = len(self.edges) <= LABELLED_EDGES and not self.compact
        self._widest = widest

    @cached_property
    def layout(self) -> Layout:
        """Where everything stands."""
        sizes = [self._size(i) for i in range(len(self.graph.nodes))]
        pairs = [(e.receiver, e.giver) for e in self.edges]
        if not self.labelled:
            return lay_out(sizes, pairs, self.direction, gap=DENSE_GAP, ordered=True, straight=True)
        folded = self.graph.scalars is not self.graph
        widest = max(map(_pill_width, self.edges), default=0.0)
        gap, apart = (widest + 34, 26.0) if self.direction == "LR" else (PILL_HEIGHT + 30, widest + 6)
        return lay_out(sizes, pairs, self.direction, gap=gap, apart=apart, ordered=folded)

    # Sizes

    def _size(self, i: int) -> tuple[float, float]:
        graph = self.graph
        if not graph.needs[i] and graph.leaf[i]:
            return max(30.0, LETTER * len(self._constant_text(i)) + 16), CONSTANT_HEIGHT
        left, right = self._cells(i)
        corner = 2 * max(24.0, LETTER * len(graph.symbol(i)) + 16)
        width = max(left + right, LETTER * len(self._short_name(i)) + corner)
        if self.compact:
            return left + LETTER * len(self._short_name(i)) + 12, COMPACT_HEIGHT
        return round(width), HEIGHT

    def _cells(self, i: int) -> tuple[float, float]:
        """Widths of the cells for data and gradient."""
        data, grad = self._widest[i]
        left = max(54.0, DIGIT * len(data) + 16)
        return left, max(54.0, DIGIT * len(grad) + 16) if self.graph.needs[i] else 0.0

    def _short_name(self, i: int) -> str:
        return showable(self.graph.names[i], LONGEST_NAME)

    def _constant_text(self, i: int) -> str:
        number = pretty_number(self.graph.data[i])
        return number if self.graph.is_number(i) else f"{self._short_name(i)} = {number}"

    # Drawing

    def svg(
        self, state: State, *, prefix: str = "g", theme: Theme = LIGHT, title: str = "", caption: Sequence[str] = ()
    ) -> str:
        """Draw one state.

        Parameters
        ----------
        state : State
            What the boxes show.
        prefix : str
            Begins every id, so that two pictures fit into one document.
        theme : Theme
            Colours.
        title : str
            For those who cannot see the picture; names the root unless given.
        caption : sequence of str
            Lines to write below the graph.
        """
        layout = self.layout
        width = f"{max([layout.width, *(LETTER * len(words) + 2 * MARGIN for words in caption)]):g}"
        height = f"{layout.height + CAPTION_LINE * len(caption) + MARGIN * bool(caption):g}"
        name = escape(title or f"Gradient graph of {self.graph.names[self.graph.root]}")
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" font-family="{svg.SANS}" role="group" aria-labelledby="{prefix}-title">'
        )
        paper = f'<rect class="paper" width="100%" height="100%" fill="{theme.paper}"/>'
        edges = [self._edge(k, state, theme) for k in range(len(self.edges))]
        nodes = [self._node(i, state, prefix, theme) for i in range(len(self.graph.nodes))]
        return "\n".join(
            [
                head,
                f'<title id="{prefix}-title">{name}</title>',
                paper,
                *edges,
                *nodes,
                *self._legend(caption, theme),
                "</svg>",
            ]
        )

    def _legend(self, caption: Sequence[str], theme: Theme) -> list[str]:
        top = self.layout.height + 18
        places = [(MARGIN, top + CAPTION_LINE * k) for k in range(len(caption))]
        return [
            svg.text(place, words, "legend", size=15, fill=theme.ink, anchor="start")
            for place, words in zip(places, caption, strict=True)
        ]

    def _node(self, i: int, state: State, prefix: str, theme: Theme) -> str:
        box, shown = self.layout.boxes[i], state.nodes[i]
        if not self.graph.needs[i] and self.graph.leaf[i]:
            classes, inside = ["constant"], self._constant(i, box, theme)
        else:
            classes = self._classes(i, state)
            inside = _frame(box, classes, theme)
            inside += self._compact(i, box, theme) if self.compact else self._full(i, box, shown, theme)
        label = escape(describe(self.graph, i, shown))
        return (
            f'<g class="{" ".join(["node", *classes])}" data-node="{i}" id="{prefix}-n{i}" tabindex="0" role="button" '
            f'aria-label="{label}">{inside}</g>'
        )

    def _classes(self, i: int, state: State) -> list[str]:
        """What the box's outline says, as classes."""
        step, shown = state.active, state.nodes[i]
        facts = {
            "parameter": i in self.graph.parameters,
            "giver": step is not None and step.phase == "backward" and i == step.giver_place,
            "receiver": step is not None and i == step.receiver_place,
            "wrong": shown.wrong,
        }
        return [shown.status, *(name for name, holds in facts.items() if holds)]

    def _constant(self, i: int, box: Box, theme: Theme) -> str:
        frame = svg.rect(box, 8, fill=theme.constant, stroke=theme.constant)
        middle = (box.x + box.width / 2, box.y + 18)
        return frame + svg.text(middle, self._constant_text(i), "value", size=14, fill=theme.muted, mono=True)

    def _compact(self, i: int, box: Box, theme: Theme) -> str:
        name = svg.text(
            (box.x + 8, box.y + 20), self._short_name(i), "name", size=13, fill=theme.ink, anchor="start", bold=True
        )
        data = pretty_number(self.graph.data[i])
        place = (box.x + box.width - 8, box.y + 20)
        return name + svg.text(place, data, "data", size=13, fill=theme.data, anchor="end", mono=True, bold=True)

    def _full(self, i: int, box: Box, shown: NodeState, theme: Theme) -> str:
        left, right = self._cells(i)
        split = box.x + box.width * left / (left + right) if right else box.x + box.width
        parts = [self._header(i, box, shown, theme), _cell(box.x, split, box, "data", shown.data, theme.data, theme)]
        if right:
            caption = "so far" if shown.status == "partial" else "grad"
            colour = theme.muted if shown.status == "unknown" else theme.gradient
            end = box.x + box.width
            parts += [
                svg.line((split, box.y + HEADER), (split, box.y + HEIGHT), stroke=theme.line),
                _cell(split, end, box, caption, shown.grad, colour, theme),
            ]
        return "".join(parts)

    def _header(self, i: int, box: Box, shown: NodeState, theme: Theme) -> str:
        tick = {"final": "✗" if shown.wrong else "✓"}.get(shown.status, "")
        y, end = box.y + 20, box.x + box.width
        symbol, name = self.graph.symbol(i), self._short_name(i)
        return "".join(
            [
                svg.line((box.x, box.y + HEADER), (end, box.y + HEADER), stroke=theme.line),
                svg.text((box.x + 9, y), symbol, "symbol", size=15, fill=theme.muted, anchor="start"),
                svg.text((box.x + box.width / 2, y), name, "name", size=16, fill=theme.ink, bold=True),
                svg.text((end - 7, y), tick, "tick", size=14, fill=theme.done, anchor="end", bold=True),
            ]
        )

    def _edge(self, k: int, state: State, theme: Theme) -> str:
        edge, curve = self.edges[k], self.layout.curves[k]
        step = state.active
        active = (
            step is not None
            and step.phase == "backward"
            and (step.giver_place, step.operand) == (edge.giver, edge.operand)
        )
        silent = edge.local is None
        classes = "edge" + " active" * active + " silent" * silent
        there = svg.arrow(
            curve.start, curve.points, curve.end, colour=theme.line, width=1.4, dash="2 4" if silent else ""
        )
        faint = "" if self.labelled else ' opacity="0.35"'
        back = svg.arrow(curve.end, curve.points[::-1], curve.start, colour=theme.gradient, width=3.0)
        return (
            f'<g class="{classes}" data-edge="{k}"><g class="there"{svg.hidden(active)}{faint}>{there}</g>'
            f'<g class="back"{svg.hidden(not active)}>{back}</g>{self._pill(k, active=active, theme=theme)}</g>'
        )

    def _pill(self, k: int, *, active: bool, theme: Theme) -> str:
        local = self.edges[k].local
        if local is None:
            return ""
        box = self._pills[k]
        fill, stroke, ink = (theme.gradient,) * 2 + (theme.box,) if active else (theme.box, theme.line, theme.muted)
        frame = svg.rect(box, PILL_HEIGHT / 2, fill=fill, stroke=stroke, width=0.8)
        middle = (box.x + box.width / 2, box.y + 13.5)
        label = svg.text(middle, f"×{pretty_number(local)}", "local", size=12, fill=ink, mono=True)
        return f'<g class="pill"{svg.hidden(not (active or self.labelled))}>{frame}{label}</g>'

    @cached_property
    def _pills(self) -> list[Box]:
        """A place for each edge's label: the first along the edge that is free."""
        taken = list(self.layout.boxes) if self.labelled else []
        pills = []
        for edge, curve in zip(self.edges, self.layout.curves, strict=True):
            width = _pill_width(edge)
            choices = [_around(curve.at(t), width) for t in (0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78, 0.15, 0.85)]
            free = (box for box in choices if not any(box.overlaps(other) for other in taken))
            box = next(free, choices[0])
            pills.append(box)
            if self.labelled and edge.local is not None:
                taken.append(box)
        return pills


def describe(graph: Graph, i: int, shown: NodeState) -> str:
    """A box in words, for those who cannot see it."""
    kinds = {"in": "input", "par": "parameter", "const": "constant"}
    kind = kinds.get(graph.symbol(i), graph.symbol(i)) if graph.leaf[i] else graph.formula(i).pretty
    words = [graph.names[i], showable(kind, 80), f"data {shown.data}"]
    if graph.needs[i]:
        state = {"unknown": "unknown", "partial": f"{shown.grad} so far", "final": f"{shown.grad}, final"}
        words.append(f"gradient {state[shown.status]}")
    return ", ".join(words)


def _around(middle: Point, width: float) -> Box:
    return Box(round(middle[0] - width / 2, 1), round(middle[1] - PILL_HEIGHT / 2, 1), round(width, 1), PILL_HEIGHT)


def _pill_width(edge: Edge) -> float:
    return 0.0 if edge.local is None else 7.4 * (len(pretty_number(edge.local)) + 1) + 12


def _cell(start: float, end: float, box: Box, caption: str, number: str, colour: str, theme: Theme) -> str:  # noqa: PLR0917 - where, and what
    """One of the two numbers of a box, with its caption."""
    middle, kind = (start + end) / 2, "data" if caption == "data" else "grad"
    small = svg.text((middle, box.y + HEADER + 14), caption, f"caption {kind}-caption", size=11.5, fill=theme.muted)
    return small + svg.text((middle, box.y + HEADER + 30), number, kind, size=14, fill=colour, mono=True, bold=True)


def _frame(box: Box, classes: Sequence[str], theme: Theme) -> str:
    active = "giver" in classes or "receiver" in classes
    colour = theme.alarm if "wrong" in classes else theme.gradient if active else theme.line
    width = 3.0 if active else 2.6 if "parameter" in classes else 1.4
    dash = "5 3" if "unknown" in classes and not active else ""
    fill = theme.tint if "receiver" in classes else theme.box
    return svg.rect(box, 9, fill=fill, stroke=colour, width=width, dash=dash)

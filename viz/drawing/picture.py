"""The graph as SVG, drawn on Graphviz's coordinates: it can be painted in any state, and nothing moves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from html import escape

from ..graphs.course import layer_rows
from ..graphs.view import GraphView
from ..steps.states import State
from ..theme import LIGHT, Theme
from . import svg
from .boxes import BoxModel
from .layout import MARGIN, Layout, Rectangle, lay_out
from .paint import LETTER, PILL_HEIGHT, around, box_size, paint_box, paint_edge, paint_pill, pill_width

__all__ = ["Picture"]

LABELLED_EDGES = 90
CAPTION_LINE, DENSE_GAP = 22.0, 150.0


class Picture(BoxModel):
    """A laid-out graph that can be drawn in any state: each box has room for the `widest` texts of its two cells."""

    def __init__(self, view: GraphView, widest: Sequence[tuple[str, str]], direction: str = "LR") -> None:
        super().__init__(view)
        self.direction = direction
        self.labelled = len(self.edges) <= LABELLED_EDGES and not self.compact
        self._widest = widest

    @cached_property
    def layout(self) -> Layout:
        """Where everything stands."""
        sizes = [
            box_size(box, widest, compact=self.compact) for box, widest in zip(self.boxes, self._widest, strict=True)
        ]
        pairs = [(e.operand, e.node) for e in self.edges]
        rows = layer_rows(self.view.names)
        if not self.labelled:
            return lay_out(sizes, pairs, self.direction, gap=DENSE_GAP, ordered=not rows, straight=True, rows=rows)
        widest = max(map(pill_width, self.edges), default=0.0)
        gap, apart = (widest + 34, 26.0) if self.direction == "LR" else (PILL_HEIGHT + 30, widest + 6)
        crossing = self.view.level == "neurons" and len(self.edges) > len(self.boxes)
        gap *= 1.0 + 1.4 * crossing  # room for the numbers on lines that cross
        ordered = self.view.scalars is not self.view and not rows
        return lay_out(
            sizes, pairs, self.direction, gap=gap, apart=apart, ordered=ordered, straight=crossing, rows=rows
        )

    def svg(
        self, state: State, *, prefix: str = "g", theme: Theme = LIGHT, title: str = "", caption: Sequence[str] = ()
    ) -> str:
        """Draw one state, a caption below; `prefix` begins every id, so that two pictures fit into one document."""
        width, height = self.size(caption)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" font-family="{svg.SANS}" role="group" aria-labelledby="{prefix}-title">'
        )
        heading = f'<title id="{prefix}-title">{escape(title or f"Gradient graph of {self.view.root_name}")}</title>'
        return "\n".join([head, heading, *self.elements(state, prefix, theme, caption), "</svg>"])

    def size(self, caption: Sequence[str]) -> tuple[str, str]:
        """Width and height with a caption."""
        width = max([self.layout.width, *(LETTER * len(words) + 2 * MARGIN for words in caption)])
        return f"{width:g}", f"{self.layout.height + CAPTION_LINE * len(caption) + MARGIN * bool(caption):g}"

    def elements(
        self,
        state: State,
        prefix: str,
        theme: Theme,
        caption: Sequence[str] = (),
        *,
        still: bool = False,
        alarming: bool = False,
    ) -> list[str]:
        """All that is drawn: paper, edges, boxes, caption; nothing of a still picture takes the focus or is hidden."""
        lines = [f'<rect class="paper" width="100%" height="100%" fill="{theme.paper}"/>']
        lines += [self._edge(k, state, theme, still=still) for k in range(len(self.edges))]
        lines += [self._label(k, state, theme) for k in self._labels if still]  # on top of lines that cross them
        lines += [self._node(i, state, prefix, theme, still=still) for i in range(len(self.boxes))]
        for k, words in enumerate(caption):
            at = (MARGIN, self.layout.height + 18 + CAPTION_LINE * k)
            ink = theme.alarm if alarming else theme.ink
            lines.append(svg.text(at, words, "legend", size=15, fill=ink, anchor="start"))
        return lines

    def _node(self, i: int, state: State, prefix: str, theme: Theme, *, still: bool) -> str:
        box, shown = self.boxes[i], state.nodes[i]
        classes = self._classes(i, state)
        frame = self.layout.boxes[i]
        inside = paint_box(box, frame, self._widest[i], shown, classes, theme, compact=self.compact)
        described = escape(box.describe(shown))
        if still:
            return f'<g class="{" ".join(["node", *classes])}"><title>{described}</title>{inside}</g>'
        return (
            f'<g class="{" ".join(["node", *classes])}" data-node="{i}" id="{prefix}-n{i}" tabindex="0" role="button" '
            f'aria-label="{described}">{inside}</g>'
        )

    def _classes(self, i: int, state: State) -> list[str]:
        """What the box's outline says, as classes."""
        box, step, shown = self.boxes[i], state.active, state.nodes[i]
        if box.constant:
            return ["constant"]
        facts = {
            "parameter": box.parameter,
            "source": step is not None and step.phase == "backward" and i == step.source_index,
            "target": step is not None and i == step.target_index,
            "wrong": shown.wrong,
            "cause": shown.is_cause,
            "outdated": shown.outdated,
        }
        return [shown.status, *(name for name, holds in facts.items() if holds)]

    def _edge(self, k: int, state: State, theme: Theme, *, still: bool) -> str:
        edge, step = self.edges[k], state.active
        place = (edge.node, edge.position)
        active = step is not None and step.phase == "backward" and (step.source_index, step.operand) == place
        classes = "edge" + " active" * active + " silent" * (edge.local is None)
        where = self.layout.curves[k], self.pills[k]
        words = self._words(k, state)
        inside = paint_edge(edge, *where, words, theme, active=active, labelled=self.labelled, still=still)
        if still:
            return f'<g class="{classes}">{self._tooltip(k)}{inside}</g>'
        return f'<g class="{classes}" data-edge="{k}">{inside}</g>'

    def _words(self, k: int, state: State) -> str:
        """The text on an edge; it is not known before the node's number is."""
        return "×?" if state.nodes[self.edges[k].node].data == "?" else self.edges[k].text

    def _tooltip(self, k: int) -> str:
        return "" if self.edges[k].local is None else f"<title>{escape(self.edges[k].tooltip)}</title>"

    @property
    def _labels(self) -> list[int]:
        """The edges that have a label."""
        return [k for k, edge in enumerate(self.edges) if self.labelled and edge.local is not None]

    def _label(self, k: int, state: State, theme: Theme) -> str:
        label = paint_pill(self._words(k, state), self.pills[k], theme, active=False, labelled=True)
        return f'<g class="label">{self._tooltip(k)}{label}</g>'

    @cached_property
    def pills(self) -> list[Rectangle]:
        """A place for each edge's label: the first along the edge that is free."""
        taken = list(self.layout.boxes) if self.labelled else []
        pills = []
        for edge, curve in zip(self.edges, self.layout.curves, strict=True):
            width = pill_width(edge)
            choices = [around(curve.at(t), width) for t in (0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78, 0.15, 0.85)]
            free = (place for place in choices if not any(place.overlaps(other) for other in taken))
            pills.append(next(free, choices[0]))
            if self.labelled and edge.local is not None:
                taken.append(pills[-1])
        return pills

"""One box, and one edge, as SVG: their sizes, and how they look in a state.

Every element carries its colours as attributes, so that a file shows the same anywhere, and a class, by which the page
changes them: a dashed line means that the gradient is unknown, a dotted one that the data are outdated, a solid one
that the gradient is complete, a thick one a parameter; the active edge is thick and points backwards.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..graphs.names import showable
from ..graphs.notation import grad_caption
from ..steps.states import NodeState
from ..theme import Theme
from . import svg
from .boxes import Box, Edge
from .layout import Curve, Point, Rectangle

__all__ = ["around", "box_size", "paint_box", "paint_edge", "paint_pill", "pill_width"]

DIGIT, LETTER = 8.6, 9.6  # widths of a character of a number and of a name, in pixels
HEIGHT, HEADER, COMPACT_HEIGHT, CONSTANT_HEIGHT = 66.0, 29.0, 30.0, 26.0
PILL_HEIGHT = 19.0
LONGEST_NAME = 22


# --- A box -----------------------------------------------------------------------------------------------------------


def box_size(box: Box, widest: tuple[str, str], *, compact: bool) -> tuple[float, float]:
    """Width and height of a box that has room for the longest texts of its data and gradient."""
    if box.constant:
        return max(30.0, LETTER * len(_constant_text(box, widest[0])) + 16), CONSTANT_HEIGHT
    left, right = _cells(box, widest)
    name = LETTER * len(_short_name(box))
    if compact:
        return left + name + 12, COMPACT_HEIGHT
    corner = 2 * max(24.0, LETTER * len(box.symbol) + 16)
    return round(max(left + right, name + corner)), HEIGHT


def _cells(box: Box, widest: tuple[str, str]) -> tuple[float, float]:
    """Widths of the cells for data and gradient."""
    left, right = (max(54.0, DIGIT * len(text) + 16) for text in widest)
    return left, right if box.needs else 0.0


def _short_name(box: Box) -> str:
    return showable(box.name, LONGEST_NAME)


def _constant_text(box: Box, number: str) -> str:
    return number if box.number else f"{_short_name(box)} = {number}"


def paint_box(  # noqa: PLR0917 - what, where, and how
    box: Box,
    frame: Rectangle,
    widest: tuple[str, str],
    shown: NodeState,
    classes: Sequence[str],
    theme: Theme,
    *,
    compact: bool,
) -> str:
    """The inside of a box and its outline."""
    if box.constant:
        outline = svg.rect(frame, 8, fill=theme.constant, stroke=theme.constant)
        middle, words = (frame.x + frame.width / 2, frame.y + 18), _constant_text(box, shown.data)
        return outline + svg.text(middle, words, "value", size=14, fill=theme.muted, mono=True)
    inside = _compact(box, frame, shown, theme) if compact else _full(box, frame, widest, shown, theme)
    return _outline(frame, classes, theme) + inside


def _outline(frame: Rectangle, classes: Sequence[str], theme: Theme) -> str:
    active = "source" in classes or "target" in classes
    colour = theme.alarm if "wrong" in classes or "cause" in classes else theme.gradient if active else theme.line
    width = 3.0 if active or "wrong" in classes else 2.6 if "parameter" in classes else 1.4
    dash = "" if active else "2 3" if "outdated" in classes else "5 3" if "unknown" in classes else ""
    fill = theme.tint if "target" in classes else theme.box
    return svg.rect(frame, 9, fill=fill, stroke=colour, width=width, dash=dash)


def _compact(box: Box, frame: Rectangle, shown: NodeState, theme: Theme) -> str:
    start, end = (frame.x + 8, frame.y + 20), (frame.x + frame.width - 8, frame.y + 20)
    name = svg.text(start, _short_name(box), "name", size=13, fill=theme.ink, anchor="start", bold=True)
    return name + svg.text(end, shown.data, "data", size=13, fill=theme.data, anchor="end", mono=True, bold=True)


def _full(box: Box, frame: Rectangle, widest: tuple[str, str], shown: NodeState, theme: Theme) -> str:
    left, right = _cells(box, widest)
    end = frame.x + frame.width
    split = frame.x + frame.width * left / (left + right)
    data = _cell(
        (frame.x + split) / 2, frame.y, ("data", "old" if shown.outdated else "data", shown.data), theme.data, theme
    )
    header = _header(box, frame, shown, theme)
    if not box.needs:
        return header + data
    caption = "so far" if shown.status == "partial" else grad_caption(box.name)
    colour = theme.muted if shown.status == "unknown" else theme.gradient
    divider = svg.line((split, frame.y + HEADER), (split, frame.y + HEIGHT), stroke=theme.line)
    return header + data + divider + _cell((split + end) / 2, frame.y, ("grad", caption, shown.grad), colour, theme)


def _header(box: Box, frame: Rectangle, shown: NodeState, theme: Theme) -> str:
    tick = {"final": "✗" if shown.wrong else "✓"}.get(shown.status, "")
    y, end, middle = frame.y + 20, frame.x + frame.width, frame.x + frame.width / 2
    return (
        svg.line((frame.x, frame.y + HEADER), (end, frame.y + HEADER), stroke=theme.line)
        + svg.text((frame.x + 9, y), box.symbol, "symbol", size=15, fill=theme.muted, anchor="start")
        + svg.text((middle, y), _short_name(box), "name", size=16, fill=theme.ink, bold=True)
        + svg.text((end - 7, y), tick, "tick", size=14, fill=theme.done, anchor="end", bold=True)
    )


def _cell(middle: float, top: float, words: tuple[str, str, str], colour: str, theme: Theme) -> str:
    """One of the two numbers of a box, with its caption."""
    kind, caption, number = words
    small = svg.text((middle, top + HEADER + 14), caption, f"caption {kind}-caption", size=11.5, fill=theme.muted)
    return small + svg.text((middle, top + HEADER + 30), number, kind, size=14, fill=colour, mono=True, bold=True)


# --- An edge ---------------------------------------------------------------------------------------------------------


def pill_width(edge: Edge) -> float:
    """Width of an edge's label."""
    return 0.0 if edge.local is None else 7.4 * len(edge.text) + 12


def around(middle: Point, width: float) -> Rectangle:
    """The place of a label around a point."""
    return Rectangle(
        round(middle[0] - width / 2, 1), round(middle[1] - PILL_HEIGHT / 2, 1), round(width, 1), PILL_HEIGHT
    )


def paint_edge(
    edge: Edge, curve: Curve, pill: Rectangle, words: str, theme: Theme, *, active: bool, labelled: bool, still: bool
) -> str:
    """Both arrows of an edge, of which one is seen, and its label; of a still picture the one arrow alone."""
    dash = "2 4" if edge.local is None else ""
    there = svg.arrow(curve.start, curve.points, curve.end, colour=theme.line, width=1.4, dash=dash)
    faint = "" if labelled else ' opacity="0.35"'
    if still:
        return f"<g{faint}>{there}</g>"
    back = svg.arrow(curve.end, curve.points[::-1], curve.start, colour=theme.gradient, width=3.0)
    return (
        f'<g class="there"{svg.hidden(active)}{faint}>{there}</g><g class="back"{svg.hidden(not active)}>{back}</g>'
        + ("" if edge.local is None else paint_pill(words, pill, theme, active=active, labelled=labelled))
    )


def paint_pill(words: str, place: Rectangle, theme: Theme, *, active: bool, labelled: bool) -> str:
    """The label of an edge."""
    fill, stroke, ink = (theme.gradient,) * 2 + (theme.box,) if active else (theme.box, theme.line, theme.muted)
    frame = svg.rect(place, PILL_HEIGHT / 2, fill=fill, stroke=stroke, width=0.8)
    middle = (place.x + place.width / 2, place.y + 13.5)
    label = svg.text(middle, words, "local", size=12, fill=ink, mono=True)
    return f'<g class="pill"{svg.hidden(not (active or labelled))}>{frame}{label}</g>'

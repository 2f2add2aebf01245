"""Paint a network: columns of circles, or of one box with an image where a layer is large, and lines between them.

Nothing is laid out by Graphviz: a column stands where its layer belongs, its neurons in order, centred.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from autograd_lite.text import counted, pretty_number

from ..graphs.course import symbol
from ..theme import Theme
from . import svg
from .layout import MARGIN, Point, Rectangle
from .still import framed

__all__ = ["Column", "Panel", "painted"]

RADIUS, ROW, GAP, PANEL_GAP, TOP = 29.0, 100.0, 150.0, 60.0, 62.0
MOST_INPUTS, MOST_NEURONS, MOST_LABELS, MOST_CELLS = 8, 12, 36, 4096
IMAGE, NARROWEST, THINNEST, THICKEST, SIDE = 140.0, 124.0, 0.7, 6.0, 34.0
LEGEND = "A line is as thick as its weight is large: blue is positive, orange negative."


@dataclass
class Column:
    """A layer: the letter of its numbers, its own number, and per neuron activation, weights, bias and delta."""

    letter: str
    layer: str
    numbers: Sequence[float | None]
    weights: Sequence[Sequence[float]] = ()
    biases: Sequence[float] = ()
    deltas: Sequence[float] = ()

    @property
    def folded(self) -> bool:
        """Whether it is one box."""
        return len(self.numbers) > (MOST_NEURONS if self.layer else MOST_INPUTS)


@dataclass
class Panel:
    """A network at one time, with its loss where there is a target."""

    title: str
    columns: list[Column]
    loss: float | None = None


@dataclass
class _Thing:
    """A circle or a box: the neurons that it shows, and its place."""

    column: Column
    neurons: range
    place: Rectangle

    @property
    def middle(self) -> float:
        return self.place.y + self.place.height / 2


def painted(panels: Sequence[Panel], theme: Theme) -> str:
    """The picture of one or several panels side by side."""
    largest = max((abs(w) for p in panels for c in p.columns for row in c.weights for w in row), default=0.0) or 1.0
    height = max(max(map(_height, panel.columns)) for panel in panels) + TOP + 30
    left, inside = SIDE, [""]
    for panel in panels:
        left += max(0.0, (_box_width(panel.columns[0]) - 2 * RADIUS) / 2 - SIDE + MARGIN) * panel.columns[0].folded
        columns = [_placed(column, k, left, height) for k, column in enumerate(panel.columns)]
        end = columns[-1][0].place.x + columns[-1][0].place.width
        inside += [*_heading(panel, left, theme), *_lines(columns, largest, theme)]
        inside += [element for things in columns for thing in things for element in _thing(thing, theme)]
        left = end + PANEL_GAP
    width = max(left - PANEL_GAP + SIDE, 7.2 * len(LEGEND) + 2 * MARGIN)
    inside[0] = f'<rect class="paper" width="100%" height="100%" fill="{theme.paper}"/>'
    inside.append(svg.text((MARGIN, height - 8), LEGEND, "legend", size=13, fill=theme.muted, anchor="start"))
    return framed(inside, (f"{width:g}", f"{height:g}"), theme, "Network", _described(panels))


def _described(panels: Sequence[Panel]) -> str:
    inputs, *layers = panels[0].columns
    sizes = ", ".join(counted(len(layer.numbers), "neuron") for layer in layers)
    times = " ".join(_title(panel) for panel in panels if _title(panel))
    return f"{counted(len(inputs.numbers), 'input')}, then layers of {sizes}. {times}"


# --- Where things stand ----------------------------------------------------------------------------------------------


def _cells(column: Column) -> tuple[int, float]:
    """How many cells of an image stand beside each other, and their size; as a square where they fill one."""
    n = len(column.numbers)
    side = math.isqrt(n)
    across = side if side * side == n else min(n, max(8, side))
    return across, max(2.0, min(14.0, IMAGE / across))


def _image_size(column: Column) -> tuple[float, float]:
    across, size = _cells(column)
    return across * size, -(-len(column.numbers) // across) * size


def _box_width(column: Column) -> float:
    return max(_image_size(column)[0] + 16, NARROWEST)


def _height(column: Column) -> float:
    if not column.folded:
        return ROW * len(column.numbers)
    return (_image_size(column)[1] + 40) * (1 + bool(column.deltas)) + 30


def _placed(column: Column, k: int, left: float, height: float) -> list[_Thing]:
    """Circles or the box of a column, around the middle of the picture."""
    x = left + k * (2 * RADIUS + GAP)
    top = TOP + (height - TOP - 30 - _height(column)) / 2
    if column.folded:
        width = _box_width(column)
        place = Rectangle(x + RADIUS - width / 2, top, width, _height(column) - 24)
        return [_Thing(column, range(len(column.numbers)), place)]
    places = [Rectangle(x, top + ROW * j, 2 * RADIUS, 2 * RADIUS) for j in range(len(column.numbers))]
    return [_Thing(column, range(j, j + 1), place) for j, place in enumerate(places)]


# --- Lines -----------------------------------------------------------------------------------------------------------


def _lines(columns: Sequence[Sequence[_Thing]], largest: float, theme: Theme) -> Iterator[str]:
    """Lines from every column to the next, then the numbers on them, each where it covers none."""
    labels = []
    for here, there in pairwise(columns):
        labelled = len(here) * len(there) <= MOST_LABELS
        taken: list[Rectangle] = []
        for a in here:
            for b in there:
                yield _line(a, b, largest, theme)
                if labelled and (a.column.folded == b.column.folded):
                    labels.append(_label(a, b, taken, theme))
    yield from labels


def _weights(a: _Thing, b: _Thing) -> list[float]:
    return [b.column.weights[j][k] for j in b.neurons for k in a.neurons]


def _ends(a: _Thing, b: _Thing) -> tuple[Point, Point]:
    """A line from side to side, from the right of the one to the left of the other."""
    return (a.place.x + a.place.width, a.middle), (b.place.x, b.middle)


def _line(a: _Thing, b: _Thing, largest: float, theme: Theme) -> str:
    weights = _weights(a, b)
    (x1, y1), (x2, y2) = _ends(a, b)
    size = math.sqrt(sum(w * w for w in weights) / len(weights))
    width = THINNEST + (THICKEST - THINNEST) * min(1.0, size / largest)
    single = len(weights) == 1
    colour = theme.line if not single else theme.gradient if weights[0] < 0.0 else theme.data
    name = symbol("w", (b.neurons[0] + 1, a.neurons[0] + 1), b.column.layer) if single else ""
    words = f"{name} = {pretty_number(weights[0])}" if single else f"{len(weights):,} weights, root mean square "
    words += "" if single else pretty_number(size)
    ends = f'x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"'
    return (
        f'<g class="weight"><title>{escape(words)}</title>'
        f'<line {ends} stroke="{colour}" stroke-width="{width:.2f}" opacity="0.75"/></g>'
    )


def _label(a: _Thing, b: _Thing, taken: list[Rectangle], theme: Theme) -> str:
    weights = _weights(a, b)
    words = pretty_number(weights[0], 3) if len(weights) == 1 else f"{len(b.neurons)} × {len(a.neurons)}"
    width = 7.2 * len(words) + 8
    (x1, y1), (x2, y2) = _ends(a, b)
    spots = [
        Rectangle(x1 + t * (x2 - x1) - width / 2, y1 + t * (y2 - y1) - 8, width, 16)
        for t in (0.5, 0.36, 0.64, 0.25, 0.75, 0.3, 0.7, 0.2, 0.8, 0.15, 0.85)
    ]
    spot = min(spots, key=lambda s: sum(s.shared_area(other) for other in taken))  # the first of the best
    taken.append(spot)
    ink = theme.muted if len(weights) > 1 else theme.gradient if weights[0] < 0.0 else theme.data
    middle = (spot.x + width / 2, spot.y + 12)
    frame = svg.rect(spot, 5, fill=theme.box, stroke="none")
    return frame + svg.text(middle, words, "number", size=11.5, fill=ink, mono=True)


# --- Neurons ---------------------------------------------------------------------------------------------------------


def _title(panel: Panel) -> str:
    loss = "" if panel.loss is None else f"loss {pretty_number(panel.loss)}"
    return ", ".join(filter(None, (panel.title, loss)))


def _heading(panel: Panel, left: float, theme: Theme) -> list[str]:
    words = _title(panel)
    title = [svg.text((left, 24), words, "name", size=16, fill=theme.ink, anchor="start", bold=True)] if words else []
    return title + [
        svg.text(
            (left + k * (2 * RADIUS + GAP) + RADIUS, 48),
            f"layer {column.layer}" if column.layer else "inputs",
            "caption",
            size=13,
            fill=theme.muted,
        )
        for k, column in enumerate(panel.columns)
    ]


def _thing(thing: _Thing, theme: Theme) -> Iterator[str]:
    inside = _box(thing, theme) if thing.column.folded else _circle(thing, theme)
    yield f'<g class="node">{"".join(inside)}</g>'


def _circle(thing: _Thing, theme: Theme) -> Iterator[str]:
    column, j = thing.column, thing.neurons[0]
    x, y = thing.place.x + RADIUS, thing.middle
    name, number = symbol(column.letter, [j + 1], column.layer), column.numbers[j]
    fill = theme.box if column.layer else theme.constant
    width = 1.6 if column.layer else 0.8
    yield f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS:g}" fill="{fill}" stroke="{theme.line}" stroke-width="{width}"/>'
    if number is None:
        yield svg.text((x, y + 5), name, "name", size=15, fill=theme.ink, bold=True)
    else:
        yield svg.text((x, y - 5), name, "name", size=12.5, fill=theme.muted)
        yield svg.text((x, y + 12), pretty_number(number, 3), "data", size=13, fill=theme.data, mono=True, bold=True)
    below = y + RADIUS + 14
    if column.layer:
        words = f"b {pretty_number(column.biases[j], 3)}"
        yield svg.text((x, below), words, "bias", size=11.5, fill=theme.muted, mono=True)
    if column.deltas:
        words = f"δ {pretty_number(column.deltas[j], 3)}"
        yield svg.text((x, below + 15), words, "grad", size=11.5, fill=theme.gradient, mono=True, bold=True)


def _box(thing: _Thing, theme: Theme) -> Iterator[str]:
    column, place = thing.column, thing.place
    yield svg.rect(place, 9, fill=theme.box, stroke=theme.line, width=1.4)
    what = "input" if not column.layer else "neuron"
    middle = place.x + place.width / 2
    yield svg.text((middle, place.y + 18), counted(len(column.numbers), what), "name", size=12.5, fill=theme.muted)
    above = place.y + 26
    known = [x for x in column.numbers if x is not None]
    strips: list[tuple[str, Sequence[float]]] = [(symbol(column.letter, [], column.layer), known)] if known else []
    strips = strips or [(symbol("b", [], column.layer), column.biases)]
    if column.deltas:
        strips.append((symbol("δ", [], column.layer), column.deltas))
    for name, numbers in strips:
        yield from _image(column, numbers, (middle - _image_size(column)[0] / 2, above), theme)
        above += _image_size(column)[1] + 14
        largest = f"{name}, largest {pretty_number(max(map(abs, numbers), default=0.0), 3)}"
        yield svg.text((middle, above), largest, "caption", size=10.5, fill=theme.muted)
        above += 12


def _image(column: Column, numbers: Sequence[float], corner: Point, theme: Theme) -> Iterable[str]:
    """A cell for every number, the stronger the larger it is."""
    across, size = _cells(column)
    largest = max((abs(x) for x in numbers if math.isfinite(x)), default=0.0) or 1.0
    for k, x in enumerate(numbers[:MOST_CELLS]):
        strength = min(1.0, abs(x) / largest) if math.isfinite(x) else 1.0
        colour = theme.alarm if not math.isfinite(x) else theme.gradient if x < 0.0 else theme.data
        place = Rectangle(corner[0] + k % across * size, corner[1] + k // across * size, size, size)
        if strength > 0.02:
            yield (
                f'<rect x="{place.x:g}" y="{place.y:g}" width="{size:g}" height="{size:g}" fill="{colour}" '
                f'opacity="{strength:.2f}"/>'
            )

"""Our SVG as PNG or PDF, by Graphviz: every element becomes a drawing command in the background of an empty graph.

So there is one painter, and a bitmap needs nothing beyond what lays graphs out. The commands are Graphviz's xdot format
(https://graphviz.org/docs/outputs/canon/#xdot); a point of its canvas is a pixel of the SVG, y points up there.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from autograd_lite.errors import DomainError

from .graphviz_engine import render
from .layout import POINTS_PER_INCH, Point

__all__ = ["rasterised"]

ROUND = 0.5523  # where the control points of a quarter of a circle are, by its radius
SKIPPED = ("title", "desc", "style")
MOST_PIXELS = 16_000  # of a side
ANCHORS = {"start": -1, "middle": 0, "end": 1}
FONTS = {False: "DejaVu Sans,Helvetica", True: "DejaVu Sans Mono,Courier"}


class _Canvas(NamedTuple):
    """The size of the picture, and the opacity of what is drawn."""

    width: float
    height: float
    opacity: float = 1.0

    def points(self, points: Sequence[Point]) -> str:
        """Points as a command has them: how many, then each."""
        return f"{len(points)} " + " ".join(f"{x:.5g} {self.height - y:.5g}" for x, y in points)


def rasterised(svg: str, kind: str, scale: float = 2.0) -> bytes:
    """The picture as ``"png"`` or ``"pdf"``; a pixel of the SVG becomes `scale` pixels of the PNG.

    Raises
    ------
    DomainError
        If the scale is not a positive number, or the PNG would have a side of more than 16,000 pixels.
    """
    root = ET.fromstring(svg)  # noqa: S314 - a picture that this package painted
    canvas = _Canvas(float(root.attrib["width"]), float(root.attrib["height"]))
    largest = MOST_PIXELS / max(canvas.width, canvas.height)
    if kind == "png" and not 0.0 < scale <= largest:
        raise DomainError(
            f"scale is {scale}; a picture of {canvas.width:g} by {canvas.height:g} pixels takes a positive number, "
            f"at most {largest:.3g}."
        )
    dpi = POINTS_PER_INCH * (scale if kind == "png" else 1.0)
    settings = f"graph [layout=nop2 pad=0 dpi={dpi:g} _background={_quoted(_commands(root, canvas))}]"
    corners = f'a [pos="0,0!"] b [pos="{canvas.width:g},{canvas.height:g}!"]'
    empty = 'node [style=invis shape=point width=0 height=0 label=""]'
    return render(f"digraph {{ {settings} {empty} {corners} }}\n", kind)


def _commands(element: ET.Element, canvas: _Canvas) -> Iterator[str]:
    """Commands for an element and what is in it, but for what is hidden."""
    kind = element.tag.rpartition("}")[2]
    if kind in SKIPPED or element.get("display") == "none":
        return
    canvas = canvas._replace(opacity=canvas.opacity * float(element.get("opacity", "1")))
    if kind == "text":
        yield from _text(element, canvas)
    elif kind in SHAPES:
        yield from _painted(element, canvas, *SHAPES[kind](element, canvas))
    for part in element:
        yield from _commands(part, canvas)


def _quoted(commands: Iterable[str]) -> str:
    r"""Commands as one string of DOT, in pieces, since it allows no long one.

    Examples
    --------
    >>> print(_quoted(["T 1", 'say "a"']))
    "T 1 " + "say \"a\" "
    """
    return " + ".join('"{} "'.format(command.replace('"', '\\"')) for command in commands)


# --- Shapes: the letter of the command, and its points ----------------------------------------------------------------


def _rect(element: ET.Element, canvas: _Canvas) -> tuple[str, list[Point]]:
    if element.get("width") == "100%":
        return "p", [(0.0, 0.0), (canvas.width, 0.0), (canvas.width, canvas.height), (0.0, canvas.height)]
    x, y, width, height = (float(element.attrib[name]) for name in ("x", "y", "width", "height"))
    r = min(float(element.get("rx", "0")), width / 2, height / 2)
    return "b", _rounded((x, y), (x + width, y + height), r)


def _circle(element: ET.Element, _canvas: _Canvas) -> tuple[str, list[Point]]:
    x, y, r = (float(element.attrib[name]) for name in ("cx", "cy", "r"))
    return "b", _rounded((x - r, y - r), (x + r, y + r), r)


def _rounded(low: Point, high: Point, r: float) -> list[Point]:
    """A rectangle with round corners as Bezier curves, clockwise from the left end of its upper side."""
    (x0, y0), (x1, y1), k = low, high, r * (1 - ROUND)
    corners = [
        ((x1 - r, y0), (x1 - k, y0), (x1, y0 + k), (x1, y0 + r)),
        ((x1, y1 - r), (x1, y1 - k), (x1 - k, y1), (x1 - r, y1)),
        ((x0 + r, y1), (x0 + k, y1), (x0, y1 - k), (x0, y1 - r)),
        ((x0, y0 + r), (x0, y0 + k), (x0 + k, y0), (x0 + r, y0)),
    ]
    points: list[Point] = [(x0 + r, y0)]
    for begin, *curve in corners:
        points += [*_straight(points[-1], begin), *curve]
    return points


def _straight(a: Point, b: Point) -> list[Point]:
    """A line as what follows its first point in a Bezier curve."""
    return [a, b, b]


def _line(element: ET.Element, _canvas: _Canvas) -> tuple[str, list[Point]]:
    x1, y1, x2, y2 = (float(element.attrib[name]) for name in ("x1", "y1", "x2", "y2"))
    return "L", [(x1, y1), (x2, y2)]


def _polygon(element: ET.Element, _canvas: _Canvas) -> tuple[str, list[Point]]:
    return "p", _pairs(element.attrib["points"])


def _path(element: ET.Element, _canvas: _Canvas) -> tuple[str, list[Point]]:
    """A path of the commands M, L and C, as `svg.arrow` writes it."""
    points: list[Point] = []
    for command, numbers in re.findall(r"([MLC])([^MLC]*)", element.attrib["d"]):
        for point in [_pairs(numbers)] if command == "C" else [[p] for p in _pairs(numbers)]:
            points += point if command in "MC" else _straight(points[-1], point[0])
    return "B", points


def _pairs(text: str) -> list[Point]:
    numbers = list(map(float, re.findall(r"-?[\d.]+(?:e-?\d+)?", text)))
    return list(zip(numbers[::2], numbers[1::2], strict=True))


SHAPES: dict[str, Callable[[ET.Element, _Canvas], tuple[str, list[Point]]]] = {
    "rect": _rect,
    "circle": _circle,
    "line": _line,
    "polygon": _polygon,
    "path": _path,
}


# --- Commands ---------------------------------------------------------------------------------------------------------


def _painted(element: ET.Element, canvas: _Canvas, command: str, points: list[Point]) -> Iterator[str]:
    """Set colours and line, then draw: a small letter is filled, a large one an outline."""
    fill, stroke = element.get("fill", "none"), element.get("stroke", "none")
    if command in "pb" and fill != "none":
        yield _colour("C", fill, canvas.opacity)
        yield _colour("c", fill if stroke == "none" else stroke, canvas.opacity)
        yield from _styled(element if stroke != "none" else None)
        yield f"{command if command == 'b' else 'P'} {canvas.points(points)}"
    elif stroke != "none":
        yield _colour("c", stroke, canvas.opacity)
        yield from _styled(element)
        yield f"{'B' if command in 'bB' else 'L'} {canvas.points(points)}"


def _styled(element: ET.Element | None) -> Iterator[str]:
    """The width of the line and its dashes; of none for what has no outline."""
    width, dash = ("0", "") if element is None else (element.get("stroke-width", "1"), element.get("stroke-dasharray"))
    line = "solid" if not dash else "dotted" if float(dash.split()[0]) <= 2 else "dashed"
    for style in (f"setlinewidth({width})", line):
        yield f"S {len(style)} -{style}"


def _text(element: ET.Element, canvas: _Canvas) -> Iterator[str]:
    words = (element.text or "").replace("\\", "∖")  # a string of DOT cannot hold every backslash
    if not words:
        return
    name = FONTS["mono" in element.get("font-family", "")]
    size = float(element.attrib["font-size"])
    x, y = float(element.attrib["x"]), canvas.height - float(element.attrib["y"])
    yield f"F {size:g} {len(name)} -{name}"
    yield f"t {int(element.get('font-weight') == '700')}"
    yield _colour("c", element.get("fill", "#000000"), canvas.opacity)
    count, anchor = len(words.encode()), ANCHORS[element.get("text-anchor", "start")]
    yield f"T {x:.5g} {y:.5g} {anchor} {0.6 * size * len(words):.4g} {count} -{words}"


def _colour(command: str, colour: str, opacity: float) -> str:
    code = colour if opacity >= 1.0 else f"{colour}{round(255 * opacity):02x}"
    return f"{command} {len(code)} -{code}"

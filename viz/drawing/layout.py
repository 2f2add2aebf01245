"""Lay out boxes of fixed sizes and the edges between them with Graphviz.

Only coordinates are taken from Graphviz; the picture itself is drawn by `picture`, so text does not depend on
Graphviz's fonts and nothing shifts while stepping. Lengths are pixels, y points down.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from .graphviz_engine import render

__all__ = ["MARGIN", "Curve", "Layout", "Point", "Rectangle", "lay_out"]

POINTS_PER_INCH = 72.0
MARGIN = 14.0

Point = tuple[float, float]


class Rectangle(NamedTuple):
    """A rectangle by its left upper corner."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: Rectangle) -> bool:
        """Whether the two have points in common."""
        return self.shared_area(other) > 0.0

    def shared_area(self, other: Rectangle) -> float:
        """The area that both cover."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(width, 0.0) * max(height, 0.0)


class Curve(NamedTuple):
    """An edge from an operand to the node that uses it: tips of both arrows, and Bezier points between."""

    start: Point
    points: list[Point]
    end: Point

    def at(self, t: float) -> Point:
        """The point at a fraction of the way, 0 at the operand."""
        pieces = (len(self.points) - 1) // 3
        k = min(int(t * pieces), pieces - 1)
        u = t * pieces - k
        weights = ((1 - u) ** 3, 3 * u * (1 - u) ** 2, 3 * u**2 * (1 - u), u**3)
        four = self.points[3 * k : 3 * k + 4]
        x = sum(w * p[0] for w, p in zip(weights, four, strict=True))
        return x, sum(w * p[1] for w, p in zip(weights, four, strict=True))

    def shifted(self, dx: float, dy: float) -> Curve:
        """The same curve elsewhere."""

        def move(p: Point) -> Point:
            return p[0] + dx, p[1] + dy

        return Curve(move(self.start), [move(p) for p in self.points], move(self.end))


class Layout(NamedTuple):
    """The size of the picture, a box per node and a curve per edge."""

    width: float
    height: float
    boxes: list[Rectangle]
    curves: list[Curve]


def lay_out(
    sizes: Sequence[tuple[float, float]],
    edges: Sequence[tuple[int, int]],
    direction: str = "LR",
    *,
    gap: float = 60.0,
    apart: float = 26.0,
    ordered: bool = False,
    straight: bool = False,
    rows: Sequence[Sequence[int]] = (),
) -> Layout:
    """Place boxes of given sizes, connected by edges from operands to the nodes that use them.

    Parameters
    ----------
    sizes : sequence of (width, height)
        In pixels.
    edges : sequence of (int, int)
        Pairs of boxes; parallel edges stay apart.
    direction : str
        ``"LR"``, left to right, or ``"TB"``, top to bottom.
    gap : float
        Room between the ranks, in pixels.
    ordered : bool
        Whether operands stand in their order; else Graphviz avoids crossings.
    straight : bool
        For dense graphs: whether edges are straight lines from side to side.
    rows : sequence of sequence of int
        Boxes that stand beside each other across the direction, in this order.
    apart : float
        How far parallel edges run from each other, where the boxes leave room for it.
    """
    pairs = list(dict.fromkeys(edges))
    settings = [f"rankdir={direction}", "nodesep=0.25", f"ranksep={gap / POINTS_PER_INCH:.4f}"]
    settings += ["ordering=in"] * ordered + ["splines=line"] * straight
    ports = ("", "") if not straight else (":e", ":w") if direction == "LR" else (":s", ":n")
    placed = json.loads(render(_dot(sizes, pairs, settings, ports, rows), "json"))
    left, low, right, top = map(float, placed["bb"].split(","))

    def point(text: str) -> Point:
        x, y = map(float, text.split(","))
        return round(x - left + MARGIN, 1), round(top - y + MARGIN, 1)

    by_name = {thing["name"]: thing["pos"] for thing in placed["objects"] if "pos" in thing}  # no subgraphs
    boxes = []
    for i, (width, height) in enumerate(sizes):
        x, y = point(by_name[f"n{i}"])
        boxes.append(Rectangle(round(x - width / 2, 1), round(y - height / 2, 1), width, height))
    splines = {edge["id"]: edge["pos"] for edge in placed.get("edges", ()) if "id" in edge}
    curve_of = {pair: _curve(splines[f"e{k}"], point) for k, pair in enumerate(pairs)}
    curves = _with_parallels_apart(curve_of, edges, direction, apart, boxes)
    return Layout(round(right - left + 2 * MARGIN, 1), round(top - low + 2 * MARGIN, 1), boxes, curves)


def _dot(
    sizes: Sequence[tuple[float, float]],
    edges: Sequence[tuple[int, int]],
    settings: list[str],
    ports: tuple[str, str],
    rows: Sequence[Sequence[int]],
) -> str:
    """The graph of empty boxes; a leaf with several uses does not pull them: each stays near what it is used for."""
    uses = Counter(tail for tail, _ in edges)
    computed = {head for _, head in edges}
    loose = {tail for tail in uses if uses[tail] > 1 and tail not in computed}
    lines = list(settings)
    lines += ['node [shape=box fixedsize=true label=""]', "edge [dir=both arrowsize=0.8]"]
    lines += [
        f"n{i} [width={width / POINTS_PER_INCH:.4f} height={height / POINTS_PER_INCH:.4f}]"
        for i, (width, height) in enumerate(sizes)
    ]
    lines += [
        f'n{tail}{ports[0]} -> n{head}{ports[1]} [id="e{k}" weight={1 if tail in loose else 4}]'
        for k, (tail, head) in enumerate(edges)
    ]
    lines += [f"{{rank=same {' -> '.join(f'n{i}' for i in row)} [style=invis]}}" for row in rows if len(row) > 1]
    return "digraph {\n" + "\n".join(lines) + "\n}\n"


def _curve(spline: str, point: Callable[[str], Point]) -> Curve:
    """Read Graphviz's spline: ``s,x,y e,x,y`` are the tips of the arrows."""
    tips: dict[str, Point] = {}
    points: list[Point] = []
    for part in spline.split():
        if part[0] in "se":
            tips[part[0]] = point(part[2:])
        else:
            points.append(point(part))
    return Curve(tips.get("s", points[0]), points, tips.get("e", points[-1]))


def _with_parallels_apart(
    curve_of: dict[tuple[int, int], Curve],
    edges: Sequence[tuple[int, int]],
    direction: str,
    apart: float,
    boxes: Sequence[Rectangle],
) -> list[Curve]:
    """Give every edge a curve; the edges between the same two boxes run side by side."""
    total, seen = Counter(edges), Counter[tuple[int, int]]()
    curves = []
    for pair in edges:
        sides = [boxes[i].height if direction == "LR" else boxes[i].width for i in pair]
        gap = min(apart, 0.8 * min(sides) / max(1, total[pair] - 1))
        shift = (seen[pair] - (total[pair] - 1) / 2) * gap
        seen[pair] += 1
        curves.append(curve_of[pair].shifted(0, shift) if direction == "LR" else curve_of[pair].shifted(shift, 0))
    return curves

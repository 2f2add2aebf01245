"""Curves with sliders, for notebooks and pages: all positions are computed beforehand, so no kernel is needed.

A picture is a function of the sliders' values that returns curves by name; a dot is a curve of one point. What is
shown is computed in Python, and the page only chooses which of the computed pictures it shows.
"""

from __future__ import annotations

import html
import itertools
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

__all__ = ["Sliders"]

Point = tuple[float, float]
Picture = Callable[..., Mapping[str, Sequence[Point]]]

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 340, 48, 12, 12, 30
INNER, HIGH = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM  # what the axes enclose; curves are cut off at its edge
FAR = 50  # heights of the picture, beyond which a curve has a gap
COLOURS = ("#0b74c4", "#d9541e", "#2e8b57", "#8a5cf0", "#a0791a")
DOT = "M{x} {y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0"
DASHES = ("", "7 4", "2 3", "10 3 2 3", "1 4")

SCRIPT = """(() => {
  const box = document.currentScript.parentElement;
  const data = JSON.parse(box.querySelector('[type="application/json"]').textContent);
  const inputs = [...box.querySelectorAll("input")], marks = [...box.querySelectorAll("[data-curve]")];
  const note = box.querySelector("[role=status]");
  const show = () => {
    let at = 0;
    inputs.forEach((input, k) => {
      const text = data.values[k][input.value];
      input.setAttribute("aria-valuetext", text);
      input.nextElementSibling.textContent = text;
      at = at * data.values[k].length + Number(input.value);
    });
    data.frames[at].forEach((d, k) => marks[k].setAttribute("d", d));
    note.textContent = data.notes[at];
  };
  inputs.forEach((input) => input.addEventListener("input", show));
  show();
})();"""


class Sliders:
    """A picture with a slider for each of its parameters, shown by notebooks and by the built site.

    Parameters
    ----------
    picture : callable
        Takes the sliders' values by name; returns curves by name, each a sequence of points (x, y).
    x, y : (float, float)
        What part of the plane is shown.
    start : dict, optional
        Where sliders stand at first; in the middle unless given.
    note : callable, optional
        Takes the values too; returns a line of text to stand below the picture.
    dots : sequence of str
        The names of those curves whose points are drawn one by one, and not joined.
    **sliders : sequence of float
        The values that each slider goes through.

    Examples
    --------
    >>> lines = Sliders(lambda m: {"m x": [(-1, -m), (1, m)]}, x=(-1, 1), y=(-2, 2), m=[0.5, 1, 2])
    >>> lines._repr_html_().count("<input")
    1
    """

    def __init__(
        self,
        picture: Picture,
        *,
        x: Point,
        y: Point,
        start: Mapping[str, float] | None = None,
        note: Callable[..., str] | None = None,
        dots: Sequence[str] = (),
        **sliders: Sequence[float],
    ) -> None:
        self.x, self.y = x, y
        self.names = {name: [float(value) for value in values] for name, values in sliders.items()}
        wanted = start or {}
        self.positions = [
            min(range(len(values)), key=lambda i: abs(values[i] - wanted.get(name, values[len(values) // 2])))
            for name, values in self.names.items()
        ]
        choices = [dict(zip(self.names, values, strict=True)) for values in itertools.product(*self.names.values())]
        pictures = [picture(**values) for values in choices]
        self.curves = list(pictures[0])
        self.dotted = {name for name in self.curves if name in dots or len(pictures[0][name]) == 1}
        self.frames = [[self.drawn(found[name], name in dots) for name in self.curves] for found in pictures]
        self.notes = [note(**values) if note else "" for values in choices]

    def _repr_html_(self) -> str:
        """Show the picture, with its first position for readers without scripts."""
        at = 0
        for position, values in zip(self.positions, self.names.values(), strict=True):
            at = at * len(values) + position
        values = [[shown(value) for value in row] for row in self.names.values()]
        data = json.dumps({"values": values, "frames": self.frames, "notes": self.notes}).replace("<", "\\u003c")
        return (
            f'<div class="sliders">{self.figure(at)}{"".join(self.inputs())}'
            f'<p role="status">{html.escape(self.notes[at])}</p>'
            f'<script type="application/json">{data}</script><script>{SCRIPT}</script></div>'
        )

    def __repr__(self) -> str:
        return f"<sliders for {', '.join(self.names)}: {', '.join(self.curves)}>"

    def figure(self, at: int = 0) -> str:
        """One of the pictures, without sliders: legend, axes and curves."""
        return (
            f'{self.legend()}<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{html.escape(", ".join(self.curves))}" '
            f'style="width:100%;max-width:{WIDTH}px;height:auto">'
            f'{self.axes()}<svg x="{LEFT}" y="{TOP}" width="{INNER}" height="{HIGH}" '
            f'viewBox="{LEFT} {TOP} {INNER} {HIGH}" overflow="hidden">'
            f"{''.join(self.marks(self.frames[at]))}</svg></svg>"
        )

    def styles(self) -> Iterable[tuple[str, str, str]]:
        """Each curve's name, colour and dashes; dots have none."""
        for name, colour, dash in zip(self.curves, itertools.cycle(COLOURS), itertools.cycle(DASHES), strict=False):
            yield name, colour, "" if name in self.dotted else dash

    def legend(self) -> str:
        """The curves' names in their colours."""
        return "<p>" + " ".join(
            f'<span style="white-space:nowrap;margin-right:1em"><svg width="28" height="10" aria-hidden="true">'
            f'<path d="{DOT.format(x=10, y=5) if name in self.dotted else "M1 5H27"}" fill="none" stroke="{colour}" '
            f'stroke-width="2.5" stroke-dasharray="{dash}"/></svg> {html.escape(name)}</span>'
            for name, colour, dash in self.styles()
        ) + "</p>"  # fmt: skip

    def marks(self, paths: Iterable[str]) -> Iterable[str]:
        """The curves as they stand at first."""
        for k, (path, (_, colour, dash)) in enumerate(zip(paths, self.styles(), strict=True)):
            yield (
                f'<path data-curve="{k}" d="{path}" fill="none" stroke="{colour}" stroke-width="2.5" '
                f'stroke-linecap="round" stroke-linejoin="round" stroke-dasharray="{dash}"/>'
            )

    def inputs(self) -> Iterable[str]:
        """The sliders with their names and values."""
        for (name, values), position in zip(self.names.items(), self.positions, strict=True):
            yield (
                f'<label style="display:flex;gap:.7em;align-items:center;max-width:{WIDTH}px;min-height:36px">'
                f'<span style="min-width:5em">{html.escape(name)}</span>'
                f'<input type="range" min="0" max="{len(values) - 1}" value="{position}" style="flex:1">'
                f'<span aria-hidden="true" style="min-width:4em">{html.escape(shown(values[position]))}</span></label>'
            )

    def axes(self) -> str:
        """The frame, with round numbers along it."""
        parts = []
        for value in ticks(*self.x):
            px, _ = self.pixel(value, self.y[0])
            parts.append(f'<path d="M{px} {TOP}V{HEIGHT - BOTTOM}" stroke="currentColor" opacity=".15"/>')
            parts.append(f'<text x="{px}" y="{HEIGHT - 10}" text-anchor="middle">{shown(value)}</text>')
        for value in ticks(*self.y):
            _, py = self.pixel(self.x[0], value)
            parts.append(f'<path d="M{LEFT} {py}H{WIDTH - RIGHT}" stroke="currentColor" opacity=".15"/>')
            parts.append(f'<text x="{LEFT - 6}" y="{py + 4}" text-anchor="end">{shown(value)}</text>')
        return f'<g fill="currentColor" font-size="12" font-family="inherit">{"".join(parts)}</g>'

    def drawn(self, points: Sequence[Point], apart: bool) -> str:
        """A curve, or dots, as the text of an SVG path."""
        if apart or len(points) == 1:
            places = map(self.pixel, *zip(*points, strict=True))
            return "".join(DOT.format(x=f"{px - 4:g}", y=py) for px, py in places)
        return self.path(points)

    def path(self, points: Sequence[Point]) -> str:
        """A curve with a gap where a number is missing or far out."""
        parts, pen = [], "M"
        low, high = self.y
        for x, y in points:
            if not math.isfinite(y) or abs(y - low) > FAR * (high - low):
                pen = "M"
                continue
            px, py = self.pixel(x, y)
            parts.append(f"{pen}{px} {py}")
            pen = "L"
        return "".join(parts)

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the plane is on the picture."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return (
            round(LEFT + across * INNER, 1),
            round(HEIGHT - BOTTOM - up * HIGH, 1),
        )


def ticks(low: float, high: float) -> list[float]:
    """Four to ten round numbers between two others.

    Examples
    --------
    >>> ticks(-1.0, 1.0)
    [-1.0, -0.5, 0.0, 0.5, 1.0]
    """
    rough = (high - low) / 6
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * m for m in (1, 2, 5, 10) if size * m >= rough * 0.999)
    return [round(k * step, 12) for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def shown(value: float) -> str:
    """A number in few digits, with a true minus sign."""
    return f"{value:.4g}".replace("-", "−").replace("−0", "0" if value == 0 else "−0")

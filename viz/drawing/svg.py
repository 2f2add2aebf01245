"""The SVG elements of pictures, each with a class and its colours as attributes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from .layout import Point, Rectangle

__all__ = ["MONO", "SANS", "arrow", "hidden", "line", "rect", "text"]

SANS = "system-ui, 'DejaVu Sans', 'Segoe UI', Helvetica, Arial, sans-serif"
MONO = "ui-monospace, monospace"


def rect(box: Rectangle, radius: float, *, fill: str, stroke: str, width: float = 1.0, dash: str = "") -> str:
    """A rounded box."""
    place = f'x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" rx="{radius:g}"'
    return f'<rect class="frame" {place} fill="{fill}" stroke="{stroke}" stroke-width="{width:g}"{_dashed(dash)}/>'


def line(a: Point, b: Point, *, stroke: str) -> str:
    """A thin line, which divides a box."""
    ends = f'x1="{a[0]:g}" y1="{a[1]:g}" x2="{b[0]:g}" y2="{b[1]:g}"'
    return f'<line class="rule" {ends} stroke="{stroke}" stroke-width="0.6" opacity="0.6"/>'


def text(
    at: Point,
    words: str,
    kind: str,
    *,
    size: float,
    fill: str,
    anchor: str = "middle",
    mono: bool = False,
    bold: bool = False,
) -> str:
    """A line of text, escaped."""
    font = (f' font-family="{MONO}"' if mono else "") + (' font-weight="700"' if bold else "")
    place = f'x="{at[0]:.1f}" y="{at[1]:.1f}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place} font-size="{size:g}"{font} fill="{fill}">{escape(words)}</text>'


def arrow(start: Point, curve: Sequence[Point], tip: Point, *, colour: str, width: float, dash: str = "") -> str:
    """A curve that begins with a straight piece and ends in an arrowhead."""
    (x0, y0), neck = curve[0], curve[-1]
    bends = " ".join(f"{x:g},{y:g}" for x, y in curve[1:])
    path = f"M{start[0]:g},{start[1]:g} L{x0:g},{y0:g} C{bends}"
    across = 0.42 if width < 2 else 0.6
    dx, dy = (tip[0] - neck[0]) * across, (tip[1] - neck[1]) * across
    wings = f"{neck[0] - dy:.1f},{neck[1] + dx:.1f} {neck[0] + dy:.1f},{neck[1] - dx:.1f}"
    return (
        f'<path class="line" d="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}"{_dashed(dash)}/>'
        f'<polygon class="head" points="{tip[0]:g},{tip[1]:g} {wings}" fill="{colour}"/>'
    )


def _dashed(dash: str) -> str:
    return f' stroke-dasharray="{dash}"' if dash else ""


def hidden(is_hidden: bool) -> str:
    """The attribute that hides an element which the page can show."""
    return ' display="none"' if is_hidden else ""

"""The directive ``ops``: entries made from the op table, with formula, derivatives, domain, kink and curve."""

from __future__ import annotations

import inspect
import itertools
import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from numpydoc.docscrape_sphinx import SphinxDocString
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).parents[1] / "guide"))

from sliders import Sliders

from autograd_lite.formulas import expr
from autograd_lite.op import TABLE, Op

PROBES = [k / 2 for k in range(-8, 9)]
SPAN = 5.0


def entry(op: Op) -> str:
    """One op's entry as reStructuredText: its docstring, then what its row of the table says."""
    indented = "\n".join(f"   {line}" for line in str(SphinxDocString(docstring(op))).splitlines())
    facts = "\n".join(f"      * - {name}\n        - {text}" for name, text in facts_of(op))
    table = f"   .. list-table::\n      :class: op-facts\n      :align: left\n\n{facts}\n"
    picture = curve(op)
    figure = f"   .. raw:: html\n\n      <div class='op-curve'>{picture}</div>\n" if picture else ""
    return (
        f".. py:function:: autograd_lite.{op.name}({', '.join(op.operand_names)})\n\n{indented}\n\n{table}\n{figure}\n"
    )


def docstring(op: Op) -> str:
    """The docstring as reStructuredText: |x| is not a substitution, and the sources of a module are not listed here."""
    text = re.sub(r" \[\d+\]_", "", inspect.getdoc(op) or "")
    return "\n".join(
        line if line.lstrip().startswith(">>>") else line.replace("|", r"\|") for line in text.splitlines()
    )


def facts_of(op: Op) -> Iterator[tuple[str, str]]:
    """What stands in the table about an op."""
    names = [f"{name[0]}{i}" for name in op.operand_names for i in (1, 2)] if op.many else list(op.operand_names)
    yield "Written", f":math:`y = {op.formula(*names).latex}`"
    for i, name in enumerate(names):
        by = rf"\frac{{\partial y}}{{\partial {expr(name).latex}}}"
        slope = "0" if op.piecewise_constant else op.slope(i, "y", *names).latex
        yield f"Derivative by {name}", f":math:`\\displaystyle {by} = {slope}`"
    for name, (low, high) in op.domain.items():
        if (low, high) != (-math.inf, math.inf):
            yield f"Domain of {name}", f"{bound(low)} to {bound(high)}"
    kinks = list(kinks_of(op))
    if kinks:
        yield "Kinks", "; ".join(kinks)


def bound(x: float) -> str:
    """An end of a domain."""
    return {math.inf: "∞", -math.inf: "−∞"}.get(x, f"{x:g}".replace("-", "−"))


def kinks_of(op: Op) -> Iterator[str]:
    """Where the slope is a convention, among round points, with the convention."""
    if len(op.operand_names) > 2 or op.many or op.piecewise_constant:
        return
    n = len(op.operand_names)
    points = [(x,) for x in PROBES] if n == 1 else [(1.0,) * n, (0.0,) * n]
    for point in points:
        if all(low <= x <= high for x, (low, high) in zip(point, op.domain.values(), strict=True)):
            if op.smooth(*point):
                continue
            _, slopes = op.evaluate(point, [True] * n)
            if any(p != p for p in slopes):  # noqa: PLR0124 - NaN: no slope at all
                continue
            where = ", ".join(f"{name} = {x:g}" for name, x in zip(op.operand_names, point, strict=True))
            taken = ", ".join(f"{p:g}" for p in slopes if p is not None)
            yield f"at {where} the slope is taken as {taken}".replace("-", "−")


def curve(op: Op) -> str:
    """The graph of an op of one operand, with its derivative, as inline SVG."""
    if op.many or len(op.operand_names) != 1:
        return ""
    low, high = next(iter(op.domain.values()))
    left, right = max(low, -SPAN), min(high, SPAN)
    xs = sorted({left + (right - left) * k / 240 for k in range(1, 240)} | {x for x in PROBES if left < x < right})
    values, slopes = [], []
    for x in xs:
        y, (slope,) = op.evaluate([x], [True])
        if not op.smooth(x):
            slope = math.nan  # a gap
            y = math.nan if op.piecewise_constant else y  # a jump
        values.append((x, y))
        slopes.append((x, slope))
    heights = sorted(y for _, y in itertools.chain(values, slopes) if math.isfinite(y))
    bottom, top = max(heights[len(heights) // 40], -8.0), min(heights[-1 - len(heights) // 40], 8.0)
    room = 0.08 * (top - bottom) or 1.0
    curves = {op.name: values, "its derivative": slopes}
    return Sliders(lambda: curves, x=(left, right), y=(bottom - room, top + room)).figure().replace("\n", " ")


class Ops(SphinxDirective):
    """``ops`` with the names of ops as its content."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Make the entries."""
        return self.parse_text_to_nodes("".join(entry(TABLE[name]) for name in " ".join(self.content).split()))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("ops", Ops)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

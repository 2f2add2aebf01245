"""Formulas as MathML, made when the site is built: they need no script and no network."""

from __future__ import annotations

import itertools
import re
from typing import Any
from xml.etree import ElementTree as ET

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

FOR_LATEX2MATHML = {  # the same formula in commands that the converter knows
    r"\begin{aligned}": r"\begin{align*}",
    r"\end{aligned}": r"\end{align*}",
    r"\odot": "⊙",
    r"\lVert": "‖",
    r"\rVert": "‖",
    r"\|": "‖",
}
FUNCTIONS = {"arcsin", "cos", "exp", "lim", "ln", "log", "max", "min", "sin", "tan", "tanh"}
LIMITS = {"lim", "max", "min"}  # in a displayed formula, what is written below stands below
ROWS = {"math", "mrow", "mtd"}  # elements with any number of parts; those of others have places


def mathml(latex: str, display: str) -> str:
    """Convert one formula of LaTeX."""
    for known, meant in FOR_LATEX2MATHML.items():
        latex = latex.replace(known, meant)
    if "\\\\" in latex and r"\begin" not in latex:  # lines without an environment, as Sphinx's own renderer takes them
        latex = rf"\begin{{align*}}{latex}\end{{align*}}"
    latex = re.sub("'+", lambda primes: "′″‴"[len(primes[0]) - 1], latex)  # signs that stand high by themselves
    return spaced(str(convert(latex, display=display)))


def spaced(formula: str) -> str:
    """Put a thin space between the name of a function and what stands beside it, as LaTeX does: ln 2, K cos β.

    Examples
    --------
    >>> spaced("<math><mi>ln</mi><mn>2</mn></math>")
    '<math><mi>ln</mi><mspace width="0.17em" /><mn>2</mn></math>'
    """
    ET.register_namespace("", "http://www.w3.org/1998/Math/MathML")
    root = ET.fromstring(formula)  # noqa: S314 - made by the converter
    for part in root.iter():
        if root.get("display") == "block" and _kind(part) == "msub" and part[0].text in LIMITS:
            part.tag = part.tag.replace("msub", "munder")  # below its word, not beside it
    for row in [part for part in root.iter() if _kind(part) in ROWS]:
        for left, right in itertools.pairwise(list(row)):
            if (_is_function(left) or _is_function(right)) and "mo" not in {_kind(left), _kind(right)}:
                space = ET.Element(left.tag.replace(_kind(left), "mspace"), width="0.17em")
                row.insert(list(row).index(right), space)
    return ET.tostring(root, encoding="unicode")


def _kind(part: ET.Element) -> str:
    return part.tag.rpartition("}")[2]


def _is_function(part: ET.Element) -> bool:
    """Whether it is a function's name, alone or with an index or a power."""
    first = part[0] if _kind(part) in {"msub", "msup", "munder"} else part
    return first.text in FUNCTIONS


def visit_inline(self: Any, node: nodes.math) -> None:
    """Write an inline formula."""
    self.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def visit_block(self: Any, node: nodes.math_block) -> None:
    """Write a displayed formula, which scrolls by itself where the screen is narrow."""
    self.body.append(f'<div class="formula">{mathml(node.astext(), "block")}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer ``mathml``."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Formulas as MathML, made when the site is built: they need no script and no network."""

from __future__ import annotations

import re
from typing import Any

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


def mathml(latex: str, display: str) -> str:
    """Convert one formula of LaTeX."""
    for known, meant in FOR_LATEX2MATHML.items():
        latex = latex.replace(known, meant)
    if "\\\\" in latex and r"\begin" not in latex:  # lines without an environment, as Sphinx's own renderer takes them
        latex = rf"\begin{{align*}}{latex}\end{{align*}}"
    latex = re.sub("'+", lambda primes: "′″‴"[len(primes[0]) - 1], latex)  # signs that stand high by themselves
    return str(convert(latex, display=display))


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

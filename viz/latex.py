r"""Steps and explanations in LaTeX: an ``align*`` for each, in a document that LuaLaTeX or XeLaTeX compiles.

A gradient is written as the *adjoint* :math:`\bar w = \partial L / \partial w`, so that ``w.grad += L.grad · ∂L/∂w``
becomes :math:`\bar w \mathrel{+}= \bar L \cdot \partial L / \partial w`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from autograd_lite.formulas import name_latex, pretty_number

from .lines import Line, Token, lines_of

if TYPE_CHECKING:
    from .step import Step
    from .stepping import Steps

__all__ = ["document", "number_latex", "prose", "slope_latex", "steps_document"]

SPECIALS = {c: "\\" + c for c in "#$%&_{}"} | {"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}"}
SIGNS = {"−": "$-$", "→": r"$\to$", "·": r"$\cdot$", "∂": r"$\partial$", "∞": r"$\infty$", "…": r"\dots{}"}


def prose(text: str) -> str:
    r"""Text that LaTeX prints as it is.

    Examples
    --------
    >>> print(prose("50% of a_b"))
    50\% of a\_b
    """
    return "".join((SPECIALS | SIGNS).get(c, c) for c in text)


def number_latex(text: str) -> str:
    r"""A printed number in math mode.

    Examples
    --------
    >>> print(number_latex("−1.2e−5"), number_latex("(−0.5)"))
    -1.2 \cdot 10^{-5} (-0.5)
    """
    plain = text.replace("−", "-").replace("∞", r"\infty")
    return re.sub(r"e(-?\d+)", r" \\cdot 10^{\1}", plain)


def slope_latex(of: str, by: str) -> str:
    r"""The name of a derivative.

    Examples
    --------
    >>> print(slope_latex("L", "w1"))
    \frac{\partial L}{\partial w_{1}}
    """
    return rf"\frac{{\partial {name_latex(of)}}}{{\partial {name_latex(by)}}}"


def document(title: str, body: str) -> str:
    """A whole document around LaTeX text."""
    head = [
        r"\documentclass{article}",
        r"\usepackage{amsmath, amssymb}  % compile with lualatex or xelatex",
        r"\allowdisplaybreaks",
        r"\begin{document}",
        rf"\section*{{{title}}}",
    ]
    return "\n".join([*head, body.strip(), r"\end{document}", ""])


def steps_document(steps: Steps) -> str:
    """All steps as a document."""
    graph = steps.graph
    root = graph.names[graph.root]
    forward = [
        rf"{name_latex(graph.names[i])} &= {graph.formula(i).latex} = {number_latex(pretty_number(graph.data[i]))}"
        for i in graph.computed
    ]
    parts = [_aligned(forward)] if forward else []
    bar = rf"$\bar v = \partial {name_latex(root)} / \partial v$"
    parts.append(rf"Below, {bar} is the gradient by $v$.")
    parts += [_step(steps, step) for step in steps]
    return document(f"Backprop from ${name_latex(root)}$", "\n\n".join(parts))


def _step(steps: Steps, step: Step) -> str:
    graph = steps.graph
    lines = [_line(line) for line in lines_of(step)]
    if step.phase == "forward":
        formula = graph.formula(step.receiver_place).latex
        lines = [rf"{name_latex(step.receiver)} &= {formula} = {number_latex(pretty_number(step.total_after))}"]
    if step.phase == "backward":
        slope = graph.slope(step.giver_place, step.operand).latex
        rule = (
            rf"{slope_latex(step.giver, step.receiver)} &= {slope} = {number_latex(pretty_number(step.local or 0.0))}"
        )
        lines.insert(0, rule)
    mistake = [rf"\emph{{{prose(step.mistake)}}}"] if step.mistake else []
    return "\n".join([rf"\paragraph{{{step.number}. {_title(step)}}}", _aligned(lines), *mistake])


def _title(step: Step) -> str:
    receiver, giver = (f"${name_latex(name)}$" for name in (step.receiver, step.giver))
    use = f" (use {step.use} of {step.uses})" if step.uses > 1 else ""
    titles = {"backward": rf"{giver} $\to$ {receiver}{use}"}
    return titles.get(step.phase, f"{step.phase.capitalize()}: {receiver}")


def _aligned(lines: list[str]) -> str:
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}"


def _line(line: Line) -> str:
    """A line of tokens, aligned at its first equals sign."""
    shown = [_token(token) for token in line]
    first = next(k for k, token in enumerate(line) if token.kind == "sign")
    return " ".join([*shown[:first], "&" + shown[first], *shown[first + 1 :]])


def _token(token: Token) -> str:
    if token.kind == "grad":
        return rf"\bar{{{name_latex(token.text)}}}"
    if token.kind == "slope":
        return slope_latex(token.text, token.by)
    if token.kind in ("number", "result"):
        return number_latex(token.text)
    if token.kind in ("name", "formula"):
        return name_latex(token.text)
    signs = {"+=": r"\mathrel{+}=", "·": r"\cdot", "−": "-", "✓": r"\quad\checkmark"}
    return signs.get(token.text, token.text)

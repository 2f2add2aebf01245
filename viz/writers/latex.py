r"""Steps and explanations in LaTeX: an ``align*`` for each, in a document that LuaLaTeX or XeLaTeX compiles.

A gradient is written as the *adjoint* :math:`\bar w = \partial L / \partial w`, so that ``w.grad += L.grad · ∂L/∂w``
becomes :math:`\bar w \mathrel{+}= \bar L \cdot \partial L / \partial w`.
"""

from __future__ import annotations

from autograd_lite.formulas import name_latex
from autograd_lite.text import pretty_number

from ..graphs.notation import number_latex, prose_latex, slope_latex
from ..steps.arithmetic import Line, Token, lines_of
from ..steps.sequence import StepSequence
from ..steps.step import Step

__all__ = ["steps_document"]


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


def steps_document(steps: StepSequence) -> str:
    """All steps as a document."""
    graph = steps.graph
    root = graph.root_name
    forward = [
        rf"{name_latex(graph.names[i])} &= {graph.formula(i).latex} = {number_latex(pretty_number(graph.data[i]))}"
        for i in graph.computed
    ]
    parts = [_aligned(forward)] if forward else []
    bar = rf"$\bar v = \partial {name_latex(root)} / \partial v$"
    parts.append(rf"Below, {bar} is the gradient with respect to $v$.")
    parts += [_step(steps, step) for step in steps]
    return document(f"Backprop from ${name_latex(root)}$", "\n\n".join(parts))


def _step(steps: StepSequence, step: Step) -> str:
    graph = steps.graph
    lines = [_line(line) for line in lines_of(step)]
    if step.phase == "forward":
        formula = graph.formula(step.target_index).latex
        lines = [rf"{name_latex(step.target)} &= {formula} = {number_latex(pretty_number(step.total_after))}"]
    if step.phase == "backward":
        slope = graph.slope(step.source_index, step.operand).latex
        number = number_latex(pretty_number(step.local or 0.0))
        rule = rf"{slope_latex(step.source, step.target, step.through)} &= {slope} = {number}"
        lines.insert(0, rule)
    wrong = [rf"\emph{{{prose_latex(text)}}}" for text in (step.mistake, step.cause) if text]
    return "\n".join([rf"\paragraph{{{step.number}. {_title(step)}}}", _aligned(lines), *wrong])


def _title(step: Step) -> str:
    target, source = (f"${name_latex(name)}$" for name in (step.target, step.source))
    use = f" (use {step.use} of {step.uses})" if step.uses > 1 else ""
    return rf"{source} $\to$ {target}{use}" if step.phase == "backward" else f"{step.phase.capitalize()}: {target}"


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
        return slope_latex(token.text, token.by, token.use)
    if token.kind in ("number", "result"):
        return number_latex(token.text)
    if token.kind in ("name", "formula"):
        return name_latex(token.text)
    signs = {"+=": r"\mathrel{+}=", "·": r"\cdot", "−": "-", "✓": r"\quad\checkmark"}
    return signs.get(token.text, token.text)

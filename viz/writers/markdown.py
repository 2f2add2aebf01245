"""Steps in Markdown, for lessons and issue trackers: headings, the arithmetic as code, the sentence as text.

Labels are untrusted text: they stand in code or escaped.
"""

from __future__ import annotations

import re

from ..graphs.formula import whole_formula
from ..graphs.notation import markdown_text
from ..steps.arithmetic import as_text, lines_of
from ..steps.sequence import StepSequence
from ..steps.step import Step
from ..steps.transcript import given_and_computed, gradients
from ..steps.words import rule_line

__all__ = ["code_block", "steps_markdown"]


def code_block(lines: list[str]) -> str:
    """Lines as code, in a fence longer than any run of backticks in them."""
    text = "\n".join(lines)
    longest = max([2, *map(len, re.findall("`+", text))])
    fence = "`" * (longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def steps_markdown(steps: StepSequence) -> str:
    """All steps as Markdown."""
    parts = [
        f"# Backprop from {markdown_text(steps.graph.root_name)}",
        markdown_text(whole_formula(steps.graph)),
        "## Forward pass",
    ]
    parts += [code_block(given_and_computed(steps.graph)), "## Steps", *(_step(step) for step in steps)]
    if steps.graph.leaves:
        parts += ["## Gradients", code_block(gradients(steps.graph))]
    return "\n\n".join(parts) + "\n"


def _step(step: Step) -> str:
    lines = [rule_line(step), *map(as_text, lines_of(step))]
    words = [markdown_text(text) for text in (step.sentence, step.mistake, step.cause) if text]
    return "\n\n".join(
        [f"### {step.number}\\. {markdown_text(step.title)}", code_block([line for line in lines if line]), *words]
    )

"""Steps in Markdown, for lessons and issue trackers: headings, the arithmetic as code, the sentence as text.

Labels are anyone's text; they stand in code, or escaped, so they can neither format nor command.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .inline import whole_formula
from .lines import as_text, lines_of
from .step_text import given_and_computed, gradients, rule_line

if TYPE_CHECKING:
    from .step import Step
    from .stepping import Steps

__all__ = ["code_block", "plain", "steps_markdown"]


def plain(text: str) -> str:
    r"""Text that Markdown shows as it is.

    Examples
    --------
    >>> print(plain("w_h <b>"))
    w\_h &lt;b&gt;
    """
    escaped = re.sub(r"([\\`*_{}\[\]()#+!|$~-])", r"\\\1", text)
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code_block(lines: list[str]) -> str:
    """Lines as code, in a fence longer than any run of backticks in them."""
    text = "\n".join(lines)
    longest = max([2, *map(len, re.findall("`+", text))])
    fence = "`" * (longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def steps_markdown(steps: Steps) -> str:
    """All steps as Markdown."""
    root = steps.graph.names[steps.graph.root]
    parts = [f"# Backprop from {plain(root)}", plain(whole_formula(steps.graph)), "## Forward pass"]
    parts += [code_block(given_and_computed(steps)), "## Steps", *(_step(step) for step in steps)]
    if steps.graph.leaves:
        parts += ["## Gradients", code_block(gradients(steps))]
    return "\n\n".join(parts) + "\n"


def _step(step: Step) -> str:
    lines = [rule_line(step), *map(as_text, lines_of(step))]
    words = [plain(step.sentence)]
    return "\n\n".join(
        [f"### {step.number}\\. {plain(step.title)}", code_block([line for line in lines if line]), *words]
    )

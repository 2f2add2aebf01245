"""Steps of backprop in words and plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd_lite.formulas import pretty_number

from .digits import counted
from .lines import as_text, lines_of, short, slope_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .step import Step
    from .stepping import Steps

__all__ = ["block", "heading", "rule_line", "sentence", "title", "transcript"]


def title(step: Step) -> str:
    """The step in a few characters."""
    if step.phase == "forward":
        return f"{step.receiver} = {short(step.formula)}"
    if step.phase == "seed":
        return f"Seed: {slope_name(step.receiver, step.receiver)} = 1"
    if step.phase == "update":
        return f"Update {step.receiver}"
    use = f" (use {step.use} of {step.uses})" if step.uses > 1 else ""
    return f"{step.giver} → {step.receiver}{use}"


# --- In words -------------------------------------------------------------------------------------------------------


def sentence(step: Step) -> str:
    """The step in plain words."""
    words = {"forward": _forward_words, "seed": _seed_words, "backward": _backward_words, "update": _update_words}
    return words[step.phase](step)


def _forward_words(step: Step) -> str:
    return f"{step.receiver} is {short(step.formula)}, which gives {pretty_number(step.total_after)}."


def _seed_words(step: Step) -> str:
    return f"The sweep starts at {step.receiver}: its derivative by itself is 1."


def _backward_words(step: Step) -> str:
    x, y = step.receiver, step.giver
    words = [
        f"{y} = {short(step.formula)}. Seen from {x}, the slope of {y} is {_rule_and_number(step)}.",
        f"Multiply by the gradient that has already arrived at {y} ({pretty_number(step.upstream or 0.0)}).",
    ]
    if step.upstream == 0.0:
        words.append("It is exactly 0, so nothing is passed on, whatever the slope.")
    if step.mistake:  # is shown by itself
        return " ".join(words)
    if step.uses > 1:
        words.append(f"{x} is used {step.uses} times, so the contributions are added up, not replaced.")
    words.append(f"The gradient of {x} is now complete." if step.final else f"More will arrive at {x}.")
    return " ".join(words)


def _update_words(step: Step) -> str:
    change = step.contribution or 0.0
    if change == 0.0:
        return f"{step.receiver} stays as it is."
    way = "down" if change < 0.0 else "up"
    who = "A step against the gradient" if step.local is not None else short(step.rule)
    return f"{who} moves {step.receiver} {way} by {pretty_number(abs(change))}."


def _rule_and_number(step: Step) -> str:
    number = pretty_number(step.local or 0.0)
    return number if step.rule == number else f"{short(step.rule)} = {number}"


# --- As lines -------------------------------------------------------------------------------------------------------


def rule_line(step: Step) -> str:
    """The rule of a backward step: how the giver was computed, and its slope; empty in other phases."""
    if step.phase != "backward":
        return ""
    return f"{step.giver} = {short(step.formula)}, {slope_name(step.giver, step.receiver)} = {_rule_and_number(step)}"


def heading(step: Step) -> str:
    """The step's number, phase and title."""
    phase = f"{step.phase}: " if step.phase in ("forward", "backward") else ""  # the other titles say it
    return f"{step.number}. {phase}{step.title}"


def block(step: Step) -> str:
    """The step as a few lines of text: its title, the rule, and the numbers."""
    lines = [as_text(line) for line in lines_of(step)]
    if step.phase != "forward":  # the symbols, then on the same line the numbers
        lines = [" ".join(lines[:2]), *lines[2:]]
    if step.phase == "forward":
        lines = [f"{step.receiver} = {pretty_number(step.total_after)}"]
    mistake = f"✗ {step.mistake}" if step.mistake else ""
    return "\n".join([heading(step), *(f"   {line}" for line in (rule_line(step), *lines, mistake) if line)])


def given_and_computed(steps: Steps) -> list[str]:
    """How every node got its number: the leaves, then the formulas."""
    graph = steps.graph
    leaves = [i for i, is_leaf in enumerate(graph.leaf) if is_leaf and not graph.is_number(i)]
    lines = [f"{graph.names[i]} = {pretty_number(graph.data[i])}" for i in leaves]
    return lines + [
        f"{graph.names[i]} = {short(graph.formula(i).pretty)} = {pretty_number(graph.data[i])}" for i in graph.computed
    ]


def gradients(steps: Steps) -> list[str]:
    """The gradient by every leaf."""
    graph = steps.graph
    root = graph.names[graph.root]
    return [f"{slope_name(root, graph.names[i])} = {pretty_number(graph.adjoints[i])}" for i in graph.leaves]


def transcript(steps: Steps, shown: Sequence[Step]) -> str:
    """Steps as plain text: first how each node was computed, then every step, then the gradients."""
    graph = steps.graph
    size = f"{counted(len(graph.computed), 'op')}, {counted(len(steps), 'step')}"
    lines = [f"Backprop from {graph.names[graph.root]}: {size}", ""]
    lines += given_and_computed(steps)
    lines += [line for step in shown for line in ("", str(step))]
    if graph.leaves and len(shown) == len(steps):
        lines += ["", "Gradients in the right order" if steps.mistake else "Gradients", *gradients(steps)]
    return "\n".join(lines) + "\n"

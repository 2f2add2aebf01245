"""A step of backprop in words: its title, its sentence, and all of it as a few lines."""

from __future__ import annotations

from autograd_lite.text import pretty_number

from ..graphs.notation import equal, short, slope_name
from .arithmetic import as_text, lines_of
from .record import StepRecord

__all__ = ["block", "rule_line", "sentence", "title"]


def title(step: StepRecord) -> str:
    """The step in a few characters."""
    if step.phase == "forward":
        return f"{step.target} = {short(step.formula)}"
    if step.phase == "seed":
        return f"Seed: {slope_name(step.target, step.target)} = 1"
    if step.phase == "update":
        return f"Update {step.target}"
    use = f" (use {step.use} of {step.uses})" if step.uses > 1 else ""
    return f"{step.source} → {step.target}{use}"


# --- In words -------------------------------------------------------------------------------------------------------


def sentence(step: StepRecord) -> str:
    """The step in plain words."""
    words = {"forward": _forward_words, "seed": _seed_words, "backward": _backward_words, "update": _update_words}
    return words[step.phase](step)


def _forward_words(step: StepRecord) -> str:
    steps = [step.target, short(step.substituted or step.formula), pretty_number(step.total_after)]
    return f"{' = '.join(steps)}."


def _seed_words(step: StepRecord) -> str:
    return f"The sweep starts at {step.target}: its derivative with respect to itself is 1."


def _backward_words(step: StepRecord) -> str:
    x, y = step.target, step.source
    through = f"Through this use of {x}" if step.uses > 1 else f"With respect to {x}"
    words = [
        f"{y} = {short(step.formula)}. {through}, the local derivative is {_rule_and_number(step)}.",
        f"Multiply it by the gradient that has arrived at {y}, {pretty_number(step.upstream or 0.0)}.",
    ]
    if step.upstream == 0.0:
        words.append("It is exactly 0, so the contribution is 0, whatever the local derivative.")
    if step.mistake:  # is shown by itself
        return " ".join(words)
    if step.uses > 1:
        words.append(f"{x} is used {step.uses} times; its contributions are added.")
    words.append(f"The gradient of {x} is now complete." if step.final else f"More contributions to {x} follow.")
    return " ".join(words)


def _update_words(step: StepRecord) -> str:
    change = step.contribution or 0.0
    if change == 0.0:
        return f"{step.target} stays as it is."
    way = "down" if change < 0.0 else "up"
    who = "A step against the gradient" if step.local is not None else short(step.rule)
    moved = f"{who} moves {step.target} {way} by {pretty_number(abs(change))}."
    return f"{moved} Values computed from it are old until the next forward pass."


def _rule_and_number(step: StepRecord) -> str:
    return equal(step.rule, pretty_number(step.local or 0.0))


# --- As lines -------------------------------------------------------------------------------------------------------


def rule_line(step: StepRecord) -> str:
    """The rule of a backward step: the node's formula and the local derivative; empty in other phases."""
    if step.phase != "backward":
        return ""
    slope = slope_name(step.source, step.target, step.through)
    return f"{step.source} = {short(step.formula)}, {slope} = {_rule_and_number(step)}"


def block(step: StepRecord) -> str:
    """The step as a few lines of text: its title, the rule, and the numbers."""
    phase = f"{step.phase}: " if step.phase in ("forward", "backward") else ""  # the other titles say it
    if step.phase == "forward":
        lines = [f"{step.target} = {pretty_number(step.total_after)}"]
    else:  # the symbols, then on the same line the numbers
        symbols, *rest = map(as_text, lines_of(step))
        lines = [" ".join([symbols, *rest[:1]]), *rest[1:]]
    lines += [f"✗ {wrong}" for wrong in (step.mistake, step.cause) if wrong]
    return "\n".join(
        [f"{step.number}. {phase}{title(step)}", *(f"   {line}" for line in (rule_line(step), *lines) if line)]
    )

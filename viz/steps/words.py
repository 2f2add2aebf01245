"""A step of backprop in words: its title, its sentence, and all of it as a few lines. `texts` has the templates."""

from __future__ import annotations

from autograd_lite.text import changing_digits, pretty_number

from ..graphs.notation import equal, short, slope_name
from .arithmetic import as_text, lines_of
from .record import StepRecord
from .texts import filled

__all__ = ["block", "rule_and_number", "rule_line", "sentence", "title"]


def title(step: StepRecord) -> str:
    """The step in a few characters."""
    name = "use_title" if step.phase == "backward" and step.uses > 1 else f"{step.phase}_title"
    return filled(
        name,
        source=step.source,
        target=step.target,
        formula=short(step.formula),
        slope=slope_name(step.target, step.target),
        use=step.use,
        uses=step.uses,
    )


# --- In words -------------------------------------------------------------------------------------------------------


def sentence(step: StepRecord) -> str:
    """The step in plain words."""
    words = {"forward": _forward_words, "seed": _seed_words, "backward": _backward_words, "update": _update_words}
    return words[step.phase](step)


def _forward_words(step: StepRecord) -> str:
    numbers = short(step.substituted or step.formula)
    return filled("forward", target=step.target, numbers=numbers, after=pretty_number(step.total_after))


def _seed_words(step: StepRecord) -> str:
    return filled("seed", target=step.target)


def _backward_words(step: StepRecord) -> str:
    fields = {
        "source": step.source,
        "target": step.target,
        "formula": short(step.formula),
        "rule": rule_and_number(step),
        "upstream": pretty_number(step.upstream or 0.0),
        "uses": step.uses,
    }
    parts = ["local_of_use" if step.uses > 1 else "local", "upstream"]
    if step.upstream == 0.0:
        parts.append("zero")
    if not step.mistake:  # which is shown by itself
        parts += ["added"] * (step.uses > 1) + ["complete" if step.final else "more"]
    return " ".join(filled(part, **fields) for part in parts)


def _update_words(step: StepRecord) -> str:
    change = step.contribution or 0.0
    if change == 0.0:
        parts = [filled("stays", target=step.target)]
    else:
        who = filled("against") if step.local is not None else short(step.rule)
        moved = pretty_number(abs(change))
        parts = [filled("down" if change < 0.0 else "up", who=who, target=step.target, change=moved), filled("old")]
    if step.anew is not None:
        before, after = step.anew
        digits = changing_digits(before, after)
        ends = {"before": pretty_number(before, digits), "after": pretty_number(after, digits)}
        parts.append(filled("anew", root=step.root, **ends))
    return " ".join(parts)


def rule_and_number(step: StepRecord) -> str:
    """The local derivative, as it is taught and as a number."""
    return equal(step.rule, pretty_number(step.local or 0.0))


# --- As lines -------------------------------------------------------------------------------------------------------


def rule_line(step: StepRecord) -> str:
    """The rule of a backward step: the node's formula and the local derivative; empty in other phases."""
    if step.phase != "backward":
        return ""
    slope = slope_name(step.source, step.target, step.through)
    return filled("rule", source=step.source, formula=short(step.formula), slope=slope, rule=rule_and_number(step))


def block(step: StepRecord) -> str:
    """The step as a few lines of text: its title, the rule, and the numbers."""
    phase = f"{step.phase}: " if step.phase in ("forward", "backward") else ""  # the other titles say it
    symbols, *rest = map(as_text, lines_of(step))
    if step.phase == "forward":  # the title is the formula
        lines = [" ".join([step.target, *rest])] if rest else [f"{step.target} = {pretty_number(step.total_after)}"]
    else:  # the symbols, then on the same line the numbers
        lines = [" ".join([symbols, *rest[:1]]), *rest[1:]]
    if step.anew is not None:
        lines.append(sentence(step).rpartition(". ")[2])
    lines += [f"✗ {wrong}" for wrong in (step.mistake, step.cause) if wrong]
    return "\n".join(
        [f"{step.number}. {phase}{title(step)}", *(f"   {line}" for line in (rule_line(step), *lines) if line)]
    )

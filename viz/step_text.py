"""Steps of backprop in words and plain text.

Formulas come first in symbols, then with the numbers, then the sum with what was there before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd_lite.expressions import pretty_number

from .digits import agreeing_digits, bracketed, changing_digits, times

if TYPE_CHECKING:
    from .stepping import Step, Steps

__all__ = ["block", "sentence", "title", "transcript"]

LONGEST_FORMULA = 120


def short(formula: str) -> str:
    """Cut a formula of many operands to what fits on a line."""
    return formula if len(formula) <= LONGEST_FORMULA else formula[: LONGEST_FORMULA - 2] + " …"


def slope_name(of: str, by: str) -> str:
    """The name of a derivative.

    Examples
    --------
    >>> slope_name("L", "w1")
    '∂L/∂w1'
    """
    return f"∂{of}/∂{by}"


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


def sentence(step: Step) -> str:
    """The step in plain words."""
    return {"forward": _forward_words, "seed": _seed_words, "backward": _backward_words, "update": _update_words}[
        step.phase
    ](step)


def _forward_words(step: Step) -> str:
    return f"{step.receiver} is {short(step.formula)}, which gives {pretty_number(step.total_after)}."


def _seed_words(step: Step) -> str:
    return f"The sweep starts at {step.receiver}: its derivative by itself is 1."


def _backward_words(step: Step) -> str:
    x, y = step.receiver, step.giver
    local, upstream = _shown(step.local), _shown(step.upstream)
    rule = local if short(step.rule) == local else f"{short(step.rule)} = {local}"
    words = [
        f"{y} = {short(step.formula)}. Seen from {x}, the slope of {y} is {rule}.",
        f"Multiply by the gradient that has already arrived at {y} ({upstream}).",
    ]
    if step.upstream == 0.0:
        words.append("It is exactly 0, so nothing is passed on, whatever the slope.")
    if step.uses > 1:
        words.append(f"{x} is used {step.uses} times, so the contributions are added up, not replaced.")
    words.append(f"The gradient of {x} is now complete." if step.final else f"More will arrive at {x}.")
    return " ".join(words)


def _update_words(step: Step) -> str:
    way = "down" if (step.contribution or 0.0) < 0.0 else "up"
    still = f"The gradient of {step.receiver} is 0, so it stays."
    moved = (
        f"A step against the gradient moves {step.receiver} {way} by {pretty_number(abs(step.contribution or 0.0))}."
    )
    return moved if step.contribution else still


def block(step: Step) -> str:
    """The step as a few lines of text: its title, the rule, and the numbers."""
    lines = {"forward": _forward_lines, "seed": _seed_lines, "backward": _backward_lines, "update": _update_lines}[
        step.phase
    ](step)
    phase = f"{step.phase}: " if step.phase in ("forward", "backward") else ""  # the other titles say it
    head = f"{step.number}. {phase}{step.title}"
    return "\n".join([head, *(f"   {line}" for line in lines)])


def _forward_lines(step: Step) -> list[str]:
    return [f"{step.receiver} = {pretty_number(step.total_after)}"]


def _seed_lines(step: Step) -> list[str]:
    return [f"{step.receiver}.grad = 1 ✓"]


def _backward_lines(step: Step) -> list[str]:
    assert step.upstream is not None
    assert step.local is not None
    assert step.contribution is not None
    x, y = step.receiver, step.giver
    slope = slope_name(y, x)
    value = "" if short(step.rule) == _shown(step.local) else f" = {_shown(step.local)}"
    digits = agreeing_digits([step.total_before, step.contribution], step.total_after)
    arithmetic = f"{times([step.upstream, step.local])} = {pretty_number(step.contribution, digits)}"
    lines = [
        f"{y} = {short(step.formula)}, {slope} = {short(step.rule)}{value}",
        f"{x}.grad += {y}.grad · {slope} = {arithmetic}",
    ]
    tick = " ✓" if step.final else ""
    if step.use == 1:
        return [*lines, f"{x}.grad = {pretty_number(step.total_after, digits)}{tick}"]
    before, added = pretty_number(step.total_before, digits), bracketed(step.contribution, digits)
    return [*lines, f"{x}.grad = {before} + {added} = {pretty_number(step.total_after, digits)}{tick}"]


def _update_lines(step: Step) -> list[str]:
    assert step.upstream is not None
    assert step.local is not None
    x, lr = step.receiver, -step.local
    digits = changing_digits(step.total_before, step.total_after)
    after = pretty_number(step.total_after, digits)
    arithmetic = (
        f"{pretty_number(step.total_before, digits)} − {pretty_number(lr)} · {bracketed(step.upstream, digits)}"
    )
    return [f"{x} = {x} − lr · {x}.grad = {arithmetic} = {after}"]


def _shown(x: float | None) -> str:
    return "?" if x is None else pretty_number(x)


def transcript(steps: Steps) -> str:
    """All steps as plain text: first how each node was computed, then every step, then the gradients."""
    graph = steps.graph
    computed = [i for i, v in enumerate(graph.nodes) if v.op is not None]
    leaves = [i for i, v in enumerate(graph.nodes) if v.op is None and graph.names[i] != pretty_number(graph.data[i])]
    lines = [f"Backprop from {graph.names[graph.root]}: {len(computed)} ops, {len(steps)} steps", ""]
    lines += [f"{graph.names[i]} = {pretty_number(graph.data[i])}" for i in leaves]
    lines += [f"{graph.names[i]} = {short(graph.formula(i).pretty)} = {pretty_number(graph.data[i])}" for i in computed]
    lines += [line for step in steps for line in ("", str(step))]
    gradients = [i for i in leaves if graph.nodes[i].requires_grad]
    if gradients:
        lines += ["", "Gradients"]
        root = graph.names[graph.root]
        lines += [f"{slope_name(root, graph.names[i])} = {pretty_number(graph.adjoints[i])}" for i in gradients]
    return "\n".join(lines) + "\n"

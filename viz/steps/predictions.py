"""Questions to a learner before a step, and verdicts on the answers.

The right number and the usual wrong ones are worked out beforehand, so the page and the terminal give the same verdict.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from autograd_lite.text import pretty_number

from .record import StepRecord

__all__ = ["Answer", "answers", "judge", "question"]

CLOSE = 0.006  # what is left when a number is typed with three digits


class Answer(NamedTuple):
    """A possible answer and its verdict."""

    number: float
    right: bool
    verdict: str


def question(step: StepRecord) -> str:
    """Question before a backward step; empty before others.

    Examples
    --------
    >>> from autograd_lite import Value, viz
    >>> a = Value(3.0, "a")
    >>> print(question(viz.steps(a * a)[2]))
    v1 → a: a.grad was 3. What is it after this step?
    """
    if step.phase != "backward" or not math.isfinite(step.total_after):
        return ""
    if step.use == 1:
        return f"{step.source} → {step.target}: what does {step.source} contribute to {step.target}.grad?"
    before = pretty_number(step.total_before)
    return f"{step.source} → {step.target}: {step.target}.grad was {before}. What is it after this step?"


def answers(step: StepRecord) -> list[Answer]:
    """The right answer, then the common mistakes."""
    upstream, local, contribution = step.upstream or 0.0, step.local or 0.0, step.contribution or 0.0
    before, after = step.total_before, step.total_after
    times = f"{pretty_number(upstream)} times {pretty_number(local)}"
    wrong = [
        (contribution, f"Overwrote instead of added: {pretty_number(before)} was there already, and += keeps it."),
        (before - contribution, "The sign: look again at the signs of both factors."),
        (-after, "The sign: look again at the signs of both factors."),
        (before + local, f"Forgot the upstream gradient: multiply the slope by {step.source}.grad."),
        (before + upstream, f"Forgot the local derivative: multiply {step.source}.grad by the slope."),
        (before + upstream + local, f"Added instead of multiplied: the chain rule takes {times}."),
        (local, f"Forgot the upstream gradient: multiply the slope by {step.source}.grad, then add."),
        (upstream, f"Forgot the local derivative: multiply {step.source}.grad by the slope, then add."),
        (before, f"Nothing was added: {step.source} contributes {times}."),
    ]
    right = Answer(after, right=True, verdict=f"Right: {pretty_number(after)}.")
    return [right, *(Answer(number, right=False, verdict=verdict) for number, verdict in wrong)]


def judge(step: StepRecord, typed: str) -> Answer:
    """The verdict on what was typed.

    Examples
    --------
    >>> from autograd_lite import Value, viz
    >>> a = Value(3.0, "a")
    >>> step = viz.steps(a * a)[2]
    >>> judge(step, "6").verdict, judge(step, "3").verdict
    ('Right: 6.', 'Overwrote instead of added: 3 was there already, and += keeps it.')
    """
    try:
        number = float(typed.replace("−", "-").replace(",", "."))
    except ValueError:
        return Answer(math.nan, right=False, verdict="Type a number, such as -0.25.")
    for answer in answers(step):
        if _same(number, answer.number):
            return answer
    upstream, local = pretty_number(step.upstream or 0.0), pretty_number(step.local or 0.0)
    return Answer(number, right=False, verdict=f"Not that: multiply {upstream} by {local}, then add.")


def _same(typed: float, number: float) -> bool:
    return math.isclose(typed, number, rel_tol=CLOSE) or (typed == number == 0.0)

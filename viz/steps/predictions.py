"""Questions to a learner before a step, hints, and verdicts on the answers.

The right number and the usual wrong ones are sums of the step's numbers (`texts.ANSWERS`), so the page and the terminal
give the same verdict. At the second level a backward step asks for the local derivative first, then for the rest.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from autograd_lite.text import bracketed, changing_digits, pretty_number

from ..graphs.notation import grad_name, short, slope_name
from .record import StepRecord
from .texts import ANSWERS, filled
from .typed import typed_number

__all__ = ["Answer", "answers", "hint", "judge", "question", "questions"]

CLOSE = 0.006  # what is left when a number is typed with three digits


class Answer(NamedTuple):
    """A possible answer and its verdict."""

    number: float
    right: bool
    verdict: str


def questions(step: StepRecord, level: int = 1) -> list[str]:
    """What is asked before a step, in order: ``"forward"``, ``"local"``, ``"backward"``, ``"update"``; or nothing.

    Examples
    --------
    >>> from autograd_lite import Value, viz
    >>> a = Value(3.0, "a")
    >>> [questions(step, level=2) for step in viz.steps(a * a, forward=True)]
    [['forward'], [], ['local', 'backward'], ['local', 'backward']]
    """
    asked = {"forward": ["forward"], "backward": ["backward"]}.get(step.phase, [])
    if step.phase == "update" and step.local is not None:
        asked = ["update"]
    if step.phase == "backward" and level > 1:
        asked = ["local", "backward"]
    return asked if math.isfinite(step.total_after) else []


def question(step: StepRecord, kind: str = "") -> str:
    """The question before a step, of the kind that is asked first unless given; empty where nothing is asked.

    Examples
    --------
    >>> from autograd_lite import Value, viz
    >>> a = Value(3.0, "a")
    >>> print(question(viz.steps(a * a)[2]))
    v1 → a: a.grad was 3. What is it after this step?
    """
    kind = kind or next(iter(questions(step)), "")
    if kind == "backward":
        kind = "first" if step.use == 1 else "next"
    return filled(f"ask_{kind}", **_fields(step)) if kind else ""


def hint(step: StepRecord, kind: str) -> str:
    """What helps to answer: the numbers put in."""
    name = "next" if kind == "backward" and step.use > 1 else kind
    return filled(f"hint_{name}", **_fields(step))


def answers(step: StepRecord, kind: str = "") -> list[Answer]:
    """The right answer, then the common mistakes."""
    kind = kind or next(iter(questions(step)), "backward")
    numbers, fields = _numbers(step), _fields(step)
    if kind == "local":
        fields["after"] = pretty_number(numbers["local"])
    return [
        Answer(_sum(terms, numbers), verdict == "right", filled(verdict, **fields)) for terms, verdict in ANSWERS[kind]
    ]


def judge(step: StepRecord, typed: str, kind: str = "") -> Answer:
    """The verdict on what was typed: a number, or arithmetic such as ``1/2``.

    Examples
    --------
    >>> from autograd_lite import Value, viz
    >>> a = Value(3.0, "a")
    >>> step = viz.steps(a * a)[2]
    >>> judge(step, "2*3").verdict, judge(step, "3").verdict
    ('Right: 6.', 'Overwrote instead of added: 3 was there already, and += keeps it.')
    """
    kind = kind or next(iter(questions(step)), "backward")
    number = typed_number(typed)
    if number is None:
        return Answer(math.nan, right=False, verdict=filled("not_a_number"))
    close = [answer for answer in answers(step, kind) if _same(number, answer.number)]
    if close:  # a small update lies close to the number before it
        return min(close, key=lambda answer: abs(answer.number - number))
    return Answer(number, right=False, verdict=filled(f"not_{kind}", **_fields(step)))


def _sum(terms: str, numbers: dict[str, float]) -> float:
    """Evaluate a sum of fields, ``"before - contribution"``."""
    total, sign = 0.0, 1.0
    for word in terms.split():
        if word in "+-":
            sign = -1.0 if word == "-" else 1.0
        else:
            total += sign * numbers[word]
    return total


def _numbers(step: StepRecord) -> dict[str, float]:
    return {
        "upstream": step.upstream or 0.0,
        "local": step.local or 0.0,
        "contribution": step.contribution or 0.0,
        "before": step.total_before,
        "after": step.total_after,
    }


def _fields(step: StepRecord) -> dict[str, str]:
    """What the texts of a step are filled with."""
    digits = changing_digits(step.total_before, step.total_after) if step.phase == "update" else 4
    return {
        "source": step.source,
        "target": step.target,
        "source_grad": grad_name(step.source),
        "target_grad": grad_name(step.target),
        "formula": short(step.formula),
        "numbers": short(step.substituted or step.formula),
        "slope": slope_name(step.source, step.target, step.through),
        "rule": short(step.rule) if step.phase == "backward" else "",
        "upstream": pretty_number(step.upstream or 0.0),
        "local": pretty_number(step.local or 0.0),
        "gradient": bracketed(step.upstream or 0.0),
        "rate": pretty_number(-(step.local or 0.0)),
        "before": pretty_number(step.total_before, digits),
        "after": pretty_number(step.total_after, digits),
    }


def _same(typed: float, number: float) -> bool:
    return math.isclose(typed, number, rel_tol=CLOSE) or (typed == number == 0.0)

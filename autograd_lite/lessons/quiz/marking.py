"""An answer judged: right, or wrong with its likely cause."""

from __future__ import annotations

import math
from typing import NamedTuple

from autograd_lite.errors import ExpressionError
from autograd_lite.lessons.causes import candidates
from autograd_lite.lessons.chain_rule import formulas_for
from autograd_lite.lessons.evaluation import CONSTANTS
from autograd_lite.lessons.notation import names_in, read
from autograd_lite.lessons.printed import agreement, is_printed_number, significant
from autograd_lite.lessons.quiz.questions import Question
from autograd_lite.text import pretty_number, shown

__all__ = ["Mark", "mark"]

ENOUGH = 3  # significant digits of a rounded answer
MOST_CAUSES = 2


class Mark(NamedTuple):
    """Whether an answer is right, and what to say of it."""

    right: bool
    said: str


def mark(question: Question, answer: str) -> Mark:
    """Judge an answer.

    Parameters
    ----------
    question : Question
        What was asked.
    answer : str
        A number, or a formula of numbers such as ``2*3 - 1``.

    Raises
    ------
    ExpressionError
        If it is neither.

    Examples
    --------
    >>> from autograd_lite.lessons.quiz import questions
    >>> question = questions(1, topic="updates", level=1, seed=1)[0]
    >>> question.lines
    ['w = 2, eta = 0.1, g = 1', 'w_new = w − eta · g']
    >>> mark(question, "1.9").right, mark(question, "2.1").said
    (True, 'No. Perhaps: the sign of eta · g. It is 1.9.')
    """
    found, exact = _number(answer, question), question.answer
    if _close(found, exact):
        return Mark(True, "Right.")
    said = agreement(answer, exact) if is_printed_number(answer) else "differs"
    if said in ("rounded", "cut") and significant(answer) >= ENOUGH:
        return Mark(
            True, f"Right{', but cut, not rounded' if said == 'cut' else ', rounded'}: {pretty_number(exact, 6)}."
        )
    names = [
        name for name in (*question.scope.numbers, *question.template.graph) if name not in question.template.solved
    ]
    formulas = list(formulas_for(question.about, question.scope.definitions))
    causes = candidates(formulas, question.scope.number, lambda x: _close(x, found), names)[:MOST_CAUSES]
    why = f" Perhaps: {' or '.join(causes)}." if causes else ""
    return Mark(False, f"No.{why} It is {pretty_number(exact, 6)}.")


def _number(answer: str, question: Question) -> float:
    tree = read(answer)
    if names_in(tree).keys() - CONSTANTS.keys():
        raise ExpressionError(f"{shown(answer)} holds a name; answer with a number, such as 0.5 or 2*3 - 1.")
    return question.scope.number(tree)


def _close(a: float, b: float) -> bool:
    return math.isfinite(a) and abs(a - b) <= 1e-9 * max(1.0, abs(a), abs(b))

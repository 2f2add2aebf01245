"""Questions and answers as Markdown, apart: a sheet for the class, and one for the teacher."""

from __future__ import annotations

from collections.abc import Sequence

from autograd_lite.lessons.quiz.questions import Question

__all__ = ["answer_sheet", "question_sheet"]


def question_sheet(asked: Sequence[Question], heading: str = "Quiz") -> str:
    """The questions, with room for answers.

    Examples
    --------
    >>> from autograd_lite.lessons.quiz import questions
    >>> print(question_sheet(questions(1, topic="local", level=1, seed=2)))
    # Quiz
    <BLANKLINE>
    ## 1. local derivative
    <BLANKLINE>
        a = 2, b = 1
        c = a · b
    <BLANKLINE>
    What is dc/da?
    <BLANKLINE>
    """
    parts = [f"# {heading}", ""]
    for k, question in enumerate(asked, start=1):
        graph = [f"    {line}" for line in question.lines]
        parts += [f"## {k}. {TITLES[question.template.topic]}", "", *graph, "", question.asked, ""]
    return "\n".join(parts)


def answer_sheet(asked: Sequence[Question], heading: str = "Quiz: answers") -> str:
    """The answers, each with its formula in names and in numbers."""
    parts = [f"# {heading}", ""]
    for k, question in enumerate(asked, start=1):
        parts += [f"{k}. `{question.solution}`"]
    return "\n".join([*parts, ""])


TITLES = {
    "forward": "forward value",
    "local": "local derivative",
    "gradients": "gradient",
    "deltas": "delta",
    "updates": "update",
}

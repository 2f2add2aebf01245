"""``autograd-lite quiz``: questions on small graphs, in the terminal or on a sheet."""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from autograd_lite.atomic_files import writing_atomically
from autograd_lite.errors import ExpressionError
from autograd_lite.lessons.quiz import Question, answer_sheet, mark, question_sheet, questions
from autograd_lite.lessons.quiz.templates import LEVELS, TOPICS

from .arguments import Commands, add_command

__all__ = ["add_to"]

EXAMPLES = """examples:
  autograd-lite quiz
  autograd-lite quiz --level 2 --topic gradients
  autograd-lite quiz --seed 7 --sheet quiz.md        writes quiz.md and quiz-answers.md

In the quiz: a number or 2*3 - 1 answers, Enter passes, ? shows the formula, q ends.
"""
COUNT = 10


def add_to(commands: Commands) -> None:
    """Describe the command to argparse."""
    parser = add_command(
        commands,
        "quiz",
        summary="answer questions on small graphs",
        description="Ask for forward values, local derivatives, gradients, deltas and updates on small graphs with "
        "clean numbers. A wrong answer gets its likely cause. With --sheet, the questions and the answers are written "
        "as Markdown instead, in two files.",
        examples=EXAMPLES,
    )
    parser.add_argument("--level", metavar="N", type=int, default=0, choices=LEVELS, help="1, 2 or 3 (rising)")
    parser.add_argument("--topic", metavar="TOPIC", default="", help=f"{', '.join(TOPICS)} (all in turn)")
    parser.add_argument("--seed", metavar="N", type=int, help="repeat a quiz by its number (a new one)")
    parser.add_argument("--count", metavar="N", type=int, default=COUNT, help=f"how many questions ({COUNT})")
    parser.add_argument(
        "--sheet", metavar="FILE.md", type=Path, help="write the questions, and the answers beside them"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Ask, or write the sheets."""
    seed = random.randrange(10_000) if arguments.seed is None else arguments.seed  # noqa: S311 - of questions
    asked = questions(arguments.count, level=arguments.level, topic=arguments.topic, seed=seed)
    if arguments.sheet:
        _write(asked, arguments.sheet, seed)
        return 0
    print(f"Quiz {seed}: {len(asked)} questions. Enter passes, ? shows the formula, q ends.")
    score = _Score()
    try:
        for k, question in enumerate(asked, start=1):
            print(f"\n{k}. {question.template.topic}, level {question.template.level}")
            print("\n".join(f"   {line}" for line in question.lines))
            if not _asked(question, score):
                break
    finally:
        print(f"\n{score}")
    return 0


class _Score:
    """How many were right, of those that were answered."""

    right = answered = 0

    def add(self, right: bool) -> None:
        self.right += right
        self.answered += 1

    def __str__(self) -> str:
        return f"{self.right} of {self.answered} right."


def _asked(question: Question, score: _Score) -> bool:
    """Ask until there is an answer that can be read; whether to go on."""
    while True:
        try:
            answer = input(f"   {question.asked} ").strip()
        except EOFError:
            return False
        if answer.lower() in ("q", "quit", "exit"):
            return False
        if not answer:
            print(f"   {question.solution}")
            score.add(False)
            return True
        if answer == "?":
            print(f"   {question.about.pretty} = {question.formula.pretty}")
            continue
        try:
            found = mark(question, answer)
        except ExpressionError as error:
            print(f"   {str(error).splitlines()[0]} Answer with a number.")
            continue
        print(f"   {found.said}")
        if not found.right:
            print(f"   {question.solution}")
        score.add(found.right)
        return True


def _write(asked: list[Question], path: Path, seed: int) -> None:
    answers = path.with_name(f"{path.stem}-answers{path.suffix}")
    for file_path, text in (
        (path, question_sheet(asked, f"Quiz {seed}")),
        (answers, answer_sheet(asked, f"Quiz {seed}: answers")),
    ):
        with writing_atomically(file_path) as file:
            file.write(text.encode())
    print(f"Written to {path} and {answers}.")

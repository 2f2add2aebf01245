"""The quiz: clean questions, judged answers with causes, sheets, and the session in a terminal."""

from __future__ import annotations

import builtins
import math
import random

import pytest

import autograd_lite as ag
from autograd_lite.cli import main
from autograd_lite.lessons.quiz import answer_sheet, mark, question_sheet, questions
from autograd_lite.lessons.quiz.questions import _filled
from autograd_lite.lessons.quiz.templates import LEVELS, TEMPLATES, TOPICS

EVERY = [(topic, level) for topic in TOPICS for level in LEVELS]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda t: f"{t.topic}{t.level}-{t.ask}")
def test_every_template_gives_clean_questions(template):
    for seed in range(5):
        question = _filled(template, random.Random(seed))  # noqa: S311 - of questions
        answer = question.answer
        assert math.isfinite(answer)
        assert answer != 0.0
        assert abs(answer - round(answer, 5)) < 1e-9
        assert question.solution.startswith(f"{question.about.pretty} = ")
        assert "nan" not in "".join(question.lines)
        assert question.scope.number(question.formula) == pytest.approx(answer, rel=1e-12)
        assert not any(line.startswith(f"{name} = ") for line in question.lines for name in template.solved)


@pytest.mark.parametrize(("topic", "level"), EVERY)
def test_topics_and_levels(topic, level):
    asked = questions(5, topic=topic, level=level, seed=1)
    assert {(q.template.topic, q.template.level) for q in asked} == {(topic, level)}
    for question in asked:
        assert mark(question, repr(question.answer)).right
        assert mark(question, f"{question.answer:.12g}").right
        assert mark(question, f"2*{question.answer!r}/2").right
        wrong = mark(question, repr(question.answer + 17.3))
        assert not wrong.right
        assert wrong.said.startswith("No.")


def test_seeds():
    def text(seed):
        return question_sheet(questions(10, seed=seed))

    assert text(4) == text(4)
    assert text(4) != text(5)


def test_levels_rise_and_topics_alternate():
    asked = questions(15, seed=0)
    assert [q.template.level for q in asked] == sorted(q.template.level for q in asked)
    assert [q.template.topic for q in asked] == [*TOPICS] * 3


SLIPS = [  # topic, level, what is asked, the wrong answer as a formula, its cause
    ("updates", 2, "w_new", "w - dL/dw", "without the learning rate eta"),
    ("updates", 2, "w_new", "w + eta dL/dw", "the sign of eta"),
    ("gradients", 2, "dL/dw", "2 (p - y)", "without the factor x"),
    ("gradients", 2, "dL/dw", "(p - y) x", "halved"),
    ("gradients", 2, "dL/dw", "2 (y - p) x", "the order of the difference p − y"),
    ("gradients", 2, "dL/dw", "2 (p - y) w", "w in place of x"),
    ("deltas", 2, "dE/dp", "(a - t) a", "without the factor 1 − a"),
    ("deltas", 2, "dE/dp", "(a - t) a (1 + a)", "the sign of a"),
]


@pytest.mark.parametrize(("topic", "level", "ask", "slip", "cause"), SLIPS)
def test_the_cause_of_a_wrong_answer(topic, level, ask, slip, cause):
    from autograd_lite.lessons.notation import read  # noqa: PLC0415 - one use

    said = set()
    for seed in range(12):
        for question in questions(6, topic=topic, level=level, seed=seed):
            if question.template.ask == ask and "relu" not in str(question.template.graph):
                names = {*question.scope.numbers, *question.scope.definitions}
                try:
                    wrong = question.scope.number(read(slip, names))
                except ag.ExpressionError:  # another graph in which something has this name
                    continue
                said.add(mark(question, repr(wrong)).said)
    assert any(cause in text for text in said)


def test_rounded_answers():
    question = next(q for q in questions(30, topic="updates", level=3, seed=2) if len(repr(round(q.answer, 5))) > 6)
    assert mark(question, f"{question.answer:.4g}").said.startswith("Right, rounded: ")
    assert not mark(question, f"{question.answer:.1g}").right


def test_mistakes():
    question = questions(1)[0]
    for answer in ("a", "x + 1", "1 +", "", "__import__('os')"):
        with pytest.raises(ag.ExpressionError):
            mark(question, answer)
    with pytest.raises(ag.DomainError, match="no level 4"):
        questions(1, level=4)
    with pytest.raises(ag.UnknownNameError, match="Did you mean 'deltas'"):
        questions(1, topic="delta")
    with pytest.raises(ag.DomainError, match="1 to 1000"):
        questions(0)


def test_sheets_keep_answers_apart():
    asked = questions(8, seed=3)
    sheet, answers = question_sheet(asked), answer_sheet(asked)
    assert sheet.count("What is") == 8
    assert all(question.solution in answers and question.solution not in sheet for question in asked)


# --- The terminal ---------------------------------------------------------------------------------------------------


@pytest.fixture
def typed(monkeypatch):
    def answers(*lines):
        given = iter(lines)

        def read_line(prompt=""):
            print(prompt, end="")
            line = next(given, EOFError)
            if isinstance(line, str):
                return line
            raise line

        monkeypatch.setattr(builtins, "input", read_line)

    return answers


def test_a_session(typed, capsys):
    first, second, third = questions(3, seed=5)
    typed(repr(first.answer), "?", "what", repr(second.answer + 1.0), "")
    assert main(["quiz", "--seed", "5", "--count", "3"]) == 0
    printed = capsys.readouterr().out
    assert "Right." in printed
    assert "answer with a number" in printed.lower()
    assert second.solution in printed
    assert third.solution in printed
    assert printed.endswith("\n1 of 3 right.\n")


@pytest.mark.parametrize(("line", "code"), [("q", 0), (EOFError, 0), (KeyboardInterrupt, 130)])
def test_the_score_is_printed_whatever_ends_the_quiz(line, code, typed, capsys):
    typed(repr(questions(10, seed=5)[0].answer), line)
    assert main(["quiz", "--seed", "5"]) == code
    assert capsys.readouterr().out.endswith("1 of 1 right.\n")


def test_a_sheet(tmp_path, capsys):
    path = tmp_path / "quiz.md"
    assert main(["quiz", "--seed", "7", "--count", "4", "--sheet", str(path)]) == 0
    assert path.read_text(encoding="utf-8").startswith("# Quiz 7\n")
    assert (tmp_path / "quiz-answers.md").read_text(encoding="utf-8").count("`") == 8
    assert "quiz-answers.md" in capsys.readouterr().out

from __future__ import annotations

import pytest

from autograd_lite import Value
from autograd_lite.viz import steps
from autograd_lite.viz.steps.predictions import hint, judge, question, questions


@pytest.fixture
def second_use():
    """A step with upstream 0.5, local 3, and 1.25 already there: the result is 2.75."""
    a = Value(3.0, "a")
    b = a * 2.5
    c = b + a * a
    step = next(s for s in steps(c * 0.5) if s.target == "a" and s.use == 2)
    assert (step.upstream, step.local, step.total_before, step.total_after) == (0.5, 3.0, 1.5, 3.0)
    return step


@pytest.mark.parametrize(
    ("typed", "verdict"),
    [
        ("3", "Right: 3."),
        ("3.0", "Right"),
        ("1.5", "Overwrote instead of added"),
        ("0", "The sign"),
        ("-3", "The sign"),
        ("4.5", "Forgot the upstream gradient"),
        ("2", "Forgot the local derivative"),
        ("5", "Added instead of multiplied"),
        ("0.5", "Forgot the local derivative"),
        ("17", "Not that"),
        ("x", "Type a number"),
        ("", "Type a number"),
        ("nan", "Type a number"),
        ("6/2", "Right"),
        ("__import__('os')", "Type a number"),
        ("9**9**9", "Type a number"),
    ],
)
def test_wrong_answers_are_named(second_use, typed, verdict):
    assert judge(second_use, typed).verdict.startswith(verdict)
    assert judge(second_use, typed).right == verdict.startswith("Right")


def test_three_digits_and_a_decimal_comma_are_enough(example):
    root, _ = example("two_one_one")
    step = steps(root)[4]
    assert judge(step, "-0.0421").right
    assert judge(step, "−0,0421").right
    assert judge(step, "0.0421").verdict.startswith("The sign")
    assert judge(step, "0.235").verdict.startswith("Forgot the upstream")
    assert judge(step, "-0.179").verdict.startswith("Forgot the local")


def test_every_phase_is_asked_but_the_seed_and_what_is_not_finite(example):
    root, _ = example("squared")
    asked = [question(step) for step in steps(root, forward=True, lr=0.1)]
    assert [bool(q) for q in asked] == [True] * 5 + [False] + [True] * 11
    assert asked[0] == "p = x · w. What number is it?"
    assert asked[6] == "L → d: what does L contribute to d.grad?"
    assert asked[-2] == "w is −0.5, its gradient (−4.603), the learning rate 0.1. What is it afterwards?"
    assert question(steps(Value(0.0, "x") ** 0.5)[1]) == ""


def test_a_small_update_is_told_from_none(example):
    step = steps(example("two_one_one")[0], lr=0.25)[-5]
    assert judge(step, str(step.total_before)).verdict.startswith("Nothing has moved")
    assert judge(step, repr(step.total_after)).right
    assert judge(step, repr(step.total_before + 0.25 * step.upstream)).verdict.startswith("The sign")


def test_the_local_derivative_is_asked_first_at_the_second_level(second_use):
    assert questions(second_use, level=2) == ["local", "backward"]
    assert judge(second_use, "3", "local").right
    assert judge(second_use, "1.5", "local").verdict.startswith("That is the contribution")
    assert hint(second_use, "local") == "Hint: ∂v2/∂a₂ = a."

from __future__ import annotations

import pytest

from autograd_lite import Value
from autograd_lite.viz import steps
from autograd_lite.viz.steps.predictions import judge, question


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
        ("nan", "Not that"),
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


def test_only_backward_steps_with_a_finite_result_are_asked(example):
    root, _ = example("squared")
    asked = [question(step) for step in steps(root, forward=True, lr=0.1)]
    assert [bool(q) for q in asked] == [False] * 6 + [True] * 9 + [False] * 2
    assert asked[6] == "L → d: what does L contribute to d.grad?"
    assert question(steps(Value(0.0, "x") ** 0.5)[1]) == ""

"""The second-derivative test, and what Taylor's theorem says about a step: the notes' numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import OperandError, ShapeError, Value

DATA = list(zip([0.5, 2.5], [0.2, 0.9], strict=True))
START = [-2.0, -2.0]
OPTIMUM = [math.log(6.0), -math.log(4.0) - math.log(6.0) / 2.0]


def loss(p):
    """Half the squared error of the sigmoid neuron on two samples, by weight and bias."""
    w, b = p
    return ag.fsum([0.5 * (ag.sigmoid(w * x + b) - y) ** 2 for x, y in DATA])


def cubic(p):
    x, y = p
    return x**3 - 3.0 * x * y + y**3


@pytest.mark.parametrize(
    ("f", "x", "verdict", "rt_minus_s2"),
    [
        (lambda x: x**3 - 3.0 * x, 1.0, "minimum", None),
        (lambda x: x**3 - 3.0 * x, -1.0, "maximum", None),
        (lambda x: x**3 - 3.0 * x, 0.5, "not critical", None),
        (lambda x: x**4, 0.0, "inconclusive", None),
        (lambda p: p[0] ** 2 + p[1] ** 2, [0.0, 0.0], "minimum", 4.0),
        (lambda p: -(p[0] ** 2 + p[1] ** 2), [0.0, 0.0], "maximum", 4.0),
        (lambda p: p[0] ** 2 - p[1] ** 2, [0.0, 0.0], "saddle", -4.0),
        (lambda p: p[0] ** 4 + p[1] ** 4, [0.0, 0.0], "inconclusive", 0.0),
        (lambda p: p[0] ** 2 + p[1] ** 4, (0.0, 0.0), "inconclusive", 0.0),
        (cubic, [0.0, 0.0], "saddle", -9.0),
        (cubic, np.array([1.0, 1.0]), "minimum", 27.0),
        (lambda p: p["x"] * p["y"], {"x": 0.0, "y": 0.0}, "saddle", -1.0),
        (lambda p: p @ p, np.zeros(3), "minimum", None),
        (lambda p: p[0] ** 2 - p[1] ** 2 + p[2] ** 4, [0.0, 0.0, 0.0], "saddle", None),
        (ag.sqrt, 0.0, "inconclusive", None),
        (lambda x: 5.0, 1.0, "inconclusive", None),
        (lambda x: 5.0 * x, 0.0, "not critical", None),
    ],
)
def test_verdicts(f, x, verdict, rt_minus_s2):
    """D-7, D-8, and the cases where the test fails."""
    found = ag.classify_critical_point(f, x)
    assert found.verdict == verdict
    assert found.rt_minus_s2 == rt_minus_s2
    assert verdict in str(found)


def test_the_evidence_at_the_neurons_optimum():
    """A-8: H = [[0.057025, 0.03305], [0.03305, 0.0337]], rt - s^2 = 0.00082944."""
    found = ag.classify_critical_point(loss, OPTIMUM)
    assert found.verdict == "minimum"
    assert found.hessian.tolist() == pytest.approx(np.array([[0.057025, 0.03305], [0.03305, 0.0337]]), rel=1e-12)
    assert found.rt_minus_s2 == pytest.approx(0.00082944, rel=1e-10)
    assert found.eigenvalues.tolist() == pytest.approx([0.0103152, 0.0804098], abs=5e-8)
    assert found.gradient_norm < 1e-16


def test_the_start_of_the_descent_curves_downward():
    """A-8: both eigenvalues are negative at w = b = -2, so Newton's step goes uphill from there."""
    found = ag.classify_critical_point(loss, START)
    assert found.verdict == "not critical"
    assert found.eigenvalues.tolist() == pytest.approx([-0.00976, -0.00140], abs=5e-6)


@given(st.lists(st.sampled_from([-2.0, 0.5, 3.0]), min_size=1, max_size=4), st.floats(0.0, 6.3))
def test_the_verdict_on_a_rotated_quadratic_is_that_of_its_curvatures(curvatures, angle):
    n = len(curvatures)
    turn = np.eye(n)
    if n > 1:
        turn[:2, :2] = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    signs = {c > 0.0 for c in curvatures}
    found = ag.classify_critical_point(lambda x: np.sum(curvatures * (turn @ x) ** 2), np.zeros(n))
    assert found.verdict == ("saddle" if len(signs) == 2 else "minimum" if signs == {True} else "maximum")


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_the_verdict_does_not_depend_on_the_units(scale):
    assert ag.classify_critical_point(lambda p: cubic(p) * scale, [1.0, 1.0]).verdict == "minimum"
    assert ag.classify_critical_point(lambda p: cubic(p) * scale, [1.0, 1.1]).verdict == "not critical"


def test_sentences():
    assert str(ag.classify_critical_point(cubic, [1.0, 1.0])) == (
        "At (1, 1) the function has a minimum: the gradient vanishes, and it curves upward in every direction "
        "(rt − s² = 27, r = 6; eigenvalues 3, 9)."
    )
    assert str(ag.classify_critical_point(lambda x: x, Value(2.0))) == (
        "At 2 the function is not critical: its gradient has length 1."
    )


def test_a_step_of_steepest_descent():
    """A-4: the value after a step of minus the gradient, by one order, by two, and in fact."""
    gradient = ag.grad(loss)(START)
    assert gradient == pytest.approx([-0.0054923192156398635, -0.007711159215214426], rel=1e-14)
    report = ag.descent_report(loss, START, [-g for g in gradient], lr=1.0)
    assert report.value == pytest.approx(0.4158199010199929, rel=1e-15)
    assert report.first_order_value == pytest.approx(0.41573027347318403, rel=1e-15)
    assert report.second_order_value == pytest.approx(0.4157298563397603, rel=1e-15)
    assert report.actual_value == pytest.approx(0.41572985510220245, rel=1e-15)
    assert report.angle == 180.0
    assert str(report).splitlines() == [
        "value before the step        0.41582",
        "first-order term         −8.96275e−5   predicts 0.4157302735",
        "second-order term        −4.17133e−7   predicts 0.4157298563",
        "actual change            −9.00459e−5   gives    0.4157298551",
        "The direction is at 180° to the gradient: downhill.",
    ]


@pytest.mark.parametrize(
    ("degrees", "change", "course"),
    [
        (180.0, -9.947530e-4, "downhill"),
        (120.0, -5.020987e-4, "downhill"),
        (90.0, -9.712e-6, "level"),
        (60.0, 4.629248e-4, "uphill"),
        (0.0, 9.015961e-4, "uphill"),
    ],
)
def test_the_angle_to_the_gradient_decides(degrees, change, course):
    """A-5: a unit direction at an angle to the gradient, with lr 0.1; 180 degrees descends most."""
    gradient = np.array(ag.grad(loss)(START))
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    u = np.array([[c, -s], [s, c]]) @ gradient / np.linalg.norm(gradient)
    report = ag.descent_report(loss, np.array(START), u, lr=0.1)
    assert report.actual_change == pytest.approx(change, abs=1e-9)
    assert report.angle == pytest.approx(degrees, abs=1e-9)
    assert report.gradient_norm == pytest.approx(0.009467182622558478, rel=1e-13)
    assert course in str(report)


@pytest.mark.parametrize(
    ("f", "x", "direction", "words"),
    [
        (lambda x: x**2, 3.0, 0.0, "The direction is 0"),
        (lambda x: x**2, 3.0, math.nan, "The direction is 0 or not finite"),
        (lambda x: x**2, 0.0, 1.0, "The gradient is 0"),
        (ag.log, -1.0, 1.0, "The gradient is not finite"),
        (ag.exp, math.nan, 1.0, "The gradient is not finite"),
        (ag.sqrt, 0.0, 1.0, "The gradient is not finite"),
        (lambda p: ag.sqrt(p[0]) + p[1], [0.0, 1.0], [0.0, 1.0], "The gradient is not finite"),
    ],
)
def test_where_there_is_no_angle_the_report_says_why(f, x, direction, words):
    report = ag.descent_report(f, x, direction, lr=0.5)
    assert math.isnan(report.angle)
    assert str(report).splitlines()[-1].startswith(words)


def test_derivatives_that_are_not_finite_leave_the_verdict_open():
    found = ag.classify_critical_point(lambda p: ag.sqrt(p[0]) * ag.sqrt(p[1]), [0.0, 0.0])
    assert found.verdict == "inconclusive"
    assert "a derivative is not finite" in str(found)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: ag.descent_report(loss, START, [1.0], 0.1), ShapeError),
        (lambda: ag.descent_report(loss, START, [Value(1.0), Value(0.0)], 0.1), ShapeError),
        (lambda: ag.descent_report(loss, START, START, "fast"), OperandError),
        (lambda: ag.classify_critical_point(lambda p: p, [1.0, 2.0]), ShapeError),
        (lambda: ag.classify_critical_point(loss, "here"), OperandError),
    ],
)
def test_mistakes_are_refused(call, error):
    with pytest.raises(error):
        call()

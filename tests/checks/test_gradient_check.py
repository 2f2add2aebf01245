"""check_gradients: it accepts every op of the table, and rejects a derivative that is 1e-6 wrong."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import TABLE, OperandError, ShapeError, Value
from autograd_lite.checks.quotients import difference_quotient, is_kink

SMOOTH = [op for op in TABLE.values() if not op.piecewise_constant]


def points(op):
    """Operands within the op's domain, on a grid: differences cannot settle next to a kink or an edge."""
    names = [name for name in op.operand_names for _ in range(3 if op.many else 1)]
    bounds = [(max(op.domain[name][0], -3.0), min(op.domain[name][1], 3.0)) for name in names]
    return st.tuples(*[st.integers(1, 99).map(lambda k, a=a, b=b: a + k * (b - a) / 100.0) for a, b in bounds])


def applied(op, operands):
    return op(*op.split(operands)) if op.many else op(*operands)


def planted(op, factor):
    """The same op with every partial wrong by a factor, and not in the table."""

    def wrong(rule):
        def scaled(xp, y, *operands):
            slopes = rule(xp, y, *operands)
            return [factor * slope for slope in slopes] if op.many else factor * slopes

        return scaled

    return type(op)(op.value, {n: wrong(p) for n, p in zip(op.operand_names, op.partials, strict=True)})


@pytest.mark.parametrize("op", [op for op in SMOOTH if op is not ag.remainder], ids=lambda op: op.name)  # it jumps
@settings(max_examples=max(20, settings().max_examples // 5))
@given(data=st.data())
def test_every_op_passes(op, data):
    operands = data.draw(points(op))
    assume(op.smooth(*operands) and math.isfinite(op.number(operands)))
    report = ag.check_gradients(lambda xs: applied(op, xs), list(operands))
    assert report, str(report)


@pytest.mark.parametrize("factor", [1.0 + 1e-6, 1.0 - 1e-6, 1.01, -1.0, 0.0])
@pytest.mark.parametrize("op", SMOOTH, ids=lambda op: op.name)
def test_a_wrong_op_is_rejected_and_named(op, factor):
    names = [name for name in op.operand_names for _ in range(3 if op.many else 1)]
    operands = [max(op.domain[name][0], 0.0) + 0.35 + 0.11 * i for i, name in enumerate(names)]
    wrong = planted(op, factor)
    report = ag.check_gradients(lambda xs: ag.exp(applied(wrong, xs)) * 3.0, operands)
    assert not report
    assert "differs" in {check.verdict for check in report.checks}
    assert report.suspects[0].node.op is wrong
    assert f"Likely culprit: op {op.name}" in str(report)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: ag.sin(1000.0 * x), 0.3),
        (lambda x: 1.0 / x, 1e-3),
        (ag.exp, 700.0),
        (ag.log, 1e-8),
        (ag.sqrt, 1e-12),
        (lambda x: x**2, 0.0),
        (lambda x: x**3, 0.0),
        (lambda x: x**2, 1e150),
        (lambda x: ag.cos(x) + 1.0, 1e-8),
        (lambda x: 5.0, 2.0),
        (lambda x: Value(5.0), 2.0),
        (lambda x: (x - 1e6) ** 2, 1e6),
        (lambda x: ag.relu(x) * 3.0, 1e-4),
        (abs, 0.0),
        (lambda v: ag.sumprod(v[:3], v[3:]), [-2.94, -2.94, -2.94, -2.94, -0.06000000000000005, 2.9400000000000004]),
    ],
)
def test_hard_points_pass(f, x):
    report = ag.check_gradients(f, x)
    assert report, str(report)


@pytest.mark.parametrize("f", [ag.relu, lambda x: ag.maximum(x, 0.0), lambda x: abs(x) + ag.sin(x)])
def test_a_kink_passes_and_is_named(f):
    report = ag.check_gradients(f, 0.0)
    assert report
    if f is not ag.maximum:
        assert report.checks[0].verdict in ("kink", "agrees")
    assert ag.check_gradients(ag.relu, 0.0).checks[0].verdict == "kink"
    assert "kink" in str(ag.check_gradients(ag.relu, 0.0))


def test_a_slope_outside_a_kink_is_rejected():
    assert not ag.check_gradients(planted(ag.leaky_relu, -3.0), 0.0, 0.01)


def test_a_lost_dependence_is_rejected_without_blaming_an_op():
    report = ag.check_gradients(lambda x: x.data * x, 1.5)
    assert not report
    assert not report.suspects
    assert "look for .data" in str(report)


def test_a_random_function_is_not_trusted():
    noise = random.Random(0)  # noqa: S311 - no secret
    report = ag.check_gradients(lambda x: x * noise.random(), 1.0)
    assert not report
    assert "random" in str(report)


@pytest.mark.parametrize(("f", "x"), [(ag.sqrt, 0.0), (ag.log, -1.0), (ag.floor, 1.0)])
def test_where_there_is_no_derivative_it_is_unsure(f, x):
    report = ag.check_gradients(f, x)
    assert not report
    assert report.checks[0].verdict == "unsure"
    assert "do not converge" in str(report)


def test_numbers_are_named_by_the_functions_parameters():
    def f(w, b, data):
        return w[0][1] * b["bias"] + data[1, 0] + w[0][0]

    report = ag.check_gradients(f, [[1.0, 2.0]], {"bias": 3.0}, np.ones((2, 1)))
    names = ["w[0][0]", "w[0][1]", "b['bias']", "data[0, 0]", "data[1, 0]"]
    assert [check.name for check in report.checks] == names
    assert [check.gradient for check in report.checks] == [1.0, 3.0, 2.0, 0.0, 1.0]
    assert [check.name for check in ag.check_gradients(ag.exp, 1.0).checks] == ["x"]
    assert [check.name for check in ag.check_gradients(lambda *xs: xs[0], 1.0, 2.0).checks] == [
        "argument 0",
        "argument 1",
    ]
    assert [check.name for check in ag.check_gradients(max, [1.0, 2.0]).checks] == ["argument 0[0]", "argument 0[1]"]


def test_captured_leaves_are_checked_and_left_as_they_were():
    w, b = Value(0.5, "w"), Value(-0.3)
    report = ag.check_gradients(lambda x: ag.tanh(w * x + b), 2.0, wrt=[w, b])
    assert report
    assert [check.name for check in report.checks] == ["w", "wrt[1]"]
    assert (w.data, b.data, w.grad) == (0.5, -0.3, 0.0)
    assert not ag.check_gradients(lambda: w * w.data, wrt=[w])

    def fails_later():
        if w.data != 0.5:
            raise ZeroDivisionError
        return w * 2.0

    with pytest.raises(ZeroDivisionError):
        ag.check_gradients(fails_later, wrt=[w])
    assert w.data == 0.5


def test_the_report_is_a_table_with_only_the_doubtful_rows_of_many():
    report = ag.check_gradients(lambda x: np.sum(x**2), np.ones((5, 5)))
    assert str(report) == "25 of 25 gradients agree with difference quotients."
    report = ag.check_gradients(lambda x: np.sum(x**2) + x[3].data * x[3], np.ones(20))
    assert [line.split()[0] for line in str(report).splitlines()[2:3]] == ["x[3]"]
    assert str(report).startswith("19 of 20 gradients agree")
    report = ag.check_gradients(lambda x: np.sum([v.data * v for v in x]), np.ones(20))
    assert "... and 8 more that do not agree." in str(report)


def test_no_grad_is_touched_and_values_are_points():
    x = Value(2.0)
    assert ag.check_gradients(lambda y: y**2, x)
    assert x.grad == 0.0


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: ag.check_gradients(ag.exp), OperandError),
        (lambda: ag.check_gradients(ag.exp, "x"), OperandError),
        (lambda: ag.check_gradients(lambda x: [x], 1.0), ShapeError),
        (lambda: ag.check_gradients(ag.exp, 1.0, wrt=[]), OperandError),
        (lambda: ag.check_gradients(ag.exp, 1.0, wrt=[1.0]), OperandError),
        (lambda: ag.check_gradients(lambda x: None, 1.0), OperandError),
    ],
)
def test_mistakes_are_refused(call, error):
    with pytest.raises(error):
        call()


@given(st.floats(-2.0, 2.0))
def test_difference_quotients_keep_ten_digits(x):
    found = difference_quotient(lambda x: math.exp(x) * math.sin(3.0 * x), x)
    exact = math.exp(x) * (math.sin(3.0 * x) + 3.0 * math.cos(3.0 * x))
    assert abs(found.value - exact) <= 1e-10 * max(1.0, abs(exact))
    assert found.uncertainty <= 1e-9 * max(1.0, abs(exact))


def test_tableaus_that_contradict_each_other_leave_it_open():
    """A slope that depends on the step, as of noise: nothing is confirmed."""
    found = difference_quotient(lambda x: math.sin(1e9 * x), 0.1)
    assert found.uncertainty == math.inf or found.uncertainty > 1e-3 * abs(found.value)


@given(st.floats(-2.0, 2.0), st.floats(-5.0, 5.0))
def test_a_smooth_function_has_no_kinks(x, slope):
    exact = math.exp(x)
    assume(abs(slope - exact) > 0.01 * exact)
    assert not is_kink(math.exp, x, slope)
    assert not is_kink(math.exp, x, exact)

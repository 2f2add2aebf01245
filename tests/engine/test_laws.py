"""Every op of the table keeps every law, at points that Hypothesis draws from its domain."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import TABLE, Value
from tests.support import laws, oracle


@pytest.mark.parametrize("law", laws.LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("op", TABLE.values(), ids=list(TABLE))
def test_law_holds_over_the_whole_domain(op, law):
    laws.holds(law, op)


@pytest.mark.parametrize("law", laws.ORDINARY_LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("op", TABLE.values(), ids=list(TABLE))
def test_law_holds_at_ordinary_numbers(op, law):
    laws.holds(law, op, ordinary=True)


# --- The laws themselves can fail -----------------------------------------------------------------------------------


def mutant(name, **changes):
    """The same row with a fault in it, beside the table."""
    op = TABLE[name]
    wrong = object.__new__(type(op))
    wrong.__dict__.update(op.__dict__ | changes)
    return wrong


def spoiled(rule, fault):
    return lambda xp, y, *xs: fault(rule(xp, y, *xs))


FAULTS = {"zero": lambda p: p * 0.0, "negated": lambda p: -p, "one percent more": lambda p: p * 1.01}
SAMPLE = ["mul", "div", "pow", "sqrt", "exp", "log", "sin", "tanh", "sigmoid", "softplus", "erf", "gelu", "arctan2"]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
@pytest.mark.parametrize("name", SAMPLE)
def test_a_wrong_partial_is_rejected(name, fault):
    partials = TABLE[name].partials
    wrong = mutant(name, partials=(*partials[:-1], spoiled(partials[-1], fault)))
    with pytest.raises(AssertionError):
        laws.holds(laws.partials_are_right, wrong, ordinary=True)


@pytest.mark.parametrize("name", SAMPLE)
def test_a_second_derivative_that_is_one_percent_off_is_rejected(name):
    partials = TABLE[name].partials
    wrong = mutant(name, partials=(*partials[:-1], spoiled(partials[-1], FAULTS["one percent more"])))
    with pytest.raises(AssertionError):
        laws.holds(laws.second_derivatives_are_right, wrong, ordinary=True)


@pytest.mark.parametrize("name", SAMPLE)
def test_a_value_that_is_slightly_wrong_is_rejected(name):
    rule = TABLE[name].value
    wrong = mutant(name, value=lambda xp, *xs: rule(xp, *xs) * (1.0 + 1e-15 * isinstance(xs[0], float)))
    with pytest.raises(AssertionError):
        laws.holds(laws.value_is_right, wrong)


def test_a_slope_that_is_only_right_to_first_order_is_rejected():
    """The slope of softplus through |x| is accurate, and wrong from the third derivative on at 0."""
    wrong = mutant(
        "softplus",
        partials=(lambda xp, y, x: xp.where(xp.greater(x, 0.0), 1.0, xp.exp(-xp.abs(x))) / (1.0 + xp.exp(-xp.abs(x))),),
    )
    laws.holds(laws.partials_are_right, wrong)
    with pytest.raises(AssertionError):
        laws.high_orders_are_right(wrong, [0.0])


@pytest.mark.parametrize("name", ["relu", "abs", "softsign", "leaky_relu"])
def test_a_kink_that_is_called_smooth_is_rejected(name):
    wrong = mutant(name, smooth=lambda *xs: True)
    data = [0.0, 0.5][: len(wrong.operand_names)]
    if name == "softsign":
        laws.smoothness_is_true(wrong, data)  # its kink is in the second derivative
    else:
        with pytest.raises(AssertionError):
            laws.smoothness_is_true(wrong, data)


def test_a_wrong_taught_form_is_rejected():
    with pytest.raises(AssertionError):
        laws.holds(laws.taught_is_computed, mutant("tanh", taught={"x": lambda xp, y, x: 1.0 + y**2.0}), ordinary=True)


# --- The named identities -------------------------------------------------------------------------------------------

EVERYWHERE = laws.numbers(-math.inf, math.inf)


def slope(name, x):
    return TABLE[name].evaluate([x], [True])[1][0]


def sigmoid_prime(x):
    """s (1 - s) from exact arithmetic, where 1 - s keeps its digits."""
    s = lambda xp, x: 1 / (1 + xp.exp(-x))  # noqa: E731 - a rule, as in the table
    return exactly(lambda xp, x: s(xp, x) * (1 - s(xp, x)), x)


def exactly(rule, x):
    return oracle.derivatives(TABLE["identity"], [x], [0.0], 0, rule=rule)[0]


@given(EVERYWHERE)
def test_slope_of_sigmoid_is_s_times_one_minus_s(x):
    assert oracle.ulps(slope("sigmoid", x), sigmoid_prime(x)) <= 4


@given(EVERYWHERE)
def test_slope_of_tanh_is_one_minus_its_square(x):
    assert oracle.ulps(slope("tanh", x), exactly(lambda xp, x: 1 - xp.tanh(x) * xp.tanh(x), x)) <= 4


@given(st.floats(-700.0, 700.0))
def test_one_percent_is_seen_at_every_point(x):
    """Exact arithmetic tells the textbook's slope from one that is 1% off, wherever the slope is a normal number."""
    for name, truth in (("sigmoid", sigmoid_prime(x)), ("tanh", exactly(lambda xp, x: 1 - xp.tanh(x) * xp.tanh(x), x))):
        assume(abs(truth) > 1e-300)
        assert oracle.ulps(slope(name, x) * 1.01, truth) > 1e9


@given(laws.numbers(-1e307, 1e307))
def test_x_plus_x_has_slope_two(x):
    v = Value(x)
    (v + v).backward()
    assert v.grad == 2.0


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=6))
def test_softmax_is_the_slope_of_logsumexp_and_adds_up_to_one(xs):
    shares = ag.softmax(xs)
    nodes = [Value(x) for x in xs]
    assert ag.gradients(ag.logsumexp(nodes), nodes) == shares
    assert math.isclose(math.fsum(shares), 1.0, rel_tol=1e-15)

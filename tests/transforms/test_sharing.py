"""Equal nodes made one: the same bits, fewer nodes."""

from __future__ import annotations

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.reverse import reachable
from autograd_lite.transforms.sharing import shared

WORDS = ["add", "mul", "sub", "div", "tanh", "sin", "exp", "square", "fsum", "sumprod", "maximum"]


def program(words, x):
    """A random graph that uses its nodes more than once, and constants that repeat."""
    nodes = [x, x * 2.0, 2.0 * x]
    for i, (word, a, b) in enumerate(words):
        u, v = nodes[a % len(nodes)], nodes[b % len(nodes)]
        op = ag.TABLE[word]
        if op.many:
            node = op([u, v], [v, 0.5]) if word == "sumprod" else op([u, v, 0.5])
        else:
            node = op(u, v) if len(op.operand_names) == 2 else op(u)
        nodes.append(ag.tanh(node) if i % 3 == 0 else node)
    return ag.fsum(nodes)


# Away from 0: near it the terms 1/x of a quotient's gradient swallow the others, in whatever order they are added.
NUMBERS = st.floats(0.1, 2.0) | st.floats(-2.0, -0.1)
STEPS = st.tuples(st.sampled_from(WORDS), st.integers(0, 30), st.integers(0, 30))


@given(st.lists(STEPS, max_size=15), NUMBERS)
def test_sharing_changes_no_bit_and_no_gradient(words, number):
    x = Value(number)
    y = program(words, x)
    once = shared(y, since=x.order)
    assert repr(once.data) == repr(y.data)
    slope, again = ag.gradients(y, x), ag.gradients(once, x)
    assert slope == pytest.approx(again, rel=1e-9, abs=1e-9, nan_ok=True)
    assert len(reachable([once])) <= len(reachable([y]))


@given(st.lists(STEPS, max_size=15))
def test_no_expression_is_left_twice(words):
    x = Value(0.7)
    nodes = reachable([shared(program(words, x), since=x.order)])
    made = [(v.op, v.operands) for v in nodes if v.op is not None]
    assert len(set(made)) == len(made)
    constants = [v.data.hex() for v in nodes if not v.requires_grad and v.op is None]
    assert len(set(constants)) == len(constants)


def test_zeros_of_both_signs_stay_apart():
    x = Value(1.0)
    y = shared(x / 0.0 - x / -0.0, since=x.order)
    assert y.data == float("inf")


def test_what_is_older_stays_as_it_is():
    old = ag.exp(Value(1.0))
    x = Value(2.0)
    y = shared(old * x, since=x.order)
    assert y.operands[0] is old


@pytest.mark.parametrize(
    ("f", "exact"),
    [(ag.tanh, mpmath.tanh), (ag.arctan, mpmath.atan), (ag.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x)))],
    ids=["tanh", "arctan", "sigmoid"],
)
@pytest.mark.parametrize("order", [2, 5, 8])
def test_high_orders_keep_their_digits(f, exact, order):
    """Against Taylor coefficients with 60 digits."""
    with mpmath.workdps(60):
        expected = mpmath.taylor(exact, mpmath.mpf(0.7), order)[order] * mpmath.factorial(order)
    assert ag.derivative(f, order)(0.7) == pytest.approx(float(expected), rel=1e-13)

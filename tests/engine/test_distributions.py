"""Entropy: its values, its slopes, and what it refuses."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import DomainError, OperandError, ShapeError, Value


@given(st.lists(st.floats(0.01, 1.0), min_size=1, max_size=6))
def test_it_is_the_sum_of_the_terms_and_the_slopes_follow(weights):
    ps = [w / math.fsum(weights) for w in weights]
    vs = [Value(p) for p in ps]
    h = ag.entropy(vs)
    h.backward()
    assert h.data == pytest.approx(-math.fsum(p * math.log(p) for p in ps), rel=1e-13, abs=1e-15)
    assert [v.grad for v in vs] == pytest.approx([-math.log(p) - 1.0 for p in ps], rel=1e-13, abs=1e-13)
    assert -1e-15 <= h.data <= math.log(len(ps)) + 1e-15


def test_edges():
    assert [ag.entropy([1.0, 0.0]), ag.entropy([0.5, 0.5]), ag.entropy([1.0])] == [0.0, math.log(2.0), 0.0]
    assert ag.gradients(ag.entropy([p := Value(0.0), 1.0]), p) == math.inf
    assert math.isnan(ag.entropy([math.nan, 0.5]))


def test_it_compiles():
    assert ag.compile(ag.entropy)([0.25, 0.75]) == pytest.approx(ag.entropy([0.25, 0.75]), rel=1e-15)


def test_the_largest_entropy_has_equal_shares():
    """Bishop 2006, exercise 1.29, for three outcomes, free of the constraint through softmax."""
    point = ag.classify_critical_point(lambda z: ag.entropy(ag.softmax([*z, 0.0])), [0.0, 0.0])
    assert point.verdict == "maximum"


@pytest.mark.parametrize(
    ("ps", "error", "message"),
    [
        (
            [0.5, 0.6],
            DomainError,
            r"entropy takes probabilities that add up to 1, not \[0.5, 0.6\]: they add up to 1.1",
        ),
        ([1.5, -0.5], DomainError, "1.5 is not in"),
        ([3, 1], DomainError, "Divide counts by their sum"),
        ([], ShapeError, "entropy of nothing"),
        (0.5, OperandError, r"write entropy\(\[p, 1.0 - p\]\)"),
        (Value(0.5), OperandError, "not one number"),
    ],
)
def test_what_is_no_distribution_is_refused(ps, error, message):
    with pytest.raises(error, match=message):
        ag.entropy(ps)

"""The written-out weighted sums of a layer make the same nodes as the op."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.nn.networks.weighted_sums import weighted_sums

ANY = st.floats(allow_nan=True, allow_infinity=True)
PAIRS = st.lists(st.tuples(ANY, ANY, st.booleans(), st.booleans()), min_size=1, max_size=5)


def same(a, b):
    return [repr(x) for x in a] == [repr(x) for x in b]


@given(PAIRS, st.sampled_from(["as drawn", "all", "none"]))
def test_same_nodes_as_the_op(pairs, who):
    ws, xs = [Value(w) for w, _, _, _ in pairs], [Value(x) for _, x, _, _ in pairs]
    for (_, _, w_needs, x_needs), w, x in zip(pairs, ws, xs, strict=True):
        w.requires_grad = w_needs or who != "as drawn"
        x.requires_grad = x_needs if who == "as drawn" else who == "all"
    [node], expected = weighted_sums([ws], xs), ag.sumprod(ws, xs)
    assert same([node.data], [expected.data])
    assert same(node.partials, expected.partials)
    assert node.operands == expected.operands
    assert (node.op, node.requires_grad) == (expected.op, expected.requires_grad)


@pytest.mark.parametrize("bad", [math.inf, math.nan, 1e308])
def test_what_math_would_raise_is_a_value(bad):
    [node] = weighted_sums([[Value(bad), Value(bad)]], [Value(10.0), Value(-10.0)])
    assert node.data != node.data or node.data == 0.0

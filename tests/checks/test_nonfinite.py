"""find_nonfinite: the node that first went wrong, forward and backward."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import OperandError, Value


def forward_faults():
    return [
        (lambda: ag.exp(Value(1000.0)), "exp", "The largest float is 1.8e308"),
        (lambda: ag.log(Value(0.0)), "log", "log needs x > 0; it got 0"),
        (lambda: ag.log(Value(-1.0)), "log", "log needs x > 0; it got −1"),
        (lambda: ag.sqrt(Value(-1.0)), "sqrt", "sqrt needs x ≥ 0; it got −1"),
        (lambda: ag.arctanh(Value(2.0)), "arctanh", "arctanh needs −1 < x < 1; it got 2"),
        (lambda: Value(1.0) / Value(0.0), "div", "pole at 0"),
        (lambda: Value(0.0) / Value(0.0), "div", "gave nan"),
        (lambda: Value(1e200) * 1e200, "mul", "The largest float is"),
        (lambda: Value(-8.0) ** (1.0 / 3.0), "pow", "pow needs a ≥ 0"),
        (lambda: Value(1.0) % 0.0, "remainder", "gave nan"),
        (lambda: ag.fsum([Value(1.7e308), 1.7e308]), "fsum", "The largest float is"),
        (lambda: ag.fsum([Value(1.7e308), 1.7e308, 0.0]), "fsum", "The largest float is"),
        (lambda: ag.arcsin(Value(1.5)), "arcsin", "arcsin needs −1 ≤ x ≤ 1; it got 1.5"),
    ]


@pytest.mark.parametrize(("make", "op", "words"), forward_faults(), ids=[f"{op}-{w}" for _, op, w in forward_faults()])
def test_the_op_that_made_it_is_named(make, op, words):
    culprit = make()
    root = ag.tanh(culprit * 2.0) + Value(1.0)
    found = ag.find_nonfinite(root * 3.0 - ag.exp(culprit))
    assert found.where == "forward"
    assert found.node is culprit
    assert found.operands == culprit.operands
    assert not math.isfinite(found.number)
    assert str(found).startswith(f"forward: {op}(")
    assert words in str(found)


@given(st.lists(st.sampled_from(["tanh", "sin", "neg", "square", "softplus"]), max_size=20), st.data())
def test_the_first_bad_node_of_a_chain_is_found(names, data):
    """The fault is planted at some depth of a random chain; what is above and beside it is not blamed."""
    place = data.draw(st.integers(0, len(names)))
    v, healthy = Value(0.5), Value(2.0)
    for name in names[:place]:
        v = getattr(v, name)() * healthy
    culprit = v = ag.log(v - v)
    for name in names[place:]:
        v = getattr(v, name)() + healthy
    assert ag.find_nonfinite(v + 1.0).node is culprit


def test_a_bad_leaf_is_named():
    found = ag.find_nonfinite(Value(math.nan, "x") + 1.0)
    assert found.node.label == "x"
    assert str(found) == "forward: the leaf 'x' was given as nan. Check where this number comes from."
    assert "a leaf without a label was given as ∞" in str(ag.find_nonfinite(1.0 + Value(math.inf)))
    assert ag.find_nonfinite(Value(1.0) * math.inf).node.data == math.inf


def test_of_two_bad_branches_the_one_that_reaches_the_root_is_blamed():
    harmless = ag.log(Value(0.0))
    culprit = ag.exp(Value(1000.0))
    root = ag.where(1.0, culprit, harmless)
    assert ag.find_nonfinite(root).node is culprit


def backward_faults():
    return [
        (ag.sqrt, 0.0, "sqrt", "infinite slope at x = 0, the end of its domain"),
        (lambda x: x**0.5, 0.0, "pow", "adjoint 3, partial ∞"),
        (ag.arcsin, 1.0, "arcsin", "x = 1"),
        (lambda x: x * 1e200 * 1e-200 * 1e200, 1e-200, "mul", "The largest float is"),
        (lambda x: ag.elu(x, 1e170) * 1e200, 0.0, "elu", "The largest float is"),
    ]


@pytest.mark.parametrize(("f", "x", "op", "words"), backward_faults(), ids=[row[2] for row in backward_faults()])
def test_backward_faults_are_found_where_all_values_are_finite(f, x, op, words):
    x = Value(x, "x")
    y = f(x)
    if op == "mul":
        y = y * 1e150 * 1e-150 * 1e150
    found = ag.find_nonfinite(y * 3.0 + 1.0)
    assert found.where == "backward"
    assert found.node.op.name == op
    assert found.operands == found.node.operands
    assert not math.isfinite(found.number)
    assert words in str(found)
    assert "all values are finite" in str(found)


def test_a_masked_fault_is_found_last_and_said_to_be_harmless():
    x = Value(0.0, "x")
    masked = ag.where(0.0, ag.log(x), 1.0)
    found = ag.find_nonfinite(masked + x)
    assert found.masked
    assert "finite nevertheless" in str(found)
    assert ag.find_nonfinite(masked + ag.sqrt(x)).where == "backward"


def test_a_stopped_gradient_is_no_fault():
    x = Value(0.0)
    assert ag.find_nonfinite(0.0 * ag.sqrt(x) + 1.0) is None
    assert ag.find_nonfinite(ag.stop(ag.sqrt(x))) is None


@pytest.mark.parametrize("v", [Value(1.0), Value(2.0) * 3.0, ag.tanh(Value(1e6)), Value.constant(2.0)])
def test_nothing_is_found_where_all_is_finite(v):
    assert ag.find_nonfinite(v) is None


def test_deep_graphs_are_read_without_recursion():
    v = culprit = ag.exp(Value(1000.0))
    for _ in range(20_000):
        v = v + 1.0
    assert ag.find_nonfinite(v).node is culprit


def test_values_that_know_their_lines_can_be_compiled_and_differentiated_like_others():
    x = ag.located(0.5, "x")

    def f(y):
        return ag.exp(x * y) + x

    fast = ag.compile(ag.value_and_grad(f))
    assert fast(2.0) == ag.value_and_grad(f)(2.0)
    x.data = 0.25
    assert fast(2.0) == ag.value_and_grad(f)(2.0)
    slope = ag.gradients(f(Value(2.0)), x, create_graph=True)
    assert slope.data == 2.0 * math.exp(0.5) + 1.0


@pytest.mark.parametrize("given", [1.0, None, [Value(1.0)]])
def test_only_values_are_taken(given):
    with pytest.raises(OperandError, match="root of a graph"):
        ag.find_nonfinite(given)

"""Nothing that is shown contradicts itself: one symbol, one value; old numbers and NaN are marked as such."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.errors import DomainError
from autograd_lite.viz import draw, explain, steps
from autograd_lite.viz.steps.states import state_after

SYMBOL = r"∂\S+?/∂[^\s,]+"
PRODUCT = rf"{SYMBOL}(?: · {SYMBOL})*"


def claims_in(text):
    """Each symbol with the number that the text says it is."""
    found = [(s, n) for s, n in re.findall(rf"(?<!· )({SYMBOL}) = (?:[^\n,]* = )?([−\d.e∞]+|nan)(?=\n|$|\.$)", text)]
    products = re.findall(rf"^ *({PRODUCT})\n[^\n]*\n *= ((?:\([^()]+\))+)$", text, flags=re.MULTILINE)
    products += re.findall(rf"^ *({PRODUCT}) = ((?:\([^()]+\))+) = ", text, flags=re.MULTILINE)
    for symbols, numbers in products:
        found += zip(re.findall(SYMBOL, symbols), re.findall(r"\(([^()]+)\)", numbers), strict=True)
    return [(symbol, float(number.replace("−", "-").replace("∞", "inf"))) for symbol, number in found]


def all_texts(root):
    listed = steps(root, forward=True)
    return [str(listed), *(str(explain(root, v)) for v in listed.graph.nodes if v.requires_grad)]


def assert_one_value_each(root):
    seen = {}
    for text in all_texts(root):
        for symbol, number in claims_in(text):
            assert seen.setdefault(symbol, number) == pytest.approx(number, rel=2e-3, nan_ok=True), (symbol, text)
    return seen


@st.composite
def graphs(draw):
    nodes = [Value(draw(st.floats(-2, 2)), name) for name in ("x", "y")]
    for k in range(draw(st.integers(1, 6))):
        a, b = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))
        op = draw(st.sampled_from([ag.add, ag.mul, ag.sub, ag.maximum, lambda a, b: ag.fsum([a, b, a])]))
        nodes.append(op(a, b) if draw(st.booleans()) else ag.tanh(a))
        if draw(st.booleans()):
            nodes[-1].label = draw(st.sampled_from(["x1", "y_2", "x2"])) + "'" * k
    return nodes[-1]


@given(graphs())
def test_no_symbol_has_two_values(root):
    assert_one_value_each(root)


@pytest.mark.parametrize("make", [lambda b: b * b, lambda b: b + b * b, lambda b: b * b.tanh(), lambda b: b**2 * b])
def test_a_partial_through_one_use_is_not_written_like_the_total(make):
    b = Value(6.0, "b")
    c = make(b)
    c.label = "c"
    seen = assert_one_value_each(c)
    assert seen["∂c/∂b"] == pytest.approx(ag.gradients(c, b), rel=1e-3)
    assert "∂c/∂b₁" in seen
    assert r"{b}_{1}" in explain(c, b).latex


def test_the_index_of_a_use_is_not_taken_for_a_node():
    b = Value(2.0, "b")
    text = str(steps(b * b * Value(3.0, "b1")))
    assert "∂v1/∂b₍₁₎" in text
    assert "∂v1/∂b₂ " in text


# --- Data that changed ----------------------------------------------------------------------------------------------


def changed():
    x = Value(2.0, "x")
    y = x * x
    y.label = "y"
    z = y + 1.0
    z.label = "z"
    x.data = 5.0
    return x, z


def test_old_numbers_are_said_to_be_old_everywhere():
    x, z = changed()
    note = "Data changed after y was computed: run the forward pass again."
    listed = steps(z)
    for text in (str(listed), str(explain(z, x)), draw(z).dot):
        assert note in text
    assert "y = x · x = 4 (outdated)" in str(listed)
    assert draw(z).dot.count(">old<") == 2
    assert [node.outdated for node in state_after(listed, 0).nodes] == [False, True, False, True]
    x.data = 2.0
    assert note not in str(steps(z)) + draw(z).dot


def test_a_snapshot_stays_as_it_was():
    x = Value(2.0, "x")
    listed = steps(x * x)
    x.data = 5.0
    assert "outdated" not in str(listed)


def test_after_an_update_what_was_computed_is_old(example):
    root, _ = example("squared")
    listed = steps(root, lr=0.1)
    graph = listed.graph
    assert not any(node.outdated for node in state_after(listed, len(listed) - 2).nodes)
    last = state_after(listed, len(listed)).nodes
    assert {graph.names[i] for i, node in enumerate(last) if node.outdated} == {"p", "s", "t", "d", "L"}
    assert "Values computed from it are old until the next forward pass." in listed[-1].sentence


# --- NaN ------------------------------------------------------------------------------------------------------------


def test_a_nan_has_its_cause_and_no_tick():
    a = Value(-1.0, "a")
    listed = steps(ag.log(a) * 2.0, forward=True)
    cause = "log(a = −1) gave nan. log needs x > 0; it got −1."
    assert [cause in step.cause for step in listed] == [True, True, False, True, True]
    assert "✗ forward: log(a = −1) gave nan." in str(listed[0])
    assert "✓" not in str(listed[-1])
    assert "∂v1/∂a = nan\n" in str(listed[-1]), "1/a is −1 there"
    assert [node.wrong for node in state_after(listed, len(listed)).nodes if node.status == "final"][:2] == [True, True]


# --- Updates and rates ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lr", [-0.1, float("nan")])
def test_a_learning_rate_below_zero_is_refused(lr):
    with pytest.raises(DomainError, match="a learning rate is a number from 0 up"):
        steps(Value(1.0, "w") * 2.0, lr=lr)


def test_updates_inside_boxes_are_said_to_be_hidden():
    model = nn.MLP(2, [2, 1], seed=0)
    model.label_parameters()
    loss = model([0.5, 1.0]) ** 2
    assert "Not shown: the updates of 9 parameters inside the boxes" in str(steps(loss, level="neurons", lr=0.1))
    assert "Not shown" not in str(steps(loss, level="neurons"))
    assert "Not shown" not in str(steps(loss, lr=0.1))


# --- The forward phase ----------------------------------------------------------------------------------------------


def test_a_forward_sentence_has_the_numbers(example):
    listed = steps(example("two_one_one")[0], forward=True)
    assert listed[0].sentence == "v1 = 0.25 · 0.5 = 0.125."
    assert listed[3].sentence == "h_in = 0.455 + (−0.1) = 0.355."
    assert listed[4].sentence == "h_out = sigmoid(0.355) = 0.5878."

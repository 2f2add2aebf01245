"""Losses and softmax as textbooks write them: the same numbers and slopes, in a graph that reads like the formula."""

from __future__ import annotations

import math

import pytest

import autograd_lite as ag
from autograd_lite import Value, nn, viz

CASES = {
    "binary_cross_entropy": ([0.2, 0.7], [1.0, 0.0]),
    "binary_cross_entropy_with_logits": ([0.2, -0.7], [1.0, 0.0]),
    "cross_entropy": ([[0.2, -0.7, 1.5], [0.1, 0.0, 2.0]], [1, 2]),
    "hinge": ([0.2, -0.7], [1.0, -1.0]),
    "mean_squared_error": ([0.2, -0.7], [1.0, 0.0]),
    "root_mean_squared_error": ([0.2, -0.7], [1.0, 0.0]),
    "sum_of_squares": ([0.2, -0.7], [1.0, 0.0]),
}


def values(numbers):
    return [values(x) if isinstance(x, list) else Value(x) for x in numbers]


def flat(tree):
    return [x for part in tree for x in (flat(part) if isinstance(part, list) else [part])]


@pytest.mark.parametrize("name", CASES)
def test_both_forms_have_the_same_value_and_slopes(name):
    outputs, targets = CASES[name]
    found = []
    for written_out in (False, True):
        z = values(outputs)
        cost = getattr(nn, name)(z, targets, written_out=written_out)
        found.append([cost.data, *ag.gradients(cost, flat(z))])
    assert found[1] == pytest.approx(found[0], rel=1e-12)


def formulas(root):
    graph = viz.steps(root).graph
    return [f"{graph.names[i]} = {graph.formula(i).pretty}" for i in graph.computed]


def test_cross_entropy_reads_as_in_the_notes():
    z = [Value(1.0, "z1"), Value(2.0, "z2")]
    cost = nn.cross_entropy(z, 1, written_out=True)
    cost.label = "E"
    assert formulas(cost) == [
        "v1 = exp(z1)",
        "v2 = exp(z2)",
        "v3 = v1 + v2",
        "p1 = v1 / v3",
        "p2 = v2 / v3",
        "v4 = log(p1)",
        "v5 = 0 · v4",
        "v6 = log(p2)",
        "v7 = 1 · v6",
        "v8 = v5 + v7",
        "E = −v8",
    ]


def test_binary_cross_entropy_reads_as_in_the_notes():
    cost = nn.binary_cross_entropy_with_logits(Value(0.5, "z"), Value.constant(1.0, "t"), written_out=True)
    assert formulas(cost)[0] == "p = sigmoid(z)"
    assert "v2 = t · v1" in formulas(cost)
    assert not any("softplus" in formula for formula in formulas(cost))


def test_a_softmax_shows_neither_its_shift_nor_where_its_gradient_ends():
    z = [Value(1.0, "z1"), Value(2.0, "z2")]
    p = ag.softmax(z)
    assert formulas(p[0]) == ["v1 = exp(z1 − 2)", "v2 = exp(z2 − 2)", "v3 = v1 + v2", "v4 = v1 / v3"]
    assert formulas(ag.softmax(z, written_out=True)[0])[0] == "v1 = exp(z1)"
    steps = str(viz.steps(p[0]))
    for word in ("maximum", "stop", "[z1"):
        assert word not in steps
    assert "stop" not in viz.draw(p[0]).dot
    explained = viz.explain(p[0], z[0])
    assert explained.gradient == pytest.approx(ag.gradients(p[0], z[0]), rel=1e-15)
    assert "✓" in str(explained)


def test_what_a_user_stops_stays_in_sight():
    x = Value(3.0, "x")
    assert formulas(stop(x) * x)[0].startswith("v1 = stop")
    square = x * x
    square.label = "s"
    assert any("stop(s)" in formula for formula in formulas(stop(square) * x))


def test_the_usual_form_survives_where_the_written_one_overflows():
    z = [Value(800.0), Value(0.0)]
    assert nn.cross_entropy(z, 0).data == 0.0
    assert math.isnan(nn.cross_entropy(z, 0, written_out=True).data)


def stop(x):
    return ag.TABLE["stop"](x)

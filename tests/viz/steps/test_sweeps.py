from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Value
from autograd_lite.errors import GraphTooLargeError, UnknownNameError
from autograd_lite.viz import steps
from autograd_lite.viz.graphs.view import scalar_view
from autograd_lite.viz.steps.sweeps import deliveries, naive_length


def final_total(root, leaf, mistake):
    graph = scalar_view(root)
    return [d.after for d in deliveries(graph, mistake) if d.use.operand == graph.index[leaf]][-1]


def test_naive_recursion_counts_a_shared_node_again(example):
    root, leaves = example("shared")
    assert final_total(root, leaves["a"], None) == 4.0
    assert final_total(root, leaves["a"], "order") == 6.0


def test_overwriting_keeps_the_last_contribution_only(example):
    root, leaves = example("shared")
    assert final_total(root, leaves["a"], "overwrite") == 1.0


def test_the_steps_that_go_wrong_say_why(example):
    root, _ = example("shared")
    text = str(steps(root, mistake="order"))
    assert "✗ Too early: b passes its gradient on although only 1 of 2 contributions has arrived." in text
    assert "✗ Counted twice: b passes on its whole gradient again" in text
    assert "a.grad ends at 6; the correct value is 4." in text
    overwriting = str(steps(root, mistake="overwrite"))
    assert "b.grad = c.grad · ∂c/∂b" in overwriting
    assert "✗ = overwrites: the 1 that had arrived at b is lost." in overwriting
    assert "Gradients in the right order\n∂c/∂a = 4" in overwriting


def naive_gradients(v, totals):
    """The program that learners write first, and the tests' oracle for it."""
    for u, partial in zip(v.operands, v.partials, strict=True):
        totals[u] = totals.get(u, 0.0) + totals[v] * partial
        naive_gradients(u, totals)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.booleans()), min_size=1, max_size=6))
def test_the_naive_sweep_is_what_naive_recursion_computes(recipe):
    nodes = [Value(1.5, "x")]
    for i, j, is_product in recipe:
        a, b = nodes[i % len(nodes)], nodes[j % len(nodes)]
        nodes.append(a * b if is_product else a + b)
    root, totals = nodes[-1], {nodes[-1]: 1.0}
    graph = scalar_view(root)
    if naive_length(graph) > 400:
        return
    naive_gradients(root, totals)
    done = deliveries(graph, "order")
    assert len(done) == naive_length(graph)
    found = {graph.nodes[d.use.operand]: d.after for d in done}
    assert found == {v: total for v, total in totals.items() if v is not root}


def test_without_shared_nodes_the_naive_sweep_is_right(example):
    root, _ = example("two_one_one")
    assert not any(step.mistake for step in steps(root, mistake="order"))


def test_naive_recursion_that_would_take_for_ever_is_refused():
    v = Value(1.0, "x")
    for _ in range(200):
        v = v + v
    with pytest.raises(GraphTooLargeError, match=r"Naive recursion would take .* steps here, 400 in the right order"):
        steps(v, mistake="order")


def test_unknown_mistakes_are_refused():
    with pytest.raises(UnknownNameError, match="Did you mean 'order'"):
        steps(Value(1.0), mistake="ordr")

"""Backprop by calls: gradients of all numbers of a box at once, and the chain rule from box to box."""

from __future__ import annotations

import math

import pytest

import autograd_lite as ag
from autograd_lite import Value, viz
from autograd_lite.errors import DomainError, UnknownNameError
from autograd_lite.viz.explain.call_paths import CallExplanation
from autograd_lite.viz.graphs.flows import Flows
from autograd_lite.viz.graphs.functions import functions_view
from autograd_lite.viz.graphs.known_calls import recorded_calls
from autograd_lite.viz.steps.call_steps import CallStepSequence
from tests.support.call_programs import PROGRAMS, W, X, program


def every_view():
    for f, args in PROGRAMS.values():
        graph, outermost = recorded_calls(f, args)
        for call in outermost.all():
            if graph.computed_between(call.start, call.stop):
                yield functions_view(graph, outermost, call)


def test_contributions_add_up_to_the_gradients_of_the_scalars():
    for view in every_view():
        flows, totals = Flows(view), {}
        for step in CallStepSequence(view):
            before = totals.get(step.target, [0.0] * len(step.contribution))
            totals[step.target] = [a + b for a, b in zip(before, step.contribution, strict=True)]
            assert step.total_after == pytest.approx(totals[step.target])
        for k in view.computed:
            graph = view.scalars
            slopes = ag.gradients(graph.nodes[graph.root], [graph.nodes[i] for i in flows.outputs[k]])
            assert totals.get(view.names[k], [0.0] * len(slopes)) == pytest.approx(slopes)


def test_the_ways_of_the_chain_rule_add_up_to_what_arrives():
    found = 0
    for view in every_view():
        flows = Flows(view)
        for k, name in enumerate(view.names):
            ways = CallExplanation(flows, k, limit=200).ways
            if ways:
                total = [math.fsum(column) for column in zip(*(way.contribution for way in ways), strict=True)]
                arrives = [a - b for a, b in zip(flows.gradient(k), flows.inside(k), strict=True)]
                assert total == pytest.approx(arrives), name
                found += 1
    assert found > 50


def test_steps_are_told_in_words():
    listed = viz.steps(program, (X, W), level="functions")
    assert str(listed[0]) == "1. Seed: v2\n   v2.grad = 1 ✓"
    assert str(listed[1]) == "2. backward: v2 → v1\n   v1.grad += v2.grad · ∂v2/∂v1 = 1 · (−1) = −1\n   v1.grad = −1 ✓"
    assert str(listed[3]).startswith("4. backward: block[3] → w (use 1 of 3)\n   w.grad += through block[3]: (")
    assert listed.find(until="w") == len(listed) - 2
    assert listed[listed.find(until="x")].final
    with pytest.raises(UnknownNameError, match="box"):
        listed.find(until="q")
    inner = viz.steps(program, (X, W), level="functions", focus="block[2].softmax", forward=True)
    assert str(inner[0]) == "1. forward: v1 = exp(linear)\n   v1 = 1.182"
    assert str(inner[-1]).endswith("✓")
    assert "block[2].softmax: 6 boxes of 58 nodes" in str(inner).splitlines()[0]
    with pytest.raises(DomainError, match="completes"):
        viz.steps(program, (X, W), level="functions", focus="block[2].linear").find(until="w")


def test_what_is_read_elsewhere_too_is_not_called_complete():
    listed = viz.steps(program, (X, W), level="functions", focus="block[2].linear")
    last = [step for step in listed if step.target == "w"][-1]
    assert not last.final
    assert last.lines[-1].endswith("so far; more comes from elsewhere")


def test_a_function_is_run_for_its_scalar_steps_too():
    x = Value(3.0, "x")
    assert str(viz.steps(lambda x: x * x, (3.0,))) == str(viz.steps(x * x))


def test_explanations_by_calls_are_told_in_words():
    text = str(viz.explain(program, "w", args=(X, W)))
    assert text.startswith("∂program/∂w by calls: 4 numbers, 3 ways through the calls\n\nw → block[3] → v1 → v2\n")
    assert text.splitlines()[-1].endswith("✓")
    table = viz.explain(program, args=(X, W))
    assert str(table).splitlines()[1].split() == ["read", "numbers", "gradient", "used", "by"]
    assert [e.name for e in table] == ["x", "w"]
    assert table.markdown.startswith("| read | numbers |")
    assert table[1].markdown.startswith("    ∂program/∂w")


def test_steps_are_saved(tmp_path):
    listed = viz.steps(program, (X, W), level="functions")
    assert listed.save(tmp_path / "steps.txt").read_text() == f"{listed}\n"
    assert listed.save(tmp_path / "steps.md").read_text().startswith("```text\nBackprop by calls")
    assert "<iframe" in listed._repr_mimebundle_()["text/html"]
    with pytest.raises(UnknownNameError, match=r"transcript by calls '.tex'"):
        listed.save(tmp_path / "steps.tex")

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.errors import DomainError, OperandError, UnknownNameError
from autograd_lite.viz import steps


@pytest.mark.parametrize("name", ["two_one_one", "squared"])
def test_transcripts_are_golden(name, example, golden):
    root, _ = example(name)
    golden(f"{name}.txt", steps(root, forward=True, lr=0.25).transcript())


@st.composite
def graphs(draw):
    """A random graph with much sharing, its nodes and its root."""
    nodes = [Value(draw(st.floats(-3, 3)), f"x{i}") for i in range(draw(st.integers(1, 3)))]
    for _ in range(draw(st.integers(1, 12))):
        a, b = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))
        op = draw(st.sampled_from(["add", "mul", "sub", "tanh", "sigmoid", "fsum", "maximum", "sumprod", "log"]))
        operands = {"fsum": [[a, b, a]], "maximum": [[a, b]], "sumprod": [[a, b], [b, a]]}.get(op, [a, b])
        unary = op in ("tanh", "sigmoid", "log")
        nodes.append(getattr(ag, op)(*(operands[:1] if unary else operands)))
    return nodes


@given(graphs())
def test_the_steps_add_up_to_the_gradients_exactly(nodes):
    totals = {}
    for step in steps(nodes[-1]):
        before = totals.get(step.target_index, 0.0)
        assert step.total_before == before or math.isnan(before)
        totals[step.target_index] = step.total_after
    graph = steps(nodes[-1]).graph
    for place, total in totals.items():
        expected = ag.gradients(nodes[-1], graph.nodes[place])
        assert total == expected or (math.isnan(total) and math.isnan(expected))


@given(graphs())
def test_a_node_is_final_at_its_last_contribution_and_gives_only_after_that(nodes):
    done = set()
    for step in steps(nodes[-1]):
        if step.phase == "backward":
            assert step.source_index in done
        assert step.target_index not in done
        if step.final:
            done.add(step.target_index)


@given(graphs())
def test_gradients_stored_in_the_nodes_are_neither_read_nor_written(nodes):
    for v in nodes:
        v.grad = 7.0
    assert steps(nodes[-1]).transcript()
    assert all(v.grad == 7.0 for v in nodes)


def test_one_step_per_use():
    x = Value(3.0, "x")
    first, second = steps(x * x)[1:]
    assert (first.use, first.uses, first.final) == (1, 2, False)
    assert (second.use, second.uses, second.final) == (2, 2, True)
    assert (second.total_before, second.contribution, second.total_after) == (3.0, 3.0, 6.0)


def test_constants_get_no_step():
    x = Value(3.0, "x")
    assert [step.target for step in steps(x * 2.0)] == ["v1", "x"]


def test_the_phases_come_in_order(example):
    root, _ = example("squared")
    phases = [step.phase for step in steps(root, forward=True, lr=0.1)]
    assert phases == ["forward"] * 5 + ["seed"] + ["backward"] * 9 + ["update"] * 2


def test_updates_follow_the_rule_and_change_nothing(example):
    root, leaves = example("two_one_one")
    by_name = {step.target: step.total_after for step in steps(root, lr=0.25) if step.phase == "update"}
    assert by_name == {
        "w1": pytest.approx(0.250420928515, abs=1e-12),
        "w2": pytest.approx(0.300926042734, abs=1e-12),
        "w_h": pytest.approx(0.336189385583, abs=1e-12),
        "b1": pytest.approx(-0.099158142969, abs=1e-12),
        "b2": pytest.approx(0.310529218383, abs=1e-12),
    }
    assert leaves["w1"].data == 0.25


def test_one_is_not_several_and_a_negative_factor_has_brackets():
    w = Value(3.0, "w")
    assert str(steps(w.square(), lr=0.1)).startswith("Backprop from v1: 1 op, 3 steps\n")
    w.data = -3.0
    assert "w = w − lr · w.grad = −3 − 0.1 · (−6) = −2.4" in str(steps(w.square(), lr=0.1))
    assert repr(steps(w)) == "<1 step of backprop from w>"


def test_steps_keep_the_numbers_of_the_forward_pass(example):
    root, leaves = example("squared")
    listed = steps(root, forward=True, lr=0.1)
    before = listed.transcript()
    for leaf in leaves.values():
        leaf.data = 100.0
    assert listed.transcript() == before


def test_steps_are_a_sequence(example):
    root, _ = example("squared")
    listed = steps(root)
    assert len(listed) == len(list(listed)) == 10
    assert listed[-1] == listed[9] == listed[8:][1]
    with pytest.raises(IndexError, match="no step 10; there are 10"):
        listed[10]
    with pytest.raises(dataclasses.FrozenInstanceError):
        listed[0].number = 5


def test_a_zero_gradient_contributes_zero_whatever_the_slope():
    x = Value(0.0, "x")
    step = steps(ag.sqrt(x) * 0.0)[-1]
    assert (step.upstream, step.local, step.contribution) == (0.0, math.inf, 0.0)
    assert "exactly 0, so the contribution is 0" in step.sentence


def test_until_and_when_find_a_step(example):
    root, _ = example("squared")
    listed = steps(root)
    assert listed[listed.find(until="d")].title == "L → d (use 2 of 2)"
    assert listed[listed.find(when=lambda step: step.total_after > 1)].target == "y"
    assert listed.transcript(until="d").endswith("d.grad = −1.1974 + (−1.1974) = −2.3948 ✓\n")
    with pytest.raises(UnknownNameError, match="'w'"):
        listed.find(until="ww")
    with pytest.raises(DomainError, match="numbers 1 to 10"):
        listed.find(when=lambda step: step.total_after > 100)


def test_a_leaf_and_a_constant_have_the_steps_they_have():
    assert [step.phase for step in steps(Value(1.0))] == ["seed"]
    assert list(steps(Value.constant(1.0))) == []
    assert str(steps(Value.constant(1.0)))


@pytest.mark.parametrize("thing", [3.0, None, "x"])
def test_what_is_no_value_is_refused(thing):
    with pytest.raises(OperandError, match="A Value is needed"):
        steps(thing)


def test_hostile_labels_cannot_command_a_terminal(hostile):
    text = str(steps(Value(2.0, hostile) * Value(3.0, hostile)))
    assert all(c.isprintable() or c in "\n\u200d" for c in text)


def test_sums_come_out_on_screen(example):
    root, _ = example("squared")
    assert "d.grad = −1.1974 + (−1.1974) = −2.3948 ✓" in str(steps(root))


def test_the_transcript_is_saved_whole(tmp_path, example):
    root, _ = example("squared")
    file = steps(root).save(tmp_path / "steps.txt")
    assert file.read_text(encoding="utf-8") == str(steps(root))
    with pytest.raises(UnknownNameError, match="kind of transcript"):
        steps(root).save(tmp_path / "steps.doc")


def test_a_long_chain_does_not_recurse():
    v = Value(1.0, "x")
    for _ in range(20_000):
        v = v.tanh()
    assert steps(v)[-1].final


def test_earlier_names_of_attributes_still_read():
    step = steps(Value(3.0, "a") * 2.0)[1]
    assert (step.giver, step.receiver) == (step.source, step.target) == ("v1", "a")
    assert (step.giver_place, step.receiver_place) == (step.source_index, step.target_index)

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.errors import OperandError, UnknownNameError
from autograd_lite.reverse import reachable
from autograd_lite.viz import explain
from autograd_lite.viz.explain.explanation import Explanation
from autograd_lite.viz.explain.named import through_nodes
from autograd_lite.viz.explain.paths import Paths
from autograd_lite.viz.graphs.view import scalar_view


def test_the_worked_example(example):
    root, leaves = example("two_one_one")
    text = str(explain(root, leaves["w1"], through="all"))
    assert "w1 → v1 → v3 → h_in → h_out → v4 → y_in → y_out → v5 → v6 → E" in text
    assert "= −0.001684" in text
    assert text.endswith("Reverse sweep:  −0.001684 ✓")


def test_every_leaf_agrees_with_the_reverse_sweep(example):
    root, leaves = example("squared")
    for leaf in leaves.values():
        explanation = explain(root, leaf)
        assert math.fsum(path.product for path in explanation.paths) == pytest.approx(ag.gradients(root, leaf))
        assert explanation.gradient == ag.gradients(root, leaf)


def test_shared_nodes_have_a_path_per_way():
    a = Value(1.0, "a")
    b = a + a
    explanation = explain(b + b, a)
    assert explanation.count == 4
    assert [path.product for path in explanation.paths] == [1.0] * 4
    assert "Sum over paths: 1 + 1 + 1 + 1 = 4\nReverse sweep:  4 ✓" in str(explanation)


def test_many_paths_are_counted_and_the_largest_listed():
    a = Value(1.5, "a")
    r = a
    for _ in range(60):
        r = r + r * a
    explanation = explain(r, a, limit=4)
    assert explanation.count > 10**15
    assert len(explanation.paths) == 4
    sizes = [abs(path.product) for path in explanation.paths]
    assert sizes == sorted(sizes, reverse=True)
    assert math.fsum(share.contribution for share in explanation.shares) == pytest.approx(ag.gradients(r, a))
    assert "the largest 4 of them" in str(explanation)


def test_the_largest_paths_are_those_of_the_full_list():
    a, b = Value(0.7, "a"), Value(-1.3, "b")
    r = a
    for k in range(6):
        r = (r * b + a) if k % 2 else (r * r - b)
    every = explain(r, a, limit=10**6)
    assert len(every.paths) == every.count
    few = explain(r, a, limit=5)
    assert [p.product for p in few.paths] == [p.product for p in every.paths[:5]]


def test_a_node_between_and_the_root_itself(example):
    root, leaves = example("squared")
    d = root.operands[0]
    assert explain(root, d).gradient == 2 * d.data
    assert "L itself" in str(explain(root, root))
    assert str(explain(root, Value(1.0, "z"))).startswith("∂L/∂z = 0: no path leads from z to L")
    assert str(explain(d, root)).startswith("∂d/∂L = 0")
    assert str(explain(leaves["x"], Value.constant(1.0)))


def test_the_table_of_all_leaves_is_a_sequence(example):
    root, leaves = example("squared")
    table = explain(root)
    assert [row.name for row in table] == list(leaves)
    assert [row.gradient for row in table[1:3]] == ag.gradients(root, [leaves["w"], leaves["b"]])
    assert table[-1].name == "y"


def test_a_leaf_has_no_slope_by_an_operand(example):
    graph = scalar_view(example("squared")[0])
    with pytest.raises(OperandError, match="x is a leaf: it was not computed from anything"):
        graph.slope(graph.leaves[0], 0)


def test_what_is_no_value_is_refused():
    with pytest.raises(OperandError, match="explain needs the Value"):
        explain(Value(1.0), "x")
    with pytest.raises(OperandError, match="A Value is needed"):
        explain(1.0, Value(1.0))


def test_infinite_slopes_do_not_break_it():
    x = Value(0.0, "x")
    assert "✓" in str(explain(ag.sqrt(x) * 0.0, x))
    assert str(explain(ag.sqrt(x), x))
    assert str(explain(ag.log(Value(-1.0, "n")) * x, x))


# --- Through named nodes ---------------------------------------------------------------------------------------------


def test_the_five_factors_of_the_notes(example):
    root, leaves = example("two_one_one")
    lines = str(explain(root, leaves["w1"])).splitlines()
    assert lines[0] == "∂E/∂w1: 1 path through named nodes"
    assert lines[3:7] == [
        "  ∂E/∂y_out · ∂y_out/∂y_in · ∂y_in/∂h_out · ∂h_out/∂h_in · ∂h_in/∂w1",
        "  = (−(y − y_out)) · (y_out · (1 − y_out)) · w_h · (h_out · (1 − h_out)) · x1",
        "  = (−0.179)(0.2353)(0.33)(0.2423)(0.5)",
        "  = −0.001684",
    ]
    factors = [use.local for use in explain(root, leaves["w1"]).paths[0].uses]
    assert factors == pytest.approx([-0.179, 0.2353, 0.33, 0.2423, 0.5], rel=3e-4)


def test_a_node_without_a_name_can_be_explained_and_nothing_else_changes(example):
    root, leaves = example("two_one_one")
    product = next(v for v in reachable([root]) if v.op and v.op.name == "mul" and leaves["w1"] in v.operands)
    assert explain(root, product).way(explain(root, product).paths[0])[:2] == ["v1", "h_in"]
    assert "through named" not in str(explain(example("shared")[0].operands[0] ** 2.0))
    with pytest.raises(UnknownNameError, match="way to explain"):
        explain(root, leaves["w1"], through="names")


def test_what_has_no_name_stays_where_a_symbol_would_get_two_values():
    a = Value(0.5, "a")
    c = a + a.tanh()
    c.label = "c"
    text = str(explain(c * 2.0, a))
    assert "a → v1 → c" in text
    assert "  ∂v2/∂c · ∂c/∂a\n  = 2 · 1\n  = (2)(1)\n" in text
    p = ag.sigmoid(a)
    p.label = "p"
    loss = -(0.3 * ag.log(p) + 0.7 * ag.log(1.0 - p))
    assert explain(loss, a).count == 1, "here the factor is a sum"


@st.composite
def named_graphs(draw):
    """Sums, differences and products of small whole numbers, some of them with a name; and the first leaf."""
    nodes = [Value(float(draw(st.integers(-3, 3))), name) for name in "ab"]
    for k in range(draw(st.integers(1, 9))):
        x, y = (nodes[draw(st.integers(max(0, len(nodes) - 4), len(nodes) - 1))] for _ in range(2))
        nodes.append(draw(st.sampled_from([x + y, x - y, x * y, -x, x * 2.0])))
        if draw(st.booleans()):
            nodes[-1].label = f"n{k}"
    return nodes[-1], nodes[0]


@given(named_graphs())
def test_paths_through_named_nodes_have_the_same_sum_exactly(drawn):
    """In rational arithmetic, with NaN nowhere; so each factor is the sum over the paths that it stands for."""
    root, leaf = drawn
    exact = replace(scalar_view(root))
    exact.partials = [[p if p is None else Fraction(p) for p in row] for row in exact.partials]
    if leaf not in exact.index:
        return
    wanted = exact.adjoints[exact.index[leaf]]
    for kind in ("named", "all"):
        view = through_nodes(exact, kind)
        found = Explanation(Paths(view, 10**6), view.index[leaf])
        assert sum(Fraction(path.product) for path in found.paths) == wanted
        assert all(evaluated(view, use) == use.local for use in view.uses)


def evaluated(view, use):
    """The rule of a factor with the numbers of the nodes; where it is only counted, its number."""
    text = view.slope(use.node, use.position).text
    if "inside" in text:
        return use.local
    numbers = dict(zip(view.scalars.names, view.scalars.data, strict=True))
    return Fraction(eval(text, {}, numbers))  # noqa: S307 - the formulas of this test

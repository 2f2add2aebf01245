"""What stands where in the pictures, without a browser."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.viz import draw, explain, steps
from autograd_lite.viz.drawing.layout import lay_out
from autograd_lite.viz.drawing.picture import Picture
from autograd_lite.viz.graphs.finite_difference import agrees, finite_difference
from autograd_lite.viz.graphs.formula import whole_formula
from autograd_lite.viz.graphs.view import scalar_view
from autograd_lite.viz.steps.states import state_after, widest_texts
from autograd_lite.viz.theme import DARK

needs_graphviz = pytest.mark.usefixtures("engine")
SVG = "{http://www.w3.org/2000/svg}"


@needs_graphviz
def test_boxes_do_not_overlap_and_parallel_edges_run_apart():
    layout = lay_out([(100, 60)] * 4, [(0, 2), (1, 2), (1, 2), (2, 3)])
    assert not any(a.overlaps(b) for i, a in enumerate(layout.boxes) for b in layout.boxes[i + 1 :])
    first, second = layout.curves[1], layout.curves[2]
    assert second.at(0.5)[1] - first.at(0.5)[1] == pytest.approx(26.0)
    assert layout.boxes[0].x < layout.boxes[2].x < layout.boxes[3].x


@needs_graphviz
def test_operands_stand_above_what_uses_them():
    layout = lay_out([(100, 60)] * 2, [(0, 1), (0, 1)], "TB")
    assert layout.boxes[0].y < layout.boxes[1].y
    assert len(layout.curves) == 2


@needs_graphviz
@pytest.mark.parametrize("done", [0, 1, 2, 3, 10])
def test_a_picture_is_valid_and_complete_in_every_state(done, example):
    listed = steps(example("squared")[0])
    picture = Picture(listed.graph, widest_texts(listed))
    drawn = ET.fromstring(picture.svg(state_after(listed, done), theme=DARK))  # noqa: S314 - our own picture
    groups = list(drawn.iter(f"{SVG}g"))
    nodes = [g for g in groups if "data-node" in g.attrib]
    assert len(nodes) == 9
    assert all(g.get("aria-label") and g.get("tabindex") == "0" for g in nodes)
    assert len([g for g in groups if "data-edge" in g.attrib]) == 9
    assert drawn.find(f"{SVG}title").text == "Gradient graph of L"
    active = [g for g in groups if "active" in g.get("class", "").split()]
    assert len(active) == (1 if done > 1 else 0)
    unknown = sum("unknown" in g.get("class").split() for g in nodes)
    assert unknown == {0: 9, 1: 8, 2: 7, 3: 7, 10: 0}[done]


@pytest.mark.parametrize("name", ["two_one_one", "three_two_one", "squared", "shared"])
def test_finite_differences_confirm_every_leaf(name, example):
    graph = scalar_view(example(name)[0])
    for leaf in graph.leaves:
        assert agrees(finite_difference(graph, leaf), graph.adjoints[leaf])


def test_a_finite_difference_across_a_kink_confirms_nothing():
    graph = scalar_view(ag.relu(Value(0.0, "x")))
    assert not agrees(finite_difference(graph, 0), graph.adjoints[0])
    assert not agrees(float("nan"), 0.0)


def test_a_short_graph_is_one_formula_and_a_long_one_its_last():
    x = Value(2.0, "x")
    y = (x * x + 1.0).tanh()
    y.label = "y"
    assert whole_formula(scalar_view(y)) == "y = tanh(x · x + 1), with x = 2"
    assert whole_formula(scalar_view(x)) == "x = 2"
    for _ in range(40):
        y = y + y
    assert whole_formula(scalar_view(y)) == "v42 = v41 + v41, with x = 2"


def test_the_first_number_that_went_wrong_is_marked():
    p = Value(0.0, "p")
    root = 3.0 * ag.log(p) + 1.0
    dot = draw(root).dot
    assert "forward: log(p = 0) gave −∞" in dot
    assert dot.count(' color="#a8123e"') == 2, "the node and its operand"
    assert dot.count("penwidth=3") == 1
    x = Value(0.0, "x")
    assert "backward: all values are finite" in draw(x**0.5).dot
    assert "#a8123e" not in draw(Value(1.0, "x").log()).dot


@needs_graphviz
@pytest.mark.parametrize(
    "make",
    [
        lambda p: ag.log(p) * 3.0 + p,
        lambda p: ag.log(p - 1.0) * p,
        lambda p: ag.sqrt(p) * 0.0,
        lambda p: ag.where(p > 0.0, ag.log(p), p),
        lambda p: ag.maximum(p, p, 0.0),
        lambda p: p,
        lambda _p: Value.constant(2.0),
        lambda p: (p + 1e300) * 1e300,
    ],
    ids=["inf", "nan", "zero times inf", "where", "ties", "leaf", "constant", "overflow"],
)
def test_every_view_bears_every_number(make, tmp_path):
    root = make(Value(0.0, "p"))
    listed = steps(root, forward=True, lr=0.1)
    for kind in ("html", "md", "tex", "txt"):
        assert listed.save(tmp_path / f"steps.{kind}").stat().st_size
    assert listed.frames(tmp_path)
    assert draw(root).svg
    assert explain(root).latex
    for v in listed.graph.nodes:
        assert str(explain(root, v))
        assert explain(root, v).latex

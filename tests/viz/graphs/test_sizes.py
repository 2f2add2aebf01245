"""Networks at a readable size: folded from 40 boxes on, many inputs as one box, everything where it belongs."""

from __future__ import annotations

import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.errors import DomainError
from autograd_lite.viz import draw, steps
from autograd_lite.viz.drawing.picture import Picture
from autograd_lite.viz.graphs.course import course_view
from autograd_lite.viz.graphs.fold import fold
from autograd_lite.viz.graphs.levels import at_level
from autograd_lite.viz.steps.states import widest_texts

needs_graphviz = pytest.mark.usefixtures("engine")


def places(root, level=None):
    listed = steps(root) if level is None else steps(root, level=level)
    boxes = Picture(listed.graph, widest_texts(listed)).layout.boxes
    return dict(zip(listed.graph.names, boxes, strict=True))


def test_networks_fold_above_forty_boxes():
    small, large = (nn.MLP(2, [n, 1], activation="tanh")([0.5, 1.0]) ** 2 for n in (3, 6))
    assert len(course_view(small).nodes) <= 40 < len(course_view(large).nodes)
    assert at_level(course_view(small)).level == "scalars"
    assert at_level(course_view(large)).level == "neurons"
    v = Value(1.0, "x")
    for _ in range(30):
        v = v * 1.5
    assert at_level(course_view(v)).level == "scalars", "what has no neurons does not fold"


def test_more_than_eight_inputs_are_one_box_and_no_gradient_changes():
    model, x = nn.MLP(9, [3, 2], activation="tanh"), [0.1 * k for k in range(9)]
    loss = nn.cross_entropy(model(x), 1)
    graph = course_view(loss)
    folded = fold(graph)
    assert "x₁ … x₉" in folded.names
    assert folded.data_text(folded.names.index("x₁ … x₉")) == "9 numbers"
    for i, v in enumerate(folded.nodes):
        if folded.needs[i]:
            assert folded.adjoints[i] == pytest.approx(graph.adjoints[graph.index[v]], rel=1e-12)
    assert len(folded.uses) == 3 * 2 + 4
    assert [str(step) for step in steps(loss, level="neurons")]
    eight = nn.MLP(8, [3, 2])
    assert "x₈" in fold(course_view(nn.cross_entropy(eight(x[:8]), 1))).names


def test_inputs_with_a_gradient_stay_apart():
    model, x = nn.MLP(9, [2]), [Value(0.1 * k, f"x{k}") for k in range(9)]
    assert {v.label for v in x} <= set(fold(course_view(ag.fsum(model(x)))).names)


@pytest.mark.parametrize("sample", [1, 2, 3])
def test_any_sample_of_a_batch_is_shown(sample):
    model = nn.MLP(2, [2, 1], activation="tanh")
    rows = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]
    outputs = [model(row) for row in rows]
    loss = ag.mean([(out - 1.0) ** 2 for out in outputs])
    folded = fold(course_view(loss), sample=sample)
    assert outputs[sample - 1] in folded.nodes
    assert not {out for k, out in enumerate(outputs) if k != sample - 1} & set(folded.nodes)
    assert folded.caption.startswith(f"Showing sample {sample} of 3")
    assert f"sample {sample} of 3" in draw(loss, sample=sample, level="neurons").dot
    whole = course_view(loss)
    for i, v in enumerate(folded.nodes):
        if folded.needs[i]:
            assert folded.adjoints[i] == pytest.approx(whole.adjoints[whole.index[v]], rel=1e-12)


def test_a_sample_that_is_not_there_is_refused():
    loss = nn.MLP(2, [2, 1])([0.1, 0.2]) ** 2
    for sample in (0, 2, -1):
        with pytest.raises(DomainError, match=rf"sample is {sample}; the graph of v\d+ has 1 sample\."):
            steps(loss, sample=sample, level="neurons")


@needs_graphviz
@pytest.mark.parametrize("level", [None, "neurons"])
def test_the_neurons_of_a_layer_stand_in_order(level):
    model = nn.MLP(2, [3, 3], activation="sigmoid", seed=4)
    root = nn.cross_entropy(model([0.5, 1.0]), 0)  # class 0 comes last in the loss
    at = places(root, level)
    for letter, layer in (("a", "¹"), ("z", "²")):
        column = [at[f"{letter}{k}⁽{layer}⁾"] for k in "₁₂₃"]
        assert [box.y for box in column] == sorted(box.y for box in column)
        assert len({box.x + box.width / 2 for box in column}) == 1


@needs_graphviz
def test_the_products_of_an_unrolled_network_stay_at_their_time_step():
    w, u, h = Value(0.5, "w"), Value(0.3, "u"), Value.constant(0.1, "h0")
    for t in range(1, 6):
        product = w * Value.constant(0.1 * t, f"x{t}")
        product.label = f"wx{t}"
        h = (product + u * h).tanh()
        h.label = f"h{t}"
    at = places(h)
    for t in range(2, 6):
        assert at[f"h{t - 1}"].x < at[f"wx{t}"].x < at[f"h{t}"].x
        assert at[f"x{t}"].x > at[f"h{t - 2}"].x if t > 2 else True

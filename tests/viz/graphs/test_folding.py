"""Large graphs: folded without changing a gradient, opened in part, drawn within the limits, or refused."""

from __future__ import annotations

import re

import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.errors import GraphTooLargeError, OperandError, UnknownNameError
from autograd_lite.viz import draw, explain, steps
from autograd_lite.viz.drawing.picture import Picture
from autograd_lite.viz.graphs.fold import fold
from autograd_lite.viz.graphs.levels import at_level
from autograd_lite.viz.graphs.view import scalar_view
from autograd_lite.viz.steps.states import state_after, widest_texts

needs_graphviz = pytest.mark.usefixtures("engine")


def network(*sizes, activation="tanh", written_out=False):
    model = nn.MLP(2, list(sizes), activation=activation, seed=1, written_out=written_out)
    model.label_parameters()
    return model


def inputs():
    return [Value(0.5, "x1"), Value(-0.3, "x2")]


def squared_error(model, x, target=1.0):
    loss = (model(x) - target) ** 2
    loss.label = "loss"
    return loss


@pytest.mark.parametrize("written_out", [False, True])
@pytest.mark.parametrize("activation", ["tanh", "relu", "linear"])
def test_folding_keeps_every_gradient(activation, written_out):
    loss = squared_error(network(4, 3, 1, activation=activation, written_out=written_out), inputs())
    graph = scalar_view(loss)
    folded = fold(graph)
    assert len(folded.nodes) == 2 + 4 + 3 + 1 + 4  # inputs, neurons, and the loss with its two constants
    for i, v in enumerate(folded.nodes):
        assert folded.adjoints[i] == pytest.approx(graph.adjoints[graph.index[v]], rel=1e-12)


def test_boxes_are_called_like_their_neurons_and_say_what_they_do():
    folded = fold(scalar_view(squared_error(network(2, 1), inputs())))
    assert folded.names[2:5] == ["a₁⁽¹⁾", "a₂⁽¹⁾", "z₁⁽²⁾"]
    assert folded.formula(2).pretty == "tanh(Σ w·x + b)"
    assert folded.formula(4).pretty == "Σ w·x + b"
    assert folded.slope(4, 0).pretty == "w₁₁⁽²⁾"
    assert "Each of the 3 neurons is one box" in folded.caption


def test_a_batch_is_shown_by_its_first_sample():
    model = network(2, 1)
    samples = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]
    loss = ag.mean([squared_error(model, x) for x in samples])
    graph = scalar_view(loss)
    folded = fold(graph)
    assert [folded.names[i] for i in folded.folded] == ["a₁⁽¹⁾", "a₂⁽¹⁾", "z₁⁽²⁾"]
    assert "0.3" not in folded.names
    assert folded.caption.startswith("Showing sample 1 of 3 and its share of the gradients.")
    for i, v in enumerate(folded.nodes):
        assert folded.adjoints[i] == pytest.approx(graph.adjoints[graph.index[v]], rel=1e-12)
    assert len(steps(loss, level="neurons")) == len(folded.uses) + 1


def test_a_batch_of_a_hundred_is_stepped_on_a_page():
    model = network(4, 1)
    loss = ag.mean([squared_error(model, [0.01 * k, 0.5]) for k in range(100)])
    assert "Showing sample 1 of 100" in steps(loss).readable().graph.caption


def test_a_recurrent_network_shows_every_turn():
    cell = network(2)
    h = cell(inputs())
    out = cell(h)
    loss = out[0] + out[1]
    folded = fold(scalar_view(loss))
    assert [folded.names[i] for i in folded.folded] == ["z₁⁽¹⁾", "z₂⁽¹⁾", "z₁⁽¹⁾[2]", "z₂⁽¹⁾[2]"]
    assert "sample" not in folded.caption


def test_a_weight_that_is_used_outside_too_stays_in_sight():
    model = network(2, 1)
    w = model.parameters()[0]
    loss = squared_error(model, inputs()) + w * w
    folded = fold(scalar_view(loss))
    assert "w₁₁⁽¹⁾" in folded.names
    assert folded.adjoints[folded.index[w]] == pytest.approx(ag.gradients(loss, w))


def test_one_neuron_or_layer_stays_open():
    graph = scalar_view(squared_error(network(3, 2, 1), inputs()))
    opened = fold(graph, "layer1.neuron2")
    assert "w₂₁⁽¹⁾" in opened.names
    assert "w₁₁⁽¹⁾" not in opened.names
    assert "b₃⁽¹⁾" in fold(graph, "layer1").names
    for i, v in enumerate(opened.nodes):
        assert opened.adjoints[i] == pytest.approx(graph.adjoints[graph.index[v]], rel=1e-12)
    with pytest.raises(UnknownNameError, match=r"Did you mean 'layer1.neuron2'"):
        fold(graph, "layer1.neuron22")


def test_what_is_small_or_has_no_neurons_is_left_as_it_is(example):
    graph = scalar_view(example("two_one_one")[0])
    assert fold(graph) is graph
    assert at_level(graph) is graph
    with pytest.raises(GraphTooLargeError, match="label_parameters"):
        at_level(graph, "neurons")
    with pytest.raises(UnknownNameError, match="Known: layers, neurons, scalars"):
        at_level(graph, "neuron")


def test_layers_are_a_map_of_the_network():
    loss = squared_error(network(16, 16, 1), inputs())
    loss.backward()
    layers = at_level(scalar_view(loss), "layers")
    assert layers.level == "layers"
    assert [name for name in layers.names if name.startswith("layer")] == ["layer1", "layer2", "layer3"]
    dot = draw(loss, level="layers").dot
    assert "256 edges" in dot
    assert "16 values" in dot
    with pytest.raises(UnknownNameError, match="level for steps"):
        steps(loss, level="layers")


def test_steps_are_scalar_unless_asked_and_a_page_folds_by_itself():
    loss = squared_error(network(16, 16, 1), inputs())
    assert len(steps(loss)) == len(scalar_view(loss).uses) + 1
    folded = steps(loss, level="neurons")
    assert len(folded) == 2 * 16 + 16 * 16 + 16 + 2 + 1
    assert len(steps(loss).readable()) == len(folded)
    assert steps(loss, level="neurons").readable() is not None


def test_a_network_of_thousands_of_nodes_is_drawn_as_layers():
    loss = squared_error(network(60, 60, 60, 60, 1), inputs())
    assert len(scalar_view(loss).nodes) > 5000
    assert "level='neurons'" in draw(loss).dot.replace("&#x27;", "'")


def alarmed_boxes(dot):
    """Names of the boxes that are drawn in the colour of alarm, the culprit's first."""
    marked = [line for line in dot.splitlines() if ' color="#a8123e"' in line and "label=<" in line]
    return [re.search("<B>(.*?)</B>", line)[1] for line in sorted(marked, key=lambda line: "penwidth=3" not in line)]


@pytest.mark.parametrize(
    ("level", "culprit", "operands"),
    [
        ("scalars", "s₂⁽¹⁾", ["w₂₁⁽¹⁾", "w₂₂⁽¹⁾", "x1", "x2"]),
        ("neurons", "a₂⁽¹⁾", ["x1", "x2"]),
        ("layers", "layer1", ["x1", "x2"]),
    ],
)
def test_the_box_that_holds_the_first_bad_number_is_marked_at_every_level(level, culprit, operands):
    model = network(3, 2, 1, activation="relu")
    model.layers[0].neurons[1].w[1].data = -1e308
    loss = squared_error(model, [Value(0.5, "x1"), Value(-1e10, "x2")])
    dot = draw(loss, level=level).dot
    assert alarmed_boxes(dot) == [culprit, *operands]
    assert "forward: sumprod(layer1.neuron2.w1 = 0.330" in dot


@needs_graphviz
def test_between_150_and_500_nodes_boxes_are_one_line_and_none_overlaps():
    v = Value(1.0, "x")
    for _ in range(80):
        v = v * 1.0625
    listed = steps(v)
    picture = Picture(listed.graph, widest_texts(listed))
    assert picture.compact
    boxes = picture.layout.boxes
    assert {box.height for i, box in enumerate(boxes) if listed.graph.needs[i]} == {30.0}
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])
    drawn = picture.svg(state_after(listed, len(listed)))
    assert drawn.count('class="data"') == 81
    assert "127.7" in drawn
    assert 'class="grad"' not in drawn


@needs_graphviz
def test_a_folded_network_is_drawn_and_stepped():
    loss = squared_error(network(16, 16, 1), inputs())
    assert draw(loss).svg.count('<g class="node') == 39
    assert steps(loss)._repr_mimebundle_()["text/html"]


def test_what_nobody_could_read_is_refused_with_advice_and_text_still_works():
    v = Value(1.0, "x")
    for _ in range(5000):
        v = v + 0.5
    for show in (draw, lambda root: steps(root).readable()):
        with pytest.raises(GraphTooLargeError, match=r"10,001 nodes.*Show a part.*label_parameters.*Text works"):
            show(v)
    with pytest.raises(GraphTooLargeError, match=r"1,\d\d\d steps here; a page holds at most 800"):
        steps(squared_error(network(32, 32, 1), inputs())).readable()
    assert steps(v).transcript().count("\n") > 15_000
    assert str(explain(v, v.operands[0])).endswith("✓")


def test_an_input_that_reaches_a_neuron_twice_has_the_sum_of_both_slopes():
    x = Value(0.5, "x")
    loss = squared_error(network(3, 1), [x, x])
    folded = fold(scalar_view(loss))
    assert folded.adjoints[folded.index[x]] == pytest.approx(ag.gradients(loss, x))
    assert folded.slope(1, 0).pretty == "[2 paths inside]"


def test_the_neighbours_of_a_node_are_drawn_with_their_numbers():
    v = Value(1.0, "x")
    chain = [v]
    for _ in range(5000):
        chain.append(chain[-1] * 1.0001)
    root, middle = chain[-1], chain[2500]
    middle.label = "here"
    root.backward()
    drawing = draw(root, focus=middle)
    assert "of 10,001 nodes: those nearest to here" in drawing.dot
    assert drawing.dot.count("<B>here</B>") == 1
    assert f">{middle.grad:.4g}<" in drawing.dot
    assert drawing.dot.count(" [label=<") < 20
    with pytest.raises(OperandError, match="is not a node of the graph of"):
        draw(root, focus=Value(1.0, "other"))

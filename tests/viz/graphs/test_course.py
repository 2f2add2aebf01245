"""Nodes of a network are called as in a course, in pictures, steps and explanations alike."""

from __future__ import annotations

import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.viz import draw, explain, steps
from autograd_lite.viz.graphs.course import course_name, course_view


def loss_of(model, x, target=1.0):
    loss = (model(x) - target) ** 2 / 2
    loss.label = "E"
    return loss


def test_every_node_of_a_network_has_its_letter():
    graph = course_view(loss_of(nn.MLP(2, [2, 1], activation="sigmoid"), [0.5, 1.1]))
    assert {"x₁", "w₂₁⁽¹⁾", "b₁⁽²⁾", "s₂⁽¹⁾", "z₂⁽¹⁾", "a₂⁽¹⁾", "z₁⁽²⁾", "E"} <= set(graph.names)
    assert [name for name in graph.names if name.startswith("v")] == ["v1", "v2"], "what the network has not computed"


def test_a_neuron_that_is_written_out_has_products_and_partial_sums():
    graph = course_view(loss_of(nn.MLP(3, [1], activation="tanh", written_out=True), [0.5, 1.1, 2.0]))
    names = {graph.names[i]: graph.formula(i).pretty for i in graph.computed}
    assert names["p₁₃⁽¹⁾"] == "w₁₃⁽¹⁾ · x₃"
    assert names["s₁₂⁽¹⁾"] == "p₁₁⁽¹⁾ + p₁₂⁽¹⁾"
    assert names["s₁⁽¹⁾"] == "s₁₂⁽¹⁾ + p₁₃⁽¹⁾"
    assert names["z₁⁽¹⁾"] == "s₁⁽¹⁾ + b₁⁽¹⁾"


def test_samples_are_numbered_from_the_second():
    model = nn.MLP(2, [1], output_activation="tanh")
    names = course_view(loss_of(model, [0.1, 0.2]) + loss_of(model, [0.3, 0.4])).names
    assert {"a₁⁽¹⁾", "a₁⁽¹⁾[2]", "x₁", "x₁[2]"} <= set(names)
    assert len(set(names)) >= len(names) - 4, "only constants share a name"


def test_labels_of_a_user_stay_and_nothing_changes_without_a_network(example):
    model, x = nn.MLP(2, [1]), [Value(0.1, "height"), Value(0.2, "a₁⁽¹⁾")]
    out = model(x)
    out.label = "answer"
    names = course_view(out).names
    assert {"height", "a₁⁽¹⁾", "answer"} <= set(names)
    root, _ = example("two_one_one")
    assert course_view(root).names[:2] == ["x1", "x2"]
    assert model.parameters()[0].label == "layer1.neuron1.w1"


def test_the_same_names_stand_everywhere_and_long_names_are_understood():
    model = nn.MLP(2, [2, 1], activation="sigmoid")
    loss = loss_of(model, [0.5, 1.1])
    w = model.layers[0].neurons[0].w[0]
    assert ">w₁₁⁽¹⁾<" in draw(loss).dot
    assert "δ₁⁽¹⁾ += a₁⁽¹⁾.grad · ∂a₁⁽¹⁾/∂z₁⁽¹⁾" in str(steps(loss))
    assert str(explain(loss, w)).startswith("∂E/∂w₁₁⁽¹⁾: 1 path")
    assert r"\frac{\partial E}{\partial w_{11}^{(1)}}" in explain(loss, w).latex
    listed = steps(loss)
    assert listed.find(until="layer1.neuron1.w1") == listed.find(until="w₁₁⁽¹⁾")


def test_the_index_of_a_use_is_told_from_an_index_of_the_name():
    model = nn.MLP(1, [1], output_activation="linear")
    out = model([Value(0.5)])
    assert "₍₂₎" in str(explain(out * out, out))


def test_layer_and_neuron_with_more_than_one_digit_are_told_apart():
    assert course_name("layer1.neuron1.w12") == "w₁,₁₂⁽¹⁾"
    assert course_name("layer1.neuron11.w2") == "w₁₁,₂⁽¹⁾"
    assert course_name("a.b.layer12.neuron3.b") == "a.b.b₃⁽¹²⁾"


@pytest.mark.parametrize("label", ["neuron", "layer1.neuron2.", "layer1.neuronX.w1", "layer1.neuron1.weight3", ""])
def test_what_is_no_name_of_a_neuron_stays(label):
    assert course_name(label) == label


def test_names_are_unique_for_every_way_to_use_a_network():
    model = nn.MLP(2, [3, 2], activation="gelu", output_activation="softplus")
    shared = [Value(0.5, "x"), Value(0.5, "x")]
    out = ag.fsum([*model(shared), *model(model(shared))])
    graph = course_view(out + model.layers[0].neurons[0].w[0] ** 2)
    names = [name for i, name in enumerate(graph.names) if not graph.is_number(i)]
    assert len(set(names)) == len(names)

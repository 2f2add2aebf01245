"""Networks as circles: every number of the network is in the picture, and is the right one."""

from __future__ import annotations

import copy
import re
import xml.etree.ElementTree as ET

import pytest

import autograd_lite as ag
from autograd_lite import nn, viz
from autograd_lite.errors import OperandError, ShapeError, UnknownNameError
from autograd_lite.text import pretty_number

SVG = "{http://www.w3.org/2000/svg}"


def parsed(picture):
    return ET.fromstring(picture.svg)  # noqa: S314 - our own picture


def texts(picture, kind):
    return [e.text for e in parsed(picture).iter(f"{SVG}text") if e.get("class") == kind]


def weights(picture):
    """What the tooltips of the lines say, with colour and width of each."""
    groups = [g for g in parsed(picture).iter(f"{SVG}g") if g.get("class") == "weight"]
    return [(g[0].text, g[1].get("stroke"), float(g[1].get("stroke-width"))) for g in groups]


def test_every_weight_is_a_line_with_its_sign_and_size():
    model = nn.MLP(2, [3, 1], activation="tanh", seed=1)
    seen = weights(viz.network(model, theme="light"))
    assert len(seen) == 2 * 3 + 3 * 1
    by_name = {words.split(" = ")[0]: (words.split(" = ")[1], colour, width) for words, colour, width in seen}
    w = model.layers[0].neurons[2].w[1].data
    assert by_name["w₃₂⁽¹⁾"][0] == pretty_number(w)
    assert (by_name["w₃₂⁽¹⁾"][1] == "#b3400a") == (w < 0)
    flat = sorted(abs(p.data) for p in model.parameters() if p.label[-2] == "w")
    widths = sorted(width for *_, width in by_name.values())
    assert widths == pytest.approx([0.7 + 5.3 * size / flat[-1] for size in flat], abs=0.01)


def test_circles_show_activations_biases_and_deltas():
    model = nn.MLP(2, [2, 1], activation="sigmoid", output_activation="sigmoid", seed=3)
    x, hidden = [0.5, 1.1], model.layers[0]([0.5, 1.1])
    z = [v.operands[0] for v in hidden]
    loss = (model.layers[1](hidden)[0] - 0.8) ** 2 / 2
    picture = viz.network(model, x, 0.8)
    assert texts(picture, "data") == [pretty_number(v, 3) for v in (*x, *(h.data for h in hidden), model(x).data)]
    assert texts(picture, "grad")[:2] == [f"δ {pretty_number(d, 3)}" for d in ag.gradients(loss, z)]
    assert texts(picture, "bias") == ["b 0"] * 3
    assert f"loss {pretty_number(loss.data)}" in texts(picture, "name")
    assert all(p.grad == 0.0 for p in model.parameters()), "no gradient of the model is touched"


def test_before_and_after_stand_side_by_side_on_one_scale():
    before = nn.MLP(1, [1], seed=0)
    after = copy.deepcopy(before)
    before.layers[0].neurons[0].w[0].data, after.layers[0].neurons[0].w[0].data = 1.0, 4.0
    picture = viz.network(after, [2.0], 0.0, before=before)
    assert [width for *_, width in weights(picture)] == [pytest.approx(0.7 + 5.3 / 4, abs=0.01), 6.0]
    assert [t for t in texts(picture, "name") if "loss" in t] == ["before, loss 2", "after, loss 32"]


def test_large_layers_are_boxes_with_an_image():
    model = nn.MLP(64, [64, 3], seed=2)
    picture = viz.network(model, [k / 64 for k in range(64)], [0.0, 0.0, 1.0])
    assert {"64 inputs", "64 neurons"} <= set(texts(picture, "name"))
    assert len(weights(picture)) == 1 + 3
    assert weights(picture)[0][0].startswith("4,096 weights")
    cells = [e for e in parsed(picture).iter(f"{SVG}rect") if e.get("opacity")]
    assert {e.get("width") for e in cells} == {"14"}, "eight by eight"
    assert len(picture.svg) < 60_000


def test_a_layer_an_estimator_and_any_loss_will_do():
    assert repr(viz.network(nn.Layer(2, 3))) == "<picture of a network: 2 inputs, 3 neurons>"
    estimator = type("Estimator", (), {"network_": nn.MLP(1, [2])})()
    assert "1 input" in repr(viz.network(estimator, [0.5]))
    picture = viz.network(nn.MLP(2, [3], seed=0), [1.0, 2.0], 2, loss=nn.cross_entropy)
    assert len(texts(picture, "grad")) == 3


def test_it_needs_no_graphviz(without_graphviz, tmp_path):
    assert viz.network(nn.MLP(2, [1])).save(tmp_path / "network.svg").read_text().startswith("<?xml")
    assert "image/svg+xml" in viz.network(nn.MLP(2, [1]))._repr_mimebundle_()


def test_what_is_no_network_or_does_not_fit_is_refused():
    with pytest.raises(OperandError, match="has no layers of neurons to draw"):
        viz.network("model")
    with pytest.raises(ShapeError, match=r"x has 1 number; the network has 2 inputs"):
        viz.network(nn.MLP(2, [1]), [1.0])
    with pytest.raises(ShapeError, match=r"The target has 2 numbers; the network has 1 output"):
        viz.network(nn.MLP(2, [1]), [1.0, 2.0], [1.0, 2.0])
    with pytest.raises(OperandError, match="deltas belong to one sample"):
        viz.network(nn.MLP(2, [1]), target=1.0)
    with pytest.raises(UnknownNameError, match=r"Known: \.pdf, \.png, \.svg"):
        viz.network(nn.MLP(2, [1])).save("network.dot")


def test_numbers_that_are_not_finite_are_shown():
    model = nn.MLP(20, [20, 1], seed=0)
    model.layers[0].neurons[3].b.data = float("nan")
    picture = viz.network(model, [1.0] * 20)
    assert "#a8123e" in picture.svg
    assert re.search(r">nan<", picture.svg)

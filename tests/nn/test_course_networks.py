"""The networks of the course notes, number by number; the right values were computed apart from this project."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from sklearn.datasets import make_moons
from sklearn.neural_network import MLPClassifier

import autograd_lite as ag
from autograd_lite import Value, nn

SIGMOID_DATA = ([0.5, 2.5], [0.2, 0.9])


def set_parameters(model, numbers):
    parameters = model.parameters()
    assert len(parameters) == len(numbers)
    for p, number in zip(parameters, numbers, strict=True):
        p.data = number


def sigmoid_neuron(w=-2.0, b=-2.0):
    neuron = nn.Neuron(1, "sigmoid")
    set_parameters(neuron, [w, b])
    return neuron


def gradients_of(model, loss):
    return ag.gradients(loss, model.parameters())


def descend(neuron, epochs, xs, ys, *, momentum=0.0, per_sample=False):
    optimizer = nn.SGD(lr=1.0, momentum=momentum)
    batches = [[i] for i in range(len(xs))] if per_sample else [range(len(xs))]
    for _ in range(epochs):
        for batch in batches:
            loss = nn.half_sum_of_squares([neuron([xs[i]]) for i in batch], [ys[i] for i in batch])
            neuron.zero_grad()
            loss.backward()
            optimizer.step(neuron.parameters())
    outputs = [neuron([x]) for x in xs]
    return neuron.w[0].data, neuron.b.data, nn.half_sum_of_squares(outputs, ys).data, outputs


# --- The sigmoid neuron ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("epochs", "w", "b", "loss"),
    [
        (0, -2.0, -2.0, 0.415819901019993),
        (1, -1.99450768078436, -1.99228884078479, 0.415729855102202),
        (10, -1.94189448767775, -1.92000537943094, 0.414836778065579),
        (100, 1.00299021135979, -1.0507858880871, 0.0177410096217614),
        (1000, 1.79171983010224, -2.28211807291667, 2.42918657135468e-11),
    ],
)
def test_sigmoid_neuron_descends_as_computed_by_hand(epochs, w, b, loss):
    assert descend(sigmoid_neuron(), epochs, *SIGMOID_DATA)[:3] == pytest.approx((w, b, loss), rel=1e-7)


def test_sigmoid_neuron_scores_after_1000_epochs():
    outputs = descend(sigmoid_neuron(), 1000, *SIGMOID_DATA)[3]
    assert [o.data for o in outputs] == pytest.approx([0.200005792584, 0.899996123183], rel=1e-11)
    assert nn.rmse(outputs, SIGMOID_DATA[1]) == pytest.approx(4.92867788697e-6, rel=1e-7)
    assert nn.sum_of_squares(outputs, SIGMOID_DATA[1]).data == pytest.approx(4.85837314271e-11, rel=1e-7)


@pytest.mark.parametrize(
    ("xs", "w0", "expected"),
    [
        ([0.5, 0.2], -2.0, (-8.77771853945296, 3.30259088705737, 0.0042198942218829)),
        ([0.5, 2.5], 2.0, (1.79175828264425, -2.28217241872451, 2.17667555531739e-14)),
    ],
    ids=["the second input mis-copied", "the start mis-copied"],
)
def test_sigmoid_neuron_on_the_handwritten_variants(xs, w0, expected):
    assert descend(sigmoid_neuron(w=w0), 1000, xs, SIGMOID_DATA[1])[:3] == pytest.approx(expected, rel=1e-6)


def test_sigmoid_neuron_sample_by_sample():
    result = descend(sigmoid_neuron(), 1000, *SIGMOID_DATA, per_sample=True)
    assert result[:3] == pytest.approx((1.791726772381835, -2.282126953346305, 1.69866138e-11), rel=1e-7)


@pytest.mark.parametrize(
    ("epochs", "expected", "rel"),
    [
        (2, (-1.98400612503353, -1.97757608205532), 1e-13),
        (100, (2.90633266092285, -4.72227978561635, 0.0137105122671252), 1e-11),
        (1000, (1.79175946922806, -2.28217409573392), 1e-11),
    ],
)
def test_heavy_ball_momentum_on_the_sigmoid_neuron(epochs, expected, rel):
    result = descend(sigmoid_neuron(), epochs, *SIGMOID_DATA, momentum=0.9)
    assert result[: len(expected)] == pytest.approx(expected, rel=rel)
    if epochs == 1000:
        assert result[2] < 1e-31


def test_sigmoid_neuron_gradient_and_hessian_at_the_start():
    neuron = sigmoid_neuron()
    loss = nn.half_sum_of_squares([neuron([x]) for x in SIGMOID_DATA[0]], SIGMOID_DATA[1])
    slopes = ag.gradients(loss, neuron.parameters(), create_graph=True)
    assert [s.data for s in slopes] == pytest.approx([-0.0054923192156398635, -0.007711159215214426], rel=1e-14)
    hessian = [gradients_of(neuron, s) for s in slopes]
    assert hessian[0] == pytest.approx([-0.0061498298524910525, -0.0041391582265344895], rel=1e-13)
    assert hessian[1] == pytest.approx([-0.0041391582265344895, -0.005014115861689932], rel=1e-13)


def test_the_exact_optimum_of_the_sigmoid_neuron():
    neuron = sigmoid_neuron(math.log(6.0), -math.log(4.0) - 0.5 * math.log(6.0))
    loss = nn.half_sum_of_squares([neuron([x]) for x in SIGMOID_DATA[0]], SIGMOID_DATA[1])
    assert loss.data < 1e-31
    slopes = ag.gradients(loss, neuron.parameters(), create_graph=True)
    hessian = [gradients_of(neuron, s) for s in slopes]
    assert hessian == [pytest.approx([0.057025, 0.03305], rel=1e-10), pytest.approx([0.03305, 0.0337], rel=1e-10)]


def test_sign_of_the_sigmoid_slope_by_a_weight():
    w = Value(-2.0)
    assert ag.gradients(ag.sigmoid(w * 0.5 + -2.0), w) == pytest.approx(0.02258832986545607, rel=1e-14)


# --- The 2-1-1 and 3-2-1 networks -----------------------------------------------------------------------------------


def two_one_one():
    model = nn.MLP(2, [1, 1], activation="sigmoid", output_activation="sigmoid")
    set_parameters(model, [0.25, 0.3, -0.1, 0.33, 0.3])
    return model


def step_once(model, x, y, lr, only_weights=False):
    loss = nn.half_sum_of_squares(model(x), y)
    model.zero_grad()
    loss.backward()
    chosen = [p for name, p in model.named_parameters() if not (only_weights and name.endswith(".b"))]
    nn.SGD(lr=lr).step(chosen)
    output = model(x)
    return loss, output.data, nn.half_sum_of_squares(output, y).data


def test_two_one_one_forward_pass_and_gradients():
    model = two_one_one()
    x = [Value(0.5), Value(1.1)]
    output = model(x)
    loss = nn.half_sum_of_squares(output, 0.8)
    [hidden] = model.layers[0](x)
    assert hidden.operands[0].data == pytest.approx(0.355, abs=1e-15)
    assert (hidden.data, output.operands[0].data, output.data, loss.data) == pytest.approx(
        (0.587829538483, 0.493983747699, 0.621044451438, 0.016012544181), rel=1e-10
    )
    assert ag.gradients(loss, output) == pytest.approx(-0.178955548562, rel=1e-11)
    assert output.partials[0] == pytest.approx(0.235348240776, rel=1e-11)
    assert hidden.partials[0] == pytest.approx(0.242285972170, rel=1e-11)
    expected = [-0.001683714062, -0.003704170936, -0.003367428124, -0.024757542330, -0.042116873531]
    assert gradients_of(model, loss) == pytest.approx(expected, rel=1e-9)
    assert ag.gradients(loss, x) == pytest.approx([-0.000841857031, -0.001010228437], rel=1e-8)


def test_two_one_one_update_of_all_parameters():
    model = two_one_one()
    _, output, error = step_once(model, [0.5, 1.1], 0.8, 0.25)
    expected = [0.250420928515, 0.300926042734, -0.099158142969, 0.336189385583, 0.310529218383]
    assert [p.data for p in model.parameters()] == pytest.approx(expected, rel=1e-11)
    assert (output, error) == pytest.approx((0.624412543772, 0.015415477392), rel=1e-10)


def test_two_one_one_update_of_the_weights_alone():
    _, output, error = step_once(two_one_one(), [0.5, 1.1], 0.8, 0.25, only_weights=True)
    assert (output, error) == pytest.approx((0.621923880405, 0.015855552185), rel=1e-10)


def test_the_notes_sign_of_the_error_ascends():
    _, _, error = step_once(two_one_one(), [0.5, 1.1], 0.8, 0.25)
    model = two_one_one()
    loss = nn.half_sum_of_squares(model([0.5, 1.1]), 0.8)
    for p, slope in zip(model.parameters(), gradients_of(model, loss), strict=True):
        if not p.label.endswith(".b"):
            p.data += 0.25 * slope
    ascended = nn.half_sum_of_squares(model([0.5, 1.1]), 0.8).data
    assert ascended == pytest.approx(0.0161703, rel=1e-5)
    assert error < loss.data < ascended


def test_three_two_one_textbook_example():
    """Han & Kamber, "Data Mining", the worked example of backpropagation."""
    model = nn.MLP(3, [2, 1], activation="sigmoid", output_activation="sigmoid")
    set_parameters(model, [0.2, 0.4, -0.5, -0.4, -0.3, 0.1, 0.2, 0.2, -0.3, -0.2, 0.1])
    x = [1.0, 0.0, 1.0]
    hidden, output = model.layers[0](x), model(x)
    assert [h.data for h in hidden] == pytest.approx([0.331812227832, 0.524979187479], rel=1e-11)
    assert (output.operands[0].data, output.data) == pytest.approx((-0.104539505845, 0.473888898824), rel=1e-11)
    assert output.partials[0] == pytest.approx(0.249318210395, rel=1e-11)
    loss, after, error = step_once(model, x, 1.0, 0.9)
    assert loss.data == pytest.approx(0.138396445390, rel=1e-11)
    slope = {name: p.grad for name, p in model.named_parameters()}
    assert slope["layer1.neuron1.w1"] == slope["layer1.neuron1.b"] == pytest.approx(0.008724561965, rel=1e-9)
    assert slope["layer1.neuron2.b"] == pytest.approx(0.006542085064, rel=1e-9)
    assert slope["layer2.neuron1.b"] == pytest.approx(-0.131169078214, rel=1e-11)
    expected = [0.192147894231, 0.4, -0.507852105769, -0.407852105769]
    expected += [-0.305887876558, 0.1, 0.194112123442, 0.194112123442]
    expected += [-0.260828846342, -0.138025067507, 0.218052170393]
    assert [p.data for p in model.parameters()] == pytest.approx(expected, rel=1e-11)
    assert (after, error) == pytest.approx((0.515247950985, 0.117492274512), rel=1e-11)


# --- Linear and logistic regression ---------------------------------------------------------------------------------


def test_linear_regression_cost_and_gradient():
    line = nn.Neuron(1, "linear")
    set_parameters(line, [1.5, -2.0])
    loss = nn.half_mean_squared_error([line([0.5]), line([2.5])], [0.0, 1.0])
    assert loss.data == 0.53125
    assert gradients_of(line, loss) == [0.625, -0.25]


@pytest.mark.parametrize("form", ["from probabilities", "from logits"])
def test_logistic_regression_cost_and_gradient(form):
    neuron = nn.Neuron(1, "sigmoid" if form == "from probabilities" else "linear")
    set_parameters(neuron, [1.5, -2.0])
    cost = nn.binary_cross_entropy if form == "from probabilities" else nn.binary_cross_entropy_with_logits
    loss = cost([neuron([0.5]), neuron([2.5])], [0.0, 1.0])
    assert loss.data == pytest.approx(0.206076615891730, rel=1e-14)
    assert gradients_of(neuron, loss) == pytest.approx([-0.12938396283328457, 0.03732647039680971], rel=1e-13)


# --- Backpropagation in matrix form ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_gradients_equal_the_matrix_formulas_of_backpropagation(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, size=rng.integers(2, 5)).tolist()
    model = nn.MLP(sizes[0], sizes[1:], activation="tanh", output_activation="sigmoid", init="normal", seed=rng)
    x, y = rng.normal(size=sizes[0]), rng.random(sizes[-1])
    loss = nn.half_sum_of_squares(model(x), y)
    weights = [np.array([[w.data for w in n.w] for n in layer.neurons]) for layer in model.layers]
    biases = [np.array([n.b.data for n in layer.neurons]) for layer in model.layers]
    activations = [x]
    for w, b in zip(weights, biases, strict=True):
        z = w @ activations[-1] + b
        activations.append(np.tanh(z) if len(activations) < len(sizes) - 1 else 1.0 / (1.0 + np.exp(-z)))
    a = activations[-1]
    delta, expected = (a - y) * a * (1.0 - a), []
    for w, a in zip(reversed(weights), reversed(activations[:-1]), strict=True):
        expected.insert(0, np.column_stack([np.outer(delta, a), delta]).ravel())
        delta = (w.T @ delta) * (1.0 - a**2)
    np.testing.assert_allclose(gradients_of(model, loss), np.concatenate(expected), rtol=1e-11, atol=1e-15)


# --- XOR ------------------------------------------------------------------------------------------------------------

XOR_X, XOR_Y = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0]


def test_the_notes_xor_network_after_1000_passes():
    old = np.random.RandomState(2)  # the notes draw from NumPy's old generator, a layer's weights, then its biases
    drawn = [np.hstack([old.randn(n, m), old.randn(n, 1)]).ravel() for n, m in ((2, 2), (1, 2))]
    model = nn.MLP(2, [2, 1], activation="sigmoid", output_activation="sigmoid")
    set_parameters(model, np.concatenate(drawn))
    optimizer = nn.SGD(lr=1.0)
    for _ in range(1000):
        loss = nn.binary_cross_entropy([model(x) for x in XOR_X], XOR_Y)
        model.zero_grad()
        loss.backward()
        optimizer.step(model.parameters())
    assert [model(x).data for x in XOR_X] == pytest.approx([0.0243, 0.9792, 0.9831, 0.0214], abs=5e-5)


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "eager"])
def test_one_step_of_the_xor_network_equals_scikit_learn(compiled):
    theirs = MLPClassifier((2,), activation="logistic", solver="sgd", alpha=0, momentum=0, learning_rate_init=1.0)
    theirs.set_params(batch_size=4, random_state=0).partial_fit(XOR_X, XOR_Y, classes=[0, 1])
    model = nn.MLP(2, [2, 1], activation="sigmoid")
    layers = zip(theirs.coefs_, theirs.intercepts_, strict=True)
    set_parameters(model, np.concatenate([np.column_stack([w.T, b]).ravel() for w, b in layers]))
    loss = "binary_cross_entropy_with_logits"
    nn.fit(model, XOR_X, XOR_Y, loss=loss, optimizer=nn.SGD(lr=1.0), epochs=1, compile=compiled)
    theirs.partial_fit(XOR_X, XOR_Y)
    layers = zip(theirs.coefs_, theirs.intercepts_, strict=True)
    expected = np.concatenate([np.column_stack([w.T, b]).ravel() for w, b in layers])
    np.testing.assert_allclose([p.data for p in model.parameters()], expected, rtol=1e-12, atol=1e-13)


# --- micrograd's demo -----------------------------------------------------------------------------------------------


def test_micrograd_demo_losses():
    np.random.seed(1337)  # noqa: NPY002 - the demo draws from NumPy's old generator
    rng = random.Random(1337)  # noqa: S311 - nor is anything secret
    points, labels = make_moons(n_samples=100, noise=0.1)
    labels = (2 * labels - 1).tolist()
    model = nn.MLP(
        2, [16, 16, 1], init=lambda _, n_in, n_out: (np.array([rng.uniform(-1, 1) for _ in range(n_in)]), 0.0)
    )
    assert len(model.parameters()) == 337
    seen = []
    for k in range(2):
        scores = [model(row) for row in points.tolist()]
        loss = nn.hinge(scores, labels) + 1e-4 * sum(p * p for p in model.parameters())
        seen.append((loss.data, nn.accuracy_at_threshold(scores, labels, threshold=0.0)))
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / 100) * p.grad
    assert seen[0] == (pytest.approx(0.8958441028683222, rel=1e-12), 0.5)
    assert seen[1] == (pytest.approx(1.7235905336972022, rel=1e-11), 0.81)

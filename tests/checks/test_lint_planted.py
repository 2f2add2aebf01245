"""lint on generated networks: trouble planted at a random place is named there, and healthy networks give nothing."""

from __future__ import annotations

import math
import random

import pytest

import autograd_lite as ag
from autograd_lite import Value, nn

KINDS = {  # what is planted, and what else must show, because it follows from it
    "saturated": {"no gradient", "vanishing"},
    "dead": {"no gradient"},
    "edge": set(),
    "overflow": set(),
    "cancellation": set(),
    "logits": set(),
    "unused": set(),
    "no gradient": {"identical"},
    "vanishing": set(),
    "exploding": set(),
    "accumulated": set(),
    "identical": set(),
    "not a leaf": set(),
}
SQUASHING = ("tanh", "sigmoid", "arctan", "erf", "softsign")
HEALTHY = ("tanh", "sigmoid", "softplus", "gelu", "silu", "elu", "leaky_relu", "relu", "linear")
LOSSES = ("mean_squared_error", "root_mean_squared_error", "binary_cross_entropy_with_logits", "hinge", "cross_entropy")


def inputs(rng, n=32, width=2):
    return [[rng.gauss(0.0, 1.0) for _ in range(width)] for _ in range(n)]


def network(rng, activation, depth=None):
    sizes = [rng.randint(3, 6) for _ in range(depth or rng.randint(1, 3))]
    model = nn.MLP(2, [*sizes, 1], activation=activation, seed=rng.randrange(1000))
    model.label_parameters()
    return model


def squared_error(model, rng):
    return ag.mean([(model(x) - math.sin(x[0])) ** 2 for x in inputs(rng)])


def any_unit(model, rng):
    layer = rng.randrange(len(model.layers) - 1)
    neuron = rng.randrange(len(model.layers[layer].neurons))
    return model.layers[layer].neurons[neuron], f"layer{layer + 1}.neuron{neuron + 1}"


# --- One planted trouble each: the loss, the parameters, the op that must be named, and words ------------------------


def plant_saturated(rng):
    activation = rng.choice(SQUASHING)
    model = network(rng, activation if activation in ("tanh", "sigmoid") else getattr(ag, activation))
    unit, name = any_unit(model, rng)
    unit.b.data = rng.choice([-1.0, 1.0]) * rng.uniform(80.0, 120.0)
    return squared_error(model, rng), model.parameters(), activation, [f"1 of {units(model)} {activation}", name]


def plant_dead(rng):
    model = network(rng, "relu")
    unit, name = any_unit(model, rng)
    unit.b.data = -rng.uniform(60.0, 1000.0)
    return squared_error(model, rng), model.parameters(), "relu", [f"1 of {units(model)} relu", "all of 32", name]


def plant_edge(rng):
    model = network(rng, "tanh")
    op, end, side = rng.choice([(ag.log, 0, 1), (ag.log2, 0, 1), (ag.log1p, -1, 1), (ag.arctanh, 1, -1)])
    near = rng.uniform(1e-9, 1e-8)
    share = Value(end + side * near, "share")
    loss = squared_error(model, rng) - 1e-3 * op(share)
    return loss, [*model.parameters(), share], op.name, [f"{op.name}(share = ", "end of its domain", "slope"]


def plant_overflow(rng):
    model = network(rng, "tanh")
    op, low, high = rng.choice([(ag.exp, 350, 700), (ag.cosh, 350, 700), (ag.square, 1e80, 1e150), (ag.sinh, 350, 700)])
    large = Value(rng.uniform(low, high), "large")
    return squared_error(model, rng) + ag.log(abs(op(large))), model.parameters(), op.name, [f"{op.name}(large = "]


def plant_cancellation(rng):
    model = network(rng, "tanh")
    small = Value(rng.uniform(1e-7, 1e-5), "small")
    lost = rng.choice(
        [lambda: ag.sqrt(1.0 + small**2) - 1.0, lambda: 1.0 - ag.cos(small), lambda: ag.exp(small**2) - 1]
    )
    return squared_error(model, rng) * 1e-12 + lost(), model.parameters(), None, ["cancel", "right digits"]


def plant_logits(rng):
    model = network(rng, "tanh")
    z = model(inputs(rng)[0])
    probability = rng.choice([ag.sigmoid(z), 1.0 - ag.sigmoid(-z), ag.softmax([z, Value(0.5)])[0]])
    return squared_error(model, rng) - ag.log(probability), model.parameters(), "log", ["log is taken", "logits"]


def plant_unused(rng):
    model = network(rng, "tanh")
    lost = [Value(rng.random(), f"lost{i}") for i in range(rng.randint(1, 3))]
    loss = squared_error(model, rng) + ag.stop(ag.fsum(lost)) if rng.random() < 0.5 else squared_error(model, rng)
    parameters = model.parameters() + lost
    rng.shuffle(parameters)
    return loss, parameters, None, [f"{len(lost)} of {len(parameters)} parameters", "lost"]


def plant_no_gradient(rng):
    """All weights of two layers 0: each waits for the other."""
    model = network(rng, "tanh", depth=rng.randint(2, 3))
    cut = [w for layer in model.layers[-2:] for neuron in layer.neurons for w in neuron.w]
    for w in cut:
        w.data = 0.0
    for neuron in model.layers[-2].neurons:
        neuron.b.data = 0.0
    count = len(model.parameters()) - 1  # the last bias learns
    return squared_error(model, rng), model.parameters(), None, [f"{count} of {count + 1} parameters", "layer1"]


def plant_vanishing(rng):
    model = network(rng, "sigmoid", depth=rng.randint(14, 18))
    for w in model.parameters():
        w.data *= 0.3
    return squared_error(model, rng), model.parameters(), None, ["layer1.", "is left", "smallest slope", "sigmoid("]


def plant_exploding(rng):
    model = network(rng, "linear", depth=rng.randint(6, 8))
    for w in model.parameters():
        w.data *= 50.0
    return squared_error(model, rng), model.parameters(), None, ["multiply to 1e", "largest"]


def plant_accumulated(rng):
    model = network(rng, "tanh")
    loss = squared_error(model, rng)
    for _ in range(rng.randint(2, 5)):
        loss.backward()
    return loss, model.parameters(), None, ["one sweep of this loss gives", "zero_grad"]


def plant_identical(rng):
    model = network(rng, rng.choice(["tanh", "sigmoid"]))
    for neuron in model.layers[0].neurons:
        for p in [*neuron.w, neuron.b]:
            p.data = 0.2
    for neuron in model.layers[1].neurons:
        for w in neuron.w:
            w.data = neuron.w[0].data
    count = len(model.layers[0].neurons)
    return squared_error(model, rng), model.parameters(), None, [f"{count} of {units(model)}", "layer1.neuron1.w1"]


def plant_not_a_leaf(rng):
    w = Value(rng.gauss(0.0, 1.0), "w")
    for _ in range(rng.randint(1, 5)):
        loss = (ag.tanh(w * 0.7) - 0.3) ** 2
        loss.backward()
        w -= 0.1 * w.grad
    return (ag.tanh(w * 0.7) - 0.3) ** 2, [w], "sub", ["w.data -= lr * w.grad"]


def units(model):
    return sum(len(layer.neurons) for layer in model.layers[:-1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seeds", [range(3), pytest.param(range(3, 30), marks=pytest.mark.long)], ids=["few", "many"])
def test_what_is_planted_is_named(kind, seeds):
    for seed in seeds:
        check_planted(kind, seed)


def check_planted(kind, seed):
    plant = globals()["plant_" + kind.replace(" ", "_")]
    loss, parameters, op, words = plant(random.Random(seed))  # noqa: S311 - no secret
    report = ag.lint(loss, parameters)
    assert {finding.kind for finding in report} - KINDS[kind] == {kind}
    found = next(finding for finding in report if finding.kind == kind)
    assert op is None or found.node.op.name == op
    for word in words:
        assert word in str(found)
    assert found.advice.endswith(".")
    assert str(report).count("\n") == len(report) - 1


@pytest.mark.parametrize("seeds", [range(1), pytest.param(range(1, 20), marks=pytest.mark.long)], ids=["one", "many"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", HEALTHY)
def test_fresh_networks_are_healthy(activation, loss, seeds):
    for seed in seeds:
        check_healthy(activation, loss, seed)


def check_healthy(activation, loss, seed):
    rng = random.Random(f"{activation} {loss} {seed}")  # noqa: S311 - no secret
    width = 3 if loss == "cross_entropy" else 1
    sizes = [*rng.choice([[4], [16], [8, 8], [6, 6, 6]]), width]
    model = nn.MLP(3, sizes, activation=activation, seed=seed)
    samples = inputs(rng, width=3)
    targets = [i % width if width > 1 else 2.0 * (i % 2) - 1.0 for i in range(len(samples))]
    if loss == "binary_cross_entropy_with_logits":
        targets = [(t + 1.0) / 2.0 for t in targets]
    assert str(ag.lint(getattr(nn, loss)([model(x) for x in samples], targets), model.parameters())) == (
        "Nothing looks unhealthy."
    )


# --- The networks of courses, before and after training ---------------------------------------------------------------

XOR = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]


def neuron(w, b):
    """Half the squared error of a sigmoid neuron on the two points of the course's program."""
    return 0.5 * ag.fsum([(ag.sigmoid(w * x + b) - y) ** 2 for x, y in ((0.5, 0.2), (2.5, 0.9))])


@pytest.mark.parametrize(
    ("w", "b"), [(-2.0, -2.0), (1.79171983010224, -2.28211807291667), (1.79175946923, -2.28217409573)]
)
def test_the_sigmoid_neuron_is_healthy_all_the_way_to_its_minimum(w, b):
    leaves = [Value(w, "w"), Value(b, "b")]
    assert not ag.lint(neuron(*leaves), leaves)


@pytest.mark.parametrize("epochs", [0, 1000])
def test_xor_is_healthy_on_logits_and_said_to_lack_them_on_probabilities(epochs):
    for output, loss, kinds in (("linear", "_with_logits", []), ("sigmoid", "", ["logits"])):
        model = nn.MLP(2, [2, 1], activation="sigmoid", output_activation=output, seed=3)
        name = f"binary_cross_entropy{loss}"
        nn.fit(model, XOR, [0.0, 1.0, 1.0, 0.0], loss=name, optimizer=nn.SGD(lr=1.0), epochs=epochs or 1)
        report = ag.lint(getattr(nn, name)([model(x) for x in XOR], [0.0, 1.0, 1.0, 0.0]), model.parameters())
        assert [finding.kind for finding in report] == kinds


def test_a_hinge_loss_that_training_has_brought_to_zero_is_healthy():
    model = nn.MLP(2, [8, 8, 1], activation="relu", seed=0)
    samples = inputs(random.Random(0))  # noqa: S311 - no secret
    targets = [math.copysign(1.0, x[0]) for x in samples]
    nn.fit(model, samples, targets, loss="hinge", optimizer=nn.Adam(0.02), epochs=300)
    loss = nn.hinge([model(x) for x in samples], targets)
    assert loss.data == 0.0
    assert not ag.lint(loss, model.parameters())

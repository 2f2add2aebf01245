"""lint: each kind of trouble is found and named where it was planted, and a healthy graph gives nothing."""

from __future__ import annotations

import itertools
import math
import random

import pytest

import autograd_lite as ag
from autograd_lite import TABLE, OperandError, Value, nn
from autograd_lite.checks.lint_units import slope_at_zero


def network(widths, activation, *, scale=1.0, seed=0):
    """A network of plain Values: a function of two numbers, and its parameters by layer and neuron."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    sizes = [2, *widths]
    layers = [
        [
            ([Value(scale * chance.gauss(0.0, 1.0), f"w{k}{j}{i}") for i in range(n)], Value(0.1, f"b{k}{j}"))
            for j in range(m)
        ]
        for k, (n, m) in enumerate(itertools.pairwise(sizes))
    ]

    def run(xs):
        for k, layer in enumerate(layers):
            zs = [ag.sumprod(w, xs) + b for w, b in layer]
            xs = zs if k == len(layers) - 1 else [activation(z) for z in zs]
        return xs[0]

    return run, [p for layer in layers for w, b in layer for p in (*w, b)], layers


INPUTS = [[math.sin(i), math.cos(2.0 * i)] for i in range(12)]


def batch_loss(run):
    return ag.mean([(run(x) - 0.3) ** 2 for x in INPUTS])


def kinds(loss, parameters=()):
    return [finding.kind for finding in ag.lint(loss, parameters)]


def test_a_healthy_network_has_no_findings():
    run, parameters, _ = network([4, 4, 1], ag.tanh)
    report = ag.lint(batch_loss(run), parameters)
    assert not report
    assert str(report) == "Nothing looks unhealthy."


@pytest.mark.parametrize("activation", [ag.tanh, ag.sigmoid, ag.arctan, ag.erf], ids=lambda op: op.name)
def test_saturated_units_are_counted(activation):
    run, parameters, _ = network([4, 1], activation, scale=300.0)
    report = ag.lint(batch_loss(run), parameters)
    assert report[0].kind == "saturated"
    assert report[0].node.op is activation
    assert f"of 4 {activation.name} units are flat for most of 12 inputs" in report[0].message
    assert "above 'w0" in report[0].message


def test_one_saturated_unit_among_healthy_ones_is_found():
    run, parameters, layers = network([4, 1], ag.tanh)
    layers[0][2][1].data = 30.0
    report = ag.lint(batch_loss(run), parameters)
    assert report[0].message.startswith("1 of 4 tanh units is flat for most of 12 inputs; ")
    assert "above 'w02" in report[0].message


def test_a_dead_relu_is_found_with_the_weights_that_cannot_learn():
    run, parameters, layers = network([4, 1], ag.relu)
    for _, b in layers[0]:
        b.data = 5.0
    layers[0][1][1].data = -50.0
    report = ag.lint(batch_loss(run), parameters)
    assert [finding.kind for finding in report] == ["dead", "no gradient"]
    assert "1 of 4 relu units is dead" in report[0].message
    assert "above 'w01" in report[0].message
    assert "3 of 17 parameters: 'w010', 'w011', 'b01'" in report[1].message


def test_a_squashing_unit_whose_slope_has_vanished_is_saturated_and_not_dead():
    run, parameters, layers = network([4, 1], ag.tanh)
    layers[0][0][1].data = 1000.0
    assert kinds(batch_loss(run), parameters) == ["saturated", "no gradient"]


def test_a_relu_that_sleeps_for_one_input_is_no_finding():
    w = Value(-1.0, "w")
    assert kinds(ag.relu(w * 2.0) + w) == []


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: ag.log(Value(1e-9, "p")), "edge", "log(p = 1e−9) is next to the end of its domain"),
        (lambda: ag.arctanh(Value(1.0 - 1e-12)), "edge", "arctanh"),
        (lambda: Value(1e-16) ** 0.5, "edge", "pow"),
        (lambda: ag.log(ag.exp(Value(600.0))), "overflow", "exp(600) is 3.773e260"),
        (lambda: (ag.sqrt(1.0 + Value(1e-9)) - 1.0) / 1e-9, "cancellation", "about 6 right digits"),
        (lambda: 1.0 - ag.cos(Value(1e-5)), "cancellation", "sub(1, 1)"),
        (lambda: -ag.log(ag.sigmoid(Value(2.0))), "logits", "log is taken of a probability from sigmoid(2)"),
        (lambda: -ag.log(1.0 - ag.sigmoid(Value(2.0))), "logits", "from sigmoid(2)"),
        (lambda: -ag.log1p(-ag.sigmoid(Value(2.0))), "logits", "log1p is taken"),
        (lambda: -ag.log(ag.softmax([Value(2.0), Value(1.0)])[0]), "logits", "binary_cross_entropy_with_logits"),
        (lambda: ag.log(ag.exp(Value(600.0)) * 0.0 - 1.0), "not finite", "log needs x > 0; it got −1"),
        (lambda: ag.sqrt(Value(0.0)), "not finite", "backward"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_faults_are_named(make, kind, words):
    report = ag.lint(make())
    assert report[0].kind == kind
    assert words in str(report[0])
    assert isinstance(report[0].node, Value)


@pytest.mark.parametrize(
    "make",
    [
        lambda z: ag.softplus(-z),
        lambda z: -ag.logsigmoid(z),
        lambda z: -ag.log_softmax([z, Value(1.0)])[0],
        lambda z: ag.log1p(z * z),
        lambda z: ag.log(ag.maximum(z, 1e-3)) + ag.log(z + z * z) + ag.log(ag.mean([z, 1.0])),
        lambda z: (z - 2.0 + 1e-6) ** 2,
        lambda z: ag.log(1.0 + ag.exp(z)),
        lambda z: ag.sin(z * 100.0),
        lambda z: Value.constant(3.0),
        lambda z: z,
    ],
)
def test_good_forms_give_nothing(make):
    assert kinds(make(Value(2.0, "z"))) == []


def test_gradients_that_vanish_and_explode_along_the_strongest_path():
    deep, parameters, _ = network([3] * 14 + [1], ag.sigmoid, scale=0.5)
    report = ag.lint(batch_loss(deep), parameters)
    assert [finding.kind for finding in report] == ["vanishing"]
    assert report[0].node.label.startswith(("w0", "b0"))
    assert "sigmoid" in report[0].message
    v = start = Value(2.0, "v")
    for _ in range(40):
        v = v * 3.0
    report = ag.lint(v)
    assert [finding.kind for finding in report] == ["exploding"]
    assert report[0].node is start
    assert "multiply to 1e19 at 'v'" in report[0].message


@pytest.mark.parametrize("seed", range(5))
def test_nine_layers_of_sigmoids_leave_too_little_of_the_gradient(seed):
    model = nn.MLP(2, [4] * 9 + [1], activation="sigmoid", seed=seed)
    report = ag.lint(batch_loss(model), model.parameters())
    assert [finding.kind for finding in report] == ["vanishing"]
    assert report[0].node in model.layers[0].parameters()


@pytest.mark.parametrize(("widths", "activation"), [([4] * 5, "sigmoid"), ([4] * 10, "tanh"), ([48] * 6, "tanh")])
def test_deep_networks_that_still_learn_are_healthy(widths, activation):
    model = nn.MLP(2, [*widths, 1], activation=activation, seed=0)
    assert kinds(batch_loss(model), model.parameters()) == []


# --- Training by hand -----------------------------------------------------------------------------------------------


def line(x, w, b):
    return (ag.tanh(w * x + b) - 0.3) ** 2


@pytest.mark.parametrize("sweeps", [2, 5])
def test_gradients_that_add_up_over_sweeps_of_one_loss_are_found(sweeps):
    w, b = Value(0.5, "w"), Value(-0.2, "b")
    loss = line(2.0, w, b)
    for _ in range(sweeps):
        loss.backward()
    for report in (ag.lint(loss, [w, b]), ag.lint(loss)):
        assert [finding.kind for finding in report] == ["accumulated"]
        assert "zero_grad" in report[0].advice
    w.grad = b.grad = 0.0
    loss.backward()
    assert kinds(loss, [w, b]) == []


def test_gradients_left_from_another_sample_are_found():
    w, b = Value(0.5, "w"), Value(-0.2, "b")
    line(3.0, w, b).backward()
    loss = line(2.0, w, b)
    assert kinds(loss, [w, b]) == []  # not swept yet: they may be set to 0 before
    loss.backward()
    finding = ag.lint(loss, [w, b])[0]
    assert finding.kind == "accumulated"
    assert "the gradient of 'w' is " in finding.message


@pytest.mark.parametrize("change", [lambda w, b: None, lambda w, b: [setattr(v, "grad", v.grad * 0.1) for v in (w, b)]])
@pytest.mark.parametrize("seed", [1.0, -0.5, 2.5])
def test_one_sweep_with_any_seed_and_a_clipped_gradient_are_no_finding(seed, change):
    w, b = Value(0.5, "w"), Value(-0.2, "b")
    loss = line(2.0, w, b)
    loss.backward(seed)
    change(w, b)
    assert kinds(loss, [w, b]) == []


@pytest.mark.parametrize("start", [0.0, 0.3])
@pytest.mark.parametrize("activation", [ag.tanh, ag.sigmoid], ids=lambda op: op.name)
def test_neurons_that_start_alike_are_found(start, activation):
    run, parameters, _ = network([4, 1], activation)
    for p in parameters:
        p.data = start
    report = ag.lint(batch_loss(run), parameters)
    assert "identical" in [finding.kind for finding in report]
    found = next(finding for finding in report if finding.kind == "identical")
    assert found.message.startswith(f"4 of 4 {activation.name} units have equal parameters and equal gradients")
    assert "'w000' and 'w010'" in found.message


def test_neurons_that_training_will_tell_apart_are_no_finding():
    run, parameters, layers = network([4, 1], ag.tanh)
    for w, b in layers[0]:
        w[0].data = w[1].data = b.data = 0.3  # alike, but the weights behind them differ
    assert kinds(batch_loss(run), parameters) == []


def test_a_parameter_that_an_update_replaced_is_found():
    w = Value(0.5, "w")
    for step in range(4):
        loss = line(2.0, w, 0.1)
        report = ag.lint(loss, [w])
        assert [finding.kind for finding in report] == (["not a leaf"] if step else [])
        loss.backward()
        w -= 0.1 * w.grad
    assert [finding.kind for finding in ag.lint(line(2.0, w, 0.1))] == ["not a leaf"]  # seen without being told
    assert "w.data -= lr * w.grad" in report[0].advice
    assert kinds(line(Value(2.0) - 1.0 + 0.5, Value(0.5), 0.1)) == []


def test_a_path_past_a_weak_unit_is_no_vanishing_gradient():
    """A residual sum keeps the gradient: the strongest path counts."""
    x = Value(1.0)
    y = x
    for _ in range(20):
        y = y + ag.sigmoid(y - 6.0) * 1e-3
    assert kinds(y) == []


def test_unused_parameters_are_named():
    used, unused, cut = Value(1.0, "used"), Value(2.0, "unused"), Value(3.0, "cut")
    report = ag.lint(used * 2.0 + ag.stop(cut), [used, unused, cut])
    assert [finding.kind for finding in report] == ["unused"]
    assert "2 of 3 parameters: 'unused', 'cut'" in report[0].message


def test_squashing_functions_are_known_by_their_slopes_alone():
    squashing = {op.name for op in TABLE.values() if len(op.operand_names) == 1 and not op.many and slope_at_zero(op)}
    assert {"sigmoid", "tanh", "arctan", "erf", "softsign"} <= squashing
    assert not squashing & {"relu", "sin", "exp", "softplus", "gelu", "silu", "log", "square", "identity"}


def test_deep_graphs_are_read_without_recursion():
    v = Value(1.0)
    for _ in range(20_000):
        v = v + 1.0
    assert kinds(v) == []


def test_no_grad_is_touched():
    w = Value(2.0)
    ag.lint(w * w, [w])
    assert w.grad == 0.0


@pytest.mark.parametrize("wrong", [(3.0,), (None,), (Value(1.0), [2.0])])
def test_only_values_are_taken(wrong):
    with pytest.raises(OperandError, match="all of them Values"):
        ag.lint(*wrong)

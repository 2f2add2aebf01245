"""Modules, neurons, layers and the perceptron: structure, names, seeds, and what bad input gets."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.errors import OperandError, ShapeError, UnknownNameError


def numbers(model):
    return [p.data for p in model.parameters()]


def test_parameters_have_a_fixed_order_and_names():
    model = nn.MLP(2, [2, 1])
    names = [name for name, _ in model.named_parameters()]
    hidden = [f"layer1.neuron{j}.{end}" for j in (1, 2) for end in ("w1", "w2", "b")]
    assert names == [*hidden, "layer2.neuron1.w1", "layer2.neuron1.w2", "layer2.neuron1.b"]
    assert [p.label for p in model.parameters()] == names
    assert model.layers[0].neurons[1].w[0].label == "layer1.neuron2.w1"


def test_parameters_are_found_through_attributes_lists_dicts_and_arrays():
    class Custom(nn.Module):
        def __init__(self):
            self.shared = Value(1.0)
            self.blocks = {"left": nn.Neuron(1), "again": [self.shared, 3.0, "text"]}
            self.matrix = np.array([[Value(2.0), Value(3.0)]], dtype=object)
            self.frozen = Value.constant(4.0)
            self.computed = self.shared * 2.0
            self.me = self

    model = Custom()
    names = [name for name, _ in model.named_parameters()]
    assert names == ["shared", "blocks.left.w1", "blocks.left.b", "matrix1", "matrix2"]
    assert repr(model) == "Custom(5 parameters)"


def test_a_module_without_call_says_so():
    with pytest.raises(NotImplementedError, match="Define one"):
        nn.Module()(1.0)


def test_a_deep_nest_of_modules_needs_no_recursion():
    outer = inner = nn.Module()
    for _ in range(10_000):
        inner.next = nn.Module()
        inner = inner.next
    inner.w = Value(1.0)
    assert len(outer.parameters()) == 1
    while outer is not None:  # taken apart from the outside, for Python's own sake
        outer = vars(outer).pop("next", None)


def test_zero_grad():
    model = nn.MLP(1, [1])
    model([2.0]).backward()
    assert [p.grad for p in model.parameters()] == [2.0, 1.0]
    model.zero_grad()
    assert [p.grad for p in model.parameters()] == [0.0, 0.0]


@pytest.mark.parametrize("activation", nn.activation_names())
def test_every_activation_by_name_and_written_out(activation):
    together = nn.Layer(3, 2, activation, seed=1)
    written_out = nn.Layer(3, 2, activation, seed=1, written_out=True)
    for a, b in zip(together([0.5, -1.0, 2.0]), written_out([0.5, -1.0, 2.0]), strict=True):
        assert a.data == pytest.approx(b.data, rel=1e-14, nan_ok=True)
        slopes = [ag.gradients(v, n.parameters()) for v, n in ((a, together), (b, written_out))]
        assert slopes[0] == pytest.approx(slopes[1], rel=1e-13, nan_ok=True)


def test_an_activation_of_ones_own():
    neuron = nn.Neuron(1, lambda z: ag.sigmoid(z, beta=5.0))
    neuron.w[0].data, neuron.b.data = 1.0, 0.0
    z = neuron([0.3])
    assert z.data == pytest.approx(0.8175744761936437, rel=1e-14)
    assert ag.gradients(z, neuron.b) == pytest.approx(0.7457322603516642, rel=1e-13)


def test_the_weighted_sum_is_one_node_or_all_of_them():
    def ops(neuron):
        return [v.op.name for v in ag.reverse.reachable([neuron([1.0, 2.0])]) if v.op]

    assert ops(nn.Neuron(2, "tanh")) == ["sumprod", "add", "tanh"]
    assert ops(nn.Neuron(2, "linear", written_out=True)) == ["mul", "mul", "add", "add"]


def test_one_output_is_a_value_and_more_are_a_list():
    assert isinstance(nn.MLP(2, [3, 1])([1.0, 2.0]), Value)
    assert len(nn.MLP(2, [3, 2])([1.0, 2.0])) == 2
    assert isinstance(nn.Layer(2, 1)([1.0, 2.0]), list)


def test_a_row_of_an_array_and_values_are_inputs_too():
    model = nn.MLP(2, [3, 1])
    x = [Value(1.0), Value(2.0)]
    assert model(np.array([1.0, 2.0])).data == model((1, 2)).data == model(x).data
    assert all(ag.gradients(model(x), x))


def test_the_same_seed_gives_the_same_weights_and_no_global_one_is_touched():
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - that is what must not change
    assert numbers(nn.MLP(3, [4, 1], seed=5)) == numbers(nn.MLP(3, [4, 1], seed=5))
    assert numbers(nn.MLP(3, [4, 1], seed=5)) != numbers(nn.MLP(3, [4, 1], seed=6))
    assert numbers(nn.MLP(3, [4, 1], seed=None)) != numbers(nn.MLP(3, [4, 1], seed=None))
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


@pytest.mark.parametrize(
    ("init", "spread"),
    [
        ("uniform", 1 / 3**0.5),
        ("normal", 1.0),
        ("small", 0.01),
        ("xavier", (2 / 500) ** 0.5),
        ("he", (2 / 400) ** 0.5),
        ("lecun", 400**-0.5),
    ],
)
def test_initialisers_have_the_spread_that_they_promise(init, spread):
    layer = nn.Layer(400, 100, "tanh", init=init)
    weights = np.array([[w.data for w in n.w] for n in layer.neurons])
    assert weights.std() == pytest.approx(spread, rel=0.02)
    assert abs(weights.mean()) < 4 * spread / 200
    biases = {n.b.data for n in layer.neurons}
    assert (len(biases) > 1) if init == "normal" else biases == {0.0}


def test_a_model_copies_and_pickles():
    model = nn.MLP(2, [3, 1], activation="tanh")
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):  # noqa: S301 - our own bytes
        assert numbers(twin) == numbers(model)
        assert [p.label for p in twin.parameters()] == [p.label for p in model.parameters()]
        assert twin([1.0, 2.0]).data == model([1.0, 2.0]).data
        twin.parameters()[0].data = 9.0
        assert model.parameters()[0].data != 9.0


def test_representations():
    assert repr(nn.MLP(2, [16, 16, 1])) == "MLP(2 → 16 relu → 16 relu → 1 linear, 337 parameters)"
    assert repr(nn.Neuron(1, "tanh")) == "Neuron(1 input, tanh, 2 parameters)"
    assert repr(nn.Layer(2, 3)) == "Layer(2 → 3 relu, 9 parameters)"


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: nn.MLP(3, [1])([0.5, -1.0]),
            ShapeError,
            r"MLP got 2 inputs, \[0.5, -1.0\]; it was built for 3. Pass one number per input, or build MLP\(n_in=2",
        ),
        (lambda: nn.Layer(3, 1)([0.5]), ShapeError, "Layer got 1 input,"),
        (lambda: nn.Neuron(1)(2.0), OperandError, "needs a sequence of 1 numbers"),
        (lambda: nn.Neuron(1)(Value(2.0)), OperandError, "needs a sequence"),
        (lambda: nn.Neuron(3)("abc"), OperandError, "needs a sequence"),
        (lambda: nn.Neuron(1)([None]), OperandError, "NoneType"),
        (lambda: nn.MLP(2, [1])(np.zeros((2, 2))), ShapeError, "one sample at a time"),
        (lambda: nn.MLP(2, [1])([[1.0, 2.0], [3.0, 4.0]]), OperandError, "list"),
        (lambda: nn.MLP(2, [1])(np.zeros((5, 2))), ShapeError, "one sample at a time"),
        (lambda: nn.MLP(2, []), ShapeError, "layer sizes"),
        (lambda: nn.MLP(2, 16), ShapeError, "layer sizes 16"),
        (lambda: nn.MLP(2, [0]), ShapeError, "at least 1"),
        (lambda: nn.MLP(0, [1]), ShapeError, "at least 1"),
        (lambda: nn.MLP(2, [1.5]), ShapeError, "1.5"),
        (lambda: nn.MLP(2, [1], activation="rleu"), UnknownNameError, "Did you mean 'relu'"),
        (lambda: nn.MLP(2, [1], init="xaviar"), UnknownNameError, "Did you mean 'xavier'"),
        (lambda: nn.Neuron(2, "mul"), UnknownNameError, "activation 'mul'"),
    ],
)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()

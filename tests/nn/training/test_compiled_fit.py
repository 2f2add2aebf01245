"""Compiled training gives the numbers of the eager engine, for any model; nothing depends on the MLP."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.errors import TraceError

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(12, 3))
MANY = np.tile(INPUTS, (10, 1))
REAL = np.sin(INPUTS.sum(axis=1))
BINARY = (REAL > 0).astype(float)
CLASSES = RNG.integers(0, 3, size=12)


class Custom(nn.Module):
    """Shared weights, a neuron of its own, a choice, a polynomial: what no layer of the library has."""

    def __init__(self):
        self.w = [Value(0.3), Value(-0.2), Value(0.7)]
        self.bend = Value(0.5)
        self.scale = {"in": Value(1.1), "unused": Value(9.0)}
        self.fixed = Value.constant(0.25)

    def __call__(self, x):
        z = ag.sumprod(self.w, x) + ag.sumprod(list(reversed(self.w)), x) ** 2 * self.fixed
        z = ag.where(z > 0.0, z, self.bend * z)
        return ag.tanh(self.scale["in"] * z) * self.w[0]


class Matrices(nn.Module):
    """Written with NumPy's operators on arrays of Values."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self.hidden = np.array([[Value(w) for w in row] for row in rng.normal(size=(4, 3))], dtype=object)
        self.output = np.array([[Value(w) for w in row] for row in rng.normal(size=(2, 4))], dtype=object)

    def __call__(self, x):
        return self.output @ np.tanh(self.hidden @ np.array(x, dtype=object))


class Silenced(nn.Module):
    def __init__(self):
        self.hidden = nn.Layer(3, 8, "tanh", seed=0)
        self.dropouts = [nn.Dropout(8, 0.3), nn.Dropout(3, 0.2)]
        self.output = nn.Layer(8, 1, "linear", seed=1)

    def __call__(self, x):
        return self.output(self.dropouts[0](self.hidden(self.dropouts[1](x))))[0]


def mlp(outputs=1, **kind):
    return nn.MLP(3, [5, 4, outputs], seed=2, **kind)


CASES = {
    "regression": (mlp, REAL, "mean_squared_error", {}),
    "sum": (lambda: nn.Neuron(3, "tanh"), REAL, "half_sum_of_squares", {"batch_size": 5}),
    "root": (mlp, REAL, "root_mean_squared_error", {}),
    "probabilities": (lambda: mlp(activation="tanh", output_activation="sigmoid"), BINARY, "binary_cross_entropy", {}),
    "logits": (
        lambda: mlp(activation="silu"),
        BINARY,
        "binary_cross_entropy_with_logits",
        {"class_weight": "balanced"},
    ),
    "hinge": (mlp, 2 * BINARY - 1, "hinge", {"penalty": nn.L2(1e-2)}),
    "classes": (lambda: mlp(3), CLASSES, "cross_entropy", {"batch_size": 5, "validation": 0.25}),
    "shares": (lambda: mlp(3), np.eye(3)[CLASSES] * 0.7 + 0.1, "cross_entropy", {}),
    "several outputs": (lambda: mlp(2), np.column_stack([REAL, BINARY]), "mean_squared_error", {}),
    "written out": (lambda: mlp(written_out=True), REAL, "mean_squared_error", {"batch_size": 1}),
    "custom": (Custom, REAL, lambda o, t: ag.log(ag.cosh(o - t)), {"batch_size": 7, "sample_weight": BINARY + 0.5}),
    "matrices": (Matrices, np.column_stack([REAL, BINARY]), "mean_squared_error", {"batch_size": 5}),
    "dropout": (Silenced, REAL, "mean_squared_error", {"batch_size": 4, "validation": 0.25}),
}


@pytest.mark.parametrize("case", CASES)
def test_eager_and_compiled_agree(case):
    build, targets, loss, settings = CASES[case]
    runs = []
    for compiled in (False, True):
        model = build()
        history = nn.fit(
            model,
            INPUTS,
            targets,
            loss=loss,
            optimizer=nn.SGD(0.05, 0.5),
            epochs=6,
            seed=1,
            compile=compiled,
            **settings,
        )
        runs.append((history, [p.data for p in model.parameters()], nn.predict(model, MANY, compile=compiled)))
    (eager, weights, outputs), (fast, fast_weights, fast_outputs) = runs
    assert fast_weights == pytest.approx(weights, rel=1e-9, abs=1e-12)
    assert fast.loss == pytest.approx(eager.loss, rel=1e-9)
    assert fast.validation_loss == pytest.approx(eager.validation_loss, rel=1e-9)
    assert fast.gradient_norm == pytest.approx(eager.gradient_norm, rel=1e-8)
    np.testing.assert_allclose(fast_outputs, outputs, rtol=1e-9)
    assert eager.loss[-1] < eager.loss[0] or case == "dropout"


def test_a_model_that_branches_on_its_numbers_says_so():
    class Branching(nn.Module):
        def __init__(self):
            self.w = Value(1.0)

        def __call__(self, x):
            return self.w * x[0] if x[0] > 0 else self.w

    with pytest.raises(TraceError, match=r"ag\.where.*compile=False"):
        nn.fit(Branching(), INPUTS, REAL, loss="mean_squared_error", epochs=1)
    nn.fit(Branching(), INPUTS, REAL, loss="mean_squared_error", epochs=1, compile=False)
    assert nn.predict(Branching(), INPUTS).shape == (12,)
    with pytest.raises(TraceError, match="compile=False"):
        nn.predict(Branching(), MANY)


def test_no_python_work_per_weight_or_sample_in_a_step(monkeypatch):
    calls = []
    model = mlp()
    original = type(model).__call__
    monkeypatch.setattr(type(model), "__call__", lambda self, x: calls.append(1) or original(self, x))
    nn.fit(model, INPUTS, REAL, loss="mean_squared_error", epochs=50, batch_size=4)
    assert len(calls) <= 2  # to count the outputs, and to trace


def test_digits_are_learned():
    inputs, classes = load_digits(return_X_y=True)
    split = train_test_split(inputs / 16, classes, test_size=1 / 3, random_state=0, stratify=classes)
    train_x, test_x, train_y, test_y = split
    model = nn.MLP(64, [32, 10], seed=0)
    nn.fit(model, train_x, train_y, loss="cross_entropy", optimizer=nn.Adam(0.005), epochs=40, batch_size=32, seed=0)
    assert nn.accuracy_of_classes(nn.predict(model, test_x), test_y) >= 0.97

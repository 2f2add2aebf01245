"""Losses, optimisers, initialisers and activations of a user's own: named, trained with, saved and loaded."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.errors import DomainError, ModelFileError, OperandError, UnknownNameError
from autograd_lite.nn.networks.activations import ACTIVATIONS

X = np.linspace(-1.0, 1.0, 12)[:, None]
Y = X[:, 0] ** 2
REGISTRIES = [nn.LOSSES, nn.OPTIMIZERS, nn.INITIALISERS, ACTIVATIONS]


class SignDescent(nn.Optimizer):
    remembers = ("last",)

    def rule(self, w, g, memory):
        return w - self.lr * np.sign(g + 0.5 * memory["last"]), {"last": g}


def pinball(output, target):
    return ag.maximum(0.9 * (target - output), 0.1 * (output - target))


def bump(z):
    return ag.exp(-z * z)


def ones(_rng, n_in, _n_out):
    return np.ones(n_in), 0.5


EACH = [
    (nn.register_loss, "pinball", pinball, nn.mean_squared_error),
    (nn.register_optimizer, "sign_descent", SignDescent, nn.SGD),
    (nn.register_initialiser, "ones", ones, ones),
    (nn.register_activation, "bump", bump, bump),
]


@pytest.fixture(autouse=True)
def unchanged():
    before = [dict(registry) for registry in REGISTRIES]
    yield
    for registry, things in zip(REGISTRIES, before, strict=True):
        registry.clear()
        registry.update(things)


def register_all():
    for register, name, thing, _ in EACH:
        register(name, thing)


def trained(**names):
    named = {"loss": "pinball", "optimizer": "sign_descent", "init": "ones", "activation": "bump", **names}
    model = nn.MLP(1, [3, 1], init=named.pop("init"), activation=named.pop("activation"), seed=0)
    history = nn.fit(model, X, Y, **named, epochs=5, batch_size=4, seed=0)
    return model, history


def numbers(model):
    return [p.data for p in model.parameters()]


def test_a_name_trains_as_the_thing_itself():
    register_all()
    model, history = trained()
    same, expected = trained(loss=pinball, optimizer=SignDescent(), init=ones, activation=bump)
    assert numbers(model) == numbers(same)
    assert history.loss == expected.loss


@pytest.mark.parametrize(("register", "name", "thing", "other"), EACH, ids=[name for _, name, *_ in EACH])
def test_a_name_is_taken_once(register, name, thing, other):
    register(name, thing)
    with pytest.raises(DomainError, match=f"'{name}' exists already.*replace=True"):
        register(name, other)
    register(name, other, replace=True)


@pytest.mark.parametrize(
    ("register", "name", "thing"),
    [
        (nn.register_loss, "hinge", pinball),
        (nn.register_optimizer, "adam", SignDescent),
        (nn.register_initialiser, "auto", ones),
        (nn.register_activation, "linear", bump),
        (nn.register_activation, "tanh", bump),
    ],
)
def test_names_of_the_library_are_taken(register, name, thing):
    with pytest.raises(DomainError, match="exists already"):
        register(name, thing)


@pytest.mark.parametrize("register", [register for register, *_ in EACH])
def test_what_cannot_be_registered(register):
    with pytest.raises(OperandError, match="3 is not a"):
        register("mine", 3)
    with pytest.raises(OperandError, match="is not a name"):
        register("no name", dict(zip([r for r, *_ in EACH], [t for _, _, t, _ in EACH], strict=True))[register])


def test_an_unknown_name_is_offered_the_nearest():
    register_all()
    with pytest.raises(UnknownNameError, match="Did you mean 'pinball'"):
        trained(loss="pinbal")
    with pytest.raises(UnknownNameError, match="Did you mean 'bump'"):
        nn.Neuron(1, "bumb")
    assert "bump" in nn.activation_names()


def test_saved_and_loaded(tmp_path):
    register_all()
    model, history = trained()
    optimizer = SignDescent(0.02)
    nn.fit(model, X, Y, loss="pinball", optimizer=optimizer, epochs=1)
    nn.save(model, tmp_path / "m.npz", optimizer=optimizer, history=history)
    saved = nn.load_checkpoint(tmp_path / "m.npz")
    assert saved.model([0.3]).data == model([0.3]).data
    assert type(saved.optimizer) is SignDescent
    assert saved.optimizer.settings() == optimizer.settings()
    assert np.array_equal(saved.optimizer.memory["last"], optimizer.memory["last"])


@pytest.mark.parametrize(("kind", "registry", "name"), [("activation", 3, "bump"), ("optimizer", 1, "sign_descent")])
def test_a_file_that_needs_a_name_names_it(kind, registry, name, tmp_path):
    register_all()
    model = nn.MLP(1, [2, 1], activation="bump")
    nn.save(model, tmp_path / "m.npz", optimizer=SignDescent())
    del REGISTRIES[registry][name]
    words = f"needs the {kind} '{name}', which is not registered; call nn.register_{kind}\\('{name}', ...\\) before"
    with pytest.raises(ModelFileError, match=words):
        nn.load(tmp_path / "m.npz")


def test_a_file_imports_nothing(tmp_path):
    """Names that look like modules are names."""
    (tmp_path / "planted.py").write_text("print('imported')\n")
    nn.register_activation("planted", bump)
    nn.save(nn.MLP(1, [2, 1], activation="planted"), tmp_path / "m.npz")
    code = "from autograd_lite import nn\ntry:\n    nn.load('m.npz')\nexcept ValueError as error:\n    print(error)"
    path = ":".join(p for p in [str(tmp_path), *sys.path] if p)
    done = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert "needs the activation 'planted'" in done.stdout
    assert "imported" not in done.stdout


def test_an_optimizer_without_a_name_cannot_be_saved(tmp_path):
    with pytest.raises(OperandError, match=r"SignDescent has no name.*register_optimizer"):
        nn.save(nn.Neuron(1), tmp_path / "m.npz", optimizer=SignDescent())


def test_an_alias_leaves_the_loss_its_own_name():
    alias = nn.register_loss("mse", nn.mean_squared_error)
    assert alias is nn.LOSSES["mse"] is nn.mean_squared_error
    assert alias.name == "mean_squared_error"


def test_a_replaced_activation_is_compiled_anew():
    """Programs are shared by networks of one architecture; the name alone does not tell what they compute."""
    pytest.importorskip("sklearn")

    def predicted():
        model = nn.MLPRegressor((2,), activation="bump", max_iter=1, solver="lbfgs", random_state=0)
        with pytest.warns(match="still improving"):
            model.fit(X, Y)
        return model.predict(X), nn.predict(model.network_, X, compile=False)

    nn.register_activation("bump", bump)
    first, eager = predicted()
    assert np.allclose(first, eager)
    nn.register_activation("bump", lambda z: math.pi * ag.tanh(z), replace=True)
    second, eager = predicted()
    assert np.allclose(second, eager)
    assert not np.allclose(first, second)

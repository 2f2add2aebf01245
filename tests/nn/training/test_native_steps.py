"""Epochs in machine code: to the bit what Python's steps give, also when they are broken off."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.errors import NonFiniteError
from autograd_lite.nn.training import native_steps
from autograd_lite.nn.training.adjusting import products_repeat
from autograd_lite.nn.training.native_steps import NativeSteps
from tests.nn.training.test_broken_off import Interrupt

pytestmark = pytest.mark.usefixtures("machine_code")

RNG = np.random.default_rng(3)
X = RNG.normal(size=(45, 3))
Y = X[:, 0] * X[:, 1] - X[:, 2]

CASES: list[dict[str, Any]] = [
    {"optimizer": nn.Adam(0.02)},
    {"optimizer": nn.SGD(0.05, 0.9, nesterov=True, weight_decay=0.01), "batch_size": 45, "epochs": 40},
    {"optimizer": nn.RMSProp(0.01), "batch_size": 7, "shuffle": False},
    {"optimizer": nn.AdamW(0.02), "validation": 0.3, "metrics": [nn.rmse]},
    {"optimizer": nn.SGD(0.05), "sample_weight": np.arange(1.0, 46.0), "batch_size": 1, "epochs": 3},
    {"optimizer": nn.Adam(0.02, clip_value=0.3), "callbacks": [nn.Schedule(lambda epoch: 0.05 / epoch)]},
    {"optimizer": nn.Adam(0.02), "penalty": nn.L2(0.01)},
    {"optimizer": nn.SGD(0.02, 0.9), "penalty": nn.L1(0.003), "batch_size": 7},
    {"optimizer": nn.Adam(0.02), "penalty": nn.L2(0.01, mask=np.arange(31.0) % 2.0)},
    {"optimizer": nn.SGD(0.05, weight_decay=0.01, clip_norm=0.4)},
    {"optimizer": nn.AdamW(0.02, clip_norm=0.2, clip_value=0.1), "penalty": nn.L1(0.01)},
    {"optimizer": nn.SGD(0.05, clip_norm=0.0)},
    {"optimizer": nn.Adam(0.02), "model": "dropout"},
    {"optimizer": nn.RMSProp(0.01, clip_norm=1.0), "model": "dropout", "penalty": nn.L2(0.01), "batch_size": 7},
]


class Dropped(nn.Module):
    """A network with two dropouts."""

    def __init__(self) -> None:
        self.first, self.second = nn.Dropout(3, 0.2), nn.Dropout(6, 0.5)
        self.hidden, self.output = nn.Layer(3, 6, "tanh", seed=2), nn.Layer(6, 1, "linear", seed=3)

    def __call__(self, x: Any) -> Any:
        return self.output(self.second(self.hidden(self.first(x))))[0]


def trained(optimizer: nn.Optimizer, history: nn.History | None = None, model: Any = None, **settings: Any) -> Any:
    """What there is after training."""
    model = model or nn.MLP(3, [6, 1], activation="tanh", seed=2)
    model = Dropped() if model == "dropout" else model
    given: dict[str, Any] = {"loss": "mean_squared_error", "epochs": 9, "batch_size": 8, "seed": 5}
    history = nn.fit(model, X, Y, optimizer=optimizer, **(given | settings | {"resume": history}))
    memory = {name: numbers.tobytes() for name, numbers in optimizer.memory.items()}
    told = history.loss, history.validation_loss, history.gradient_norm, history.lr, history.metrics
    return [p.data for p in model.parameters()], told, optimizer.steps, memory


def fresh(optimizer: nn.Optimizer) -> nn.Optimizer:
    return type(optimizer)(**optimizer.settings())


@pytest.fixture
def by_python(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run something with steps that Python takes."""

    def run(call: Any) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(native_steps, "FEWEST", 10**9)
            return call()

    return run


@pytest.mark.parametrize("case", range(len(CASES)))
def test_the_bits_are_those_of_pythons_steps(case: int, by_python: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = dict(CASES[case])
    optimizer = settings.pop("optimizer")
    expected = by_python(lambda: trained(fresh(optimizer), **settings))
    calls = []
    evaluate = nn.Training.evaluate
    monkeypatch.setattr(nn.Training, "evaluate", lambda *args: calls.append("Python") or evaluate(*args))
    assert trained(fresh(optimizer), **settings) == expected
    has_products = optimizer.clip_norm is not None or isinstance(settings.get("penalty"), nn.L2)
    assert bool(calls) is (has_products and not products_repeat())


def test_slices_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine's speed, and so the steps between two looks for Ctrl-C."""
    expected = trained(nn.Adam(0.02), batch_size=2)
    for seconds in (0.0, 1.0):
        monkeypatch.setattr(native_steps, "SLICE", seconds)
        assert trained(nn.Adam(0.02), batch_size=2) == expected


def test_interrupted_at_some_lines(by_python: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands after Ctrl-C goes on to what a straight run gives."""
    monkeypatch.setattr(native_steps, "SLICE", 0.0)  # as often as can be
    settings: dict[str, Any] = {"batch_size": 5, "epochs": 5, "metrics": [nn.rmse]}
    straight = by_python(lambda: trained(nn.Adam(0.02), **settings))
    whole = Interrupt(10**9)
    with whole:
        assert trained(nn.Adam(0.02), **settings) == straight
    within = 0
    for place in np.random.default_rng().choice(10**9 - whole.left, size=25, replace=False) + 1:
        model, optimizer = nn.MLP(3, [6, 1], activation="tanh", seed=2), nn.Adam(0.02)
        history = nn.History(seed=5)
        try:
            with Interrupt(int(place)):
                trained(optimizer, history, model, **settings)
        except KeyboardInterrupt:
            pass
        within += history.unfinished is not None
        assert trained(optimizer, history, model, **settings) == straight, place
    assert within


@pytest.mark.parametrize("kind", [lambda: nn.MLP(3, [6, 1], activation="tanh", seed=2), Dropped])
def test_an_epoch_that_was_broken_off_goes_on(kind: Any) -> None:
    """By machine code after Python's first steps, with the masks that come next."""
    straight = trained(nn.Adam(0.02), model=kind())

    class Stops(nn.Adam):
        def rule(self, w: Any, g: Any, memory: Any) -> Any:
            if self.steps == 3:
                raise KeyboardInterrupt
            return super().rule(w, g, memory)

    model, optimizer, history = kind(), Stops(0.02), nn.History(seed=5)
    trained(optimizer, history, model)
    assert history.unfinished is not None
    after = nn.Adam(0.02)
    after.restore(optimizer.state())
    assert trained(after, history, model) == straight


@pytest.mark.parametrize("size", [1, 9, 1003, 12_000])
def test_penalties_and_lengths_add_in_numpys_order(size: int, by_python: Any) -> None:
    """For few weights and for many, for which BLAS may take other ways."""
    data = RNG.normal(size=(3, 1))

    class Many(nn.Module):
        def __init__(self) -> None:
            self.w = [ag.Value(float(k % 101) / 7.0 - 6.0) for k in range(size)]

        def __call__(self, x: Any) -> Any:
            return self.w[0] * x[0]

    def run(penalty: Any) -> list[float]:
        model = Many()
        settings: dict[str, Any] = {"loss": "mean_squared_error", "optimizer": nn.SGD(0.01, clip_norm=0.3)}
        history = nn.fit(model, data, data[:, 0], penalty=penalty, epochs=30, **settings)
        return [*history.loss, *history.gradient_norm, *[w.data for w in model.w[:9]]]

    for penalty in (nn.L1(0.01), nn.L2(0.001)):
        assert run(penalty) == by_python(functools.partial(run, penalty))


@pytest.mark.parametrize("rate", [1e3, 1e160])
def test_what_is_not_finite_is_named_as_ever(rate: float, by_python: Any) -> None:
    def run() -> tuple[str, list[float], int]:
        model, optimizer = nn.MLP(3, [6, 1], seed=2), nn.SGD(rate, 0.9)
        with pytest.raises(NonFiniteError) as found:
            trained(optimizer, None, model, epochs=60)
        return str(found.value), [p.data for p in model.parameters()], optimizer.steps

    assert run() == by_python(run)


def test_a_rule_of_the_users_own_is_asked_at_each_step() -> None:
    steps: list[int] = []

    class Own(nn.SGD):
        def rule(self, w: Any, g: Any, memory: Any) -> Any:
            steps.append(self.steps)
            return super().rule(w, g, memory)

    trained(Own(0.01))
    assert steps == list(range(9 * 6))


def test_a_callback_may_change_what_is_trained(by_python: Any) -> None:
    def change(training: nn.Training) -> None:
        if training.epoch == 3:
            training.optimizer.beta1 = 0.5  # type: ignore[attr-defined]
            training.data = [training.data[0] * 2.0, *training.data[1:]]

    expected = by_python(lambda: trained(nn.Adam(0.02), callbacks=change))
    assert trained(nn.Adam(0.02), callbacks=change) == expected


@pytest.mark.parametrize("settings", [{"loss": "sum_of_squares"}, {"compile": False}])
def test_what_machine_code_does_not_do_is_left_to_python(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []
    monkeypatch.setattr(NativeSteps, "take", lambda *_: taken.append(1))
    trained(nn.SGD(0.001), **settings)
    assert not taken

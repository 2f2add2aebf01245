"""Optimisers: rules worked out by hand, the same on arrays and on Values, and what bad input gets."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Value, nn
from autograd_lite.errors import DomainError, ShapeError
from autograd_lite.nn.optimizers.named import optimizer_named


def test_heavy_ball_follows_its_rule():
    rng = np.random.default_rng(0)
    weights, gradients = rng.normal(size=5), rng.normal(size=(4, 5))
    expected, change = weights.copy(), np.zeros(5)
    optimizer = nn.SGD(lr=0.3, momentum=0.8)
    for g in gradients:
        weights = optimizer.update(weights, g)
        change = -0.3 * g + 0.8 * change
        expected = expected + change
    np.testing.assert_allclose(weights, expected, rtol=1e-15)
    assert optimizer.steps == 4


def test_values_and_arrays_get_the_same_step():
    values = [Value(1.0), Value(-2.0)]
    weights = np.array([1.0, -2.0])
    by_values, by_array = nn.SGD(lr=0.1, momentum=0.9), nn.SGD(lr=0.1, momentum=0.9)
    for slope in (0.5, -3.0):
        for v in values:
            v.grad = slope
        by_values.step(values)
        weights = by_array.update(weights, np.array([slope, slope]))
    assert [v.data for v in values] == weights.tolist()


@pytest.mark.parametrize("momentum", [-0.1, 1.0, float("nan")])
def test_momentum_out_of_range(momentum):
    with pytest.raises(DomainError, match="momentum is"):
        nn.SGD(lr=0.1, momentum=momentum)


def test_a_learning_rate_is_not_negative():
    with pytest.raises(DomainError, match="lr is -1"):
        nn.SGD(lr=-1.0)


def test_an_optimiser_remembers_one_model():
    optimizer = nn.SGD(lr=0.1, momentum=0.5)
    optimizer.update(np.zeros(3), np.ones(3))
    with pytest.raises(ShapeError, match="fresh optimiser"):
        optimizer.update(np.zeros(2), np.ones(2))


NONE = {"weight_decay": 0.0, "clip_norm": None, "clip_value": None}
ADAM = {"lr": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}


@pytest.mark.parametrize(
    ("optimizer", "settings"),
    [
        (nn.Optimizer(), NONE | {"lr": 0.01}),
        (nn.SGD(), NONE | {"lr": 0.01, "momentum": 0.0, "nesterov": False}),
        (nn.RMSProp(), NONE | {"lr": 0.001, "decay": 0.9, "eps": 1e-8}),
        (nn.Adam(), NONE | ADAM),
        (nn.AdamW(), NONE | ADAM | {"weight_decay": 0.01}),
    ],
    ids=lambda x: type(x).__name__,
)
def test_usual_settings_are_those_of_the_papers(optimizer, settings):
    assert optimizer.settings() == settings
    assert (optimizer.steps, optimizer.memory) == (0, {})


def test_settings_are_given_by_position_in_the_order_of_the_formula():
    assert nn.SGD(0.1, 0.5).settings() == nn.SGD(lr=0.1, momentum=0.5).settings()
    assert nn.RMSProp(0.1, 0.5, 1e-3).settings() == nn.RMSProp(lr=0.1, decay=0.5, eps=1e-3).settings()
    for kind in (nn.Adam, nn.AdamW):
        assert kind(0.1, 0.5, 0.6, 1e-3).settings() == kind(lr=0.1, beta1=0.5, beta2=0.6, eps=1e-3).settings()


def test_switches_are_given_by_name():
    with pytest.raises(TypeError, match="positional argument"):
        nn.SGD(0.1, 0.9, True)


def test_optimisers_have_names():
    assert list(nn.OPTIMIZERS.items()) == [
        ("sgd", nn.SGD),
        ("rmsprop", nn.RMSProp),
        ("adam", nn.Adam),
        ("adamw", nn.AdamW),
    ]
    for name, kind in nn.OPTIMIZERS.items():
        assert type(optimizer_named(name)) is kind
        assert optimizer_named(name) is not optimizer_named(name)


def test_optimisers_are_told_apart_by_identity():
    """Two of equal settings differ: each remembers its own model."""
    for kind in (nn.Optimizer, nn.SGD, nn.RMSProp, nn.Adam, nn.AdamW):
        one, other = kind(), kind()
        assert one != other
        assert len({one, other}) == 2


def test_a_rule_of_ones_own_may_remember_nothing():
    class Sign(nn.Optimizer):
        def rule(self, w, g, memory):
            return w - self.lr * np.sign(g), memory

    optimizer = Sign(lr=0.5)
    assert optimizer.update(np.array([1.0, 1.0]), np.array([3.0, -0.1])).tolist() == [0.5, 1.5]
    assert optimizer.state() == {"steps": 1, "memory": {}}


# --- The rules, written out for one weight ---------------------------------------------------------------------------


def nesterov(w, gs, lr=0.1, alpha=0.9):
    change = 0.0
    for g in gs:
        change = alpha * change - lr * g
        w = w + alpha * change - lr * g
    return w


def rmsprop(w, gs, lr=0.1, rho=0.9, eps=1e-8):
    s = 0.0
    for g in gs:
        s = rho * s + (1 - rho) * g**2
        w = w - lr * g / (s**0.5 + eps)
    return w


def adam(w, gs, decay=0.0):
    lr, beta1, beta2, eps, m, v = 0.1, 0.9, 0.999, 1e-8, 0.0, 0.0
    for t, g in enumerate(gs, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        w = w - lr * ((m / (1 - beta1**t)) / ((v / (1 - beta2**t)) ** 0.5 + eps) + decay * w)
    return w


RULES = {
    "nesterov": (nn.SGD(0.1, 0.9, nesterov=True), nesterov),
    "rmsprop": (nn.RMSProp(0.1), rmsprop),
    "adam": (nn.Adam(0.1), adam),
    "adamw": (nn.AdamW(0.1, weight_decay=0.2), lambda w, gs: adam(w, gs, decay=0.2)),
}


@pytest.mark.parametrize("rule", RULES)
def test_rules_as_written_out(rule):
    prototype, by_hand = RULES[rule]
    optimizer = type(prototype)(**prototype.settings())
    gradients = [0.5, -1.5, 0.0, 2.0]
    weights = np.array([1.0, -2.0])
    for g in gradients:
        weights = optimizer.update(weights, np.array([g, 2 * g]))
    assert weights[0] == pytest.approx(by_hand(1.0, gradients), rel=1e-12)
    assert weights[1] == pytest.approx(by_hand(-2.0, [2 * g for g in gradients]), rel=1e-12)


def test_weight_decay_and_clipping():
    w, g = np.array([2.0, -1.0]), np.array([3.0, 4.0])
    assert nn.SGD(1.0, weight_decay=0.5).update(w, g).tolist() == [-2.0, -4.5]
    assert nn.SGD(1.0, clip_norm=1.0).update(w, g) == pytest.approx([2.0 - 0.6, -1.0 - 0.8])
    assert nn.SGD(1.0, clip_norm=10.0).update(w, g).tolist() == [-1.0, -5.0]
    assert nn.SGD(1.0, clip_value=3.5).update(w, g).tolist() == [-1.0, -4.5]
    assert nn.SGD(1.0, clip_norm=1.0).update(w, np.zeros(2)).tolist() == [2.0, -1.0]


@pytest.mark.parametrize("rule", RULES)
def test_state_is_saved_and_restored(rule):
    prototype, _ = RULES[rule]
    first, second = (type(prototype)(**prototype.settings()) for _ in range(2))
    w = first.update(np.array([1.0]), np.array([0.5]))
    state = first.state()
    second.restore(state)
    after = [o.update(w, np.array([0.25])).tolist() for o in (first, second)]
    assert after[0] == after[1]
    assert state["steps"] == 1  # the state is a copy
    assert repr(first) == repr(prototype)


def test_an_interrupted_step_is_whole_or_not_there():
    optimizer = nn.Adam(0.1)
    w = optimizer.update(np.array([1.0]), np.array([1.0]))
    before = optimizer.state()

    def broken(*_):
        raise KeyboardInterrupt

    optimizer.rule = broken
    with pytest.raises(KeyboardInterrupt):
        optimizer.update(w, np.array([1.0]))
    assert optimizer.state()["steps"] == before["steps"]
    assert np.array_equal(optimizer.memory["mean"], before["memory"]["mean"])


# --- Schedules ------------------------------------------------------------------------------------------------------


@given(st.floats(1e-3, 1.0), st.floats(0.0, 1e-3), st.integers(1, 20), st.integers(1, 20), st.integers(1, 60))
def test_schedules_as_written_out(lr, final, epochs, rise, epoch):
    falling = nn.cosine(lr, epochs, final=final)
    share = min((epoch - 1) / epochs, 1.0)
    by_hand = final * (1 - math.cos(math.pi * share)) / 2 + lr * (1 + math.cos(math.pi * share)) / 2
    assert falling(epoch) == pytest.approx(by_hand, rel=1e-12, abs=1e-17)
    assert nn.step_decay(lr, factor=0.3, every=epochs)(epoch) == pytest.approx(lr * 0.3 ** ((epoch - 1) // epochs))
    warmed = nn.warm_up(rise, falling)
    assert warmed(rise + epoch) == falling(epoch)
    assert [warmed(e) for e in range(1, rise + 1)] == pytest.approx([lr * e / (rise + 1) for e in range(1, rise + 1)])


def test_usual_settings_of_schedules():
    assert [nn.step_decay(0.8)(epoch) for epoch in (1, 10, 11, 20, 21)] == [0.8, 0.8, 0.4, 0.4, 0.2]
    assert [nn.cosine(0.2, 1)(epoch) for epoch in (1, 2, 9)] == pytest.approx([0.2, 0.0, 0.0], abs=1e-17)
    assert [nn.warm_up(1, nn.constant(0.2))(epoch) for epoch in (1, 2)] == [0.1, 0.2]
    assert nn.step_decay(0.8, every=1)(2) == 0.4

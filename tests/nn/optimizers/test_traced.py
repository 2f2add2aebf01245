"""Update rules as array programs: the bits of the rules themselves, on every backend."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.compiler.backends import BACKENDS, native
from autograd_lite.errors import OperandError, ShapeError
from autograd_lite.nn.optimizers.traced import traced_update

RNG = np.random.default_rng(0)
EVERY = [
    nn.SGD(0.1),
    nn.SGD(0.1, 0.9),
    nn.SGD(0.1, 0.9, nesterov=True, weight_decay=0.03),
    nn.SGD(0.1, 0.5, clip_value=0.7),
    nn.RMSProp(0.01, 0.8),
    nn.RMSProp(0.01, weight_decay=0.5, clip_value=1.0),
    nn.Adam(0.01),
    nn.Adam(0.01, 0.85, 0.99, 1e-6, weight_decay=0.2),
    nn.AdamW(0.01),
    nn.AdamW(0.01, weight_decay=0.3, clip_value=0.5),
    nn.Adam(0.01, clip_norm=1.0),
    nn.SGD(0.1, 0.5, clip_norm=2.0, clip_value=0.7, weight_decay=0.1),
]


@pytest.mark.parametrize("backend", ["interpreter", "numpy", "native"])
@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_it_gives_the_bits_of_the_rule(optimizer: nn.Optimizer, backend: str) -> None:
    """Over steps with a learning rate that changes, from numbers of all sizes and both zeros."""
    if backend == "native" and native.missing():
        pytest.skip(native.missing())
    size = 21
    made = traced_update(optimizer, size)
    assert made is not None
    optimizer.steps, optimizer.memory = 0, {}
    executable = BACKENDS[backend].compile(made.program)
    weights = RNG.normal(size=size)
    memory = [np.zeros(size) for _ in optimizer.remembers]
    for t in range(5):
        optimizer.lr = 0.1 / (t + 1)
        gradient = RNG.normal(size=size) * 10.0 ** RNG.integers(-160, 100, size)
        gradient[:2] = 0.0, -0.0
        with np.errstate(all="ignore"):
            flat = executable.run(
                [
                    weights,
                    gradient,
                    *memory,
                    list(made.numbers(optimizer.lr, t, optimizer.scale(optimizer.clipped(gradient)))),
                ],
                (),
            )
            expected = optimizer.update(weights, gradient)
        both = np.concatenate([expected, *[optimizer.memory[name] for name in optimizer.remembers]])
        assert np.array(flat).tobytes() == both.tobytes()
        weights, *memory = np.array(flat).reshape(-1, size)


class Own(nn.SGD):
    """A rule that may do anything."""

    def rule(self, w: Any, g: Any, memory: Any) -> Any:
        return super().rule(w, g, memory)


@pytest.mark.parametrize(
    "optimizer", [nn.Adam(clip_norm=1), nn.SGD(clip_value=0.0), Own(), nn.SGD(momentum=np.float64(0.5))], ids=repr
)
def test_what_only_python_can_do(optimizer: nn.Optimizer) -> None:
    assert traced_update(optimizer, 5) is None


@pytest.mark.parametrize("optimizer", EVERY, ids=repr)
def test_a_fast_update_is_the_update(optimizer: nn.Optimizer) -> None:
    """Memory and the number of steps too, and the learning rate and other settings may change on the way."""
    size = 13
    fast, slow = (type(optimizer)(**optimizer.settings()) for _ in range(2))
    update = nn.fast_update(fast, size)
    weights = expected = RNG.normal(size=size)
    for t in range(6):
        for one in (fast, slow):
            one.lr = 0.1 / (t + 1)
            one.weight_decay = 0.125 if t == 3 else one.weight_decay
        gradient = RNG.normal(size=(size, 2))[:, 0] if t == 4 else RNG.normal(size=size)  # not contiguous once
        before = weights.copy()
        weights, previous = update(weights, gradient), weights
        assert previous.tobytes() == before.tobytes()
        expected = slow.update(expected, gradient)
        assert weights.tobytes() == expected.tobytes()
        assert fast.steps == slow.steps
        assert {k: m.tobytes() for k, m in fast.memory.items()} == {k: m.tobytes() for k, m in slow.memory.items()}
    with pytest.raises(ShapeError, match="use a fresh optimiser"):
        update(np.ones(5), np.ones(5))


def test_a_step_with_an_update() -> None:
    w = [ag.Value(1.0), ag.Value(-2.0)]
    fast = ag.compile(ag.value_and_grad(lambda x: ag.sumprod(w, x) ** 2, wrt=w))
    optimizer, twin = nn.Adam(0.1), nn.Adam(0.1)
    step, slow = fast.step(w, nn.fast_update(optimizer, 2)), fast.step(w)
    flat = expected = np.array([1.0, -2.0])
    for _ in range(4):
        value, flat = step(flat, [3.0, 4.0])
        result = slow(expected, [3.0, 4.0])
        expected = twin.update(expected, result[1:])
        assert (value, flat.tolist()) == (result[0], expected.tolist())
    with pytest.raises(OperandError, match="one value and 2 slopes, and got 1 numbers"):
        ag.compile(lambda x: ag.sumprod(w, x)).step(w, twin.update)(flat, [3.0, 4.0])

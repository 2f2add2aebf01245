"""Optimisers: rules worked out by hand, the same on arrays and on Values, and what bad input gets."""

from __future__ import annotations

import numpy as np
import pytest

from autograd_lite import Value, nn
from autograd_lite.errors import DomainError, ShapeError


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

"""Gradient descent with its path, and the search for critical points."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import DomainError, OperandError, ShapeError, nn


def bowl(x, y):
    return (x - 1.0) ** 2 + 2.0 * y**2


def himmelblau(x, y):
    return (x**2 + y - 11.0) ** 2 + (x + y**2 - 7.0) ** 2


# --- minimize -------------------------------------------------------------------------------------------------------


def test_each_step_is_the_formula():
    """Delta x = -lr g + momentum Delta x, written out for three steps."""
    descent = ag.minimize(bowl, [3.0, 1.0], lr=0.1, momentum=0.5, max_steps=3)
    x, step, path = np.array([3.0, 1.0]), np.zeros(2), [[3.0, 1.0]]
    for _ in range(3):
        step = 0.5 * step - 0.1 * np.array([2.0 * (x[0] - 1.0), 4.0 * x[1]])
        x = x + step
        path.append(x.tolist())
    assert descent.path == pytest.approx(np.array(path), rel=1e-14)
    assert (descent.steps, descent.reason, descent.converged) == (3, "max_steps", False)
    assert descent.values == pytest.approx([bowl(*p) for p in path], rel=1e-14)
    assert descent.x == descent.path[-1].tolist()
    assert descent.gradient_norm == pytest.approx(math.hypot(2.0 * (x[0] - 1.0), 4.0 * x[1]), rel=1e-12)


def test_it_is_the_sgd_of_networks():
    w = ag.Value(3.0)
    optimizer = nn.SGD(lr=0.1, momentum=0.9)
    for _ in range(20):
        w.grad = 0.0
        (w**2).backward()
        optimizer.step([w])
    assert ag.minimize(lambda x: x**2, 3.0, lr=0.1, momentum=0.9, max_steps=20).x == pytest.approx(w.data, rel=1e-12)


@pytest.mark.parametrize("start", [[3.0, 1.0], (3.0, 1.0), np.array([3.0, 1.0])])
def test_the_point_is_like_the_start(start):
    descent = ag.minimize(bowl, start, lr=0.2, tolerance=1e-9)
    assert type(descent.x) is type(start)
    assert list(descent.x) == pytest.approx([1.0, 0.0], abs=1e-9)
    assert descent.converged
    assert descent.gradient_norm <= 1e-9


def test_of_one_number_and_a_dict():
    assert ag.minimize(lambda x: (x - 2.0) ** 2, 0.0).x == pytest.approx(2.0, abs=1e-6)
    best = ag.minimize(lambda p: (p["w"] - 2.0) ** 2 + p["b"] ** 2, {"w": 0.0, "b": 1.0})
    assert best.x == pytest.approx({"w": 2.0, "b": 0.0}, abs=1e-6)
    assert ag.minimize(lambda x: x**2, 0.0).steps == 0


def test_divergence_stops_at_the_last_finite_point():
    descent = ag.minimize(lambda x: x**2, 3.0, lr=1.2)
    assert descent.reason == "diverged"
    assert np.isfinite(descent.path).all()
    assert np.isfinite(descent.values).all()
    assert "try a smaller lr" in str(descent)


def test_ctrl_c_returns_what_there_is():
    calls = []

    def f(x):
        calls.append(x)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return x**2

    descent = ag.minimize(f, 3.0)
    assert (descent.reason, descent.steps, len(descent.values)) == ("interrupted", 3, 4)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ag.minimize(bowl, [1.0, 1.0], lr=0.0), DomainError, "lr=0.0 is out of range: .* positive"),
        (lambda: ag.minimize(bowl, [1.0, 1.0], lr=-1.0), DomainError, "lr=-1.0"),
        (lambda: ag.minimize(bowl, [1.0, 1.0], momentum=1.0), DomainError, "at least 0 and below 1"),
        (lambda: ag.minimize(bowl, [1.0, 1.0], tolerance=math.nan), DomainError, "tolerance=nan"),
        (lambda: ag.minimize(ag.log, -1.0), DomainError, "At the start, −1, the function is nan"),
        (lambda: ag.minimize(lambda x: [x], 1.0), ShapeError, "returns one number"),
        (lambda: ag.minimize(bowl, []), OperandError, "holds no number"),
    ],
)
def test_what_cannot_be_minimised_is_said(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- find_critical_points -------------------------------------------------------------------------------------------


def test_himmelblau():
    """All nine critical points (Himmelblau, "Applied Nonlinear Programming", 1972): four minima, one maximum."""
    found = ag.find_critical_points(himmelblau, [(-5.0, 5.0), (-5.0, 5.0)])
    assert sorted(p.verdict for p in found) == ["maximum", *["minimum"] * 4, *["saddle"] * 4]
    minima = [p for p in found if p.verdict == "minimum"]
    assert [p.value for p in minima] == pytest.approx([0.0] * 4, abs=1e-25)
    expected = [[-3.779310, -3.283186], [-2.805118, 3.131313], [3.0, 2.0], [3.584428, -1.848127]]
    assert np.array([p.point for p in minima]) == pytest.approx(np.array(expected), abs=1e-6)
    assert [list(p.point) for p in found] == sorted(list(p.point) for p in found)


def test_of_one_number():
    found = ag.find_critical_points(ag.sin, (0.0, 20.0))
    assert [p.point[0] for p in found] == pytest.approx([(k + 0.5) * math.pi for k in range(6)], rel=1e-14)
    assert [p.verdict for p in found] == ["maximum", "minimum"] * 3
    assert [p.value for p in found] == pytest.approx([1.0, -1.0] * 3, rel=1e-15)


@pytest.mark.parametrize("f", [lambda x, y: x**4 + y**2, lambda p: p[0] ** 4 + p[1] ** 2])
def test_where_the_second_derivatives_leave_it_open(f):
    (point,) = ag.find_critical_points(f, [(-1.0, 2.0), (-2.0, 2.0)], starts=12)
    assert point.verdict == "inconclusive"
    assert point.point == pytest.approx([0.0, 0.0], abs=1e-8)


def test_edges_of_the_box_belong_to_it_and_nothing_beyond_does():
    assert [p.point[0] for p in ag.find_critical_points(lambda x: x**2, (0.0, 1.0))] == [0.0]
    assert ag.find_critical_points(lambda x: x**2, (0.5, 1.0)) == []
    assert ag.find_critical_points(lambda x: 2.0 * x, (-1.0, 1.0)) == []
    assert ag.find_critical_points(ag.log, (-1.0, 1.0)) == []


@pytest.mark.parametrize(
    ("box", "error", "message"),
    [
        ([(1.0, 0.0)], DomainError, "the lower one first"),
        ([(0.0, math.inf)], DomainError, "two finite numbers"),
        ([(0.0, 1.0, 2.0)], ShapeError, "not made of pairs"),
        (3.0, ShapeError, "not made of pairs"),
        ([], ShapeError, "not made of pairs"),
        ("box", ShapeError, "not made of pairs"),
    ],
)
def test_a_box_is_made_of_pairs(box, error, message):
    with pytest.raises(error, match=message):
        ag.find_critical_points(bowl, box)


def test_starts_is_a_count():
    with pytest.raises(DomainError, match="starts=0 must be a whole number"):
        ag.find_critical_points(ag.sin, (0.0, 1.0), starts=0)

"""Hessians of compiled functions in one sweep: equal to eager ones, symmetric to the bit, and few instructions."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.op import TABLE, ManyOp
from autograd_lite.transforms import edge_pushing

POINTS = [0.0, -0.0, 1.0, -1.0, 2.0]
SEVERAL = [op for op in TABLE.values() if op.many or len(op.operand_names) > 1]


def applied(op: Any, xs: Any) -> Any:
    """An op on as many numbers as there are."""
    if not isinstance(op, ManyOp):
        return op(*xs)
    n = len(xs) // len(op.operand_names)
    return op(*[list(xs[k * n : (k + 1) * n]) for k in range(len(op.operand_names))])


def arguments(op: Any) -> list[Any]:
    """Points at the kinks of ops, and beside them."""
    count = len(op.operand_names) * (2 if op.many else 1)
    grid = list(itertools.product(POINTS, repeat=count))
    return [np.array(x) for x in grid[:: max(1, len(grid) // 40)]]


def of_bodies(q: Any) -> Any:
    """Bodies in a plane: a function of the sum of pairs."""
    pairs = itertools.combinations(range(len(q) // 2), 2)
    apart = [((q[2 * i] - q[2 * j]) ** 2 + (q[2 * i + 1] - q[2 * j + 1]) ** 2) for i, j in pairs]
    return -ag.fsum([1.0 / ag.sqrt(d + 0.01) for d in apart])


def of_network(w: Any) -> Any:
    """A network 2-3-1 with all its weights."""
    h = [ag.tanh(ag.sumprod(list(w[2 * k : 2 * k + 2]), [0.3, -0.7]) + w[6 + k]) for k in range(3)]
    return (ag.sumprod(list(w[9:12]), h) + w[12] - 0.5) ** 2


def of_chain(x: Any) -> Any:
    """Rosenbrock's function: each number meets its neighbours only."""
    return ag.fsum([100.0 * (b - a**2) ** 2 + (1.0 - a) ** 2 for a, b in itertools.pairwise(x)])


def of_few(x: Any) -> Any:
    """Operands that occur twice, that depend on each other, and that are not reached."""
    a = x[0] * x[0]
    b = ag.sin(a) * a / (x[1] + 3.0)
    return ag.maximum(b * b, a - x[1]) + ag.hypot(a + 1.0, b) + ag.logsumexp([a, b, x[0]]) + 2.0 * x[0]


EXAMPLES = {"bodies": (of_bodies, 10), "network": (of_network, 13), "chain": (of_chain, 7), "few": (of_few, 3)}


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("backend", ["floats", "numpy"])
def test_compiled_hessian_is_the_eager_one_and_symmetric(name: str, backend: str) -> None:
    f, n = EXAMPLES[name]
    x = np.random.default_rng(3).normal(size=n)
    found = ag.compile(ag.hessian(f), backend=backend)(x)
    np.testing.assert_allclose(found, ag.hessian(f)(x), rtol=1e-12, atol=1e-12)
    assert found.tobytes() == found.T.copy().tobytes()


def test_one_sweep_makes_fewer_instructions_than_a_sweep_for_each_row() -> None:
    x = np.random.default_rng(3).normal(size=10)
    one, each = (ag.compile(g, backend="floats") for g in (ag.hessian(of_bodies), ag.jacobian(ag.grad(of_bodies))))
    np.testing.assert_allclose(one(x), each(x), rtol=1e-12)
    assert 3 * one.program.instructions < 2 * each.program.instructions


def test_a_long_chain_of_few_inputs_is_swept_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """There each node would meet many others; the sweep gives up in time, and the steps become a loop first."""

    def steps(x: Any) -> Any:
        state = [x[0] + 0.1 * x[1] * k for k in range(12)]
        for _ in range(40):
            state = [
                a + 0.1 * b * c for a, b, c in zip(state, state[1:] + state[:1], state[5:] + state[:5], strict=True)
            ]
        return ag.fsum(state)

    found: list[Any] = []
    original = edge_pushing._Sweep.run
    monkeypatch.setattr(edge_pushing._Sweep, "run", lambda *args: found.append(original(*args)) or found[-1])
    x = np.array([0.4, -0.3])
    fast = ag.compile(ag.hessian(steps), roll=True)
    np.testing.assert_allclose(fast(x), ag.hessian(steps)(x), rtol=1e-10)
    assert found == [False]
    assert len(fast.program.rolled) == 1
    assert fast.program.instructions < 40 * 60


@pytest.mark.parametrize("op", SEVERAL, ids=lambda op: op.name)
def test_mixed_second_derivatives_do_not_depend_on_the_order(op: Any) -> None:
    """Where they do, at a kink, `ASYMMETRIC` says so; then a compiled Hessian has a sweep for each row."""
    slopes = ag.jacobian(ag.grad(lambda x: applied(op, x) + 0.0 * x[0]))
    hessians = [slopes(x) for x in arguments(op)]
    found = [h for h in hessians if np.isfinite(h).all() and not np.allclose(h, h.T, rtol=1e-9, atol=0.0)]
    assert not found or op.name in edge_pushing.ASYMMETRIC


@pytest.mark.parametrize("name", sorted(edge_pushing.ASYMMETRIC))
def test_where_the_order_matters_compiled_is_eager(name: str) -> None:
    op = TABLE[name]
    hessian = ag.hessian(lambda x: applied(op, x) + 0.0 * x[0])
    fast = ag.compile(hessian, backend="numpy")
    for x in arguments(op):
        np.testing.assert_allclose(fast(x), hessian(x), rtol=1e-12, err_msg=str(x))


def test_an_op_of_a_user_may_have_any_partials() -> None:
    @ag.primitive(partials={"a": lambda xp, y, a, b: b, "b": lambda xp, y, a, b: 3.0 * a})
    def lopsided(xp: Any, a: Any, b: Any) -> Any:
        return a * b

    try:
        hessian = ag.hessian(lambda x: lopsided(x[0], x[1]))
        np.testing.assert_array_equal(ag.compile(hessian)(np.array([2.0, 5.0])), [[0.0, 1.0], [3.0, 0.0]])
    finally:
        del TABLE["lopsided"]


def test_captured_values_may_depend_on_each_other() -> None:
    w = Value(3.0)
    v = w * w
    hessian = ag.hessian(lambda x: x * v * w, wrt=[w, v])
    np.testing.assert_array_equal(ag.compile(hessian)(2.0), hessian(2.0))
    twice = ag.hessian(lambda x: x * w * w, wrt=[w, w])
    np.testing.assert_array_equal(ag.compile(twice)(2.0), twice(2.0))


def test_values_that_no_argument_enters_are_pushed_too() -> None:
    w, b = Value(0.3), Value(-0.7)
    hessian = ag.hessian(lambda _: ag.tanh(w * 2.0 + b) ** 2, wrt=[w, b])
    fast = ag.compile(hessian)
    np.testing.assert_allclose(fast(0.0), hessian(0.0), rtol=1e-12)
    w.data = 1.5
    np.testing.assert_allclose(fast(0.0), hessian(0.0), rtol=1e-12)


@pytest.mark.parametrize("x", [[0.0, 1.0], [1e200, 1.0], [float("nan"), 1.0], [-1.0, 0.0]])
def test_results_that_are_not_finite_are_eager_ones(x: list[float]) -> None:
    hessian = ag.hessian(lambda v: ag.sqrt(v[0]) * v[1] + 1.0 / v[1] + v[0] ** 2)
    np.testing.assert_array_equal(ag.compile(hessian)(np.array(x)), hessian(np.array(x)))


def test_containers_and_aux() -> None:
    def f(p: Any, scale: Any) -> Any:
        return p["a"] ** 2 * p["b"][0] * p["b"][1] * scale, scale * 2.0

    given = {"a": 2.0, "b": np.array([3.0, 5.0])}
    hessian = ag.hessian(f, has_aux=True)
    (eager, aux), (fast, fast_aux) = hessian(given, 7.0), ag.compile(hessian)(given, 7.0)
    assert aux == fast_aux == 14.0
    assert eager["a"]["a"] == fast["a"]["a"]
    np.testing.assert_array_equal(eager["b"]["b"], fast["b"]["b"])
    np.testing.assert_array_equal(eager["a"]["b"], fast["a"]["b"])

"""Calls that go past Python: the same results as the longer way, for every kind of argument, and nothing between."""

from __future__ import annotations

import gc
import math
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.compiler import direct
from autograd_lite.compiler.backends import native
from autograd_lite.compiler.backends.native import entry
from autograd_lite.errors import OperandError, ShapeError

pytestmark = pytest.mark.skipif(bool(native.missing()), reason=native.missing())

V = np.array([0.5, -1.25, 2.0])


def squares(v: Any) -> Any:
    return ag.fsum([a * a * a for a in v])


def frames(call: Any) -> list[str]:
    """The Python functions that run in a call."""
    seen: list[str] = []
    sys.setprofile(lambda frame, event, _: seen.append(frame.f_code.co_name) if event == "call" else None)
    try:
        call()
    finally:
        sys.setprofile(None)
    return seen[1:]  # without the lambda of the test


def test_the_entry_works_on_this_machine() -> None:
    assert entry.available()


def test_no_python_stands_between_a_step_and_its_program() -> None:
    w = [Value(3.0), Value(4.0)]
    step = ag.compile(ag.value_and_grad(lambda v: ag.sumprod(w, v), wrt=w), backend="native").step(w)
    flat, x = np.array([1.0, 2.0]), np.array([10.0, 100.0])
    for _ in range(2):
        assert step(flat, x).tolist() == [210.0, 10.0, 100.0]
    assert frames(lambda: step(flat, x)) == []
    assert step(flat, x).tolist() == [210.0, 10.0, 100.0]


@pytest.mark.parametrize("transform", [ag.grad, ag.hessian])
def test_what_must_be_finite_is_not_returned(transform: Any) -> None:
    """A gradient is nan where the function is; its value stands behind the results, and costs no Python either."""
    fast = ag.compile(transform(lambda v: ag.fsum([a * a * a + ag.sqrt(a + 2.0) * 0.0 for a in v])), backend="native")
    step, expected = fast.step([]), transform(squares)(V).ravel()
    results = [step(np.empty(0), V) for _ in range(6)][3:]  # the first ones come from Python
    assert not frames(lambda: step(np.empty(0), V))
    assert fast.program.ir.result.size > len(expected)
    for result in results:
        assert result.shape == expected.shape
        assert result.flags.owndata
        assert result == pytest.approx(expected, rel=1e-15)
    results[0][:] = 7.0
    assert results[1] == pytest.approx(expected, rel=1e-15)
    assert np.isnan(step(np.empty(0), np.array([-3.0, 1.0, 1.0]))).any()


def test_a_call_runs_three_short_functions_of_python() -> None:
    fast = ag.compile(ag.value_and_grad(squares), backend="native")
    first = fast(V)
    fast(V)
    assert frames(lambda: fast(V)) == ["__call__", "graph_wanted", "<lambda>"]
    value, slope = fast(V)
    assert (value, slope.tolist()) == (first[0], first[1].tolist()) == (squares(V), (3.0 * V * V).tolist())


def test_the_first_call_of_a_program_makes_nothing_for_later_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one does, once for all later ones."""
    made: list[Any] = []
    original = direct.Descriptor
    monkeypatch.setattr(direct, "Descriptor", lambda *args, **named: made.append(args) or original(*args, **named))
    fast = ag.compile(squares, backend="native")
    counts = []
    for v in (V, V[:2], V, V, V[:2], V):
        fast(v)
        counts.append(len(made))
    assert counts == [0, 0, 1, 1, 2, 2]


def f(x: Any, some: Any, pair: Any, table: Any, is_doubled: Any, *, name: str = "sum") -> Any:
    total = x * some[0] + some[1] - pair[0] * pair[1] + table[1][0] * table[0][2]
    return {name: total * (2.0 if is_doubled else 1.0), "parts": [x * x, some[1] * pair[0]]}


CALLS = [
    (1.5, [2.0, 3.0], (4.0, 5.0), np.arange(6.0).reshape(2, 3), True),
    (np.float64(-1.5), [2.0, 7.0], (4.0, 5.5), np.arange(6.0).reshape(2, 3), True),
    (2, [2.0, 3.0], (4.0, 5.0), np.arange(6.0).reshape(2, 3), True),  # an int
    (1.5, [2.0, 3], (4.0, 5.0), np.arange(6.0).reshape(2, 3), True),
    (1.5, [2.0, 3.0], (4.0, 5.0), np.arange(6.0).reshape(3, 2).T, True),  # not contiguous
    (1.5, [2.0, 3.0], (4.0, 5.0), np.arange(6).reshape(2, 3), True),  # integers
    (1.5, [2.0, 3.0], (4.0, 5.0), np.arange(6.0, dtype=np.float32).reshape(2, 3), True),
    (1.5, [2.0, 3.0], (4.0, 5.0), np.arange(6.0).reshape(2, 3), False),  # another program
    (1.5, (2.0, 3.0), [4.0, 5.0], np.arange(6.0).reshape(2, 3), True),
    (1.5, [2.0, 3.0, 4.0], (4.0, 5.0), np.arange(8.0).reshape(2, 4), True),
    (1.5, [2.0, 3.0], (4.0, 5.0), np.arange(6.0).reshape(2, 3).astype(">f8"), True),
    (1.5, [2.0, 3.0], (4.0, 5.0), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], True),
]


@pytest.mark.parametrize("other", range(len(CALLS)))
def test_any_call_may_follow_any_other(other: int) -> None:
    fast = ag.compile(f, backend="native")
    for k in (0, 0, 0, other, other, other, 0):
        result = fast(*CALLS[k])
        total = f(*CALLS[k])
        assert result == {"sum": total["sum"], "parts": total["parts"]}
        assert type(result["sum"]) is float
    assert fast(*CALLS[0], name="named")["named"] == fast(*CALLS[0])["sum"]


def test_a_graph_is_made_of_values() -> None:
    fast = ag.compile(squares, backend="native")
    fast([1.0, 2.0]), fast([1.0, 2.0])
    result = fast([Value(1.0), 2.0])
    assert isinstance(result, Value)
    assert ag.grad(fast)([1.0, 2.0]) == [3.0, 12.0]


def test_leaves_are_read_at_each_call() -> None:
    w, b = Value(2.0), Value(0.5)
    fast = ag.compile(lambda x: w * x + b, backend="native")
    assert [fast(3.0), fast(3.0)] == [6.5, 6.5]
    w.data, b.data = 4, np.float64(1.5)
    assert fast(3.0) == 13.5
    step = ag.compile(lambda x: w * x + b, backend="native").step([b])  # w is read from its Value
    for number in (1.0, 2.0, 3.0):
        w.data = number
        assert step(np.array([10.0]), 3.0).tolist() == [10.0 + 3.0 * number]


def test_samples_may_be_more_or_fewer() -> None:
    fast = ag.compile(lambda x, y: [x[0] * y, ag.exp(x[1])], batch=(0, 1), backend="native")
    mean = ag.compile(ag.batch_mean(lambda x, y: x[0] * y, batch=(0, 1)), backend="native")
    for n in (5, 5, 1, 8, 3, 17, 17, 100, 2):
        X, y = np.arange(2.0 * n).reshape(n, 2) / n, np.ones(n) * n
        products, powers = fast(X, y)
        assert products.tolist() == (X[:, 0] * y).tolist()
        assert powers.tolist() == np.exp(X[:, 1]).tolist()
        assert mean(X, y) == pytest.approx((X[:, 0] * y).mean(), rel=1e-15)
    for call in (fast, mean):
        call(X, y)
        with pytest.raises(ShapeError, match="equally many samples"):
            call(X, y[:1])
        with pytest.raises(ShapeError, match="no samples"):
            call(X[:0], y[:0])


def test_a_result_that_is_not_finite_follows_the_exact_rules() -> None:
    fast = ag.compile(ag.value_and_grad(lambda v: ag.where(v[0] > 0.0, ag.log(v[0]), 0.0) + v[1]), backend="native")
    for v, expected in [([1.0, 2.0], (2.0, [1.0, 1.0])), ([0.0, 2.0], (2.0, [0.0, 1.0])), ([1.0, math.inf], math.inf)]:
        for _ in range(2):
            value, slopes = fast(np.array(v))
            assert (value, slopes.tolist()) == expected if isinstance(expected, tuple) else value == expected


def test_wrong_calls_are_refused_as_ever() -> None:
    fast = ag.compile(squares, backend="native")
    step = fast.step([])
    for _ in range(2):
        fast(V), step(np.empty(0), V)
    with pytest.raises(OperandError, match="not Values"):
        step(np.empty(0), [Value(1.0)])
    with pytest.raises(TypeError):
        fast()
    assert fast(V) == squares(V)


def test_results_share_no_memory() -> None:
    fast = ag.compile(lambda v: [v, v, [a * a for a in v]], backend="native")
    for _ in range(2):
        first, second, third = fast(V)
        more = fast(V)[0]
        assert not any(np.shares_memory(a, b) for a, b in [(first, V), (first, second), (second, third), (first, more)])


def test_the_program_is_that_of_the_last_call() -> None:
    fast = ag.compile(lambda v: [a * a for a in v], backend="native")
    for n in (2, 2, 3, 3, 3, 2, 2):
        fast(np.ones(n))
        assert fast.program.ir.result.size == n


def test_many_calls_leave_nothing_behind() -> None:
    fast = ag.compile(ag.value_and_grad(squares), backend="native")
    step = fast.step([])
    numbers, empty = [0.5, 1.5], np.empty(0)
    bad = np.array([math.inf, 1.0, 1.0])

    def some(times: int) -> None:
        for _ in range(times):
            fast(V), fast(numbers), step(empty, V)  # one after the other: each is bound anew
            fast(V), fast(V)
        fast(bad)

    some(10)
    gc.collect()
    before, counts = sys.getallocatedblocks(), [sys.getrefcount(x) for x in (V, numbers, empty)]
    some(3000)
    gc.collect()
    assert sys.getallocatedblocks() - before < 500  # Python specialises its own code meanwhile
    assert [sys.getrefcount(x) for x in (V, numbers, empty)] == counts


def test_a_function_that_nothing_refers_to_is_freed() -> None:
    def g(x: Any) -> Any:
        return x * 2.0

    fast = ag.compile(g, backend="native")
    step = fast.step([])
    fast(1.0), fast(1.0), step(np.empty(0), 1.0), step(np.empty(0), 1.0)
    gone = weakref.ref(g)
    del fast, step, g
    gc.collect()
    assert gone() is None


def test_long_calls_in_threads() -> None:
    """They let each other run, on memory of their own."""
    fast = ag.compile(lambda x: ag.exp(ag.sin(x) * x), batch=(0,), backend="native")
    inputs = [np.linspace(-k, k + 1.0, 40_000) for k in range(6)]
    expected = [fast(x).tobytes() for x in inputs]
    with ThreadPoolExecutor(6) as pool:
        for _ in range(4):
            assert [result.tobytes() for result in pool.map(fast, inputs)] == expected


def test_without_the_entry_calls_take_the_longer_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "available", lambda: False)
    fast = ag.compile(ag.value_and_grad(squares), backend="native")
    for _ in range(2):
        assert fast([2.0, 3.0]) == (35.0, [12.0, 27.0])
    assert fast.step([])(np.empty(0), [2.0, 3.0]).tolist() == [35.0, 12.0, 27.0]


def test_threads_meet_at_first_calls_of_many_sizes() -> None:
    """Each is bound to the descriptor of another, while workspaces grow."""
    fast = ag.compile(
        ag.value_and_grad(ag.batch_mean(lambda w, x: ag.sumprod(w, x) ** 2, batch=(1,))), backend="native"
    )
    start = threading.Barrier(8)

    def work(thread: int) -> bool:
        start.wait(timeout=30)
        right = True
        for turn in range(200):
            width, rows = 1 + (thread + turn) % 4, 1 + (7 * thread + 3 * turn) % 50
            value, slopes = fast(np.ones(width), np.full((rows, width), 1.0 + turn))
            expected = (width * (1.0 + turn)) ** 2
            right &= abs(value - expected) < 1e-9 * expected and len(slopes) == width
        return right

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(work, range(8)))
    finally:
        sys.setswitchinterval(before)


def test_code_lives_as_long_as_what_calls_it() -> None:
    """Two threads that come first load the entry twice, and one of them is forgotten."""
    fast = ag.compile(squares, backend="native")
    fast(V), fast(V)
    entry._entry.cache_clear()
    gc.collect()
    assert fast(V) == squares(V)

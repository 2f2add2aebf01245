"""When a function is traced, what the cache keys on, and that calls at the same time never meet."""

from __future__ import annotations

import gc
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.compiler import workspaces


class Counted:
    """A function that counts how often it was run: by a compiled function, only to trace it."""

    def __init__(self, f: Any) -> None:
        self.f = f
        self.runs = 0

    def __call__(self, *args: Any, **named: Any) -> Any:
        self.runs += 1
        return self.f(*args, **named)


def squares(x: Any) -> Any:
    return ag.fsum([v * v for v in x])


# --- Keys ------------------------------------------------------------------------------------------------------------


def test_a_structure_is_traced_once() -> None:
    f = Counted(squares)
    fast = ag.compile(f)
    for k in range(3):
        assert fast([1.0, k]) == 1.0 + k * k
        assert fast([1.0, float(k), 2.0]) == 5.0 + k * k
        assert fast(np.array([1.0, k])) == fast(np.array([1, k])) == 1.0 + k * k
    assert f.runs == 3  # lists of 2 and of 3, an array of 2


def test_lists_tuples_arrays_and_numbers_of_one_size_are_told_apart() -> None:
    fast = ag.compile(lambda x: x)
    for x in ([1.0], (1.0,), np.array([1.0]), 1.0, {"a": 1.0}):
        assert type(fast(x)) is type(x)


@pytest.mark.usefixtures("on_numpy")
def test_what_compiling_leaves_behind_needs_no_collector() -> None:
    """The trace and its graph hold no cycles, so they are freed as soon as the program stands."""
    model = nn.MLP(3, [4, 2], activation="tanh")
    loss = ag.batch_mean(lambda x, y: nn.cross_entropy(model(x), y), batch=(0, 1))
    step = ag.value_and_grad(loss, wrt=model.parameters())
    ag.compile(step)(np.ones((5, 3)), np.ones((5, 2)) / 2.0)
    gc.collect()
    gc.disable()
    try:
        fast = ag.compile(step)
        fast(np.ones((5, 3)), np.ones((5, 2)) / 2.0)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_the_number_of_rows_is_not_part_of_the_key() -> None:
    f, g = Counted(squares), Counted(squares)
    rows, mean = ag.compile(f, batch=(0,)), ag.compile(ag.batch_mean(g))
    for n in (1, 2, 7, 1024, 2):
        X = np.full((n, 2), 3.0)
        assert rows(X).tolist() == [18.0] * n
        assert mean(X) == pytest.approx(18.0)
    assert (f.runs, g.runs) == (1, 1)
    rows(np.ones((2, 3)))
    assert f.runs == 2


def test_rows_are_found_where_a_batch_mean_takes_an_argument() -> None:
    """The first trace meets the batch as a whole array; the function is traced again, and then no more."""
    f = Counted(lambda p, X: ag.batch_mean(lambda p, x: p * squares(x), batch=(1,))(p, X) + p)
    fast = ag.compile(ag.grad(f))
    assert fast(2.0, np.ones((3, 2))) == pytest.approx(3.0)
    assert f.runs == 2
    for n in (1, 3, 1000):
        assert fast(1.0, np.ones((n, 2))) == pytest.approx(3.0)
    assert f.runs == 2


def test_arguments_are_found_whatever_their_order() -> None:
    fast = ag.compile(lambda Y, X: ag.batch_mean(lambda x, y: x - 2.0 * y, batch=(0, 1))(X, Y))
    assert fast(np.ones(3), np.arange(3.0)) == -1.0
    twice = ag.compile(lambda X: ag.batch_mean(lambda x, y: x * y, batch=(0, 1))(X, X))
    assert twice(np.arange(3.0)) == pytest.approx(5.0 / 3.0)


def test_batches_of_their_own_lengths() -> None:
    fast = ag.compile(lambda X, Y: ag.batch_mean(lambda x: x)(X) * ag.batch_mean(lambda y: y * y)(Y))
    assert fast(np.arange(3.0), np.arange(5.0)) == pytest.approx(6.0)
    assert fast(np.arange(2.0), np.ones(7)) == pytest.approx(0.5)


def test_two_compiled_functions_do_not_share_programs() -> None:
    one, two = ag.compile(lambda x: x + 1.0), ag.compile(lambda x: x + 2.0)
    assert (one(1.0), two(1.0), one(1.0)) == (2.0, 3.0, 2.0)


# --- Captured leaves -------------------------------------------------------------------------------------------------


def test_captured_leaves_are_read_at_each_call() -> None:
    w, b = Value(2.0, "w"), Value(1.0, "b")
    f = Counted(lambda x: w * x + b)
    fast, rows = ag.compile(f), ag.compile(f, batch=(0,))
    assert (fast(3.0), rows([3.0, 4.0]).tolist()) == (7.0, [7.0, 9.0])
    w.data, b.data = 10.0, -1.0
    assert (fast(3.0), rows([3.0, 4.0]).tolist()) == (29.0, [29.0, 39.0])
    assert f.runs == 2
    assert fast.program.captured == [w, b]


def test_constants_are_not_captured() -> None:
    c = Value.constant(2.0)
    fast = ag.compile(lambda x: c * x)
    assert fast(3.0) == 6.0
    assert fast.program.captured == []


def test_a_step_of_a_captured_model_sees_its_new_weights() -> None:
    model = nn.MLP(2, [4, 1], seed=0)
    loss = ag.batch_mean(lambda x, y: (model(x) - y) ** 2, batch=(0, 1))
    f = ag.value_and_grad(loss, wrt=model.parameters())
    fast = ag.compile(f)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(8, 2)), rng.normal(size=8)
    for _ in range(3):
        (value, slopes), (fast_value, fast_slopes) = f(X, y), fast(X, y)
        assert fast_value == pytest.approx(value, rel=1e-13)
        assert fast_slopes == pytest.approx(slopes, rel=1e-11, abs=1e-14)
        for p, slope in zip(model.parameters(), slopes, strict=True):
            p.data -= 0.1 * slope


# --- Threads, recursion, exceptions ----------------------------------------------------------------------------------


def test_threads_with_several_shapes() -> None:
    """Eight threads meet at the first call of each shape; each gets its own result, and each shape one program."""
    w = Value(3.0)
    mean = ag.batch_mean(lambda p, x: p * squares(x) * w, batch=(1,))
    f = Counted(lambda p, X: mean(p, X) + 0.0)
    fast = ag.compile(ag.value_and_grad(f))
    barrier = threading.Barrier(8)

    def work(thread: int) -> bool:
        right = True
        for turn in range(30):
            width, rows = 1 + (thread + turn) % 3, 1 + (thread * turn) % 5
            if turn < 3:
                barrier.wait(timeout=30)
            value, slope = fast(float(thread), np.full((rows, width), 1.0 + turn))
            each = 3.0 * width * (1.0 + turn) ** 2
            right &= abs(value - thread * each) <= 1e-9 * each and abs(slope - each) <= 1e-9 * each
        return right

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))
    assert f.runs <= 2 * 3  # three widths; a trace may have had to find the rows first


def test_a_workspace_is_never_shared_by_two_calls() -> None:
    fast = ag.compile(lambda x: ag.sin(x) * 2.0, batch=(0,))
    X = [np.full(50_000, float(k)) for k in range(8)]
    fast(X[0])

    def work(k: int) -> bool:
        return all(np.array_equal(fast(X[k]), 2.0 * np.sin(X[k])) for _ in range(10))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_a_compiled_function_may_call_itself() -> None:
    """While it is traced the inner call is inlined, so it must end by what is static."""
    fast = ag.compile(lambda x, n: x if n == "" else x * fast(x, n[1:]))
    assert fast(2.0, "abc") == 16.0
    assert fast(3.0, "abc") == 81.0


def test_compiled_functions_may_call_each_other() -> None:
    inner = ag.compile(squares)
    outer = ag.compile(lambda x: inner(x) + inner([x[0]]))
    assert inner([1.0, 2.0]) == 5.0
    assert outer([1.0, 2.0]) == 6.0
    assert inner([2.0, 2.0]) == 8.0


def test_an_exception_leaves_the_cache_usable() -> None:
    broken = True

    def f(x: Any) -> Any:
        if broken:
            raise LookupError("not yet")
        return ag.batch_mean(lambda v: v * 2.0)(x)

    fast = ag.compile(f)
    for _ in range(2):
        with pytest.raises(LookupError, match="not yet"):
            fast([1.0, 2.0])
    broken = False
    assert fast([1.0, 2.0]) == 3.0
    with pytest.raises(ag.TraceError):
        ag.compile(float)(1.0)
    assert ag.grad(lambda x: x * x)(3.0) == 6.0  # no trace is left running
    assert not isinstance(ag.grad(lambda x: x * x)(3.0), Value)


@pytest.mark.usefixtures("on_numpy")
def test_a_workspace_goes_back_after_an_exception() -> None:
    fast = ag.compile(ag.sin, batch=(0,))
    fast(np.zeros(3))
    workspaces = fast.program.run.__self__
    kept = workspaces.kept_bytes()
    assert kept == workspaces.bytes_of((3,)) > 0
    with pytest.raises(TypeError):
        fast.program.run([np.zeros((3, 3, 3)), "nothing", []], (3,))
    assert workspaces.kept_bytes() == kept
    assert fast(np.full(3, 1.0)).tolist() == np.sin(np.full(3, 1.0)).tolist()


def test_the_program_and_source_before_a_call() -> None:
    fast = ag.compile(squares)
    for what in ("program", "source"):
        with pytest.raises(ag.OperandError, match="call the function once"):
            getattr(fast, what)


def test_a_step_takes_no_values() -> None:
    w = Value(2.0)
    step = ag.compile(ag.grad(lambda x: w * x, wrt=[w])).step([w])
    assert step(np.array([1.0]), 3.0).tolist() == [3.0]
    with pytest.raises(ag.OperandError, match="numbers and arrays"):
        step(np.array([1.0]), w)


@pytest.mark.usefixtures("on_numpy")
def test_workspaces_of_many_sizes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """One for every number of samples ever seen would fill the memory; the least recently used are forgotten."""
    monkeypatch.setattr(workspaces, "KEPT_BYTES", 400_000)
    fast = ag.compile(lambda x, p: ag.tanh(x * p) + x, batch=(0,))
    kept = []
    for n in [*range(100, 200), 100, 5000, 7]:
        assert fast(np.full(n, 0.5), 2.0).tolist() == [math.tanh(1.0) + 0.5] * n
        kept.append(fast.program.run.__self__.kept_bytes())
    assert max(kept[:-2]) <= 400_000 + fast.program.run.__self__.bytes_of((200,))
    assert len(set(kept)) > 3
    fast(np.full(20_000, 0.5), 2.0)  # larger than all that is kept: it runs, and the others go
    fast(np.full(7, 0.5), 2.0)
    assert fast.program.run.__self__.kept_bytes() <= 400_000

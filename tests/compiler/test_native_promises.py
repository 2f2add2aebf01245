"""What machine code promises: memory, any number of samples, sums as exact as they can be, forks, signals, nesting."""

from __future__ import annotations

import gc
import math
import os
import signal
import sys
import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.compiler.backends import NativeBackend, native
from autograd_lite.compiler.ir import (
    Array,
    ArrayProgram,
    Contract,
    Dim,
    Input,
    Map,
    Reduce,
    Scatter,
    SegmentReduce,
    Slice,
)
from autograd_lite.compiler.layout import Gather, contiguous
from autograd_lite.compiler.verify import verify
from autograd_lite.errors import ShapeError

pytestmark = pytest.mark.skipif(bool(native.missing()), reason=native.missing())

EPS = 2.0**-52
N = Dim("n", (0,))


def waves(w: Any, x: Any) -> Any:
    """Of sines, an exponential, and a square, over samples."""
    return ag.sin(w[0] * x) * ag.exp(-w[1] * x * x) + ag.cos(x) * w[0]


# --- memory ---------------------------------------------------------------------------------------------------------


def resident() -> int:
    """The memory of this process in bytes; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm") as file:  # noqa: PTH123 - read a thousand times
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


@pytest.mark.parametrize("calls", [20_000, pytest.param(2_000_000, marks=pytest.mark.long)])
def test_calls_leave_no_byte_behind(calls: int) -> None:
    fast = ag.compile(ag.value_and_grad(ag.batch_mean(waves, batch=(1,))), backend="native")
    w, x = np.array([0.7, 0.3]), np.linspace(-1.0, 1.0, 9)

    def some(times: int) -> None:
        for _ in range(times):
            fast(w, x)

    some(5_000)
    gc.collect()
    blocks, memory = sys.getallocatedblocks(), resident()
    some(calls)
    gc.collect()
    assert sys.getallocatedblocks() - blocks < 50
    assert resident() - memory < calls // 8 + 2**20  # not even a byte for each call, beside what the system rounds


# --- samples --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 7, 8, 9, 31, 32, 33, 1_000_003])
def test_any_number_of_samples(n: int) -> None:
    """Each gets NumPy's bits, wherever it stands; the mean of all is right to a few units."""
    x = np.sin(np.arange(float(n))) * 3.0
    w = np.array([0.7, 0.3])
    found = ag.compile(waves, batch=(1,), backend="native")(w, x)
    assert found.tobytes() == (np.sin(0.7 * x) * np.exp(-0.3 * x * x) + np.cos(x) * 0.7).tobytes()
    value = ag.compile(ag.batch_mean(waves, batch=(1,)), backend="native")(w, x)
    assert abs(value - math.fsum(found) / n) <= 8.0 * EPS * np.abs(found).mean()


def test_no_sample_is_refused() -> None:
    for f in (
        ag.compile(waves, batch=(1,), backend="native"),
        ag.compile(ag.batch_mean(waves, batch=(1,)), backend="native"),
    ):
        for _ in range(2):
            with pytest.raises(ShapeError):
                f(np.array([0.7, 0.3]), np.zeros(0))
            assert np.all(np.isfinite(f(np.array([0.7, 0.3]), np.ones(3))))  # and then the entry is bound


# --- sums -----------------------------------------------------------------------------------------------------------


def adding(kind: str, n: int) -> tuple[Any, Array, Array]:
    """An instruction that adds up n products, or numbers, and two inputs."""
    a, b, out = Array("a", (n,), role="input"), Array("b", (n,), role="input"), Array("s", (1,))
    a_n, b_n = Array("a", (1,), N, "input"), Array("b", (1,), N, "input")
    one = contiguous((1,))
    row, table = contiguous((1, n)), contiguous((1, 1))
    made: dict[str, tuple[Any, Array, Array]] = {
        "k,k->": (Contract(Array("s").whole, a.whole, b.whole, "k,k->"), a, b),
        "mk,k->m": (Contract(out.whole, a[row], b.whole, "mk,k->m"), a, b),
        "in,jn->ij": (Contract(out[table], a_n[one], b_n[one], "in,jn->ij"), a_n, b_n),
        "kn,kn->": (Contract(Array("s").whole, a_n.whole, b_n.whole, "kn,kn->"), a_n, b_n),
        "terms": (Reduce(Array("s").whole, "add", a.whole, ("terms",)), a, b),
        "batch": (Reduce(out.whole, "add", a_n.whole, ("batch",)), a_n, b_n),
        "segment": (SegmentReduce(out.whole, "add", a.whole, Gather(np.array([0]))), a, b),
    }
    return made[kind]


KINDS = ["k,k->", "mk,k->m", "in,jn->ij", "kn,kn->", "terms", "batch", "segment"]


def added(kind: str, a: Any, b: Any) -> float:
    """What machine code makes of a sum."""
    instruction, x, y = adding(kind, len(a))
    result = Array("result", (1,), role="result")
    out: Slice = instruction.out
    copy = Map(result[contiguous(out.array.shape)], "copy", (out.array.whole,))
    program = verify(ArrayProgram((Input(x, x.shape), Input(y, y.shape)), (instruction, copy), result))
    blocks = [v.reshape(-1, 1) if x.dim else v for v in (a, b)]
    return float(NativeBackend().compile(program).run(blocks, [len(a)] if x.dim else [])[0])


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=3, deadline=None)
@given(n=st.sampled_from([1, 2, 7, 8, 9, 63, 1031, 3000]), seed=st.integers(0, 2**32))
def test_a_sum_is_within_n_roundings_of_its_terms(kind: str, n: int, seed: int) -> None:
    """|sum - exact| <= n eps sum |terms|, also where terms of many sizes cancel; of products each is rounded once."""
    rng = np.random.default_rng(seed)
    a, b = (rng.normal(size=n) * 10.0 ** rng.uniform(-8, 8, n) for _ in range(2))
    a[n // 2 :] = -a[: n - n // 2] * (1.0 + EPS * rng.integers(0, 9, n - n // 2))  # much cancels
    b[n // 2 :] = b[: n - n // 2]
    products = "," in kind
    exact = [Fraction(x) * (Fraction(y) if products else 1) for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    off = abs(Fraction(added(kind, a, b)) - sum(exact))
    assert off <= n * Fraction(EPS) * sum(map(abs, exact))


@pytest.mark.parametrize("kind", KINDS)
def test_a_sum_that_overflows_is_infinite_or_nan(kind: str) -> None:
    big = np.full(20, 1e308)
    assert added(kind, big, np.ones(20)) == math.inf
    assert added(kind, -big, np.ones(20)) == -math.inf
    mixed = np.where(np.arange(20) % 2 == 0, math.inf, -math.inf)
    assert math.isnan(added(kind, mixed, np.ones(20)))


def test_rows_are_added_in_their_order() -> None:
    """A scatter, unlike a sum, has one order: that of its rows."""
    a, index = Array("a", (5,), role="input"), Array("i", (5,), role="constant", numbers=np.zeros(5))
    out, result = Array("s", (2,)), Array("result", (2,), role="result")
    lines = (
        Scatter(out[contiguous((2, 1))], a[contiguous((5, 1))], index.whole),
        Map(result.whole, "copy", (out.whole,)),
    )
    x = np.array([1e16, 1.0, 1.0, -1e16, 1.0])
    found = NativeBackend().compile(verify(ArrayProgram((Input(a, (5,)),), lines, result))).run([x], [])
    assert found.tolist() == [((((0.0 + 1e16) + 1.0) + 1.0) - 1e16) + 1.0, 0.0]


# --- processes, signals, nesting ------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_runs_what_was_compiled_and_compiles_more() -> None:
    fast = ag.compile(waves, batch=(1,), backend="native")
    w, x = np.array([0.7, 0.3]), np.linspace(-2.0, 2.0, 100)
    expected = fast(w, x).tobytes()
    process = os.fork()
    if not process:  # in the child, which must not come back to pytest
        code = 1
        try:
            other = ag.compile(lambda w, x: waves(w, x) + 1.0, batch=(1,), backend="native")
            is_right = fast(w, x).tobytes() == expected and np.allclose(other(w, x), fast(w, x) + 1.0)
            code = 0 if is_right else 2
        finally:
            os._exit(code)
    for _ in range(600):
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            break
        assert fast(w, x).tobytes() == expected  # the parent goes on meanwhile
        time.sleep(0.05)
    else:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        pytest.fail("the child did not end")
    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timer for signals")
def test_a_signal_in_a_call_is_raised_after_it_and_costs_nothing() -> None:
    """As Ctrl-C is: the call in which it comes, in the kernel or around it, is lost, and the next one is right."""
    fast = ag.compile(waves, batch=(1,), backend="native")
    w = np.array([0.7, 0.3])
    inputs = [np.linspace(-2.0, 2.0, n) for n in (9, 20_000)]
    expected = [fast(w, x).tobytes() for x in inputs]

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    seen = 0
    try:
        for k in range(40):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0002 + 0.00003 * k)
                late = time.monotonic() + 5.0  # a signal that falls into a finalizer of Python's raises nothing here
                while time.monotonic() < late:
                    fast(w, inputs[k % 2])
            except KeyboardInterrupt:
                seen += 1
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            assert [fast(w, x).tobytes() for x in inputs] == expected
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    assert seen >= 36


def test_a_call_may_come_in_the_middle_of_another() -> None:
    """Here while an argument is made a number: each has memory of its own."""
    fast = ag.compile(ag.value_and_grad(ag.batch_mean(waves, batch=(1,))), backend="native")
    w, x = np.array([0.7, 0.3]), np.linspace(-1.0, 1.0, 50)
    expected = fast(w, x)
    inside: list[Any] = []

    class Late(float):
        def __float__(self) -> float:
            inside.append(fast(w, -x))
            return 0.7

    value, slopes = fast([Late(0.7), 0.3], x)
    assert (value, slopes) == (expected[0], expected[1].tolist())
    assert inside
    assert all(v == fast(w, -x)[0] for v, _ in inside)

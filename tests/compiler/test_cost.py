"""What runs on floats and what on arrays, decided by what is counted in both programs; measured in
``tests/benchmarks/compiled_choice.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler import cost, pipeline
from autograd_lite.compiler.backends import NumpyBackend
from autograd_lite.compiler.backends import floats as floats_backend
from autograd_lite.compiler.building import PROGRAMS
from autograd_lite.compiler.ir import Map
from autograd_lite.compiler.signature import abstract
from autograd_lite.compiler.tracing import trace
from tests.support.array_programs import NUMBERS, ROWS, compiled, of


def bodies(q: Any) -> Any:
    n = len(q) // 2
    pairs = [(i, j) for i in range(n) for j in range(i)]
    distance = [ag.hypot(q[2 * i] - q[2 * j], q[2 * i + 1] - q[2 * j + 1]) for i, j in pairs]
    return ag.fsum([-1.0 / d for d in distance])


def turns(x: Any) -> Any:
    y = 1.0
    for _ in range(60):
        x, y = x + 0.1 * y, y - 0.1 * ag.sin(x)
    return x


def chained(x: Any) -> Any:
    return sum(100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1))


def quadratic(x: Any, A: Any) -> Any:
    return ag.sumprod(list(x), [ag.sumprod(list(row), list(x)) for row in A])


@pytest.mark.parametrize(
    ("f", "args", "faster"),
    [
        (ag.sin, (0.5,), "floats"),
        (ag.grad(turns), (0.5,), "floats"),  # every step is its own level: a call for each operation
        (ag.value_and_grad(chained), (np.linspace(-1.0, 2.0, 10),), "floats"),
        (ag.value_and_grad(chained), (np.linspace(-1.0, 2.0, 100),), "numpy"),
        (ag.value_and_grad(bodies), (np.arange(12.0) ** 1.5,), "floats"),
        (ag.value_and_grad(quadratic), (np.ones(4), np.ones((4, 4))), "floats"),
        (ag.value_and_grad(quadratic), (np.ones(20), np.ones((20, 20))), "numpy"),  # 3 products of matrices and vectors
        (ag.value_and_grad(lambda x: ag.fsum([ag.exp(v) for v in x])), (np.ones(200),), "numpy"),
    ],
)
@pytest.mark.usefixtures("on_numpy")
def test_the_faster_one_is_taken(f: Callable[..., Any], args: Any, faster: str) -> None:
    fast = ag.compile(f)
    fast(*args)
    assert fast.program.backend == faster


def test_neither_program_is_made_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small function needs no program of arrays, and a long one of few groups none of numbers."""
    made = []
    for name in ("numbers", "arrays"):
        original = getattr(pipeline.Stages, name)
        monkeypatch.setattr(
            pipeline.Stages, name, lambda stages, name=name, original=original: made.append(name) or original(stages)
        )
    compiled(ag.grad(chained), np.ones(5))
    compiled(ag.grad(chained), np.ones(1000))
    assert made == ["numbers", "arrays"]
    compiled(ag.grad(chained), np.ones(60))
    assert made[2:] == ["arrays", "numbers"]


@pytest.mark.parametrize("f", [chained, bodies, turns, lambda x: -x[0] - x[1] * x[2], lambda x: ag.maximum(*x) - x[0]])
@pytest.mark.parametrize("transform", [lambda f: f, ag.grad, ag.hessian])
def test_numbers_are_counted_before_their_program_is_made(f: Callable[..., Any], transform: Any) -> None:
    x = [0.7, 1.5, 2.5, -3.0]
    g = transform(lambda x: f(x[0]) if f is turns else f(x))
    stages = pipeline.Stages(trace(g, (), frozenset(), [abstract(x)], {}, False))
    program = stages.numbers().program
    costs, count = stages.on_numbers()
    assert costs == pytest.approx(cost.on_numbers(program))
    assert count == sum(1 for i in program.instructions if isinstance(i, Map) and i.op != "copy")


@pytest.mark.parametrize("name", [name for name in ROWS if "samples" not in name and "batch" not in name])
def test_calls_are_counted_as_numpy_prints_them(name: str) -> None:
    """Up to the views that a table takes, and the copies of constants."""
    if "loop" in name:
        pytest.skip("a loop calls as its body says")
    program = of(*ROWS[name][0])
    calls = (cost.on_arrays(program) - cost.ROOM) / cost.CALL
    assert abs(calls - NumpyBackend().compile(program).calls) < 1.6
    assert NUMBERS  # programs of numbers are counted instruction by instruction


def long(x: Any, y: Any) -> Any:
    ops = [ag.sin, ag.cos, ag.tanh, ag.exp]
    total, kept = x, [y * k for k in range(5)]
    for k in range(300):
        total = ops[k % 4](total * (1.0 + k / 300.0)) - kept[k % 5]
    return [total, x * y, kept[3], 7.0]


@pytest.mark.parametrize("longest", [1, 2, 7, 50, 10_000])
def test_long_programs_are_printed_in_parts(longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's compiler takes 3 kB a line, and longer for each in a long function; the numbers are the same."""
    whole = ag.compile(long, backend="floats")
    expected = whole(0.3, -0.4)
    assert "part1" not in whole.source
    PROGRAMS.clear()
    monkeypatch.setattr(floats_backend, "LONGEST_PART", longest)
    fast = ag.compile(long, backend="floats")
    assert fast(0.3, -0.4) == expected
    assert ("def part1(" in fast.source) == (longest < 1000)
    assert not any(map(math.isnan, expected))


def test_a_variable_may_be_called_as_a_part_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floats_backend, "LONGEST_PART", 2)
    part1 = ag.Value(2.0, "part1")

    def f(x: Any) -> Any:
        total = x
        for _ in range(8):
            total = ag.sin(total) * part1 + total
        return total

    assert ag.compile(f, backend="floats")(0.5) == pytest.approx(f(ag.Value(0.5)).data, rel=1e-14)


@pytest.mark.long
def test_no_cliff_at_two_hundred_thousand_operations() -> None:
    """A pendulum of 25,100 steps: 200,800 operations, each step its own level."""

    def swing(angle: Any) -> Any:
        speed = 0.0
        for _ in range(25_100):
            speed = speed - 0.001 * ag.sin(angle)
            angle = angle + 0.001 * speed
        return angle

    fast = ag.compile(ag.grad(swing))
    assert fast(0.5) == pytest.approx(ag.grad(swing)(0.5), rel=1e-9)
    assert fast.program.instructions > 200_000
    assert fast.program.backend == "floats"

"""Programs of numbers as machine code: the bits of the interpreter, whatever the length of its functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler import building, tracing
from autograd_lite.compiler.backends import NativeBackend, native
from autograd_lite.compiler.backends.native import lines
from autograd_lite.compiler.interpret import interpret
from autograd_lite.compiler.ir import ArrayProgram, Loop
from autograd_lite.compiler.pipeline import Stages
from autograd_lite.compiler.signature import abstract, describe
from tests.support.array_programs import NUMBERS, ROWS, compiled, of

pytestmark = pytest.mark.skipif(bool(native.missing()), reason=native.missing())

X = np.array([0.3, -0.7, 1.9, 0.4])


def in_numbers(f: Callable[..., Any], *args: Any) -> tuple[ArrayProgram, list[Any]]:
    """The program of numbers of a function, and the blocks of a call."""
    trace = tracing.trace(f, (), frozenset(), [abstract(x) for x in args], {}, exact=False)
    blocks: list[Any] = []
    for x in args:
        describe(x, blocks)
    made = Stages(trace).numbers()
    return made.program, [*blocks, [v.data for v in made.captured]]


def words(x: Any) -> Any:
    a, b, c, d = x
    y = ag.maximum(a, b) * ag.exp(c) + ag.where(a > b, ag.log(c), ag.tanh(d)) - ag.arctan2(a, c) ** 3.0
    return [y, ag.normal_cdf(y) + ag.erf(d), c**d, ag.relu(b), abs(b) / ag.sqrt(c), 2.0]


def long(x: Any) -> Any:
    """Numbers that are needed much later, and others that are not."""
    early = [ag.sin(v * k) for v in x for k in range(3)]
    total = x[0]
    for k in range(60):
        total = ag.cos(total) * (1.0 + k / 7.0) - early[k % 5]
    return [total, early[7], x[1]]


def recurrence(x: Any) -> Any:
    """The derivative has a loop in the other direction, over what this one stacks; its outputs are results too."""
    last, outs = ag.scan(lambda h, v: (ag.tanh(h * v + x[0]), h * h), x[1], x)
    return last * ag.fsum(outs)


def nested(x: Any) -> Any:
    return ag.repeat(lambda h: ag.repeat(lambda g: ag.sin(g + x[2]), h, 3) * x[0] + x[3], x[1], 4)


def once(x: Any) -> Any:
    return ag.repeat(lambda h: h * x[0] + x[1], x[2], 1)


PROGRAMS: dict[str, Callable[..., Any]] = {
    "words": words,
    "long": long,
    "gradient": ag.grad(lambda x: ag.fsum(long(x))),
    "Hessian": ag.hessian(lambda x: ag.fsum(words(x)[:4])),
    "loop": recurrence,
    "gradient of a loop": ag.value_and_grad(recurrence),
    "loops in loops": ag.value_and_grad(nested),
    "one turn": ag.value_and_grad(once),
}


@pytest.mark.parametrize("longest", [1, 7, 400])
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_bits_are_those_of_the_interpreter(name: str, longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST", longest)
    program, blocks = in_numbers(PROGRAMS[name], X)
    assert program.is_straight
    found = NativeBackend().compile(program).run(blocks, ())
    assert np.asarray(found).tobytes() == np.asarray(interpret(program, blocks, [])).tobytes()


def test_special_numbers_keep_their_class() -> None:
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, 1e308]
    program, _ = in_numbers(words, X)
    executable = NativeBackend().compile(program)
    with np.errstate(all="ignore"):
        for first in special:
            for second in special:
                x = np.array([first, second, second, first])
                found, expected = executable.run([x, []], ()), interpret(program, [x, []], [])
                assert np.array_equal(found, expected, equal_nan=True)
                numbers = ~np.isnan(expected)
                assert np.array_equal(np.signbit(found)[numbers], np.signbit(expected)[numbers])


def test_numbers_are_stored_only_for_other_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a place is used again: a workspace is as large as what is needed at once."""
    program, _ = in_numbers(long, X)
    for longest, most in ((5, 20), (10**6, 0)):
        monkeypatch.setattr(lines, "LONGEST", longest)
        assert lines.Lines(program, "").layout.flat <= most


def test_carries_stay_in_registers() -> None:
    program, _ = in_numbers(recurrence, X)
    assert any(isinstance(i, Loop) for i in program.instructions)
    assert "phi double" in NativeBackend().compile(program).source


def test_neighbours_are_copied_together() -> None:
    program, _ = in_numbers(list, np.arange(50.0))
    assert NativeBackend().compile(program).source.count("@llvm.memcpy") == 2  # its declaration, and one call


def test_zeros_of_a_result_are_cleared_at_once() -> None:
    """In a program of numbers those side by side, in one of arrays all."""
    zeros = [0.0] * 40
    f = lambda v: [*zeros, v[0] * 2.0, *zeros, -0.0, *[x * 3.0 for x in v], *zeros]  # noqa: E731
    stages = Stages(tracing.trace(f, (), frozenset(), [abstract(X)], {}, exact=False))
    for program, count in ((stages.numbers().program, 3), (stages.arrays().program, 1)):
        text = NativeBackend().compile(program).source
        assert text.count("call void @llvm.memset") == count
        found = NativeBackend().compile(program).run([X, np.zeros(0)], ())
        assert found.tobytes() == np.array(f(X)).tobytes()


def test_a_result_is_stored_by_the_function_that_computes_it() -> None:
    """Then it needs no place in the workspace."""
    program, _ = in_numbers(lambda v: [x * x for x in v], np.linspace(1.0, 2.0, 1000))
    assert len(lines.Lines(program, "").runs) > 1
    assert lines.Lines(program, "").layout.flat == 0


def test_the_backend_takes_numbers_where_arrays_would_be_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    for longest, is_quick in ((10**6, False), (30, True)):
        building.PROGRAMS.clear()
        monkeypatch.setattr(building, "LONGEST_NATIVE", longest)
        fast = ag.compile(lambda x: long(x)[0], backend="native")
        assert fast(X) == pytest.approx(ag.compile(lambda x: long(x)[0], backend="numpy")(X), rel=1e-13)
        assert fast.program.ir.is_straight == is_quick


def test_programs_of_arrays_are_not_straight() -> None:
    for instructions, _ in ROWS.values():
        assert not of(*instructions).is_straight
    assert not of(*NUMBERS["expression"][0]).is_straight  # the number of samples is not in memory
    assert not compiled(lambda v: [a * 2.0 for a in v], np.ones(500))[0].program.is_straight
    assert not in_numbers(lambda x: ag.take([*x], ag.floor(x[0])), X)[0].is_straight  # a look-up
    assert not compiled(lambda v: 2.0, np.ones(3), batch=(0,))[0].program.is_straight  # what has samples

"""Random array programs of every kind of instruction: machine code gives the interpreter's bits, planned or not."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_lite.compiler.backends import NativeBackend, native
from autograd_lite.compiler.interpret import interpret
from autograd_lite.compiler.ir import every
from autograd_lite.compiler.plan import plan
from autograd_lite.compiler.verify import verify
from tests.support.random_programs import random_case

pytestmark = pytest.mark.skipif(bool(native.missing()), reason=native.missing())

KINDS: dict[str, dict[str, bool]] = {
    "sums": {"special": False},
    "sums of special numbers": {"special": True},
    "words": {"summing": False},
    "words on special numbers": {"summing": False, "special": True},
    "numbers": {"numbers": True},
    "shared loops": {"alike": True, "special": True},
}


def is_same(found: Any, expected: Any, *, summing: bool) -> bool:
    """Equal to the bit, NaN whatever its bits; but for the sign of a zero, which a sum takes from its order."""
    found, expected = (np.ascontiguousarray(x, dtype=float) for x in (found, expected))
    if summing:
        return np.array_equal(found, expected, equal_nan=True)
    is_equal = found.view(np.int64) == expected.view(np.int64)
    return bool((is_equal | (np.isnan(found) & np.isnan(expected))).all())


def check(seed: int, kind: str) -> None:
    case, summing = random_case(seed, **KINDS[kind]), KINDS[kind].get("summing", True)
    expected = interpret(verify(case.program), case.blocks, case.sizes)
    for program in (case.program, verify(plan(case.program))):
        assert is_same(interpret(program, case.blocks, case.sizes), expected, summing=summing)
        executable = NativeBackend().compile(program)
        for _ in range(2):  # the second time on a workspace that was used
            assert is_same(executable.run(case.blocks, case.sizes), expected, summing=summing), (
                f"{kind} {seed}\n{program}"
            )


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_machine_code_means_what_the_interpreter_does(kind: str, seed: int) -> None:
    check(seed, kind)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=800, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_thousands_of_programs(kind: str, seed: int) -> None:
    check(seed, kind)


def test_programs_contain_every_instruction() -> None:
    found = Counter(type(i).__name__ for k in range(60) for i in every(random_case(k).program.instructions))
    assert set(found) == {"Map", "Contract", "Reduce", "SegmentReduce", "Update", "Take", "Scatter", "Loop"}
    assert min(found.values()) >= 10

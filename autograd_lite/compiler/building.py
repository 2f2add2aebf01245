"""Making executable programs of traces, each only once: functions whose traces are equal share what is made.

Types: ``Any`` stands for what a backend keeps.
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from autograd_lite.compiler import disk
from autograd_lite.compiler.backends import BACKENDS, Backend, Executable, NativeBackend, native
from autograd_lite.compiler.backends.native.machine import is_installed as native_is_installed
from autograd_lite.compiler.fingerprint import fingerprint
from autograd_lite.compiler.ir import ArrayProgram, every
from autograd_lite.compiler.pipeline import Compiled, Stages
from autograd_lite.compiler.store import Store
from autograd_lite.compiler.tracing import Tracing
from autograd_lite.engine import Value

__all__ = ["PROGRAMS", "Built", "build", "has_machine_code", "why_not_native"]

MOST = 256  # programs that are kept in a process
VARIABLE = "AUTOGRAD_LITE_NATIVE"  # "off": "auto" takes no machine code, in this process and those that it starts
LONGEST_NATIVE = 300  # instructions: LLVM takes some 1 ms for each, and more for each in longer programs
LONGEST_STRAIGHT = 60_000  # of numbers: some 20 us for each
SCALARS = 2_000_000  # that they may compute together; a scalar takes some 100 bytes
WORTHWHILE = 0.01  # seconds: what is built faster is not kept on disk

Key = tuple[bytes, str, bool]  # the fingerprint of a trace, the backend that was chosen, and whether to be exact


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Built:
    """What functions with equal traces share: nothing in it refers to them, or to their leaves.

    Attributes
    ----------
    ir : ArrayProgram
        The array program.
    backend : str
        Which backend printed it.
    executable : Executable
        What runs.
    instructions, groups : int
        How many scalars it computes (for one sample), and how many arrays these became.
    on_floats : bool
        Whether it is a program of numbers.
    is_exact : bool
        Whether its result is right in every case, also where it is not finite.
    leaves : sequence of int
        Which of the leaves that the trace captured the program reads, in the order in which it does.
    rolled : tuple of (int, int)
        How many steps, of how many operations, became a loop.
    """

    ir: ArrayProgram
    backend: str
    executable: Executable
    instructions: int
    groups: int
    on_floats: bool
    is_exact: bool
    leaves: Sequence[int]
    rolled: tuple[tuple[int, int], ...]


PROGRAMS = Store[Built](most=MOST, heaviest=SCALARS, weigh=lambda built: built.instructions)
"""The programs of this process, by the fingerprints of their traces."""


class Record(NamedTuple):
    """What is kept on disk of a program that was built: all but what runs."""

    ir: ArrayProgram
    backend: str
    instructions: int
    groups: int
    on_floats: bool
    is_exact: bool
    leaves: Sequence[int]
    rolled: tuple[tuple[int, int], ...]
    kept: Any


def build(tracing: Tracing, chosen: str = "auto", *, exact: bool = False) -> tuple[Built, list[Value]]:
    """Make the program of a trace, or find the one of an equal trace: in this process, then on disk.

    Returns
    -------
    built : Built
        The program.
    captured : list of Value
        The leaves that it reads.
    """
    mark = fingerprint(tracing.trace, tracing.sweep)
    if mark.key is None:
        mark = fingerprint(tracing.finish())
    if mark.key is None:
        built = _built(tracing, chosen, mark.captured, exact=exact)
    else:
        key = (mark.key, chosen, exact)
        built = PROGRAMS.find(
            key,
            lambda: _restored(key) or _saved(key, lambda: _built(tracing, chosen, mark.captured, exact=exact)),
        )
    tracing.end()
    if built.leaves == range(len(mark.captured)):
        return built, mark.captured
    return built, [mark.captured[k] for k in built.leaves]


def _restored(key: Key) -> Built | None:
    """What an earlier process built."""
    content = disk.load(_on_disk(key))
    if content is None:
        return None
    record = Record._make(pickle.loads(content))  # noqa: S301 - a file of this user's own, found whole
    if record.backend == "native" and native.missing():  # it was built on another machine
        return None
    executable = BACKENDS[record.backend].compile(record.ir, record.kept)
    return Built(record.ir, record.backend, executable, *record[2:-1])


def _saved(key: Key, make: Callable[[], Built]) -> Built:
    """Build, and keep what took long for a later process."""
    start = time.perf_counter()
    built = make()
    if time.perf_counter() - start > WORTHWHILE and disk.folder() is not None:
        record = Record._make([*[getattr(built, name) for name in Record._fields[:-1]], built.executable.kept])
        disk.save(_on_disk(key), pickle.dumps(tuple(record), protocol=5))
    return built


def _on_disk(key: Key) -> str:
    return disk.key_of("program", native_is_installed(), *key)


def _built(tracing: Tracing, chosen: str, captured: Sequence[Value], *, exact: bool) -> Built:
    trace = tracing.finish(together=True)
    compiled, backend = _lowered(Stages(trace, exact=exact), chosen, exact=exact)
    return Built(
        compiled.program,
        backend.name,
        backend.compile(compiled.program),
        compiled.instructions,
        compiled.groups,
        on_floats=backend.name == "floats",
        is_exact=compiled.program.is_exact and not trace.must_be_finite and not trace.checks,
        leaves=_places(compiled.captured, captured),
        rolled=trace.rolled,
    )


def _places(some: Sequence[Value], captured: Sequence[Value]) -> Sequence[int]:
    """Which of the leaves that were captured some are: all of them in order, as a rule."""
    if list(some) == list(captured):
        return range(len(some))
    place = {v: k for k, v in enumerate(captured)}
    return tuple([place[v] for v in some])


def _lowered(stages: Stages, chosen: str, *, exact: bool) -> tuple[Compiled, Backend]:
    """The program, and what runs it."""
    if exact:  # a program of arrays: Python's floats raise where IEEE 754 goes on
        return stages.arrays(), BACKENDS["numpy" if chosen in ("auto", "floats") else chosen]
    if chosen == "floats":
        return stages.numbers(), BACKENDS["floats"]
    if chosen == "native":
        return _in_numbers(stages) or stages.arrays(), BACKENDS["native"]
    return _chosen(stages) if chosen == "auto" else (stages.arrays(), BACKENDS[chosen])


def _in_numbers(stages: Stages) -> Compiled | None:
    """The program of numbers, where machine code for that of arrays would take long to compile."""
    if stages.has_batch or stages.unlike <= LONGEST_NATIVE:
        return None
    numbers = stages.numbers()
    return numbers if numbers.program.is_straight else None


def _chosen(stages: Stages) -> tuple[Compiled, Backend]:
    """The program that "auto" takes, and what runs it."""
    compiled = stages.cheaper(lambda program: not why_not_native(program), _is_quick)
    if compiled.on_floats:
        return compiled, BACKENDS["native" if _is_quick(compiled.program) else "floats"]
    return compiled, BACKENDS["numpy" if why_not_native(compiled.program) else "native"]


def _is_quick(numbers: ArrayProgram) -> bool:
    """Whether "auto" may take machine code for a program of numbers."""
    return numbers.is_straight and not why_not_native(numbers)


def has_machine_code() -> bool:
    """Whether "auto" may take machine code at all."""
    return os.environ.get(VARIABLE, "").lower() != "off" and not native.missing()


def why_not_native(program: ArrayProgram) -> str:
    """Say why "auto" does not take machine code for a program of arrays; nothing if it does."""
    if os.environ.get(VARIABLE, "").lower() == "off":
        return f"{VARIABLE} is off"
    count = len(list(every(program.instructions)))
    longest = LONGEST_STRAIGHT if program.is_straight else LONGEST_NATIVE
    if count > longest:
        return f"a program of {count} instructions would take too long to compile (more than {longest})"
    return NativeBackend().why_not(program)

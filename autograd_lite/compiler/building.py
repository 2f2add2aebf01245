"""Making executable programs of traces, each only once: functions whose traces are equal share what is made."""

from __future__ import annotations

from dataclasses import dataclass

from autograd_lite.compiler.backends import BACKENDS, Backend, Executable, NativeBackend
from autograd_lite.compiler.fingerprint import Fingerprint
from autograd_lite.compiler.ir import ArrayProgram
from autograd_lite.compiler.pipeline import Compiled, Trace, to_program
from autograd_lite.compiler.store import Store

__all__ = ["PROGRAMS", "Built", "build", "why_not_native"]

MOST = 256  # programs that are kept in a process
LONGEST_NATIVE = 300  # instructions: LLVM takes some 1 ms for each, and more for each in longer programs
SCALARS = 2_000_000  # that they may compute together; a scalar takes some 100 bytes


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
    """

    ir: ArrayProgram
    backend: str
    executable: Executable
    instructions: int
    groups: int
    on_floats: bool


PROGRAMS = Store[Built](most=MOST, heaviest=SCALARS, weigh=lambda built: built.instructions)
"""The programs of this process, by the fingerprints of their traces."""


def build(trace: Trace, mark: Fingerprint, chosen: str = "auto", *, exact: bool = False) -> Built:
    """Make the program of a trace, or find the one of an equal trace."""
    if mark.key is None:
        return _built(trace, chosen, exact=exact)
    return PROGRAMS.find((mark.key, chosen, exact), lambda: _built(trace, chosen, exact=exact))


def _built(trace: Trace, chosen: str, *, exact: bool) -> Built:
    numbers = None if chosen == "auto" else chosen == "floats" and not exact
    compiled = to_program(trace, exact=exact, numbers=numbers)
    backend = _backend(chosen, compiled, exact=exact)
    executable = backend.compile(compiled.program)
    return Built(compiled.program, backend.name, executable, compiled.instructions, compiled.groups, compiled.on_floats)


def _backend(chosen: str, compiled: Compiled, *, exact: bool) -> Backend:
    if chosen == "auto" and not exact and not compiled.on_floats and not why_not_native(compiled.program):
        return BACKENDS["native"]
    if chosen == "auto" or (chosen == "floats" and not compiled.on_floats):  # the exact program is one of arrays
        return BACKENDS["floats" if compiled.on_floats else "numpy"]
    return BACKENDS[chosen]


def why_not_native(program: ArrayProgram) -> str:
    """Say why "auto" does not take machine code for a program of arrays; nothing if it does."""
    count = len(program.instructions)
    if count > LONGEST_NATIVE:
        return f"a program of {count} instructions would take too long to compile (more than {LONGEST_NATIVE})"
    return NativeBackend().why_not(program)

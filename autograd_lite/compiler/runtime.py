"""A compiled function at work: its program, the exact program beside it, and captured leaves given from outside.

Types: ``Any`` stands for flat inputs and results: floats, lists of floats or arrays.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler.backends import BACKENDS
from autograd_lite.compiler.building import build, why_not_native
from autograd_lite.compiler.ir import ArrayProgram
from autograd_lite.compiler.tracing import Tracing, collector_paused
from autograd_lite.compiler.unflatten import unflatten
from autograd_lite.engine import Value
from autograd_lite.errors import AutogradLiteError, DomainError, ShapeError
from autograd_lite.text import counted

__all__ = ["CheckFailedError", "Counts", "Entry", "LeafOrder", "Program", "common_count"]

EAGER_SAMPLES = 16  # the eager engine takes about half as long for them as making an exact program does

Counts = dict[int, list[int]]  # batched argument -> how many samples each of its arrays has


class CheckFailedError(Exception):
    """The function itself would have raised an error here, unless in a step of a loop that it does not take."""

    def __init__(self, flat: Any, told: Sequence[str]) -> None:
        super().__init__(flat)
        self.flat = flat  # the results, if it raises none
        self.told = told

    def settle(self, original: Callable[[], Any]) -> Any:
        """Run the function itself, which raises its error; where it raises none the results are right."""
        try:
            original()
        except DomainError:
            raise
        except (AutogradLiteError, IndexError):  # E[token] is for compiled functions
            raise DomainError(f"{'; or '.join(self.told)}.") from None
        return self.flat


class Program:
    """A compiled trace: what it shares with equal traces, and the leaves that it captured itself.

    Attributes
    ----------
    ir : ArrayProgram
        The array program; ``print(program.ir)`` shows it.
    backend : str
        Which backend that is.
    instructions : int
        How many scalars the program computes (for one sample).
    on_floats : bool
        Whether it runs on Python floats.
    groups : int
        How many arrays these became; as many as instructions where the program runs on Python floats.
    array_calls : int
        How many NumPy calls one run makes; 0 where it runs on Python floats.
    captured : list of Value
        The leaves that the function found outside its arguments.
    rolled : tuple of (int, int)
        For each Python loop that became a loop of the program, how many steps, and how many operations in each.
    """

    def __init__(self, tracing: Tracing, chosen: str = "auto", *, exact: bool = False) -> None:
        self.structure = tracing.trace.structure
        self.told = tracing.trace.told
        self.batched_result = bool(tracing.trace.axes)
        self.built, self.captured = built, _ = build(tracing, chosen, exact=exact)
        self.rolled = built.rolled
        self.ir: ArrayProgram = built.ir
        self.native = built.executable.native
        self.backend, self.run, self.on_floats = built.backend, built.executable.run, built.on_floats
        self.instructions, self.groups, self.array_calls = built.instructions, built.groups, built.executable.calls
        self.arguments = [dim.arguments for dim in built.ir.dims]  # those that have each batch axis
        self.is_exact = built.is_exact
        self._ones = np.ones(built.ir.result.size)
        weakref.finalize(self, built.executable.release).atexit = False

    def __repr__(self) -> str:
        parts = [f"{counted(self.instructions, 'instruction')} on {self.backend}"]
        parts += [f"rolled: {steps} steps of {counted(size, 'operation')}" for steps, size in self.rolled]
        return f"<program: {'; '.join(parts)}>"

    @property
    def why_not_native(self) -> str:
        """Why "auto" does not run it as machine code; nothing if it does."""
        return why_not_native(self.ir)

    @property
    def source(self) -> str:
        """What the backend printed."""
        return self.built.executable.source

    @property
    def numpy_source(self) -> str:
        """The program as Python that calls NumPy, whatever it runs on."""
        return self.source if self.backend == "numpy" else BACKENDS["numpy"].compile(self.ir).source

    def is_finite(self, flat: Any) -> bool:
        """Whether all results are finite, by one sum."""
        if type(flat) is list:
            return math.isfinite(sum(flat))
        return math.isfinite(self._ones.dot(flat) if flat.ndim == 1 else flat.sum())


class Entry:
    """A program as it is called, with the exact one beside it, and what puts results together."""

    def __init__(self, trace: Callable[[bool], Tracing], backend: str = "auto") -> None:
        self._trace = trace
        self._backend = backend
        self.program = Program(trace(False), backend)
        structure, batched = self.program.structure, self.program.batched_result
        self.pack_array = unflatten(structure, batched=batched, arrays=True)
        self._pack_list = unflatten(structure, batched=batched)
        self._exact: Program | None = None
        self._eager_samples = 0

    def pack(self, flat: Any) -> Any:
        """Make of flat results, an array or a list, what the function returned."""
        return self._pack_list(flat) if type(flat) is list else self.pack_array(flat)

    def run(self, inputs: list[Any], counts: Counts) -> Any:
        """Run the program, and the exact one where the result is not finite."""
        flat = self.run_plain(inputs, counts)
        return self.run_exact(inputs, counts) if flat is None else flat

    def run_plain(self, inputs: list[Any], counts: Counts) -> Any:
        """Run the program; None where the result is not finite, and so may be wrong."""
        if self.program.on_floats:
            return self._attempt(inputs, ())
        with np.errstate(all="ignore"):
            return self._attempt(inputs, _sizes(self.program, counts))

    def is_for_eager(self, counts: Counts) -> bool:
        """Whether to leave such a call to the eager engine, because making the exact program would take longer."""
        samples = max([n for sizes in counts.values() for n in sizes], default=1)
        if self._exact is not None or self._eager_samples + samples > EAGER_SAMPLES:
            return False
        self._eager_samples += samples
        return True

    def _attempt(self, inputs: list[Any], sizes: Sequence[int]) -> Any:
        """The result, if it is finite or right in every case."""
        try:
            flat = self.program.run(inputs, sizes)
        except (ArithmeticError, ValueError):  # what Python's floats refuse, IEEE 754 answers
            return None
        return flat if self.program.is_exact or self.program.is_finite(flat) else None

    def run_exact(self, inputs: list[Any], counts: Counts) -> Any:
        """Run the program that follows IEEE 754 and the rules for zero and NaN to the letter."""
        if self._exact is None:
            with collector_paused():
                self._exact = Program(self._trace(True), self._backend, exact=True)
        with np.errstate(all="ignore"):
            flat = self._exact.run(inputs, _sizes(self._exact, counts))
        if not np.isfinite(flat[self._exact.ir.outputs :]).all():
            raise CheckFailedError(flat, self._exact.told)
        return flat


def _sizes(program: Program, counts: Counts) -> tuple[int, ...]:
    return tuple([common_count(arguments, counts) for arguments in program.arguments])


def common_count(arguments: Iterable[int], counts: Counts) -> int:
    """The number of samples that batched arguments have in common."""
    sizes = {n: argument for argument in arguments for n in counts[argument]}
    if len(sizes) > 1:
        told = ", ".join(f"argument {argument} has {n}" for n, argument in sizes.items())
        raise ShapeError(f"Batched arguments need equally many samples: {told}.")
    return next(iter(sizes))


class LeafOrder:
    """Takes the numbers of captured leaves from a flat array, and those that are not in it from the leaves."""

    def __init__(self, captured: Sequence[Value], order: dict[Value, int]) -> None:
        self.count = len(order)
        self.is_same = list(order) == list(captured)
        if self.is_same:
            self.rest, self.indices = [], np.arange(len(order))
            return
        self.rest = [(k, v) for k, v in enumerate(captured) if v not in order]
        self.indices = np.array([order.get(v, 0) for v in captured], dtype=np.intp)

    @property
    def leaves(self) -> list[Value | int]:
        """Each captured leaf, or where its number stands in the flat array; none if that is all of them in order."""
        if self.is_same:
            return []
        rest = dict(self.rest)
        return [rest.get(k, int(at)) for k, at in enumerate(self.indices)]

    def __call__(self, flat: Any) -> Any:
        """The numbers of the captured leaves, in the program's order."""
        if self.is_same:
            return flat
        numbers = np.take(flat, self.indices)
        for k, v in self.rest:
            numbers[k] = v.data
        return numbers

"""A compiled program as it is called: with the guarded one beside it, and captured leaves given from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler.program import Program, Trace
from autograd_lite.compiler.results import packer
from autograd_lite.engine import Value
from autograd_lite.errors import ShapeError

__all__ = ["Counts", "Entry", "Gather", "common_count"]

Counts = dict[int, list[int]]  # batched argument -> the numbers of rows of its arrays


class Entry:
    """A program, the guarded one beside it, and what puts results together."""

    def __init__(self, trace: Callable[[bool], Trace]) -> None:
        self._trace = trace
        self.program = Program(trace(False))
        self.pack = packer(self.program.structure, batched=self.program.batched_result)
        self._guarded: Program | None = None

    def run(self, blocks: list[Any], counts: Counts) -> Any:
        """Run the program, and the guarded one where the result is not finite."""
        if self.program.on_floats:
            flat = self._attempt(blocks, ())
            if flat is not None:
                return flat
        with np.errstate(all="ignore"):
            flat = None if self.program.on_floats else self._attempt(blocks, self._rows(self.program, counts))
            return self._run_guarded(blocks, counts) if flat is None else flat

    def _attempt(self, blocks: list[Any], rows: tuple[int, ...]) -> Any:
        """The result, if it is finite or needs no guard."""
        try:
            flat = self.program.run(blocks, rows)
        except (ArithmeticError, ValueError):  # what Python's floats refuse, IEEE 754 answers
            return None
        return flat if self.program.is_exact or self.program.is_finite(flat) else None

    def _run_guarded(self, blocks: list[Any], counts: Counts) -> Any:
        if self._guarded is None:
            self._guarded = Program(self._trace(True), guarded=True)
        return self._guarded.run(blocks, self._rows(self._guarded, counts))

    def _rows(self, program: Program, counts: Counts) -> tuple[int, ...]:
        return tuple([common_count(axis.arguments, counts) for axis in program.axes])


def common_count(places: Iterable[int], counts: Counts) -> int:
    """The number of rows that batched arguments have in common."""
    sizes = {n: place for place in places for n in counts[place]}
    if len(sizes) > 1:
        told = ", ".join(f"argument {place} has {n}" for n, place in sizes.items())
        raise ShapeError(f"Batched arguments need equally many rows: {told}.")
    return next(iter(sizes))


class Gather:
    """Takes the numbers of captured leaves from a flat array, and those that are not in it from the leaves."""

    def __init__(self, captured: Sequence[Value], order: dict[Value, int]) -> None:
        self.rest = [(k, v) for k, v in enumerate(captured) if v not in order]
        self.places = np.array([order.get(v, 0) for v in captured], dtype=np.intp)
        self.is_same = not self.rest and np.array_equal(self.places, np.arange(len(order)))

    def __call__(self, flat: Any) -> Any:
        """The numbers of the captured leaves, in the program's order."""
        if self.is_same:
            return flat
        numbers = np.take(flat, self.places)
        for k, v in self.rest:
            numbers[k] = v.data
        return numbers

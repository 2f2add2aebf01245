"""Stage 6, run: a traced function as a program, its workspaces, and its results.

A workspace holds all buffers for one number of rows. It is taken from a free list for the time of a call, so
nested and concurrent calls never share one, and a call allocates nothing but its result.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.compiler.arrays import ArrayEmitter
from autograd_lite.compiler.graph import CAPTURED, Graph
from autograd_lite.compiler.groups import group
from autograd_lite.compiler.straight import StraightEmitter
from autograd_lite.compiler.sums import LEAVES, collect
from autograd_lite.compiler.trace import Axis
from autograd_lite.engine import Value
from autograd_lite.pytree import Structure

__all__ = ["Program", "Trace"]

CALL = 20.0  # an array call costs about as much as so many operations on Python floats
OVERHEAD = 100.0  # and the array program around them as so many
LONGEST = 200_000  # operations; beyond this Python's own compiler takes too long


class Trace(NamedTuple):
    """What tracing a function gave.

    Attributes
    ----------
    roots : list of Value
        The numbers of the result, in order.
    watched : list of Value
        Numbers that must be finite for the result to be right, beside those of the result.
    structure : Structure
        How the result is made of its numbers.
    blocks : dict
        For each block of arguments, the shape of its array (without rows), None for a number, a length for a list.
    rows : dict of int to Axis
        The blocks that have rows.
    names : dict
        The name of the parameter that each block belongs to.
    """

    roots: list[Value]
    watched: list[Value]
    structure: Structure
    blocks: dict[Any, Any]
    rows: dict[Any, Axis]
    names: dict[Any, str]


class Program:
    """A compiled trace.

    Attributes
    ----------
    source : str
        The emitted Python.
    instructions : int
        How many scalars the program computes (of one row).
    on_floats : bool
        Whether it runs on Python floats.
    groups : int
        How many arrays these became; as many as instructions where the program runs on Python floats.
    array_calls : int
        How many NumPy calls one run makes; 0 where it runs on Python floats.
    captured : list of Value
        The leaves that the function found outside its arguments.
    """

    def __init__(self, trace: Trace, *, guarded: bool = False) -> None:
        self.structure = trace.structure
        graph = Graph(guarded=guarded, rows=trace.rows)
        outputs = self._outputs(graph, trace, guarded=guarded)
        nodes = collect(graph, outputs)
        groups, place = group(graph, nodes, outputs)
        self.captured = graph.captured
        self.is_exact = graph.is_exact and not trace.watched  # a derivative is NaN where its function is
        self.instructions = sum(1 for node in nodes.values() if node.word not in LEAVES)
        self.groups = sum(1 for g in groups if g.word not in LEAVES)
        self.array_calls = 0
        self.axes: list[Axis] = []
        self.batched_result = bool(trace.rows)
        self._free: dict[tuple[int, ...], list[Callable[..., Any]]] = {}
        self._run: Callable[..., Any] | None = None
        self._ones = np.ones(len(outputs))
        blocks = {**trace.blocks, CAPTURED: len(graph.captured)}
        names = {**trace.names, CAPTURED: "leaves"}
        has_rows = any(g.axis or g.over or g.word == "rows" for g in groups) or self.batched_result
        work = sum(max(len(node.terms), 1) for node in nodes.values() if node.word not in LEAVES)
        self.on_floats = not guarded and not has_rows and work <= min(CALL * self.groups + OVERHEAD, LONGEST)
        if self.on_floats:
            straight = StraightEmitter(graph, nodes, outputs, blocks, names)
            self.source = straight.emit()
            self.groups = self.instructions
            self._run = _defined(self.source, straight.names, "run")
        else:
            emitted = ArrayEmitter(graph, groups, place, outputs, blocks, names).emit()
            self.source = emitted.text()
            self.axes, self.array_calls = emitted.axes, emitted.calls
            self._build = _defined(self.source, emitted.names, "build")

    def _outputs(self, graph: Graph, trace: Trace, *, guarded: bool) -> list[int]:
        """The nodes of the result, and after them those that must be finite as well."""
        nodes = graph.add_trace([*trace.roots, *trace.watched])  # by both programs: they capture the same leaves
        shown, watched = nodes[: len(trace.roots)], nodes[len(trace.roots) :]
        if guarded:
            return shown
        return [*shown, *sorted({*watched, *graph.hidden()} - set(shown))]

    def run(self, blocks: Sequence[Any], rows: tuple[int, ...]) -> Any:
        """Run on the blocks of a call; returns the flat results, a list or an array that nothing else refers to."""
        if self._run is not None:
            return self._run(*blocks)
        free = self._free.setdefault(rows, [])
        try:
            work = free.pop()
        except IndexError:
            work = self._build(*rows)
        try:
            return work(*blocks).copy()
        finally:
            free.append(work)

    def is_finite(self, flat: Any) -> bool:
        """Whether all results are finite, by one sum."""
        if type(flat) is list:
            return math.isfinite(sum(flat))
        return math.isfinite(self._ones.dot(flat) if flat.ndim == 1 else flat.sum())


def _defined(source: str, names: Mapping[str, Any], name: str) -> Any:
    """Run emitted source, and give what it defines. It holds nothing but what the emitters wrote."""
    scope = dict(names)
    exec(compile(source, "<autograd_lite.compile>", "exec"), scope)  # noqa: S102 - our own text
    return scope.pop(name)  # a function in its own globals would be a cycle

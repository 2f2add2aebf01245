"""The one path from a trace to an array program, which a backend prints: simplify, sums, group, lower, plan.

Types: ``Any`` stands for what identifies an input.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, NamedTuple

from autograd_lite.compiler import cost
from autograd_lite.compiler.builder import Given, size_of
from autograd_lite.compiler.graph import CAPTURED, Graph
from autograd_lite.compiler.groups import Grouping
from autograd_lite.compiler.ir import ArrayProgram, Instruction, Loop, Map
from autograd_lite.compiler.lower import lower
from autograd_lite.compiler.plan import plan
from autograd_lite.compiler.straight import lower_scalars, words_of
from autograd_lite.compiler.structural import Axis
from autograd_lite.compiler.sums import LEAVES, STRUCTURAL, Node, collect, one_by_one
from autograd_lite.engine import Value
from autograd_lite.errors import ProgramError
from autograd_lite.pytree import Structure

__all__ = ["Compiled", "Stages", "Trace", "to_program"]

MOST_CALLS = 6  # of NumPy for a group; more are not made for one


class Trace(NamedTuple):
    """What tracing a function gave.

    Attributes
    ----------
    roots : list of Value
        The numbers of the result, in order.
    must_be_finite : list of Value
        Numbers that must be finite for the result to be right, beside those of the result.
    checks : list of Value
        Numbers that are NaN where the function itself would raise an error.
    told : list of str
        What may be wrong then, and where.
    structure : Structure
        How the result is made of its numbers.
    shapes : dict
        For each input, the shape of its array (without the batch axis), None for a number, a length for a
        list.
    axes : dict of int to Axis
        The shapes that have a batch axis throughout the function.
    names : dict
        The name of the parameter that each input belongs to.
    rolled : tuple of (int, int)
        How many steps, of how many operations, became a loop.
    """

    roots: list[Value]
    must_be_finite: list[Value]
    checks: list[Value]
    told: list[str]
    structure: Structure
    shapes: dict[Any, Given]
    axes: dict[Any, Axis]
    names: dict[Any, str]
    rolled: tuple[tuple[int, int], ...] = ()


class Compiled(NamedTuple):
    """An array program, the leaves whose numbers it is given at each call, and how much work it is."""

    program: ArrayProgram
    captured: list[Value]
    instructions: int
    groups: int
    on_floats: bool


class Stages:
    """A trace, taken through the stages that all programs share, up to groups.

    Parameters
    ----------
    trace : Trace
        What is to be compiled.
    exact : bool, optional
        Follow IEEE 754 to the letter; this is slower.
    """

    def __init__(self, trace: Trace, *, exact: bool = False) -> None:
        self.graph = Graph(exact=exact, axes=trace.axes)
        self.outputs = self.graph.outputs(trace.roots, trace.must_be_finite, trace.checks)
        self.nodes = collect(self.graph, self.outputs)
        self.grouping = Grouping(self.graph, self.nodes, self.outputs)
        self.shapes = {**trace.shapes, CAPTURED: len(self.graph.captured)}
        self.names = {**trace.names, CAPTURED: "leaves"}
        self.count = trace.structure.size
        self.instructions = sum(_count(self.graph, i, n) for i, n in self.nodes.items() if n.word not in LEAVES)
        self.has_batch = bool(self.graph.axes) or any(
            node.axis or node.over or node.word == "size" for node in self.nodes.values()
        )

    @property
    def unlike(self) -> int:
        """How many groups there are, of operations that are alike."""
        grouping = self.grouping
        return sum(1 for members in grouping.members.values() if grouping.nodes[members[0]].word not in LEAVES)

    def on_numbers(self) -> tuple[float, int]:
        """What the program of numbers costs on Python's floats, and how many unlike instructions it has."""
        if any(node.word in STRUCTURAL for node in self.nodes.values()):
            program = self.numbers().program
            return cost.on_numbers(program), _unlike_maps(program.instructions)
        words = Counter(chain.from_iterable([words_of(node) for _, node in one_by_one(self.nodes)]))
        given = {self.graph.args[i][0] for i, node in self.nodes.items() if node.word == "input"}
        handed = len(self.outputs) + sum(size_of(self.shapes[source]) for source in given)
        return sum(n * cost.on_number(name) for name, n in words.items()) + cost.NUMBER * handed, words.total()

    def numbers(self) -> Compiled:
        """The program of numbers, without arrays."""
        if self.has_batch:
            raise ProgramError("The backend floats runs functions without a batch; choose numpy or auto.")
        program = lower_scalars(self.graph, self.nodes, self.outputs, self.shapes, self.names)
        return self._compiled(program, self.instructions, on_floats=True)

    def arrays(self) -> Compiled:
        """The program of arrays."""
        groups, member_of = self.grouping.groups_and_members()
        program = plan(lower(self.graph, groups, member_of, self.outputs, self.shapes, self.names))
        return self._compiled(program, self.unlike, on_floats=False)

    def cheaper(
        self,
        is_preferred: Callable[[ArrayProgram], bool] = lambda _: False,
        is_quick: Callable[[ArrayProgram], bool] = lambda _: False,
    ) -> Compiled:
        """The program that takes less time: of numbers, if it is small, or costs less than that of arrays.

        Parameters
        ----------
        is_preferred : callable, optional
            Whether to take a program of arrays whatever it costs in NumPy, because something faster runs it.
        is_quick : callable, optional
            Whether something faster than Python's floats runs a program of numbers.
        """
        most = cost.ROOM + MOST_CALLS * cost.CALL * self.unlike
        if self.graph.exact or self.has_batch or self.instructions > most:
            return self.arrays()
        costs, count = self.on_numbers()
        if costs <= cost.SMALL:
            return self.numbers()
        if count <= max(cost.SHORT, cost.UNLIKE * self.unlike) and is_quick((numbers := self.numbers()).program):
            return numbers
        arrays = self.arrays()
        if is_preferred(arrays.program):
            return arrays
        others = cost.on_arrays(arrays.program)
        if costs * cost.NATIVE > others:
            return arrays
        numbers = self.numbers()
        return numbers if costs <= others or is_quick(numbers.program) else arrays

    def _compiled(self, program: ArrayProgram, groups: int, *, on_floats: bool) -> Compiled:
        program = replace(program, outputs=self.count)
        return Compiled(program, self.graph.captured, self.instructions, groups, on_floats)


def to_program(trace: Trace, *, exact: bool = False, numbers: bool | None = None) -> Compiled:
    """Compile a trace, up to what a backend prints.

    Parameters
    ----------
    trace : Trace
        What is to be compiled.
    exact : bool, optional
        Follow IEEE 754 to the letter; this is slower.
    numbers : bool, optional
        Whether to make a program of numbers, without arrays; if None, where that runs faster on Python floats.
    """
    stages = Stages(trace, exact=exact)
    if numbers is None:
        return stages.cheaper()
    return stages.numbers() if numbers else stages.arrays()


def _unlike_maps(instructions: Sequence[Instruction]) -> int:
    """How many instructions there are beside copies; of those next to loops, what is more than the loops run."""
    bodies = [(i.length, _unlike_maps(i.body)) for i in instructions if isinstance(i, Loop)]
    beside = sum(1 for i in instructions if isinstance(i, Map) and i.op != "copy")
    run = sum(length * count for length, count in bodies)
    return sum(count for _, count in bodies) + max(beside - run, 0)


def _count(graph: Graph, i: int, node: Node) -> int:
    """How many scalars a node stands for: a loop, for those of its body."""
    return len(graph.static[i].graph.word) if node.word == "loop" else node.span

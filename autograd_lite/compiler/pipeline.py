"""The one path from a trace to an array program, which a backend prints: simplify, sums, group, lower, plan.

Types: ``Any`` stands for what identifies an input.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from autograd_lite.compiler.builder import Given
from autograd_lite.compiler.graph import CAPTURED, Graph
from autograd_lite.compiler.groups import group
from autograd_lite.compiler.ir import ArrayProgram
from autograd_lite.compiler.lower import has_batch, lower, runs_on_floats
from autograd_lite.compiler.plan import plan
from autograd_lite.compiler.straight import lower_scalars
from autograd_lite.compiler.sums import LEAVES, collect
from autograd_lite.compiler.trace import Axis
from autograd_lite.engine import Value
from autograd_lite.errors import ProgramError
from autograd_lite.pytree import Structure

__all__ = ["Compiled", "Trace", "to_program"]


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
    """

    roots: list[Value]
    must_be_finite: list[Value]
    checks: list[Value]
    told: list[str]
    structure: Structure
    shapes: dict[Any, Given]
    axes: dict[Any, Axis]
    names: dict[Any, str]


class Compiled(NamedTuple):
    """An array program, the leaves whose numbers it is given at each call, and how much work it is."""

    program: ArrayProgram
    captured: list[Value]
    instructions: int
    groups: int
    on_floats: bool


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
    graph = Graph(exact=exact, axes=trace.axes)
    outputs = graph.outputs(trace.roots, trace.must_be_finite, trace.checks)
    nodes = collect(graph, outputs)
    groups, member_of = group(graph, nodes, outputs)
    if numbers and has_batch(graph, groups):
        raise ProgramError("The backend floats runs functions without a batch; choose numpy or auto.")
    shapes, names = {**trace.shapes, CAPTURED: len(graph.captured)}, {**trace.names, CAPTURED: "leaves"}
    if on_floats := runs_on_floats(graph, nodes, groups) if numbers is None else numbers:
        program = lower_scalars(graph, nodes, outputs, shapes, names)
    else:
        program = plan(lower(graph, groups, member_of, outputs, shapes, names))
    program = replace(program, outputs=len(trace.roots))
    count = sum(1 for node in nodes.values() if node.word not in LEAVES)
    return Compiled(program, graph.captured, count, count if on_floats else _arrays(groups), on_floats)


def _arrays(groups: Any) -> int:
    return sum(1 for g in groups if g.word not in LEAVES)

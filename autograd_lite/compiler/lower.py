"""From scalars to the array program: everything that is decided before any target language.

A group of scalars that are computed alike becomes an array; a group of one number without a batch axis stays a number.
Evenly spaced operands are slices, others are gathered; sums and extremes are lowered in
`autograd_lite.compiler.contractions`. A small program without a batch is lowered scalar by scalar instead
(`autograd_lite.compiler.straight`), since a NumPy call costs as much as many operations on Python's floats.

The exact program, which runs where the other one met infinity or NaN, does without numbers of their own, because
Python's floats raise where IEEE 754 goes on, and without contractions, because a fused multiply-add gives -inf where
IEEE 754 gives NaN.

Types: ``Any`` stands for what identifies an input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autograd_lite.compiler.builder import Builder, Given
from autograd_lite.compiler.contractions import Contractions
from autograd_lite.compiler.graph import Graph
from autograd_lite.compiler.groups import Group
from autograd_lite.compiler.ir import ArrayProgram
from autograd_lite.compiler.lookups import lower_lookup
from autograd_lite.compiler.lower_loops import lower_loop
from autograd_lite.compiler.members import Members
from autograd_lite.compiler.naming import Names
from autograd_lite.compiler.sums import LEAVES, STRUCTURAL

__all__ = ["lower"]


def lower(  # noqa: PLR0917 - the results of the stages before
    graph: Graph,
    groups: Sequence[Group],
    member_of: Members,
    outputs: Sequence[int],
    shapes: Mapping[Any, Given],
    names: Mapping[Any, str],
) -> ArrayProgram:
    """Lower groups to an array program.

    Parameters
    ----------
    graph : Graph
        For the numbers of constants; a exact one gives the exact program.
    groups : list of Group
        In an order in which operands come first.
    member_of : Members
        The group of each node, and its index there.
    outputs : list of int
        The nodes that the program returns, in order.
    shapes, names : dict
        For each input its shape, and the name of the parameter that it belongs to.

    Returns
    -------
    ArrayProgram
        Before planning: every array has memory of its own.
    """
    to = Builder(graph, groups, member_of, Names(graph, groups, member_of, names), shapes)
    lower_groups(to)
    return to.finish(outputs)


def lower_groups(to: Builder) -> None:
    """Lower all groups of a graph, or of the body of a loop."""
    sums = Contractions(to)
    for k, group in enumerate(to.groups):
        if group.parts:
            sums.lower(k)
        elif group.word == "loop":
            lower_loop(to, k, lower_groups)
        elif group.word in STRUCTURAL:
            lower_lookup(to, k)
        elif group.word not in LEAVES:
            to.elementwise(k)

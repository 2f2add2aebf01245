r"""The array program: what a compiled function computes, as typed data that every backend reads.

An array holds its *members* along the first axis and, if it has a batch axis, the samples along the last, so a layer
reads as in a textbook, :math:`Z = W X + b`, with a column per sample. An array without a shape is one number.

=================================== ==================================================================================
instruction                         meaning
=================================== ==================================================================================
``Map(out, op, x)``                 ``out[k] = op(x1[k], x2[k], ...)``, element by element; ``copy`` has one operand
``Contract(out, a, b, "mk,kn->mn")`` a sum of products over the letters that ``out`` lacks
``Reduce(out, op, x, over)``        a reduction over the terms of each member (``x[m, k]``), over the batch, or both
``SegmentReduce(out, op, x, at)``   a reduction of consecutive members; segment ``k`` begins at ``at[k]``
``Update(out, op, x)``              ``out[k] = op(out[k], x[k])`` for some members, each once
``Take(out, x, index)``             ``out[t, k] = x[index[t], k]``: rows that numbers choose
``Scatter(out, x, index)``          ``out[j, k]`` is the sum of all ``x[t, k]`` with ``index[t] == j``
``Loop(body, ...)``                 a program run again and again: the results of one step are inputs of the next
=================================== ==================================================================================

Arithmetic is IEEE 754. Every Map and Update rounds each op by itself, and NaN wins in ``maximum`` and ``minimum``; a
Reduce and a SegmentReduce add in any order; only a Contract may fuse multiplications into additions. An index that is
no row of the table, NaN too, reads and writes some other row; a program has checks for that beside its results.

A program is *well formed* (`autograd_lite.compiler.verify`) if shapes agree, every array is defined as a whole by one
instruction before anything updates or reads it (a *joined* array and the result in parts, each member once), and
inputs and constants are never written. What a program means is said by `autograd_lite.compiler.interpret`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Literal as OneOf

from autograd_lite.compiler.layout import Affine, Gather
from autograd_lite.compiler.operands import Array, Dim, Literal, Operand, Size, Slice
from autograd_lite.text import in_comment

__all__ = [
    "Array",
    "ArrayProgram",
    "Carry",
    "Contract",
    "Dim",
    "Input",
    "Instruction",
    "Item",
    "Literal",
    "Loop",
    "Map",
    "Operand",
    "Output",
    "Reduce",
    "Scatter",
    "SegmentReduce",
    "Size",
    "Slice",
    "Take",
    "Update",
    "every",
    "outputs_of",
    "slices_of",
]

SPECS = ("mk,kn->mn", "mk,k->m", "in,jn->ij", "itn,itn->i", "kn,kn->", "kn,k->", "k,k->")  # n is the batch axis


@dataclass(frozen=True, slots=True)
class Map:
    """An op of the table of words, element by element; operands without a batch axis are the same for all samples."""

    out: Slice
    op: str
    operands: tuple[Operand, ...]

    def __str__(self) -> str:
        return f"{self.out} = {self.op}({', '.join(map(str, self.operands))})"


@dataclass(frozen=True, slots=True)
class Contract:
    """A sum of products, written as for ``numpy.einsum``."""

    out: Slice
    a: Slice
    b: Slice
    spec: str

    @property
    def operands(self) -> tuple[Slice, Slice]:
        """Both factors."""
        return self.a, self.b

    def __str__(self) -> str:
        return f"{self.out} = contract({self.a}, {self.b}, {self.spec!r})"


@dataclass(frozen=True, slots=True)
class Reduce:
    """A reduction over the last axis of a table (``terms``), over the ``batch``, or over both."""

    out: Slice
    op: str
    x: Slice
    over: tuple[OneOf["terms", "batch"], ...]

    @property
    def operands(self) -> tuple[Slice]:
        """What is reduced."""
        return (self.x,)

    def __str__(self) -> str:
        return f"{self.out} = reduce_{self.op}({self.x}, over {' and '.join(self.over)})"


@dataclass(frozen=True, slots=True)
class SegmentReduce:
    """A reduction of consecutive members; ``starts`` holds where each segment begins."""

    out: Slice
    op: str
    x: Slice
    starts: Gather

    @property
    def operands(self) -> tuple[Slice]:
        """What is reduced."""
        return (self.x,)

    def __str__(self) -> str:
        return f"{self.out} = segment_{self.op}({self.x}, {len(self.starts.indices)} segments)"


@dataclass(frozen=True, slots=True)
class Update:
    """An op of members of an array and an operand, in place; no member occurs twice."""

    out: Slice
    op: str
    x: Operand

    @property
    def operands(self) -> tuple[Operand, ...]:
        """What is read: the members as they were, and the operand."""
        return self.out, self.x

    def __str__(self) -> str:
        return f"{self.out} = {self.op}({self.out}, {self.x})"


@dataclass(frozen=True, slots=True)
class Take:
    """Rows of a table, chosen by numbers: ``out[t, k] = x[index[t], k]``, for each sample if one of both has them."""

    out: Slice
    x: Slice
    index: Operand

    @property
    def operands(self) -> tuple[Operand, ...]:
        """The table, and the numbers of its rows."""
        return self.x, self.index

    def __str__(self) -> str:
        return f"{self.out} = take({self.x}, {self.index})"


@dataclass(frozen=True, slots=True)
class Scatter:
    """Rows added up where numbers say, else 0; over all samples too, if ``out`` has no batch axis."""

    out: Slice
    x: Slice
    index: Slice

    @property
    def operands(self) -> tuple[Operand, ...]:
        """The rows, and where each goes."""
        return self.x, self.index

    def __str__(self) -> str:
        return f"{self.out} = scatter({self.x}, {self.index})"


@dataclass(frozen=True, slots=True)
class Carry:
    """An array that goes from step to step: what it holds first, and what a step makes of it.

    An array that steps update in place is its own next one.
    """

    array: Array
    first: Operand
    next: Slice

    def __str__(self) -> str:
        return f"{self.array} = {self.first}, then {self.next}"


@dataclass(frozen=True, slots=True)
class Item:
    """An array that holds the members of one step: a row of a sequence."""

    array: Array
    of: Slice

    def __str__(self) -> str:
        return f"{self.array} of {self.of}"


@dataclass(frozen=True, slots=True)
class Output:
    """What a step computes, kept as a row of an array."""

    out: Slice
    value: Slice

    def __str__(self) -> str:
        return f"{self.out} of {self.value}"


@dataclass(frozen=True, slots=True)
class Loop:
    """Instructions that run ``length`` times.

    They read carries, items and any array from outside, and write arrays of their own. A step begins with its items,
    and ends with its outputs and then, all at once, the next carries; after the loop the carries hold the last ones.

    Attributes
    ----------
    body : tuple of Instruction
        One step.
    length : int
        How many steps, at least 1.
    carry : tuple of Carry
        What goes from step to step.
    xs, outs : tuple of Item, tuple of Output
        Sequences that are read and written row by row.
    reverse : bool
        Whether steps run from the last row to the first.
    joined : tuple of Array
        Joined arrays of its own: planning may leave no instruction that writes them.
    """

    body: tuple[Instruction, ...]
    length: int
    carry: tuple[Carry, ...]
    xs: tuple[Item, ...] = ()
    outs: tuple[Output, ...] = ()
    reverse: bool = False
    joined: tuple[Array, ...] = ()

    @property
    def operands(self) -> tuple[Operand, ...]:
        """All that is read of what was there before."""
        own = {c.array for c in self.carry} | {x.array for x in self.xs} | set(self.joined)
        own |= {out.array for i in self.body for out in outputs_of(i)}
        inside = (x for x in (*slices_of(self.body), *self.results) if x.array not in own)
        return (*[c.first for c in self.carry], *[x.of for x in self.xs], *dict.fromkeys(inside))

    @property
    def results(self) -> tuple[Slice, ...]:
        """What is read at the end of a step."""
        return (*[c.next for c in self.carry], *[out.value for out in self.outs])

    def __str__(self) -> str:
        lines = [f"loop {self.length} times{', reversed' if self.reverse else ''}:"]
        lines += [f"    carry {c}" for c in self.carry] + [f"    item {x}" for x in self.xs]
        lines += [f"    {line}" for i in self.body for line in str(i).splitlines()]
        return "\n".join([*lines, *[f"    keep {out}" for out in self.outs]])


Instruction = Map | Contract | Reduce | SegmentReduce | Update | Take | Scatter | Loop


@dataclass(frozen=True, slots=True)
class Input:
    """What a call hands over: a number, a list of numbers, or an array (of each sample, if there is a batch axis).

    Attributes
    ----------
    array : Array or None
        Where it goes; None if the program does not use it.
    given : tuple of int or int or None
        The shape of the array that is given, without the batch axis; the length of a list; None for a number.
    """

    array: Array | None
    given: tuple[int, ...] | int | None


@dataclass(frozen=True, eq=False)
class ArrayProgram:
    """A program on arrays.

    Attributes
    ----------
    inputs : tuple of Input
        What a call hands over, in order.
    instructions : tuple of Instruction
        In the order of their execution.
    result : Array
        The flat results: of the function, and behind them numbers that must be finite for the others to be right.
    outputs : int
        How many of the results are the function's.
    homes : dict of Array to Slice
        Decided by the planner: whose memory an array lives in. In that of a local array, because that is read no more;
        in the result or a joined array, because it is a part of it, and no copy is needed.
    is_exact : bool
        Whether its results are those of the eager engine even where they are not finite.
    """

    inputs: tuple[Input, ...]
    instructions: tuple[Instruction, ...]
    result: Array
    outputs: int = 0
    homes: Mapping[Array, Slice] = field(default_factory=dict)
    is_exact: bool = True

    @functools.cached_property
    def dims(self) -> tuple[Dim, ...]:
        """The batch axes, in order of appearance."""
        dims = {given.array.dim: None for given in self.inputs if given.array is not None}
        for i in every(self.instructions):
            for x in (*outputs_of(i), *i.operands):
                if not isinstance(x, Literal):
                    dims[x.array.dim if isinstance(x, Slice) else x.dim] = None
        return tuple([dim for dim in {**dims, self.result.dim: None} if dim is not None])

    @functools.cached_property
    def is_straight(self) -> bool:
        """Whether it computes one number after the other, in loops too."""
        return not self.homes and not self.dims and all(map(_is_of_numbers, every(self.instructions)))

    def __getstate__(self) -> dict[str, object]:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # without what is found again

    def __str__(self) -> str:
        lines = [f"input {given.array}" for given in self.inputs if given.array is not None]
        noted: set[Array] = set()
        for instruction in self.instructions:
            out = outputs_of(instruction)[0].array
            home = f"  [in {self.homes[out]}]" if out in self.homes and out not in noted else ""
            note = f"{home}  # {in_comment(out.note, 400)}" if out.note and out not in noted else home
            noted.add(out)
            lines.append(f"{instruction}{note}")
        return "\n".join([*lines, f"return {self.result}"])


def _is_of_numbers(i: Instruction) -> bool:
    """Whether an instruction reads and writes numbers, or is a loop over them."""
    if not isinstance(i, Loop) and not (isinstance(i, Map) and not i.out.index.shape):
        return False
    for x in i.operands:
        if not isinstance(x, Literal) and not (
            isinstance(x, Slice)
            and isinstance(x.index, Affine)
            and len(x.index.shape) < 2
            and x.array.role != "constant"
        ):
            return False
    return True


def outputs_of(instruction: Instruction) -> tuple[Slice, ...]:
    """What an instruction writes."""
    if isinstance(instruction, Loop):
        return (*[c.array.whole for c in instruction.carry], *[out.out for out in instruction.outs])
    return (instruction.out,)


def every(instructions: Sequence[Instruction]) -> Sequence[Instruction]:
    """All instructions, those of loops behind their loop."""
    if Loop not in set(map(type, instructions)):
        return instructions
    found: list[Instruction] = []
    for i in instructions:
        found.append(i)
        if isinstance(i, Loop):
            found += every(i.body)
    return found


def slices_of(instructions: Iterable[Instruction]) -> Iterator[Slice]:
    """All slices that instructions read."""
    return (x for i in instructions for x in i.operands if isinstance(x, Slice))

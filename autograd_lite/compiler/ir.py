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
``Loop(body, ...)``                 a program run again and again: the results of one step are inputs of the next
=================================== ==================================================================================

A program is *well formed* (`ArrayProgram.verify`) if shapes agree, every array is defined as a whole by one instruction
before anything updates or reads it, inputs and constants are never written, and each number of the result is written
once. What a program means is said by `autograd_lite.compiler.interpret`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal as OneOf

import numpy.typing as npt

from autograd_lite.compiler.layout import Affine, Gather, Index, contiguous
from autograd_lite.errors import ProgramError

__all__ = [
    "Array",
    "ArrayProgram",
    "Contract",
    "Dim",
    "Input",
    "Instruction",
    "Literal",
    "Loop",
    "Map",
    "Operand",
    "Reduce",
    "SegmentReduce",
    "Size",
    "Slice",
    "Update",
]

Role = OneOf["input", "constant", "local", "result"]
SPECS = ("mk,kn->mn", "mk,k->m", "in,jn->ij", "itn,itn->i", "kn,kn->", "k,k->")  # n is the batch axis


@dataclass(frozen=True, slots=True)
class Dim:
    """A batch axis: the leading axis that some arguments have in common."""

    name: str
    arguments: tuple[int, ...]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, eq=False)
class Array:
    """A named array: ``shape`` is () or (members,), ``dim`` its batch axis; ``note`` says what it stands for."""

    name: str
    shape: tuple[int, ...] = ()
    dim: Dim | None = None
    role: Role = "local"
    note: str = ""
    numbers: npt.NDArray[Any] | None = None  # of a constant

    @property
    def size(self) -> int:
        """How many members it has."""
        return math.prod(self.shape)

    def __getitem__(self, index: Index) -> Slice:
        return Slice(self, index)

    @property
    def whole(self) -> Slice:
        """All members, in order."""
        return Slice(self, contiguous(self.shape))

    def __str__(self) -> str:
        sizes = [*map(str, self.shape), *([str(self.dim)] if self.dim else [])]
        return f"{self.name}[{', '.join(sizes)}]" if sizes else self.name


@dataclass(frozen=True, slots=True)
class Slice:
    """Members of an array, as an operand or as what is written; ``name`` is what a reader would call them."""

    array: Array
    index: Index
    name: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape in which the members are taken."""
        return self.index.shape

    @property
    def dim(self) -> Dim | None:
        """The batch axis."""
        return self.array.dim

    @property
    def is_whole(self) -> bool:
        """Whether these are all members in order."""
        return isinstance(self.index, Affine) and self.index.is_whole(self.array.size)

    def __str__(self) -> str:
        if self.is_whole and len(self.shape) <= 1:
            return self.array.name
        return f"{self.array.name}[{self.index}]"


@dataclass(frozen=True, slots=True)
class Literal:
    """A number that is known."""

    value: float

    def __str__(self) -> str:
        return repr(self.value)


@dataclass(frozen=True, slots=True)
class Size:
    """The length of a batch axis, as a number."""

    dim: Dim

    def __str__(self) -> str:
        return f"size({self.dim})"


Operand = Slice | Literal | Size


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
class Loop:
    """A program run ``length`` times.

    The body's inputs are the carry, then the step's members of each sequence, then what does not change. Its result
    holds the next carry and what the step puts into ``outs``; a step reads and writes them from the first member on,
    or from the last if it runs in ``reverse``.

    Attributes
    ----------
    body : ArrayProgram
        One step; its result has no batch axis.
    length : int
        How many steps.
    carry : tuple of Slice
        The first step's carry.
    xs, fixed : tuple of Slice
        Sequences, ``length`` equal runs of members each; and what all steps share.
    out, outs : Slice
        Where the last carry goes (all parts one after the other), and the outputs of all steps in order.
    reverse : bool
        Whether the steps run from the last to the first.
    """

    body: ArrayProgram
    length: int
    carry: tuple[Slice, ...]
    xs: tuple[Slice, ...]
    fixed: tuple[Slice, ...]
    out: Slice
    outs: Slice | None = None
    reverse: bool = False

    @property
    def operands(self) -> tuple[Slice, ...]:
        """All that is read."""
        return (*self.carry, *self.xs, *self.fixed)

    def __str__(self) -> str:
        head = f"{self.out}{f', {self.outs}' if self.outs else ''} = loop({', '.join(map(str, self.operands))})"
        body = str(self.body).replace("\n", "\n    ")
        return f"{head}, {self.length} times{', reversed' if self.reverse else ''}:\n    {body}"


Instruction = Map | Contract | Reduce | SegmentReduce | Update | Loop


@dataclass(frozen=True, slots=True)
class Input:
    """What a call hands over: a number, numbers in a list, or an array (for each sample, if the array has a batch axis).

    Attributes
    ----------
    array : Array or None
        Where it goes; None if the program does not use it.
    given : tuple of int or int or None
        The shape of the array that is given, without the batch axis; the length of a list; None for a number.
    """

    array: Array | None
    given: tuple[int, ...] | int | None


@dataclass(frozen=True, slots=True)
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
    homes : dict of Array to Slice
        Decided by the planner: whose memory an array lives in, another's that is read no more, or the result's.
    is_exact : bool
        Whether its results are those of the eager engine even where they are not finite.
    """

    inputs: tuple[Input, ...]
    instructions: tuple[Instruction, ...]
    result: Array
    homes: Mapping[Array, Slice] = field(default_factory=dict)
    is_exact: bool = True

    @property
    def dims(self) -> tuple[Dim, ...]:
        """The batch axes, in order of appearance."""
        found = [s.dim for given in self.inputs if (s := given.array) is not None]
        found += [x.dim for i in self.instructions for x in (*outputs_of(i), *i.operands) if not isinstance(x, Literal)]
        return tuple(dict.fromkeys(dim for dim in [*found, self.result.dim] if dim is not None))

    def __str__(self) -> str:
        lines = [f"input {given.array}" for given in self.inputs if given.array is not None]
        noted: set[Array] = set()
        for instruction in self.instructions:
            out = outputs_of(instruction)[0].array
            note = f"  # {' '.join(out.note.split())}" if out.note and out not in noted else ""
            noted.add(out)
            lines.append(f"{instruction}{note}")
        return "\n".join([*lines, f"return {self.result}"])

    def verify(self) -> ArrayProgram:
        """Check that the program is well formed; returns it.

        Raises
        ------
        ProgramError
            If it is not: the instruction, and what is wrong with it.
        """
        _Verifier(self).run()
        return self


def outputs_of(instruction: Instruction) -> tuple[Slice, ...]:
    """What an instruction writes."""
    if isinstance(instruction, Loop) and instruction.outs is not None:
        return instruction.out, instruction.outs
    return (instruction.out,)


class _Verifier:
    """Walks a program once, and remembers what is defined."""

    def __init__(self, program: ArrayProgram) -> None:
        self.program = program
        self.defined = {given.array for given in program.inputs}
        self.read: set[Array] = set()
        self.written = [0] * program.result.size

    def run(self) -> None:
        for instruction in self.program.instructions:
            for problem in self._problems(instruction):
                raise ProgramError(f"In {instruction}: {problem}.")
        if self.written != [1] * len(self.written):
            raise ProgramError(
                f"The numbers of the result are written {self.written} times; each must be written once."
            )

    def _problems(self, i: Instruction) -> Iterator[str]:
        for x in i.operands:
            if isinstance(x, Slice):
                yield from self._reading(x)
        yield from _shape_problems(i)
        for out in outputs_of(i):
            yield from self._writing(out, is_update=isinstance(i, Update))

    def _reading(self, x: Slice) -> Iterator[str]:
        if x.array.role == "result":
            yield "the result is read"
        if x.array.role == "local" and x.array not in self.defined:
            yield f"{x.array.name} is read before it is defined"
        if x.array.role == "constant" and (x.array.numbers is None or x.array.numbers.size != x.array.size):
            yield f"the constant {x.array.name} has not as many numbers as members"
        yield from _range_problems(x)
        self.read.add(x.array)

    def _writing(self, out: Slice, *, is_update: bool) -> Iterator[str]:
        yield from _range_problems(out)
        if out.array.role == "result":
            for k in out.index.indices.flat:
                self.written[k] += 1
        elif out.array.role != "local":
            yield f"the {out.array.role} {out.array.name} is written"
        elif is_update:
            if len(set(out.index.indices.flat)) < out.index.indices.size:
                yield f"a member of {out.array.name} is updated twice"
        elif out.array in self.defined:
            yield f"{out.array.name} is defined twice"
        elif not out.is_whole:
            yield f"{out.array.name} is defined in parts"
        else:
            self.defined.add(out.array)


def _range_problems(x: Slice) -> Iterator[str]:
    indices = x.index.indices
    if indices.size and not (indices.min() >= 0 and indices.max() < x.array.size):
        yield f"{x} reaches beyond the {x.array.size} members of {x.array.name}"


def _shape_problems(i: Instruction) -> Iterator[str]:
    if isinstance(i, (Map, Update)):
        for x in i.operands:
            if isinstance(x, Slice) and x.shape not in (i.out.shape, ()):
                yield f"{x} has the shape {x.shape}, the output {i.out.shape}"
            if isinstance(x, Slice) and x.dim not in (i.out.dim, None):
                yield f"{x} has the batch axis {x.dim}, the output {i.out.dim}"
    elif isinstance(i, Contract):
        yield from _contract_problems(i)
    elif isinstance(i, Reduce):
        shape = i.x.shape[:-1] if "terms" in i.over else i.x.shape
        dim = None if "batch" in i.over else i.x.dim
        if (i.out.shape, i.out.dim) != (shape, dim) or ("batch" in i.over and i.x.dim is None):
            yield f"the reduction of {i.x} has the shape {shape} and the batch axis {dim}, the output {i.out.shape}"
    elif isinstance(i, SegmentReduce):
        starts = i.starts.indices
        if (
            i.out.shape != starts.shape
            or starts[0] != 0
            or (starts[1:] <= starts[:-1]).any()
            or starts[-1] >= i.x.shape[0]
        ):
            yield "segments must begin at 0 and rise, one for each member of the output"
    else:
        yield from _loop_problems(i)


def _contract_problems(i: Contract) -> Iterator[str]:
    if i.spec not in SPECS:
        yield f"the contraction {i.spec!r} is not one of {', '.join(SPECS)}"
        return
    inputs, output = i.spec.split("->")
    sizes: dict[str, object] = {}
    for x, letters in zip((i.a, i.b, i.out), [*inputs.split(","), output], strict=True):
        axes = [*x.shape, *([x.dim] if x.dim else [])]
        if len(axes) != len(letters) or any(sizes.setdefault(c, n) != n for c, n in zip(letters, axes, strict=True)):
            yield f"{x} has the axes ({', '.join(map(str, axes))}), which do not fit {letters!r} in {i.spec!r}"


def _loop_problems(i: Loop) -> Iterator[str]:
    i.body.verify()
    wanted = [sum(x.index.indices.size for x in i.carry), *([i.outs.index.indices.size // i.length] if i.outs else [])]
    if i.body.result.dim is not None or i.body.result.size != sum(wanted) or i.out.index.indices.size != wanted[0]:
        yield "the result of a step must be the next carry and the step's outputs"
    given = [math.prod(x.shape) for x in (*i.carry, *(), *i.fixed)]
    given[len(i.carry) : len(i.carry)] = [math.prod(x.shape) // i.length for x in i.xs]
    if len(given) != len(i.body.inputs):
        yield f"a step takes {len(i.body.inputs)} inputs; it is given {len(given)}"
    for size, taken in zip(given, i.body.inputs, strict=False):
        if taken.array is not None and taken.array.size != size:
            yield f"a step takes {taken.array}; it is given {size} numbers"


def slices_of(instructions: Sequence[Instruction]) -> Iterator[Slice]:
    """All slices that instructions read."""
    return (x for i in instructions for x in i.operands if isinstance(x, Slice))

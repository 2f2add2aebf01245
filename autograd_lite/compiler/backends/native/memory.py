"""Where the arrays of a native program lie: in its workspace, or where a call hands them over.

Arguments and results without a batch axis are read and written where they are. A workspace is one run of doubles: first
the arrays without a batch axis, then for each axis its arrays, member after member, each with the samples in a row that
is padded to full vectors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from autograd_lite.compiler.backends.native.text import LANES, Int, Text, hexadecimal
from autograd_lite.compiler.ir import Array, ArrayProgram, Dim, Slice
from autograd_lite.compiler.layout import Gather, Index, contiguous, within

__all__ = ["Coordinate", "Layout", "Memory", "Place", "Tables", "padded"]


def padded(n: int) -> int:
    """A number of doubles, rounded up to full vectors.

    Examples
    --------
    >>> padded(9)
    16
    """
    return -(-n // LANES) * LANES


class Tables:
    """Lists of numbers that are part of the module: constants, and members that are gathered."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names: dict[str, str] = {}

    def integers(self, numbers: Sequence[int]) -> str:
        """The name of a list of integers."""
        return self._named("members", "i64", [f"i64 {k}" for k in numbers])

    def doubles(self, numbers: Sequence[float]) -> str:
        """The name of a list of doubles."""
        return self._named("constants", "double", [f"double {hexadecimal(x)}" for x in numbers])

    def _named(self, hint: str, kind: str, members: Sequence[str]) -> str:
        body = f"[{len(members)} x {kind}] [{', '.join(members)}]"
        if body not in self._names:
            self._names[body] = f"@{hint}{len(self._names)}"
            self.lines.append(f"{self._names[body]} = private unnamed_addr constant {body}, align 64")
        return self._names[body]


class Layout:
    """Offsets in a workspace, for any length of the batch axes."""

    def __init__(self, dims: Sequence[Dim]) -> None:
        self.flat = 0
        self.batched = dict.fromkeys(dims, 0)
        self.starts: dict[Array, int] = {}

    def add(self, array: Array) -> None:
        """Make room for an array."""
        if array.dim is None:
            self.starts[array] = self.flat
            self.flat += padded(max(array.size, 1))
        else:
            self.starts[array] = self.batched[array.dim]
            self.batched[array.dim] += array.size

    def offset(self, array: Array, rows: Mapping[Dim, int]) -> int:
        """Where an array begins, if the rows of the batch axes have these lengths."""
        if array.dim is None:
            return self.starts[array]
        before = list(self.batched)[: list(self.batched).index(array.dim)]
        return self.flat + sum(self.batched[dim] * rows[dim] for dim in before) + self.starts[array] * rows[array.dim]

    def total(self, rows: Mapping[Dim, int]) -> int:
        """How many doubles a workspace has."""
        return self.flat + sum(self.batched[dim] * rows[dim] for dim in self.batched)


Coordinate = Int | tuple[Int, int]  # with what is added to it, if that is known


class Place(NamedTuple):
    """Members of an array in memory: start + steps . coordinates, through a table if they are gathered."""

    pointer: str
    start: int
    steps: tuple[int, ...]
    table: str
    row: Int  # from one member to the next
    has_samples: bool

    def at(self, text: Text, coordinates: Sequence[Coordinate], sample: Int = 0) -> tuple[str, Int]:
        """The place of a member, and of a sample of it: a pointer, and an offset from there.

        What is known of the coordinates comes last, so that neighbours share all but that.
        """
        known, terms = self.start, []
        for c, step in zip(coordinates, self.steps, strict=True):
            base, shift = c if isinstance(c, tuple) else (c, 0)
            known += shift * step
            terms.append(text.times(base, step))
        member = text.plus(*terms)
        if self.table:
            member, known = text.integer(self.table, text.plus(member, known)), 0
        if isinstance(member, int):
            member, known = 0, known + member
        first = text.address(self.pointer, text.times(member, self.row))
        if not self.has_samples:
            return self._opaque(text, first), known
        return self._opaque(text, text.address(first, sample)), text.multiple(self.row, known)

    def _opaque(self, text: Text, pointer: str) -> str:
        """A pointer whose making LLVM does not look into: it takes a third of its time for strides otherwise."""
        return pointer if pointer == self.pointer else text.once(f"freeze ptr {pointer}")


class Memory:
    """The arrays of one program: pointers to them, and places of their members."""

    def __init__(self, program: ArrayProgram, tables: Tables) -> None:
        self.program = program
        self.tables = tables
        self.layout = Layout(program.dims)
        self._pointers: dict[Array, str] = {}
        self._blocks: list[str] = []
        self._number = {dim: k for k, dim in enumerate(program.dims)}

    def pointer(self, array: Array) -> str:
        """The name of an array's first double."""
        if array.role == "constant":
            assert array.numbers is not None
            return self.tables.doubles(array.numbers.reshape(-1).tolist())
        if array not in self._pointers:
            self.layout.add(array)
            self._pointers[array] = f"%array{len(self._pointers)}"
        return self._pointers[array]

    def block(self, array: Array | None = None) -> str:
        """The name of the next pointer that a call hands over: to samples, or to the numbers of an array itself."""
        name = f"%block{len(self._blocks)}"
        self._blocks.append(name)
        if array is not None:
            self._pointers[array] = name
        return name

    def length(self, dim: Dim, what: str = "n") -> str:
        """The name of an axis's length (n), as a double (size), or of a row (row)."""
        return f"%{what}{self._number[dim]}"

    def place(self, x: Slice, axes: int | None = None) -> Place:
        """Where members lie; one member may stand for all of a space of so many `axes`."""
        array, at = self.resolve(x)
        steps = at.steps if not isinstance(at, Gather) else contiguous(at.shape).steps
        steps = (0,) * axes if axes is not None and not x.shape else steps
        table = self.tables.integers(at.indices.reshape(-1).tolist()) if isinstance(at, Gather) else ""
        start = 0 if isinstance(at, Gather) else at.base
        row = self.length(array.dim, "row") if array.dim else 1
        return Place(self.pointer(array), start, steps, table, row, array.dim is not None)

    def resolve(self, x: Slice) -> tuple[Array, Index]:
        """The array whose memory holds these members, and where in it."""
        array, at = x.array, x.index
        while array in self.program.homes:
            home = self.program.homes[array]
            at = at if home.is_whole else within(home.index, at)
            array = home.array
        return array, at

    def home(self, array: Array) -> Array:
        """The array in whose memory this one lies."""
        while array in self.program.homes:
            array = self.program.homes[array].array
        return array

    def prologue(self) -> list[str]:
        """Lines that define the lengths of the axes and the pointers."""
        lines: list[str] = []
        at, flat = "", self.layout.flat
        for dim, k in self._number.items():
            lines += [
                f"%n{k}.at = getelementptr i64, ptr %sizes, i64 {k}",
                f"%n{k} = load i64, ptr %n{k}.at",
                f"%size{k} = sitofp i64 %n{k} to double",
                f"%n{k}.up = add i64 %n{k}, {LANES - 1}",
                f"%row{k} = and i64 %n{k}.up, -{LANES}",
                f"%axis{k}.doubles = mul i64 %row{k}, {self.layout.batched[dim]}",
                f"%axis{k} = getelementptr double, ptr %work, i64 {at or flat}",
                f"%axis{k}.end = add i64 {at or flat}, %axis{k}.doubles",
            ]
            at = f"%axis{k}.end"
        for k, name in enumerate(self._blocks):
            lines += [f"{name}.at = getelementptr ptr, ptr %blocks, i64 {k}", f"{name} = load ptr, ptr {name}.at"]
        for array, name in self._pointers.items():
            if name in self._blocks:
                continue
            start = self.layout.starts[array]
            if array.dim is None:
                lines.append(f"{name} = getelementptr double, ptr %work, i64 {start}")
            else:
                k = self._number[array.dim]
                lines.append(f"{name}.at = mul i64 %row{k}, {start}")
                lines.append(f"{name} = getelementptr double, ptr %axis{k}, i64 {name}.at")
        return lines

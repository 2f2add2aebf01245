"""Straight lines in LLVM IR: programs of numbers, one instruction for each, in functions of bounded size.

Within a function numbers stay in registers; what a later function needs goes through the workspace, where a place is
free again after its last use. LLVM's time for a function grows faster than its length. A loop is a function of its own,
whose carries stay in registers from step to step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from autograd_lite.compiler.backends.native.machine import LEVEL, SOON
from autograd_lite.compiler.backends.native.memory import Layout
from autograd_lite.compiler.backends.native.text import Int, Text, hexadecimal
from autograd_lite.compiler.backends.native.words import INSTRUCTIONS, Words
from autograd_lite.compiler.ir import (
    Array,
    ArrayProgram,
    Instruction,
    Literal,
    Loop,
    Map,
    Operand,
    Slice,
    every,
    outputs_of,
    slices_of,
)
from autograd_lite.compiler.layout import Affine, contiguous

__all__ = ["Lines"]

LONGEST = 400  # instructions of a function


class Scalars(Text):
    """Instructions on numbers: what `Text` writes for vectors."""

    def address(self, pointer: str, offset: Int) -> str:
        """The address of a number; one at a known offset is not remembered, as it is rarely needed again."""
        if isinstance(offset, str):
            return super().address(pointer, offset)
        return self.let(f"getelementptr inbounds double, ptr {pointer}, i64 {offset}") if offset else pointer

    def load(self, pointer: str, offset: Int) -> str:
        """Read a number."""
        return self.let(f"load double, ptr {self.address(pointer, offset)}, align 8")

    def store(self, vector: str, pointer: str, offset: Int) -> None:
        """Write a number."""
        self.lines.append(f"store double {vector}, ptr {self.address(pointer, offset)}, align 8")

    @property
    def type(self) -> str:
        """The type of a number."""
        return "double"

    def literal(self, x: float) -> str:
        """A number."""
        return hexadecimal(x)

    def as_number(self, x: str) -> str:
        """The number itself."""
        return x

    def from_number(self, x: str) -> str:
        """The number itself."""
        return x

    def call(self, function: str, *operands: str) -> str:
        """One of LLVM's functions on numbers."""
        name = f"@llvm.{function}.f64"
        self.declarations[f"declare double {name}({', '.join(['double'] * len(operands))})"] = None
        return self.let(f"call double {name}({', '.join(f'double {x}' for x in operands)})")

    def both(self, a: str, b: str, operation: str = "and") -> str:
        """Combine two truths."""
        return self.let(f"{operation} i1 {a}, {b}")

    def choose(self, condition: str, a: str, b: str) -> str:
        """One of two numbers."""
        return self.let(f"select i1 {condition}, double {a}, double {b}")


class Lines:
    """Prints one program of numbers.

    Parameters
    ----------
    program : ArrayProgram
        Straight: see `is_straight`.
    attributes : str
        What LLVM has to know of the machine.
    sines : bool, optional
        Whether sines and cosines are those of the C library.

    Attributes
    ----------
    loops : dict of str to int
        The ufuncs whose inner loops are called, and the place of each in the table that a call hands over.
    layout : Layout
        Of the workspace.
    level : int
        How hard LLVM should try.
    """

    def __init__(self, program: ArrayProgram, attributes: str, *, sines: bool = False) -> None:
        self.attributes = attributes
        self.sines = sines
        self.loops: dict[str, int] = {}
        self.layout = Layout(())
        self.declarations: dict[str, None] = {}
        self.runs = _runs(program.instructions)
        self.level = LEVEL if any(isinstance(i, Loop) for i in program.instructions) else SOON
        given = [block.array for block in program.inputs]
        self.blocks = {array: k for k, array in enumerate([*given, program.result]) if array is not None}
        self.places = self._rooms(program) | self._places()

    def _rooms(self, program: ArrayProgram) -> dict[Array, int]:
        """Where the arrays begin that are neither numbers nor handed over."""
        rooms: dict[Array, int] = {}
        for array in (out.array for i in every(program.instructions) for out in outputs_of(i)):
            if array.shape and array not in self.blocks and array not in rooms:
                rooms[array] = self.layout.flat
                self.layout.flat += array.size
        return rooms

    def _places(self) -> dict[Array, int]:
        """Where in the workspace each number lies that later functions need."""
        made: dict[Array, int] = {}
        last: dict[Array, int] = {}
        for k, run in enumerate(self.runs):
            made |= {out.array: k for i in run for out in outputs_of(i) if not out.array.shape}
            last |= {x.array: k for x in slices_of(run)}
        ends: list[list[int]] = [[] for _ in self.runs]  # the places that are free after a function
        free: list[int] = []
        places: dict[Array, int] = {}
        now = 0
        for array, k in made.items():
            if last.get(array, k) == k:
                continue
            while now < k:
                free += ends[now]
                now += 1
            if not free:
                free.append(self.layout.flat)
                self.layout.flat += 1
            places[array] = free.pop()
            ends[last[array]].append(places[array])
        return places

    def __str__(self) -> str:
        functions = [self._function(k, run) for k, run in enumerate(self.runs)]
        calls = "\n".join(f"call void @part{k}(ptr %work, ptr %loops, ptr %blocks)" for k in range(len(functions)))
        main = f"define void @run(ptr %work, ptr %sizes, ptr %loops, ptr %blocks) #0 {{\n{calls}\nret void\n}}"
        attributes = [
            f"attributes #0 = {{ noinline {self.attributes} }}",
            f"attributes #1 = {{ noinline optnone {self.attributes} }}",
        ]
        return "\n".join([*self.declarations, *functions, main, *attributes]) + "\n"

    def _function(self, k: int, run: Sequence[Instruction]) -> str:
        part = _Part(self, Scalars())
        for i in run:
            part.write(i)
        self.declarations |= part.text.declarations
        buffers = part.words.buffers() if part.words.called else []
        body = "\n".join(["entry:", *buffers, *part.text.lines])
        attributes = 0 if isinstance(run[0], Loop) else 1
        return (
            f"define internal void @part{k}(ptr %work, ptr %loops, ptr %blocks) #{attributes} {{\n{body}\nret void\n}}"
        )


def _runs(instructions: Sequence[Instruction]) -> list[list[Instruction]]:
    """The instructions of each function: a loop alone, others up to so many."""
    runs: list[list[Instruction]] = []
    for i in _with_whole_copies(_stored_soon(instructions)):
        is_own = isinstance(i, Loop) or not runs or isinstance(runs[-1][0], Loop) or len(runs[-1]) == LONGEST
        if is_own:
            runs.append([])
        runs[-1].append(i)
    return runs


def _stored_soon(instructions: Sequence[Instruction]) -> Sequence[Instruction]:
    """Copies of numbers behind what computes them: then no later function has to know these."""
    copies: dict[Array, list[Instruction]] = {}
    others: list[Instruction] = []
    for i in instructions:
        x = i.operands[0] if isinstance(i, Map) and i.op == "copy" and i.out.array.shape else None
        if isinstance(x, Slice) and not x.array.shape and x.array.role == "local":
            copies.setdefault(x.array, []).append(i)
        else:
            others.append(i)
    return [j for i in others for j in (i, *[c for out in outputs_of(i) for c in copies.get(out.array, ())])]


def _with_whole_copies(instructions: Sequence[Instruction]) -> Iterator[Instruction]:
    """Numbers that are copied one after the other, from and to neighbours in memory, as one instruction; zeros too."""
    for ends, some in groupby(enumerate(instructions), lambda pair: _copied(pair[1], pair[0])):
        run = [i for _, i in some]
        if ends is None or len(run) == 1:
            yield from run
            continue
        first = run[0]
        assert isinstance(first, Map)
        (x,) = first.operands
        if isinstance(x, Slice):
            x = x.array[contiguous((len(run),), _base(x))]
        yield Map(first.out.array[contiguous((len(run),), _base(first.out))], "copy", (x,))


def _copied(i: Instruction, position: int) -> tuple[Array, int, Array | None, int] | None:
    """What a copy of a number in memory, or of zero, has in common with the next one, if that goes on."""
    if not isinstance(i, Map) or i.op != "copy" or not i.out.array.shape:
        return None
    (x,) = i.operands
    if isinstance(x, Slice):
        return (i.out.array, _base(i.out) - position, x.array, _base(x) - position) if x.array.shape else None
    return (i.out.array, _base(i.out) - position, None, 0) if isinstance(x, Literal) and x.is_clear else None


def _base(x: Slice) -> int:
    assert isinstance(x.index, Affine)
    return x.index.base


class _Part:
    """One function under construction."""

    def __init__(self, lines: Lines, text: Scalars) -> None:
        self.lines = lines
        self.text = text
        self.words = Words(self.text, lines.loops, sines=lines.sines)
        self.values: dict[Array | tuple[Array, int], str] = {}
        self.pointers: dict[Array, str] = {}

    def write(self, i: Instruction) -> None:
        """Write an instruction."""
        if isinstance(i, Loop):
            self.loop(i)
            return
        assert isinstance(i, Map)
        if i.out.index.shape:
            self.many(i.out, i.operands[0])
            return
        operands = list(map(self.operand, i.operands))
        operation = INSTRUCTIONS.get(i.op)
        if operation is None:
            self.keep(i.out, operands[0] if i.op == "copy" else self.words.apply(i.op, *operands))
        else:
            self.keep(i.out, self.text.let(f"{operation} double {', '.join(operands)}"))

    def many(self, out: Slice, x: Operand) -> None:
        """Write a copy of neighbours in memory, or zeros."""
        target = self.text.address(*self.place(out))
        if isinstance(x, Slice):
            self.text.copy(self.text.address(*self.place(x)), target, out.shape[0])
        else:
            self.text.clear(target, out.shape[0])

    def keep(self, out: Slice, value: str) -> None:
        """Note what a number is, and store it if it is needed elsewhere."""
        array = out.array
        if array.shape:
            self.text.store(value, *self.place(out))
            return
        self.values[array] = value
        if array in self.lines.places:
            self.text.store(value, "%work", self.lines.places[array])

    def operand(self, x: Operand) -> str:
        """The name of a number, which is read where it is first needed."""
        if isinstance(x, Literal):
            name = self.text.literal(x.value)
            self.words.uniform.add(name)
            return name
        assert isinstance(x, Slice)
        array = x.array
        key = (array, _base(x)) if array.shape else array
        name = self.values.get(key, "")
        if not name:
            name = self.values[key] = self.text.load(*self.place(x))
        return name

    def place(self, x: Slice, row: Int = 0) -> tuple[str, Int]:
        """Where a number lies, or the one in some row."""
        array = x.array
        at: Int = _base(x)
        if row != 0:
            assert isinstance(x.index, Affine)
            at = self.text.plus(at, self.text.times(row, x.index.steps[0] if x.index.steps else 0))
        if array in self.lines.blocks:
            return self.pointer(array), at
        return "%work", self.text.plus(self.lines.places[array], at) if at else self.lines.places[array]

    def pointer(self, array: Array) -> str:
        """The address of an argument or of the result."""
        if array not in self.pointers:
            at = self.text.let(f"getelementptr ptr, ptr %blocks, i64 {self.lines.blocks[array]}")
            self.pointers[array] = self.text.let(f"load ptr, ptr {at}")
        return self.pointers[array]

    def loop(self, i: Loop) -> None:
        """Write a loop."""
        for x in (*[item.of for item in i.xs], *[out.out for out in i.outs]):
            if x.array in self.lines.blocks:
                self.pointer(x.array)

        def turn(k: Int, now: list[str]) -> list[str]:
            row = self.text.plus(i.length - 1, self.text.times(k, -1)) if i.reverse else k
            self.values |= {carry.array: name for carry, name in zip(i.carry, now, strict=True)}
            for item in i.xs:
                self.values[item.array] = self.text.load(*self.place(item.of, row))
            for instruction in i.body:
                self.write(instruction)
            for out in i.outs:
                self.text.store(self.operand(out.value), *self.place(out.out, row))
            return [self.operand(carry.next) for carry in i.carry]

        last = self.text.loop(0, i.length, 1, turn, [self.operand(carry.first) for carry in i.carry])
        for carry, value in zip(i.carry, last, strict=True):
            self.keep(carry.array.whole, value)

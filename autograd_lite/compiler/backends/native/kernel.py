"""From an array program to LLVM IR: one function, and one for each loop's step.

Words that follow each other on members of the same shape become one loop, in which what one of them computes stays
in a register for the next. Over samples a vector holds the samples of a member, else it holds members.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from autograd_lite.compiler.backends.native.access import Access
from autograd_lite.compiler.backends.native.memory import Memory, Place, Tables
from autograd_lite.compiler.backends.native.sums import contract, reduce, segments
from autograd_lite.compiler.backends.native.text import Int, Text
from autograd_lite.compiler.backends.native.words import Words
from autograd_lite.compiler.ir import (
    Array,
    ArrayProgram,
    Contract,
    Instruction,
    Literal,
    Loop,
    Map,
    Operand,
    Reduce,
    SegmentReduce,
    Slice,
    Update,
    slices_of,
)
from autograd_lite.compiler.layout import contiguous
from autograd_lite.errors import ProgramError

__all__ = ["Kernel", "Module", "why_not"]


class Module:
    """What the functions of a program share: tables of numbers, the ufuncs that are called, and declarations.

    Parameters
    ----------
    registers : int
        How many vector registers the machine has.
    attributes : str
        What LLVM has to know of the machine.
    """

    def __init__(self, registers: int, attributes: str) -> None:
        self.registers = registers
        self.attributes = attributes
        self.tables = Tables()
        self.loops: dict[str, int] = {}
        self.functions: list[str] = []
        self.declarations: dict[str, None] = {}

    def __str__(self) -> str:
        parts = [*self.tables.lines, *self.declarations, *self.functions, f"attributes #0 = {{ {self.attributes} }}"]
        return "\n".join(parts) + "\n"


class Step(NamedTuple):
    """A word in a chain: where it writes, and its operands, which are places, or numbers that are known."""

    instruction: Map | Update
    out: Place
    operands: tuple[Place | Operand, ...]

    @property
    def read(self) -> list[Place]:
        """The places that are read."""
        return [x for x in self.operands if isinstance(x, Place)]


def why_not(program: ArrayProgram) -> str:
    """Say which instruction of a program cannot be printed; nothing if all can."""
    words = Words(Text(), {})
    for i in program.instructions:
        if isinstance(i, (Map, Update)) and not words.knows(i.op):
            return f"the word {i.op} has no inner loop in NumPy"
        if isinstance(i, Loop):
            if program.dims and any(x.dim for x in i.operands):
                return "a loop over samples"
            if told := why_not(i.body):
                return told
        if isinstance(i, Update) and _overlaps(i):
            return f"{i} reads other members of the array that it changes"
    return ""


def _overlaps(i: Update) -> bool:
    x = i.x
    if not isinstance(x, Slice) or x.array is not i.out.array or x.index == i.out.index:
        return False
    return bool(set(x.index.indices.flat) & set(i.out.index.indices.flat))


class Kernel:
    """Prints one program as a function of its workspace, the sizes of its batch axes, and NumPy's inner loops."""

    def __init__(self, program: ArrayProgram, module: Module, name: str) -> None:
        if told := why_not(program):
            raise ProgramError(f"The backend native cannot run this program: {told}.")
        self.program = program
        self.module = module
        self.name = name
        self.text = Text()
        self.words = Words(self.text, module.loops)
        self.memory = Memory(program, module.tables)
        self.access = Access(self.text, self.words, self.memory, module.registers)
        self.uses = Counter(x.array for x in slices_of(program.instructions))
        for given in program.inputs:
            if given.array is not None:
                self.memory.pointer(given.array)
        self.memory.pointer(program.result)

    def print(self) -> None:
        """Append the function to the module."""
        for chain in self.chains():
            first = chain[0]
            if isinstance(first, Step):
                self.write_chain([step for step in chain if isinstance(step, Step)])
            else:
                self.write(first)
        buffers = self.words.buffers() if self.module.loops else []
        body = "\n".join([*buffers, *self.memory.prologue(), *self.text.lines])
        head = f"define void @{self.name}(ptr %work, ptr %sizes, ptr %loops) #0"
        self.module.functions.append(f"{head} {{\nentry:\n{body}\nret void\n}}")
        self.module.declarations |= self.text.declarations

    # Words

    def chains(self) -> Iterator[list[Step | Instruction]]:
        """Words that can share a loop, and other instructions one by one."""
        chain: list[Step | Instruction] = []
        for i in self.program.instructions:
            step = self.step(i) if isinstance(i, (Map, Update)) else None
            if chain and not (step and isinstance(chain[0], Step) and _fits(chain, step)):
                yield chain
                chain = []
            chain.append(step or i)
        if chain:
            yield chain

    def step(self, i: Map | Update) -> Step:
        """Find the places of a word."""
        axes = len(i.out.shape)
        operands = [self.memory.place(x, axes) if isinstance(x, Slice) else x for x in i.operands]
        return Step(i, self.memory.place(i.out), tuple(operands))

    def write_chain(self, chain: Sequence[Step]) -> None:
        """Write one loop nest for words on members of the same shape."""
        out = chain[0].instruction.out
        kept = self._needed(chain)

        def body(coordinates: Sequence[Int], sample: Int) -> None:
            values: dict[Place | Operand, str] = {}
            for step, is_kept in zip(chain, kept, strict=True):
                operands = [self.value(x, coordinates, sample, values) for x in step.operands]
                result = values[step.out] = self.words.apply(step.instruction.op, *operands)
                if is_kept:
                    self.access.put(step.out, coordinates, sample, result)

        self.access.nest(out.shape, out.dim, body)

    def _needed(self, chain: Sequence[Step]) -> list[bool]:
        """Whether each result has to be stored: what only later words of the chain read stays in a register."""
        inside = Counter(x.array for step in chain for x in step.instruction.operands if isinstance(x, Slice))
        needed: list[bool] = []
        for k, step in enumerate(chain):
            array = step.instruction.out.array
            is_own = array.role == "local" and self.memory.resolve(array.whole)[0].role == "local"
            is_over = any(later.out == step.out for later in chain[k + 1 :])
            needed.append(not (is_own and (inside[array] == self.uses[array] or is_over)))
        return needed

    def value(
        self, x: Place | Operand, coordinates: Sequence[Int], sample: Int, values: dict[Place | Operand, str]
    ) -> str:
        """An operand as a vector, from a register if it is there."""
        if isinstance(x, Literal):
            number = self.text.literal(x.value)
            self.words.uniform.add(number)
            return number
        if x not in values:
            values[x] = self.access.get(x, coordinates, sample) if isinstance(x, Place) else self.access.spread_size(x.dim)  # type: ignore[union-attr, arg-type]
        return values[x]

    # Other instructions

    def write(self, i: Step | Instruction) -> None:
        """Write an instruction that is not a word."""
        if isinstance(i, Contract):
            contract(self.access, i)
        elif isinstance(i, Reduce):
            reduce(self.access, i)
        elif isinstance(i, SegmentReduce):
            segments(self.access, i)
        elif isinstance(i, Loop):
            self.loop(i)

    def loop(self, i: Loop) -> None:
        """Write a loop: its step is a function of its own, with its workspace inside this one."""
        text = self.text
        step = Kernel(i.body, self.module, f"{self.name}.step{len(self.module.functions)}")
        step.print()
        room = Array("room", (step.memory.layout.total({}),))
        work = self.memory.pointer(room)

        def inner(array: Array | None, shape: Sequence[int], start: int = 0) -> Place:
            base = step.memory.layout.starts[array] if array is not None else 0
            return Place(work, base + start, contiguous(shape).steps, "", 1, False)

        arrays = [given.array for given in i.body.inputs]
        carried, rest = arrays[: len(i.carry)], arrays[len(i.carry) :]
        for x, array in zip((*i.carry, *i.fixed), (*carried, *rest[len(i.xs) :]), strict=True):
            if array is not None:
                self.access.copy(x.shape, self.memory.place(x), inner(array, x.shape))
        queues = [Array("queue", (math.prod(x.shape),)) for x in i.xs]
        for x, queue in zip(i.xs, queues, strict=True):
            self.access.copy(x.shape, self.memory.place(x), self.memory.place(queue[contiguous(x.shape)]))
        results = Array("outputs", (math.prod(i.outs.shape) if i.outs is not None else 0,))
        run = results.size // i.length

        def turn(k: Int) -> None:
            at = text.plus(i.length - 1, text.times(k, -1)) if i.reverse else k
            for array, queue in zip(rest, queues, strict=False):
                if array is not None:
                    start = text.times(at, queue.size // i.length)
                    some = (queue.size // i.length,)
                    self.access.copy(some, Place(self.memory.pointer(queue), start, (1,), "", 1, False), inner(array, some))
            text.do(f"call void @{step.name}(ptr {work}, ptr %sizes, ptr %loops)")
            start_of = 0
            for x, array in zip(i.carry, carried, strict=True):
                count = math.prod(x.shape)
                if array is not None:
                    self.access.copy((count,), inner(i.body.result, (count,), start_of), inner(array, (count,)))
                start_of += count
            if run:
                target = Place(self.memory.pointer(results), text.times(at, run), (1,), "", 1, False)
                self.access.copy((run,), inner(i.body.result, (run,), start_of), target)

        self.access.each(0, i.length, 1, turn)
        self.access.copy(i.out.shape, inner(i.body.result, i.out.shape), self.memory.place(i.out))
        if i.outs is not None:
            source = self.memory.place(results[contiguous(i.outs.shape)])
            self.access.copy(i.outs.shape, source, self.memory.place(i.outs))


def _fits(chain: Sequence[Step | Instruction], step: Step) -> bool:
    """Whether a word can be computed member by member after those of a chain.

    What it reads of the memory that they write, it must read at the same members; and what they read of the memory
    that it writes, likewise.
    """
    first = chain[0]
    assert isinstance(first, Step)
    out, other = first.instruction.out, step.instruction.out
    if (out.shape, out.dim) != (other.shape, other.dim):
        return False
    for earlier in chain:
        assert isinstance(earlier, Step)
        if any(x.pointer == earlier.out.pointer and x != earlier.out for x in step.read):
            return False
        if any(x.pointer == step.out.pointer and x != step.out for x in earlier.read):
            return False
        is_shared = earlier.out.pointer == step.out.pointer and earlier.out != step.out
        if is_shared and earlier.instruction.out.array.role == "local":
            return False
    return True

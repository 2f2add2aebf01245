"""From an array program to LLVM IR: one function, and one for each loop's step.

Words that follow each other on members of the same shape become one loop, in which what one of them computes stays
in a register for the next. Over samples a vector holds the samples of a member, else it holds members.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from autograd_lite.compiler.backends.native.access import Access
from autograd_lite.compiler.backends.native.chains import Chain, Step, Total, chains
from autograd_lite.compiler.backends.native.lookups import scatter, take
from autograd_lite.compiler.backends.native.loops import write_loop
from autograd_lite.compiler.backends.native.memory import Memory, Place, Tables
from autograd_lite.compiler.backends.native.sums import contract, reduce, segments
from autograd_lite.compiler.backends.native.text import LANES, Int, Text
from autograd_lite.compiler.backends.native.totals import write_totals
from autograd_lite.compiler.backends.native.words import Words
from autograd_lite.compiler.carries import in_turn
from autograd_lite.compiler.ir import (
    Array,
    ArrayProgram,
    Contract,
    Instruction,
    Literal,
    Loop,
    Map,
    Reduce,
    Scatter,
    SegmentReduce,
    Size,
    Take,
    Update,
    every,
    slices_of,
)
from autograd_lite.compiler.layout import Gather

__all__ = ["Kernel", "Module", "why_not"]

MANY = 32  # vector registers
SIMPLE = ("copy", "neg", "add", "sub", "mul")  # as fast number by number as in vectors whose lanes are gathered
FEW = 64  # members; for more, vectors are faster


class Module:
    """What the functions of a program share: tables of numbers, the ufuncs that are called, and declarations.

    Parameters
    ----------
    registers : int
        How many vector registers the machine has.
    attributes : str
        What LLVM has to know of the machine.
    sines : bool, optional
        Whether sines and cosines are those of the C library.
    """

    def __init__(self, registers: int, attributes: str, *, sines: bool = False) -> None:
        self.registers = registers
        self.sines = sines
        self.attributes = attributes
        self.tables = Tables()
        self.loops: dict[str, int] = {}
        self.functions: list[str] = []
        self.declarations: dict[str, None] = {}

    def __str__(self) -> str:
        parts = [*self.tables.lines, *self.declarations, *self.functions, f"attributes #0 = {{ {self.attributes} }}"]
        return "\n".join(parts) + "\n"


def _is_scattered(step: Step) -> bool:
    """Whether to take members one by one, which is less text: where a table gathers them, or a few are strided."""
    i, places = step.instruction, (step.out, *step.read)
    if any(x.table for x in places):
        return i.op == "copy"
    return i.op in SIMPLE and math.prod(i.out.shape) <= FEW and any(x.steps[-1:] > (1,) for x in places)


def _is_clearing(i: Instruction, result: Array) -> bool:
    """Whether this copies 0.0 to places that a table chooses in a result without a batch axis."""
    if not isinstance(i, Map) or i.op != "copy" or i.out.array is not result or result.dim is not None:
        return False
    (x,) = i.operands
    return isinstance(i.out.index, Gather) and isinstance(x, Literal) and x.is_clear


def why_not(program: ArrayProgram) -> str:
    """Say which instruction of a program cannot be printed; nothing if all can."""
    words = Words(Text(), {})
    for name in dict.fromkeys(i.op for i in every(program.instructions) if isinstance(i, (Map, Update))):
        if not words.knows(name):
            return f"the op {name} is a black box, which only Python can call"
    return ""


class Kernel:
    """Prints one program as a function.

    It is called with its workspace, the sizes of its batch axes, NumPy's inner loops, and pointers to its arguments and
    its result, which are runs of doubles. The step of a loop has them in its workspace.
    """

    def __init__(self, program: ArrayProgram, module: Module, name: str) -> None:
        self.program = program = in_turn(program)
        self.module = module
        self.name = name
        self.text = Text()
        self.words = Words(self.text, module.loops, wide=module.registers == MANY, sines=module.sines)
        self.memory = Memory(program, module.tables)
        self.access = Access(self.text, self.words, self.memory, module.registers)
        self.uses = Counter(x.array for x in slices_of(every(program.instructions)))
        self.uses.update(x.array for i in every(program.instructions) if isinstance(i, Loop) for x in i.results)
        for given in program.inputs:
            self.take(given.array)
        if program.result.dim is None:
            self.memory.block(program.result)
        else:
            self.memory.pointer(program.result)

    def print(self) -> None:
        """Append the function to the module."""
        self.write_all(self._without_zeros(self.program))
        if self.program.result.dim is not None:
            self.give(self.program.result)
        buffers = self.words.buffers() if self.module.loops else []
        body = "\n".join([*buffers, *self.memory.prologue(), *self.text.prologue.values(), *self.text.lines])
        head = f"define void @{self.name}(ptr %work, ptr %sizes, ptr %loops, ptr %blocks) #0"
        self.module.functions.append(f"{head} {{\nentry:\n{body}\nret void\n}}")
        self.module.declarations |= self.text.declarations

    def _without_zeros(self, program: ArrayProgram) -> Sequence[Instruction]:
        """The instructions, but those that copy zeros to places in the result: it is cleared as a whole, and first."""
        result = program.result
        others = [i for i in program.instructions if not _is_clearing(i, result)]
        if len(others) < len(program.instructions):
            self.text.clear(self.memory.pointer(result), result.size)
        return others

    def write_all(self, instructions: Sequence[Instruction]) -> None:
        """Write instructions, of the program or of the body of a loop."""
        for some in chains(instructions, self.memory, self.words):
            if isinstance(some, Chain):
                self.write_chain(some)
            else:
                self.write(some)

    # Arguments and results

    def take(self, array: Array | None) -> None:
        """Read an argument where it is; samples, which lie one after the other, are taken into rows."""
        if array is None or array.dim is None:
            self.memory.block(array)
            return
        given, n = self.memory.block(), self.memory.length(array.dim)
        rows, text = self.memory.place(array.whole), self.text
        if array.size == 1:
            text.copy(given, rows.pointer, n)
            return
        last = text.plus(n, -1)

        def vector(sample: Int) -> None:
            starts = [text.smaller(text.plus(sample, lane), last) for lane in range(LANES)]
            starts = [text.times(start, array.size) for start in starts]
            self.access.each(0, array.size, 1, lambda k: member(k, sample, starts))

        def member(k: Int, sample: Int, starts: Sequence[Int]) -> None:
            numbers = [text.number(given, text.plus(start, k)) for start in starts]
            self.access.put(rows, [k], sample, text.vector(numbers))

        self.access.samples(array.dim, vector)

    def give(self, result: Array) -> None:
        """Copy a result with samples from its rows to where it is wanted."""
        assert result.dim is not None
        to, n, row = self.memory.block(), self.memory.length(result.dim), self.memory.length(result.dim, "row")
        text, rows = self.text, self.memory.pointer(result)

        def member(k: Int) -> None:
            text.copy(text.address(rows, text.times(k, row)), text.address(to, text.times(k, n)), n)

        self.access.each(0, result.size, 1, member)

    # Words

    def write_chain(self, chain: Chain) -> None:
        """Write one loop nest for words, and totals, of members of the same shape."""
        steps, kept = chain.steps, self._kept(chain)

        def body(coordinates: Sequence[Int], sample: Int) -> list[tuple[str, ...]]:
            values: dict[Place | Literal | Size, str] = {}
            terms: list[tuple[str, ...]] = []
            for link, is_kept in zip(chain.links, kept, strict=True):
                operands = [self.value(x, coordinates, sample, values) for x in link.operands]
                if isinstance(link, Total):
                    terms.append(tuple(operands))
                    continue
                result = values[link.out] = self.words.apply(link.instruction.op, *operands)
                if is_kept:
                    self.access.put(link.out, coordinates, sample, result)
            return terms

        if chain.totals:
            write_totals(self.access, chain.shape, chain.dim, chain.totals, body)
            return
        is_wide = any(step.calls for step in steps)
        wide = 1 if chain.dim is None and all(map(_is_scattered, steps)) else self.words.widest if is_wide else LANES
        self.access.nest(chain.shape, chain.dim, body, wide)

    def _kept(self, chain: Chain) -> list[bool]:
        """Whether each result has to be stored: what only the chain itself reads stays in a register."""
        inside = Counter(x.array for link in chain.links for x in slices_of([link.instruction]))
        kept: list[bool] = []
        overwritten: set[Place] = set()
        for link in reversed(chain.links):
            array = link.instruction.out.array
            is_own = array.role == "local" and self.memory.home(array).role == "local"
            is_over = inside[array] == self.uses[array] or link.out in overwritten
            kept.append(not (is_own and is_over))
            overwritten.add(link.out)
        return kept[::-1]

    def value(
        self,
        x: Place | Literal | Size,
        coordinates: Sequence[Int],
        sample: Int,
        values: dict[Place | Literal | Size, str],
    ) -> str:
        """An operand as a vector, from a register if it is there."""
        if isinstance(x, Literal):
            number = self.text.literal(x.value)
            self.words.uniform.add(number)
            return number
        if x not in values:
            if isinstance(x, Place):
                values[x] = self.access.get(x, coordinates, sample)
            else:
                values[x] = self.access.spread_size(x.dim)
        return values[x]

    # Other instructions

    def write(self, i: Instruction) -> None:
        """Write an instruction that is not a word."""
        if isinstance(i, Contract):
            contract(self.access, i)
        elif isinstance(i, Reduce):
            reduce(self.access, i)
        elif isinstance(i, SegmentReduce):
            segments(self.access, i)
        elif isinstance(i, Take):
            take(self.access, i)
        elif isinstance(i, Scatter):
            scatter(self.access, i)
        elif isinstance(i, Loop):
            write_loop(self.access, i, self.write_all)

"""Chains: instructions that share a loop, because each can follow those before it member by member.

They need not stand side by side: what is between them waits, unless they depend on it, and numbers come before.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from autograd_lite.compiler.backends.native.memory import Memory, Place
from autograd_lite.compiler.backends.native.words import Words
from autograd_lite.compiler.ir import (
    Array,
    Contract,
    Dim,
    Instruction,
    Literal,
    Loop,
    Map,
    Reduce,
    Size,
    Slice,
    Update,
    outputs_of,
)

__all__ = ["Chain", "Step", "Total", "chains"]

AHEAD = 8  # instructions that may wait while a chain goes on
MOST_TOTALS = 4  # in one loop: each has a register


class Step(NamedTuple):
    """A word: where it writes, and its operands, which are places, or numbers that are known."""

    instruction: Map | Update
    out: Place
    operands: tuple[Place | Literal | Size, ...]
    calls: bool  # inner loops of NumPy

    @property
    def read(self) -> list[Place]:
        """The places that are read."""
        return [x for x in self.operands if isinstance(x, Place)]

    @property
    def space(self) -> tuple[tuple[int, ...], Dim | None]:
        """What it visits: members, and samples."""
        out = self.instruction.out
        return out.shape, out.dim


class Total(NamedTuple):
    """One number: a reduction, or the sum of products, of members, or of the samples of one."""

    instruction: Contract | Reduce
    out: Place
    operands: tuple[Place, ...]

    @property
    def read(self) -> list[Place]:
        """The places that are read."""
        return list(self.operands)

    @property
    def op(self) -> str:
        """The word of the reduction."""
        return self.instruction.op if isinstance(self.instruction, Reduce) else "add"

    @property
    def space(self) -> tuple[tuple[int, ...], Dim | None]:
        """What it visits: members, or the samples of one."""
        x = self.instruction.operands[0]
        return x.shape, x.dim


Link = Step | Total


class Chain:
    """Words and totals on members of the same shape, each of which can be computed after those before it.

    What one reads of the memory that they write, it must read at the same members; and what they read of the memory
    that it writes, likewise. A total can be read only after the loop.

    Attributes
    ----------
    links : list of Step or Total
        In the order of their computation.
    steps : list of Step
        Its words.
    totals : list of Total
        What is added up in its loop.
    shape : tuple of int
    dim : Dim or None
        What it visits.
    """

    def __init__(self, first: Link) -> None:
        self.links: list[Link] = []
        self.steps: list[Step] = []
        self.totals: list[Total] = []
        self.shape, self.dim = first.space
        self._calls = False
        self._written: dict[str, set[Place]] = {}
        self._read: dict[str, set[Place]] = {}
        self.add(first)

    def fits(self, link: Link) -> bool:
        """Whether a word or a total can be added."""
        if link.space != (self.shape, self.dim):
            return False
        if any(x.pointer == total.out.pointer for total in self.totals for x in (link.out, *link.read)):
            return False
        if any(self._written.get(x.pointer, {x}) != {x} for x in link.read):
            return False
        if isinstance(link, Total):
            return len(self.totals) < MOST_TOTALS and not self._calls
        if (link.calls and self.totals) or self._read.get(link.out.pointer, {link.out}) != {link.out}:
            return False
        is_local = link.instruction.out.array.role == "local"
        return not is_local or self._written.get(link.out.pointer, {link.out}) == {link.out}

    def add(self, link: Link) -> None:
        """Add a word or a total."""
        self.links.append(link)
        if isinstance(link, Total):
            self.totals.append(link)
        else:
            self.steps.append(link)
            self._calls |= link.calls
            self._written.setdefault(link.out.pointer, set()).add(link.out)
        for x in link.read:
            self._read.setdefault(x.pointer, set()).add(x)


class _Entry:
    """An instruction, and what memory it reads and writes."""

    def __init__(self, i: Instruction, memory: Memory, words: Words) -> None:
        self.instruction = i
        self.link = _link(i, memory, words)
        self.is_barrier = isinstance(i, Loop)
        self.is_small = isinstance(self.link, Step) and self.link.space == ((), None)
        if not self.is_barrier:
            self.writes = {memory.home(x.array) for x in outputs_of(i)}
            self.reads = {memory.home(x.array) for x in i.operands if isinstance(x, Slice)}


class _Reach:
    """What memory some instructions read and write."""

    def __init__(self, *entries: _Entry) -> None:
        self.reads: set[Array] = set().union(*[entry.reads for entry in entries])
        self.writes: set[Array] = set().union(*[entry.writes for entry in entries])

    def add(self, entry: _Entry) -> None:
        """Add an instruction."""
        self.reads |= entry.reads
        self.writes |= entry.writes

    def frees(self, entry: _Entry) -> bool:
        """Whether an instruction that comes after them could as well come before."""
        return entry.reads.isdisjoint(self.writes) and entry.writes.isdisjoint(self.reads | self.writes)


def chains(instructions: Sequence[Instruction], memory: Memory, words: Words) -> Iterator[Chain | Instruction]:
    """Instructions that can share a loop, and others one by one, in an order that gives the same numbers."""
    return _chained(deque(_Entry(i, memory, words) for i in instructions))


def _chained(waiting: deque[_Entry]) -> Iterator[Chain | Instruction]:
    while waiting:
        first = waiting.popleft()
        if first.link is None:
            yield first.instruction
            continue
        chain, reach, passed, behind = Chain(first.link), _Reach(first), list[_Entry](), _Reach()
        before = deque[_Entry]()  # numbers that the chain may need
        while waiting and len(passed) < AHEAD and not waiting[0].is_barrier:
            entry = waiting.popleft()
            is_free = behind.frees(entry)
            if entry.link and is_free and chain.fits(entry.link):
                chain.add(entry.link)
                reach.add(entry)
            elif entry.is_small and is_free and reach.frees(entry):
                before.append(entry)
            else:
                passed.append(entry)
                behind.add(entry)
        waiting.extendleft(reversed(passed))
        yield from _chained(before)
        yield chain


def _link(i: Instruction, memory: Memory, words: Words) -> Link | None:
    if isinstance(i, (Map, Update)):
        axes = len(i.out.shape)
        operands = [memory.place(x, axes) if isinstance(x, Slice) else x for x in i.operands]
        return Step(i, memory.place(i.out), tuple(operands), words.calls(i.op))
    if isinstance(i, (Contract, Reduce)) and _is_total(i):
        return Total(i, memory.place(i.out), tuple([memory.place(x) for x in i.operands]))
    return None


def _is_total(i: Contract | Reduce) -> bool:
    """Whether this makes one number, of members, or of the samples of one member."""
    x = i.operands[0]
    if x.dim is None:
        return i.spec == "k,k->" if isinstance(i, Contract) else i.over == ("terms",) and len(x.shape) == 1
    is_over = i.spec in ("kn,kn->", "kn,k->") if isinstance(i, Contract) else "batch" in i.over
    return is_over and math.prod(x.shape) == 1

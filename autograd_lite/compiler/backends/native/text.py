"""LLVM IR under construction: the body of one function, with integers, loops, and vectors of doubles of any width.

A vector is the name of a value of the type ``<width x double>``; a number is a vector of width 1. An integer is a
Python int where it is known, else the name of an ``i64``.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

__all__ = ["LANES", "Int", "Text", "hexadecimal"]

LANES = 8  # of a full vector; sums are added up in so many lanes, whatever the machine's own width

Int = int | str


def hexadecimal(x: float) -> str:
    """Write a number as LLVM reads it, to the bit.

    Examples
    --------
    >>> hexadecimal(1.0)
    '0x3FF0000000000000'
    """
    return f"0x{struct.pack('>d', x).hex().upper()}"


ZERO = hexadecimal(0.0)


class Text:
    """Instructions of one function, and the names that they define."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.declarations: dict[str, None] = {}
        self.prologue: dict[str, str] = {}  # lines by the names that they define
        self.width = 1
        self._block = "entry"
        self._labels = self._values = 0
        self._known: dict[str, str] = {}  # integers and addresses that are computed already, wherever control is now

    @property
    def type(self) -> str:
        """The type of a vector of the width in force."""
        return f"<{self.width} x double>"

    @contextmanager
    def lanes(self, width: int) -> Iterator[None]:
        """Write for vectors of another width."""
        before, self.width = self.width, width
        yield
        self.width = before

    def label(self, hint: str) -> str:
        """The name of a block that is not taken."""
        self._labels += 1
        return f"{hint}{self._labels}"

    def let(self, expression: str) -> str:
        """Define a value: they are numbered as they stand, which LLVM reads sooner than names."""
        name = f"%{self._values}"
        self._values += 1
        self.lines.append(f"{name} = {expression}")
        return name

    def once(self, expression: str) -> str:
        """Define a value that depends on nothing but its operands, or take the one that is there."""
        if expression not in self._known:
            self._known[expression] = self.let(expression)
        return self._known[expression]

    def do(self, line: str) -> None:
        """Append an instruction without a value."""
        self.lines.append(line)

    # Integers

    def plus(self, *terms: Int) -> Int:
        """Add integers."""
        known = sum(x for x in terms if isinstance(x, int))
        total: Int = 0
        for x in terms:
            if isinstance(x, str):
                total = x if total == 0 else self.once(f"add nsw i64 {total}, {x}")
        if isinstance(total, int):
            return known
        return self.once(f"add nsw i64 {total}, {known}") if known else total

    def times(self, a: Int, b: Int) -> Int:
        """Multiply two integers."""
        if isinstance(a, int) and isinstance(b, int):
            return a * b
        if 0 in (a, b):
            return 0
        return b if a == 1 else a if b == 1 else self.once(f"mul nsw i64 {a}, {b}")

    def multiple(self, a: Int, count: int) -> Int:
        """A multiple of an integer that the prologue defines; the prologue computes it."""
        if isinstance(a, int) or count < 2:
            return self.times(a, count)
        name = f"{a}.{count}"
        self.prologue[name] = f"{name} = mul nsw i64 {a}, {count}"
        return name

    def smaller(self, a: Int, b: Int) -> Int:
        """The smaller one of two integers."""
        if isinstance(a, int) and isinstance(b, int):
            return min(a, b)
        is_first = self.let(f"icmp slt i64 {a}, {b}")
        return self.let(f"select i1 {is_first}, i64 {a}, i64 {b}")

    # Vectors

    def literal(self, x: float) -> str:
        """A number in all lanes."""
        if hexadecimal(x) == ZERO:
            return "zeroinitializer"
        return f"splat (double {hexadecimal(x)})"  # sooner read than a list of lanes

    def apply(self, operation: str, *operands: str) -> str:
        """One of LLVM's instructions on vectors."""
        return self.let(f"{operation} {self.type} {', '.join(operands)}")

    def call(self, function: str, *operands: str) -> str:
        """One of LLVM's functions on vectors: ``sqrt``, ``fma``."""
        name = f"@llvm.{function}.v{self.width}f64"
        self.declarations[f"declare {self.type} {name}({', '.join([self.type] * len(operands))})"] = None
        return self.let(f"call {self.type} {name}({', '.join(f'{self.type} {x}' for x in operands)})")

    def compare(self, relation: str, a: str, b: str) -> str:
        """A truth for each lane, by LLVM's names: ``ogt`` is greater, ``uno`` is true where one is NaN."""
        return self.let(f"fcmp {relation} {self.type} {a}, {b}")

    def both(self, a: str, b: str, operation: str = "and") -> str:
        """Combine two truths."""
        return self.let(f"{operation} <{self.width} x i1> {a}, {b}")

    def choose(self, condition: str, a: str, b: str) -> str:
        """Take each lane from a where the condition holds, else from b."""
        return self.let(f"select <{self.width} x i1> {condition}, {self.type} {a}, {self.type} {b}")

    def shuffle(self, a: str, b: str, lanes: Sequence[int]) -> str:
        """A vector of the lanes of two others, counted through."""
        mask = f"<{', '.join([f'i32 {k}' for k in lanes])}>" if any(lanes) else "zeroinitializer"
        return self.let(f"shufflevector {self.type} {a}, {self.type} {b}, <{len(lanes)} x i32> {mask}")

    def as_number(self, x: str) -> str:
        """The double of a vector of width 1."""
        return self.let(f"extractelement {self.type} {x}, i64 0")

    def from_number(self, x: str) -> str:
        """The vector of width 1 that holds a double."""
        return self.vector([x])

    def first_lanes(self, count: Int) -> str:
        """A truth for each lane: whether it is among the first ones."""
        one = self.once(f"insertelement <{self.width} x i64> poison, i64 {count}, i64 0")
        zeros = f"<{self.width} x i32> zeroinitializer"
        all_lanes = self.once(f"shufflevector <{self.width} x i64> {one}, <{self.width} x i64> poison, {zeros}")
        numbered = ", ".join(f"i64 {k}" for k in range(self.width))
        return self.once(f"icmp slt <{self.width} x i64> <{numbered}>, {all_lanes}")

    # Memory

    def address(self, pointer: str, offset: Int) -> str:
        """Where a double lies."""
        return pointer if offset == 0 else self.once(f"getelementptr inbounds double, ptr {pointer}, i64 {offset}")

    def load(self, pointer: str, offset: Int) -> str:
        """As many doubles as there are lanes."""
        return self.let(f"load {self.type}, ptr {self.address(pointer, offset)}, align 8")

    def store(self, vector: str, pointer: str, offset: Int) -> None:
        """Write all lanes, one after the other."""
        self.do(f"store {self.type} {vector}, ptr {self.address(pointer, offset)}, align 8")

    def number(self, pointer: str, offset: Int) -> str:
        """One double."""
        return self.let(f"load double, ptr {self.address(pointer, offset)}, align 8")

    def vector(self, numbers: Sequence[str]) -> str:
        """A vector of doubles."""
        name = "poison"
        for lane, number in enumerate(numbers):
            name = self.let(f"insertelement {self.type} {name}, double {number}, i64 {lane}")
        return name

    def spread(self, pointer: str, offset: Int) -> str:
        """One double in all lanes."""
        one = self.vector([self.number(pointer, offset)])
        return self.shuffle(one, "poison", [0] * self.width) if self.width > 1 else one

    def copy(self, source: str, target: str, count: Int) -> None:
        """Copy doubles from one place to another."""
        name = "@llvm.memcpy.p0.p0.i64"
        self.declarations[f"declare void {name}(ptr, ptr, i64, i1)"] = None
        self.do(f"call void {name}(ptr {target}, ptr {source}, i64 {self.times(count, 8)}, i1 false)")

    def clear(self, target: str, count: int) -> None:
        """Make doubles zero."""
        name = "@llvm.memset.p0.i64"
        self.declarations[f"declare void {name}(ptr, i8, i64, i1)"] = None
        self.do(f"call void {name}(ptr {target}, i8 0, i64 {count * 8}, i1 false)")

    def integer(self, table: str, position: Int) -> str:
        """A member of a list of integers."""
        place = self.let(f"getelementptr inbounds i64, ptr {table}, i64 {position}")
        return self.let(f"load i64, ptr {place}, align 8")

    # Loops

    def loop(
        self,
        start: Int,
        stop: Int,
        step: int,
        body: Callable[[Int, list[str]], Sequence[str]],
        carry: Sequence[str] = (),
        *,
        sure: bool = False,
    ) -> list[str]:
        """Count from `start` up to `stop`; the vectors in `carry` go from each turn to the next.

        `sure` says that there is at least one turn, which spares the test for none.
        """
        if isinstance(start, int) and isinstance(stop, int) and stop - start <= step:
            return list(body(start, list(carry))) if start < stop else list(carry)
        is_sure = sure or (isinstance(start, int) and isinstance(stop, int))
        label, before = self.label("loop"), self._block
        known = dict(self._known)
        if is_sure:
            self.do(f"br label %{label}")
        else:
            some = self.let(f"icmp slt i64 {start}, {stop}")
            self.do(f"br i1 {some}, label %{label}, label %{label}.end")
        self.do(f"{label}:")
        at, i, self._block = len(self.lines), f"%{label}.i", label
        now = [f"%{self._values + k}" for k in range(len(carry))]
        self._values += len(carry)
        after = list(body(i, now))
        following = self.let(f"freeze i64 {self.let(f'add nsw i64 {i}, {step}')}")  # LLVM looks for strides otherwise
        more = self.let(f"icmp slt i64 {following}, {stop}")
        self.do(f"br i1 {more}, label %{label}, label %{label}.end")
        phis = [f"{i} = phi i64 [{start}, %{before}], [{following}, %{self._block}]"]
        for name, first, next_one in zip(now, carry, after, strict=True):
            phis.append(f"{name} = phi {self.type} [{first}, %{before}], [{next_one}, %{self._block}]")
        self.lines[at:at] = phis
        last, self._block = self._block, f"{label}.end"
        self.do(f"{label}.end:")
        self._known = known
        if is_sure:
            return after
        pairs = zip(carry, after, strict=True)
        return [self.let(f"phi {self.type} [{first}, %{before}], [{end}, %{last}]") for first, end in pairs]

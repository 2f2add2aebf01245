"""Straight-line Python on floats: for programs of numbers, faster than arrays while they are small.

Whatever Python's floats refuse to do (1/0, log(-1)) raises, and the caller then runs the exact program.

Types: ``Any`` stands for the meaning of a name in emitted source.
"""

from __future__ import annotations

import keyword
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from autograd_lite.compiler.backends.base import Executable
from autograd_lite.compiler.backends.float_parts import Part, parts_of
from autograd_lite.compiler.backends.python_text import Expression, applied, defined, literal
from autograd_lite.compiler.ir import (
    Array,
    ArrayProgram,
    Input,
    Instruction,
    Literal,
    Loop,
    Map,
    Operand,
    Scatter,
    Slice,
    Take,
    every,
    slices_of,
)
from autograd_lite.compiler.layout import Affine, Gather
from autograd_lite.compiler.naming import unused
from autograd_lite.errors import ProgramError
from autograd_lite.namespaces import floats
from autograd_lite.text import assembled

__all__ = ["FloatsBackend"]

LONGEST_PART = 5_000  # lines of one function


class FloatsBackend:
    """Prints a program of numbers as one function of Python floats."""

    name = "floats"

    def compile(self, program: ArrayProgram, kept: Any = None) -> Executable:  # noqa: ARG002 - Python compiles fast
        """Print a program, and make it run.

        Raises
        ------
        ProgramError
            If it has an array that is neither an argument nor the result.
        """
        printer = _Printer(program)
        parts = printer.parts()
        names = dict(printer.names)
        for part in parts:
            names[part.name] = defined(part.source, printer.names, part.name)
        whole = printer.print(parts)
        function = defined(whole, names, "run")
        source = "\n".join([*[part.source for part in parts], whole])
        return Executable(lambda inputs, sizes: function(*inputs), source, 0)


class _Printer:
    def __init__(self, program: ArrayProgram) -> None:
        self.program = program
        self.names: dict[str, Any] = {"inf": math.inf, "nan": math.nan}
        self.taken = dict.fromkeys([*keyword.kwlist, "inf", "nan", "run", "float"], 1)
        self.taken |= dict.fromkeys([f"{name}_" for name in vars(floats)], 1)
        inner = list(every(program.instructions))
        results = [x for i in inner if isinstance(i, Loop) for x in i.results]
        self.uses = Counter([x.array for x in (*slices_of(inner), *results) if x.array.role != "input"])
        self.numbers: dict[tuple[Array, int], Expression] = {}
        self.results = [""] * program.result.size
        self.joined: dict[Array, list[str]] = {}  # the members that are known of what becomes a tuple
        self.name_of: dict[Array, str] = {}  # of lists and tuples
        self.lines: list[str] = []
        self.parameters: list[str] = []
        self.result = ""

    def parts(self) -> list[Part]:
        """Write all lines; if they are very many, divide them into functions."""
        self.parameters = [self.load(given, f"unused_{k}") for k, given in enumerate(self.program.inputs)]
        for i in self.program.instructions:
            self.write(i)
        self.result = f"[{', '.join(self.results)}]"
        if len(self.lines) <= LONGEST_PART:
            return []
        return parts_of(self.lines, self.parameters, self.result, LONGEST_PART, lambda name: unused(name, self.taken))

    def print(self, parts: Sequence[Part]) -> str:
        """The function, in whole or as the calls of its parts."""
        lines = [part.call for part in parts] or self.lines
        return f"def run({', '.join(self.parameters)}):\n{assembled([*lines, f'return {self.result}'], '    ')}"

    def load(self, given: Input, unnamed: str) -> str:
        """Unpack an argument into its numbers; returns the parameter's name."""
        array = given.array
        if array is None:
            return unused(unnamed, self.taken)
        parameter = unused(array.name, self.taken)
        read = {_member(x): x for x in slices_of(every(self.program.instructions)) if x.array is array}
        if not array.shape:
            self.numbers[array, 0] = Expression(parameter)
        elif read:
            names = {k: unused(read[k].name or f"{parameter}_{k}", self.taken) for k in sorted(read)}
            self.numbers |= {(array, k): Expression(name) for k, name in names.items()}
            tail = parameter if isinstance(given.given, int) else f"{parameter}.ravel().tolist()"
            self.lines.append(", ".join(names.get(k, "_") for k in range(array.size)) + f", = {tail}")
        return parameter

    def write(self, i: Instruction) -> None:
        if isinstance(i, (Take, Scatter)):
            self.look_up(i)
            return
        if isinstance(i, Loop):
            self.loop(i)
            return
        if not isinstance(i, Map) or i.out.shape:
            raise ProgramError(f"The backend floats runs programs of numbers, and this one holds {i}.")
        operands = [self.read(x) for x in i.operands]
        if i.out.array.role == "result":
            self.results[_member(i.out)] = operands[0].text
            return
        if i.out.array.role == "joined":
            self.join(i.out.array, operands[0].text)
            return
        function = f"{i.op}_"
        expression = operands[0] if i.op == "copy" else applied(i.op, operands, function)
        if expression.text.startswith(f"{function}("):
            self.names[function] = getattr(floats, i.op)
        if self.uses[i.out.array] > 1 or not expression.is_small:
            name = unused(i.out.array.name, self.taken)
            self.lines.append(f"{name} = {expression.text}")
            expression = Expression(name)
        self.numbers[i.out.array, 0] = expression

    def loop(self, i: Loop) -> None:
        """Write a loop: the carry in names, sequences and outputs in lists."""
        first = [self.read(carry.first).text for carry in i.carry]
        carried = [self.number(carry.array) for carry in i.carry]
        if carried:
            self.lines.append(f"{', '.join(carried)} = {', '.join(first)}")
        self.lines += [f"{self.named(out.out.array)} = [0.0] * {i.length}" for out in i.outs]
        at = unused("t", self.taken)
        steps = f"range({i.length - 1}, -1, -1)" if i.reverse else f"range({i.length})"
        before, self.lines = self.lines, []
        for x in i.xs:
            sequence = self.sequence(x.of)
            self.lines.append(f"{self.number(x.array)} = {sequence}[{at}]")
        for instruction in i.body:
            self.write(instruction)
        self.lines += [f"{self.name_of[out.out.array]}[{at}] = {self.read(out.value).text}" for out in i.outs]
        if carried:
            self.lines.append(f"{', '.join(carried)} = {', '.join(self.read(carry.next).text for carry in i.carry)}")
        self.lines = [*before, f"for {at} in {steps}:", *[f"    {line}" for line in self.lines]]

    def number(self, array: Array) -> str:
        """The name of a number that has lines of its own."""
        name = unused(array.name, self.taken)
        self.numbers[array, 0] = Expression(name)
        return name

    def join(self, array: Array, text: str) -> None:
        """Add a member to a tuple, and make it when it has all."""
        members = self.joined.setdefault(array, [])
        members.append(text)
        if len(members) == array.size:
            self.lines.append(f"{self.named(array)} = ({', '.join(members)},)")

    def named(self, array: Array) -> str:
        """The name of a list or tuple, whose members can then be read."""
        name = self.name_of[array] = unused(array.name, self.taken)
        self.numbers |= {(array, k): Expression(f"{name}[{k}]") for k in range(array.size)}
        return name

    def look_up(self, i: Take | Scatter) -> None:
        """Write a look-up of one number, or the sums of rows as a list."""
        if isinstance(i, Take):
            self.names["take_"] = _take
            text = f"take_({self.sequence(i.x)}, {self.read(i.index).text})"
        else:
            self.names["scatter_"] = _scatter
            text = f"scatter_({i.out.shape}, {self.sequence(i.x)}, {self.sequence(i.index)})"
        self.lines.append(f"{self.named(i.out.array)} = {text}")

    def sequence(self, x: Operand) -> str:
        """Members of a list or tuple, evenly spaced."""
        assert isinstance(x, Slice)
        assert isinstance(x.index, Affine)
        name, step = self.name_of[x.array], x.index.steps[0] if x.shape[-1:] == (1,) else 1
        return name if x.is_whole else f"{name}[{x.index.base}::{max(step, 1)}]"

    def read(self, x: Operand) -> Expression:
        if isinstance(x, Literal):
            return Expression(literal(x.value))
        if not isinstance(x, Slice):
            raise ProgramError(f"The backend floats knows no batch axes, and this program reads {x}.")
        return self.numbers[x.array, _member(x)]


def _row(index: float, count: int) -> int:
    return int(min(max(index, 0.0), count - 1.0)) if index == index else 0  # noqa: PLR0124 - NaN chooses some row


def _take(rows: Sequence[float], index: float) -> list[float]:
    return [rows[_row(index, len(rows))]]


def _scatter(shape: tuple[int, int], rows: Sequence[float], index: Sequence[float]) -> list[float]:
    count, columns = shape
    sums = [0.0] * (count * columns)
    for t, i in enumerate(index):
        for k in range(columns):
            sums[_row(i, count) * columns + k] += rows[t * columns + k]
    return sums


def _member(x: Slice) -> int:
    if isinstance(x.index, Gather) or x.shape:
        raise ProgramError(f"The backend floats runs programs of numbers, and this one reads or writes {x}.")
    return x.index.base

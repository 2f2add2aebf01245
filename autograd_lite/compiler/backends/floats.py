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
from autograd_lite.compiler.ir import Array, ArrayProgram, Input, Instruction, Literal, Map, Operand, Slice, slices_of
from autograd_lite.compiler.layout import Gather
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
        self.uses = Counter([x.array for x in slices_of(program.instructions) if x.array.role != "input"])
        self.numbers: dict[tuple[Array, int], Expression] = {}
        self.results = [""] * program.result.size
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
        read = {_member(x): x for x in slices_of(self.program.instructions) if x.array is array}
        if not array.shape:
            self.numbers[array, 0] = Expression(parameter)
        elif read:
            names = {k: unused(read[k].name or f"{parameter}_{k}", self.taken) for k in sorted(read)}
            self.numbers |= {(array, k): Expression(name) for k, name in names.items()}
            tail = parameter if isinstance(given.given, int) else f"{parameter}.ravel().tolist()"
            self.lines.append(", ".join(names.get(k, "_") for k in range(array.size)) + f", = {tail}")
        return parameter

    def write(self, i: Instruction) -> None:
        if not isinstance(i, Map) or i.out.shape:
            raise ProgramError(f"The backend floats runs programs of numbers, and this one holds {i}.")
        operands = [self.read(x) for x in i.operands]
        if i.out.array.role == "result":
            self.results[_member(i.out)] = operands[0].text
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

    def read(self, x: Operand) -> Expression:
        if isinstance(x, Literal):
            return Expression(literal(x.value))
        if not isinstance(x, Slice):
            raise ProgramError(f"The backend floats knows no batch axes, and this program reads {x}.")
        return self.numbers[x.array, _member(x)]


def _member(x: Slice) -> int:
    if isinstance(x.index, Gather) or x.shape:
        raise ProgramError(f"The backend floats runs programs of numbers, and this one reads or writes {x}.")
    return x.index.base

"""Python that calls NumPy on buffers made beforehand.

The source is one function ``build(n, ...)``, which makes the buffers and all views of them for so many samples and
returns the function ``run`` that does the work. Numbers without axes are Python floats.

Types: ``Any`` stands for the meaning of a name in emitted source.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler.backends.base import Executable
from autograd_lite.compiler.backends.numpy_source import NumpySource, ufunc_of, written
from autograd_lite.compiler.backends.python_text import Expression, applied, defined
from autograd_lite.compiler.carries import in_turn
from autograd_lite.compiler.ir import (
    Array,
    ArrayProgram,
    Carry,
    Contract,
    Instruction,
    Literal,
    Loop,
    Map,
    Operand,
    Reduce,
    Scatter,
    SegmentReduce,
    Slice,
    Take,
    Update,
)
from autograd_lite.compiler.layout import Affine, Gather
from autograd_lite.compiler.naming import unused
from autograd_lite.compiler.primitives import on_arrays
from autograd_lite.compiler.rows import add_rows, take_rows
from autograd_lite.compiler.workspaces import Workspaces
from autograd_lite.namespaces import floats
from autograd_lite.text import assembled

__all__ = ["NumpyBackend"]


class NumpyBackend:
    """Prints one NumPy call for each instruction."""

    name = "numpy"

    def compile(self, program: ArrayProgram, kept: Any = None) -> Executable:  # noqa: ARG002 - Python compiles fast
        """Print a program, and make it run."""
        program = in_turn(program)
        printer = _Printer(program)
        source = printer.print()
        workspaces = Workspaces(defined(source, printer.names, "build"), _memory(program))
        return Executable(workspaces.run, source, printer.calls, workspaces.release)


def _memory(program: ArrayProgram) -> list[tuple[int, int | None]]:
    """The buffers of a program: how many members each has, and the index of its batch axis among the program's."""
    dims = program.dims
    inputs = [given.array for given in program.inputs if given.array is not None]
    own = [array for array in [*inputs, *written(program)] if array not in program.homes]
    return [(array.size, dims.index(array.dim) if array.dim else None) for array in own]


class _Printer(NumpySource):
    """Prints each instruction."""

    def print(self) -> str:
        """The whole source."""
        program = self.program
        self._name_of[program.result] = "result"
        for array in written(program):
            if array is not program.result:
                self._name_of[array] = unused(array.name, self.taken)
        self.setup.append(f"result = empty({self.shape(program.result)})")
        parameters = [self.load(given, f"unused_{k}") for k, given in enumerate(program.inputs)]
        for i in program.instructions:
            self.write(i)
        sizes = ", ".join(map(str, program.dims))
        setup, body = assembled(self.setup, "    "), assembled(self.body, "        ")
        run = f"    def run({', '.join(parameters)}):\n{body}        return result\n"
        return f"def build({sizes}):\n{setup}\n{run}\n    return run\n"

    # Instructions

    def write(self, i: Instruction) -> None:
        if isinstance(i, Loop):
            self.flush()
            self.loop(i)
            return
        if not i.out.array.shape:
            self.keep(i.out.array, self.expression(i))
            return
        self.flush()
        self.describe(i.out.array, i)
        if isinstance(i, Map):
            self.map(i)
        elif isinstance(i, Update):
            self.update(i)
        elif isinstance(i, Contract):
            self.contract(i)
        elif isinstance(i, Reduce):
            axis = "(1, 2)" if len(i.over) == 2 else "1" if i.over == ("terms",) else "-1"
            self.call(f"{ufunc_of(i.op)}.reduce", self.operand(i.x, full=True), axis, "None", self.target(i.out))
        elif isinstance(i, SegmentReduce):
            starts = self.indices(i.starts.indices)
            self.call(
                f"{ufunc_of(i.op)}.reduceat", self.operand(i.x, full=True), starts, "0", "None", self.target(i.out)
            )
        elif isinstance(i, (Take, Scatter)):
            self.look_up(i)

    def flush(self) -> None:
        """Give a line to numbers that read arrays, before anything else is written."""
        for array in list(self._waiting):
            self.assign(array, self._waiting.pop(array))

    def keep(self, array: Array, expression: Expression) -> None:
        """Put a number into the line that uses it, or give it a line of its own."""
        if self.uses[array] != 1 or not expression.is_small:
            self.assign(array, expression)
            return
        self._numbers[array] = expression
        if expression.reads:
            self._waiting[array] = expression

    def assign(self, array: Array, expression: Expression) -> None:
        name = self._name_of[array]
        self.describe(array)
        self.line(f"{name} = {expression.text}")
        self._numbers[array] = Expression(name)

    def expression(self, i: Instruction) -> Expression:
        """An instruction whose result is a number."""
        if isinstance(i, Map):
            operands = [self.number(x) for x in i.operands]
            if i.op == "copy":
                return operands[0]
            written = applied(i.op, operands, f"{i.op}_")
            if written.text.startswith(f"{i.op}_("):
                self.name(f"{i.op}_", getattr(floats, i.op))
            return written
        self.calls += 1
        if isinstance(i, Reduce) and i.op == "nonfinite":
            return Expression(f"0.0 * {self.total(i.x)}", reads=True)
        if isinstance(i, Reduce):
            text = f"{self.function(f'{ufunc_of(i.op)}.reduce')}({self.operand(i.x, full=True)}, None)"
        else:
            assert isinstance(i, Contract)
            text = self.inner_product(i)
        return Expression(f"float({text})", reads=True)

    def total(self, x: Slice) -> str:
        """The sum of a whole array, as a product with ones: the fastest way to see that all of it is finite."""
        memory, size = self.memory(x.array), f"{x.array.size}{f' * {x.dim}' if x.dim else ''}"
        turned = ".T" if x.array.role == "input" and x.array.dim else ""  # samples are given row by row: no copy
        flat = self.view(f"{memory}{turned}.reshape({size})", f"{memory}_flat")
        ones = self.view(f"{self.name('full', np.full)}({size}, 1.0)", "ones")
        return f"float({self.function('dot')}({flat}, {ones}))"

    def inner_product(self, i: Contract) -> str:
        a, b = (self.operand(x, i.a.dim, full=True) for x in i.operands)
        if i.a.dim is None:
            return f"{self.function('dot')}({a}, {b})"
        return f"{self.function('einsum')}('kn,kn->', {a}, {b})"

    def map(self, i: Map) -> None:
        x = i.operands[0]
        if i.op == "copy" and isinstance(x, Slice) and isinstance(x.index, Gather):
            taken = self.indices(x.index.indices)
            self.line(f"{self.function('take')}({self.memory(x.array)}, {taken}, 0, {self.target(i.out)}, 'clip')", 1)
            return
        if not i.out.shape:
            assert isinstance(i.out.index, Affine)
            self.line(f"{self.memory(i.out.array)}[{i.out.index.base}] = {self.number(x).text}")
            return
        operands = [self.operand(x, i.out.dim) for x in i.operands]
        if i.op == "copy":
            self.line(f"{self.assigned(i.out)} = {operands[0]}", calls=1)
        elif i.op == "relu":
            self.call("maximum", operands[0], "0.0", self.target(i.out))
        elif ufunc_of(i.op) and (i.op != "pow" or _is_usual_power(i.operands[1])):
            self.call(ufunc_of(i.op), *operands, self.target(i.out))
        else:
            function = self.name(i.op, on_arrays(i.op))
            self.line(f"{self.target(i.out)}[...] = {function}({', '.join(operands)})", calls=2)

    def assigned(self, out: Slice) -> str:
        if isinstance(out.index, Gather):
            return f"{self.memory(out.array)}[{self.indices(out.index.indices)}]"
        return f"{self.target(out)}[...]"

    def update(self, i: Update) -> None:
        x = self.operand(i.x, i.out.dim)
        if isinstance(i.out.index, Gather):
            part = self.assigned(i.out)
            self.line(f"{part} = {self.function(ufunc_of(i.op))}({part}, {x})", calls=3)
        else:
            out = self.target(i.out)
            self.call(ufunc_of(i.op), out, x, out)

    def contract(self, i: Contract) -> None:
        a, b, out = self.operand(i.a, full=True), self.operand(i.b, full=True), self.target(i.out)
        if i.spec == "in,jn->ij":
            self.call("matmul", a, self.view(f"{b}.T", f"{b}_T"), out)
        elif i.spec == "itn,itn->i":
            self.line(f"{self.function('einsum')}('{i.spec}', {a}, {b}, out={out})", calls=1)
        else:
            self.call("matmul", a, b, out)

    def look_up(self, i: Take | Scatter) -> None:
        function = self.name(*(("take_rows", take_rows) if isinstance(i, Take) else ("add_rows", add_rows)))
        rows = self.number(i.index).text if not getattr(i.index, "shape", ()) else self.operand(i.index, full=True)
        self.line(f"{function}({self.operand(i.x, full=True)}, {rows}, {self.target(i.out)})", calls=1)

    def loop(self, i: Loop) -> None:
        """Write a loop of Python over rows of sequences and outputs, which are views made beforehand."""
        for carry in i.carry:
            self.begin(carry)
        rows = [(x.array, self.rows(x.of, i)) for x in i.xs] + [
            (out.out.array, self.rows(out.out, i)) for out in i.outs
        ]
        names = [unused(f"{array.name}_now", self.taken) for array, _ in rows]
        counter = unused("step", self.taken)
        sources = ", ".join([*[views for _, views in rows], f"range({i.length})"])
        self.line(
            f"for {', '.join([*names, counter])} in zip({sources}):" if rows else f"for {counter} in range({i.length}):"
        )
        before, self.indent = self.calls, f"{self.indent}    "
        for x, name in zip(i.xs, names, strict=False):
            self.line(f"{self.memory(x.array)}[...] = {name}", calls=1)
        for instruction in i.body:
            self.write(instruction)
        self.flush()
        for out, name in zip(i.outs, names[len(i.xs) :], strict=True):
            self.line(f"{name}[...] = {self.operand(out.value, out.out.dim, full=True)}", calls=1)
        self.turn([carry for carry in i.carry if carry.next.array is not carry.array])
        self.indent = self.indent[:-4]
        self.calls = before + (self.calls - before) * i.length

    def turn(self, carries: Sequence[Carry]) -> None:
        """Write what carries hold next: numbers all at once, since they may stand in expressions."""
        numbers = [carry for carry in carries if not carry.array.shape]
        if numbers:
            names = [self._name_of[carry.array] for carry in numbers]
            self.line(f"{', '.join(names)} = {', '.join([self.number(carry.next).text for carry in numbers])}")
        for carry in carries:
            if carry.array.shape:
                following = self.operand(carry.next, carry.array.dim, full=True)
                self.line(f"{self.memory(carry.array)}[...] = {following}", 1)

    def begin(self, carry: Carry) -> None:
        """Write what a carry holds first."""
        if carry.array.shape:
            self.line(f"{self.memory(carry.array)}[...] = {self.operand(carry.first, carry.array.dim, full=True)}", 1)
        else:
            name = self._name_of[carry.array]
            self.line(f"{name} = {self.number(carry.first).text}")
            self._numbers[carry.array] = Expression(name)

    def rows(self, x: Slice, i: Loop) -> str:
        """The name of a list of views, one for each step."""
        table = self.operand(x, full=True)
        return self.view(f"list({table}){'[::-1]' if i.reverse else ''}", f"{x.array.name}_rows")


def _is_usual_power(exponent: Operand) -> bool:
    """Whether no exponent can be 1/2, for which NumPy's power takes a square root: it differs at -0.0 and -inf."""
    if isinstance(exponent, Literal):
        return exponent.value != 0.5
    numbers = exponent.array.numbers if isinstance(exponent, Slice) else None
    return numbers is not None and 0.5 not in numbers

"""Python that calls NumPy on buffers made beforehand.

The source is one function ``build(n, ...)``, which makes the buffers and all views of them for so many samples and
returns the function ``run`` that does the work. Numbers without axes are Python floats.

Types: ``Any`` stands for the meaning of a name in emitted source.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np

from autograd_lite.compiler.backends.base import Executable
from autograd_lite.compiler.backends.python_text import Expression, applied, defined, literal
from autograd_lite.compiler.ir import (
    Array,
    ArrayProgram,
    Carry,
    Contract,
    Dim,
    Input,
    Instruction,
    Literal,
    Loop,
    Map,
    Operand,
    Reduce,
    Scatter,
    SegmentReduce,
    Size,
    Slice,
    Take,
    Update,
    every,
    outputs_of,
    slices_of,
)
from autograd_lite.compiler.layout import Affine, Gather, Indices
from autograd_lite.compiler.naming import LONGEST_COMMENT, RESERVED, unused
from autograd_lite.compiler.primitives import on_arrays, word
from autograd_lite.compiler.rows import add_rows, take_rows
from autograd_lite.compiler.workspaces import Workspaces
from autograd_lite.namespaces import floats
from autograd_lite.text import assembled, in_comment

__all__ = ["NumpyBackend", "strided"]

NAMED_OUT = {"maximum", "minimum"}  # where NumPy wants `out` by its name


class NumpyBackend:
    """Prints one NumPy call for each instruction."""

    name = "numpy"

    def compile(self, program: ArrayProgram, kept: Any = None) -> Executable:  # noqa: ARG002 - Python compiles fast
        """Print a program, and make it run."""
        printer = _Printer(program)
        source = printer.print()
        workspaces = Workspaces(defined(source, printer.names, "build"), _memory(program))
        return Executable(workspaces.run, source, printer.calls, workspaces.release)


def strided(array: Any, base: int, shape: tuple[int, ...], steps: tuple[int, ...]) -> Any:
    """View an array's first axis as members base + r steps[0] + c steps[1] + ...; further axes stay.

    Examples
    --------
    >>> strided(np.arange(6.0), 1, (2, 2), (3, 1))
    array([[1., 2.],
           [4., 5.]])
    """
    stride = array.strides[0]
    return np.lib.stride_tricks.as_strided(
        array[base:], (*shape, *array.shape[1:]), (*[step * stride for step in steps], *array.strides[1:])
    )


def _memory(program: ArrayProgram) -> list[tuple[int, int | None]]:
    """The buffers of a program: how many members each has, and the index of its batch axis among the program's."""
    dims = program.dims
    inputs = [given.array for given in program.inputs if given.array is not None]
    own = [array for array in [*inputs, *_written(program)] if array not in program.homes]
    return [(array.size, dims.index(array.dim) if array.dim else None) for array in own]


def _written(program: ArrayProgram) -> list[Array]:
    """All arrays that are written, and those in which they live."""
    loops = [i for i in every(program.instructions) if isinstance(i, Loop)]
    written = dict.fromkeys(out.array for i in every(program.instructions) for out in outputs_of(i))
    written |= dict.fromkeys(x.array for i in loops for x in i.xs)
    return list(written | dict.fromkeys(home.array for home in program.homes.values()))


class _Printer:
    """Source under construction: what ``build`` makes once, and what ``run`` does at every call."""

    def __init__(self, program: ArrayProgram) -> None:
        self.program = program
        self.setup: list[str] = []
        self.body: list[str] = []
        self.indent = ""  # of what is written now: deeper in loops
        self.names: dict[str, Any] = {"empty": np.empty, "view": strided, "inf": math.inf, "nan": math.nan}
        self.calls = 0
        self.taken = dict.fromkeys(RESERVED, 1)
        self.taken |= dict.fromkeys(
            [i.op for i in every(program.instructions) if isinstance(i, Map) and not _ufunc(i.op)], 1
        )
        self.taken |= dict.fromkeys([dim.name for dim in program.dims], 1)
        self.uses = Counter(x.array for x in slices_of(every(program.instructions)))
        self._name_of: dict[Array, str] = {}
        self._numbers: dict[Array, Expression] = {}
        self._waiting: dict[Array, Expression] = {}  # numbers that read arrays, and stand in no line yet
        self._views: dict[str, str] = {}
        self._indices: dict[bytes, str] = {}

    def print(self) -> str:
        program = self.program
        self._name_of[program.result] = "result"
        for array in _written(program):
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

    # Lines

    def line(self, text: str, calls: int = 0) -> None:
        self.body.append(self.indent + text)
        self.calls += calls

    def call(self, function: str, *arguments: str) -> None:
        """Call a NumPy function; the last argument is where its result goes."""
        *operands, out = arguments
        where = f"out={out}" if function in NAMED_OUT else out
        self.line(f"{self.function(function)}({', '.join(operands)}, {where})", calls=1)

    def function(self, name: str) -> str:
        """The name in the source of a NumPy function or of a method of one: ``add.reduce`` is ``add_reduce``."""
        function, _, method = name.partition(".")
        meaning = getattr(np, function)
        return self.name(name.replace(".", "_"), getattr(meaning, method) if method else meaning)

    def name(self, name: str, meaning: Any) -> str:
        """Give a global name of the source its meaning."""
        self.names[name] = meaning
        return name

    def describe(self, array: Array, i: Instruction | None = None) -> None:
        """Say in a comment what an array stands for, before the instruction that defines it."""
        if array.note and not isinstance(i, Update):
            self.body.append(f"{self.indent}# {in_comment(array.note, LONGEST_COMMENT)}")

    # Memory

    def shape(self, array: Array) -> str:
        sizes = [*map(str, array.shape), *([array.dim.name] if array.dim else [])]
        return sizes[0] if len(sizes) == 1 else f"({', '.join(sizes)})"

    def load(self, given: Input, unnamed: str) -> str:
        """Copy an argument into its buffer; returns the parameter's name."""
        array = given.array
        if array is None:
            return unused(unnamed, self.taken)
        name = self._name_of[array] = unused(array.name, self.taken)
        if not array.shape:
            self._numbers[array] = Expression(name)
            return name
        shape = given.given if isinstance(given.given, tuple) else () if given.given is None else (given.given,)
        target, parameter = unused(f"{name}_in", self.taken), unused(f"{name}_given", self.taken)
        if array.dim is not None:
            inner = ", ".join([array.dim.name, *map(str, shape)])
            self.setup.append(f"{target} = empty(({inner}{'' if shape else ','}))")
            self.setup.append(f"{name} = {target}.reshape({array.dim.name}, {array.size}).T")
        else:
            self.setup.append(f"{name} = empty({array.size})")
            if len(shape) == 1:
                target = name
            else:
                self.setup.append(f"{target} = {name}.reshape({shape})")
        self.line(f"{target}[...] = {parameter}", calls=1)
        return parameter

    def memory(self, array: Array) -> str:
        """The name of an array, whose memory is made when it is first asked for."""
        if array.role == "constant":
            return self.name(f"{array.name}", array.numbers)
        name = self._name_of[array]
        if array.role in ("local", "joined") and name not in self._views:
            self._views[name] = name
            self.setup.append(f"{name} = {self.home(array)}")
        return name

    def home(self, array: Array) -> str:
        home = self.program.homes.get(array)
        if home is None:
            return f"empty({self.shape(array)})"
        owner = self.memory(home.array)
        return owner if home.array.role == "local" else _sliced(owner, home, full=True)

    def target(self, out: Slice) -> str:
        """Some members of an array, to be written."""
        home = self.program.homes.get(out.array)
        if home is not None and len(home.shape) > 1:  # computed as this table, where the result wants it
            self._views[self._name_of[out.array]] = ""
            return self.view(_sliced("result", home, full=True), f"{self._name_of[out.array]}_table")
        return self.slice(out, full=True)

    # Operands

    def operand(self, x: Operand, dim: Dim | None = None, *, full: bool = False) -> str:
        """An operand of an array function; with a batch axis `dim`, what has none is the same for all samples.

        With `full`, every member is there, because they are to be added up; else one may stand for all.
        """
        if isinstance(x, Literal):
            return literal(x.value)
        if isinstance(x, Size):
            return x.dim.name
        if not x.shape and x.dim is None:
            return self.number(x).text
        is_spread = dim is not None and x.dim is None
        if x.array.role == "constant":
            return self.constant(x, is_spread=is_spread)
        text = _sliced(self.memory(x.array), x, full=full)
        return self.view(f"{text}[..., None]" if is_spread else text, x.name or f"{self._name_of[x.array]}_part")

    def slice(self, x: Slice, *, full: bool = False) -> str:
        return self.view(_sliced(self.memory(x.array), x, full=full), f"{self._name_of[x.array]}_part")

    def view(self, expression: str, hint: str) -> str:
        """Give a view a name, so that it is made once."""
        if expression.isidentifier():
            return expression
        if expression not in self._views:
            self._views[expression] = name = unused(hint, self.taken)
            self.setup.append(f"{name} = {expression}")
        return self._views[expression]

    def constant(self, x: Slice, *, is_spread: bool) -> str:
        assert x.array.numbers is not None
        table = x.array.numbers.reshape(-1)[x.index.indices].reshape(x.shape + ((1,) if is_spread else ()))
        key = table.tobytes() + str(table.shape).encode()
        if key not in self._indices:
            self._indices[key] = self.name(unused(x.array.name, self.taken), table)
        return self._indices[key]

    def indices(self, indices: Indices) -> str:
        """Give a list of indices a name."""
        key = indices.tobytes() + str(indices.shape).encode() + indices.dtype.str.encode()
        if key not in self._indices:
            self._indices[key] = self.name(unused("indices", self.taken), np.ascontiguousarray(indices))
        return self._indices[key]

    def number(self, x: Operand) -> Expression:
        """An operand that is a number."""
        if not isinstance(x, Slice):
            return Expression(self.operand(x))
        if not x.array.shape:
            self._waiting.pop(x.array, None)
            return self._numbers[x.array]
        assert isinstance(x.index, Affine)
        return Expression(f"{self.memory(x.array)}.item({x.index.base})", reads=True)

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
            self.call(f"{_ufunc(i.op)}.reduce", self.operand(i.x, full=True), axis, "None", self.target(i.out))
        elif isinstance(i, SegmentReduce):
            starts = self.indices(i.starts.indices)
            self.call(f"{_ufunc(i.op)}.reduceat", self.operand(i.x, full=True), starts, "0", "None", self.target(i.out))
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
            text = f"{self.function(f'{_ufunc(i.op)}.reduce')}({self.operand(i.x, full=True)}, None)"
        else:
            assert isinstance(i, Contract)
            text = self.inner_product(i)
        return Expression(f"float({text})", reads=True)

    def total(self, x: Slice) -> str:
        """The sum of a whole array, as a product with ones: the fastest way to see that all of it is finite."""
        memory, size = self.memory(x.array), f"{x.array.size}{f' * {x.dim}' if x.dim else ''}"
        flat = self.view(f"{memory}.reshape({size})", f"{memory}_flat")
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
        elif _ufunc(i.op) and (i.op != "pow" or _is_usual_power(i.operands[1])):
            self.call(_ufunc(i.op), *operands, self.target(i.out))
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
            self.line(f"{part} = {self.function(_ufunc(i.op))}({part}, {x})", calls=3)
        else:
            out = self.target(i.out)
            self.call(_ufunc(i.op), out, x, out)

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
        for carry in i.carry:
            if carry.array.shape:
                self.line(
                    f"{self.memory(carry.array)}[...] = {self.operand(carry.next, carry.array.dim, full=True)}", 1
                )
            else:
                self.line(f"{self._name_of[carry.array]} = {self.number(carry.next).text}")
        self.indent = self.indent[:-4]
        self.calls = before + (self.calls - before) * i.length

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


def _ufunc(op: str) -> str:
    return word(op).ufunc


def _is_usual_power(exponent: Operand) -> bool:
    """Whether no exponent can be 1/2, for which NumPy's power takes a square root: it differs at -0.0 and -inf."""
    if isinstance(exponent, Literal):
        return exponent.value != 0.5
    numbers = exponent.array.numbers if isinstance(exponent, Slice) else None
    return numbers is not None and 0.5 not in numbers


def _sliced(name: str, x: Slice, *, full: bool) -> str:
    """Write members of an array as Python; one member for all may stand as an array of one, unless `full`."""
    index, size = x.index, x.array.size
    assert isinstance(index, Affine)
    if not index.shape:
        return f"{name}[{index.base}]"
    if len(index.shape) == 1:
        (count,), (step,) = index.shape, index.steps
        if count == size == 1:
            return name
        if step == 0 and (count == 1 or not full):
            return f"{name}[{index.base}:{index.base + 1}]"
        if step == 1:
            return name if count == size else f"{name}[{index.base}:{index.base + count}]"
        if step > 0:
            return f"{name}[{index.base}:{index.base + step * (count - 1) + 1}:{step}]"
    return f"view({name}, {index.base}, {index.shape}, {index.steps})"

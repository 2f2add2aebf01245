"""The source of a NumPy program under construction: its lines, names, memory and operands.

What is made once, buffers and views of them, goes to the setup; what is done at every call, to the body.

Types: ``Any`` stands for the meaning of a name in emitted source.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np

from autograd_lite.compiler.backends.python_text import Expression, literal
from autograd_lite.compiler.ir import (
    Array,
    ArrayProgram,
    Dim,
    Input,
    Instruction,
    Literal,
    Loop,
    Map,
    Operand,
    Size,
    Slice,
    Update,
    every,
    outputs_of,
    slices_of,
)
from autograd_lite.compiler.layout import Affine, Indices
from autograd_lite.compiler.naming import LONGEST_COMMENT, RESERVED, unused
from autograd_lite.compiler.primitives import word
from autograd_lite.text import in_comment

__all__ = ["NumpySource", "strided", "ufunc_of", "written"]

NAMED_OUT = {"maximum", "minimum"}  # where NumPy wants `out` by its name


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


def written(program: ArrayProgram) -> list[Array]:
    """All arrays that are written, and those in which they live."""
    loops = [i for i in every(program.instructions) if isinstance(i, Loop)]
    written = dict.fromkeys(out.array for i in every(program.instructions) for out in outputs_of(i))
    written |= dict.fromkeys(x.array for i in loops for x in i.xs)
    return list(written | dict.fromkeys(home.array for home in program.homes.values()))


class NumpySource:
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
            [i.op for i in every(program.instructions) if isinstance(i, Map) and not ufunc_of(i.op)], 1
        )
        self.taken |= dict.fromkeys([dim.name for dim in program.dims], 1)
        self.uses = Counter(x.array for x in slices_of(every(program.instructions)))
        self._name_of: dict[Array, str] = {}
        self._numbers: dict[Array, Expression] = {}
        self._waiting: dict[Array, Expression] = {}  # numbers that read arrays, and stand in no line yet
        self._views: dict[str, str] = {}
        self._indices: dict[bytes, str] = {}

    # Lines

    def line(self, text: str, calls: int = 0) -> None:
        """Append a line of the body, with so many calls of NumPy."""
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
        """The shape of an array, as Python."""
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
        """Where an array lives: memory of its own, or members of another."""
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
        """Some members of an array, as a view with a name."""
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
        """Members of a constant, as a table with a name."""
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


def ufunc_of(op: str) -> str:
    """The name of the ufunc that computes a word into a buffer; empty if there is none."""
    return word(op).ufunc


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

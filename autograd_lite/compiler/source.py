"""The lines of an emitted array program: its buffers, its views of them, and its calls."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler.graph import CAPTURED, Graph
from autograd_lite.compiler.groups import Group
from autograd_lite.compiler.naming import Names
from autograd_lite.compiler.trace import Axis
from autograd_lite.compiler.views import Indices, affine
from autograd_lite.namespaces import floats
from autograd_lite.text import assembled

__all__ = ["Buffers", "strided"]

NAMED_OUT = {"maximum", "minimum"}  # where NumPy wants `out` by its name


def strided(array: Any, base: int, shape: tuple[int, ...], steps: tuple[int, ...]) -> Any:
    """View an array's first axis as places base + r steps[0] + c steps[1] + ...; further axes stay.

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


class Buffers:
    """Source under construction: what ``build`` makes once, and what ``run`` does at every call."""

    def __init__(
        self, graph: Graph, groups: Sequence[Group], names: Names, blocks: Mapping[Any, Any], *, scalars: bool
    ) -> None:
        self.graph = graph
        self.blocks = blocks
        self.groups = groups
        self.scalars = scalars
        self.setup: list[str] = []
        self.body: list[str] = []
        self.parameters: list[str] = []
        self.naming = names
        self.names: dict[str, Any] = {"empty": np.empty, "view": strided}
        self.calls = 0
        self.axes: list[Axis] = []
        self._sizes: list[str] = []  # the names of their numbers of rows
        self.result_axis: Axis | None = None
        self._made_groups: set[int] = set()
        self._floats: set[int] = set()
        self._in_result: set[int] = set()
        self._tables: dict[tuple[str, tuple[int, ...]], str] = {}
        self._made: dict[str, str] = {}  # expression of a view -> its name
        self._temporaries: dict[str, list[str]] = {}
        self._busy: list[tuple[str, str]] = []
        self._constants: dict[bytes, str] = {}
        self._indices: dict[bytes, str] = {}

    # Text

    def line(self, text: str, calls: int = 0) -> None:
        """Add a line to ``run``."""
        self.body.append(text)
        self.calls += calls

    def call(self, function: str, *arguments: str) -> None:
        """Call a NumPy function; the last argument is where its result goes."""
        *operands, out = arguments
        where = f"out={out}" if function in NAMED_OUT else out
        self.line(f"{self.ufunc(function)}({', '.join(operands)}, {where})", calls=1)

    def ufunc(self, function: str) -> str:
        """The name in the source of a NumPy function or of a method of one: ``add.reduce`` is ``add_reduce``."""
        name, _, method = function.partition(".")
        meaning = getattr(np, name)
        return self.name_of(function.replace(".", "_"), getattr(meaning, method) if method else meaning)

    def float_word(self, word: str) -> str:
        """The name in the source of a word on floats."""
        return self.name_of(f"{word}_", getattr(floats, word))

    def name_of(self, name: str, meaning: Any) -> str:
        """Give a global name of the source its meaning."""
        self.names[name] = meaning
        return name

    def describe(self, number: int) -> None:
        """Say in a comment what a group is."""
        comment = self.naming.comment(number)
        if comment:
            self.line(f"# {comment}")

    def text(self) -> str:
        """The whole source."""
        sizes = ", ".join(self.rows(axis) for axis in self.axes)
        setup, body = assembled(self.setup, "    "), assembled(self.body, "        ")
        run = f"    def run({', '.join(self.parameters)}):\n{body}        return result\n"
        return f"def build({sizes}):\n{setup}\n{run}\n    return run\n"

    # Sizes and buffers

    def rows(self, axis: Axis) -> str:
        """The name of the number of rows of an axis."""
        if axis not in self.axes:
            self.axes.append(axis)
            self._sizes.append(self.naming.unique(f"n{len(self._sizes)}") if self._sizes else "n")
        return self._sizes[self.axes.index(axis)]

    def shape(self, count: tuple[int, ...], axis: Axis | None) -> str:
        """Write the shape of a buffer."""
        sizes = [*map(str, count), *([self.rows(axis)] if axis else [])]
        return sizes[0] if len(sizes) == 1 else f"({', '.join(sizes)})"

    def is_scalar(self, number: int) -> bool:
        """Whether a group is one Python float."""
        group = self.groups[number]
        if number in self._floats:
            return True
        inner = group.word not in ("input", "const", "rows")
        return self.scalars and inner and len(group.members) == 1 and group.axis is None

    def is_uniform(self, number: int, places: Indices) -> bool:
        """Whether these places hold constants that are all the same."""
        return self.groups[number].word == "const" and len({x.hex() for x in self.numbers(number, places)}) == 1

    def reshaped(self, name: str, shape: tuple[int, ...], axis: Axis | None) -> str:
        """A buffer as a table of its members."""
        if (name, shape) in self._tables:
            return self._tables[name, shape]
        rest = f", {self.rows(axis)}" if axis else ""
        return self.view(f"{name}.reshape(({', '.join(map(str, shape))}{rest}))", f"{name}_table")

    def scalar(self, number: int, expression: str) -> None:
        """Compute a group of one number as a Python float."""
        self._floats.add(number)
        name = self.naming.names[number]
        if expression != name:
            self.line(f"{name} = {expression}")

    def argument(self, number: int, parameter: str, shape: Any) -> None:
        """Load a block of arguments into its buffer."""
        group = self.groups[number]
        size = self.size(number)
        self._made_groups.add(number)
        name = self.naming.names[number]
        whole = self.naming.unique(f"{name}_in")
        if group.axis:
            n = self.rows(group.axis)
            inner = ", ".join([n, *map(str, shape if isinstance(shape, tuple) else [shape] if shape else [])])
            self.setup.append(f"{whole} = empty(({inner}{',' if inner == n else ''}))")
            self.setup.append(f"{name} = {whole}.reshape({n}, {size}).T")
        else:
            self.setup.append(f"{name} = empty({size})")
            if not isinstance(shape, tuple) or len(shape) == 1:
                self.line(f"{name}[...] = {parameter}", calls=1)
                return
            self.setup.append(f"{whole} = {name}.reshape({shape})")
        self.line(f"{whole}[...] = {parameter}", calls=1)

    def size(self, number: int) -> int:
        """How many members the buffer of a group holds."""
        group = self.groups[number]
        if group.word != "input":
            return len(group.members)
        shape = self.blocks[group.block]
        return 1 if shape is None else shape if isinstance(shape, int) else math.prod(shape)

    def buffer(self, number: int) -> str:
        """The name of a group's buffer, made when it is first asked for."""
        name = self.naming.names[number]
        if number not in self._made_groups and not self.is_scalar(number):
            group = self.groups[number]
            self._made_groups.add(number)
            self.setup.append(f"{name} = empty({self.shape((len(group.members),), group.axis)})")
        return name

    def target(self, number: int, table: tuple[int, ...]) -> str:
        """The buffer of a group, seen as a table of its members."""
        name = self.buffer(number)
        return name if len(table) == 1 else self.view(f"view({name}, 0, {table}, {(table[1], 1)})")

    def temporary(self, count: tuple[int, ...], axis: Axis | None) -> str:
        """A buffer for a result in between; given back by `release`."""
        shape = self.shape(count, axis)
        free = self._temporaries.setdefault(shape, [])
        if free:
            name = free.pop()
        else:
            name = self.naming.unique("work")
            self.setup.append(f"{name} = empty({shape})")
        self._busy.append((shape, name))
        return name

    def release(self) -> None:
        """Give all temporaries back: their group is done."""
        for shape, name in self._busy:
            self._temporaries[shape].append(name)
        self._busy.clear()

    # Results

    def result(self, count: int, axis: Axis | None) -> None:
        """Make the flat array of the results."""
        self.result_axis = axis
        self.setup.append(f"result = empty({self.shape((count,), axis)})")

    def lies_in_result(self, number: int, expression: str) -> None:
        """Compute a group where its results belong."""
        if self.is_scalar(number):
            return
        self._in_result.add(number)
        self._made_groups.add(number)
        self.setup.append(f"{self.naming.names[number]} = {expression}")

    def lies_in_table(self, number: int, shape: tuple[int, ...], expression: str) -> None:
        """Compute a group, as a table, where its results belong; it has no buffer of its own."""
        name = self.naming.names[number]
        self._made_groups.add(number)
        self._in_result.add(number)
        self._tables[name, shape] = self.view(expression, f"{name}_table")

    def is_in_result(self, number: int) -> bool:
        """Whether a group was computed where its results belong."""
        return number in self._in_result

    def part_of_result(self, places: Indices) -> str:
        """Those places of the result, to be assigned to."""
        found = affine(places)
        if found is None:
            return f"result[{self.indices(places)}]"
        return self.view(found.text("result", -1, full=True)) + "[...]"

    # Operands

    def operand(self, number: int, places: Indices, axis: Axis | None, *, full: bool = False) -> str:
        """Those places of a group, as an operand of something with these rows.

        With `full`, every place is there, because they are to be added up; else one may stand for all.
        """
        group = self.groups[number]
        if group.word == "const":
            return self._constant(number, places, axis)
        if self.is_scalar(number):
            return self.buffer(number)
        name = self.buffer(number)
        if places.size == 1 and group.axis is None and axis is None and self.scalars:
            return f"{name}.item({places.flat[0]})"
        found = affine(places)
        if found is None:
            return self._gathered(number, places, axis)
        spread = "[..., None]" if axis is not None and group.axis is None else ""
        hint = self.naming.of_view(places) if group.block == CAPTURED and group.word == "input" else None
        return self.view(found.text(name, self.size(number), full=full) + spread, hint or f"{name}_part")

    def _gathered(self, number: int, places: Indices, axis: Axis | None) -> str:
        group = self.groups[number]
        out = self.temporary(places.shape, group.axis)
        self.names["take"] = np.take
        self.line(f"take({self.buffer(number)}, {self.indices(places)}, 0, {out}, 'clip')", calls=1)
        return f"{out}[..., None]" if axis is not None and group.axis is None else out

    def view(self, expression: str, hint: str = "part") -> str:
        """Give a view a name, so that it is made once."""
        if expression.isidentifier():
            return expression
        if expression not in self._made:
            self._made[expression] = name = self.naming.unique(hint)
            self.setup.append(f"{name} = {expression}")
        return self._made[expression]

    def numbers(self, number: int, places: Indices) -> list[float]:
        """The numbers of constants."""
        members = self.groups[number].members
        return [float(self.graph.value(members[k])) for k in places.flat]  # type: ignore[arg-type]

    def _constant(self, number: int, places: Indices, axis: Axis | None) -> str:
        given = self.numbers(number, places)
        if len({x.hex() for x in given}) == 1:
            return self.literal(given[0])
        array = np.array(given).reshape(places.shape + ((1,) if axis else ()))
        key = array.tobytes() + str(array.shape).encode()
        if key not in self._constants:
            self._constants[key] = self.name_of(self.naming.unique("constants"), array)
        return self._constants[key]

    def literal(self, x: float) -> str:
        """Write a number."""
        if math.isfinite(x):
            return repr(x) if math.copysign(1.0, x) > 0 else f"({x!r})"
        self.names |= {"inf": math.inf, "nan": math.nan}
        return "nan" if math.isnan(x) else "inf" if x > 0 else "(-inf)"

    def indices(self, places: Indices) -> str:
        """Give a list of places a name."""
        key = places.tobytes() + str(places.shape).encode()
        if key not in self._indices:
            self._indices[key] = self.name_of(self.naming.unique("places"), np.ascontiguousarray(places))
        return self._indices[key]

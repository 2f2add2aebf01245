"""An array program under construction: its arrays, its operands, and its instructions so far.

Types: ``Any`` stands for what identifies an input or an axis.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_lite.compiler.finite import checks, hidden_sums
from autograd_lite.compiler.graph import CAPTURED, Graph
from autograd_lite.compiler.groups import Group, is_total
from autograd_lite.compiler.ir import Array, ArrayProgram, Dim, Input, Instruction, Literal, Map, Operand, Size, Slice
from autograd_lite.compiler.layout import Indices, affine, contiguous, index, number, table_width
from autograd_lite.compiler.members import Member, Members
from autograd_lite.compiler.naming import Names
from autograd_lite.compiler.structural import Axis
from autograd_lite.compiler.sums import STRUCTURAL

__all__ = ["Builder", "Given", "size_of"]

MANY_ZEROS = 64  # of a result

Given = tuple[int, ...] | int | None  # an input: the shape of an array, the length of a list, or a number


def size_of(given: Given) -> int:
    """How many numbers an input holds."""
    return math.prod(given) if isinstance(given, tuple) else 1 if given is None else given


class Builder:
    """Makes arrays of groups, operands of indices in groups, and collects instructions.

    Parameters
    ----------
    graph : Graph
        For the numbers of constants; a exact one gives the exact program, in which every array has an axis.
    groups : list of Group
        In an order in which operands come first.
    member_of : Members
        The group of each node, and its index there.
    names : Names
        Gives each group its name and its comment.
    shapes : dict
        For each input its shape.
    outer, given : Builder and dict
        In the body of a loop, what lowers the code around it, and the arrays of the loop's leaves.
    """

    def __init__(  # noqa: PLR0917 - the results of the stages before
        self,
        graph: Graph,
        groups: Sequence[Group],
        member_of: Members,
        names: Names,
        shapes: Mapping[Any, Given],
        outer: Builder | None = None,
        given: Mapping[Any, Array] | None = None,
    ) -> None:
        self.graph = graph
        self.groups = groups
        self.member_of = member_of
        self.names = names
        self.exact = graph.exact
        self.outer = outer
        self.given = given or {}
        self.unsound: list[Slice] = []  # numbers that loops leave behind: NaN where a step met what it must not
        self.instructions: list[Instruction] = []
        self.has_contractions = False
        self._dims: dict[Axis, Dim] = {}
        self._constants: dict[bytes, Array] = {}
        self._gathers: dict[tuple[Array, bytes], Slice] = {}
        self._assembled: dict[tuple[Dim | None, bytes], Slice] = {}
        self.inputs = [Input(None, given) for given in shapes.values()]
        index_of = {source: k for k, source in enumerate(shapes)}
        self.arrays = [self._array(k, shapes) for k in range(len(groups))]
        for group, array in zip(groups, self.arrays, strict=True):
            if group.word == "input" and group.source not in self.given:
                k = index_of[group.source]
                self.inputs[k] = Input(array, self.inputs[k].given)

    def emit(self, instruction: Instruction) -> None:
        """Append an instruction."""
        self.instructions.append(instruction)

    def dim(self, axis: Axis | None) -> Dim | None:
        """The batch axis as the program knows it."""
        if axis is None or self.outer is not None:
            return self.outer.dim(axis) if self.outer is not None else None
        if axis not in self._dims:
            self._dims[axis] = Dim(f"n{len(self._dims) or ''}", axis.arguments)
        return self._dims[axis]

    def _array(self, k: int, shapes: Mapping[Any, Given]) -> Array:
        group, name, dim = self.groups[k], self.names.names[k], self.dim(self.groups[k].axis)
        if group.source in self.given:
            return self.given[group.source]
        if group.word == "outer":
            assert self.outer is not None
            return self.outer.arrays[group.source[1]]  # type: ignore[index]
        if group.word == "input":
            given = shapes[group.source]
            size = math.prod(given) if isinstance(given, tuple) else 1 if given is None else given
            return Array(name, () if given is None and dim is None else (size,), dim, "input")
        size = len(group.members)
        if group.word == "scatter":
            size = self.graph.static[group.members[0]][0] * self.graph.static[self.graph.args[group.members[0]][1]][1]
        if group.word in ("last", "out", "stack"):
            step = self.graph.static[self.graph.args[group.members[0]][0]]
            if group.word == "last":
                size = len(step.places(step.carries, group.axis, total=is_total(self.graph, group.members[0])))
            else:
                size = len(step.places(step.outs, group.axis)) * step.length
        is_number = size == 1 and dim is None and not self.exact and self.outer is None and group.word not in STRUCTURAL
        return Array(name, () if is_number else (size,), dim, "local", self.names.comment(k))

    # Arrays in between

    def local(self, shape: tuple[int, ...], dim: Dim | None, name: str = "work") -> Array:
        """Make an array for something in between."""
        return Array(self.names.unique(name), (math.prod(shape),) if shape else (), dim)

    def copy(self, out: Slice, x: Operand) -> None:
        """Copy an operand."""
        self.emit(Map(out, "copy", (x,)))

    # Operands

    def is_number(self, g: int) -> bool:
        """Whether a group is one number without axes."""
        group = self.groups[g]
        if group.word == "outer" and self.outer is not None:
            return self.outer.is_number(group.source[1])  # type: ignore[index]
        return group.word == "size" or not self.arrays[g].shape

    def is_uniform(self, g: int, indices: Indices) -> bool:
        """Whether these indices hold constants that are all the same."""
        return self.groups[g].word == "const" and len({x.hex() for x in self._numbers(g, indices)}) == 1

    def operand(self, g: int, indices: Indices) -> Operand:
        """Those members of a group, in the shape of the indices."""
        group, array = self.groups[g], self.arrays[g]
        if group.word == "outer" and self.outer is not None:
            return self.outer.operand(group.source[1], indices)  # type: ignore[index]
        if group.word == "const":
            return self.constant(self._numbers(g, indices), indices.shape)
        if group.word == "size":
            return self.size(group.source)
        if not array.shape:
            return array.whole
        found = affine(indices)
        if found is None:
            return self._gathered(array, indices)
        hint = self.names.of_view(indices) if group.source == CAPTURED and group.word == "input" else None
        return Slice(array, found, hint or "")

    def number(self, g: int, indices: Indices) -> Operand:
        """One member of a group, as a number."""
        array = self.arrays[g]
        if array.shape and self.groups[g].word not in ("const", "size", "outer"):
            return array[number(int(indices.flat[0]))]
        return self.operand(g, indices)

    def size(self, axis: Any) -> Size:
        """The length of a batch axis."""
        dim = self.dim(axis)
        assert dim is not None
        return Size(dim)

    def _numbers(self, g: int, indices: Indices) -> list[float]:
        members = self.groups[g].members
        return [float(self.graph.value(members[k])) for k in indices.ravel().tolist()]  # type: ignore[arg-type]

    def constant(self, numbers: Sequence[float], shape: tuple[int, ...]) -> Operand:
        """Numbers that are known, in their shape."""
        if len({x.hex() for x in numbers}) == 1:
            return Literal(numbers[0])
        table = np.array(numbers)
        key = table.tobytes()
        if key not in self._constants:
            name = self.names.unique("constants")
            self._constants[key] = Array(name, (table.size,), role="constant", numbers=table)
        return self._constants[key][contiguous(shape)]

    def _gathered(self, array: Array, indices: Indices) -> Slice:
        key = (array, indices.tobytes() + str(indices.shape).encode())
        if key not in self._gathers:
            out = self.local(indices.shape, array.dim, f"{array.name}_taken")[contiguous(indices.shape)]
            self.copy(out, array[index(indices)])
            self._gathers[key] = out
        return self._gathers[key]

    # Blocks of numbers, wherever they are

    def block(self, node: int, columns: Indices | None = None) -> Slice:
        """The numbers of a block, as a table of all its columns or of some."""
        table = np.array([self.member_of[i] for i in self.graph.args[node]]).reshape(*self.graph.static[node], 2)
        return self.assembled(table if columns is None else table[:, columns], self.dim(self.graph.axis[node]))

    def column(self, node: int) -> Indices:
        """Where the numbers of an item are, step by step: of a block, or of an output that a loop stacked."""
        if self.graph.word[node] == "block":
            return np.array([self.member_of[i] for i in self.graph.args[node]])
        g, at = self.member_of[node]
        step = self.graph.static[self.graph.args[node][0]]
        width = len(step.places(step.outs, self.graph.axis[node]))
        return np.stack([np.full(step.length, g), at + width * np.arange(step.length)], axis=1)

    def assembled(self, members: Indices, dim: Dim | None) -> Slice:
        """Members of any groups in the shape of the first axes; the last axis has the group and the index in it."""
        groups, indices = members[..., 0], members[..., 1]
        first, shape = int(groups.flat[0]), indices.shape
        if (groups == first).all():
            x = self.operand(first, indices)
            if isinstance(x, Slice) and x.shape == shape and x.dim == dim:
                return x
        key = (dim, members.tobytes() + str(shape).encode())
        if key not in self._assembled:
            joined = Array(self.names.unique("block"), (indices.size,), dim, "joined")
            flat = zip(groups.ravel().tolist(), indices.ravel().tolist(), strict=True)
            self.fill(joined, range(indices.size), flat)
            self._assembled[key] = joined[contiguous(shape)]
        return self._assembled[key]

    # One instruction per group of words

    def elementwise(self, k: int) -> None:
        """Lower a group of a word: as a table, if that makes its operands evenly spaced."""
        group, out = self.groups[k], self.arrays[k]
        tables = [np.array(indices) for _, indices in group.operands]
        if not out.shape:
            operands = [self.number(g, t) for (g, _), t in zip(group.operands, tables, strict=True)]
            self.emit(Map(out.whole, group.word, tuple(operands)))
            return
        width = table_width(
            [t for t, (g, _) in zip(tables, group.operands, strict=True) if self.groups[g].word != "const"]
        )
        if width:
            tables = [t.reshape(-1, width) for t in tables]
        operands = [self.operand(g, t) for (g, _), t in zip(group.operands, tables, strict=True)]
        self.emit(Map(out[contiguous(tables[0].shape)], group.word, tuple(operands)))

    # Results

    def fill(self, target: Array, places: Sequence[int], members: Iterable[Member]) -> None:
        """Copy members to an array, group by group: where each goes, its group, and its index in it."""
        groups, indices = np.array(list(members), dtype=np.intp).reshape(-1, 2).T
        self._fill_all(target, np.array(places), groups, indices)

    def _fill_all(self, target: Array, ks: Indices, groups: Indices, indices: Indices) -> None:
        for g in dict.fromkeys(groups.tolist()):
            chosen = groups == g
            zeros = self._zeros(g, indices, chosen) if target.role == "result" else chosen
            for part in (chosen & zeros, chosen & ~zeros):
                if part.any():
                    self._fill(target, ks[part], g, indices[part])

    def _zeros(self, g: int, indices: Indices, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Which of the chosen members are the constant 0.0, if these are many: a backend may write them at once."""
        if self.groups[g].word != "const":
            return chosen
        zeros = np.zeros(len(chosen), bool)
        zeros[chosen] = [x.hex() == "0x0.0p+0" for x in self._numbers(g, indices[chosen])]
        return zeros if zeros.sum() >= MANY_ZEROS else chosen

    def _fill(self, target: Array, ks: Indices, g: int, indices: Indices) -> None:
        if self.is_number(g):
            for k in ks:
                self.copy(target[number(int(k))], self.number(g, indices[:1]))
            return
        width = table_width([ks, indices])
        shape = (-1, width) if width else (-1,)
        source = self.operand(g, indices.reshape(shape))
        self.copy(target[index(ks.reshape(shape))], source)

    def finish(self, outputs: Sequence[int]) -> ArrayProgram:
        """Copy the outputs to the flat result, group by group, and make the program."""
        dim = self.dim(next(iter(self.graph.axes.values()), None))
        instructions, found = checks(hidden_sums(self.instructions))
        self.instructions += instructions
        found += self.unsound
        result = Array("result", (len(outputs) + len(found),), dim, "result")
        for k, check in enumerate(found, start=len(outputs)):
            self.copy(result[number(k)], check)
        self._fill_all(result, np.arange(len(outputs)), *self.member_of.columns(outputs))
        is_exact = self.graph.is_exact and not self.has_contractions
        return ArrayProgram(tuple(self.inputs), tuple(self.instructions), result, is_exact=is_exact)

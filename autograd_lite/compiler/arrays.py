"""Stage 5, emit: the groups as Python source that calls NumPy on buffers made beforehand.

The source is one function ``build(n...)``, which makes the buffers and all views of them for so many rows and returns
the function ``run`` that does the work. An array holds its members along the first axis and the rows of a batch along
the second, so a layer reads as in a textbook, ``Z = W X + b``, with a column per sample.

A group of one number without rows is a Python float; the guarded program, which runs where the plain one met infinity
or NaN, does without, because Python's floats raise where IEEE 754 goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler.contract import Contractions
from autograd_lite.compiler.graph import Graph
from autograd_lite.compiler.groups import Group, Place
from autograd_lite.compiler.naming import Names
from autograd_lite.compiler.source import Buffers
from autograd_lite.compiler.sums import LEAVES
from autograd_lite.compiler.views import Indices, affine, columns
from autograd_lite.compiler.words import OPERATORS, UFUNCS
from autograd_lite.namespaces import arrays

__all__ = ["ArrayEmitter"]


class ArrayEmitter:
    """Writes the source of an array program.

    Parameters
    ----------
    graph : Graph
        For the numbers of constants.
    groups : list of Group
        In an order in which operands come first.
    place : dict of int to Place
        Where each node is.
    outputs : list of int
        The nodes that the program returns, in order; their results lie in one flat array.
    blocks : dict
        For each block of arguments, the shape of its array (without rows), None for a number, a length for a list.
    names : dict
        The name of the parameter that each block belongs to.
    """

    def __init__(  # noqa: PLR0917 - the results of the stages before
        self,
        graph: Graph,
        groups: Sequence[Group],
        place: Mapping[int, Place],
        outputs: Sequence[int],
        blocks: Mapping[Any, Any],
        names: Mapping[Any, str],
    ) -> None:
        self.graph = graph
        self.groups = groups
        self.place = place
        self.outputs = outputs
        self.blocks = blocks
        self.to = Buffers(graph, groups, Names(graph, groups, place, names), blocks, scalars=not graph.guarded)
        self.contract = Contractions(self.to)
        self.used = {g for group in groups for g in group.uses()}

    def emit(self) -> Buffers:
        """Write the program; returns its lines, its names, and how many array calls it makes."""
        self._load()
        self._place_results()
        for number, group in enumerate(self.groups):
            if group.word not in LEAVES:
                self.to.describe(number)
                self._compute(number, group)
                self.to.release()
        self._store()
        return self.to

    # Arguments in, results out

    def _load(self) -> None:
        to = self.to
        inputs = {group.block: number for number, group in enumerate(self.groups) if group.word == "input"}
        for number, group in enumerate(self.groups):
            if group.word == "rows":
                to.scalar(number, f"float({to.rows(group.block)})")  # type: ignore[arg-type]
        for k, (block, shape) in enumerate(self.blocks.items()):
            if block not in inputs:
                to.parameters.append(to.naming.unique(f"unused_{k}"))
            elif shape is None and self.groups[inputs[block]].axis is None:
                to.parameters.append(self.to.naming.names[inputs[block]])
                to.scalar(inputs[block], self.to.naming.names[inputs[block]])
            else:
                to.parameters.append(to.naming.unique(f"{to.naming.names[inputs[block]]}_given"))
                to.argument(inputs[block], to.parameters[-1], shape)

    def _place_results(self) -> None:
        """Let a group whose members lie evenly in the result be computed there."""
        self.to.result(len(self.outputs), next(iter(self.graph.rows.values()), None))
        wanted: dict[int, list[tuple[int, int]]] = {}
        for k, node in enumerate(self.outputs):
            number, index = self.place[node]
            wanted.setdefault(number, []).append((index, k))
        for number, pairs in wanted.items():
            group = self.groups[number]
            if group.word in LEAVES or [member for member, _ in pairs] != list(range(len(group.members))):
                continue
            places = np.array([k for _, k in pairs])
            found = affine(places)
            if found is not None and group.axis is self.to.result_axis:
                self.to.lies_in_result(number, found.text("result", -1, full=True))
            elif number not in self.used:
                self._place_table(number, places)

    def _place_table(self, number: int, places: Indices) -> None:
        """Let a matrix product be computed in the result, where its rows lie evenly, such as the weights of neurons."""
        shape = self.contract.outer_shape(self.groups[number])
        found = affine(places.reshape(shape)) if shape else None
        if found is not None and shape is not None:
            self.to.lies_in_table(number, shape, found.text("result", -1, full=True))

    def _store(self) -> None:
        """Copy to the result what does not lie there already."""
        todo: dict[int, tuple[list[int], list[int]]] = {}
        for k, node in enumerate(self.outputs):
            number, index = self.place[node]
            if not self.to.is_in_result(number):
                ks, indices = todo.setdefault(number, ([], []))
                ks.append(k)
                indices.append(index)
        for number, (ks, indices) in todo.items():
            if self.to.is_scalar(number):
                for k in ks:
                    self.to.line(f"result[{k}] = {self.to.buffer(number)}")
            else:
                self._copy(number, np.array(ks), np.array(indices))

    def _copy(self, number: int, places: Indices, indices: Indices) -> None:
        """Copy members of a group to places of the result, by views if both lie evenly."""
        width = columns([places, indices])
        table = (-1, width) if width else (-1,)
        source = self.to.operand(number, indices.reshape(table), self.to.result_axis)
        self.to.line(f"{self.to.part_of_result(places.reshape(table))} = {source}", calls=1)

    # One group

    def _compute(self, number: int, group: Group) -> None:
        if group.parts and self.to.is_scalar(number):
            self.to.scalar(number, self.contract.scalar(group))
        elif group.parts:
            self.contract.compute(number, group)
        elif self.to.is_scalar(number):
            operands = [self.to.operand(g, np.array(places), None) for g, places in group.operands]
            self.to.scalar(number, self._expression(group.word, operands))
        else:
            self._elementwise(number, group)

    def _expression(self, word: str, operands: Sequence[str]) -> str:
        if word in OPERATORS:
            return f" {OPERATORS[word]} ".join(operands)
        if word == "neg":
            return f"-{operands[0]}"
        return f"{self.to.float_word(word)}({', '.join(operands)})"

    def _is_usual_power(self, group: Group) -> bool:
        """Whether no exponent can be 1/2, for which NumPy's power takes a square root: it differs at -0.0 and -inf."""
        number, places = group.operands[1]
        return self.groups[number].word == "const" and 0.5 not in self.to.numbers(number, np.array(places))

    def _elementwise(self, number: int, group: Group) -> None:
        to = self.to
        tables = [np.array(places) for _, places in group.operands]
        width = columns([t for t, (g, _) in zip(tables, group.operands, strict=True) if self.groups[g].word != "const"])
        if width:
            tables = [t.reshape(-1, width) for t in tables]
        out = to.target(number, tables[0].shape)
        operands = [to.operand(g, t, group.axis) for (g, _), t in zip(group.operands, tables, strict=True)]
        if group.word in UFUNCS and (group.word != "pow" or self._is_usual_power(group)):
            to.call(UFUNCS[group.word], *operands, out)
        else:
            function = to.name_of(group.word, getattr(arrays, group.word))
            to.line(f"{out}[...] = {function}({', '.join(operands)})", calls=2)

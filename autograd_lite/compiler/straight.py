"""Lowering scalar by scalar: a straight line of operations on numbers, for small programs without a batch.

Types: ``Any`` stands for what identifies an input.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from autograd_lite.compiler.builder import Given
from autograd_lite.compiler.graph import CAPTURED, Graph
from autograd_lite.compiler.ir import (
    Array,
    ArrayProgram,
    Input,
    Instruction,
    Literal,
    Map,
    Operand,
    Scatter,
    Slice,
    Take,
)
from autograd_lite.compiler.layout import Affine, contiguous, number
from autograd_lite.compiler.sums import REDUCTION, STRUCTURAL, Node

__all__ = ["lower_scalars"]


def lower_scalars(
    graph: Graph,
    nodes: Mapping[int, Node],
    outputs: Sequence[int],
    shapes: Mapping[Any, Given],
    names: Mapping[Any, str],
) -> ArrayProgram:
    """Lower nodes to a program in which every array but the arguments and the result is one number.

    Parameters
    ----------
    graph : Graph
        For the numbers of constants.
    nodes : dict of int to Node
        In an order in which operands come first.
    outputs : list of int
        The nodes that the program returns, in order.
    shapes, names : dict
        For each input its shape, and the name of the parameter that it belongs to.
    """
    used = {graph.args[i][0] for i, node in nodes.items() if node.word == "input"}
    inputs = {b: Input(_argument(given, names[b]) if b in used else None, given) for b, given in shapes.items()}
    at: dict[int, Operand] = {}
    instructions: list[Instruction] = []
    for i, node in nodes.items():
        if node.word == "const":
            value = graph.value(i)
            assert value is not None
            at[i] = Literal(value)
        elif node.word == "input":
            at[i] = _input(graph, inputs, *graph.args[i])
        elif node.word in STRUCTURAL:
            at[i] = _structural(graph, i, at, instructions)
        else:
            at[i] = _Line(instructions, at, f"v{i}").lower(node)
    result = Array("result", (len(outputs),), role="result")
    instructions += [Map(result[number(k)], "copy", (at[i],)) for k, i in enumerate(outputs)]
    return ArrayProgram(tuple(inputs.values()), tuple(instructions), result, is_exact=graph.is_exact)


def _structural(graph: Graph, i: int, at: dict[int, Operand], instructions: list[Instruction]) -> Slice:
    """Lower a block, or a number that is taken from one or is a sum of its rows."""
    args, static = graph.args[i], graph.static[i]
    if graph.word[i] == "block":
        joined = Array(f"v{i}", (len(args),), role="joined")
        instructions.extend(Map(joined[number(k)], "copy", (at[j],)) for k, j in enumerate(args))
        return joined[contiguous(static)]
    rows = at[args[0] if graph.word[i] == "take" else args[1]]
    assert isinstance(rows, Slice)
    if graph.word[i] == "take":
        out = Array(f"v{i}", (1,))
        column = rows.array[Affine(static, (rows.shape[0], 1), (rows.shape[1], 0))]
        instructions.append(Take(out[contiguous((1, 1))], column, at[args[1]]))
        return out[number(0)]
    count, row, column_in, _ = static
    sums = _sums_of_rows(count, rows, at[args[0]], instructions)
    return sums[number(row * rows.shape[1] + column_in)]


def _sums_of_rows(count: int, rows: Slice, where: Operand, instructions: list[Instruction]) -> Array:
    """The sum of some rows, which is computed once for all its numbers."""
    assert isinstance(where, Slice)
    index = where.array[contiguous(rows.shape[:1])]
    for i in instructions:
        if isinstance(i, Scatter) and i.x == rows and i.index == index and i.out.shape[0] == count:
            return i.out.array
    shape = (count, rows.shape[1])
    out = Array(f"{rows.array.name}_sums", (shape[0] * shape[1],))
    instructions.append(Scatter(out[contiguous(shape)], rows, index))
    return out


def _argument(given: Given, name: str) -> Array:
    size = math.prod(given) if isinstance(given, tuple) else given
    return Array(name, () if size is None else (size,), role="input")


def _input(graph: Graph, inputs: Mapping[Any, Input], source: Any, offset: int) -> Slice:
    array = inputs[source].array
    assert array is not None
    label = graph.captured[offset].label if source == CAPTURED else ""
    return Slice(array, number(offset), label)


class _Line:
    """Lowers one node; what it needs in between has the node's name and a number."""

    def __init__(self, instructions: list[Instruction], at: Mapping[int, Operand], name: str) -> None:
        self.instructions = instructions
        self.at = at
        self.name = name
        self.count = 0

    def lower(self, node: Node) -> Operand:
        if not node.terms:
            return self.emit(node.word, *[self.at[j] for j in node.operands])
        terms = sorted(node.terms, key=lambda t: -t.sign)
        total = self.product(terms[0].factors)
        if terms[0].sign < 0:
            total = self.emit("neg", total)
        for term in terms[1:]:
            total = self.emit("sub" if term.sign < 0 else REDUCTION[node.word], total, self.product(term.factors))
        return total

    def product(self, factors: Sequence[int]) -> Operand:
        operands = [self.at[j] for j in factors]
        return operands[0] if len(operands) == 1 else self.emit("mul", *operands)

    def emit(self, name: str, *operands: Operand) -> Slice:
        self.count += 1
        out = Array(self.name if self.count == 1 else f"{self.name}_{self.count}").whole
        self.instructions.append(Map(out, name, operands))
        return out

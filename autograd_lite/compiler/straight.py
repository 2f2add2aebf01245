"""Lowering scalar by scalar: a straight line of operations on numbers, for small programs without a batch.

Types: ``Any`` stands for what identifies an input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from autograd_lite.compiler.builder import Given, size_of
from autograd_lite.compiler.graph import CAPTURED, Graph, Step
from autograd_lite.compiler.ir import (
    Array,
    ArrayProgram,
    Carry,
    Input,
    Instruction,
    Item,
    Literal,
    Loop,
    Map,
    Operand,
    Output,
    Scatter,
    Slice,
    Take,
)
from autograd_lite.compiler.layout import Affine, contiguous, number
from autograd_lite.compiler.sums import LEAVES, REDUCTION, STRUCTURAL, Node, collect, each_term, one_by_one

__all__ = ["lower_scalars", "words_of"]


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
    body = _Scalars(graph, {}, lambda source, offset: _input(graph, inputs, source, offset))
    body.lower(nodes)
    result = Array("result", (len(outputs) + len(body.unsound),), role="result")
    found = [*[body.at[i] for i in outputs], *body.unsound]
    copies = [Map(result[number(k)], "copy", (x,)) for k, x in enumerate(found)]
    return ArrayProgram(tuple(inputs.values()), (*body.instructions, *copies), result, is_exact=graph.is_exact)


def words_of(node: Node) -> Iterator[str]:
    """The words of the instructions that a node becomes, unless it stands for a block or a loop."""
    if not node.terms:
        yield from () if node.word in LEAVES else (node.word,)
        return
    terms = list(each_term(node.terms))
    minus = [term.sign for term in terms].count(-1)
    yield from ["mul" for term in terms if len(term.factors) == 2]
    if minus == len(terms):
        yield "neg"
        minus -= 1
    yield from ("sub",) * minus
    yield from (REDUCTION[node.word],) * (len(terms) - 1 - minus)


class _Scalars:
    """Lowers the nodes of a graph, or of the body of a loop."""

    def __init__(self, graph: Graph, at: dict[int, Operand], given: Callable[[Any, Any], Slice]) -> None:
        self.graph = graph
        self.at = at
        self.given = given
        self.instructions: list[Instruction] = []
        self.results: dict[tuple[int, str, int], Array] = {}  # of loops: the last carries and the outputs
        self.unsound: list[Slice] = []  # numbers that loops leave behind: NaN where a step met what it must not

    def lower(self, nodes: Mapping[int, Node], name: str = "v") -> None:
        """Lower all nodes, in order."""
        for i, node in one_by_one(nodes):
            if i in self.at:
                continue
            if node.word == "const":
                value = self.graph.value(i)
                assert value is not None
                self.at[i] = Literal(value)
            elif node.word == "input":
                self.at[i] = self.given(*self.graph.args[i])
            elif node.word == "loop":
                self.loop(i, f"{name}{i}")
            elif node.word in ("last", "out", "stack"):
                kind, (k, *t) = "last" if node.word == "last" else "outs", self.graph.static[i]
                array = self.results[node.operands[0], kind, k]
                self.at[i] = array[number(t[0])] if t else array.whole
            elif node.word in STRUCTURAL:
                self.at[i] = _structural(self.graph, i, self.at, self.instructions)
            elif node.terms:
                self.at[i] = _Line(self.instructions, self.at, f"{name}{i}").lower(node)
            else:
                self.at[i] = out = Array(f"{name}{i}").whole
                self.instructions.append(Map(out, node.word, tuple([self.at[j] for j in node.operands])))

    def loop(self, i: int, name: str) -> None:
        """Lower a loop: each number of its carry, of its items and of its outputs by itself."""
        step: Step = self.graph.static[i]
        args = [self.at[j] for j in self.graph.args[i]]
        leaves = dict(zip([*step.carries.values(), *step.items.values()], args, strict=False))
        arrays = {node: Array(f"{name}_{k}") for k, node in enumerate(leaves)}
        body = _Scalars(step.graph, {node: array.whole for node, array in arrays.items()}, self.given)
        outer = {k: step.graph.args[k][0] for k, word in enumerate(step.graph.word) if word == "outer"}
        body.at |= {k: self.at[j] for k, j in outer.items() if j in self.at}  # what no step needs is not there
        body.lower(collect(step.graph, [*step.nexts.values(), *step.outs.values(), *step.checks]), f"{name}_")
        carry = [
            Carry(arrays[node], leaves[node], body.local(body.at[step.nexts[k]], f"{name}_next{k}"))
            for k, node in step.carries.items()
        ]
        xs = [Item(arrays[node], _rows(leaves[node], step.length)) for node in step.items.values()]
        made = {k: Array(f"{name}_out{k}", (step.length,)) for k in step.outs}
        outs = [Output(made[k].whole, body.local(body.at[node], f"{name}_made{k}")) for k, node in step.outs.items()]
        carry += self.checked(step, body, name)
        self.instructions.append(
            Loop(tuple(body.instructions), step.length, tuple(carry), tuple(xs), tuple(outs), step.reverse)
        )
        self.at[i] = Literal(0.0)
        for k, node in step.carries.items():
            self.results[i, "last", k] = arrays[node]
        for k, array in made.items():
            self.results[i, "outs", k] = array

    def local(self, x: Operand, name: str) -> Slice:
        """A number in an array of its own."""
        if isinstance(x, Slice) and not x.array.shape:
            return x
        out = Array(name).whole
        self.instructions.append(Map(out, "copy", (x,)))
        return out

    def checked(self, step: Step, body: _Scalars, name: str) -> list[Carry]:
        """A number that says at the end whether all steps found finite what must be."""
        found = [*[body.at[j] for j in step.checks], *body.unsound]
        if not found:
            return []
        total = Array(f"{name}_unsound")
        now: Operand = total.whole
        for k, x in enumerate(found):
            zero, after = (Array(f"{name}_{what}{k}").whole for what in ("zero", "sum"))
            body.instructions += [Map(zero, "mul", (Literal(0.0), x)), Map(after, "add", (now, zero))]
            now = after
        assert isinstance(now, Slice)
        self.unsound.append(total.whole)
        return [Carry(total, Literal(0.0), now)]


def _rows(x: Operand, length: int) -> Slice:
    assert isinstance(x, Slice)
    return x.array[contiguous((length,))]


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
    return Array(name, () if given is None else (size_of(given),), role="input")


def _input(graph: Graph, inputs: Mapping[Any, Input], source: Any, offset: int) -> Slice:
    array = inputs[source].array
    assert array is not None
    label = graph.captured[offset].label if source == CAPTURED else ""
    return Slice(array, number(offset), label)


class _Line:
    """Lowers a sum or an extreme; what it needs in between has the node's name and a number."""

    def __init__(self, instructions: list[Instruction], at: Mapping[int, Operand], name: str) -> None:
        self.instructions = instructions
        self.at = at
        self.name = name
        self.count = 0

    def lower(self, node: Node) -> Operand:
        terms = sorted(each_term(node.terms), key=lambda t: -t.sign)
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

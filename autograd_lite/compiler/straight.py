"""Stage 5, the other way: straight-line Python on floats.

For a small program without rows this is faster than arrays: a NumPy call costs as much as ten float operations.
Whatever Python's floats refuse to do (1/0, log(-1)) raises, and a result that is not finite raises as well; the
caller then runs the guarded array program.
"""

from __future__ import annotations

import keyword
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from autograd_lite.compiler.graph import CAPTURED, Graph
from autograd_lite.compiler.naming import unused
from autograd_lite.compiler.sums import LEAVES, Node, Term
from autograd_lite.compiler.words import OPERATORS
from autograd_lite.namespaces import floats
from autograd_lite.text import assembled

__all__ = ["StraightEmitter"]

DEPTH = 12  # parentheses inside each other in one line
CHAIN = 50  # terms that are written with "+"; Python nests them, and cannot nest thousands
EXTREMES = {"max": "maximum", "min": "minimum"}


class StraightEmitter:
    """Writes a program as one assignment per scalar that is used more than once."""

    def __init__(
        self,
        graph: Graph,
        nodes: Mapping[int, Node],
        outputs: Sequence[int],
        blocks: Mapping[Any, Any],
        arguments: Mapping[Any, str],
    ) -> None:
        self.graph = graph
        self.nodes = nodes
        self.outputs = outputs
        self.blocks = blocks
        self.arguments = arguments
        self.names: dict[str, Any] = {"inf": math.inf, "nan": math.nan}
        self.taken = dict.fromkeys(
            [*keyword.kwlist, "inf", "nan", "run", "sum", *(f"{word}_" for word in vars(floats))], 1
        )
        self.uses = Counter([*(j for node in nodes.values() for j in node.operands), *outputs])
        self.shown: dict[int, tuple[str, int, bool]] = {}  # node -> expression, depth, whether it binds tightly

    def emit(self) -> str:
        """Write the source of ``run``, which takes the blocks of arguments and returns a list of floats."""
        parameters = [unused(self.arguments[block], self.taken) for block in self.blocks]
        lines = self._unpacked(parameters)
        for i, node in self.nodes.items():
            if node.word in LEAVES:
                if node.word == "const":
                    number = self.graph.value(i)
                    self.shown[i] = (repr(number), 0, True) if str(number)[0] != "-" else (f"({number!r})", 0, True)
                continue
            text, depth, tight = self._expression(node)
            if self.uses[i] == 1 and depth < DEPTH:
                self.shown[i] = (text, depth + 1, tight)
            else:
                name = unused(f"v{i}", self.taken)
                lines.append(f"{name} = {text}")
                self.shown[i] = (name, 0, True)
        results = ", ".join(self.shown[i][0] for i in self.outputs)
        lines.append(f"return [{results}]")
        return f"def run({', '.join(parameters)}):\n" + assembled(lines, "    ")

    def _unpacked(self, parameters: Sequence[str]) -> list[str]:
        """Give the numbers of each block a name of their own."""
        inputs: dict[Any, dict[int, int]] = {block: {} for block in self.blocks}
        for i, node in self.nodes.items():
            if node.word == "input":
                block, offset = self.graph.args[i]
                inputs[block][offset] = i
        lines = []
        for (block, places), parameter in zip(inputs.items(), parameters, strict=True):
            if self.blocks[block] is None:
                self.shown |= dict.fromkeys(places.values(), (parameter, 0, True))
            elif places:
                names = {
                    offset: unused(self._label(block, offset) or f"{parameter}_{offset}", self.taken)
                    for offset in places
                }
                self.shown |= {i: (names[offset], 0, True) for offset, i in places.items()}
                lines.append(self._unpacking(parameter, names, self.blocks[block]))
        return lines

    def _label(self, block: Any, offset: int) -> str:
        return self.graph.captured[offset].label if block == CAPTURED else ""

    def _unpacking(self, parameter: str, names: Mapping[int, str], shape: Any) -> str:
        size = math.prod(shape) if isinstance(shape, tuple) else shape
        given = parameter if isinstance(shape, int) else f"{parameter}.ravel().tolist()"
        return ", ".join(names.get(k, "_") for k in range(size)) + f", = {given}"

    def _expression(self, node: Node) -> tuple[str, int, bool]:
        """The expression of a node, how deep it is, and whether it needs no brackets as an operand."""
        if node.terms:
            return self._sum(node) if node.word == "sum" else self._extreme(node)
        operands = [self.shown[j] for j in node.operands]
        depth = max(d for _, d, _ in operands)
        if node.word in OPERATORS:
            return f" {OPERATORS[node.word]} ".join(_bracketed(o) for o in operands), depth, False
        if node.word == "neg":
            return f"-{_bracketed(operands[0])}", depth, False
        return self._call(node.word, operands), depth, True

    def _sum(self, node: Node) -> tuple[str, int, bool]:
        terms = sorted(node.terms, key=lambda t: -t.sign)
        if len(terms) > CHAIN:
            return f"sum(({', '.join(map(self._summand, terms))}))", 1, True
        text, deepest = "", 0
        for k, term in enumerate(terms):
            factors = [self.shown[j] for j in term.factors]
            deepest = max(deepest, *(d for _, d, _ in factors))
            product = " * ".join(map(_bracketed, factors))
            text += (f" {'+' if term.sign > 0 else '-'} " if k else "" if term.sign > 0 else "-") + product
        return text, deepest, False

    def _summand(self, term: Term) -> str:
        product = " * ".join(_bracketed(self.shown[j]) for j in term.factors)
        return product if term.sign > 0 else f"-{product}"

    def _extreme(self, node: Node) -> tuple[str, int, bool]:
        operands = [self.shown[t.factors[0]] for t in node.terms]
        return self._call(EXTREMES[node.word], operands), max(d for _, d, _ in operands), True

    def _call(self, word: str, operands: Sequence[tuple[str, int, bool]]) -> str:
        self.names[f"{word}_"] = getattr(floats, word)
        return f"{word}_({', '.join(text for text, _, _ in operands)})"


def _bracketed(operand: tuple[str, int, bool]) -> str:
    text, _, tight = operand
    return text if tight else f"({text})"

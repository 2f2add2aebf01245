"""Stage 3, sums: chains of additions become one sum of terms, chains of extremes one extreme.

A term is a sign and one or two factors, so a weighted sum written with ``*`` and ``+``, a `sumprod`, and the adjoint of
an operand with many uses all look alike: a sum of products, which the next stage may find to be a row of a matrix
product. A sum over the samples of a batch is a sum too (``over``), of the terms of what is summed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from autograd_lite.compiler.graph import Graph
from autograd_lite.compiler.trace import Axis

__all__ = ["LEAVES", "REDUCTION", "STRUCTURAL", "Node", "Term", "collect"]

LEAVES = ("input", "const", "size", "outer")
STRUCTURAL = (
    "block",
    "take",
    "scatter",
    "loop",
    "last",
    "out",
    "stack",
)  # words on blocks of numbers, each lowered in its own way
REDUCTION = {"sum": "add", "max": "maximum", "min": "minimum"}  # the word that combines the terms
EXTREMES = {"maximum": "max", "minimum": "min"}


class Term(NamedTuple):
    """A signed factor, or product of two."""

    sign: int
    factors: tuple[int, ...]


class Node(NamedTuple):
    """A scalar of the program: a leaf, a word on operands, or a sum (or an extreme) of terms, also over a batch.

    ``operands`` are the nodes that it is computed from, for a sum the factors of its terms.
    """

    word: str
    operands: tuple[int, ...]
    terms: tuple[Term, ...]
    axis: Axis | None
    over: Axis | None


def collect(graph: Graph, outputs: Iterable[int]) -> dict[int, Node]:
    """Take chains of additions together, and drop what no output needs.

    Returns
    -------
    dict of int to Node
        The nodes in an order in which operands come first, by their number in the graph.
    """
    return _Collector(graph, set(outputs)).nodes()


class _Collector:
    def __init__(self, graph: Graph, outputs: set[int]) -> None:
        self.graph = graph
        self.outputs = outputs
        self.uses = _uses(graph, outputs)
        self.live = sorted(self.uses)
        self.terms: dict[int, list[Term]] = {}

    def nodes(self) -> dict[int, Node]:
        for i in self.live:
            if self.graph.word[i] not in LEAVES:
                self._gather(i)
        needed = set(self.outputs)
        made: dict[int, Node] = {}
        for i in reversed(self.live):
            if i in needed:
                made[i] = self._node(i)
                needed.update(made[i].operands)
        constants = sorted(i for i in needed if self.graph.word[i] == "const")  # first, with those that tidying made
        return {i: self._node(i) for i in constants} | {i: made[i] for i in reversed(made)}

    def _gather(self, i: int) -> None:
        """Find the terms of a sum or an extreme, taking over those of operands that only it uses."""
        g = self.graph
        word, args = g.word[i], g.args[i]
        if word in ("add", "sub"):
            self.terms[i] = self._taken(args[0], 1, g.axis[i])
            self.terms[i] += self._taken(args[1], -1 if word == "sub" else 1, g.axis[i])
        elif word == "sum":
            self.terms[i] = [term for factors in args for term in self._summand(factors, g.axis[i])]
        elif word == "batchsum":
            self.terms[i] = self._taken(args[0], 1, g.axis[args[0]])
        elif word == "batchdot":
            self.terms[i] = [self._product(args, 1)]
        elif word in EXTREMES:
            self.terms[i] = [term for j in args for term in self._extreme(j, word, g.axis[i])]

    def _node(self, i: int) -> Node:
        g = self.graph
        word, args, axis = g.word[i], g.args[i], g.axis[i]
        if word in LEAVES:
            return Node(word, (), (), axis, None)
        if word in ("batchsum", "batchdot"):
            return _sum("sum", self._tidied(self.terms[i], without_zeros=True), None, g.axis[args[0]])
        if word in ("add", "sub", "sum"):
            return _sum("sum", self._tidied(self.terms[i]), axis)
        if i in self.terms:
            return _sum(EXTREMES[word], tuple(self.terms[i]), axis)
        over = g.static[i][-1] if word == "scatter" else None
        return Node(word, args, (), axis, over)

    def _tidied(self, terms: list[Term], *, without_zeros: bool = False) -> tuple[Term, ...]:
        """Write x + x as 2 x and -(2 x) as (-2) x, which is exact; leave out + 0.0 where a sum over samples follows."""
        if len(terms) == 1 and terms[0].sign > 0:
            return tuple(terms)
        if without_zeros:
            terms = [t for t in terms if len(t.factors) != 1 or self.graph.value(t.factors[0]) != 0.0] or terms
        if len(set(terms)) < len(terms):
            counts = Counter(terms)
            terms = [t for term, n in counts.items() for t in self._doubled(term) * (n // 2) + [term] * (n % 2)]
        return tuple([self._positive(term) if term.sign < 0 else term for term in terms])

    def _doubled(self, term: Term) -> list[Term]:
        if len(term.factors) == 1:
            return [Term(term.sign, (self.graph.constant(2.0), *term.factors))]
        scaled = self._scaled(term, 2.0)
        return [scaled] if scaled else [term, term]

    def _positive(self, term: Term) -> Term:
        scaled = self._scaled(term, -1.0)
        return Term(1, scaled.factors) if scaled else term

    def _scaled(self, term: Term, by: float) -> Term | None:
        """Multiply a term's constant factor, if it has one."""
        for k, i in enumerate(term.factors):
            number = self.graph.value(i)
            if number is not None:
                scaled = self.graph.constant(number * by)
                return Term(term.sign, (*term.factors[:k], scaled, *term.factors[k + 1 :]))
        return None

    def _alone(self, i: int, axis: Axis | None) -> bool:
        """Whether only one node uses this one, with the same batch axis: then it may be taken apart."""
        return self.uses[i] == 1 and i not in self.outputs and self.graph.axis[i] is axis

    def _taken(self, i: int, sign: int, axis: Axis | None) -> list[Term]:
        g = self.graph
        while g.word[i] == "neg" and self._alone(i, axis):
            i, sign = g.args[i][0], -sign
        if not self._alone(i, axis):
            return [Term(sign, (i,))]
        if g.word[i] in ("add", "sub", "sum"):
            terms = self.terms.pop(i)
            return terms if sign > 0 else [Term(-t.sign, t.factors) for t in terms]
        if g.word[i] == "mul":
            return [self._product(g.args[i], sign)]
        return [Term(sign, (i,))]

    def _summand(self, factors: tuple[int, ...], axis: Axis | None) -> list[Term]:
        return self._taken(factors[0], 1, axis) if len(factors) == 1 else [self._product(factors, 1)]

    def _product(self, factors: Iterable[int], sign: int) -> Term:
        """A product of two, its factors' signs in front."""
        found = []
        for j in factors:
            while self.graph.word[j] == "neg":
                j, sign = self.graph.args[j][0], -sign  # noqa: PLW2901 - the sign moves out of the product
            found.append(j)
        return Term(sign, tuple(found))

    def _extreme(self, i: int, word: str, axis: Axis | None) -> list[Term]:
        if self.graph.word[i] == word and self._alone(i, axis):
            return self.terms.pop(i)
        return [Term(1, (i,))]


def _sum(word: str, terms: tuple[Term, ...], axis: Axis | None, over: Axis | None = None) -> Node:
    return Node(word, tuple([i for _, factors in terms for i in factors]), terms, axis, over)


def _uses(graph: Graph, outputs: Iterable[int]) -> dict[int, int]:
    """How often each node that an output is computed from is an operand; twice in x + x."""
    stack = list(outputs)
    uses = dict.fromkeys(stack, 0)
    while stack:
        for j in graph.operands(stack.pop()):
            if j in uses:
                uses[j] += 1
            else:
                uses[j] = 1
                stack.append(j)
    return uses

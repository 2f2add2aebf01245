"""Stage 3, sums: chains of additions become one sum of terms, chains of extremes one extreme.

A term is a sign and one or two factors, so a weighted sum written with ``*`` and ``+``, a `sumprod`, and the adjoint of
an operand with many uses all look alike: a sum of products, which the next stage may find to be a row of a matrix
product. A sum over the samples of a batch is a sum too (``over``), of the terms of what is summed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from autograd_lite.compiler.graph import MANY, Graph, Run
from autograd_lite.compiler.layout import Indices
from autograd_lite.compiler.structural import Axis

__all__ = [
    "LEAVES",
    "REDUCTION",
    "STRUCTURAL",
    "Node",
    "Products",
    "Term",
    "collect",
    "each_term",
    "one_by_one",
    "split",
]

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
ADDITIONS = {"add", "sub", "sum", "sumprod"}


class Term(NamedTuple):
    """A signed factor, or product of two."""

    sign: int
    factors: tuple[int, ...]


class Products(NamedTuple):
    """Many products of two, none of them negated, none twice: the weighted sum of a neuron with many inputs.

    The first factors of all are a column, and the second ones.
    """

    first: Indices
    second: Indices
    sign: int = 1

    @property
    def factors(self) -> list[tuple[int, int]]:
        """The two factors of each product."""
        return list(zip(self.first.tolist(), self.second.tolist(), strict=True))


Terms = Term | Products


class Node(NamedTuple):
    """A scalar of the program: a leaf, a word on operands, or a sum (or an extreme) of terms, also over a batch.

    ``operands`` are the nodes that it is computed from, for a sum the factors of its terms. With a ``span`` it stands
    for so many nodes, numbered one after the other: leaves, or sums over a batch of which each has one of the products.
    """

    word: str
    operands: tuple[int, ...]
    terms: tuple[Terms, ...]
    axis: Axis | None
    over: Axis | None
    span: int = 1


def collect(graph: Graph, outputs: Iterable[int]) -> dict[int, Node]:
    """Take chains of additions together, and drop what no output needs.

    Returns
    -------
    dict of int to Node
        The nodes in an order in which operands come first, by their number in the graph.
    """
    return _Collector(graph, np.fromiter(outputs, dtype=np.intp)).nodes()


def each_term(terms: Iterable[Terms]) -> Iterator[Term]:
    """The terms of a sum or an extreme, one by one."""
    for some in terms:
        if isinstance(some, Products):
            yield from [Term(1, pair) for pair in some.factors]
        else:
            yield some


def one_by_one(nodes: Mapping[int, Node]) -> Iterator[tuple[int, Node]]:
    """The nodes, and those that nodes with a span stand for."""
    for i, node in nodes.items():
        if node.span == 1:
            yield i, node
        elif node.terms:
            yield from [
                (k, Node(node.word, t.factors, (t,), node.axis, node.over))
                for k, t in enumerate(each_term(node.terms), start=i)
            ]
        else:
            yield from dict.fromkeys(range(i, i + node.span), node._replace(span=1)).items()


def split(i: int, node: Node, kinds: Callable[[Indices], Indices]) -> dict[int, Node]:
    """The sums that a node with a span stands for as several such nodes, where the kinds of their factors change."""
    (products,) = node.terms
    assert isinstance(products, Products)
    left, right = kinds(products.first), kinds(products.second)
    ends = [*(np.flatnonzero((np.diff(left) != 0) | (np.diff(right) != 0)) + 1).tolist(), len(left)]
    if len(ends) == 1:
        return {i: node}
    parts = [Products(products.first[a:b], products.second[a:b]) for a, b in pairwise([0, *ends])]
    return {i + start: _run_of_sums(part, node.over) for start, part in zip([0, *ends], parts, strict=False)}


def _run_of_sums(products: Products, over: Axis | None) -> Node:
    operands = tuple(np.flatnonzero(np.bincount(np.concatenate(products[:2]))).tolist())
    return Node("sum", operands, (products,), None, over, len(products.first))


class _Collector:
    def __init__(self, graph: Graph, outputs: Indices) -> None:
        self.graph = graph
        self.outputs = bytearray(len(graph.word))  # 1 for each node that is in the result
        self.is_output = np.frombuffer(self.outputs, dtype=bool)
        self.is_output[outputs] = True
        self.uses, self.seen = _uses(graph, self.is_output)
        self.negates = "neg" in graph.word
        self.whole = np.arange(len(graph.word))  # of each node itself, of those that one node stands for their first
        self.live: list[int] = []
        self.terms: dict[int, list[Terms]] = {}

    def nodes(self) -> dict[int, Node]:
        runs = self._runs()
        alone = self.seen | self.is_output
        for i, node in runs.items():
            alone[i : i + node.span] = False
            self.whole[i : i + node.span] = i
        self.live = np.flatnonzero(alone).tolist()
        for i in self.live:
            if self.graph.word[i] not in LEAVES:
                self._gather(i)
        needed = set(np.flatnonzero(alone & self.is_output).tolist()).union(*[node.operands for node in runs.values()])
        made = self._made(needed)
        constants = sorted(i for i in needed if self.graph.word[i] == "const")  # first, with those that tidying made
        return {i: self._node(i) for i in constants} | dict(
            sorted((made | runs).items()) if runs else reversed(made.items())
        )

    def _runs(self) -> dict[int, Node]:
        """Leaves, and sums over a batch that only the result needs, that were made at once and can stay together."""
        return {first: node for first, run in self.graph.runs.items() if (node := self._run(first, run))}

    def _run(self, first: int, run: Run) -> Node | None:
        g, members = self.graph, range(first, first + run.count)
        if run.factors is None:
            return Node("input", (), (), None, None, run.count) if self.seen[first : members.stop].all() else None
        if not self.is_output[first : members.stop].all() or self.seen[first]:
            return None
        node = _run_of_sums(Products(*run.factors), g.static[first])
        return None if self._negated(node.operands) else node

    def _negated(self, nodes: Sequence[int]) -> bool:
        """Whether one of them is a word whose sign moves out of a product."""
        return self.negates and "neg" in set(map(self.graph.word.__getitem__, nodes))

    def _made(self, needed: set[int]) -> dict[int, Node]:
        """All nodes that are needed, the last ones first."""
        made: dict[int, Node] = {}
        for i in reversed(self.live):
            if i in needed:
                made[i] = self._node(i)
                needed.update(made[i].operands)
        return made

    def _gather(self, i: int) -> None:
        """Find the terms of a sum or an extreme, taking over those of operands that only it uses."""
        g = self.graph
        word, args = g.word[i], g.args[i]
        if word in ("add", "sub"):
            self.terms[i] = self._taken(args[0], 1, g.axis[i])
            self.terms[i] += self._taken(args[1], -1 if word == "sub" else 1, g.axis[i])
        elif word == "sum":
            is_plain = len(args) >= MANY and set(map(len, args)) == {2}
            products = self._products(Products(*np.array(args).T)) if is_plain else []
            self.terms[i] = products or [t for factors in args for t in self._summand(factors, g.axis[i])]
        elif word == "sumprod":
            self.terms[i] = self._products(Products(*args)) or [
                self._product(pair, 1) for pair in Products(*args).factors
            ]
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
            return self._sum("sum", self._tidied(self.terms[i], without_zeros=True), None, g.axis[args[0]])
        if word in ADDITIONS:
            return self._sum("sum", self._tidied(self.terms[i]), axis)
        if i in self.terms:
            return self._sum(EXTREMES[word], tuple(self.terms[i]), axis)
        over = g.static[i][-1] if word == "scatter" else None
        return Node(word, args, (), axis, over)

    def _products(self, products: Products) -> list[Terms]:
        """Many products as one, if there is nothing to tidy up in them; else nothing."""
        columns = products[:2]
        differ = any(map(_all_differ, columns)) or len({*products.factors}) == len(products.first)
        negates = self.negates and self._negated(np.concatenate(columns).tolist())
        return [products] if differ and not negates else []

    def _sum(self, word: str, terms: tuple[Terms, ...], axis: Axis | None, over: Axis | None = None) -> Node:
        """A sum; where one node stands for several operands, it is one of them."""
        operands: list[int] = []
        for term in terms:
            if isinstance(term, Products):
                for column in (self.whole[term.first], self.whole[term.second]):
                    operands += column[:1].tolist() if (column == column[0]).all() else column.tolist()
            else:
                operands += term.factors
        return Node(word, tuple(operands), terms, axis, over)

    def _tidied(self, terms: list[Terms], *, without_zeros: bool = False) -> tuple[Terms, ...]:
        """Write x + x as 2 x and -(2 x) as (-2) x, which is exact; leave out + 0.0 where a sum over samples follows."""
        if len(terms) == 1 and terms[0].sign > 0:
            return tuple(terms)
        if without_zeros:
            terms = [t for t in terms if not self._is_zero(t)] or terms
        if _repeats(terms):
            counts = Counter(each_term(terms))
            terms = [t for term, n in counts.items() for t in self._doubled(term) * (n // 2) + [term] * (n % 2)]
        return tuple([t if isinstance(t, Products) or t.sign > 0 else self._positive(t) for t in terms])

    def _is_zero(self, term: Terms) -> bool:
        return isinstance(term, Term) and len(term.factors) == 1 and self.graph.value(term.factors[0]) == 0.0

    def _doubled(self, term: Term) -> list[Terms]:
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
        return self.uses[i] == 1 and not self.outputs[i] and self.graph.axis[i] is axis

    def _taken(self, i: int, sign: int, axis: Axis | None) -> list[Terms]:
        g = self.graph
        while g.word[i] == "neg" and self._alone(i, axis):
            i, sign = g.args[i][0], -sign
        if not self._alone(i, axis):
            return [Term(sign, (i,))]
        if g.word[i] in ADDITIONS:
            terms = self.terms.pop(i)
            return terms if sign > 0 else [Term(-t.sign, t.factors) for t in each_term(terms)]
        if g.word[i] == "mul":
            return [self._product(g.args[i], sign)]
        return [Term(sign, (i,))]

    def _summand(self, factors: tuple[int, ...], axis: Axis | None) -> list[Terms]:
        return self._taken(factors[0], 1, axis) if len(factors) == 1 else [self._product(factors, 1)]

    def _product(self, factors: Iterable[int], sign: int) -> Term:
        """A product of two, its factors' signs in front."""
        found = []
        for j in factors:
            while self.graph.word[j] == "neg":
                j, sign = self.graph.args[j][0], -sign  # noqa: PLW2901 - the sign moves out of the product
            found.append(j)
        return Term(sign, tuple(found))

    def _extreme(self, i: int, word: str, axis: Axis | None) -> list[Terms]:
        if self.graph.word[i] == word and self._alone(i, axis):
            return self.terms.pop(i)
        return [Term(1, (i,))]


def _all_differ(column: Indices) -> bool:
    """Whether no node stands in a column twice; rows of weights follow each other."""
    return bool((np.diff(column) > 0).all()) or len(set(column.tolist())) == len(column)


def _repeats(terms: Sequence[Terms]) -> bool:
    """Whether a sum has a term twice."""
    if not any([isinstance(t, Products) for t in terms]):  # noqa: C419 - faster than a generator
        return len(set(terms)) < len(terms)
    added: list[tuple[int, ...]] = []
    subtracted: list[tuple[int, ...]] = []
    for t in terms:
        if isinstance(t, Products):
            added += t.factors
        else:
            (added if t.sign > 0 else subtracted).append(t.factors)
    return any(len(set(some)) < len(some) for some in (added, subtracted))


def _uses(graph: Graph, is_output: npt.NDArray[np.bool_]) -> tuple[list[int], npt.NDArray[np.bool_]]:
    """How often each node is an operand, twice in x + x; and which nodes are one, or lead to an output.

    Not among these are sums over a batch that were made at once and that nothing uses but the result.
    """
    size = len(graph.word)
    reached = bytearray(size)  # read one by one it is faster than an array
    seen, uses = np.frombuffer(reached, dtype=bool), np.zeros(size, dtype=np.intp)
    is_leaf, starts = np.zeros(size, dtype=bool), is_output.copy()
    sums = []
    for first, run in graph.runs.items():
        members = slice(first, first + run.count)
        if run.factors is None:
            is_leaf[members] = True
        elif starts[members].all():
            sums.append(members)
            starts[members] = False
            uses += np.bincount(np.concatenate(run.factors), minlength=size)
    seen[:] = starts | (uses > 0)
    uses += _count_operands(graph, reached, is_leaf)
    for members in sums:
        if seen[members].any():
            seen[members] = True
    return uses.tolist(), seen


def _count_operands(graph: Graph, reached: bytearray, is_leaf: npt.NDArray[np.bool_]) -> Indices:
    """How often each node is an operand of what was reached, all that is reached from there included."""
    seen = np.frombuffer(reached, dtype=bool)
    left: list[int] = np.flatnonzero(seen).tolist()
    operands: list[int] = []
    columns: list[Indices] = []
    while left:
        i = left.pop()
        if graph.word[i] == "sumprod":
            columns += graph.args[i]
            both = np.concatenate(graph.args[i])
            some = both[~seen[both]]
            seen[some] = True
            left += [j for j in dict.fromkeys(some[~is_leaf[some]].tolist()) if graph.word[j] not in LEAVES]
            continue
        given = graph.operands(i)
        operands += given
        for j in given:
            if not reached[j]:
                reached[j] = 1
                if graph.word[j] not in LEAVES:
                    left.append(j)
    return np.bincount(np.concatenate([operands, *columns]).astype(np.intp), minlength=len(seen))

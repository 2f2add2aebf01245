"""Where the terms of a group of sums lie: its parts.

A term is known by its factors' members, (group, index); terms whose factors lie in the same groups are a part. Sums of
few terms are placed term by term. The products of a sum of many are placed by column, all first factors at once.

Types: ``Any`` stands for a key to sort by, and for columns of indices.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.compiler.layout import Indices
from autograd_lite.compiler.members import Member, Members
from autograd_lite.compiler.sums import Node, Products, Term, each_term, one_by_one

__all__ = ["Part", "Placing"]

TermMembers = tuple[int, tuple[Member, ...]]  # a term: 1 if it is subtracted, else -1, and where its factors are
Chunk = tuple[int, tuple[int, ...], tuple[Indices, ...]]  # terms: minus their sign, the factors' groups and indices


class Part(NamedTuple):
    """Those terms of a group of sums whose factors lie in the same groups, with the same sign.

    ``members[k]`` is the member that the k-th term belongs to, ``factors[f][k]`` the index of its f-th factor in
    ``groups[f]``.
    """

    sign: int
    groups: tuple[int, ...]
    members: Indices
    factors: tuple[Indices, ...]


class Placing:
    """Finds the order of sums in their group, and the parts of the group.

    Parameters
    ----------
    member_of : Members
        Where the factors are; it grows from group to group.
    rank : array of int
        The first place in the result of each node, -1 for others.
    near : mapping of int to int
        For some nodes without a place of their own, that of the number whose terms they are.
    """

    def __init__(self, member_of: Members, rank: Indices, near: Mapping[int, int]) -> None:
        self.member_of = member_of
        self.rank = rank
        self.near = near

    def sums(self, nodes: Mapping[int, Node]) -> tuple[Sequence[int], list[Part]]:
        """The members of a group of sums in order, and its parts."""
        if any([node.span > 1 for node in nodes.values()]):  # noqa: C419 - faster than a generator
            found = self._sums_of_one(nodes)
            if found is not None:
                return found
            nodes = dict(one_by_one(nodes))
        terms = chain.from_iterable([node.terms for node in nodes.values()])
        if Products in set(map(type, terms)):
            chunks = {i: self._chunks(node.terms) for i, node in nodes.items()}
            members = self._in_order(nodes, lambda i: [_first(chunk)[1] for chunk in chunks[i]])
            return members, _joined([chunks[i] for i in members])
        placed = {i: self._placed(node.terms) for i, node in nodes.items()}
        members = self._in_order(nodes, lambda i: [found for _, found in placed[i]])
        return members, _parts([placed[i] for i in members])

    def _in_order(self, nodes: Iterable[int], lie: Callable[[int], Any]) -> list[int]:
        """Those in the result in its order; before them the others, by their place in `near`, then by their terms."""
        rank, near = self.rank, self.near
        return sorted(nodes, key=lambda i: (int(rank[i]), 0, ()) if rank[i] >= 0 else (-1, near.get(i, -1), lie(i)))

    def _sums_of_one(self, nodes: Mapping[int, Node]) -> tuple[Sequence[int], list[Part]] | None:
        """The same for sums of one product each that are in the result; None if they are not all alike."""
        terms = list(chain.from_iterable([node.terms for node in nodes.values()]))
        some = [term for term in terms if isinstance(term, Products)]
        count = sum([len(term.first) for term in some])
        if len(some) < len(terms) or count != sum([node.span for node in nodes.values()]):
            return None
        columns = [np.concatenate(column) for column in ([t.first for t in some], [t.second for t in some])]
        chunk = self._chunk(Products(columns[0], columns[1]))
        if chunk is None:
            return None
        ids = np.concatenate([np.arange(i, i + node.span) for i, node in nodes.items()])
        order = np.argsort(self.rank[ids], kind="stable")
        _, groups, indices = chunk
        part = Part(1, groups, np.arange(count), tuple([column[order] for column in indices]))
        return _as_range(ids[order]), [part]

    # Term by term

    def _placed(self, terms: Iterable[Any]) -> list[TermMembers]:
        member = self.member_of.__getitem__
        placed = [(-sign, tuple(sorted(map(member, factors)))) for sign, factors in terms]
        return sorted(placed) if len(placed) > 1 else placed

    # By column

    def _chunks(self, terms: Sequence[Term | Products]) -> list[Chunk]:
        """The terms of one sum, those together whose factors lie in the same groups, and in their order."""
        columns: dict[tuple[int, tuple[int, ...]], list[Sequence[Any]]] = defaultdict(list)
        few: list[Term] = []
        for term in terms:
            chunk = self._chunk(term) if isinstance(term, Products) else None
            if chunk is None:
                few += each_term([term])
            else:
                columns[chunk[:2]].append(chunk[2])
        for part in _parts([self._placed(few)]):
            columns[-part.sign, part.groups].append(part.factors)
        joined = {key: [np.concatenate(c) for c in zip(*some, strict=True)] for key, some in columns.items()}
        chunks = [(*key, tuple([c[np.lexsort(some[::-1])] for c in some])) for key, some in joined.items()]
        return sorted(chunks, key=_first)

    def _chunk(self, products: Products) -> Chunk | None:
        """Products by column, if the first factors of all lie in one group, and the second ones."""
        left, right = self._located(products.first), self._located(products.second)
        if left is None or right is None:
            return None
        (g, i), (h, j) = left, right
        if g == h:
            return -1, (g, g), (np.minimum(i, j), np.maximum(i, j))
        return (-1, (g, h), (i, j)) if g < h else (-1, (h, g), (j, i))

    def _located(self, nodes: Indices) -> tuple[int, Indices] | None:
        """The group of nodes, if it is one, and their indices there."""
        groups, indices = self.member_of.columns(nodes)
        return (int(groups[0]), indices) if (groups == groups[0]).all() else None


def _as_range(nodes: Indices) -> Sequence[int]:
    """Nodes that follow each other as a range."""
    first, last = int(nodes[0]), int(nodes[-1])
    is_range = last - first == len(nodes) - 1 and (np.diff(nodes) == 1).all()
    return range(first, last + 1) if is_range else nodes.tolist()


def _first(chunk: Chunk) -> tuple[int, tuple[Member, ...]]:
    """The first term of some."""
    minus, groups, columns = chunk
    return minus, tuple([(g, int(column[0])) for g, column in zip(groups, columns, strict=True)])


def _joined(sums: Iterable[list[Chunk]]) -> list[Part]:
    """The parts of several sums, of their chunks."""
    parts: dict[tuple[int, tuple[int, ...]], list[tuple[Indices, ...]]] = {}
    for k, chunks in enumerate(sums):
        for minus, groups, columns in chunks:
            parts.setdefault((minus, groups), []).append((np.full(len(columns[0]), k), *columns))
    joined = {key: [np.concatenate(column) for column in zip(*some, strict=True)] for key, some in parts.items()}
    return [Part(-minus, groups, members, tuple(factors)) for (minus, groups), (members, *factors) in joined.items()]


def _parts(terms: Sequence[Sequence[TermMembers]]) -> list[Part]:
    parts: dict[tuple[int, ...], tuple[list[int], list[tuple[int, ...]]]] = {}
    for k, placed in enumerate(terms):
        for minus, found in placed:
            groups: tuple[int, ...] = (minus, *[g for g, _ in found])
            indices = tuple([i for _, i in found])
            if groups not in parts:
                parts[groups] = ([], [])
            members, places = parts[groups]
            members.append(k)
            places.append(indices)
    return [
        Part(-key[0], key[1:], np.array(members), tuple(np.array(places).T)) for key, (members, places) in parts.items()
    ]

"""Stage 4, group: scalars that are computed alike become one array.

Two nodes are alike if they have the same word and their operands lie in the same groups, with the same batch axis.
Sums are alike if their terms' factors lie in overlapping pairs of groups, also if one has more terms than the other:
the inner and the outer points of a grid are then one array.

No node of a group can reach another of it: a group is made after the groups of its operands, and sums are compared only
at equal depth.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain, repeat
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.compiler.graph import Graph
from autograd_lite.compiler.layout import Indices
from autograd_lite.compiler.members import MANY, Keys, Member, Members
from autograd_lite.compiler.parts import Part, Placing
from autograd_lite.compiler.primitives import word
from autograd_lite.compiler.structural import Axis
from autograd_lite.compiler.sums import LEAVES, STRUCTURAL, Node, Products, split

__all__ = ["Group", "Grouping", "group", "is_total"]


Kind = tuple[Any, ...]  # of a term: the sum's word and axes, the term's sign, the keys of its factors' groups


class Group(NamedTuple):
    """An array of the program: scalars that are computed alike.

    Attributes
    ----------
    word : str
        What is computed; ``"input"``, ``"const"`` and ``"size"`` are given.
    members : list of int
        The nodes, in the order of the array.
    axis : Axis or None
        Its batch axis; None for one number per member.
    over : Axis or None
        For a sum, the batch axis that it sums over.
    operands : tuple of (group, indices)
        For a word, where each operand's numbers lie.
    parts : list of Part
        For a sum or an extreme, its terms.
    source : object
        For an input, which one.
    """

    word: str
    members: Sequence[int]
    axis: Axis | None
    over: Axis | None
    operands: tuple[tuple[int, list[int]], ...]
    parts: list[Part]
    source: object

    def uses(self) -> set[int]:
        """The groups that this one is computed from."""
        return {g for g, _ in self.operands} | {g for part in self.parts for g in part.groups}


def group(
    graph: Graph, nodes: Mapping[int, Node], outputs: Sequence[int], outer: Mapping[int, Member] | None = None
) -> tuple[list[Group], Members]:
    """Group the nodes; returns the groups in an order in which operands come first, and where each node is.

    In the body of a loop, `outer` says where the nodes are of the graph around it.
    """
    return Grouping(graph, nodes, outputs, outer).groups_and_members()


class Grouping:
    """Which nodes are alike, before they are put in order.

    Attributes
    ----------
    members : dict of int to list of int
        By the key of a group, its nodes.
    """

    def __init__(
        self,
        graph: Graph,
        nodes: Mapping[int, Node],
        outputs: Sequence[int],
        outer: Mapping[int, Member] | None = None,
    ) -> None:
        self.graph = graph
        self.outer = outer or {}
        self.nodes = nodes
        ranks = _ranks(outputs, len(graph.word))
        self.rank: list[int] = ranks.tolist()
        self.keys: dict[tuple[object, ...], int] = {}
        self.given: set[object] = set()  # keys of leaves
        self.key_of = Keys(len(graph.word))  # node -> the key of its group
        self.kinds: dict[int, list[int]] = {}  # the key of a group of words -> the keys of its operands
        self.kinds_of: dict[tuple[Any, ...], frozenset[Kind]] = {}  # of terms, as they come
        self.last = self._last_sums()
        self.member_of = Members(len(graph.word))
        self.placing = Placing(self.member_of, ranks, self._near())
        self.groups: list[Group] = []
        self._sort()
        self.members: dict[int, list[int]] = defaultdict(list)
        for i in self.nodes:
            self.members[self.key_of[i]].append(i)

    def groups_and_members(self) -> tuple[list[Group], Members]:
        """The groups in an order in which operands come first, and where each node is."""
        if not self.groups:
            for key in _topological(self.members, self.key_of, self.nodes):
                self._make(self.members[key])
        return self.groups, self.member_of

    def _sort(self) -> None:
        """Find the key of each node's group."""
        earlier = {i: node for i, node in self.nodes.items() if i not in self.last}
        for level in _levels(earlier, len(self.graph.word)):
            self._put_all(level)
        self._split_runs()
        self._put_all(sorted(self.last))

    def _last_sums(self) -> set[int]:
        """Sums that only the result needs: they can all be made at the end, together."""
        used = set(chain.from_iterable([node.operands for node in self.nodes.values()]))
        return {i for i, node in self.nodes.items() if node.terms and i not in used}

    def _near(self) -> dict[int, int]:
        """For sums over samples that are terms in the result, as slopes are beside a penalty: where in the result."""
        some = sorted(self.last, key=self.rank.__getitem__, reverse=True)
        users = chain.from_iterable([zip(self.nodes[i].operands, repeat(self.rank[i])) for i in some])
        return {j: place for j, place in users if j in self.nodes and self.nodes[j].over is not None}

    def _put_all(self, level: Sequence[int]) -> None:
        """Find the groups of the nodes of a level."""
        self._put_each(level)
        if len(level) >= MANY:
            self.key_of.align(level)

    def _put_each(self, level: Sequence[int]) -> None:
        for i in level:
            if not self.nodes[i].terms:
                self._put(i, self._signature(i))
        for alike in self._alike_sums([i for i in level if self.nodes[i].terms]):
            key = self.keys.setdefault(("sums", min(alike)), len(self.keys))
            for i in alike:
                self._give(i, key)

    def _split_runs(self) -> None:
        """Take sums apart that one node stands for, where the groups of their factors change."""
        runs = {i: split(i, self.nodes[i], self.key_of.column) for i in self.last if self.nodes[i].span > 1}
        if any(len(pieces) > 1 for pieces in runs.values()):
            self.nodes = {k: piece for i, n in self.nodes.items() for k, piece in runs.get(i, {i: n}).items()}
            self.last = {k for i in self.last for k in runs.get(i, (i,))}

    def _put(self, i: int, signature: tuple[object, ...]) -> None:
        key = self.keys.setdefault(signature, len(self.keys))
        self._give(i, key)
        if self.nodes[i].word in LEAVES:
            self.given.add(key)

    def _give(self, i: int, key: int) -> None:
        """Note the key of the group of a node, and of those that it stands for."""
        self.key_of[i] = key
        if self.nodes[i].span > 1:
            self.key_of.put(range(i, i + self.nodes[i].span), key)

    def _signature(self, i: int) -> tuple[object, ...]:
        node = self.nodes[i]
        if node.word == "const":
            return ("const",)
        if node.word == "outer":
            return (node.word, self.outer[self.graph.args[i][0]][0], node.axis)
        if node.word in LEAVES or node.word in ("last", "out", "stack"):
            total = node.word == "last" and is_total(self.graph, i)
            return ("out" if node.word == "stack" else node.word, self.graph.args[i][0], node.axis, total)
        if node.word in ("block", "loop"):
            return (node.word, i)
        kinds = [self.key_of[j] for j in node.operands]
        if node.word in STRUCTURAL:
            return (node.word, node.axis, node.over, *kinds)
        return (node.word, node.axis, *(sorted(kinds) if word(node.word).commutative else kinds))

    def _args(self, i: int) -> tuple[int, ...]:
        """The operands of a word, in the order of its group's first member: x times 2 like 2 times x."""
        args = self.nodes[i].operands
        kinds = [self.key_of[j] for j in args]
        return args if kinds == self.kinds.setdefault(self.key_of[i], kinds) else args[::-1]

    def _alike_sums(self, sums: Sequence[int]) -> list[list[int]]:
        """Sums with the same kinds of terms, or that share a kind of computed terms."""
        same: dict[frozenset[Kind], list[int]] = defaultdict(list)
        for i in sums:
            same[self._kinds(self.nodes[i])].append(i)
        chief = {kinds: kinds for kinds in same}

        def find(kinds: frozenset[Kind]) -> frozenset[Kind]:
            while chief[kinds] is not kinds:
                kinds = chief[kinds]
            return kinds

        holder: dict[Kind, frozenset[Kind]] = {}
        for kinds, alike in same.items():
            for kind in kinds:
                if alike[0] in self.last or not self.given.issuperset(kind[4:]):
                    chief[find(kinds)] = find(holder.setdefault(kind, kinds))
        together: dict[frozenset[Kind], list[int]] = defaultdict(list)
        for kinds, alike in same.items():
            together[find(kinds)] += alike
        return list(together.values())

    def _kinds(self, node: Node) -> frozenset[Kind]:
        """What the terms of a sum are: how many factors, and of which groups, each kind once."""
        key_of = self.key_of.__getitem__
        found: set[tuple[int, ...]] = set()
        for term in node.terms:
            if isinstance(term, Products):
                left, right = self.key_of.column(term.first), self.key_of.column(term.second)
                is_one = (left == left[0]).all() and (right == right[0]).all()
                found.update(zip(repeat(1), *[(keys[:1] if is_one else keys).tolist() for keys in (left, right)]))
            else:
                found.add((term.sign, *map(key_of, term.factors)))
        kinds = frozenset(found)
        what = (node.word, node.axis, node.over, kinds)
        if what not in self.kinds_of:
            self.kinds_of[what] = frozenset([(*what[:3], sign, *sorted(keys)) for sign, *keys in kinds])
        return self.kinds_of[what]

    def _make(self, members: list[int]) -> None:
        """Sort members by operand index; record each node's (group, index)."""
        number = len(self.groups)
        i, first = members[0], self.nodes[members[0]]
        order: Sequence[int] = members
        parts: list[Part] = []
        if first.terms:
            order, parts = self.placing.sums({i: self.nodes[i] for i in members})
        elif first.word == "input" and len(members) == 1:
            order = range(i, i + first.span)
        elif first.word == "input":
            every = chain.from_iterable([range(i, i + self.nodes[i].span) for i in members])
            order = sorted(every, key=lambda i: self.graph.args[i][1])
        elif first.word in LEAVES:
            order = sorted(members)
        elif first.word == "take":
            order = sorted(members, key=lambda i: (self.member_of[self.graph.args[i][1]], self.graph.static[i]))
        elif first.word not in STRUCTURAL:
            order = sorted(members, key=lambda i: (self.rank[i], self._lie(i)))
        self._number(first.word, order, number)
        operands = []
        if first.word not in LEAVES and first.word not in STRUCTURAL and not first.terms:
            for k in range(len(first.operands)):
                found = [self.member_of[self._args(i)[k]] for i in order]
                operands.append((found[0][0], [member for _, member in found]))
        source = self.graph.args[order[0]][0] if first.word in ("input", "size") else None
        if first.word == "outer":
            source = (first.word, self.outer[self.graph.args[order[0]][0]][0])
        self.groups.append(Group(first.word, order, first.axis, first.over, tuple(operands), parts, source))

    def _number(self, word: str, members: Sequence[int], number: int) -> None:
        """Note where the nodes of a group lie."""
        if isinstance(members, range):
            self.member_of.put(members, number, self.graph.args[members[0]][1] if word == "input" else 0)
        else:
            self.member_of.put_each(members, number, self._offsets(word, members))

    def _offsets(self, word: str, members: Sequence[int]) -> Sequence[int]:
        """Where nodes lie in the array of their group, which may have more members than anything needs."""
        if word == "input":
            return [self.graph.args[i][1] for i in members]
        if word == "outer":
            return [self.outer[self.graph.args[i][0]][1] for i in members]
        if word in ("last", "out", "stack"):
            return [_offset_in_loop(self.graph, i) for i in members]
        if word == "scatter":
            columns = self.graph.static[self.graph.args[members[0]][1]][1]
            return [row * columns + column for _, row, column, _ in map(self.graph.static.__getitem__, members)]
        return range(len(members))

    def _lie(self, i: int) -> object:
        return () if self.rank[i] >= 0 else [self.member_of[j] for j in self._args(i)]


def is_total(graph: Graph, i: int) -> bool:
    """Whether a last carry of a loop is a sum over its steps."""
    return graph.static[i][0] in graph.static[graph.args[i][0]].totals


def _offset_in_loop(graph: Graph, i: int) -> int:
    """Where a result of a loop lies: among the carries of its batch axis, or in the outputs of its step."""
    step, (k, *t) = graph.static[graph.args[i][0]], graph.static[i]
    if graph.word[i] == "last":
        return int(step.places(step.carries, graph.axis[i], total=k in step.totals)[k])
    places = step.places(step.outs, graph.axis[i])
    return int(places[k] + len(places) * (t[0] if t else 0))


def _ranks(outputs: Sequence[int], size: int) -> Indices:
    """The first place of each node in the result, -1 for others."""
    ranks = np.full(size, -1)
    ranks[np.fromiter(outputs, dtype=np.intp)[::-1]] = np.arange(len(outputs) - 1, -1, -1)
    return ranks


def _levels(nodes: Mapping[int, Node], size: int) -> list[list[int]]:
    """Nodes by depth: the operands of a node lie on levels before its own."""
    depth = Keys(size)
    levels: list[list[int]] = []
    for i, node in nodes.items():
        depth[i] = 1 + max(map(depth.__getitem__, node.operands), default=-1)
        if node.span > 1 and not node.terms:  # sums that one node stands for are in the result only
            depth.put(range(i, i + node.span), 0)
        while len(levels) <= depth[i]:
            levels.append([])
        levels[depth[i]].append(i)
    return levels


def _topological(members: Mapping[int, list[int]], key_of: Mapping[int, int], nodes: Mapping[int, Node]) -> list[int]:
    """Order groups so that operands come first, and otherwise as the user's function made them."""
    operands = {key: set(chain.from_iterable([nodes[i].operands for i in some])) for key, some in members.items()}
    needs = {key: set(map(key_of.__getitem__, some)) for key, some in operands.items()}
    users: dict[int, list[int]] = defaultdict(list)
    for key, needed in needs.items():
        for other in needed:
            users[other].append(key)
    ready = [(members[key][0], key) for key, needed in needs.items() if not needed]
    heapq.heapify(ready)
    order = []
    while ready:
        _, key = heapq.heappop(ready)
        order.append(key)
        for user in users[key]:
            needs[user].discard(key)
            if not needs[user]:
                heapq.heappush(ready, (members[user][0], user))
    return order

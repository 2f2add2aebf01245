"""Stage 2, simplify: the recorded ops as a graph of *words*, each thing once.

A word is what the namespaces offer: ``add``, ``exp``, ``maximum``. Each op of the trace is expanded by evaluating its
rule with this graph as the namespace, the same rule that the eager engine evaluates on floats. What is equal becomes
one node, and is simplified on the way (`nodes`). Values that are alike and many are made nodes all at once.

Types: ``Any`` stands for what rules are polymorphic in (numbers and nodes), and for what identifies an input.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count, filterfalse, groupby, repeat
from operator import attrgetter
from typing import Any

import numpy as np

from autograd_lite.compiler.blocks import SCATTER, TAKE
from autograd_lite.compiler.bodies import carries_below
from autograd_lite.compiler.layout import Indices
from autograd_lite.compiler.loops import LAST, LOOP, OUT, STACK
from autograd_lite.compiler.nodes import Nodes
from autograd_lite.compiler.slopes import Slopes
from autograd_lite.compiler.structural import BATCH_DOT, BATCH_SIZE, BATCH_SUM, ZSUMPROD, Axis, Structural
from autograd_lite.compiler.traced import Traced, batch_axis
from autograd_lite.compiler.words import Ref, Words
from autograd_lite.engine import TABLE, ManyOp, Op, Value
from autograd_lite.reverse import reachable

__all__ = ["CAPTURED", "CARRY", "DIRECT", "ITEM", "MANY", "TOTAL", "Graph", "Run", "Step"]

CARRY, TOTAL, ITEM = "carry", "total", "item"  # the sources of a loop's leaves
CAPTURED = "captured"  # the source of the leaves that the function found outside its arguments
SUM_OF_PRODUCTS = TABLE["sumprod"]
DIRECT = {"add", "sub", "mul", "div", "neg", "zmul"}  # ops that are words of their own
MANY = 16  # Values that are alike and so many are made nodes all at once, which takes a tenth of the time


class Step:
    """The body of a loop as a graph of its own.

    Its leaves are the inputs ``(CARRY, k)``, ``(TOTAL, k)`` and ``(ITEM, k)``, numbered among those with the same batch
    axis, and nodes ``"outer"``, which are what the graph around it computes.

    Attributes
    ----------
    graph : Graph
        The body.
    carries, items : dict of int to int
        The node of each leaf that is used, by its place in the trace.
    totals : set of int
        The carries that are sums over all steps: they have arrays of their own.
    nexts, outs : dict of int to int
        The node of the next carry for each of these carries, and of each output that is used.
    checks : list of int
        Nodes that must be finite in every step.
    outer : list of int
        The nodes of the graph around it that it uses.
    length, reverse : int, bool
        How many steps, and whether they run from the last to the first.
    """

    def __init__(self, graph: Graph, length: int, *, reverse: bool) -> None:
        self.graph, self.length, self.reverse = graph, length, reverse
        self.carries: dict[int, int] = {}
        self.items: dict[int, int] = {}
        self.totals: set[int] = set()
        self.nexts: dict[int, int] = {}
        self.outs: dict[int, int] = {}
        self._places: dict[Any, dict[int, int]] = {}
        self.checks: list[int] = []
        self.outer: list[int] = []

    def axis_of_carry(self, k: int) -> Axis | None:
        """The batch axis of a carry."""
        return self.graph.axis[self.carries[k]]

    def places(self, nodes: Mapping[int, int], axis: Axis | None, *, total: bool = False) -> dict[int, int]:
        """Which of some carries, items or outputs have a batch axis, and where each lies in their array.

        Of the carries those that are totals, or the others.
        """
        key = (id(nodes), axis, total)
        if key not in self._places:
            chosen = [k for k, node in nodes.items() if self.graph.axis[node] is axis]
            if nodes is self.carries:
                chosen = [k for k in chosen if (k in self.totals) is total]
            self._places[key] = {k: at for at, k in enumerate(chosen)}
        return self._places[key]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Nodes that were made at once, one after the other.

    Attributes
    ----------
    count : int
        How many.
    factors : (Indices, Indices) or None
        For sums of products over a batch, the first and the second factor of each; None for leaves.
    slopes : sequence of Slopes
        What they stand for; such sums are in the result only, and have no ``args``.
    """

    count: int
    factors: tuple[Indices, Indices] | None = None
    slopes: Sequence[Slopes] = ()


class Graph(Nodes):
    """A program as a graph of words over scalars, in an order in which operands come first."""

    def __init__(self, *, exact: bool = False, axes: Mapping[Any, Axis] | None = None) -> None:
        super().__init__(exact=exact, axes=axes)
        self.final: dict[int, Value] = {}  # node -> the first Value that it is the result of
        self.captured: list[Value] = []
        self.runs: dict[int, Run] = {}  # by their first node
        self._formals: dict[tuple[str, Axis | None], int] = {}  # how many leaves of a loop's body there are, less 1
        self._columns: dict[tuple[Value, ...], tuple[Indices, Axis | None]] = {}

    def add_trace(self, roots: Sequence[Value | Slopes]) -> list[int]:
        """Expand everything below the roots; returns the roots' nodes, of slopes one for each."""
        node_of = self.node_of
        slopes = [v for v in roots if isinstance(v, Slopes)]
        place = {some: k for k, some in enumerate(slopes)}
        plain = [v for v in roots if not isinstance(v, Slopes)]
        nodes: list[Any] = reachable(chain(plain, *[(some.v_bar, *some.factors) for some in slopes]))
        used: dict[Any, set[Any]] = {}  # of each loop, which carries and outputs
        for v in filter(attrgetter("op"), nodes):
            if v.op in (LAST, OUT, STACK):
                static: Any = v.static
                used.setdefault(v.operands[0], set()).add((v.op is LAST, static[0] if v.op is OUT else static))
        placed: dict[Slopes, Sequence[int]] = {}
        begin = 0
        for rows in _alike(slopes):
            end = bisect_left(nodes, rows[-1].order, key=attrgetter("order"))
            self._add_all(nodes[begin:end], used)
            placed |= self._outer_products(sorted(rows, key=place.__getitem__))
            begin = end
        self._add_all(nodes[begin:], used)
        return list(chain.from_iterable([placed[v] if isinstance(v, Slopes) else (node_of[v],) for v in roots]))

    def _add_all(self, nodes: Sequence[Any], used: Mapping[Any, Any]) -> None:
        """Expand Values of a trace, in order."""
        xp = Words(self)
        for op, some in groupby(filterfalse(self.node_of.__contains__, nodes), attrgetter("op")):
            alike = list(some)
            if len(alike) >= MANY and op is BATCH_DOT and self._batch_dots(alike):
                continue
            if op is ZSUMPROD and self._sums_of_products(alike):
                continue
            for kind, same in groupby(alike, type) if op is None else [(None, alike)]:
                leaves = list(same)
                if kind is not Value or len(leaves) < MANY or not self._captured_leaves(leaves):
                    for v in leaves:
                        self._add(v, xp, used)

    def _add(self, v: Any, xp: Words, used: Mapping[Any, set[Any]]) -> None:
        """Expand one Value of a trace."""
        node_of = self.node_of
        self._now = v
        if v.op is None:
            node_of[v] = self._leaf(v)
            return
        if isinstance(v.op, Structural):
            i = self._loop(v, used.get(v, set())) if v.op is LOOP else self._structural(v)
        elif v.op is SUM_OF_PRODUCTS and len(v.operands) >= 2 * MANY:
            i = self._sum_of_products(v.operands)
        elif v.op is BATCH_SUM:
            i = self._batch_sum(node_of[v.operands[0]], batch_axis(v.operands[0]))
        else:
            i = self._expanded(xp, v.op, [node_of[u] for u in v.operands])
        node_of[v] = i
        self.final.setdefault(i, v)

    def outputs(
        self, roots: Sequence[Value | Slopes], must_be_finite: Sequence[Value], checks: Sequence[Value] = ()
    ) -> list[int]:
        """The nodes of the result, and after them those that must be finite as well; of an exact one the checks."""
        nodes = self.add_trace([*roots, *checks, *must_be_finite])  # also if nobody looks: programs capture the same
        end = len(nodes) - len(must_be_finite)
        start = end - len(checks)
        shown, checked, looked_at = nodes[:start], nodes[start:end], [] if self.exact else nodes[end:]
        checked = [i for i in checked if self.value(i) != 0.0]
        hidden = [] if self.exact else self.hidden()
        return [*shown, *sorted({*checked, *looked_at, *hidden}.difference(shown))]

    def _loop(self, v: Any, used: set[Any]) -> int:
        """The node of a loop: its body becomes a graph, of what is used of it."""
        body = v.static
        operands = [self.node_of[u] for u in v.operands]
        count, total = len(body.carry), len(body.carry) + len(body.items)
        outs = sorted(k for is_last, k in used if not is_last)
        carried = sorted(carries_below(body, [k for is_last, k in used if is_last], outs))
        common = next((self.axis[i] for i in operands if self.axis[i] is not None), None) if self.axes else None
        graph = Graph(exact=self.exact, axes=self.axes)
        step = Step(graph, body.length, reverse=body.reverse)
        graph._has_axes = self._has_axes
        step.totals = {k for k in carried if k >= len(body.carry) - body.totals}
        for k in carried:
            kind = TOTAL if k in step.totals else CARRY
            step.carries[k] = graph._formal(body.carry[k], kind, body.carry[k].axis or common)
        for k, f in enumerate(body.items):
            step.items[k] = graph._formal(f, ITEM, f.axis or self.axis[operands[count + k]])
        outer: dict[int, int] = {}
        for f, i in zip(body.fixed, operands[total:], strict=True):
            number = self.value(i)
            outer[i] = graph._intern("outer", (i,), self.axis[i]) if number is None else graph.constant(number)
            graph.node_of[f] = outer[i]
        nodes = graph.add_trace([*[body.nexts[k] for k in carried], *[body.outs[k] for k in outs]])
        step.nexts = dict(zip(carried, nodes, strict=False))
        step.outs = dict(zip(outs, nodes[len(carried) :], strict=True))
        reached = graph.reached(nodes)
        if not self.exact:
            step.checks = graph.hidden(everything=True)
            reached |= graph.reached(step.checks)
        step.outer = [i for i, inner in outer.items() if inner in reached]
        if not graph.is_exact:
            self.is_exact = False
        args = [*[operands[k] for k in carried], *[operands[count + k] for k in step.items], *step.outer]
        i = self._intern("loop", tuple(args), None, step)
        if not graph.is_exact:
            self._inexact.append(i)
        return i

    def _formal(self, v: Any, kind: str, axis: Axis | None) -> int:
        """The node of a leaf of a loop's body, behind others of its kind and batch axis."""
        self._has_axes |= axis is not None
        k = self._formals[kind, axis] = self._formals.get((kind, axis), -1) + 1
        self.node_of[v] = i = self._intern("input", ((kind, axis), k), axis)
        return i

    def _structural(self, v: Any) -> int:
        """The node of a structural op: a block of numbers, or a look-up in one."""
        operands = tuple([self.node_of[u] for u in v.operands])
        if v.op is BATCH_DOT:
            return self._batch_dot(operands[0], operands[1], v.static)
        if v.op is TAKE:
            rows, index = operands
            chosen = self.value(index)
            count, columns = self.static[rows]
            if chosen is not None and chosen in range(count):
                return int(self.args[rows][int(chosen) * columns + v.static])
            return self._intern("take", operands, self._common_axis(operands), v.static)
        if v.op is SCATTER:
            *place, over = v.static
            axis = None if over else self._common_axis(operands)
            return self._intern("scatter", operands, axis, (*place, over))
        if v.op in (LAST, OUT, STACK):
            (i,) = operands
            place = v.static if v.op is OUT else (v.static,)
            step: Step = self.static[i]
            node = step.nexts[v.static] if v.op is LAST else step.outs[place[0]]
            axis = step.axis_of_carry(v.static) if v.op is LAST else step.graph.axis[node]
            return self._intern(v.op.name, operands, axis, place)
        return self._intern("block", operands, self._common_axis(operands), v.static)

    def _expanded(self, xp: Words, op: Op, operands: list[int]) -> int:
        """Evaluate the rule of an op on nodes; an op that is a word itself needs no evaluation."""
        if op.name in DIRECT:
            return self.node(op.name, tuple(operands))
        if op is ZSUMPROD and not self.exact:
            return self._inexact_sum(self._terms(operands))
        given = [Ref(self, i) for i in operands]
        if isinstance(op, ManyOp) and op.rounded:
            return self._number(op.rounded(xp, *op.split(given)))
        return self._number(op.value_of(xp, given))

    def _sum_of_products(self, operands: tuple[Value, ...]) -> int:
        """The node of a sum of many products, whose factors stay in two columns."""
        half = len(operands) // 2
        (first, a), (second, b) = self._column(operands[:half]), self._column(operands[half:])
        axis = self._one_axis({a, b})
        return self._intern("sumprod", (first, second), axis, key=("sumprod", first.tobytes(), second.tobytes()))

    def _column(self, some: tuple[Value, ...]) -> tuple[Indices, Axis | None]:
        """The nodes of some Values as a column, and their axis; the inputs that neurons share give one column."""
        row = self._row(some) if type(some[0]) is Value and some[0].op is None else None
        if row is not None:
            return row, None
        if some not in self._columns:
            nodes = list(map(self.node_of.__getitem__, some))
            self._columns[some] = np.array(nodes), self._common_axis(nodes)
        return self._columns[some]

    def _leaf(self, v: Value) -> int:
        if isinstance(v, Traced):
            assert v.source is not None
            source, offset = v.source
            if source is BATCH_SIZE:
                return self._intern("size", (offset,), None)
            self._has_axes |= v.axis is not None
            return self._intern("input", v.source, v.axis or self.axes.get(source))
        if not v.requires_grad:
            return self.constant(v.data)
        self.captured.append(v)
        return self._intern("input", (CAPTURED, len(self.captured) - 1), None)

    def result_of(self, i: int) -> Value | None:
        """The first Value that a node is the result of; of a slope that is made now."""
        if i not in self.final:
            for first, run in self.runs.items():
                if run.slopes and first <= i < first + run.count:
                    row, k = divmod(i - first, len(run.slopes[0]))
                    self.final[i] = v = run.slopes[row].node(k)
                    self.node_of[v] = i
        return self.final.get(i)

    # Many at once

    def leaves(self, leaves: tuple[Value, ...]) -> Indices:
        """The nodes of leaves that were found outside the arguments, as a column."""
        row = self._row(leaves)
        return np.array(list(map(self.node_of.__getitem__, leaves))) if row is None else row

    def _row(self, leaves: tuple[Value, ...]) -> Indices | None:
        """The nodes of captured leaves that follow each other; None if they do not."""
        first = self.node_of[leaves[0]]
        source, *place = self.args[first]
        if source != CAPTURED or self.node_of[leaves[-1]] != first + len(leaves) - 1:
            return None
        found = self.captured[place[0] : place[0] + len(leaves)]
        return np.arange(first, first + len(leaves)) if tuple(found) == leaves else None

    def _captured_leaves(self, leaves: Sequence[Value]) -> bool:
        """Make the nodes of leaves that were found outside the arguments; False if some are constants."""
        if not all(map(attrgetter("requires_grad"), leaves)):
            return False
        first = len(self.captured)
        self.captured += leaves
        offsets = range(first, len(self.captured))
        members = self._append("input", list(zip(repeat(CAPTURED), offsets)), None, None, leaves)
        self.runs[members.start] = Run(len(members))
        return True

    def _batch_dots(self, dots: Sequence[Any]) -> bool:
        """Make the nodes of sums of products over one batch; False if one of them needs a look of its own."""
        axes = set(map(attrgetter("static"), dots))
        left, right = zip(*map(attrgetter("_operands"), dots), strict=True)
        a, b = (list(map(self.node_of.__getitem__, factors)) for factors in (left, right))
        if self.exact or len(axes) > 1 or {self.axis[i] for i in {*a, *b}} != axes:
            return False
        (axis,) = axes
        args = [(i, j) if i < j else (j, i) for i, j in zip(a, b, strict=True)]
        keys = [("batchdot", pair, None, axis) for pair in args]
        if len(set(args)) < len(args) or not self._index.keys().isdisjoint(keys):
            return False
        members = self._append("batchdot", args, None, axis, dots)
        first, second = np.array(args).T
        self.runs[members.start] = Run(len(members), (first, second))
        self._index |= zip(keys, members, strict=True)
        self.final |= zip(members, dots, strict=True)
        self.is_exact = False
        self._inexact += members
        return True

    def _sums_of_products(self, sums: Sequence[Any]) -> bool:
        """Make the nodes of sums of products, and of what several have in common; False if one needs another."""
        operands = list(map(attrgetter("_operands"), sums))
        node_of = self.node_of
        if self.exact or len(sums) == 1 or not node_of.keys() >= set(chain.from_iterable(operands)):
            return False
        found = [self._terms(list(map(node_of.__getitem__, some))) for some in operands]
        counts = Counter(chain.from_iterable(found))
        common: dict[tuple[int, ...], tuple[int, ...]] = {
            t: (self.inexact_product(t),) for t, n in counts.items() if n > 1 and len(t) == 2
        }
        for v, terms in zip(sums, found, strict=True):
            self._now = v
            i = node_of[v] = self._inexact_sum([common.get(t, t) for t in terms] if common else terms)
            self.final.setdefault(i, v)
        return True

    def _outer_products(self, rows: Sequence[Slopes]) -> dict[Slopes, Sequence[int]]:
        """Make the nodes of rows of slopes that have the same factors; returns those of each row."""
        left = [self.node_of[row.v_bar] for row in rows]
        right = list(map(self.node_of.__getitem__, rows[0].factors))
        both = {*left, *right}
        is_plain = {self.axis[i] for i in both} == {rows[0].axis} and "neg" not in {self.word[i] for i in both}
        used = {i for key in self._index if key[0] == "batchdot" for i in key[1]}
        if is_plain and len(both) == len(left) + len(right) and used.isdisjoint(left):
            members = self._append_slopes(rows, np.array(left), np.array(right))
            return {row: members[k : k + len(row)] for k, row in zip(count(0, len(right)), rows)}
        nodes = {row: row.nodes().values() for row in rows}  # there may be equal products: each is looked at
        self._add_all(list(chain.from_iterable(nodes.values())), {})
        return {row: list(map(self.node_of.__getitem__, some)) for row, some in nodes.items()}

    def _append_slopes(self, rows: Sequence[Slopes], left: Indices, right: Indices) -> range:
        """Make the nodes of the products of all pairs, row by row."""
        a, b = np.repeat(left, len(right)), np.tile(right, len(left))
        members = self._append("batchdot", [()] * len(a), None, rows[0].axis, ())
        self.runs[members.start] = Run(len(members), (np.minimum(a, b), np.maximum(a, b)), rows)
        self.is_exact = False
        self._inexact.append(members.start)
        return members


def _alike(slopes: Sequence[Slopes]) -> list[list[Slopes]]:
    """Rows with the same factors, in the order in which the last of each was made."""
    alike: dict[tuple[Any, ...], list[Slopes]] = defaultdict(list)
    for row in sorted(slopes, key=attrgetter("order")):
        alike[row.axis, row.factors].append(row)
    return sorted(alike.values(), key=lambda rows: rows[-1].order)

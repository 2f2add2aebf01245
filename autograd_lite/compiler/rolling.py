"""Rolling: a trace in which the same steps follow each other becomes a loop, before it is differentiated.

A plain Python loop leaves a trace of as many nodes as it took steps times operations. Where a step reads what earlier
steps made, later stages cannot make arrays of them; so the steps become the `Body` of a loop, as `scan` would have
traced it, and each node that was recorded becomes a result of that loop, in its place: whoever holds it, and whatever
was computed from it, need not know. All that follows sees a loop: derivatives of any order, batches, every backend.

What is rolled: many steps, alike in every operation; what they read is the same in all steps (fixed), of earlier steps
(a carry), or what was there before (an item of each step). Something must depend on itself in an earlier step, other
than a sum or an extreme over the steps: all else becomes arrays without a loop. Nor are layers rolled, each of which
brings weights of its own. `Limits` says how many steps, and how much they must compute: a loop is compiled sooner than
its steps, and as machine code it runs as fast; in NumPy it takes longer than they do.

Types: ``Any`` stands for nodes, Values or traced.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from autograd_lite.compiler.blocks import BLOCK, block
from autograd_lite.compiler.bodies import Body, again, axis_of, closed, is_inline, is_number
from autograd_lite.compiler.loops import LAST, OUT, record_loop
from autograd_lite.compiler.recurrences import SUMS, Limits, Read, Recorded, Recurrence, is_worthwhile, reads_of
from autograd_lite.compiler.repetitions import repetitions
from autograd_lite.compiler.structural import BATCH_SIZE
from autograd_lite.compiler.trace import Tracer
from autograd_lite.compiler.traced import Traced
from autograd_lite.reverse import reachable

__all__ = ["roll"]

MOST = 6  # loops of one function: to look for each takes time


def roll(least: Limits, tracer: Tracer, roots: Iterable[Any], since: int = -1) -> None:
    """Make loops of the steps that repeat below some roots, as far as they are newer than a creation number."""
    roots = list(roots)
    nodes = reachable(roots, since=since + 1, leaves=False)
    size = sum(len(v.operands) for v in nodes)
    if size < min(least.narrow, least.wide) or not _is_deep(nodes, least.fewest):
        return
    nodes = reachable(roots, since=since + 1)
    steps = Recorded(tracer, nodes, since)
    found = list(itertools.islice(repetitions(steps.kinds, steps.reads, least.fewest), MOST))
    understood = [reads_of(steps, some) or reads_of(steps, some.later) for some in found]
    loops = [loop for loop in understood if loop is not None and is_worthwhile(steps, loop, least)]
    if since >= 0 or 2 * sum(loop.size for loop in loops) > size:  # what has been differentiated reads every step
        for loop in loops:
            _Rolling(steps, loop).run()


def _is_deep(nodes: Sequence[Any], fewest: int) -> bool:
    """Whether a path is so long that steps may follow each other.

    A chain of sums, of which each is used by the next one only, counts once: later stages make one sum of it.
    """
    operands = [list(filter(attrgetter("op"), v.operands)) for v in nodes]  # a leaf has no depth
    uses = Counter(itertools.chain.from_iterable(operands))
    depth: dict[Any, int] = defaultdict(int)
    inside: dict[Any, int] = defaultdict(int)  # as a sum sees it that takes it over
    for v, some in zip(nodes, operands, strict=True):
        if v.op is not None:
            is_sum = v.op.name in SUMS
            d = depth[v] = inside[v] = 1 + max(map((inside if is_sum else depth).__getitem__, some), default=0)
            if d >= fewest:
                return True
            if is_sum and uses[v] == 1:
                inside[v] = d - 1
    return False


class _Rolling:
    """Makes one loop, and results of it of the nodes that were its steps."""

    def __init__(self, steps: Recorded, loop: Recurrence) -> None:
        self.steps, self.loop, self.tracer = steps, loop, steps.tracer
        self.start, self.period, self.length = loop.steps
        self.first_order = steps.nodes[self.start].order
        self.earlier: dict[Any, Any] = {}  # what has to be made before the loop, made again
        self.carries: dict[tuple[int, int], Any] = {}  # by role, and how many steps back
        self.items: dict[tuple[int, ...], Any] = {}

    def run(self) -> None:
        """Roll the steps, unless they hold what no loop can carry."""
        if not self._is_possible():
            return
        tracer, since = self.tracer, Traced.next_order()
        made, own = self._body()
        nexts = [made[role] if back == 1 else self.carries[role, back - 1] for role, back in self.carries]
        leaves = [*self.carries.values(), *self.items.values()]
        roots, formal, actual = closed([*nexts, *[made[role] for role in own]], leaves, since)
        k = len(self.carries)
        body = Body(leaves[:k], leaves[k:], formal, roots[:k], [], self.length, False, False)
        places = {role: body.output(v) for role, v in zip(own, roots[k:], strict=True)}
        first = [self._before(self.loop.before[key]) for key in self.carries]
        columns = [block(tracer, list(map(self._before, column)), 1) for column in self.items]
        loop = record_loop(tracer, body, first, columns, actual)
        self._put_in_order([*columns, loop])
        self._replace(loop, places)
        tracer.loops.append((self.length, self.period))

    def _is_possible(self) -> bool:
        """Whether numbers go into the loop and from step to step, of one batch, and none that is made meanwhile."""
        nodes, reads = self.steps.nodes[self.start : self.start + self.period], self.loop.reads
        carried = [nodes[read.role] for some in reads for read in some if read.back]
        given = [self.steps.node(x) for some in reads for read in some for x in read.items]
        fixed = [self.steps.node(read.fixed) for some in reads for read in some if read.role < 0 and not read.items]
        before = {key: self.steps.node(x) for key, x in self.loop.before.items()}
        outside = [*given, *fixed, *before.values()]
        return (
            all(map(is_number, (*carried, *given, *before.values())))
            and all(is_number(v) or v.op is BLOCK for v in fixed)
            and len({axis_of(v) for v in (*nodes, *outside)} - {None}) <= 1
            and all(axis_of(v) in (None, nodes[role].axis) for (role, _), v in before.items())
            and not any(self._is_new(v) for v in reachable(outside, constants=False, since=self.first_order))
        )

    def _is_new(self, v: Any) -> bool:
        """Whether this is a leaf, made in one of the steps, by which someone may differentiate later."""
        return v.op is None and v.order > self.first_order and not is_inline(v)

    def _body(self) -> tuple[list[Any], list[int]]:
        """One step over leaves: a node for each role, and the roles whose numbers differ from step to step."""
        nodes, leaf = self.steps.nodes, self.tracer.leaf
        for role, back in sorted(self.loop.before):
            v = nodes[self.start + self.period + role]
            self.carries[role, back] = leaf(("formal", 0), v.axis, v.label)
        for column in dict.fromkeys([read.items for reads in self.loop.reads for read in reads if read.items]):
            axes = [axis_of(self.steps.node(x)) for x in column]
            self.items[column] = leaf(("formal", 0), next((a for a in axes if a is not None), None))
        varying = {*self.carries.values(), *self.items.values()}
        made: list[Any] = []
        named: dict[Any, Any] = {}
        for role, reads in enumerate(self.loop.reads):
            v = nodes[self.start + self.period + role]
            operands = [self._operand(read, made) for read in reads]
            if varying.isdisjoint(operands):
                made.append(self._before(self.start + role))
                continue
            named[v] = again(v, operands, named)
            varying.add(named[v])
            made.append(named[v])
        return made, [role for role, v in enumerate(made) if v in varying and is_number(v)]

    def _operand(self, read: Read, made: Sequence[Any]) -> Any:
        if read.items:
            return self.items[read.items]
        if read.role < 0:
            return self._before(read.fixed)
        return self.carries[read.role, read.back] if read.back else made[read.role]

    def _before(self, x: int) -> Any:
        """A node of before the loop; what was made in a step, but is the same in all, is made again."""
        u = self.steps.node(x)
        if u.order < self.first_order:
            return u
        for v in reachable([u], since=self.first_order):
            if v not in self.earlier:
                self.earlier[v] = self._again(v, [self.earlier.get(w, w) for w in v.operands])
        return self.earlier[u]

    def _again(self, v: Any, operands: Sequence[Any]) -> Any:
        if v.op is None:
            return self.tracer.leaf((BATCH_SIZE, v.source[1])) if type(v) is Traced and v.source else v.constant(v.data)
        return again(v, operands, self.earlier) if type(v) is Traced else v.record(v.op, operands)

    def _put_in_order(self, made: Sequence[Any]) -> None:
        """Number new nodes as if they had been made just before the first step: operands come first."""
        new = [v for v in (*self.earlier.values(), *made) if v.order > self.first_order]
        for k, v in enumerate(new, start=1):
            v.order = self.first_order - 1 + k / (len(new) + 1)

    def _replace(self, loop: Any, places: dict[int, int]) -> None:
        """Make results of the loop of the nodes that were recorded."""
        place_of = {key: k for k, key in enumerate(self.carries)}
        for t in range(self.length):
            for role, k in places.items():
                v = self.steps.nodes[self.start + t * self.period + role]
                self.tracer.rolled[v] = v.op, v.operands, v.static
                last = place_of.get((role, self.length - t))
                v.op, v._operands = OUT if last is None else LAST, (loop,)
                v.static = (k, t) if last is None else last

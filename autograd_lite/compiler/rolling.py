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
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from autograd_lite.compiler.blocks import BLOCK, block
from autograd_lite.compiler.bodies import Body, again, axis_of, closed, is_inline, is_number
from autograd_lite.compiler.loops import LAST, OUT, record_loop
from autograd_lite.compiler.repetitions import Repetition, repetitions
from autograd_lite.compiler.trace import BATCH_SIZE, Structural, Traced, Tracer
from autograd_lite.reverse import reachable

__all__ = ["Limits", "limits", "roll"]

FARTHEST = 8  # steps back that a step may read
MOST = 6  # loops of one function: to look for each takes time
WIDE = 8.0  # operations that a step can do at once, on average, where arrays are worth it
SUMS = {"add", "sub", "fsum", "maximum", "minimum"}  # ops whose chains later stages make one array operation


class Limits(NamedTuple):
    """What is worth a loop.

    Attributes
    ----------
    fewest : int
        How many steps.
    narrow, wide : float
        How many operands all operations of all steps must have together: where a step does one thing after the other,
        and where it does many at once.
    """

    fewest: int
    narrow: float
    wide: float


EVERY = Limits(8, 0, 0)
NATIVE = Limits(20, 2_000, 2_000)  # what has fewer is compiled in a quarter of a second as it is
FLOATS = Limits(20, 10_000, 100_000)  # 100,000 take 5 seconds to compile; a loop of arrays runs up to twice as long
NUMPY = Limits(20, math.inf, 100_000)  # a loop of single numbers would run ten times as long


def limits(roll: bool | None, backend: str, *, is_native: bool) -> Limits | None:
    """What is rolled for a backend, as the user wants it: all, nothing, or what does not run slower for it."""
    if roll is not None:
        return EVERY if roll else None
    if backend == "auto":
        return NATIVE if is_native else FLOATS
    return {"numpy": NUMPY, "floats": FLOATS}.get(backend, NATIVE)


def roll(least: Limits, tracer: Tracer, roots: Iterable[Any], since: int = -1) -> None:
    """Make loops of the steps that repeat below some roots, as far as they are newer than a creation number."""
    nodes = reachable(roots, since=since + 1)
    size = sum(len(v.operands) for v in nodes)
    if size < min(least.narrow, least.wide) or _depth(nodes) < least.fewest:
        return
    steps = _Sequence(tracer, nodes, since)
    found = list(itertools.islice(repetitions(steps.kinds, steps.reads, least.fewest), MOST))
    understood = [_reads_of(steps, some) or _reads_of(steps, some.later) for some in found]
    loops = [loop for loop in understood if loop is not None and _is_worthwhile(steps, loop, least)]
    if since >= 0 or 2 * sum(loop.size for loop in loops) > size:  # what has been differentiated reads every step
        for loop in loops:
            _Rolling(steps, loop).run()


def _depth(nodes: Sequence[Any]) -> int:
    """The length of the longest path; where it is short there are no steps that follow each other."""
    depth: dict[Any, int] = {}
    for v in nodes:
        if v.op is not None:
            depth[v] = 1 + max([depth.get(u, 0) for u in v.operands], default=0)
    return max(depth.values(), default=0)


class _Sequence:
    """Nodes as kinds and reads; what they read from outside has a negative number, equal things the same."""

    def __init__(self, tracer: Tracer, nodes: Iterable[Any], since: int) -> None:
        self.tracer, self.since = tracer, since
        self.nodes: list[Any] = []
        self.kinds: list[int] = []
        self.reads: list[tuple[int, ...]] = []
        self._outside: list[Any] = []
        self._at: dict[Any, int] = {}
        self._numbers: dict[Hashable, int] = {}
        kinds: dict[Hashable, int] = {}
        at = self._at
        for v in nodes:
            i = len(self.nodes)
            if type(v) is Traced and v.op is not None:
                self.kinds.append(kinds.setdefault(self._kind(v), len(kinds)))
                places = [at[u] if u in at else self._outer(u) for u in v.operands]
                self.reads.append(tuple([i - x if x >= 0 else x for x in places]))
                at[v] = i
                self.nodes.append(v)
            else:
                self._outer(v)

    def node(self, x: int) -> Any:
        """What stands at a place, or has a negative number."""
        return self.nodes[x] if x >= 0 else self._outside[-1 - x]

    def _kind(self, v: Any) -> Any:
        if v in self.tracer.summed_inside:
            return v  # an error depends on where it leads to
        static = v.static if isinstance(v.op, Structural) else None
        return v.op, len(v.operands), v.axis, v.requires_grad, static

    def _outer(self, u: Any) -> int:
        if u not in self._at:
            x = self._numbers.setdefault(self._name(u), -1 - len(self._outside))
            if -1 - x == len(self._outside):
                self._outside.append(u)
            self._at[u] = x
        return self._at[u]

    def _name(self, u: Any) -> Any:
        """What is equal for equal things from outside."""
        if type(u) is Traced:
            return ("size", u.source[1]) if u.op is None and u.source and u.source[0] is BATCH_SIZE else u
        if u.op is None:
            return u if u.requires_grad else ("constant", u.data.hex())
        return (u.op, *map(self._outer, u.operands)) if u.order > self.since else u  # made of captured leaves alone


class _Read(NamedTuple):
    """What an operand is in all steps: of which role, so many steps back; or the same thing; or an item of each."""

    role: int = -1
    back: int = 0
    fixed: int = 0
    items: tuple[int, ...] = ()


class _Loop(NamedTuple):
    """Steps, their operands by role, and what a role was before the first step: by role and how many steps back."""

    steps: Repetition
    reads: list[tuple[_Read, ...]]
    before: dict[tuple[int, int], int]

    @property
    def size(self) -> int:
        """How many operands all operations of all steps have together."""
        return self.steps.length * sum(map(len, self.reads))


def _reads_of(steps: _Sequence, found: Repetition) -> _Loop | None:
    """Understand what each role reads; None if no loop does that."""
    before: dict[tuple[int, int], int] = {}
    reads = []
    for role in range(found.period):
        columns = zip(*steps.reads[found.start + role : found.stop : found.period], strict=True)
        understood = [_read_of(column, role, found, before) for column in columns]
        if None in understood:
            return None
        reads.append(tuple([read for read in understood if read is not None]))
    return _Loop(found, reads, before)


def _read_of(column: tuple[int, ...], role: int, found: Repetition, before: dict[tuple[int, int], int]) -> _Read | None:
    """What a role reads in all steps, from how far back that stands."""
    start, period, count = found
    d = column[-1]
    if 0 < d <= (count - 1) * period + role:
        at, source = divmod(role - d, period)
        if -at > FARTHEST or set(column[-at:]) != {d}:
            return None
        for t, x in enumerate([_place(start + role + t * period, d) for t, d in enumerate(column[:-at])]):
            if x >= start or before.setdefault((source, -at - t), x) != x:
                return None
        return _Read(source, -at)
    if d < 0 and len(set(column)) == 1:
        return _Read(fixed=d)
    places = tuple([_place(start + role + t * period, d) for t, d in enumerate(column)])
    if max(places) >= start:
        return None
    return _Read(items=places) if len(set(places)) > 1 else _Read(fixed=places[0])


def _place(i: int, d: int) -> int:
    """What the operation at a place reads: the place of another one, or a negative number as it is."""
    return i - d if d > 0 else d


def _is_worthwhile(steps: _Sequence, loop: _Loop, least: Limits) -> bool:
    """Whether later stages could not do as well without a loop."""
    start, period, _ = loop.steps
    reads = list(itertools.chain.from_iterable(loop.reads))
    ops = [v.op for v in steps.nodes[start : start + period]]
    if any(op.black_box for op in ops) and least is not EVERY:
        least = FLOATS  # no machine code calls it
    if loop.steps.length < least.fewest:
        return False
    enough = least.wide if period >= WIDE * _length(loop) else least.narrow
    items = sum(1 for read in reads if read.items)
    shared = sum(1 for read in reads if read.role < 0) - items
    return loop.size >= enough and items <= shared + 8 * len(loop.before) and _is_recurrent(loop, ops)


def _length(loop: _Loop) -> int:
    """How many operations of a step follow each other."""
    depth: list[int] = []
    for reads in loop.reads:
        depth.append(1 + max([depth[read.role] for read in reads if read.role >= 0 and not read.back], default=0))
    return max(depth)


def _is_recurrent(loop: _Loop, ops: Sequence[Any]) -> bool:
    """Whether something depends on itself in an earlier step, but for sums and extremes to which each step adds."""
    readers: dict[tuple[int, int], list[int]] = {}
    for role, reads in enumerate(loop.reads):
        for read in reads:
            readers.setdefault((read.role, read.back), []).append(role)
    sums = {role for role, back in readers if back == 1 and _is_sum(role, readers, ops)}
    below: list[set[int]] = []  # of each role, the roles on whose earlier numbers it depends
    for reads in loop.reads:
        own = [below[read.role] for read in reads if read.role >= 0 and not read.back]
        carried = {read.role for read in reads if read.back > 1 or (read.back and read.role not in sums)}
        below.append(carried.union(*own))
    depending = set().union(*below)
    while True:
        more = {role for role in depending if not below[role].isdisjoint(depending)}
        if more == depending:
            return bool(depending)
        depending = more


def _is_sum(role: int, readers: Mapping[tuple[int, int], list[int]], ops: Sequence[Any]) -> bool:
    """Whether a carry is added to in each step, and read by nothing else."""
    users = readers[role, 1]
    while len(users) == 1 and ops[users[0]].name in SUMS:
        if users[0] == role:
            return True
        users = readers.get((users[0], 0), [])
    return False


class _Rolling:
    """Makes one loop, and results of it of the nodes that were its steps."""

    def __init__(self, steps: _Sequence, loop: _Loop) -> None:
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

    def _operand(self, read: _Read, made: Sequence[Any]) -> Any:
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

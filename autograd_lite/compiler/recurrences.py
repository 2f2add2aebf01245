"""Steps that follow each other in a trace: what each operation of a step reads, and whether a loop of them pays.

Types: ``Any`` stands for nodes, Values or traced.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from autograd_lite.compiler.repetitions import Repetition
from autograd_lite.compiler.structural import BATCH_SIZE, Structural
from autograd_lite.compiler.trace import Tracer
from autograd_lite.compiler.traced import Traced

__all__ = ["SUMS", "Limits", "Recorded", "Recurrence", "is_worthwhile", "limits", "reads_of"]

FARTHEST = 8  # steps back that a step may read
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


class Recorded:
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


class Read(NamedTuple):
    """What an operand is in all steps: of which role, so many steps back; or the same thing; or an item of each."""

    role: int = -1
    back: int = 0
    fixed: int = 0
    items: tuple[int, ...] = ()


class Recurrence(NamedTuple):
    """Steps, their operands by role, and what a role was before the first step: by role and how many steps back."""

    steps: Repetition
    reads: list[tuple[Read, ...]]
    before: dict[tuple[int, int], int]

    @property
    def size(self) -> int:
        """How many operands all operations of all steps have together."""
        return self.steps.length * sum(map(len, self.reads))


def reads_of(steps: Recorded, found: Repetition) -> Recurrence | None:
    """Understand what each role reads; None if no loop does that."""
    before: dict[tuple[int, int], int] = {}
    reads = []
    for role in range(found.period):
        columns = zip(*steps.reads[found.start + role : found.stop : found.period], strict=True)
        understood = [_read_of(column, role, found, before) for column in columns]
        if None in understood:
            return None
        reads.append(tuple([read for read in understood if read is not None]))
    return Recurrence(found, reads, before)


def _read_of(column: tuple[int, ...], role: int, found: Repetition, before: dict[tuple[int, int], int]) -> Read | None:
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
        return Read(source, -at)
    if d < 0 and len(set(column)) == 1:
        return Read(fixed=d)
    places = tuple([_place(start + role + t * period, d) for t, d in enumerate(column)])
    if max(places) >= start:
        return None
    return Read(items=places) if len(set(places)) > 1 else Read(fixed=places[0])


def _place(i: int, d: int) -> int:
    """What the operation at a place reads: the place of another one, or a negative number as it is."""
    return i - d if d > 0 else d


def is_worthwhile(steps: Recorded, loop: Recurrence, least: Limits) -> bool:
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


def _length(loop: Recurrence) -> int:
    """How many operations of a step follow each other."""
    depth: list[int] = []
    for reads in loop.reads:
        depth.append(1 + max([depth[read.role] for read in reads if read.role >= 0 and not read.back], default=0))
    return max(depth)


def _is_recurrent(loop: Recurrence, ops: Sequence[Any]) -> bool:
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

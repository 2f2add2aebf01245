"""What identifies a trace: two functions whose traces have one fingerprint have one program.

Everything that later stages read of a trace goes into it: ops and operands in the order of their creation, constants
by their bits, batch axes, the shapes of inputs, and the names that appear in printed source. A trace with an op that a
user defined has none, since what such an op computes is not ours to know.

Where a reverse sweep is yet to come, it is part of the fingerprint, and not what it will record.

Types: ``Any`` stands for what `marshal` writes: numbers, text and containers of them.
"""

from __future__ import annotations

import hashlib
import marshal
import math
from collections.abc import Iterable, Sequence
from itertools import count, filterfalse, groupby, repeat
from operator import attrgetter
from typing import Any, NamedTuple

from autograd_lite.compiler.bodies import Body
from autograd_lite.compiler.pipeline import Trace
from autograd_lite.compiler.structural import BATCH_SIZE, BATCH_SUM, ZSUMPROD, Axis, Structural
from autograd_lite.compiler.traced import Traced
from autograd_lite.engine import Value
from autograd_lite.node import Node
from autograd_lite.op import TABLE, Op
from autograd_lite.reverse import reachable

__all__ = ["Fingerprint", "Sweep", "fingerprint"]

OURS = "autograd_lite.ops"  # the module of ops that nobody replaces
PLAIN = 2  # the version of marshal that writes equal things equally, whoever else refers to them
INPUT, SIZE, CAPTURED, CONSTANT = -1, -2, -3, -4


class Sweep(NamedTuple):
    """A reverse sweep that is yet to come: which transform takes it, with respect to what, and when the trace began."""

    transform: str
    inputs: list[Value]
    since: int


class Fingerprint(NamedTuple):
    """The key of a trace, or None if its program cannot be shared; and the leaves that it captured, in order."""

    key: bytes | None
    captured: list[Value]


def fingerprint(trace: Trace, sweep: Sweep | None = None) -> Fingerprint:
    """Identify a trace, and the sweep that is to come.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> from autograd_lite.compiler.tracing import trace
    >>> f, g = lambda x: ag.sin(x) * 2.0, lambda x: 2.0 * ag.sin(x)
    >>> same, other = lambda x: ag.sin(x) * 2.0, lambda x: ag.sin(x) * 3.0
    >>> keys = [fingerprint(trace(h, (), frozenset(), [1.0], {}, False)).key for h in (f, same, other)]
    >>> keys[0] == keys[1], keys[0] == keys[2]
    (True, False)
    """
    return _Reader().read(trace, sweep)


class _Reader:
    def __init__(self) -> None:
        self.ops: dict[Op, int] = {}
        self.axes: dict[Axis | None, int] = {None: 0}
        self.number: dict[Node, int] = {}
        self.captured: list[Value] = []
        self.since = -1
        self.depends = False  # whether what a sweep records depends on numbers: it looks for stale ones and for NaN

    def read(self, trace: Trace, sweep: Sweep | None) -> Fingerprint:
        self.since = sweep.since if sweep else -1
        rows = self.rows([*trace.roots, *trace.checks, *trace.must_be_finite])
        if not all(map(_is_ours, self.ops)) or (sweep and self.depends):
            return Fingerprint(None, self.captured)
        inputs = [sweep.transform, *self.places(sweep.inputs)] if sweep else None
        ends = [list(map(self.number.__getitem__, some)) for some in (trace.roots, trace.checks, trace.must_be_finite)]
        batched = [(source, self.axis(axis)) for source, axis in trace.axes.items()]
        axes = [axis.arguments for axis in self.axes if axis is not None]
        given = [list(trace.shapes.items()), list(trace.names.items())]
        content = [rows, [op.name for op in self.ops], ends, batched, axes, given, inputs]
        return Fingerprint(hashlib.sha256(marshal.dumps(content, PLAIN)).digest(), self.captured)

    def places(self, inputs: Sequence[Value]) -> Iterable[int | str]:
        """What a sweep is with respect to: as a rule all leaves that were captured."""
        return ["captured"] if inputs == self.captured else map(self.number.get, inputs, repeat(-1))

    def rows(self, roots: Sequence[Any], leaves: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """What the roots are computed from, as far as it has no number yet."""
        nodes: list[Any] = reachable(roots)
        if leaves or self.number:
            nodes = list(filterfalse(self.number.__contains__, dict.fromkeys([*leaves, *nodes])))
        self.number |= zip(nodes, count(len(self.number)))
        rows: list[tuple[Any, ...]] = []
        for op, alike in groupby(nodes, attrgetter("op")):
            for kind, same in groupby(alike, type):
                some = list(same)
                rows += self.leaves(some) if op is None and kind is not Traced else map(self.row, some)
        return rows

    def leaves(self, leaves: list[Value]) -> list[tuple[Any, ...]]:
        """What leaves are that were found outside the arguments; in one row, if none is a constant."""
        if not all(map(attrgetter("requires_grad"), leaves)):
            return list(map(self.row, leaves))
        self.captured += leaves
        return [(CAPTURED, *map(attrgetter("label"), leaves))]

    def row(self, v: Any) -> tuple[Any, ...]:
        """What a node is, without a reference to it."""
        if v.op is None:
            return (v.label, *self.leaf(v))
        at = self.number
        if type(v) is Traced:
            axis = 0 if v.axis is None else self.axis(v.axis)
            role: tuple[Any, ...] = (axis, at.get(v.adjoint_of), at.get(v.slope_of), v.requires_grad)
        else:
            role = (v.requires_grad,)
            self.depends |= v.order < self.since or math.isnan(v.data)
        op = self.ops.setdefault(v.op, len(self.ops))
        if isinstance(v.op, Structural):
            role = (*role, self.static(v.static))
        return (op, v.label, *role, *map(at.__getitem__, v.operands))

    def static(self, x: Any) -> Any:
        """The static part of a structural op as a key: whole numbers, a batch axis, or the body of a loop."""
        if isinstance(x, Body):
            return self.body(x)
        if isinstance(x, tuple):
            return tuple(map(self.static, x))
        return ("axis", self.axis(x)) if x is None or isinstance(x, Axis) else x

    def body(self, body: Body) -> tuple[Any, ...]:
        """One step of a loop."""
        parts = (body.carry, body.items, body.fixed, body.nexts, body.outs)
        rows = self.rows([*body.nexts, *body.outs], [*body.carry, *body.items, *body.fixed])
        numbers = [tuple([self.number[v] for v in part]) for part in parts]
        return (rows, *numbers, body.length, body.reverse, body.totals)

    def leaf(self, v: Any) -> tuple[Any, ...]:
        if type(v) is Traced:
            assert v.source is not None
            source, offset = v.source
            return (SIZE, self.axis(offset)) if source is BATCH_SIZE else (INPUT, source, offset, self.axis(v.axis))
        if not v.requires_grad:
            return (CONSTANT, float(v.data))
        self.captured.append(v)
        return (CAPTURED,)

    def axis(self, axis: Axis | None) -> int:
        return self.axes.setdefault(axis, len(self.axes))


def _is_ours(op: Op) -> bool:
    """Whether an op is one of the library itself."""
    return (
        op in (BATCH_SUM, ZSUMPROD)
        or isinstance(op, Structural)
        or (op.__module__ == OURS and TABLE.get(op.name) is op)
    )

"""What identifies a trace: two functions whose traces have one fingerprint have one program.

Everything that later stages read of a trace goes into it: ops and operands in the order of their creation, constants
by their bits, batch axes, the bodies of loops, the shapes of inputs, and the names that appear in printed source. A
trace with an op that a user defined has none, since what such an op computes is not ours to know.

Types: ``Any`` stands for what `marshal` writes: numbers, text and containers of them.
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from autograd_lite.compiler.blocks import BLOCK, SCATTER, TAKE
from autograd_lite.compiler.bodies import Body, axis_of
from autograd_lite.compiler.loops import LAST, LOOP, OUT, STACK
from autograd_lite.compiler.pipeline import Trace
from autograd_lite.compiler.trace import BATCH_DOT, BATCH_SIZE, BATCH_SUM, Axis, Structural, Traced
from autograd_lite.engine import Value
from autograd_lite.op import TABLE, Node, Op
from autograd_lite.reverse import reachable

__all__ = ["Fingerprint", "fingerprint"]

OURS = "autograd_lite.ops"  # the module of ops that nobody replaces
PLAIN = 2  # the version of marshal that writes equal things equally, whoever else refers to them
INPUT, SIZE, CAPTURED, CONSTANT, FORMAL = -1, -2, -3, -4, -5
IN_TRACES = {BATCH_SUM, BATCH_DOT, BLOCK, TAKE, SCATTER, LOOP, LAST, OUT, STACK}  # ops that no table has


class Fingerprint(NamedTuple):
    """The key of a trace, or None if its program cannot be shared; and the leaves that it captured, in order."""

    key: bytes | None
    captured: list[Value]


def fingerprint(trace: Trace) -> Fingerprint:
    """Identify a trace.

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
    return _Reader().read(trace)


class _Reader:
    def __init__(self) -> None:
        self.ops: dict[Op, int] = {}
        self.axes: dict[Axis | None, int] = {None: 0}
        self.number: dict[Node, int] = {}
        self.captured: list[Value] = []
        self.bodies: dict[Body, int] = {}
        self.body_rows: list[Any] = []

    def read(self, trace: Trace) -> Fingerprint:
        ends = [trace.roots, trace.checks, trace.must_be_finite]
        rows = self.rows([v for some in ends for v in some])
        if not all(_is_ours(op) for op in self.ops):
            return Fingerprint(None, self.captured)
        at = [[self.number[v] for v in some] for some in ends]
        batched = [(source, self.axis(axis)) for source, axis in trace.axes.items()]
        axes = [axis.arguments for axis in self.axes if axis is not None]
        given = [list(trace.shapes.items()), list(trace.names.items())]
        names = [(isinstance(op, Structural), op.name) for op in self.ops]
        content = [rows, self.body_rows, names, at, batched, axes, given]
        return Fingerprint(hashlib.sha256(marshal.dumps(content, PLAIN)).digest(), self.captured)

    def rows(self, roots: list[Any], leaves: Mapping[Any, Any] = MappingProxyType({})) -> list[tuple[Any, ...]]:
        """All nodes below some roots, of which some have rows already."""
        nodes = reachable(roots)
        self.number |= {v: k for k, v in enumerate(nodes, start=len(self.number))}
        return [leaves[v] if v in leaves else self.row(v) for v in nodes]

    def row(self, v: Any) -> tuple[Any, ...]:
        """What a node is, without a reference to it."""
        if v.op is None:
            return (v.label, *self.leaf(v))
        at = self.number
        role = (self.axis(v.axis), at.get(v.adjoint_of), at.get(v.slope_of)) if type(v) is Traced else ()
        op = self.ops.setdefault(v.op, len(self.ops))
        static = (self.static(v),) if isinstance(v.op, Structural) else ()
        return (op, v.label, *role, *static, *map(at.__getitem__, v.operands))

    def static(self, v: Any) -> Any:
        """What a structural op knows beside its operands."""
        if v.op is LOOP:
            return self.body(v.static)
        if v.op is BATCH_DOT:
            return self.axis(v.static)
        if v.op is SCATTER:
            *place, over = v.static
            return (*place, self.axis(over))
        return v.static

    def body(self, body: Body) -> int:
        """The number of a loop's body, which is read once.

        Its leaves may be leaves of the trace around it, and have another number inside.
        """
        if body not in self.bodies:
            around = self.number
            self.number = dict(around)
            kinds = enumerate((body.carry, body.items, body.fixed))
            leaves = {
                f: (f.label, FORMAL, kind, k, self.axis(axis_of(f))) for kind, some in kinds for k, f in enumerate(some)
            }
            rows = self.rows([*leaves, *body.nexts, *body.outs], leaves)
            ends = [[self.number[v] for v in some] for some in (body.nexts, body.outs)]
            self.bodies[body] = len(self.bodies)
            self.body_rows.append((self.bodies[body], rows, ends, body.length, body.reverse))
            self.number = around
        return self.bodies[body]

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
    return op in IN_TRACES or (op.__module__ == OURS and TABLE.get(op.name) is op)

"""Bodies of loops in traced graphs: one step, over leaves that stand for what a step is given.

Types: ``Any`` stands for nodes, Values or traced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from autograd_lite.compiler.structural import BATCH_SIZE, Axis, Structural
from autograd_lite.compiler.trace import Tracer
from autograd_lite.compiler.traced import Traced
from autograd_lite.reverse import reachable

__all__ = ["Body", "again", "axis_of", "carries_below", "closed", "is_inline", "is_number", "substituted"]


class Body:
    """One step of a loop, over leaves that stand for what a step is given.

    Parameters
    ----------
    carry, items, fixed : list of Traced
        The leaves.
    nexts, outs : list of nodes
        The next carry, and the outputs of a step; the derivative adds outputs that it needs.
    length : int
        How many steps, at least 1.
    reverse : bool
        Whether steps run from the last to the first.
    checkpoint : bool
        Whether the derivative computes a step again.
    totals : int
        How many of the last carries are sums over all steps, which nothing else in a step reads.
    """

    def __init__(  # noqa: PLR0917 - all that a loop is
        self,
        carry: list[Any],
        items: list[Any],
        fixed: list[Any],
        nexts: list[Any],
        outs: list[Any],
        length: int,
        reverse: bool,
        checkpoint: bool,
        totals: int = 0,
    ) -> None:
        self.carry, self.items, self.fixed, self.nexts, self.outs = carry, items, fixed, nexts, outs
        self.length, self.reverse, self.checkpoint, self.totals = length, reverse, checkpoint, totals
        self._place = {v: k for k, v in enumerate(outs)}

    def output(self, v: Any) -> int:
        """The place of an output; a new one, if it is not there yet."""
        if v not in self._place:
            self._place[v] = len(self.outs)
            self.outs.append(v)
        return self._place[v]


def carries_below(body: Body, last: Iterable[int], outs: Iterable[int]) -> set[int]:
    """Which carries count for some last carries and outputs."""
    place = {f: k for k, f in enumerate(body.carry)}
    found = set(last)
    stack_of = [*[body.nexts[k] for k in found], *[body.outs[k] for k in outs]]
    seen = set(stack_of)
    while stack_of:
        v = stack_of.pop()
        more = v.operands
        if v in place:
            found.add(place[v])
            more = (body.nexts[place[v]],)
        for u in more:
            if u not in seen:
                seen.add(u)
                stack_of.append(u)
    return found


def axis_of(v: Any) -> Axis | None:
    """The batch axis of a node."""
    return v.axis if type(v) is Traced else None


def is_number(v: Any) -> bool:
    """Whether a node stands for one number, not for a block of them."""
    return not isinstance(v.op, Structural) or v.op.gives_number


def is_inline(v: Any) -> bool:
    """Whether a node may stand in a body though it comes from outside: a constant, or the size of a batch."""
    if v.op is not None:
        return False
    return v.source[0] is BATCH_SIZE if type(v) is Traced and v.source else not v.requires_grad


def closed(roots: Sequence[Any], leaves: Iterable[Any], since: int) -> tuple[list[Any], list[Any], list[Any]]:
    """Make a body of nodes that were recorded in it: replace what comes from outside by leaves.

    Parameters
    ----------
    roots : list of nodes
        What the body computes.
    leaves : iterable of Traced
        The leaves that differ from step to step.
    since : int
        The creation number from which on nodes may belong to the body.

    Returns
    -------
    roots : list
        The roots anew.
    formal : list
        The leaves that stand for what comes from outside. Nodes that do not depend on the leaves come from there: they
        are computed once.
    actual : list
        What they stand for.
    """
    inside = set(leaves)
    given = set(inside)
    nodes = reachable(roots, since=since)
    for v in nodes:
        if v not in given and v.op is not None and not inside.isdisjoint(v.operands):
            inside.add(v)
    found: dict[Any, None] = {}
    stack_of = [u for v in nodes if v in inside for u in v.operands] + list(roots)
    seen = set()
    while stack_of:
        u = stack_of.pop()
        if u in inside or u in seen:
            continue
        seen.add(u)
        if not is_number(u):
            inside.add(u)
            stack_of += u.operands
        elif not is_inline(u):
            found[u] = None
    ordered = sorted(found, key=attrgetter("order"))
    formal = {u: u if u.op is None else _leaf_like(u, next(iter(given)).tracer) for u in ordered}
    changed = {u: f for u, f in formal.items() if u is not f}
    return substituted(roots, changed, inside - given), list(formal.values()), list(formal)


def _leaf_like(u: Any, tracer: Tracer) -> Traced:
    made: Traced = tracer.leaf(("formal", 0), axis_of(u), u.label)
    made.requires_grad = u.requires_grad
    return made


def substituted(roots: Sequence[Any], mapping: dict[Any, Any], inside: Iterable[Any]) -> list[Any]:
    """Record the nodes again that depend on what is replaced."""
    mapping = dict(mapping)
    if mapping:
        for v in sorted(inside, key=attrgetter("order")):
            if v not in mapping and any(u in mapping for u in v.operands):
                mapping[v] = again(v, [mapping.get(u, u) for u in v.operands], mapping)
    return [mapping.get(v, v) for v in roots]


def again(v: Any, operands: Sequence[Any], mapping: Mapping[Any, Any]) -> Any:
    """Record a node again, on other operands."""
    made = v.tracer.again(v, tuple(operands))
    made.adjoint_of, made.slope_of = mapping.get(v.adjoint_of, v.adjoint_of), mapping.get(v.slope_of, v.slope_of)
    return made

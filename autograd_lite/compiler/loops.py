r"""Loops in traced graphs: the body of a loop is traced once, and its derivative is a loop in the other direction.

A loop computes :math:`(c_{t+1}, y_t) = \mathrm{body}(c_t, x_t, w)` from its *carry* c, the *items* x of a step and what
is *fixed* for all steps. Its adjoint runs from the last step to the first:

.. math:: \bar c_t = \bar c_{t+1} \frac{\partial c_{t+1}}{\partial c_t} + \bar y_t \frac{\partial y_t}{\partial c_t},
   \qquad \bar w = \sum_t \bar c_{t+1} \frac{\partial c_{t+1}}{\partial w} + \bar y_t \frac{\partial y_t}{\partial w}

What its steps need of the first loop is stacked there step by step; with ``checkpoint`` only carries are, and the rest
is computed again (Griewank & Walther, "Evaluating Derivatives", 2nd ed. 2008, chapter 12).

Types: ``Any`` stands for nodes, Values or traced, and for adjoints of any kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from autograd_lite.compiler.blocks import BLOCK, BlockAdjoint, block
from autograd_lite.compiler.trace import BATCH_SIZE, Axis, Structural, Traced, Tracer
from autograd_lite.engine import Value
from autograd_lite.reverse import pull_back, reachable

__all__ = ["LAST", "LOOP", "OUT", "STACK", "Body", "carries_below", "closed", "project", "record_loop"]


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
    ) -> None:
        self.carry, self.items, self.fixed, self.nexts, self.outs = carry, items, fixed, nexts, outs
        self.length, self.reverse, self.checkpoint = length, reverse, checkpoint
        self._place = {v: k for k, v in enumerate(outs)}

    def output(self, v: Any) -> int:
        """The place of an output; a new one, if it is not there yet."""
        if v not in self._place:
            self._place[v] = len(self.outs)
            self.outs.append(v)
        return self._place[v]


class LoopAdjoint(NamedTuple):
    """The adjoint of a loop: of its last carry (place, adjoint), of outputs (place, step, adjoint), of stacks."""

    last: tuple[tuple[int, Any], ...] = ()
    outs: tuple[tuple[int, int, Any], ...] = ()
    stacks: tuple[tuple[int, Any], ...] = ()

    def __add__(self, other: Any) -> LoopAdjoint:
        """Join the parts of two."""
        return LoopAdjoint(*[mine + its for mine, its in zip(self, other, strict=True)])


class _Last(Structural):
    def pullback(self, v: Any, v_bar: Any, needs: Sequence[bool]) -> Sequence[Any]:  # noqa: ARG002 - as declared
        return [LoopAdjoint(last=((v.static, v_bar),))]


class _Out(Structural):
    def pullback(self, v: Any, v_bar: Any, needs: Sequence[bool]) -> Sequence[Any]:  # noqa: ARG002 - as declared
        return [LoopAdjoint(outs=((*v.static, v_bar),))]


class _Stack(Structural):
    def pullback(self, v: Any, v_bar: Any, needs: Sequence[bool]) -> Sequence[Any]:  # noqa: ARG002 - as declared
        return [LoopAdjoint(stacks=tuple([(v.static, stack) for stack in v_bar]))]


class _Loop(Structural):
    def pullback(self, v: Any, v_bar: LoopAdjoint, needs: Sequence[bool]) -> Sequence[Any]:
        return _Reversal(v, v_bar, needs).terms()


def loop(xp: Any, x: Any) -> Any:
    """A body run again and again."""
    return x


def last(xp: Any, x: Any) -> Any:
    """A number of the last carry."""
    return x


def out(xp: Any, x: Any) -> Any:
    """An output of one step."""
    return x


def stack(xp: Any, x: Any) -> Any:
    """An output of all steps, as a block."""
    return x


LOOP = _Loop(loop, {"x": 1.0})  # static: the body; operands: first carries, a block for each item, what is fixed
LAST = _Last(last, {"x": 1.0})  # static: which carry
OUT = _Out(out, {"x": 1.0})  # static: which output, of which step
STACK = _Stack(stack, {"x": 1.0})  # static: which output


def project(op: Structural, v: Traced, static: Any, axis: Axis | None) -> Traced:
    """A result of a loop."""
    made = v.tracer.structural(op, (v,), static)
    made.axis = axis
    return made


def record_loop(tracer: Tracer, body: Body, first: Sequence[Any], columns: Sequence[Any], fixed: Sequence[Any]) -> Any:
    """Record a loop: the numbers of its first carry, a block of `length` numbers for each item, and what is fixed."""
    return tracer.structural(LOOP, (*first, *columns, *fixed), body)


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
        if u.op in (BLOCK, LOOP, STACK):
            inside.add(u)
            stack_of += u.operands
        elif not is_inline(u):
            found[u] = None
    formal = {u: u if u.op is None else _leaf_like(u, next(iter(given)).tracer) for u in sorted(found, key=_order)}
    changed = {u: f for u, f in formal.items() if u is not f}
    return substituted(roots, changed, inside - given), list(formal.values()), list(formal)


def _order(v: Any) -> int:
    return int(v.order)


def _leaf_like(u: Any, tracer: Tracer) -> Traced:
    made: Traced = tracer.leaf(("formal", 0), axis_of(u), u.label)
    made.requires_grad = u.requires_grad
    return made


def substituted(roots: Sequence[Any], mapping: dict[Any, Any], inside: Iterable[Any]) -> list[Any]:
    """Record the nodes again that depend on what is replaced."""
    mapping = dict(mapping)
    if mapping:
        for v in sorted(inside, key=_order):
            if v not in mapping and any(u in mapping for u in v.operands):
                mapping[v] = _again(v, mapping)
    return [mapping.get(v, v) for v in roots]


def _again(v: Any, mapping: dict[Any, Any]) -> Any:
    made = v.tracer.structural(v.op, [mapping.get(u, u) for u in v.operands], v.static)
    made.axis, made.label, made.requires_grad = v.axis, v.label, v.requires_grad
    made.adjoint_of, made.slope_of = (mapping.get(u, u) for u in (v.adjoint_of, v.slope_of))
    return made


# --- The derivative ---------------------------------------------------------------------------------------------------


class _Reversal:
    """The adjoint of one loop, as a loop in the other direction."""

    def __init__(self, v: Any, v_bar: LoopAdjoint, needs: Sequence[bool]) -> None:
        self.v, self.body, self.tracer = v, v.static, v.tracer
        body = self.body
        a, b = len(body.carry), len(body.carry) + len(body.items)
        self.columns, self.actual = v.operands[a:b], v.operands[b:]
        self.needs = needs
        self.last: dict[int, Any] = {}
        for j, adjoint in v_bar.last:
            self.last[j] = self.last[j] + adjoint if j in self.last else adjoint
        self.by_step: dict[int, dict[int, Any]] = {}
        for k, t, adjoint in v_bar.outs:
            steps = self.by_step.setdefault(k, {})
            steps[t] = steps[t] + adjoint if t in steps else adjoint
        self.stacks = v_bar.stacks
        self.wanted = [f for f, need in zip((*body.carry, *body.items, *body.fixed), needs, strict=True) if need]
        self.order = reachable([*body.nexts, *body.outs])

    def terms(self) -> list[Any]:
        """What the loop's operands get."""
        body, leaf = self.body, self.tracer.leaf
        mattering = self._mattering()
        carried = [j for j in self._active() if j in mattering]
        seeds: list[tuple[Any, Any]] = []
        bars = {j: leaf(("formal", 0), body.carry[j].axis) for j in carried}
        seeds += [(body.nexts[j], bar) for j, bar in bars.items()]
        items: list[tuple[Any, Any]] = []  # a leaf, and its column
        zero = Value.constant(0.0)
        for k, steps in self.by_step.items():
            items.append(
                (
                    leaf(("formal", 0), axis_of(body.outs[k])),
                    self._column([steps.get(t, zero) for t in range(body.length)]),
                )
            )
            seeds.append((body.outs[k], items[-1][0]))
        for k, its in self.stacks:
            items.append((leaf(("formal", 0), axis_of(its)), its))
            seeds.append((body.outs[k], items[-1][0]))
        since = Value.next_order()
        wrt = [*[body.carry[j] for j in carried], *[f for f in self.wanted if f not in set(body.carry)]]
        outer, self.tracer.sheltered = self.tracer.sheltered, {}
        adjoint = pull_back(seeds, wrt)
        self.tracer.sheltered = outer
        fixed_bars = {f: leaf(("formal", 0), axis_of(f)) for f in body.fixed if f in adjoint}
        nexts = [adjoint.get(body.carry[j], zero) for j in carried]
        nexts += [bar + adjoint[f] for f, bar in fixed_bars.items()]
        item_bars = [f for f in body.items if f in adjoint]
        roots = [*nexts, *[adjoint[f] for f in item_bars]]
        roots, more, formal, actual = self._with_residuals(roots, since)
        items += more
        backward = Body(
            [*bars.values(), *fixed_bars.values()],
            [f for f, _ in items],
            formal,
            roots[: len(nexts)],
            [],
            body.length,
            not body.reverse,
            body.checkpoint,
        )
        places = [backward.output(x) for x in roots[len(nexts) :]]
        first = [*[self.last.get(j, zero) for j in carried], *[zero] * len(fixed_bars)]
        made = record_loop(self.tracer, backward, first, [column for _, column in items], actual)
        found = {body.carry[j]: project(LAST, made, k, bars[j].axis) for k, j in enumerate(carried)}
        found |= {f: project(LAST, made, len(carried) + k, bar.axis) for k, (f, bar) in enumerate(fixed_bars.items())}
        found |= {f: (made, place) for f, place in zip(item_bars, places, strict=True)}
        return self._distributed(found)

    def _distributed(self, found: dict[Any, Any]) -> list[Any]:
        """Hand adjoints to operands; one that is shared by a batch gets the sum over it."""
        body = self.body
        terms: list[Any] = []
        for f, u, need in zip((*body.carry, *body.items, *body.fixed), self.v.operands, self.needs, strict=True):
            if not need or f not in found:
                terms.append(None)
            elif isinstance(found[f], tuple):
                terms.append(self._item_term(u, *found[f]))
            else:
                terms.append(_shared(found[f], u))
        return terms

    def _item_term(self, column: Any, made: Any, place: int) -> Any:
        axis = axis_of(made.static.outs[place])
        if column.op is STACK:
            return (project(STACK, made, place, axis),)
        steps = [project(OUT, made, (place, t), axis) for t in range(self.body.length)]
        return BlockAdjoint(direct=([_shared(x, u) for x, u in zip(steps, column.operands, strict=True)],))

    def _column(self, numbers: list[Any]) -> Any:
        return block(self.tracer, numbers, 1)

    def _active(self) -> list[int]:
        """Carries that depend on what is differentiated by."""
        body, active = self.body, set(self.wanted)
        while True:
            depends = set(active)
            for v in self.order:
                if v.requires_grad and not depends.isdisjoint(v.operands):
                    depends.add(v)
            more = {f for f, v in zip(body.carry, body.nexts, strict=True) if v in depends} - active
            if not more:
                return [j for j, f in enumerate(body.carry) if f in active]
            active |= more

    def _mattering(self) -> set[int]:
        """Carries on which what has an adjoint depends."""
        return carries_below(self.body, self.last, {*self.by_step, *[k for k, _ in self.stacks]})

    def _with_residuals(self, roots: list[Any], since: int) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
        """Replace what the first loop computed by items that it stacks; returns what is fixed as well."""
        body = self.body
        own = {*body.carry, *body.items}
        nodes = reachable(roots)
        mapping: dict[Any, Any] = {}
        more: list[tuple[Any, Any]] = []
        depends = set(own)
        for v in nodes:
            if v.op is not None and v.order < since and not depends.isdisjoint(v.operands):
                depends.add(v)
        pending = [u for v in nodes if v.order >= since for u in v.operands if u.order < since]
        pending += [v for v in roots if v.order < since]
        seen: set[Any] = set()
        columns = dict(zip(body.items, self.columns, strict=True))
        while pending:
            u = pending.pop()
            if u in seen or u not in depends:
                continue
            seen.add(u)
            if u.op in (BLOCK, LOOP, STACK) or (body.checkpoint and u.op is not None):
                pending += u.operands
            elif u in columns:
                more.append((u, columns[u]))
            else:
                leaf = self.tracer.leaf(("formal", 0), u.axis)
                mapping[u] = leaf
                more.append((leaf, project(STACK, self.v, body.output(u), u.axis)))
        roots = substituted(roots, mapping, [v for v in nodes if v.op is not None])
        used = set(reachable(roots))
        kept = [(f, u) for f, u in zip(body.fixed, self.actual, strict=True) if f in used]
        more = [(f, column) for f, column in more if f in used]
        return roots, more, [f for f, _ in kept], [u for _, u in kept]


def _shared(x: Any, u: Any) -> Any:
    return x.summed(x, u) if axis_of(x) is not None and axis_of(u) is None else x

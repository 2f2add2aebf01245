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

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from autograd_lite.compiler.blocks import BlockAdjoint, block
from autograd_lite.compiler.bodies import Body, axis_of, carries_below, is_inline, is_number, substituted
from autograd_lite.compiler.structural import Axis, Structural
from autograd_lite.compiler.trace import Tracer
from autograd_lite.compiler.traced import Traced
from autograd_lite.engine import Value, as_nodes
from autograd_lite.forward import push_forward
from autograd_lite.reverse import pull_back, reachable

__all__ = ["LAST", "LOOP", "OUT", "STACK", "project", "record_loop"]


class LoopAdjoint(NamedTuple):
    """The adjoint of a loop: of its last carry (place, adjoint), of outputs (place, step, adjoint), of stacks."""

    last: tuple[tuple[int, Any], ...] = ()
    outs: tuple[tuple[int, int, Any], ...] = ()
    stacks: tuple[tuple[int, Any], ...] = ()

    def __add__(self, other: Any) -> LoopAdjoint:
        """Join the parts of two."""
        return LoopAdjoint(*[mine + its for mine, its in zip(self, other, strict=True)])


class LoopTangent(NamedTuple):
    """The tangent of a loop: a loop of its own, and which of its results is whose tangent, of carries and outputs."""

    made: Any
    last: Mapping[int, int]
    outs: Mapping[int, int]

    def project(self, op: Structural, place: int | None, *step: int) -> Any:
        """One of its results; None where there is none, because it does not move."""
        if place is None:
            return None
        body = self.made.static
        axis = axis_of(body.carry[place] if op is LAST else body.outs[place])
        return project(op, self.made, (place, *step) if step else place, axis)


class _Last(Structural):
    def pullback(self, v: Any, v_bar: Any, needs: Sequence[bool]) -> Sequence[Any]:  # noqa: ARG002 - as declared
        return [LoopAdjoint(last=((v.static, v_bar),))]

    def pushforward(self, v: Any, moved: Sequence[Any]) -> Any:
        return moved[0].project(LAST, moved[0].last.get(v.static))


class _Out(Structural):
    def pullback(self, v: Any, v_bar: Any, needs: Sequence[bool]) -> Sequence[Any]:  # noqa: ARG002 - as declared
        return [LoopAdjoint(outs=((*v.static, v_bar),))]

    def pushforward(self, v: Any, moved: Sequence[Any]) -> Any:
        k, t = v.static
        return moved[0].project(OUT, moved[0].outs.get(k), t)


class _Stack(Structural):
    gives_number = False

    def pullback(self, v: Any, v_bar: Any, needs: Sequence[bool]) -> Sequence[Any]:  # noqa: ARG002 - as declared
        return [LoopAdjoint(stacks=tuple([(v.static, stack) for stack in v_bar]))]

    def pushforward(self, v: Any, moved: Sequence[Any]) -> Any:
        return moved[0].project(STACK, moved[0].outs.get(v.static))


class _Loop(Structural):
    gives_number = False

    def pullback(self, v: Any, v_bar: LoopAdjoint, needs: Sequence[bool]) -> Sequence[Any]:
        return _Reversal(v, v_bar, needs).terms()

    def pushforward(self, v: Any, moved: Sequence[Any]) -> Any:
        return _Pushforward(v, moved).tangent()


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
    made: Traced = v.tracer.structural(op, (v,), static)
    made.axis = axis
    return made


def record_loop(tracer: Tracer, body: Body, first: Sequence[Any], columns: Sequence[Any], fixed: Sequence[Any]) -> Any:
    """Record a loop: the numbers of its first carry, a block of `length` numbers for each item, and what is fixed."""
    return tracer.structural(LOOP, (*first, *columns, *fixed), body)


# --- Derivatives ------------------------------------------------------------------------------------------------------


class _Derivative:
    """What both derivatives of a loop know of it; each is a loop of its own, and reads what the first one stacks."""

    def __init__(self, v: Any) -> None:
        self.v, self.body, self.tracer = v, v.static, v.tracer
        a, b = len(self.body.carry), len(self.body.carry) + len(self.body.items)
        self.columns, self.actual = v.operands[a:b], v.operands[b:]
        self.order = reachable([*self.body.nexts, *self.body.outs])

    def moving(self, wrt: Iterable[Any]) -> list[int]:
        """Carries that depend on some leaves."""
        body, moving = self.body, set(wrt)
        while True:
            depends = set(moving)
            for v in self.order:
                if v.requires_grad and not depends.isdisjoint(v.operands):
                    depends.add(v)
            more = {f for f, v in zip(body.carry, body.nexts, strict=True) if v in depends} - moving
            if not more:
                return [j for j, f in enumerate(body.carry) if f in moving]
            moving |= more

    def with_residuals(self, roots: list[Any], since: int) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
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
        residuals: list[Any] = []
        columns = dict(zip(body.items, self.columns, strict=True))
        while pending:
            u = pending.pop()
            if u in seen or u not in depends:
                continue
            seen.add(u)
            if not is_number(u) or (body.checkpoint and u.op is not None):
                pending += u.operands
            elif u in columns:
                more.append((u, columns[u]))
            else:
                residuals.append(u)
        places = {body.output(u): u for u in sorted(residuals, key=attrgetter("order"))}
        for place in sorted(places):  # stacked and read in one order
            u = places[place]
            mapping[u] = self.tracer.leaf(("formal", 0), u.axis)
            more.append((mapping[u], project(STACK, self.v, place, u.axis)))
        roots = substituted(roots, mapping, [v for v in nodes if v.op is not None])
        used = set(reachable(roots))
        kept = [(f, u) for f, u in zip(body.fixed, self.actual, strict=True) if f in used]
        more = [(f, column) for f, column in more if f in used]
        return roots, more, [f for f, _ in kept], [u for _, u in kept]


class _Pushforward(_Derivative):
    """The tangent of one loop, as a loop in the same direction."""

    def __init__(self, v: Any, moved: Sequence[Any]) -> None:
        super().__init__(v)
        leaves = (*self.body.carry, *self.body.items, *self.body.fixed)
        self.given = {f: as_nodes([x])[0] for f, x in zip(leaves, moved, strict=True) if x is not None}

    def tangent(self) -> LoopTangent:
        """The loop, and where its results are."""
        body, given = self.body, self.given
        seeds = self._seeds()
        since = Value.next_order()
        found = push_forward([*body.nexts, *body.outs], seeds, create_graph=True)
        carried = [j for j, f in enumerate(body.carry) if f in seeds]
        items = [(seeds[f], given[f]) for f in body.items if f in given]
        fixed = [(seeds[f], given[f]) for f in body.fixed if f in given and seeds[f] is not given[f]]
        outs = [k for k, v in enumerate(body.outs) if v in found]
        zero = Value.constant(0.0)
        roots = [*[found.get(body.nexts[j], zero) for j in carried], *[found[body.outs[k]] for k in outs]]
        roots, more, formal, actual = self.with_residuals(roots, since)
        items += more
        forward = Body(
            [seeds[body.carry[j]] for j in carried],
            [f for f, _ in items],
            [*formal, *[f for f, _ in fixed]],
            roots[: len(carried)],
            [],
            body.length,
            body.reverse,
            body.checkpoint,
            len([j for j in carried if j >= len(body.carry) - body.totals]),
        )
        places = [forward.output(x) for x in roots[len(carried) :]]
        first = [given.get(body.carry[j], zero) for j in carried]
        actual = [*actual, *[x for _, x in fixed]]
        made = record_loop(self.tracer, forward, first, [column for _, column in items], actual)
        return LoopTangent(made, {j: k for k, j in enumerate(carried)}, dict(zip(outs, places, strict=True)))

    def _seeds(self) -> dict[Any, Any]:
        """Tangents of the body's leaves: new leaves, except for a constant one of what is fixed."""
        body, given, leaf = self.body, self.given, self.tracer.leaf
        seeds = {body.carry[j]: leaf(("formal", 0), body.carry[j].axis) for j in self.moving(given)}
        seeds |= {f: leaf(("formal", 0), axis_of(given[f])) for f in body.items if f in given}
        for f in body.fixed:
            if f in given:
                seeds[f] = given[f] if is_inline(given[f]) else leaf(("formal", 0), axis_of(given[f]))
        return seeds


class _Reversal(_Derivative):
    """The adjoint of one loop, as a loop in the other direction."""

    def __init__(self, v: Any, v_bar: LoopAdjoint, needs: Sequence[bool]) -> None:
        super().__init__(v)
        body = self.body
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

    def terms(self) -> list[Any]:
        """What the loop's operands get."""
        body, leaf = self.body, self.tracer.leaf
        mattering = self._mattering()
        carried = [j for j in self.moving(self.wanted) if j in mattering]
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
        own = set(body.carry)
        wrt = [*[body.carry[j] for j in carried], *[f for f in self.wanted if f not in own]]
        outer, self.tracer.sheltered = self.tracer.sheltered, {}
        adjoint = pull_back(seeds, wrt)
        self.tracer.sheltered = outer
        fixed_bars = {f: leaf(("formal", 0), axis_of(f)) for f in body.fixed if f in adjoint}
        nexts = [adjoint.get(body.carry[j], zero) for j in carried]
        nexts += [bar + adjoint[f] for f, bar in fixed_bars.items()]
        item_bars = [f for f in body.items if f in adjoint]
        roots = [*nexts, *[adjoint[f] for f in item_bars]]
        roots, more, formal, actual = self.with_residuals(roots, since)
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
            len(fixed_bars),
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

    def _mattering(self) -> set[int]:
        """Carries on which what has an adjoint depends."""
        return carries_below(self.body, self.last, {*self.by_step, *[k for k, _ in self.stacks]})


def _shared(x: Any, u: Any) -> Any:
    return x.summed(x, u, x.axis) if axis_of(x) is not None and axis_of(u) is None else x

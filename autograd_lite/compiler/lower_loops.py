"""Loops: the graph of a body becomes instructions that the program runs again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler.builder import Builder
from autograd_lite.compiler.finite import checks, hidden_sums
from autograd_lite.compiler.graph import CARRY, ITEM, TOTAL, Step
from autograd_lite.compiler.groups import group, is_total
from autograd_lite.compiler.in_place import updated_in_place
from autograd_lite.compiler.ir import Array, Carry, Item, Literal, Loop, Map, Output, Slice, outputs_of
from autograd_lite.compiler.layout import contiguous
from autograd_lite.compiler.naming import Names
from autograd_lite.compiler.structural import Axis
from autograd_lite.compiler.sums import collect

__all__ = ["lower_loop"]

OUT = "out"  # beside the kinds of a body's leaves: what a step gives


def lower_loop(to: Builder, k: int, lower_groups: Callable[[Builder], None]) -> None:
    """Lower a loop; what its body needs of outside in another order is made before it."""
    _Lowering(to, to.groups[k].members[0], lower_groups).run()


class _Lowering:
    def __init__(self, to: Builder, node: int, lower_groups: Callable[[Builder], None]) -> None:
        self.to, self.node = to, node
        self.step: Step = to.graph.static[node]
        step, args = self.step, to.graph.args[node]
        self.first = dict(zip(step.carries, args, strict=False))
        self.columns = dict(zip(step.items, args[len(step.carries) :], strict=False))
        self.group_of = {
            (OUT if g.word != "last" else TOTAL if is_total(to.graph, g.members[0]) else CARRY, g.axis): k
            for k, g in enumerate(to.groups)
            if g.word in ("last", "out", "stack") and to.graph.args[g.members[0]][0] == node
        }
        self.given = {
            (kind, axis): self.array(kind, axis)
            for kind in (CARRY, TOTAL, ITEM)
            for axis in self.axes(kind)
            if self.places(kind, axis)
        }
        self.body = self.lowered(lower_groups)

    def run(self) -> None:
        step, to = self.step, self.to
        carry = [
            Carry(array, self.initial(kind, axis), self.joined("next", step.nexts, self.places(kind, axis), axis))
            for (kind, axis), array in self.given.items()
            if kind != ITEM
        ]
        xs = [Item(array, self.sequence(axis)) for (kind, axis), array in self.given.items() if kind == ITEM]
        outs = []
        for axis in self.axes(OUT):
            value = self.joined("made", step.outs, self.places(OUT, axis), axis)
            outs.append(Output(self.array(OUT, axis)[contiguous((step.length, value.array.size))], value))
        carry += self.checked()
        to.has_contractions |= self.body.has_contractions
        lines, carry = updated_in_place(self.body.instructions, carry, [out.value for out in outs])
        instructions = tuple(lines)
        own = dict.fromkeys(out.array for i in instructions for out in outputs_of(i) if out.array.role == "joined")
        to.emit(Loop(instructions, step.length, tuple(carry), tuple(xs), tuple(outs), step.reverse, tuple(own)))

    def nodes(self, kind: str) -> Mapping[int, int]:
        """The carries, items or outputs of a step."""
        return {ITEM: self.step.items, OUT: self.step.outs}.get(kind, self.step.carries)

    def axes(self, kind: str) -> list[Axis | None]:
        """The batch axes of carries, items or outputs; each has an array."""
        return list(dict.fromkeys(self.step.graph.axis[i] for i in self.nodes(kind).values()))

    def places(self, kind: str, axis: Axis | None) -> Mapping[int, int]:
        """Where the carries, items or outputs with an axis lie in their array."""
        return self.step.places(self.nodes(kind), axis, total=kind == TOTAL)

    def array(self, kind: str, axis: Axis | None) -> Array:
        """The array of a result, or one that only the loop needs."""
        if (kind, axis) in self.group_of:
            return self.to.arrays[self.group_of[kind, axis]]
        size = len(self.places(kind, axis)) * (self.step.length if kind == OUT else 1)
        return self.to.local((size,), self.to.dim(axis), {ITEM: "x", OUT: "outs"}.get(kind, kind))

    def lowered(self, lower_groups: Callable[[Builder], None]) -> Builder:
        """The body's instructions."""
        graph = self.step.graph
        outputs = [*self.step.nexts.values(), *self.step.outs.values(), *self.step.checks]
        nodes = collect(graph, outputs)
        groups, member_of = group(graph, nodes, outputs, self.to.member_of)
        names: dict[Any, str] = {source: array.name for source, array in self.given.items()}  # any key
        names |= {("outer", g): name for g, name in enumerate(self.to.names.names)}
        body = Builder(graph, groups, member_of, Names(graph, groups, member_of, names), {}, self.to, self.given)
        lower_groups(body)
        return body

    def initial(self, kind: str, axis: Axis | None) -> Slice:
        places = self.places(kind, axis)
        return self.to.assembled(np.array([self.to.member_of[self.first[k]] for k in places]), self.to.dim(axis))

    def sequence(self, axis: Axis | None) -> Slice:
        """The items of all steps: a row for each step."""
        columns = [self.to.column(self.columns[k]) for k in self.places(ITEM, axis)]
        return self.to.assembled(np.stack(columns, axis=1), self.to.dim(axis))

    def joined(self, name: str, nodes: Mapping[int, int], places: Iterable[int], axis: Axis | None) -> Slice:
        """An array of some results of a step."""
        members = [self.body.member_of[nodes[place]] for place in places]
        array = Array(self.body.names.unique(name), (len(members),), self.to.dim(axis), "joined")
        self.body.fill(array, range(len(members)), members)
        return array.whole

    def checked(self) -> Sequence[Carry]:
        """What says at the end that all steps found finite what must be."""
        body, to = self.body, self.to
        if body.exact:
            return ()
        hidden = hidden_sums(body.instructions, {*self.given.values()})
        hidden += [body.arrays[g] for g in dict.fromkeys(body.member_of[i][0] for i in self.step.checks)]
        instructions, found = checks(list(dict.fromkeys(hidden)))
        body.instructions += instructions
        found += body.unsound
        if not found:
            return ()
        total = Array(to.names.unique("unsound"))
        now = total.whole
        for number in found:
            after = Array(body.names.unique("check")).whole
            body.emit(Map(after, "add", (now, number)))
            now = after
        to.unsound.append(total.whole)
        return (Carry(total, Literal(0.0), now),)

"""The gradients that pass along the edges of a graph folded by calls, a number for each value that an edge carries.

A box stands for many nodes; its gradient is that of its outputs. What a box passes back to one that it reads is, for
each value read, the sum over the uses inside of the user's adjoint times the local derivative: the product of the box's
Jacobian, transposed, and the gradient of its outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from .view import GraphView, product

__all__ = ["Flows"]


class Flows:
    """What passes along the edges of a view whose level is ``"functions"``.

    Attributes
    ----------
    outputs : list of list of int
        The nodes of each box that are read by other boxes, or that are the root, by their indices in the whole graph.
    """

    def __init__(self, view: GraphView) -> None:
        self.view, self.graph = view, view.scalars
        graph = self.graph
        self.box_of = [view.index.get(v, -1) for v in graph.nodes]
        self.members: list[list[int]] = [[] for _ in view.nodes]
        for i, box in enumerate(self.box_of):
            if box >= 0:
                self.members[box].append(i)
        read = {
            j for k, members in enumerate(self.members) if not view.leaf[k] for i in members for j in self._others(i)
        }
        outside = {j for i, box in enumerate(self.box_of) if box < 0 or view.leaf[box] for j in graph.operands[i]}
        shown = read | outside | {graph.root}
        self.outputs = [[i for i in members if i in shown and graph.needs[i]] for members in self.members]

    def _others(self, i: int) -> list[int]:
        return [j for j in self.graph.operands[i] if self.box_of[j] != self.box_of[i]]

    def data(self, box: int) -> tuple[float, ...]:
        """The numbers of a box's outputs."""
        return tuple(self.graph.data[i] for i in self.outputs[box])

    def gradient(self, box: int) -> tuple[float, ...]:
        """The gradient of a box's outputs, over all uses."""
        return tuple(self.graph.adjoints[i] for i in self.outputs[box])

    def through(self, box: int, operand: int, bars: Mapping[int, float] | None = None) -> tuple[float, ...]:
        """What a box passes back to another; for other gradients of its outputs, if these are given."""
        found = self._passed[box] if bars is None else self._pulled_back(box, bars)
        return tuple(found.get(j, 0.0) for j in self.outputs[operand])

    def from_outside(self, box: int) -> tuple[float, ...]:
        """What arrives from nodes that are not shown; of the root 1."""
        return tuple(self._from_outside.get(j, 0.0) for j in self.outputs[box])

    def inside(self, box: int) -> tuple[float, ...]:
        """What arrives from uses inside of the box itself, as where a loop gives out all its states."""
        if self.view.leaf[box]:
            return (0.0,) * len(self.outputs[box])
        found: dict[int, float] = {}
        for i in reversed(self.members[box]):
            self._deliver(i, self.graph.adjoints[i], {}, within=found)
        return tuple(found.get(j, 0.0) for j in self.outputs[box])

    @cached_property
    def _passed(self) -> list[dict[int, float]]:
        return [self._passed_by(k) if not self.view.leaf[k] else {} for k in range(len(self.members))]

    def _passed_by(self, box: int) -> dict[int, float]:
        graph, found = self.graph, dict[int, float]()
        for i in reversed(self.members[box]):
            self._deliver(i, graph.adjoints[i], found, within=None)
        return found

    def _pulled_back(self, box: int, bars: Mapping[int, float]) -> dict[int, float]:
        """A reverse sweep inside a box, from gradients of its outputs."""
        totals, found = dict(bars), dict[int, float]()
        for i in reversed(self.members[box]):
            self._deliver(i, totals.get(i, 0.0), found, within=totals)
        return found

    def _deliver(self, i: int, bar: float, beyond: dict[int, float], within: dict[int, float] | None) -> None:
        """Pass an adjoint on to a node's operands: those in other boxes, and if asked for those in its own."""
        for j, local in zip(self.graph.operands[i], self.graph.partials[i], strict=True):
            target = beyond if self.box_of[j] != self.box_of[i] else within
            if target is not None and local is not None:
                target[j] = target.get(j, 0.0) + product(bar, local)

    @cached_property
    def _from_outside(self) -> dict[int, float]:
        graph, found = self.graph, dict[int, float]()
        if graph.needs[graph.root]:
            found[graph.root] = 1.0
        for i in reversed(range(len(graph.nodes))):
            if graph.needs[i] and (self.box_of[i] < 0 or self.view.leaf[self.box_of[i]]):
                for j, local in zip(graph.operands[i], graph.partials[i], strict=True):
                    if local is not None and self.box_of[j] >= 0:
                        found[j] = found.get(j, 0.0) + product(graph.adjoints[i], local)
        return found

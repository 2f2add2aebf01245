"""Very large networks: every layer becomes one box, with how many numbers it holds and how large their gradient is."""

from __future__ import annotations

import math

from autograd_lite.engine import Value
from autograd_lite.formulas import Expr, pretty_number

from .fold import FoldedGraph
from .graph import Graph

__all__ = ["LayerGraph"]


class LayerGraph(Graph):
    """A graph whose layers are boxes: a map of the network, for drawing only.

    A box says how many numbers it stands for; its gradient is the Euclidean length of theirs.
    """

    def __init__(self, neurons: FoldedGraph) -> None:
        self._neurons = neurons
        box_of, members, names = _boxes(neurons)
        self._members = members
        self._box_of = box_of
        self.names = names
        self.nodes = [neurons.nodes[group[-1]] for group in members]
        self.place = {v: k for k, v in enumerate(self.nodes)}
        self.root = box_of[neurons.root]
        self.leaf = [neurons.leaf[group[-1]] for group in members]
        self.needs = [neurons.needs[group[-1]] for group in members]
        self.data = [neurons.data[group[-1]] for group in members]
        self._edges = [_edges_into(neurons, group, box_of, k) for k, group in enumerate(members)]
        self.operands = [list(edges) for edges in self._edges]
        self.partials = [[float(n) if self.needs[j] else None for j, n in edges.items()] for edges in self._edges]
        self.parameters = [box_of[i] for i in neurons.parameters]

    @property
    def scalars(self) -> Graph:
        """The graph with nothing folded."""
        return self._neurons.scalars

    def box_of(self, v: Value) -> int | None:
        """The place of the layer that a node is in."""
        neuron = self._neurons.box_of(v)
        return None if neuron is None else self._box_of[neuron]

    @property
    def caption(self) -> str:
        """What is folded."""
        return "One box per layer; the gradient is the length of the layer's. Neurons: level='neurons'"

    def data_text(self, i: int) -> str:
        """How many numbers a layer holds."""
        many = len(self._members[i])
        return super().data_text(i) if many == 1 else f"{many} values"

    def grad_text(self, i: int) -> str:
        """The length of a layer's gradient."""
        group = self._members[i]
        if len(group) == 1:
            return super().grad_text(i)
        return f"‖·‖ {pretty_number(math.hypot(*(self._neurons.nodes[j].grad for j in group)))}"

    def edge_text(self, i: int, operand: int) -> str:
        """How many edges between neurons an edge between layers stands for."""
        many = self._edges[i][self.operands[i][operand]]
        return f"{many:,} edges" if many > 1 else self._neurons_edge_text(i, operand)

    def _neurons_edge_text(self, i: int, operand: int) -> str:
        giver, receivers = self._members[i][-1], set(self._members[self.operands[i][operand]])
        k = next((k for k, j in enumerate(self._neurons.operands[giver]) if j in receivers), None)
        return "" if k is None else self._neurons.edge_text(giver, k)

    def formula(self, i: int) -> Expr:
        """What the box stands for."""
        return self._neurons.formula(self._members[i][-1])

    def symbol(self, i: int) -> str:
        """The activation's sign."""
        return self._neurons.symbol(self._members[i][-1])


def _boxes(neurons: FoldedGraph) -> tuple[dict[int, int], list[list[int]], list[str]]:
    """The box of every node, the nodes of every box, and the boxes' names, in the order of their last nodes."""
    by_name: dict[str, list[int]] = {}
    for i, name in enumerate(neurons.names):
        neuron = neurons.neuron_at(i)
        layer = neuron.rpartition(".")[0] if neuron else ""
        by_name.setdefault(layer or f"\0{i}{name}", []).append(i)
    ordered = sorted(by_name.items(), key=lambda item: item[1][-1])
    members = [group for _, group in ordered]
    names = [name if not name.startswith("\0") else neurons.names[group[0]] for name, group in ordered]
    return {i: k for k, group in enumerate(members) for i in group}, members, names


def _edges_into(neurons: FoldedGraph, group: list[int], box_of: dict[int, int], box: int) -> dict[int, int]:
    """How many edges lead into a box from each other box."""
    count: dict[int, int] = {}
    for i in group:
        for j in neurons.operands[i]:
            if box_of[j] != box:
                count[box_of[j]] = count.get(box_of[j], 0) + 1
    return count

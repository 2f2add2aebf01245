"""Large networks at a readable size: every neuron becomes one box.

The box stands for the neuron's output. Its edge to an input has the slope of the output by that input, the sum over
the paths inside the box; so the sweep over boxes gives the same gradients as the sweep over all nodes. Weights and
biases are inside the boxes; one neuron, or one layer, can stay open.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Container
from typing import NamedTuple

from autograd_lite.engine import Value
from autograd_lite.errors import UnknownNameError
from autograd_lite.formulas import Expr

from .graph import Graph, Use, product
from .neurons import Firing, firings, neuron_of
from .samples import first_sample

__all__ = ["FoldedGraph", "fold"]


class _Input(NamedTuple):
    """What a box reads: the node's place in the whole graph, which operand it is there, and the slope."""

    source: int
    operand: int
    local: float | None


def fold(graph: Graph, focus: str = "") -> Graph:
    """Fold the neurons of a graph; the graph itself if it has none.

    Parameters
    ----------
    graph : Graph
        With labels such as ``layer1.neuron2.w3``.
    focus : str
        What stays open: a neuron, ``"layer1.neuron2"``, or a layer.

    Raises
    ------
    UnknownNameError
        If nothing of that name is there to stay open.
    """
    found, later, samples = first_sample(graph, firings(graph))
    names = {f.neuron for f in found}
    kept = [f for f in found if not (focus and (f.neuron == focus or f.neuron.startswith(f"{focus}.")))]
    if focus and len(kept) == len(found):
        layers = {name.rpartition(".")[0] for name in names} - {""}
        raise UnknownNameError.among("neuron or layer to focus on", focus, names | layers)
    return FoldedGraph(graph, kept, later, samples) if kept else graph


class FoldedGraph(Graph):
    """A graph whose neurons are boxes; everything that reads a `Graph` reads it.

    Parameters
    ----------
    graph : Graph
        The whole graph.
    folded : list of Firing
        The neurons that become boxes.
    later : set of int
        Nodes to leave out, because they belong to other samples than the first.
    samples : int
        How many samples there are.
    """

    def __init__(self, graph: Graph, folded: list[Firing], later: set[int], samples: int) -> None:
        self.folded = {f.nodes[-1]: f for f in folded}
        self._graph = graph = _renamed(graph, folded)
        self._samples = samples
        gone = {i for f in folded for i in f.nodes} | later
        gone |= _used_inside_only(graph, gone, {f.neuron for f in folded})
        self._scalar = [i for i in range(len(graph.nodes)) if i in self.folded or i not in gone]
        box_of = {i: k for k, i in enumerate(self._scalar)}
        self._inputs = [self._inputs_of(i, box_of) for i in self._scalar]
        self.nodes = [graph.nodes[i] for i in self._scalar]
        self.place = {v: k for k, v in enumerate(self.nodes)}
        self.names = [graph.names[i] for i in self._scalar]
        self.root = box_of[graph.root]
        self.data = [graph.data[i] for i in self._scalar]
        self.leaf = [graph.leaf[i] for i in self._scalar]
        self.needs = [graph.needs[i] for i in self._scalar]
        self.operands = [[box_of[entry.source] for entry in inputs] for inputs in self._inputs]
        self.partials = [[entry.local for entry in inputs] for inputs in self._inputs]
        self.parameters = [box_of[i] for i in graph.parameters if i in box_of]

    def _inputs_of(self, i: int, shown: Container[int]) -> list[_Input]:
        """What a box reads, among what is shown, with the slope by it."""
        graph = self._graph
        if i in self.folded:
            slopes = _slopes_inside(graph, self.folded[i])
            return [_Input(j, 0, slopes[j] if graph.needs[j] else None) for j in sorted(slopes) if j in shown]
        entries = enumerate(zip(graph.operands[i], graph.partials[i], strict=True))
        return [_Input(j, k, local) for k, (j, local) in entries if j in shown]

    @property
    def scalars(self) -> Graph:
        """The graph with nothing folded."""
        return self._graph

    def box_of(self, v: Value) -> int | None:
        """The place of the box that a node is in: its own, or its neuron's."""
        scalar = self._graph.place.get(v)
        outputs = [i for i, firing in self.folded.items() if scalar in firing.nodes]
        return self.place.get(self._graph.nodes[outputs[0]] if outputs else v)

    @property
    def caption(self) -> str:
        """What is folded, and how to open it."""
        firing = next(iter(self.folded.values()))
        batch = f"Sample 1 of {self._samples}, and its part of the gradients. " if self._samples > 1 else ""
        boxes = f"{len(self.folded)} neurons are boxes, with their weights inside."
        return f"{batch}{boxes} One opens by focus={firing.neuron!r}"

    def neuron_at(self, i: int) -> str | None:
        """The neuron that a box stands for; None for any other node."""
        firing = self.folded.get(self._scalar[i])
        return firing.neuron if firing else None

    def formula(self, i: int) -> Expr:
        """A neuron's formula in short; any other node's in full."""
        scalar = self._scalar[i]
        if scalar not in self.folded:
            return self._graph.formula(scalar)
        weighted = Expr("Σ w·x + b") if self.folded[scalar].has_bias else Expr("Σ w·x")
        op = self.nodes[i].op
        return op.formula(weighted) if op is not None and self.folded[scalar].has_activation else weighted

    def slope(self, i: int, operand: int) -> Expr:
        """The slope of a neuron by one of its inputs: along the path inside it, or how many paths there are."""
        scalar = self._scalar[i]
        if scalar not in self.folded:
            return self._graph.slope(scalar, self._inputs[i][operand].operand)
        paths = _paths_inside(self._graph, self.folded[scalar], self._inputs[i][operand].source)
        if len(paths) != 1:
            return Expr(f"[{len(paths)} paths inside]")
        factors = [self._graph.slope(use.giver, use.operand) for use in paths[0]]
        factors = [f for f in factors if f.head != 1.0] or [Expr(1.0)]
        total = factors[0]
        for factor in factors[1:]:
            total = factor * total
        return total

    def symbol(self, i: int) -> str:
        """The activation's sign for a neuron."""
        firing = self.folded.get(self._scalar[i])
        if firing is None:
            return super().symbol(i)
        op = self.nodes[i].op
        return op.symbol if op is not None and firing.has_activation else "Σ"


def _renamed(graph: Graph, folded: list[Firing]) -> Graph:
    """The graph with the neurons' outputs called like the neurons; numbered where one fires for several samples."""
    renamed, times = copy.copy(graph), Counter[str]()
    renamed.names = list(graph.names)
    for firing in folded:
        times[firing.neuron] += 1
        again = f"_{times[firing.neuron]}" if times[firing.neuron] > 1 else ""
        renamed.names[firing.nodes[-1]] = firing.neuron + again
    return renamed


def _used_inside_only(graph: Graph, gone: set[int], neurons: set[str]) -> set[int]:
    """The parameters of folded neurons that nothing in sight uses."""
    used = {graph.root} | {j for i in graph.computed if i not in gone for j in graph.operands[i]}
    return {i for i in graph.leaves if neuron_of(graph.nodes[i].label) in neurons and i not in used}


def _slopes_inside(graph: Graph, firing: Firing) -> dict[int, float]:
    """The slope of a neuron's output by everything that it reads from outside."""
    inside, total = set(firing.nodes), {firing.nodes[-1]: 1.0}
    outside: dict[int, float] = {}
    for i in reversed(firing.nodes):
        for k, j in enumerate(graph.operands[i]):
            target = total if j in inside else outside
            target[j] = target.get(j, 0.0) + product(total.get(i, 0.0), graph.partials[i][k])
    return outside


def _paths_inside(graph: Graph, firing: Firing, source: int) -> list[list[Use]]:
    """All paths from the output down to one input, as uses."""
    inside = set(firing.nodes)
    done: list[list[Use]] = []
    open_paths: list[tuple[int, list[Use]]] = [(firing.nodes[-1], [])]
    while open_paths:
        i, path = open_paths.pop()
        for k, j in enumerate(graph.operands[i]):
            use = Use(i, k, j, graph.partials[i][k])
            if j == source:
                done.append([*path, use])
            elif j in inside:
                open_paths.append((j, [*path, use]))
    return done

"""A part of a graph that is too large to draw: what lies within a few edges of one node."""

from __future__ import annotations

from autograd_lite.engine import Value
from autograd_lite.errors import OperandError
from autograd_lite.formulas import Expr

from .graph import Graph

__all__ = ["NeighbourGraph"]

DISTANCE, MOST = 3, 60


class NeighbourGraph(Graph):
    """The nodes near one node, with the numbers of the whole graph; for drawing only.

    Parameters
    ----------
    graph : Graph
        The whole graph.
    centre : Value
        A node of it.

    Raises
    ------
    OperandError
        If the root was not computed from that node.
    """

    def __init__(self, graph: Graph, centre: Value) -> None:
        if centre not in graph.place:
            raise OperandError(
                f"{centre!r} is no node of the graph of {graph.names[graph.root]}; focus on one that is."
            )
        self._graph = graph
        near = sorted(_near(graph, graph.place[centre]))
        box_of = {i: k for k, i in enumerate(near)}
        self.nodes = [graph.nodes[i] for i in near]
        self.place = {v: k for k, v in enumerate(self.nodes)}
        self.names = [graph.names[i] for i in near]
        self.root = self.place[centre]
        self.data = [graph.data[i] for i in near]
        self.leaf = [graph.leaf[i] for i in near]
        self.needs = [graph.needs[i] for i in near]
        shown = [[k for k, j in enumerate(graph.operands[i]) if j in box_of] for i in near]
        self.operands = [[box_of[graph.operands[i][k]] for k in ks] for i, ks in zip(near, shown, strict=True)]
        self.partials = [[graph.partials[i][k] for k in ks] for i, ks in zip(near, shown, strict=True)]
        self.parameters = [box_of[i] for i in graph.parameters if i in box_of]

    @property
    def scalars(self) -> Graph:
        """The whole graph."""
        return self._graph

    def formula(self, i: int) -> Expr:
        """How the node was computed, from shown operands and others."""
        return self._graph.formula(self._graph.place[self.nodes[i]])

    @property
    def caption(self) -> str:
        """How much is shown."""
        return f"{len(self.nodes)} of {len(self._graph.nodes):,} nodes: those nearest to {self.names[self.root]}"


def _near(graph: Graph, centre: int) -> set[int]:
    """The nearest nodes, along edges in either direction; nearer ones first if there are too many."""
    users: dict[int, list[int]] = {}
    for i, operands in enumerate(graph.operands):
        for j in operands:
            users.setdefault(j, []).append(i)
    found, ring = {centre: None}, [centre]
    for _ in range(DISTANCE):
        beyond = [j for i in ring for j in (*graph.operands[i], *users.get(i, ()))]
        ring = [j for j in dict.fromkeys(beyond) if j not in found][: MOST - len(found)]
        found |= dict.fromkeys(ring)
    return set(found)

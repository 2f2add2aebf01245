"""A part of a graph that is too large to draw: what lies within a few edges of one node."""

from __future__ import annotations

from autograd_lite.engine import Value
from autograd_lite.errors import OperandError

from .view import GraphView

__all__ = ["neighbour_view"]

DISTANCE, MOST = 3, 60


def neighbour_view(graph: GraphView, centre: Value) -> GraphView:
    """Show the nodes near one node, with the numbers of the whole graph; for drawing only."""
    if centre not in graph.index:
        raise OperandError(f"{centre!r} is not a node of the graph of {graph.root_name}; focus on one that is.")
    near = sorted(_near(graph, graph.index[centre]))
    box_of = {i: k for k, i in enumerate(near)}
    kept = [[k for k, j in enumerate(graph.operands[i]) if j in box_of] for i in near]
    nodes = [graph.nodes[i] for i in near]
    root = box_of[graph.index[centre]]
    names = [graph.names[i] for i in near]
    return GraphView(
        nodes=nodes,
        names=names,
        data=[graph.data[i] for i in near],
        operands=[[box_of[graph.operands[i][k]] for k in ks] for i, ks in zip(near, kept, strict=True)],
        partials=[[graph.partials[i][k] for k in ks] for i, ks in zip(near, kept, strict=True)],
        leaf=[graph.leaf[i] for i in near],
        needs=[graph.needs[i] for i in near],
        root=root,
        parameters=[box_of[i] for i in graph.parameters if i in box_of],
        index={v: k for k, v in enumerate(nodes)},
        level="neighbours",
        caption=f"{len(near)} of {len(graph.nodes):,} nodes: those nearest to {names[root]}",
        whole=graph,
        kept=dict(enumerate(kept)),
    )


def _near(graph: GraphView, centre: int) -> set[int]:
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

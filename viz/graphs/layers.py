"""Very large networks: every layer becomes one box, with how many numbers it holds and the norm of their gradient."""

from __future__ import annotations

import math
from collections import Counter

from autograd_lite.text import pretty_number

from .view import FoldedBox, GraphView

__all__ = ["layer_view"]


def layer_view(neurons: GraphView) -> GraphView:
    """Fold the layers of a view whose neurons are folded: a map of the network, for drawing only."""
    names, members = _boxes(neurons)
    box_of = {i: k for k, group in enumerate(members) for i in group}
    last = [group[-1] for group in members]
    edges = [Counter(box_of[j] for i in group for j in neurons.operands[i]) for group in members]
    operands = [[j for j in count if j != k] for k, count in enumerate(edges)]
    needs = [neurons.needs[i] for i in last]
    return GraphView(
        nodes=[neurons.nodes[i] for i in last],
        names=names,
        data=[neurons.data[i] for i in last],
        operands=operands,
        partials=[[float(edges[k][j]) if needs[j] else None for j in js] for k, js in enumerate(operands)],
        leaf=[neurons.leaf[i] for i in last],
        needs=needs,
        root=box_of[neurons.root],
        parameters=[box_of[i] for i in neurons.parameters],
        index={v: box_of[i] for v, i in neurons.index.items()},
        level="layers",
        caption="One box per layer; ‖·‖ is the norm of its gradient. Neurons: level='neurons'.",
        whole=neurons.scalars,
        folded={box_of[group[0]]: _box(neurons, group) for group in members if group[-1] in neurons.folded},
        edge_texts={
            (k, n): _edge_text(neurons, members[k][-1], members[j], edges[k][j])
            for k, js in enumerate(operands)
            for n, j in enumerate(js)
        },
    )


def _boxes(neurons: GraphView) -> tuple[list[str], list[list[int]]]:
    """The boxes' names and the nodes of every box, in the order of their last nodes."""
    groups: dict[str | int, list[int]] = {}
    for i in range(len(neurons.nodes)):
        layer = neurons.folded[i].name.rpartition(".")[0] if i in neurons.folded else ""
        groups.setdefault(layer or i, []).append(i)
    ordered = sorted(groups.items(), key=lambda item: item[1][-1])
    return [neurons.names[key] if isinstance(key, int) else key for key, _ in ordered], [group for _, group in ordered]


def _box(neurons: GraphView, group: list[int]) -> FoldedBox:
    """What is shown of a layer: how many numbers it holds, and the Euclidean norm of their gradient."""
    box = neurons.folded[group[-1]]
    if len(group) == 1:
        return box
    norm = math.hypot(*(neurons.nodes[i].grad for i in group))
    return box._replace(data=f"{len(group)} values", grad=f"‖·‖ {pretty_number(norm)}")


def _edge_text(neurons: GraphView, i: int, operands: list[int], count: int) -> str:
    """How many edges between neurons an edge between layers stands for; of a single one its local derivative."""
    if count > 1:
        return f"{count:,} edges"
    k = next((k for k, j in enumerate(neurons.operands[i]) if j in operands), None)
    return "" if k is None else neurons.edge_text(i, k)

"""A batch in a picture: the first sample stands for all, and the caption says so."""

from __future__ import annotations

import math

from .neurons import Firing
from .view import GraphView

__all__ = ["first_sample"]


def first_sample(graph: GraphView, found: list[Firing]) -> tuple[list[Firing], set[int], int]:
    """Firings of the first sample, nodes that belong to later samples alone, and the number of samples.

    The k-th firing of a neuron is that for sample k, unless it reads what an earlier sample computed: then the network
    is recurrent, and there is one sample.
    """
    turns: dict[str, int] = {}
    turn_of: dict[int, int] = {}  # of every node in a firing
    for firing in found:
        turns[firing.neuron] = turns.get(firing.neuron, 0) + 1
        turn_of |= dict.fromkeys(firing.nodes, turns[firing.neuron])
    count = max(turns.values(), default=1)
    earliest = [math.inf] * len(graph.nodes)  # the first sample that went into a node
    for i in graph.computed:
        read = min((earliest[j] for j in graph.operands[i]), default=math.inf)
        earliest[i] = min(read, turn_of.get(i, math.inf))
        if read < turn_of.get(i, 0):
            return found, set(), 1
    later = {i for i, first in enumerate(earliest) if 1 < first < math.inf}
    used_by_first = {j for i in graph.computed if i not in later for j in graph.operands[i]}
    later |= {i for i, is_leaf in enumerate(graph.leaf) if is_leaf and i not in used_by_first and i != graph.root}
    return [f for f in found if f.nodes[-1] not in later], later, count

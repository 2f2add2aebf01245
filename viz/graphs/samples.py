"""A batch in a picture: one sample stands for all, and the caption says so."""

from __future__ import annotations

from autograd_lite.errors import DomainError
from autograd_lite.text import counted

from .neurons import Firing
from .view import GraphView

__all__ = ["one_sample"]


def one_sample(graph: GraphView, found: list[Firing], sample: int = 1) -> tuple[list[Firing], set[int], int]:
    """Firings of one sample, nodes that belong to others alone, and the number of samples.

    The k-th firing of a neuron is that for sample k, unless it reads what an earlier sample computed: then the network
    is recurrent, and there is one sample.

    Raises
    ------
    DomainError
        If there is no sample of that number.
    """
    turns: dict[str, int] = {}
    turn_of: dict[int, int] = {}  # of every node in a firing
    for firing in found:
        turns[firing.neuron] = turns.get(firing.neuron, 0) + 1
        turn_of |= dict.fromkeys(firing.nodes, turns[firing.neuron])
    count = max(turns.values(), default=1)
    first = [0] * len(graph.nodes)  # the first sample that went into a node; 0 for none
    has_it = [False] * len(graph.nodes)  # whether the one to show did
    for i in graph.computed:
        read = [first[j] for j in graph.operands[i] if first[j]]
        turn = turn_of.get(i, 0)
        if turn and read and min(read) < turn:
            count, has_it = 1, [True] * len(graph.nodes)
            break
        first[i] = min([*read, turn] if turn else read, default=0)
        has_it[i] = turn == sample or any(has_it[j] for j in graph.operands[i])
    if not 1 <= sample <= count:
        raise DomainError(f"sample is {sample}; the graph of {graph.root_name} has {counted(count, 'sample')}.")
    if count == 1:
        return found, set(), 1
    others = {i for i in graph.computed if first[i] and not has_it[i]}
    used = {j for i in graph.computed if i not in others for j in graph.operands[i]}
    others |= {i for i, is_leaf in enumerate(graph.leaf) if is_leaf and i not in used and i != graph.root}
    return [f for f in found if f.nodes[-1] not in others], others, count

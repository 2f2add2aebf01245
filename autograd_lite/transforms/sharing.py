"""Common subexpressions: each equal subexpression becomes one node.

Each reverse sweep about triples a graph, and most of what it adds is there already: the slope of ``exp(x)`` is the node
``exp(x)``, computed once more. With equal nodes merged, each order about doubles the graph.
"""

from __future__ import annotations

from collections.abc import Hashable

from autograd_lite.engine import Value
from autograd_lite.reverse import reachable

__all__ = ["shared"]


def shared(root: Value, since: int) -> Value:
    """Rebuild a graph with one node for each expression; nodes up to number `since` stay as they are.

    Examples
    --------
    >>> x = Value(2.0)
    >>> y = shared(x.exp() * x.exp(), since=x.order)
    >>> y.operands[0] is y.operands[1]
    True
    """
    if not root.has_number:
        return root  # the compiler merges a traced graph
    kept: dict[Hashable, Value] = {}
    chosen: dict[Value, Value] = {}
    for v in reachable([root], since=since + 1):
        operands = tuple([chosen.get(u, u) for u in v.operands])
        key: Hashable = (v.op, operands) if v.op is not None else v if v.requires_grad else v.data.hex()
        if key not in kept:
            kept[key] = v if v.op is None or operands == v.operands else operands[0].record(v.op, operands)
        chosen[v] = kept[key]
    return chosen.get(root, root)

"""Flat copies and pickles of a graph: no recursion, fresh order numbers, and leaves keep their identity.

A graph is written as its leaves, and a `Program` that makes the other nodes from them.

Types: ``Any`` stands for Values, which the engine makes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_lite.reverse import reachable

__all__ = ["Program", "rebuild"]


class Program(tuple[Any, ...]):
    """The inner nodes of a graph as columns: (op, operands' indices, data, partials, grad, label)."""

    __slots__ = ()

    @classmethod
    def of(cls, root: Any) -> tuple[Program, list[Any]]:
        """Split the graph of a root into a program and its leaves."""
        nodes = reachable([root])
        leaves = [v for v in nodes if v.op is None]
        inner = [v for v in nodes if v.op is not None]
        index = {v: i for i, v in enumerate([*leaves, *inner])}
        rows = [(v.op, tuple(index[u] for u in v.operands), v.data, v.partials, v.grad, v.label) for v in inner]
        return cls(zip(*rows, strict=True)), leaves

    def __deepcopy__(self, memo: Any) -> Program:
        return self  # tuples of numbers: nothing to copy


def rebuild(wire: Callable[..., Any], program: Program, leaves: list[Any]) -> Any:
    """Make the graph again by ``wire(op, operands, data, partials, requires_grad)``, and return its root."""
    nodes = list(leaves)
    for op, indices, data, partials, grad, label in zip(*program, strict=True):
        operands = tuple([nodes[i] for i in indices])
        v = wire(op, operands, data, partials, op.needs_grad([u.requires_grad for u in operands]))
        v.grad, v.label = grad, label
        nodes.append(v)
    return nodes[-1]

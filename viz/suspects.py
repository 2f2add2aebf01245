"""Where a picture shows that a number went wrong: the first NaN or infinity, and what it was made of."""

from __future__ import annotations

from typing import NamedTuple

from autograd_lite.checks import find_nonfinite

from .graph import Graph

__all__ = ["Suspects", "suspects"]


class Suspects(NamedTuple):
    """The box of the node that first went wrong, the boxes of its operands, and what happened, in words."""

    culprit: int | None = None
    operands: frozenset[int] = frozenset()
    words: str = ""


def suspects(graph: Graph) -> Suspects:
    """Find the first NaN or infinity in the values or the gradients; nothing where all is finite.

    Examples
    --------
    >>> from autograd_lite import Value, log
    >>> found = suspects(Graph(1.0 - log(Value(0.0, "p"))))
    >>> found.culprit, found.words
    (1, 'forward: log(p = 0) gave −∞. log needs x > 0; it got 0.')
    """
    scalars = graph.scalars
    found = find_nonfinite(scalars.nodes[scalars.root])
    if found is None:
        return Suspects()
    places = [graph.box_of(v) for v in (found.node, *found.operands)]
    return Suspects(places[0], frozenset(p for p in places[1:] if p is not None), str(found))

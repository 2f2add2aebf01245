"""The first NaN or infinity of a view, for pictures and steps."""

from __future__ import annotations

import math
from typing import NamedTuple

from autograd_lite.checks import find_nonfinite

from .view import GraphView

__all__ = ["NonFinite", "first_nonfinite"]


LARGE = 10_000  # nodes, from which on it is worth while to look first whether all is finite


class NonFinite(NamedTuple):
    """Box of the first non-finite node, boxes of its operands, and a description."""

    box: int | None = None
    operands: frozenset[int] = frozenset()
    words: str = ""


def first_nonfinite(graph: GraphView) -> NonFinite:
    """Find the first NaN or infinity in the values or the gradients; nothing where all is finite.

    Examples
    --------
    >>> from autograd_lite import Value, log
    >>> from autograd_lite.viz.graphs.view import scalar_view
    >>> found = first_nonfinite(scalar_view(1.0 - log(Value(0.0, "p"))))
    >>> found.box, found.words
    (1, 'forward: log(p = 0) gave −∞. log needs x > 0; it got 0.')
    """
    scalars = graph.scalars
    if len(scalars.nodes) > LARGE and all(map(math.isfinite, scalars.data + scalars.adjoints)):
        return NonFinite()
    found = find_nonfinite(scalars.nodes[scalars.root])
    if found is None:
        return NonFinite()
    box, *operands = [graph.index.get(v) for v in (found.node, *found.operands)]
    return NonFinite(box, frozenset(i for i in operands if i is not None), str(found))

r"""Check gradients by central finite differences.

The central difference :math:`(f(x + h) - f(x - h)) / 2h` with :math:`h = \sqrt[3]{\epsilon} \max(1, |x|)` has an error
of order :math:`h^2` (Nocedal & Wright, "Numerical Optimization", 2nd ed. 2006, section 8.1).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping

from .view import GraphView

__all__ = ["agrees", "finite_difference", "recomputed"]

STEP: float = sys.float_info.epsilon ** (1 / 3)
TOLERANCE = 1e-4


def finite_difference(graph: GraphView, leaf: int) -> float:
    """The derivative of the root with respect to a leaf, by computing the graph twice more.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> from autograd_lite.viz.graphs.view import scalar_view
    >>> x = Value(3.0, "x")
    >>> round(finite_difference(scalar_view(x * x), 0), 6)
    6.0
    """
    scalars = graph.scalars
    index, x = scalars.index[graph.nodes[leaf]], graph.data[leaf]
    h = STEP * max(1.0, abs(x))
    above, below = x + h, x - h
    return (recomputed(scalars, {index: above}) - recomputed(scalars, {index: below})) / (above - below)


def recomputed(graph: GraphView, changed: Mapping[int, float]) -> float:
    """The root's value with some leaves set to other numbers."""
    data = list(graph.data)
    for leaf, x in changed.items():
        data[leaf] = x
    for i in graph.computed:
        op = graph.nodes[i].op
        if op is not None:
            data[i] = op.number([data[j] for j in graph.operands[i]])
    return data[graph.root]


def agrees(difference: float, gradient: float) -> bool:
    """Whether a finite difference confirms a gradient, within its accuracy."""
    if not (math.isfinite(difference) and math.isfinite(gradient)):
        return False
    return math.isclose(difference, gradient, rel_tol=TOLERANCE, abs_tol=1e-8)

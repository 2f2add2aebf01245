r"""Paths of the chain rule from a node to the root, and their contributions.

The derivative is a sum over paths of products of local derivatives (Bauer, "Computational graphs and rounding error",
SIAM J. Numer. Anal. 11, 1974):

.. math:: \frac{\partial L}{\partial w} = \sum_{\text{paths}} \; \prod_{\text{edges}} \frac{\partial v}{\partial u}.

Their number can double with every node, so they are counted first, by dynamic programming, and only the largest are
kept: a path's product can be no larger than through the largest way down to any node on it, so the largest few at each
node lose none of them. One pass from the root serves all nodes.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import NamedTuple

from ..graphs.view import GraphView, Use, product

__all__ = ["Path", "Paths"]


class Path(NamedTuple):
    """One way from the root down to a node: the uses along it, and the product of their local derivatives."""

    uses: tuple[Use, ...]
    product: float


class _Way(NamedTuple):
    """The end of a path: its product, its last use, and the way that leads to it."""

    product: float
    use: Use | None
    above: _Way | None


class Paths:
    """The paths from the root of a graph to all its nodes, of which so many are kept at each.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> from autograd_lite.viz.graphs.view import scalar_view
    >>> a = Value(1.0, "a")
    >>> b = a + a
    >>> paths = Paths(scalar_view(b + b), most=3)
    >>> paths.counts[0], [path.product for path in paths.largest(0)]
    (4, [1.0, 1.0, 1.0])
    """

    def __init__(self, graph: GraphView, most: int) -> None:
        self.graph = graph
        self.most = most
        self.counts = graph.path_counts

    def largest(self, target: int) -> list[Path]:
        """The paths to a node with the largest products, largest first."""
        return [Path(_uses_of(way), way.product) for way in self._best[target]]

    @cached_property
    def _best(self) -> list[list[_Way]]:
        best: list[list[_Way]] = [[] for _ in self.graph.nodes]
        best[self.graph.root] = [_Way(1.0, None, None)]
        below: list[list[Use]] = [[] for _ in self.graph.nodes]
        for use in self.graph.uses:
            below[use.node].append(use)
        for i in reversed(range(len(best))):  # all that leads to a node is there when its turn comes
            best[i] = sorted(best[i], key=_size)[: self.most]
            for use in below[i]:
                best[use.operand] += [_Way(product(way.product, use.local), use, way) for way in best[i]]
        return best


def _size(way: _Way) -> float:
    """Sort by size, largest first, NaN before all; a stable sort keeps equal ones in the order of the sweep."""
    return -math.inf if math.isnan(way.product) else -abs(way.product)


def _uses_of(way: _Way) -> tuple[Use, ...]:
    uses = []
    while way.use is not None and way.above is not None:
        uses.append(way.use)
        way = way.above
    return tuple(uses[::-1])

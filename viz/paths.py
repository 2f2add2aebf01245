r"""The paths of the chain rule: every way from a node to the root, and what each contributes.

The derivative is a sum over paths of products of local derivatives (Bauer, "Computational graphs and rounding error",
SIAM J. Numer. Anal. 11, 1974):

.. math:: \frac{\partial L}{\partial w} = \sum_{\text{paths}} \; \prod_{\text{edges}} \frac{\partial v}{\partial u}.

Their number can grow exponentially with the depth, so they are counted first, by dynamic programming, and only the
largest are listed: along a path, a product can be no larger than through the largest beginning, so keeping the largest
few at each node loses none of them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from .graph import Graph, Use, product

__all__ = ["Path", "count_paths", "largest_paths"]


class Path(NamedTuple):
    """One way from the root down to a node: the uses along it, and the product of their local derivatives."""

    uses: tuple[Use, ...]
    product: float


class _Partial(NamedTuple):
    """The upper part of a path: the last use, and what leads to it."""

    product: float
    use: Use | None
    above: _Partial | None


def _uses_above(graph: Graph, target: int) -> list[Use]:
    """The uses on any path from the root to the target, in the order of the sweep."""
    below = [False] * len(graph.nodes)
    below[target] = True
    kept = []
    for use in reversed(graph.uses):
        if below[use.receiver]:
            below[use.giver] = True
            kept.append(use)
    return kept[::-1]


def count_paths(graph: Graph, target: int) -> int:
    """How many paths there are, without walking them.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> a = Value(1.0, "a")
    >>> b = a + a
    >>> count_paths(Graph(b + b), 0)
    4
    """
    ways = [0] * len(graph.nodes)
    ways[graph.root] = 1
    for use in _uses_above(graph, target):
        ways[use.receiver] += ways[use.giver]
    return ways[target]


def largest_paths(graph: Graph, target: int, most: int) -> list[Path]:
    """List the paths with the largest products, largest first; all of them if there are no more than `most`."""
    found: dict[int, list[_Partial]] = {graph.root: [_Partial(1.0, None, None)]}
    for i, uses in _by_giver(_uses_above(graph, target)):
        best = sorted(found.get(i, ()), key=_size)[:most]
        found[i] = best
        for use in uses:
            above = [_Partial(product(p.product, use.local), use, p) for p in best]
            found.setdefault(use.receiver, []).extend(above)
    return [Path(_uses_of(p), p.product) for p in sorted(found.get(target, ()), key=_size)[:most]]


def _by_giver(uses: list[Use]) -> list[tuple[int, list[Use]]]:
    grouped: dict[int, list[Use]] = {}
    for use in uses:
        grouped.setdefault(use.giver, []).append(use)
    return list(grouped.items())


def _size(p: _Partial) -> float:
    """Sort by size, largest first, NaN before all; a stable sort keeps equal ones in the order of the sweep."""
    return -math.inf if math.isnan(p.product) else -abs(p.product)


def _uses_of(p: _Partial) -> tuple[Use, ...]:
    uses = []
    while p.use is not None and p.above is not None:
        uses.append(p.use)
        p = p.above
    return tuple(uses[::-1])

"""The chain rule for one gradient, path by path, with the sum over paths and the check against the reverse sweep."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from autograd_lite.engine import Value
from autograd_lite.errors import OperandError
from autograd_lite.expressions import pretty_number
from autograd_lite.table import shown

from .digits import agreeing_digits, bracketed
from .graph import Graph, Use, product
from .lines import slope_name
from .names import showable
from .paths import Path, count_paths, largest_paths

__all__ = ["Explanation", "explain"]

LISTED = 16
AGREE = 1e-9


def explain(loss: Value, wrt: Value, *, limit: int = LISTED) -> Explanation:
    """Explain one gradient by the chain rule.

    Every path from `wrt` to the loss, with the product of the local derivatives along it; the sum over paths; and the
    check against the reverse sweep. With more paths than the limit, the largest are listed, and how the gradient of
    `wrt` is split over its uses.

    Parameters
    ----------
    loss : Value
        What is differentiated.
    wrt : Value
        By what: a leaf or a node between.
    limit : int
        The most paths to list.

    Returns
    -------
    Explanation
        ``print`` it.

    Raises
    ------
    OperandError
        If one of them is not a Value.

    Examples
    --------
    >>> x, w = Value(2.0, "x"), Value(-0.5, "w")
    >>> loss = (w * x) ** 2
    >>> loss.label = "loss"
    >>> print(explain(loss, w))
    ∂loss/∂w: 1 path
    <BLANKLINE>
    w → v1 → loss
      ∂loss/∂v1 · ∂v1/∂w
      = (2 · v1) · x
      = (−2)(2)
      = −4
    <BLANKLINE>
    Sum over paths: −4
    Reverse sweep:  −4 ✓
    """
    graph = Graph(loss)
    if not isinstance(wrt, Value):
        raise OperandError(f"explain needs the Value to differentiate by, not {shown(wrt)} ({type(wrt).__name__}).")
    return Explanation(graph, graph.place.get(wrt), limit, name=showable(wrt.label) or "the given Value")


@dataclass(frozen=True, slots=True)
class Share:
    """What one use of a node contributes to its gradient, over all paths that begin with that use."""

    use: Use
    upstream: float
    contribution: float


class Explanation:
    """The chain rule for one gradient; `explain` makes it.

    Attributes
    ----------
    count : int
        How many paths there are.
    paths : list of Path
        The listed paths, largest product first.
    shares : list of Share
        The contributions by use, largest first.
    gradient : float
        The gradient by the reverse sweep.
    """

    def __init__(self, graph: Graph, target: int | None, limit: int = LISTED, *, name: str = "") -> None:
        self.graph = graph
        self._target = target
        self.name = name if target is None else graph.names[target]
        self._limit = limit

    @cached_property
    def count(self) -> int:
        """How many paths there are."""
        return 0 if self._target is None else count_paths(self.graph, self._target)

    @cached_property
    def paths(self) -> list[Path]:
        """The paths with the largest products, largest first."""
        return [] if self._target is None else largest_paths(self.graph, self._target, self._limit)

    @cached_property
    def shares(self) -> list[Share]:
        """The contributions by use, largest first; they add up to the gradient."""
        adjoints = self.graph.adjoints
        shares = [
            Share(use, adjoints[use.giver], product(adjoints[use.giver], use.local))
            for use in self.graph.uses
            if use.receiver == self._target
        ]
        return sorted(shares, key=lambda share: -abs(share.contribution))

    @property
    def gradient(self) -> float:
        """The gradient by the reverse sweep."""
        return 0.0 if self._target is None else self.graph.adjoints[self._target]

    @property
    def complete(self) -> bool:
        """Whether all paths are listed."""
        return self.count <= self._limit

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<explanation of {self.slope}: {_paths(self.count)}>"

    @property
    def slope(self) -> str:
        """The name of the gradient, ``∂L/∂w``."""
        return slope_name(self.graph.names[self.graph.root], self.name)

    # Text

    @cached_property
    def text(self) -> str:
        """The explanation as plain text."""
        if not self.count:
            root = self.graph.names[self.graph.root]
            return f"{self.slope} = 0: no path leads from {self.name} to {root} along which it could change it."
        listed = [line for path in self.paths for line in ("", *self.path_lines(path))]
        head = f"{self.slope}: {_paths(self.count)}"
        if self.complete:
            return "\n".join([head, *listed, "", *self.sum_lines()])
        head += f", the largest {len(self.paths)} of them"
        return "\n".join([head, *listed, "", *self.share_lines()])

    def path_lines(self, path: Path) -> list[str]:
        """One path as text: the way, then the product in symbols, as rules, and in numbers."""
        names = self.graph.names
        if not path.uses:
            return [f"{self.name} itself", "  = 1"]
        way = " → ".join([names[use.receiver] for use in path.uses[::-1]] + [names[self.graph.root]])
        slopes = [slope_name(names[use.giver], names[use.receiver]) for use in path.uses]
        rules = [self.graph.slope(use.giver, use.operand).pretty for use in path.uses]
        numbers = "".join(f"({pretty_number(use.local or 0.0)})" for use in path.uses)
        return [
            way,
            f"  {' · '.join(slopes)}",
            f"  = {' · '.join(f'({rule})' if ' ' in rule or rule.startswith('−') else rule for rule in rules)}",
            f"  = {numbers}",
            f"  = {pretty_number(path.product)}",
        ]

    def sum_lines(self) -> list[str]:
        """The sum over the listed paths, and the check against the reverse sweep."""
        products = [path.product for path in self.paths]
        total = math.fsum(products) if all(map(math.isfinite, products)) else sum(products)
        digits = agreeing_digits(products, total)
        addends = " + ".join([pretty_number(products[0], digits), *(bracketed(p, digits) for p in products[1:])])
        shown_sum = f"{addends} = {pretty_number(total, digits)}" if len(products) > 1 else pretty_number(total)
        agrees = math.isclose(total, self.gradient, rel_tol=AGREE, abs_tol=AGREE * max(map(abs, products)))
        tick = "✓" if agrees else "(differs: numbers this large or small are not finite along some path)"
        return [f"Sum over paths: {shown_sum}", f"Reverse sweep:  {pretty_number(self.gradient, digits)} {tick}"]

    def share_lines(self) -> list[str]:
        """How the gradient is split over the node's uses, largest first."""
        names = self.graph.names
        shares = self.shares[: self._limit]
        lines = [f"{self.name} is used {len(self.shares)} times. Through each use, over all paths that begin with it:"]
        for share in shares:
            slope = slope_name(names[share.use.giver], self.name)
            numbers = f"({pretty_number(share.upstream)})({pretty_number(share.use.local or 0.0)})"
            root = slope_name(names[self.graph.root], names[share.use.giver])
            lines.append(f"  {root} · {slope} = {numbers} = {pretty_number(share.contribution)}")
        rest = self.shares[len(shares) :]
        if rest:
            lines.append(f"  and {len(rest)} smaller, together {pretty_number(sum(s.contribution for s in rest))}")
        return [*lines, f"Reverse sweep: {self.slope} = {pretty_number(self.gradient)}"]


def _paths(count: int) -> str:
    return "1 path" if count == 1 else f"{count:,} paths"

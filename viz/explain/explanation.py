"""The chain rule for one gradient, path by path, with the sum over paths and the check against the reverse sweep."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from autograd_lite.formulas import name_latex
from autograd_lite.text import agreeing_digits, bracketed, counted, pretty_number

from ..graphs.notation import markdown_text, number_latex, slope_latex, slope_name
from ..graphs.view import Use, product
from .named import NamedView
from .paths import Path, Paths

__all__ = ["LISTED", "Explanation", "Share"]

LISTED = 16
AGREE = 1e-9


@dataclass(frozen=True, slots=True)
class Share:
    """What one use of a node contributes to its gradient, over all paths that begin with that use."""

    use: Use
    upstream: float
    contribution: float


class Explanation:
    """The chain rule for one gradient; `explain` makes it."""

    def __init__(self, paths: Paths, target: int | None, name: str = "") -> None:
        self.graph = paths.graph
        self._paths = paths
        self._target = target
        self.name = name if target is None else self.graph.names[target]

    @cached_property
    def count(self) -> int:
        """How many paths there are."""
        return 0 if self._target is None else self._paths.counts[self._target]

    @cached_property
    def paths(self) -> list[Path]:
        """The paths with the largest products, largest first."""
        return [] if self._target is None else self._paths.largest(self._target)

    @cached_property
    def shares(self) -> list[Share]:
        """The contributions by use, largest first; they add up to the gradient."""
        adjoints = self.graph.adjoints
        shares = [
            Share(use, adjoints[use.node], product(adjoints[use.node], use.local))
            for use in self.graph.uses
            if use.operand == self._target
        ]
        return sorted(shares, key=lambda share: -abs(share.contribution))

    @property
    def gradient(self) -> float:
        """The gradient by the reverse sweep."""
        return 0.0 if self._target is None else self.graph.adjoints[self._target]

    @property
    def complete(self) -> bool:
        """Whether all paths are listed."""
        return self.count <= self._paths.most

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<explanation of {self.slope}: {counted(self.count, 'path')}>"

    @property
    def slope(self) -> str:
        """The name of the gradient, ``∂L/∂w``."""
        return slope_name(self.graph.root_name, self.name)

    @property
    def _counted(self) -> str:
        """How many paths there are, and through which nodes."""
        return counted(self.count, "path") + " through named nodes" * isinstance(self.graph, NamedView)

    # LaTeX and Markdown

    @cached_property
    def latex(self) -> str:
        """The explanation in LaTeX's math mode, one ``aligned`` over all listed paths."""
        slope = slope_latex(self.graph.root_name, self.name)
        if not self.count:
            return f"{slope} = 0"
        lines = [line for path in self.paths for line in self._path_latex(path)]
        total = rf"{slope} &= {number_latex(pretty_number(self.gradient))}"
        more = "" if self.complete else rf" \quad\text{{over {self.count:,} paths, of which the largest are shown}}"
        return "\\begin{aligned}\n" + " \\\\\n".join([*lines, total + more]) + "\n\\end{aligned}"

    def _path_latex(self, path: Path) -> list[str]:
        way = r" \to ".join(map(name_latex, self.way(path)))
        if not path.uses:
            return [f"& {way}"]
        slopes = r" \cdot ".join(self._slope(use, slope_latex) for use in path.uses)
        rules = [rf"\left({self.graph.slope(use.node, use.position).latex}\right)" for use in path.uses]
        numbers = [f"({number_latex(pretty_number(use.local or 0.0))})" for use in path.uses]
        return [
            f"& {way}:",
            rf"& \quad {slopes}",
            rf"& \quad = {' '.join(rules)}",
            rf"& \quad = {''.join(numbers)} = {number_latex(pretty_number(path.product))}",
        ]

    @property
    def markdown(self) -> str:
        """The explanation in Markdown."""
        return f"**{markdown_text(self.slope)}**: {self._counted}\n\n$$\n{self.latex}\n$$\n"

    def _repr_markdown_(self) -> str:
        return self.markdown

    # Text

    @cached_property
    def text(self) -> str:
        """The explanation as plain text."""
        if not self.count:
            root = self.graph.root_name
            return f"{self.slope} = 0: no path leads from {self.name} to {root} along which it could change it."
        listed = [line for path in self.paths for line in ("", *self.path_lines(path))]
        head = "\n".join(filter(None, (self.graph.outdated_note, f"{self.slope}: {self._counted}")))
        if self.complete:
            by_use = self.share_lines() if len(self.shares) > 1 else []
            return "\n".join([head, *listed, "", *by_use, *self.sum_lines()])
        head += f", the largest {len(self.paths)} of them"
        return "\n".join(
            [head, *listed, "", *self.share_lines(), f"Reverse sweep: {self.slope} = {pretty_number(self.gradient)}"]
        )

    def _slope(self, use: Use, write: Callable[[str, str, str], str]) -> str:
        """The local derivative of one use, in text or LaTeX."""
        names, mark = self.graph.names, self.graph.use_mark(use.node, use.position)
        return write(names[use.node], names[use.operand], mark)

    def way(self, path: Path) -> list[str]:
        """The names along a path, from the node to the root."""
        names = self.graph.names
        return [names[use.operand] for use in path.uses[::-1]] + [self.graph.root_name]

    def path_lines(self, path: Path) -> list[str]:
        """One path as text: the way, then the product in symbols, as rules, and in numbers."""
        if not path.uses:
            return [f"{self.name} itself", "  = 1"]
        way = " → ".join(self.way(path))
        slopes = [self._slope(use, slope_name) for use in path.uses]
        rules = [self.graph.slope(use.node, use.position).pretty for use in path.uses]
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
        shares = self.shares[: self._paths.most]
        lines = [f"{self.name} is used {len(self.shares)} times. Through each use, over all paths that begin with it:"]
        for share in shares:
            slope = self._slope(share.use, slope_name)
            numbers = f"({pretty_number(share.upstream)})({pretty_number(share.use.local or 0.0)})"
            root = slope_name(self.graph.root_name, names[share.use.node])
            lines.append(f"  {root} · {slope} = {numbers} = {pretty_number(share.contribution)}")
        rest = self.shares[len(shares) :]
        if rest:
            lines.append(f"  and {len(rest)} smaller, together {pretty_number(sum(s.contribution for s in rest))}")
        return lines

"""The lines of a derivation evaluated at random points of their common domain."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from autograd_lite.engine import Value
from autograd_lite.errors import ExpressionError
from autograd_lite.formulas import Expr
from autograd_lite.lessons.derivation_text import Chain, Line, Range
from autograd_lite.lessons.evaluation import Scope
from autograd_lite.reverse import reachable

__all__ = ["Row", "Table", "close"]

POINTS = 8  # at which two lines are compared
TRIALS = 400
RELATIVE, ABSOLUTE = 1e-9, 1e-12  # of the numbers, and of the largest number on the way to them


class Table:
    """The lines of a chain evaluated at points: rows are points."""

    def __init__(self, chain: Chain, rng: random.Random) -> None:
        self.chain = chain
        self.names = chain.names()
        self.rows: list[Row] = []
        enough = [0] * len(chain.lines)
        for _ in range(TRIALS):
            if min(enough[1:]) >= POINTS:
                break
            row = Row(chain, self._point(rng))
            self.rows.append(row)
            enough = [n + (k == 0 or (row.finite(k) and row.finite(k - 1))) for k, n in enumerate(enough)]

    def _point(self, rng: random.Random) -> dict[str, float]:
        point: dict[str, float] = {}
        for name in self.names:
            drawn = (_drawn(_range(self.chain, name), rng, len(self.rows)) for _ in range(10))
            point[name] = next((x for x in drawn if x not in point.values()), 0.0) or next(drawn, 0.0)
        return point

    def common(self, j: int, k: int) -> list[Row]:
        """The points at which both lines are finite."""
        return [row for row in self.rows if row.finite(j) and row.finite(k)]

    @staticmethod
    def equal(row: Row, j: int, k: int) -> bool:
        """Whether two lines agree at a point, to rounding."""
        return close(row.cells[j], row.cells[k])


@dataclass(frozen=True)
class _Cell:
    """A line at a point: its number, and the largest number on the way to it."""

    number: float
    scale: float


@dataclass
class Row:
    """One point, and every line there."""

    chain: Chain
    point: dict[str, float]
    cells: list[_Cell] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scope = Scope(self.point, self.chain.definitions, self.chain.functions, self.chain.terms)
        self.cells = [self.at(line.tree, line) for line in self.chain.lines]

    def finite(self, k: int) -> bool:
        """Whether a line has a number here."""
        return math.isfinite(self.cells[k].number)

    def at(self, tree: Expr, line: Line | None = None) -> _Cell:
        """Evaluate a formula here."""
        try:
            value = self.scope.value(tree)
        except ExpressionError as error:
            raise ExpressionError(f"Line {line.number}: {error}") if line else error from None
        return _Cell(value.data, _scale(value))


def _scale(value: Value) -> float:
    return max((abs(v.data) for v in reachable([value], constants=True) if math.isfinite(v.data)), default=0.0)


def close(a: _Cell, b: _Cell) -> bool:
    """Whether two numbers agree, to the rounding on the way to them."""
    return abs(a.number - b.number) <= RELATIVE * max(abs(a.number), abs(b.number)) + ABSOLUTE * max(a.scale, b.scale)


def _range(chain: Chain, name: str) -> Range:
    stem = name.rpartition("_")[0]
    return chain.ranges.get(name) or chain.ranges.get(f"{stem}_i") or chain.ranges.get(f"{stem}_j") or Range()


def _drawn(where: Range, rng: random.Random, row: int) -> float:
    """A short number from a range; where no range is given, at first from both sides of 0, then also from (0, 1)."""
    if where.choices:
        return rng.choice(where.choices)
    if math.isinf(where.low) and math.isinf(where.high):
        where = Range(-2.5, 2.5) if row % 3 < 2 else Range(0.0, 1.0)
    low = where.low if math.isfinite(where.low) else min(-2.5, where.high - 2.5)
    high = where.high if math.isfinite(where.high) else max(2.5, where.low + 2.5)
    for digits in (1, 2, 3, 17):
        for _ in range(20):
            x = round(rng.uniform(low, high), digits)
            if low < x < high and x != round(x):  # an integer power of a negative number is defined there alone
                return x
    return rng.uniform(low, high)

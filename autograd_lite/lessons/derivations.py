"""`verify_derivation`: lines that should be equal, compared at points; the first that breaks, and what mends it."""

from __future__ import annotations

import functools
import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autograd_lite.errors import ExpressionError
from autograd_lite.formulas import Expr, pretty_number
from autograd_lite.lessons.derivation_text import Chain, chains_of
from autograd_lite.lessons.edits import Edit, edits
from autograd_lite.lessons.missing_parts import put_back
from autograd_lite.lessons.notation import indices_of, numbers_in
from autograd_lite.lessons.points import Row, Table, close
from autograd_lite.text import counted, printable

__all__ = ["Break", "ChainReport", "DerivationReport", "Step", "checked", "verify_derivation"]

FEWEST = 3
MOST_MENDS = 3
MOST_EDITS = 1_500
RIGHT, BREAKS, FOLLOWS, AGAIN = "right", "breaks", "follows from a wrong line", "right again"
APART = "no common domain"
CLEAR_RATIOS = {Fraction(-1): "a sign", Fraction(2): "a factor of 2", Fraction(1, 2): "a factor of 2"}


@dataclass(frozen=True)
class Break:
    """Where a line differs from the one that it should equal.

    Attributes
    ----------
    point : dict of str to float
        Numbers for the names.
    expected, found : float
        The last right line and this one, at the point.
    ratio : str
        This line as a multiple of the right one, where that is the same everywhere or a power of a name; else "".
    mends : tuple of Edit
        The smallest edits of this line that make it right; the first few.
    """

    point: dict[str, float]
    expected: float
    found: float
    ratio: str = ""
    mends: tuple[Edit, ...] = ()

    def __str__(self) -> str:
        at = ", ".join(f"{name} = {pretty_number(x)}" for name, x in self.point.items())
        lines = [f"at {at or 'any point'}: {pretty_number(self.found, 8)}, expected {pretty_number(self.expected, 8)}"]
        lines += [f"ratio {self.ratio}"] if self.ratio else []
        lines += [f"mended by {edit.tree.pretty}   ({edit.what})" for edit in self.mends]
        return "\n".join(lines)


@dataclass(frozen=True)
class Step:
    """One line of a chain and its verdict: right, breaks, follows from a wrong line, right again, no common domain."""

    text: str
    number: int
    verdict: str
    broken: Break | None = None


@dataclass(frozen=True)
class ChainReport:
    """The verdicts on one chain; true if every line equals the one before it."""

    title: str
    steps: tuple[Step, ...]

    def __bool__(self) -> bool:
        return all(step.verdict == RIGHT for step in self.steps)

    @property
    def first_break(self) -> Step | None:
        """The first line that is not equal to the one before it."""
        return next((step for step in self.steps if step.verdict != RIGHT), None)

    def __str__(self) -> str:
        lines = [printable(self.title)] if self.title else []
        for k, step in enumerate(self.steps):
            verdict = "" if k == 0 else step.verdict
            lines.append(f"  {step.number:>4}  {'= ' if k else '  '}{printable(step.text):<50}  {verdict}".rstrip())
            lines += [f"          {line}" for line in str(step.broken).splitlines()] if step.broken else []
        return "\n".join(lines)


@dataclass(frozen=True)
class DerivationReport:
    """The verdicts on all chains of a text; true if all are right."""

    chains: tuple[ChainReport, ...]

    def __bool__(self) -> bool:
        return all(self.chains)

    def __str__(self) -> str:
        wrong = sum(not chain for chain in self.chains)
        all_of_them = counted(len(self.chains), "derivation")
        summary = f"{wrong} of {all_of_them} wrong." if wrong else f"{all_of_them}: every line is right."
        return "\n\n".join([*map(str, self.chains), summary])


def verify_derivation(source: str | Path, *, seed: int = 0) -> DerivationReport:
    """Compare the lines of a derivation with one another, and find the first that breaks.

    Each line is evaluated at points of the domain that it shares with the line before. Lines that agree at all points
    may still differ elsewhere, although for formulas written by hand that takes intent.

    Parameters
    ----------
    source : str or Path
        The text, or the file that holds it: formulas, one a line, those that go on from the line above begin with
        ``=``. Also ``let s = FORMULA``, ``let f(x) = FORMULA``, ``function f, g`` for any smooth functions,
        ``for 0 < a < 1`` for domains, ``---`` to forget all of these, and ``#`` for remarks. Derivatives are written
        ``d/dx (...)``, ``dE/dw`` or ``f'(x)``; a derivative by a defined name is that by its node. A sum,
        ``sum_i((f_i - y_i)^2)``, has three terms, or as many as ``for terms = 5`` says; ``let f_i = w x_i + b``
        defines every one of them.
    seed : int
        Of the points.

    Returns
    -------
    DerivationReport
        A verdict for each line, and for one that breaks the point, both numbers, their ratio, and the smallest edits
        that mend it. True if every line is right; printing shows everything.

    Raises
    ------
    ExpressionError
        If the text cannot be understood, with the line and the position.

    Examples
    --------
    >>> report = verify_derivation('''
    ... for 0 < y < 1
    ... d/dy (-t ln y - (1 - t) ln(1 - y))
    ...     = t/y + (1 - t)/(1 - y)
    ... ''')
    >>> bool(report), report.chains[0].first_break.broken.mends[0].what
    (False, 'the sign of t / y')
    """
    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    return DerivationReport(tuple(checked(chain, seed) for chain in chains_of(text)))


def checked(chain: Chain, seed: int = 0) -> ChainReport:
    """Compare the lines of one chain at points drawn with a seed."""
    table = Table(chain, random.Random(seed))  # noqa: S311
    steps, right = [Step(chain.lines[0].text, chain.lines[0].number, RIGHT)], 0
    for k, line in enumerate(chain.lines[1:], start=1):
        verdict, broken = _verdict(table, k, right)
        right = k if verdict in (RIGHT, AGAIN) else right
        steps.append(Step(line.text, line.number, verdict, broken))
    return ChainReport(chain.title, tuple(steps))


def _verdict(table: Table, k: int, right: int) -> tuple[str, Break | None]:
    """Compare line k with the last right one, and with the one before it."""
    common = table.common(right, k)
    if len(common) < FEWEST:
        return APART, None
    if all(table.equal(row, right, k) for row in common):
        return (RIGHT if right == k - 1 else AGAIN), None
    before = table.common(k - 1, k)
    if right != k - 1 and before and all(table.equal(row, k - 1, k) for row in before):
        return FOLLOWS, None
    return BREAKS, _diagnosed(table, right, k, common)


# --- What is wrong with a line ---------------------------------------------------------------------------------------


def _diagnosed(table: Table, right: int, k: int, common: list[Row]) -> Break:
    first = next(row for row in common if not table.equal(row, right, k))
    used = first.point if len(first.point) <= 8 else dict(list(first.point.items())[:8])
    return Break(
        used,
        first.cells[right].number,
        first.cells[k].number,
        _ratio(common, right, k),
        _mends(table, right, k, common),
    )


def _ratio(rows: list[Row], right: int, k: int) -> str:
    """The wrong line as a multiple of the right one, if that is a number, a name or its inverse."""
    pairs = [(row, row.cells[k].number / row.cells[right].number) for row in rows if row.cells[right].number]
    pairs = [(row, ratio) for row, ratio in pairs if ratio]
    if len(pairs) < 2:
        return ""
    constant = Fraction(pairs[0][1]).limit_denominator(100)
    if constant and all(_near(ratio, float(constant)) for _, ratio in pairs):
        text = str(constant).replace("-", "−")
        return f"{text}: {CLEAR_RATIOS[constant]}" if constant in CLEAR_RATIOS else text
    for sign, prefix in ((1.0, ""), (-1.0, "−")):
        for factor in _factors(rows[0]):
            there = [(row.scope.number(factor), sign * ratio) for row, ratio in pairs]
            if all(_near(ratio, x) for x, ratio in there):
                return f"{prefix}{factor.pretty}: a factor {factor.pretty} too many"
            if all(x and _near(ratio, 1.0 / x) for x, ratio in there):
                return f"{prefix}1/{factor.pretty}: a factor {factor.pretty} is missing"
    return ""


def _factors(row: Row) -> list[Expr]:
    names = [Expr(name) for name in (*row.point, *row.chain.definitions)]
    return [*names, *(Expr("-", (Expr(1.0), name)) for name in names), *(Expr("**", (n, Expr(2.0))) for n in names)]


def _near(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-7 * max(abs(a), abs(b))


def _mends(table: Table, right: int, k: int, common: list[Row]) -> tuple[Edit, ...]:
    """The small edits that mend a line; where none does, what puts back something of the lines before."""
    rows = sorted(common, key=lambda row: table.equal(row, right, k))  # first those that tell the lines apart
    for tried in (_tried, _put_back):
        fit = (edit for edit in tried(table, right, k, rows) if all(_mended(row, right, edit.tree) for row in rows))
        found = tuple(itertools.islice(fit, MOST_MENDS))
        if found:
            return found
    return ()


def _tried(table: Table, right: int, k: int, rows: list[Row]) -> Iterator[Edit]:
    names: list[str | float] = [*table.names, *table.chain.definitions]
    names += [name for index in indices_of(table.chain.lines[k].tree) for name in _indexed(table.names, index)]
    names += numbers_in(table.chain.lines[right].tree)
    for n, edit in enumerate(edits(table.chain.lines[k].tree, names)):
        if n == MOST_EDITS:
            return
        yield edit


def _indexed(names: list[str], index: str) -> dict[str, None]:
    """The names that stand in a sum, x_i for x_1 and x_2."""
    return {f"{stem}_{index}": None for stem, _, number in (name.rpartition("_") for name in names) if number.isdigit()}


def _put_back(table: Table, right: int, k: int, rows: list[Row]) -> Iterator[Edit]:
    """Edits that put something back which stands in the lines before."""
    before = [line.tree for line in table.chain.lines[:k]]
    numbers = np.array([row.cells[right].number for row in rows])

    @functools.cache
    def at_points(tree: Expr) -> NDArray[np.float64]:
        return np.array([row.at(tree).number for row in rows])

    return put_back(table.chain.lines[k].tree, numbers, at_points, before, [*table.names, *table.chain.definitions])


def _mended(row: Row, right: int, tree: Expr) -> bool:
    try:
        cell = row.at(tree)
    except ExpressionError:  # x_i outside of a sum
        return False
    return math.isfinite(cell.number) and close(cell, row.cells[right])

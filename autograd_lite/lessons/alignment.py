"""Printed numbers beside the formula that they should be the numbers of: what stands where something else belongs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NamedTuple

from autograd_lite.formulas import Expr
from autograd_lite.lessons.chain_rule import factors_of
from autograd_lite.lessons.notation import SLOPE, numbers_in
from autograd_lite.lessons.printed import agreement, unit
from autograd_lite.text import pretty_number

__all__ = ["Mismatch", "Numbers", "literal", "mismatches", "stands_for"]

MOST_ORDERS = 4  # terms that are tried in every order
TERMS = ("+", "-")


class Mismatch(NamedTuple):
    """Printed and wanted: texts of a number that stands where another belongs; "" where one of them is missing."""

    printed: str
    wanted: str
    value: float = math.nan
    only_sign: bool = False

    def __str__(self) -> str:
        if self.only_sign:
            return f"the sign: {self.printed} stands where {self.wanted} = {pretty_number(self.value, 6)} belongs"
        if not self.printed:
            return f"the factor {self.wanted} = {pretty_number(self.value, 6)} is missing"
        if not self.wanted:
            return f"{self.printed} is a factor too many"
        return f"{self.printed} stands where {self.wanted} = {pretty_number(self.value, 6)} belongs"


class Numbers(NamedTuple):
    """How formulas become numbers: exactly, and the number printed earlier for the same thing, or None."""

    exact: Callable[[Expr], float]
    earlier: Callable[[float], float | None]


def literal(x: float) -> str:
    """A number as it would be printed.

    Examples
    --------
    >>> literal(0.25), literal(3.0)
    ('0.25', '3')
    """
    return format(Decimal(repr(x)).normalize(), "f") if math.isfinite(x) else repr(x)


def stands_for(printed: str, value: float) -> bool:
    """Whether a printed factor can be this value: exact, or rounded if it has decimals.

    Examples
    --------
    >>> stands_for("0.67", 0.668), stands_for("1", 0.668)
    (True, False)
    """
    return agreement(printed, value) in (("exact", "rounded") if "." in printed else ("exact",))


def mismatches(figures: Expr, formula: Expr, numbers: Numbers) -> list[Mismatch] | None:
    """Compare a formula in printed numbers with one in names, term by term and factor by factor.

    Returns
    -------
    list of Mismatch or None
        What does not belong; None where the two are not built alike.
    """
    left, right = _terms(figures), _terms(formula)
    if figures.args and not _is_composite(formula):
        return None
    if len(left) != len(right):
        return None
    if len(left) == 1:
        return _product_mismatches(figures, formula, numbers)
    orders: Iterable[tuple[Expr, ...]] = itertools.permutations(right) if len(right) <= MOST_ORDERS else [tuple(right)]
    found = [_termwise(left, order, numbers) for order in orders]
    return min((f for f in found if f is not None), key=len, default=None)


def _is_composite(formula: Expr) -> bool:
    """Whether a formula has parts: a name has none, nor has a derivative of one name by another."""
    return _is_composite(formula.args[0]) if formula.head == "neg" else bool(formula.args) and formula.head != SLOPE


def _termwise(left: list[Expr], right: tuple[Expr, ...], numbers: Numbers) -> list[Mismatch] | None:
    found: list[Mismatch] = []
    for a, b in zip(left, right, strict=True):
        part = _product_mismatches(a, b, numbers)
        if part is None:
            return None
        found += part
    return found


def _terms(tree: Expr, negative: bool = False) -> list[Expr]:
    if tree.head in TERMS:
        a, b = tree.args
        return _terms(a, negative) + _terms(b, negative != (tree.head == "-"))
    if tree.head == "neg" and tree.args[0].head in TERMS:
        return _terms(tree.args[0], not negative)
    return [Expr("neg", (tree,)) if negative else tree]


def _product_mismatches(figures: Expr, formula: Expr, numbers: Numbers) -> list[Mismatch] | None:
    left, right = factors_of(figures), _factors(formula)
    for factor in list(left):
        match = next((other for other in right if other[1] == factor[1] and _agree(factor[0], other[0], numbers)), None)
        if match:
            left.remove(factor)
            right.remove(match)
    left = [pair for pair in left if pair[0].head != 1.0]
    if len(right) > len(left):
        right = [pair for pair in right if abs(numbers.exact(pair[0])) != 1.0]
    found: list[Mismatch] = []
    for (a, below), (b, below_too) in itertools.zip_longest(left, right, fillvalue=(None, False)):
        if a is not None and b is not None and below != below_too:
            return None
        inner = _inside(a, b, numbers) if a is not None and b is not None else None
        found += inner if inner is not None else [_mismatch(a, b, numbers)]
    signs = [math.copysign(1.0, numbers.exact(tree)) for tree in (figures, formula)]
    if not found and signs[0] != signs[1] and numbers.exact(figures):
        found.append(Mismatch(figures.pretty, formula.pretty, numbers.exact(formula), only_sign=True))
    return found


def _mismatch(a: Expr | None, b: Expr | None, numbers: Numbers) -> Mismatch:
    value = numbers.exact(b) if b is not None else math.nan
    return Mismatch("" if a is None else a.pretty, "" if b is None else b.pretty, value)


def _factors(tree: Expr) -> list[tuple[Expr, bool]]:
    """The factors; those of a formula in names with one number for all its numbers."""
    found = factors_of(tree)
    constants = [1.0 / f.head if below else f.head for f, below in found if isinstance(f.head, float)]
    if len(constants) < len(found):
        total = math.prod(constants)
        found = [(f, below) for f, below in found if isinstance(f.head, str)] + [(Expr(total), False)] * (
            abs(total) != 1.0
        )
    return found


def _agree(figure: Expr, wanted: Expr, numbers: Numbers) -> bool:
    if isinstance(figure.head, float):
        exact = abs(numbers.exact(wanted))
        earlier = numbers.earlier(exact)
        seen = [exact, *([abs(earlier)] if earlier is not None else [])]
        return any(stands_for(literal(abs(figure.head)), x) for x in seen)
    inner = _inside(figure, wanted, numbers)
    return not inner if inner is not None else _near(figure, wanted, numbers)


def _inside(figure: Expr, wanted: Expr, numbers: Numbers) -> list[Mismatch] | None:
    """Compare two factors part by part, if they are built alike."""
    if not figure.args or figure.head != wanted.head or len(figure.args) != len(wanted.args):
        return None
    if figure.head in TERMS:
        return mismatches(figure, wanted, numbers)
    parts = [mismatches(a, b, numbers) for a, b in zip(figure.args, wanted.args, strict=True)]
    return [m for part in parts if part for m in part] if None not in parts else None


def _near(figure: Expr, wanted: Expr, numbers: Numbers) -> bool:
    """Whether a formula of printed numbers gives the wanted one, to its coarsest digit."""
    a, b = abs(numbers.exact(figure)), abs(numbers.exact(wanted))
    steps = [unit(literal(x)) for x in numbers_in(figure) if x != int(x)]
    return abs(a - b) <= max(steps, default=1e-12 * abs(b))

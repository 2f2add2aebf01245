"""Candidates for what led to a wrong number: small edits that give it. Several may fit; none is a fact."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

from autograd_lite.errors import ExpressionError
from autograd_lite.formulas import Expr
from autograd_lite.lessons.alignment import literal
from autograd_lite.lessons.chain_rule import factors_of
from autograd_lite.lessons.edits import edits
from autograd_lite.lessons.printed import agreement, number_of
from autograd_lite.text import pretty_number

__all__ = ["RATES", "candidates", "fits", "short_factors", "short_multiples"]

RATES = ("eta", "lr", "learning_rate", "η", "rate")
MOST = 5
MOST_EDITS = 2_000
SHORT = (1, 2, 3)  # significant digits of a number that someone could have typed


def fits(printed: str, value: float) -> bool:
    """Whether a value could have been printed so, rounded or cut."""
    return agreement(printed, value) != "differs"


def candidates(
    formulas: Iterable[Expr],
    number: Callable[[Expr], float],
    good: Callable[[float], bool],
    names: Iterable[str | float] = (),
) -> list[str]:
    """Find the single edits of a formula that give a number.

    Parameters
    ----------
    formulas : iterable of Expr
        Forms of the right formula.
    number : callable
        What evaluates a formula.
    good : callable
        Whether a value is the number that someone got.
    names : iterable of str or float
        What may stand in place of an operand.

    Returns
    -------
    list of str
        Phrases, at most five.

    Examples
    --------
    >>> from autograd_lite.lessons.evaluation import Scope
    >>> from autograd_lite.lessons.notation import read
    >>> scope = Scope({"w": 0.3, "eta": 0.25, "g": -0.37})
    >>> candidates([read("w - eta g")], scope.number, lambda x: fits("0.67", x), ["w", "g"])
    ['without the learning rate eta']
    """
    found: dict[str, None] = {}
    known = list(names)
    for formula in formulas:
        for k, edit in enumerate(edits(formula, known, RATES)):
            if k == MOST_EDITS or len(found) == MOST:
                break
            if good(_number(edit.tree, number)):
                found[edit.what] = None
    return list(found)


def _number(tree: Expr, number: Callable[[Expr], float]) -> float:
    try:
        return number(tree)
    except ExpressionError:
        return math.nan


def short_factors(printed: str, figures: Expr, number: Callable[[Expr], float]) -> Iterator[str]:
    """Short numbers that would give the printed result in place of one of the printed factors.

    Examples
    --------
    >>> from autograd_lite.lessons.evaluation import Scope
    >>> from autograd_lite.lessons.notation import read
    >>> list(short_factors("0.45", read("0.9*0.25"), Scope({}).number))
    ['1.8 in place of 0.9', '0.5 in place of 0.25']
    """
    total, wanted = number(figures), float(number_of(printed))
    for factor, below in factors_of(figures):
        x = factor.head
        if not isinstance(x, float) or below or not total or not wanted:
            continue
        short = _short(x * wanted / total, lambda y, x=x: fits(printed, total * y / x))  # type: ignore[misc]
        if short is not None and short not in (x, -x):
            yield f"{literal(short)} in place of {literal(x)}"


def short_multiples(printed: str, others: Iterable[tuple[str, float]]) -> Iterator[str]:
    """Other results of which the printed number is a short multiple.

    Examples
    --------
    >>> list(short_multiples("-0.004223", [("dE/dw1", -0.00168904)]))
    ['2.5 times dE/dw1']
    """
    wanted = float(number_of(printed))
    for name, x in others:
        short = _short(wanted / x, lambda y, x=x: fits(printed, x * y), SHORT[:2]) if x else None  # type: ignore[misc]
        if short is not None and wanted:
            yield f"{pretty_number(short)} times {name}" if short != 1.0 else f"it is {name}"


def _short(x: float, good: Callable[[float], bool], digits: tuple[int, ...] = SHORT) -> float | None:
    """The number of fewest digits near x that does; None if it needs too many."""
    return next((y for n in digits if good(y := float(f"{x:.{n - 1}e}"))), None) if math.isfinite(x) else None

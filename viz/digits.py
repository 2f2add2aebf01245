"""Numbers on paper: enough digits that the sums which a reader checks by hand come out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal, localcontext

from autograd_lite.formulas import pretty_number

__all__ = ["DIGITS", "agreeing_digits", "bracketed", "changing_digits", "counted", "times"]

DIGITS = 4
MOST = 8


def agreeing_digits(addends: Sequence[float], total: float) -> int:
    """How many significant digits to show so that the rounded addends add up to the rounded total.

    Four where that works, at most eight: 0.125 + 0.1111 is 0.2361, but two halves of 2.3945 need five.

    Examples
    --------
    >>> agreeing_digits([1.5, 2.5], 4.0), agreeing_digits([-1.19738, -1.19738], -2.39476)
    (4, 5)
    """
    if not all(map(math.isfinite, (*addends, total))):
        return DIGITS
    for digits in range(DIGITS, MOST + 1):
        with localcontext(prec=40):
            exact = sum((_as_printed(x, digits) for x in addends), Decimal(0))
            on_screen = _as_printed(total, digits)
            if pretty_number(float(exact), digits) == pretty_number(float(on_screen), digits):
                return digits
    return DIGITS


def changing_digits(before: float, after: float) -> int:
    """How many significant digits to show so that a small change of a number shows with three of its own.

    Examples
    --------
    >>> changing_digits(0.25, 0.250420928515)
    6
    """
    change = after - before
    if not (math.isfinite(change) and change and before):
        return DIGITS
    return min(MOST, max(DIGITS, 3 + math.floor(math.log10(abs(before))) - math.floor(math.log10(abs(change)))))


def _as_printed(x: float, digits: int) -> Decimal:
    return Decimal(pretty_number(x, digits).replace("−", "-"))


def bracketed(x: float, digits: int = DIGITS) -> str:
    """A number as a factor or a later addend: negative ones in brackets.

    Examples
    --------
    >>> bracketed(-0.5), bracketed(2.0)
    ('(−0.5)', '2')
    """
    text = pretty_number(x, digits)
    return f"({text})" if text.startswith("−") else text


def counted(n: int, thing: str) -> str:
    """How many there are of a thing, one or several.

    Examples
    --------
    >>> counted(1, "op"), counted(1200, "path")
    ('1 op', '1,200 paths')
    """
    return f"1 {thing}" if n == 1 else f"{n:,} {thing}s"


def times(factors: Sequence[float], digits: int = DIGITS) -> str:
    """A product written out, with brackets around negative factors.

    Examples
    --------
    >>> times([-1.0, 0.25])
    '(−1) · 0.25'
    """
    return " · ".join(bracketed(x, digits) for x in factors)

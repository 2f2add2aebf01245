"""Printed numbers: what their digits say of the number that was meant."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation

from autograd_lite.errors import ExpressionError
from autograd_lite.text import shown

__all__ = ["agreement", "is_printed_number", "number_of", "significant", "unit"]

ROUNDING = 1e-11  # of floats, relative, in what is called exact
NUMBER = re.compile(r"[-+−]?\s*(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")


def is_printed_number(text: str) -> bool:
    """Whether a text is one number and nothing else.

    Examples
    --------
    >>> is_printed_number("−0.18"), is_printed_number("0.5*x")
    (True, False)
    """
    return NUMBER.fullmatch(text.strip()) is not None


def number_of(text: str) -> Decimal:
    """A printed number, with all its digits.

    Raises
    ------
    ExpressionError
        If the text is not a number.
    """
    try:
        return Decimal(text.replace("−", "-").replace(" ", ""))
    except InvalidOperation:
        raise ExpressionError(f"{shown(text)} is not a number. Print it as 0.355 or -1.5e-3.") from None


def unit(text: str) -> float:
    """The worth of the last digit that is printed.

    Examples
    --------
    >>> unit("0.355"), unit("12")
    (0.001, 1.0)
    """
    return float(Decimal((0, (1,), int(number_of(text).as_tuple().exponent))))


def significant(text: str) -> int:
    """How many significant digits are printed; of a zero, its decimals.

    Examples
    --------
    >>> significant("-0.0016"), significant("0.250"), significant("0.000")
    (2, 3, 3)
    """
    number = number_of(text)
    digits = len("".join(map(str, number.as_tuple().digits)).lstrip("0"))
    return digits or max(0, -int(number.as_tuple().exponent))


def agreement(text: str, value: float) -> str:
    """Compare a printed number with a value, to the digits that are printed.

    Returns
    -------
    str
        ``"exact"``, ``"rounded"``, ``"cut"`` (the later digits were dropped) or ``"differs"``.

    Examples
    --------
    >>> agreement("0.355", 0.355), agreement("0.62", 0.62104), agreement("0.587", 0.58783), agreement("0.491", 0.494)
    ('exact', 'rounded', 'cut', 'differs')
    """
    if not math.isfinite(value):
        return "differs"
    printed, step = float(number_of(text)), unit(text)
    slack = ROUNDING * abs(value)
    if abs(printed - value) <= slack:
        return "exact"
    if abs(printed - value) <= step / 2 + slack:
        return "rounded"
    beyond = abs(value) + slack - abs(printed)
    same_sign = printed == 0.0 or (printed > 0.0) == (value > 0.0)
    return "cut" if same_sign and 0.0 <= beyond < step else "differs"

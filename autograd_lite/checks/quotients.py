r"""Derivatives from difference quotients, for checking.

A central difference is :math:`\frac{f(x+h) - f(x-h)}{2h} = f'(x) + c_2 h^2 + c_4 h^4 + \dots`; from several steps h the
error terms are extrapolated away (Richardson 1911; Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", Advances
in Engineering Software 4, 1982).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Slope", "difference_quotient", "is_kink"]

STARTS = (0.1, 1.3e-3, 1.7e-5)  # largest steps of the tableaus, relative to the size of the point
HALVINGS = 7  # of the step, in one tableau
CONFIRMED = 1e-8  # relative difference within which two tableaus confirm each other
EPSILON = 2.0**-52


@dataclass(frozen=True)
class Slope:
    """A derivative from difference quotients.

    Attributes
    ----------
    value : float
        The derivative.
    uncertainty : float
        How far the quotients still disagree; infinite where they do not converge.
    rounding : float
        Bound on the error from rounding the function's values.
    """

    value: float
    uncertainty: float
    rounding: float


NOTHING = Slope(math.nan, math.inf, math.inf)


def difference_quotient(f: Callable[[float], float], x: float) -> Slope:
    """Differentiate by extrapolated central differences, confirmed by another tableau with much finer steps.

    Examples
    --------
    >>> found = difference_quotient(math.exp, 0.0)
    >>> abs(found.value - 1.0) < 1e-12, found.uncertainty < 1e-11
    (True, True)
    """
    sizes = (max(abs(x), 1.0), abs(x)) if 0.0 < abs(x) < 1.0 else (max(abs(x), 1.0),)
    coarse = NOTHING
    for size in sizes:
        for start in STARTS:
            fine = _tableau(f, x, start * size)
            apart = abs(coarse.value - fine.value)
            best = min(coarse, fine, key=lambda slope: slope.uncertainty)
            if apart <= 4.0 * (coarse.uncertainty + fine.uncertainty) < math.inf:
                return best
            if apart <= CONFIRMED * abs(fine.value):  # cancelling terms round more than their sum shows
                return Slope(best.value, apart, best.rounding)
            coarse = fine
    return Slope(coarse.value, math.inf, coarse.rounding)


def _tableau(f: Callable[[float], float], x: float, step: float) -> Slope:
    """Ridders' tableau: each column removes one more power of h**2; the best entry agrees most with its neighbours."""
    best = NOTHING
    above: list[float] = []
    for i in range(HALVINGS):
        h = step / 2.0**i
        right, left = f(x + h), f(x - h)
        width = (x + h) - (x - h)
        row = [(right - left) / width if width else math.nan]
        rounding = EPSILON * max(abs(right), abs(left)) / h
        for j, finer in enumerate(above):
            row.append(row[j] + (row[j] - finer) / (4.0 ** (j + 1) - 1.0))
            uncertainty = max(abs(row[j + 1] - row[j]), abs(row[j + 1] - finer)) + rounding
            if uncertainty < best.uncertainty:
                best = Slope(row[j + 1], uncertainty, rounding)
        above = row
    return best


def is_kink(f: Callable[[float], float], x: float, slope: float) -> bool:
    """Whether left and right slopes differ as much at a smaller step, with this slope between them.

    Where the function is smooth they converge, and at a jump they diverge.

    Examples
    --------
    >>> is_kink(abs, 0.0, 0.5), is_kink(abs, 0.0, 1.5), is_kink(math.sin, 0.0, 1.0)
    (True, False, False)
    """
    gaps = []
    for h in (1e-6 * max(abs(x), 1.0), 1e-7 * max(abs(x), 1.0)):
        left, right = (f(x) - f(x - h)) / h, (f(x + h) - f(x)) / h
        noise = 10.0 * EPSILON * abs(f(x)) / h
        room = 1e-3 * max(abs(left), abs(right)) + noise
        if not min(left, right) - room <= slope <= max(left, right) + room:
            return False
        gaps.append(abs(right - left) if abs(right - left) > room else 0.0)
    return 0.5 * gaps[0] < gaps[1] < 2.0 * gaps[0]

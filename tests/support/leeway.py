"""What ops are excused from, each with its reason: the one list of exceptions to the promises on digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from autograd_lite.namespaces import floats
from autograd_lite.op import Op

VALUE_ULPS, PARTIAL_ULPS = 2.0, 4.0  # the promises, in units in the last place
TINY, LARGEST = 2.3e-308, 1.7e308


@dataclass(frozen=True)
class Leeway:
    """How far a number may be off, and why: so many ulp of a term; nothing is asked where `unless` holds."""

    reason: str
    ulps: float
    term: Callable[..., float] = lambda *operands: 0.0
    unless: Callable[..., bool] = lambda *operands: False


def subnormal(*numbers: float) -> bool:
    return any(0.0 < abs(x) < TINY for x in numbers)


def _sum_overflows(*xs: float) -> bool:
    return sum(map(abs, xs)) > LARGEST


def _products(*operands: float) -> list[float]:
    n = len(operands) // 2
    return [w * x for w, x in zip(operands[:n], operands[n:], strict=True)]


def _coefficient_leaves_floats(c: float, a: float, b: float, k: float) -> bool:
    terms = (c, c * (b - k), c * math.log(a), a)
    if c != 0.0 and b != k and c * (b - k) == 0.0:
        return True
    return any(x != 0.0 and not TINY < abs(x) < LARGEST for x in terms) or (k + 1.0) - 1.0 != k or b - k + k != b


def _far_from_1(c: float, a: float, b: float, k: float) -> bool:
    return abs(math.log10(abs(c) or 1.0)) + (1.0 + abs(b) + abs(k)) * abs(math.log10(a)) > 140.0


_ROOT = "two terms cancel at the root; the promise is in ulp of the largest"
_LOST = "a quotient or product below the normal range has lost digits before it is used again"
_OVERFLOW = "partial sums overflow, as NumPy's do"

LEEWAY: dict[tuple[str, str], Leeway] = {
    ("gelu", "value"): Leeway(
        "three factors are rounded, and the tail is x times a subnormal probability",
        4,
        lambda x: min(1.0, abs(x)) * 5e-307,
    ),
    ("gelu", "x"): Leeway(_ROOT, 4, lambda x: max(abs(x) * floats.normal_pdf(x), 5e-307)),
    ("silu", "value"): Leeway("a product of three rounded factors", 4),
    ("logistic_pdf", "value"): Leeway("the slope of the sigmoid: the promise for derivatives", 4),
    ("logistic_pdf", "x"): Leeway("a second derivative of the sigmoid: that promise", 8),
    ("silu", "x"): Leeway(
        _ROOT,
        4,
        lambda x: floats.sigmoid(x) * max(1.0, abs(x) * floats.sigmoid(-x)),
    ),
    ("logsumexp", "value"): Leeway(_ROOT, 4, lambda *xs: max(xs)),
    ("sumprod", "value"): Leeway(
        "its products are rounded, and NumPy's sum too",
        4,
        lambda *xs: sum(map(abs, _products(*xs))),
        lambda *xs: _sum_overflows(*_products(*xs)),
    ),
    ("fsum", "value"): Leeway(_OVERFLOW, 1, unless=_sum_overflows),
    ("mean", "value"): Leeway(_OVERFLOW, 2, unless=_sum_overflows),
    ("div", "b"): Leeway(_LOST, 4, unless=lambda a, b: subnormal(a)),
    ("zdiv", "b"): Leeway(_LOST, 4, unless=lambda a, b: subnormal(a)),
    ("arctan2", "y"): Leeway(_LOST, 4, unless=lambda y, x: subnormal(x, x / y if y else 0.0)),
    ("arctan2", "x"): Leeway(_LOST, 4, unless=lambda y, x: subnormal(y, y / x if x else 0.0)),
    ("gauss", "x"): Leeway(_LOST, 4, unless=lambda x: floats.gauss(x) < TINY),
    ("normal_pdf", "x"): Leeway(_LOST, 4, unless=lambda x: floats.normal_pdf(x) < TINY),
    ("remainder", "text"): Leeway(
        "floor(a / b) is taught, where a / b may round up to the next integer",
        4,
        unless=lambda a, b: min(a % b / b, 1.0 - a % b / b) < 1e-6,
    ),
    ("powterm", "value"): Leeway(
        "where the power alone leaves the range of floats, it is the square of its root, which must be a float",
        4,
        unless=lambda c, a, b, k: abs((b - k) * math.log10(a)) > 590.0,
    ),
    **{
        ("powterm", what): Leeway(
            "its coefficient is a float: c (b - k) and c log a must be one", 4, unless=_coefficient_leaves_floats
        )
        for what in ("a", "b", "k")
    },
    ("powterm", "second"): Leeway("products of its coefficient and its power must be floats", 4, unless=_far_from_1),
}


def leeway_of(op: Op, what: str) -> Leeway:
    return LEEWAY.get((op.name, what), Leeway("", VALUE_ULPS if what == "value" else PARTIAL_ULPS))

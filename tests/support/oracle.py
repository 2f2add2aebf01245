"""The exact oracle: rules of the op table run on power series with ball arithmetic (python-flint's Arb).

A rule's text also serves truncated power series ``f(x0 + t) = c0 + c1 t + c2 t^2 + ...`` whose coefficients are balls
that provably hold the true number; k! c_k is the k-th derivative, found without any rule for a partial. Where the ball
is too wide to judge a double, the work is done again with twice the digits.

A rule may choose (`abs`, `maximum`, `where`). A series is compared by its first coefficient that is not 0, at t just
above 0 or just below (``side``): at a kink the two sides differ, and where a function is smooth they must agree.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

from flint import arb, arb_series, ctx

from autograd_lite.op import TABLE, Op

HIGHEST = 40_000  # bits; more than any double needs
HUGE = 2.0**40  # beyond this an exponential overflows or vanishes whatever its exact size


class UncertainError(ArithmeticError):
    """More digits are needed to compare two balls."""


class Exact:
    """The namespace of a rule on power series; ``side`` is the sign of t in comparisons.

    A ball around 0 that has ``enough`` bits counts as 0.
    """

    def __init__(self, side: int = 1, enough: int = HIGHEST // 2) -> None:
        self.side, self.enough = side, enough

    def __getattr__(self, word: str) -> Callable[..., Any]:
        if word in SERIES:
            return SERIES[word]
        if word not in TABLE:
            raise AttributeError(word)
        return functools.partial(TABLE[word].value, self)

    @property
    def pi(self) -> Any:
        return series(arb.pi())

    def direction(self, x: Any) -> int:
        """The sign of a series near its centre: 1, -1, or 0 where it is constantly 0."""
        for k, c in enumerate(series(x).coeffs()):
            if c > 0 or c < 0:
                return (1 if c > 0 else -1) * self.side**k
            if not c.is_zero() and ctx.prec < self.enough:
                raise UncertainError
        return 0

    def abs(self, x: Any) -> Any:
        return -x if self.direction(x) < 0 else series(x)

    def sign(self, x: Any) -> Any:
        return series(self.direction(x))

    def maximum(self, *xs: Any) -> Any:
        return functools.reduce(lambda a, b: a if self.direction(series(a) - b) >= 0 else b, xs)

    def minimum(self, *xs: Any) -> Any:
        return functools.reduce(lambda a, b: a if self.direction(series(a) - b) <= 0 else b, xs)

    def where(self, condition: Any, a: Any, b: Any) -> Any:
        return series(b if self.direction(condition) == 0 else a)

    def zmul(self, a: Any, b: Any) -> Any:
        return series(0) if self.direction(a) == 0 else a * b

    def zdiv(self, a: Any, b: Any) -> Any:
        return series(0) if self.direction(a) == 0 else a / b

    def floor(self, x: Any) -> Any:
        whole = series(x)[0].floor()
        if not whole.is_exact():
            raise UncertainError
        return series(whole - (self.direction(series(x) - whole) < 0))

    def remainder(self, a: Any, b: Any) -> Any:
        return a - b * self.floor(series(a) / b)

    def greater(self, a: Any, b: Any) -> Any:
        return series(self.direction(series(a) - b) > 0)

    def greater_equal(self, a: Any, b: Any) -> Any:
        return series(self.direction(series(a) - b) >= 0)

    def less(self, a: Any, b: Any) -> Any:
        return series(self.direction(series(a) - b) < 0)

    def less_equal(self, a: Any, b: Any) -> Any:
        return series(self.direction(series(a) - b) <= 0)

    def equal(self, a: Any, b: Any) -> Any:
        return series(self.direction(series(a) - b) == 0)

    def arctan2(self, y: Any, x: Any) -> Any:
        y, x = series(y), series(x)
        if abs(y[0]) > abs(x[0]):
            return self.direction(y) * self.pi / 2 - (x / y).atan()
        turn = 0 if self.direction(x) > 0 else -1 if self.direction(y) < 0 else 1
        return (y / x).atan() + turn * self.pi


def series(x: Any) -> Any:
    """Make a constant series of a number; leave a series as it is."""
    return x if isinstance(x, arb_series) else arb_series([arb(x)])


def _exp(x: Any) -> Any:
    s = series(x)
    for bound in (HUGE, -HUGE):
        if abs(s[0]) > HUGE and s[0] / bound > 0:
            return (s - s[0] + bound).exp()
    return s.exp()


def _cosh(x: Any) -> Any:
    return (_exp(x) + _exp(-x)) / 2


def _sinh(x: Any) -> Any:
    return (_exp(x) - _exp(-x)) / 2


def _tanh(x: Any) -> Any:
    s = series(x)
    if abs(s[0]) > HUGE:
        return series(1 if s[0] > 0 else -1)
    return _sinh(s) / _cosh(s)


def _power(a: Any, b: Any) -> Any:
    a, b = series(a), series(b)
    if b.length() <= 1 and b[0].is_integer() and abs(b[0]) < 1000:
        n = int(b[0].unique_fmpz())
        return functools.reduce(operator.mul, [a] * n, series(1)) if 0 <= n < 5 else _integer_power(a, n)
    return _exp(b * a.log())


def _integer_power(a: Any, n: int) -> Any:
    return 1 / _integer_power(a, -n) if n < 0 else a ** series(n)


SERIES: dict[str, Callable[..., Any]] = {
    "sqrt": lambda x: series(x).sqrt(),
    "exp": _exp,
    "expm1": lambda x: _exp(x) - 1,
    "log": lambda x: series(x).log(),
    "log1p": lambda x: (1 + series(x)).log(),
    "log2": lambda x: series(x).log() / arb.const_log2(),
    "log10": lambda x: series(x).log() / arb.const_log10(),
    "sin": lambda x: series(x).sin(),
    "cos": lambda x: series(x).cos(),
    "tan": lambda x: series(x).tan(),
    "arcsin": lambda x: series(x).asin(),
    "arccos": lambda x: series(x).acos(),
    "arctan": lambda x: series(x).atan(),
    "sinh": _sinh,
    "cosh": _cosh,
    "tanh": _tanh,
    "arcsinh": lambda x: (series(x) + (series(x) * x + 1).sqrt()).log(),
    "arccosh": lambda x: (series(x) + (series(x) * x - 1).sqrt()).log(),
    "arctanh": lambda x: ((1 + series(x)) / (1 - series(x))).log() / 2,
    "erf": lambda x: series(x).erf(),
    "erfc": lambda x: series(x).erfc(),
    "gauss": lambda x: _exp(-series(x) * x),
    "normal_pdf": lambda x: _exp(-series(x) * x / 2) / (2 * arb.pi()).sqrt(),
    "normal_cdf": lambda x: (-series(x) / arb(2).sqrt()).erfc() / 2,
    "pow": _power,
    "powterm": lambda c, a, b, k: c * _power(a, series(b) - k),
    "exp_difference": lambda a, b: _exp(series(a) - b),
    "hypot": lambda *xs: sum((series(x) * x for x in xs), series(0)).sqrt(),
    "fsum": lambda xs: sum(map(series, xs), series(0)),
    "sumprod": lambda ws, xs: sum((series(w) * x for w, x in zip(ws, xs, strict=True)), series(0)),
    "stop": series,
}

Reference = Callable[..., Any]  # (xp, *operands) -> value, as a rule


TEXTBOOK: dict[str, Reference] = {  # where a rule cuts off what a double cannot tell from 0
    "silu": lambda xp, x: x / (1 + xp.exp(-x)),
    "expterm": lambda xp, c, x: c * xp.exp(x),
}


def evaluated(work: Callable[[], list[Any]], bits: int = 60) -> list[Any]:
    """Do exact work with more and more digits until all its balls have so many good bits, or are 0 for a double."""
    before = ctx.prec
    ctx.prec = 128
    try:
        while True:
            try:
                balls = work()
            except UncertainError:
                balls = []
            except (ZeroDivisionError, ValueError):  # a pole
                return []
            if (balls and all(good(b, bits) for b in balls)) or ctx.prec > HIGHEST:
                return balls
            ctx.prec *= 3
    finally:
        ctx.prec = before


def good(ball: Any, bits: int) -> bool:
    """Whether a ball is narrow enough to judge a double."""
    if not ball.is_finite():
        return False
    return bool(ball.rel_accuracy_bits() >= bits or abs(ball) < arb(2) ** -1300 or abs(ball) > arb(2) ** 1100)


def derivatives(
    op: Op,
    data: Sequence[float],
    direction: Sequence[float],
    order: int,
    *,
    side: int = 1,
    rule: Reference | None = None,
) -> list[Any]:
    """Balls that hold f, f', ... of the op at ``data`` along ``direction``, exact whatever the op's partials say."""

    def work() -> list[Any]:
        before, ctx.cap = ctx.cap, order + 3
        try:
            xs = [arb_series([arb(x), arb(d)]) for x, d in zip(data, direction, strict=True)]
            chosen = rule or TEXTBOOK.get(op.name, op.value)
            y = series(chosen(Exact(side), *(op.split(xs) if op.many else xs)))
            return [y[k] * math.factorial(k) for k in range(order + 1)]
        finally:
            ctx.cap = before

    return evaluated(work)


def value(op: Op, data: Sequence[float]) -> Any:
    """A ball that holds the op's value."""
    return (derivatives(op, data, [0.0] * len(data), 0) or [arb.nan()])[0]


def unit(i: int, n: int) -> list[float]:
    return [float(j == i) for j in range(n)]


def spacing(ball: Any) -> Any:
    """One unit in the last place of a double near the number in a ball."""
    size = abs(ball.mid())
    if size < arb(2) ** -1022:
        return arb(2) ** -1074
    exponent = math.floor(float(size.log() / arb.const_log2()) + 1e-9) if size < arb(2) ** 1020 else 1023
    return arb(2) ** (min(exponent, 1023) - 52)


def ulps(ours: float, ball: Any) -> float:
    """How far a double is from the true number, in units of the true number's last place."""
    if ours != ours:
        return math.inf
    if math.isinf(ours):
        ours_exact = arb(2) ** 1024 * (1 if ours > 0 else -1)
        truth = max(min(ball.mid(), arb(2) ** 1024), -(arb(2) ** 1024))
        return float(abs(truth - ours_exact) / arb(2) ** 971)
    return min(float(abs(arb(ours) - ball.mid()) / spacing(ball)), math.inf)

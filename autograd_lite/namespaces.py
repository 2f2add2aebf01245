"""What a rule may call: the same words for floats, for arrays and for symbols.

A rule of the op table is written once, ``lambda xp, x: x / (1.0 + xp.abs(x))``, and ``xp`` is the namespace in force:

=========== ==================== ==========================================
namespace   operands             a word is
=========== ==================== ==========================================
`floats`    Python floats        a function of `math`, or a line below
`arrays`    NumPy arrays         a NumPy function, or a line below
`symbols`   names                a node of a formula (`formulas.Expr`)
`values`    Values               an op of the table
=========== ==================== ==========================================

`primitive` adds each new op to all of them, so a rule may call the ops defined above it. The words of `floats` may
raise what `math` raises: the engine then evaluates the rule again on ``np.float64``, where arithmetic is IEEE 754.

The names of words, operands and ops are NumPy's where NumPy has the function.

Types: ``Any`` stands for the operands, of which each namespace has its own class.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograd_lite import special
from autograd_lite.errors import OpDefinitionError, UnknownNameError
from autograd_lite.formulas import Expr, expr

__all__ = ["arrays", "floats", "symbols", "values"]

SMALL = 1e-290  # below this a power may have lost digits to underflow
EXP_RANGE = 800.0  # beyond this an exponential is 0 or infinite


# --- floats ---------------------------------------------------------------------------------------------------------


def _float_maximum(a: float, *more: float) -> float:
    for b in more:
        a = a if a >= b or a != a else b  # noqa: PLR0124 - a NaN is what differs from itself, and must win
    return a


def _float_minimum(a: float, *more: float) -> float:
    for b in more:
        a = a if a <= b or a != a else b  # noqa: PLR0124 - as above
    return a


def _two_sum(a: Any, b: Any) -> tuple[Any, Any]:
    """Add two numbers: the rounded sum, and what rounding lost (Knuth; Higham 2002, section 4.3)."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def _float_sign(x: float) -> float:
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else 0.0 if x == 0.0 else x  # the last is NaN


def _float_powterm(c: float, a: float, b: float, k: float) -> float:
    """Evaluate c a ** (b - k) without the rounding of b - k, and where the power alone leaves the range of floats."""
    if c == 0.0:
        return 0.0
    e, lost = _two_sum(b, -k)
    try:
        power = math.pow(a, e)
    except OverflowError:
        power = math.inf
    if SMALL <= abs(power) < math.inf:
        term = c * power
    else:
        half = math.pow(abs(a), 0.5 * e)
        term = half * (c * half) * math.pow(math.copysign(1.0, a), e) if half else 0.0
    shift = lost * math.log(abs(a)) if lost else 0.0
    return term * (1.0 + shift) if abs(shift) < 1.0 else term  # beyond, the power is 0 or infinite


def _float_exp_difference(a: float, b: float) -> float:
    """Evaluate exp(a - b) without the rounding of a - b; 1 where both are equal, also at infinity."""
    if a == b:
        return 1.0
    d, lost = _two_sum(a, -b)
    return math.exp(d) * (1.0 + lost) if abs(d) < EXP_RANGE else math.exp(d)


def _float_sumprod(ws: Sequence[float], xs: Sequence[float]) -> float:
    return math.fsum(map(operator.mul, ws, xs))


floats: Any = SimpleNamespace(
    pi=math.pi,
    abs=math.fabs,
    sqrt=math.sqrt,
    exp=math.exp,
    expm1=math.expm1,
    log=math.log,
    log1p=math.log1p,
    log2=math.log2,
    log10=math.log10,
    sin=math.sin,
    cos=math.cos,
    tan=math.tan,
    arcsin=math.asin,
    arccos=math.acos,
    arctan=math.atan,
    arctan2=math.atan2,
    sinh=math.sinh,
    cosh=math.cosh,
    tanh=special.float_tanh,
    arcsinh=math.asinh,
    arccosh=math.acosh,
    arctanh=math.atanh,
    erf=math.erf,
    erfc=special.float_erfc,
    gauss=lambda x: special.gauss(floats, x),
    normal_pdf=lambda x: special.normal_pdf(floats, x),
    normal_cdf=lambda x: special.normal_cdf(floats, x),
    pow=math.pow,
    powterm=_float_powterm,
    exp_difference=_float_exp_difference,
    hypot=math.hypot,
    maximum=_float_maximum,
    minimum=_float_minimum,
    sign=_float_sign,
    floor=lambda x: math.copysign(math.floor(x), x),  # an int has no -0
    remainder=operator.mod,
    greater=lambda a, b: 1.0 if a > b else 0.0,
    greater_equal=lambda a, b: 1.0 if a >= b else 0.0,
    less=lambda a, b: 1.0 if a < b else 0.0,
    less_equal=lambda a, b: 1.0 if a <= b else 0.0,
    equal=lambda a, b: 1.0 if a == b else 0.0,
    where=lambda condition, a, b: a if condition else b,
    zmul=lambda a, b: 0.0 if a == 0.0 else a * b,
    zdiv=lambda a, b: 0.0 if a == 0.0 else a / b,
    fsum=math.fsum,
    sumprod=_float_sumprod,
    stop=lambda x: x,
)


# --- arrays ---------------------------------------------------------------------------------------------------------


def _array_pow(a: Any, b: Any) -> Any:
    """Raise to a power; NumPy takes a square root for 1/2, which differs from a power at -0.0 and -inf."""
    power = np.power(a, b)
    root = np.equal(b, 0.5)
    return np.where(root, np.where(np.equal(a, -math.inf), math.inf, power + 0.0), power) if np.any(root) else power


def _array_powterm(c: Any, a: Any, b: Any, k: Any) -> Any:
    e, lost = _two_sum(np.asarray(b, dtype=float), np.negative(k))
    power = _array_pow(a, e)
    term = np.multiply(c, power)
    extreme = (np.abs(power) < SMALL) | np.isinf(power)
    if extreme.any():
        half = np.power(np.abs(a), 0.5 * e)
        scaled = half * (c * half) * np.copysign(1.0, power)
        term = np.where(extreme, np.where(half == 0.0, 0.0, scaled), term)
    if np.any(lost):
        shift = lost * np.log(np.abs(a))
        term = np.where(np.abs(shift) < 1.0, term * (1.0 + shift), term)
    return np.where(np.equal(c, 0.0), 0.0, term)


def _array_exp_difference(a: Any, b: Any) -> Any:
    d, lost = _two_sum(np.asarray(a, dtype=float), np.negative(b))
    return np.where(np.equal(a, b), 1.0, np.exp(d) * (1.0 + np.where(np.abs(d) < EXP_RANGE, lost, 0.0)))


def _array_zmul(a: Any, b: Any) -> Any:
    return np.where(np.equal(a, 0.0), 0.0, np.multiply(a, b))


def _array_zdiv(a: Any, b: Any) -> Any:
    return np.where(np.equal(a, 0.0), 0.0, np.divide(a, b))


def _as_float(ufunc: Callable[..., Any]) -> Callable[..., Any]:
    """Make a comparison return 1.0 or 0.0, so that rules can calculate with it."""
    return lambda a, b: np.multiply(ufunc(a, b), 1.0)


def _array_fsum(xs: Iterable[Any]) -> Any:
    return functools.reduce(np.add, xs, np.float64(0.0))


def _array_sumprod(ws: Iterable[Any], xs: Iterable[Any]) -> Any:
    return _array_fsum(map(np.multiply, ws, xs))


arrays: Any = SimpleNamespace(
    pi=np.pi,
    abs=np.abs,
    sqrt=np.sqrt,
    exp=np.exp,
    expm1=np.expm1,
    log=np.log,
    log1p=np.log1p,
    log2=np.log2,
    log10=np.log10,
    sin=np.sin,
    cos=np.cos,
    tan=np.tan,
    arcsin=np.arcsin,
    arccos=np.arccos,
    arctan=np.arctan,
    arctan2=np.arctan2,
    sinh=np.sinh,
    cosh=np.cosh,
    tanh=np.tanh,
    arcsinh=np.arcsinh,
    arccosh=np.arccosh,
    arctanh=np.arctanh,
    erf=special.array_erf,
    erfc=special.array_erfc,
    gauss=lambda x: special.gauss(arrays, x),
    normal_pdf=lambda x: special.normal_pdf(arrays, x),
    normal_cdf=lambda x: special.normal_cdf(arrays, x),
    pow=_array_pow,
    powterm=_array_powterm,
    exp_difference=_array_exp_difference,
    hypot=lambda *xs: functools.reduce(np.hypot, xs),
    maximum=lambda *xs: functools.reduce(np.maximum, xs),
    minimum=lambda *xs: functools.reduce(np.minimum, xs),
    sign=np.sign,
    floor=np.floor,
    remainder=np.remainder,
    greater=_as_float(np.greater),
    greater_equal=_as_float(np.greater_equal),
    less=_as_float(np.less),
    less_equal=_as_float(np.less_equal),
    equal=_as_float(np.equal),
    where=np.where,
    zmul=_array_zmul,
    zdiv=_array_zdiv,
    fsum=_array_fsum,
    sumprod=_array_sumprod,
    stop=lambda x: x,
)


# --- symbols --------------------------------------------------------------------------------------------------------

SYMBOLIC: dict[str, Callable[..., Expr]] = {  # words that are operators, or built of them
    "pow": lambda a, b: expr(a) ** expr(b),
    "powterm": lambda c, a, b, k: expr(c) * expr(a) ** (expr(b) - expr(k)),
    "zmul": lambda a, b: expr(a) * expr(b),
    "zdiv": lambda a, b: expr(a) / expr(b),
    "stop": expr,
    "fsum": lambda xs: functools.reduce(operator.add, map(expr, xs), *([] if xs else [expr(0.0)])),
    "sumprod": lambda ws, xs: SYMBOLIC["fsum"]([expr(w) * expr(x) for w, x in zip(ws, xs, strict=True)]),
}


class Symbols:
    """The namespace of names: each word builds a formula; an unknown word is an error with advice."""

    pi = Expr("pi")

    def __getattr__(self, word: str) -> Callable[..., Expr]:
        if word.startswith("__"):
            raise AttributeError(word)
        if word in SYMBOLIC:
            return SYMBOLIC[word]
        if not hasattr(floats, word):
            hint = UnknownNameError.among("word", word, vars(floats))
            raise OpDefinitionError(f"{hint} A new word needs its line in namespaces.py.")
        return lambda *operands: Expr(word, tuple(map(expr, operands)))


symbols: Any = Symbols()


# --- values ---------------------------------------------------------------------------------------------------------

values: Any = SimpleNamespace(pi=math.pi)  # the op table itself, filled by `definition.primitive`

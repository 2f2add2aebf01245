"""The words of array programs, each described once; backends print from this table.

A word is what the namespaces offer to the rules of ops: ``add``, ``exp``, ``maximum``. What it computes stands in
`autograd_lite.namespaces`; here stands what a compiler has to know of it. A word without a row is a black box: a
function of the namespaces that only backends which call Python can run.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any  # numbers or arrays of them

import numpy as np

from autograd_lite.namespaces import arrays

__all__ = ["WORDS", "Word", "on_arrays", "word"]


@dataclass(frozen=True, slots=True)
class Word:
    """A function on numbers, as a compiler sees it.

    Attributes
    ----------
    name : str
        Its name in the namespaces.
    arity : int
        How many operands it takes.
    infix : str
        The sign between or before operands in Python, C and JavaScript; empty for a function.
    ufunc : str
        NumPy's ufunc that computes it into a buffer; empty where NumPy has none with the same values everywhere.
    libm : str
        Its name in the mathematical library of C, which is also that of Python's ``math``; empty where it has none.
    commutative : bool
        Whether operands can be exchanged without changing a bit.
    start : float or None
        For a word that reduces, what a reduction of nothing is.
    comparison : bool
        Whether it gives 1.0 for true and 0.0 for false.
    masks : bool
        Whether it may give a finite result for an operand that is not finite.
    javascript : str
        Its value in JavaScript, of a, b, c and d; empty where the sign says it, or `libm` as a function of ``Math``.
    """

    name: str
    arity: int = 1
    infix: str = ""
    ufunc: str = ""
    libm: str = ""
    commutative: bool = False
    start: float | None = None
    comparison: bool = False
    masks: bool = False
    javascript: str = ""


def _functions(names: str, *, masks: bool = False) -> list[Word]:
    """Functions of one operand: the name, which is the ufunc's, and the one in C where it differs (``arcsin:asin``)."""
    pairs = [name.partition(":") for name in names.split()]
    return [Word(name, ufunc=name, libm=libm or name, masks=masks) for name, _, libm in pairs]


def _comparisons(**signs: str) -> list[Word]:
    return [Word(name, 2, sign, ufunc=name, comparison=True, masks=True) for name, sign in signs.items()]


_ROWS = [
    Word("add", 2, "+", ufunc="add", commutative=True, start=0.0),
    Word("sub", 2, "-", ufunc="subtract"),
    Word("mul", 2, "*", ufunc="multiply", commutative=True, start=1.0),
    Word("div", 2, "/", ufunc="divide", masks=True),
    Word("neg", 1, "-", ufunc="negative"),
    Word("copy"),
    Word("abs", ufunc="absolute", libm="fabs", javascript="Math.abs(a)"),
    Word("maximum", 2, ufunc="maximum", start=-math.inf, masks=True, javascript="a >= b || a !== a ? a : b"),
    Word("minimum", 2, ufunc="minimum", start=math.inf, masks=True, javascript="a <= b || a !== a ? a : b"),
    Word("relu", masks=True),  # max(x, 0) + 0.0, made of both by the planner
    Word("nonfinite"),  # 0 x: a reduction by it is 0.0, or NaN where the sum of all is not finite
    *_functions("sqrt log log1p log2 log10 sin cos tan arcsin:asin arccos:acos sinh cosh arcsinh:asinh arccosh:acosh"),
    *_functions("arctanh:atanh floor"),
    *_functions("exp expm1 arctan:atan", masks=True),
    Word("tanh", ufunc="tanh", libm="tanh", masks=True, javascript="tanh(a)"),
    Word("sign", ufunc="sign", masks=True, javascript="a > 0 ? 1 : a < 0 ? -1 : a === 0 ? 0 : a"),
    *[Word(name, libm=name, masks=True, javascript=f"{name}(a)") for name in ("erf", "erfc")],
    *[Word(name, masks=True, javascript=f"{name}(N, a)") for name in ("gauss", "normal_pdf", "normal_cdf")],
    Word("pow", 2, ufunc="power", libm="pow", masks=True, javascript="power(a, b)"),
    Word("arctan2", 2, ufunc="arctan2", libm="atan2", masks=True),
    Word("hypot", 2, ufunc="hypot", libm="hypot"),
    Word("remainder", 2, ufunc="remainder", masks=True, javascript="remainder(a, b)"),
    *_comparisons(greater=">", greater_equal=">=", less="<", less_equal="<=", equal="=="),
    Word("where", 3, masks=True, javascript="a !== 0 ? b : c"),
    Word("zmul", 2, masks=True, javascript="a === 0 ? 0 : a * b"),
    Word("zdiv", 2, masks=True, javascript="a === 0 ? 0 : a / b"),
    Word("powterm", 4, masks=True, javascript="powterm(a, b, c, d)"),
    Word("exp_difference", 2, masks=True, javascript="expDifference(a, b)"),
]

WORDS: dict[str, Word] = {row.name: row for row in _ROWS}
"""All words by name."""


def word(name: str) -> Word:
    """The row of a word; a word without one is a black box, of which nothing is known.

    Examples
    --------
    >>> word("arcsin").libm, word("add").infix, word("a_black_box").ufunc
    ('asin', '+', '')
    """
    return WORDS.get(name) or Word(name, masks=True)


SPECIAL: dict[str, Callable[..., Any]] = {  # on numbers or arrays of them
    "copy": lambda x: x,
    "relu": lambda x: np.maximum(x, 0.0) + 0.0,
    "nonfinite": lambda x: np.multiply(0.0, x),
}


def on_arrays(name: str) -> Callable[..., Any]:  # of numbers or arrays of them
    """The function on arrays that a word stands for."""
    return SPECIAL.get(name) or getattr(arrays, name, None) or getattr(np, word(name).ufunc)

"""Words that `autograd_lite.special` computes for arrays: the same formulas, run on operands that write LLVM IR.

Where a formula has pieces, all are evaluated and each lane takes its own.

Types: ``Any`` stands for what a formula is given: an operand of this file, or a float.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from autograd_lite import special
from autograd_lite.compiler.backends.native.text import Text

__all__ = ["SPECIAL"]


class _Words(Protocol):
    """What writes words."""

    text: Text

    def apply(self, name: str, *operands: str) -> str:
        """Write a word."""
        ...


class _Vector:
    """A vector on which Python's operators write instructions."""

    def __init__(self, words: _Words, name: str) -> None:
        self.words = words
        self.name = name

    def write(self, word: str, *operands: Any) -> _Vector:
        """Write a word."""
        text = self.words.text
        names = [x.name if isinstance(x, _Vector) else text.literal(x) for x in operands]
        return _Vector(self.words, self.words.apply(word, *names))

    def __add__(self, other: Any) -> _Vector:
        return self.write("add", self, other)

    def __radd__(self, other: Any) -> _Vector:
        return self.write("add", other, self)

    def __sub__(self, other: Any) -> _Vector:
        return self.write("sub", self, other)

    def __rsub__(self, other: Any) -> _Vector:
        return self.write("sub", other, self)

    def __mul__(self, other: Any) -> _Vector:
        return self.write("mul", self, other)

    def __rmul__(self, other: Any) -> _Vector:
        return self.write("mul", other, self)

    def __truediv__(self, other: Any) -> _Vector:
        return self.write("div", self, other)

    def __rtruediv__(self, other: Any) -> _Vector:
        return self.write("div", other, self)

    def __neg__(self) -> _Vector:
        return self.write("neg", self)

    def __eq__(self, other: object) -> Any:
        return self.write("equal", self, other)

    __hash__ = None  # type: ignore[assignment]


class _Namespace:
    """The namespace in which formulas look up their words."""

    def __init__(self, x: _Vector) -> None:
        self._x = x

    def __getattr__(self, word: str) -> Callable[..., _Vector]:
        return functools.partial(self._x.write, word)


def _by_pieces(pieces: Sequence[tuple[float, Callable[[Any, Any], Any]]], size: _Vector) -> _Vector:
    """Evaluate each piece, and take it for the sizes that lie in its range; NaN elsewhere, and 0 at infinity."""
    xp, low = _Namespace(size), 0.0
    y = xp.where(size == math.inf, 0.0, math.nan)
    for bound, piece in pieces:
        here = xp.greater_equal(size, low) * xp.less(size, bound)
        y = xp.where(here, piece(xp, size), y)
        low = bound
    return y


def _erfc(xp: Any, x: Any) -> Any:
    y = _by_pieces(special.PIECES, xp.abs(x))
    return xp.where(xp.less(x, 0.0), 2.0 - y, y)


def _erf(xp: Any, x: Any) -> Any:
    size = xp.abs(x)
    small = xp.minimum(size, special.NEAR_FROM)
    square = small * small
    first, second, *rest = special.SMALL
    series = functools.reduce(lambda y, c: y * square + c, rest, first * square + second)
    y = 1.0 - _by_pieces(special.PIECES[2:], size)
    y = xp.where(xp.less(size, special.NEAR_FROM), small + small * series, y)
    return _Vector(x.words, x.words.text.call("copysign", y.name, x.name))


def _written(formula: Callable[[Any, Any], Any]) -> Callable[[_Words, str], str]:
    def write(words: _Words, x: str) -> str:
        operand = _Vector(words, x)
        result: _Vector = formula(_Namespace(operand), operand)
        return result.name

    return write


_FORMULAS: dict[str, Callable[[Any, Any], Any]] = {
    "erf": _erf,
    "erfc": _erfc,
    "gauss": special.gauss,
    "normal_pdf": special.normal_pdf,
    "normal_cdf": special.normal_cdf,
}

SPECIAL = {word: _written(formula) for word, formula in _FORMULAS.items()}
"""For each word what writes it, from the words that are known and the operand's name."""

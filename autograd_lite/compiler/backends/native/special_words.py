"""Words that `autograd_lite.special` computes for arrays: the same formulas, run on operands that write LLVM IR.

Where a formula has pieces, each lane takes its own: of polynomials after all are evaluated, and of the operands of an
exponential before it is.

Types: ``Any`` stands for what a formula is given: an operand of this file, or a float.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
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

    def compare(self, relation: str, other: float) -> _Truth:
        """A truth for each lane, by LLVM's names."""
        text = self.words.text
        return _Truth(self.words, text.compare(relation, self.name, text.literal(other)))


class _Truth:
    """A truth for each lane."""

    def __init__(self, words: _Words, name: str) -> None:
        self.words = words
        self.name = name

    def __and__(self, other: _Truth) -> _Truth:
        return _Truth(self.words, self.words.text.both(self.name, other.name))

    def choose(self, a: Any, b: Any) -> _Vector:
        """Take each lane from a where it is true, else from b."""
        text = self.words.text
        names = [x.name if isinstance(x, _Vector) else text.literal(x) for x in (a, b)]
        return _Vector(self.words, text.choose(self.name, *names))


class _Namespace:
    """The namespace in which formulas look up their words."""

    def __init__(self, x: _Vector) -> None:
        self._x = x

    def __getattr__(self, word: str) -> Callable[..., _Vector]:
        return functools.partial(self._x.write, word)


def _tail(xp: Any, size: _Vector) -> _Vector:
    """Erfc of sizes from 0.66 on; one exponential serves all pieces."""
    inside = size.compare("oge", special.NEAR_FROM) & size.compare("olt", special.ZERO_FROM)
    x = inside.choose(size, 1.0)
    is_near, is_large = x.compare("olt", special.MIDDLE_FROM), x.compare("oge", special.LARGE_FROM)

    def chosen(near: Any, middle: Any, large: Any) -> _Vector:
        return is_near.choose(near, is_large.choose(large, middle))

    near = special.polynomial(special.NEAR, x - 1.0)
    middle = special.polynomial(special.MIDDLE, x - 2.0)
    large = special.polynomial(special.LARGE, 1.0 / (1.0 + x) - 0.15)
    shift = chosen(special.NEAR_SHIFT, special.MIDDLE_SHIFT, special.LARGE_SHIFT)
    whole, change = special.tail(xp, x, shift, chosen(near, middle, large))
    y = is_large.choose(special.quotient_of_sum(whole, change, x), whole + change)
    return inside.choose(y, xp.minimum(size, 0.0))  # NaN stays


def _erfc(xp: Any, x: _Vector) -> _Vector:
    size = xp.abs(x)
    small = xp.minimum(size, special.NEAR_FROM)
    rest = small * special.polynomial(special.SMALL, small * small)
    near = size.compare("olt", 0.25).choose(1.0 - (small + rest), 0.5 - ((small - 0.5) + rest))
    y = size.compare("olt", special.NEAR_FROM).choose(near, _tail(xp, size))
    return x.compare("olt", 0.0).choose(2.0 - y, y)


def _erf(xp: Any, x: _Vector) -> _Vector:
    size = xp.abs(x)
    small = xp.minimum(size, special.NEAR_FROM)
    near = small + small * special.polynomial(special.SMALL, small * small)
    y = size.compare("olt", special.NEAR_FROM).choose(near, 1.0 - _tail(xp, size))
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

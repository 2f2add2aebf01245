"""Formulas on arrays, written with Python's operators and NumPy's functions, as array programs.

The array program rounds as NumPy does, operation by operation in the order of the formula. Numbers that change from
call to call stay Python's: what a formula computes of them alone is computed by Python before each call.

Types: ``Any`` stands for operands: vectors, numbers that are known and those that are not, arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.compiler.ir import Array, ArrayProgram, Input, Literal, Map, Operand
from autograd_lite.compiler.layout import Affine, contiguous
from autograd_lite.compiler.plan import plan
from autograd_lite.compiler.primitives import WORDS

__all__ = ["Elementwise", "elementwise"]

_BY_UFUNC = {row.ufunc: row.name for row in WORDS.values() if row.ufunc}


class Elementwise(NamedTuple):
    """A traced formula.

    Attributes
    ----------
    program : ArrayProgram
        Its inputs are the vectors, then a list of numbers; its result the formula's results, one after the other.
    numbers : callable
        Makes that list, a tuple of floats, of the numbers that the formula was given.
    texts : tuple of str
        What each of the list is, as Python text: a name, or a formula of names.
    """

    program: ArrayProgram
    numbers: Callable[..., tuple[float, ...]]
    texts: tuple[str, ...] = ()


def elementwise(f: Callable[..., Sequence[Any]], vectors: int, size: int, names: Sequence[str]) -> Elementwise:
    """Trace a formula.

    Parameters
    ----------
    f : callable
        Takes vectors, then numbers, and returns vectors.
    vectors : int
        How many vectors it takes.
    size : int
        How long they are.
    names : sequence of str
        What its numbers are called.

    Raises
    ------
    TypeError
        If it does what an array program cannot: it branches on a number, or calls another function.

    Examples
    --------
    >>> made = elementwise(lambda w, g, lr: [w - 2.0 * lr * g], 2, 3, ["lr"])
    >>> made.numbers(0.25)
    (0.5,)
    >>> print(made.program)
    input x0[3]
    input x1[3]
    input numbers[1]
    v0 = mul(numbers, x1)
    v1 = sub(x0, v0)  [in result]
    return result[3]
    """
    record = _Record(size)
    inputs = [Array(f"x{k}", (size,), role="input") for k in range(vectors)]
    results = f(*[_Vector(record, x.whole) for x in inputs], *[_Number(name) for name in names])
    numbers = record.numbers
    result = Array("result", (size * len(results),), role="result")
    for k, x in enumerate(results):
        record.instructions.append(Map(result[contiguous((size,), k * size)], "copy", (record.operand(x),)))
    given = [Input(x, (size,)) for x in inputs]
    some = Array("numbers", (len(numbers),), role="input")
    instructions = [_with_numbers(i, some, numbers) for i in record.instructions]
    program = ArrayProgram((*given, Input(some, len(numbers))), tuple(instructions), result, size * len(results))
    text = f"lambda {', '.join(names)}: ({''.join(x + ', ' for x in numbers)})"
    made = eval(text)  # noqa: S307 - our own text: operators, names that we gave, numbers
    return Elementwise(plan(program), made, tuple(numbers))


class _Pending(NamedTuple):
    """A number of a call, until it is known how many there are."""

    text: str


class _Record:
    """The instructions of a formula so far."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.instructions: list[Any] = []
        self.numbers: list[str] = []

    def operand(self, x: Any) -> Any:
        """An operand of an instruction."""
        if isinstance(x, _Vector):
            return x.operand
        if isinstance(x, _Number):
            if x.text not in self.numbers:
                self.numbers.append(x.text)
            return _Pending(x.text)
        if isinstance(x, np.ndarray) and x.shape == (self.size,):
            numbers = np.array(x, dtype=float)
            return Array(f"c{len(self.instructions)}", (self.size,), role="constant", numbers=numbers).whole
        if isinstance(x, (float, int)):
            return Literal(float(x))
        raise TypeError(f"{type(x).__name__} is not an operand of a program; give a number or a vector.")

    def apply(self, word: str, *operands: Any) -> _Vector:
        """Append a word."""
        out = Array(f"v{len(self.instructions)}", (self.size,))
        self.instructions.append(Map(out.whole, word, tuple(map(self.operand, operands))))
        return _Vector(self, out.whole)


def _with_numbers(i: Map, array: Array, numbers: list[str]) -> Map:
    """Let an instruction take its numbers from an array."""

    def found(x: Any) -> Operand:
        known: Operand = array[Affine(numbers.index(x.text), (), ())] if isinstance(x, _Pending) else x
        return known

    return Map(i.out, i.op, tuple(map(found, i.operands)))


def _operator(word: str, *, reflected: bool = False) -> Any:
    def apply(self: _Vector, other: Any) -> _Vector:
        return self.record.apply(word, other, self) if reflected else self.record.apply(word, self, other)

    return apply


class _Vector:
    """An array that is not there yet: operators and ufuncs on it are written down."""

    def __init__(self, record: _Record, operand: Any) -> None:
        self.record = record
        self.operand = operand

    __add__, __radd__ = _operator("add"), _operator("add", reflected=True)
    __sub__, __rsub__ = _operator("sub"), _operator("sub", reflected=True)
    __mul__, __rmul__ = _operator("mul"), _operator("mul", reflected=True)
    __truediv__, __rtruediv__ = _operator("div"), _operator("div", reflected=True)

    def __neg__(self) -> _Vector:
        return self.record.apply("neg", self)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **settings: Any) -> _Vector:
        if method != "__call__" or settings or ufunc.__name__ not in _BY_UFUNC:
            raise TypeError(f"np.{ufunc.__name__} is not in array programs.")
        return self.record.apply(_BY_UFUNC[ufunc.__name__], *operands)

    def __array_function__(self, function: Any, _: Any, operands: Any, settings: Any) -> _Vector:
        if function is np.zeros_like:
            return _Vector(self.record, Literal(0.0))
        if function is np.clip and not settings and all(operands[1:]):
            x, low, high = operands
            return self.record.apply("minimum", self.record.apply("maximum", x, low), high)
        raise TypeError(f"np.{function.__name__} is not in array programs.")


def _arithmetic(sign: str, *, reflected: bool = False) -> Any:
    def apply(self: _Number, other: Any) -> Any:
        if isinstance(other, _Vector):
            return NotImplemented
        a, b = (_text(other), self.text) if reflected else (self.text, _text(other))
        return _Number(f"({a} {sign} {b})")

    return apply


class _Number:
    """A number that is known when the program is called, as Python text."""

    def __init__(self, text: str) -> None:
        self.text = text

    __add__, __radd__ = _arithmetic("+"), _arithmetic("+", reflected=True)
    __sub__, __rsub__ = _arithmetic("-"), _arithmetic("-", reflected=True)
    __mul__, __rmul__ = _arithmetic("*"), _arithmetic("*", reflected=True)
    __truediv__, __rtruediv__ = _arithmetic("/"), _arithmetic("/", reflected=True)
    __pow__, __rpow__ = _arithmetic("**"), _arithmetic("**", reflected=True)

    def __bool__(self) -> bool:
        raise TypeError("A formula branched on a number that is not known yet.")


def _text(x: Any) -> str:
    """A number as Python text."""
    if isinstance(x, _Number):
        return x.text
    if type(x) in (float, int) and math.isfinite(x):
        return repr(x) if x >= 0 else f"({x!r})"
    raise TypeError(f"{type(x).__name__} is not a number of a program; give a float or an int.")

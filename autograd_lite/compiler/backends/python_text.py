"""Python as text: expressions of numbers, literals, and what printed source defines.

Types: ``Any`` stands for the meaning of a name in emitted source.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from autograd_lite.compiler.primitives import word

__all__ = ["Expression", "applied", "defined", "literal"]

ATOM, UNARY, PRODUCT, SUM, CHOICE = 4, 3, 2, 1, 0  # how tightly an expression binds
TIGHTNESS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT}
LONGEST = 50  # operations in one expression; Python's parser nests them, and cannot nest thousands
DEEPEST = 12  # brackets inside each other


class Expression(NamedTuple):
    """Python for a number: the text, how tightly it binds, how long and deep it is, and whether it reads an array."""

    text: str
    binds: int = ATOM
    length: int = 0
    depth: int = 0
    reads: bool = False

    @property
    def is_small(self) -> bool:
        """Whether it may stand inside another one."""
        return self.length < LONGEST and self.depth < DEEPEST

    def at(self, binds: int) -> str:
        """The text as an operand, in brackets if it binds less tightly."""
        return self.text if self.binds >= binds else f"({self.text})"


def applied(name: str, operands: Sequence[Expression], function: str) -> Expression:
    """Write a word on numbers: with its sign, or as a call of a function.

    Examples
    --------
    >>> total = applied("add", [Expression("x"), Expression("y")], "")
    >>> applied("mul", [total, Expression("z")], "").text
    '(x + y) * z'
    """
    length = 1 + sum(x.length for x in operands)
    reads = any(x.reads for x in operands)
    sign = word(name).infix
    if len(operands) == 2 and sign in TIGHTNESS:
        binds = TIGHTNESS[sign]
        left, right = operands
        depth = max(left.depth + (left.binds < binds), right.depth + (right.binds <= binds))
        return Expression(f"{left.at(binds)} {sign} {right.at(binds + 1)}", binds, length, depth, reads)
    depth = 1 + max(x.depth for x in operands)
    if len(operands) == 1 and sign:
        return Expression(f"{sign}{operands[0].at(UNARY)}", PRODUCT, length, depth, reads)
    return Expression(f"{function}({', '.join(x.text for x in operands)})", ATOM, length, depth, reads)


def literal(x: float) -> str:
    """Write a number; infinity and NaN are the names ``inf`` and ``nan``.

    Examples
    --------
    >>> literal(2.0), literal(-0.5), literal(-math.inf)
    ('2.0', '(-0.5)', '(-inf)')
    """
    if math.isnan(x):
        return "nan"
    return repr(x) if math.copysign(1.0, x) > 0 else f"({x!r})"


def defined(source: str, names: Mapping[str, Any], name: str) -> Any:
    """Run printed Python, and give what it defines."""
    scope = dict(names)
    exec(compile(source, "<autograd_lite.compile>", "exec"), scope)  # noqa: S102 - our own text
    return scope.pop(name)  # a function in its own globals would be a cycle

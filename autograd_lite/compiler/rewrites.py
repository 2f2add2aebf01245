"""Exact identities: what a word on these operands is in simpler terms. None of them changes the class of a result.

Each gets the graph, the operands, and the numbers of those that are constants; it returns a node, or None.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

from autograd_lite.compiler.primitives import word

__all__ = ["IDENTITIES", "STRUCTURAL"]

STRUCTURAL = {"neg", "abs", "where", "zmul"}  # words with an identity that needs no constant


class Graph(Protocol):
    """What an identity asks of a graph, and makes in it."""

    exact: bool
    word: list[str]
    args: list[tuple[Any, ...]]  # nodes, or what a leaf is

    def node(self, word: str, args: tuple[int, ...], /) -> int:
        """Make the node of a word on nodes."""
        ...

    def constant(self, number: float, /) -> int:
        """Make the node of a number."""
        ...

    def inexact_product(self, args: tuple[int, ...], /) -> int:
        """Multiply without the rule for zero."""
        ...


Rule = Callable[[Graph, tuple[int, ...], list[float | None]], int | None]


def _mul(g: Graph, args: tuple[int, ...], numbers: list[float | None]) -> int | None:
    (i, j), (a, b) = args, numbers
    if a == 1.0:
        return j
    if b == 1.0:
        return i
    if a == -1.0:
        return g.node("neg", (j,))
    if b == -1.0:
        return g.node("neg", (i,))
    return None


def _zmul(g: Graph, args: tuple[int, ...], numbers: list[float | None]) -> int | None:
    if numbers[0] == 0.0:
        return g.constant(0.0)
    if numbers[0] is not None:
        return g.node("mul", args)
    if not g.exact:
        return g.inexact_product(args)
    return None


def _div(g: Graph, args: tuple[int, ...], numbers: list[float | None]) -> int | None:
    return args[0] if numbers[1] == 1.0 else None


def _neg(g: Graph, args: tuple[int, ...], numbers: list[float | None]) -> int | None:
    return g.args[args[0]][0] if g.word[args[0]] == "neg" else None


def _abs(g: Graph, args: tuple[int, ...], numbers: list[float | None]) -> int | None:
    return g.node("abs", g.args[args[0]]) if g.word[args[0]] == "neg" else None


def _pow(g: Graph, args: tuple[int, ...], numbers: list[float | None]) -> int | None:
    x, exponent = args[0], numbers[1]
    if exponent == 0.0:
        return g.constant(1.0)
    if exponent == 1.0:
        return x
    if exponent == 2.0:
        return g.node("mul", (x, x))
    if exponent == 3.0:
        return g.node("mul", (x, g.node("mul", (x, x))))
    if exponent == -1.0:
        return g.node("div", (g.constant(1.0), x))
    return None


def _powterm(g: Graph, args: tuple[int, ...], numbers: list[float | None]) -> int | None:
    c, a = args[:2]
    b, k = numbers[2:]
    if b is None or k is None or b - k not in (0.0, 1.0, 2.0) or (b - k) + k != b:
        return None
    term = c
    for _ in range(int(b - k)):
        term = g.node("zmul", (term, a))
    return term


def _where(g: Graph, args: tuple[int, ...], numbers: list[float | None]) -> int | None:
    condition, a, b = numbers
    if condition is not None:
        return args[1] if condition else args[2]
    if a == 1.0 and b is not None and b == 0.0 and math.copysign(1.0, b) > 0 and word(g.word[args[0]]).comparison:
        return args[0]
    return args[1] if args[1] == args[2] else None


IDENTITIES: dict[str, Rule] = {
    "mul": _mul,
    "zmul": _zmul,
    "div": _div,
    "neg": _neg,
    "abs": _abs,
    "pow": _pow,
    "powterm": _powterm,
    "where": _where,
}

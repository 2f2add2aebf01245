"""Numbers as learners type them: plain, or as arithmetic, ``-0.518*0.45``; read, never run."""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable

__all__ = ["typed_number"]

LONGEST, DEEPEST = 200, 20
SIGNS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def typed_number(text: str) -> float | None:
    """The number that a text stands for: digits, ``+ - * /`` and brackets; None if it is anything else.

    Examples
    --------
    >>> typed_number("1/2"), typed_number("−0,5 · (2 + 1)"), typed_number("2**9**9"), typed_number("__import__('os')")
    (0.5, -1.5, None, None)
    """
    text = text.replace("−", "-").replace("·", "*").replace("×", "*").replace(",", ".").strip()
    if not text or len(text) > LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = ast.parse(text, mode="eval").body
        number = _value(tree, 0)
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError):
        return None
    return number if number is not None and math.isfinite(number) else None


def _value(tree: ast.expr, depth: int) -> float | None:
    if depth > DEEPEST:
        return None
    match tree:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=inner):
            x = _value(inner, depth + 1)
            return x if x is None or isinstance(sign, ast.UAdd) else -x
        case ast.BinOp(op=sign, left=left, right=right) if type(sign) in SIGNS:
            a, b = _value(left, depth + 1), _value(right, depth + 1)
            return None if a is None or b is None else SIGNS[type(sign)](a, b)
    return None

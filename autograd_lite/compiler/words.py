"""What the words are in emitted source."""

from __future__ import annotations

__all__ = ["OPERATORS", "UFUNCS"]

OPERATORS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}

UFUNCS = {  # words that NumPy can compute into a buffer, by the names of NumPy's functions
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "div": "divide",
    "neg": "negative",
    "abs": "absolute",
    "pow": "power",
    "sqrt": "sqrt",
    "exp": "exp",
    "expm1": "expm1",
    "log": "log",
    "log1p": "log1p",
    "log2": "log2",
    "log10": "log10",
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "arcsin": "arcsin",
    "arccos": "arccos",
    "arctan": "arctan",
    "arctan2": "arctan2",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
    "arcsinh": "arcsinh",
    "arccosh": "arccosh",
    "arctanh": "arctanh",
    "maximum": "maximum",
    "minimum": "minimum",
    "sign": "sign",
    "floor": "floor",
    "remainder": "remainder",
    "greater": "greater",
    "greater_equal": "greater_equal",
    "less": "less",
    "less_equal": "less_equal",
    "equal": "equal",
    "hypot": "hypot",
}

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
} | {
    word: word
    for word in (
        "sqrt exp expm1 log log1p log2 log10 sin cos tan arcsin arccos arctan arctan2 sinh cosh tanh arcsinh arccosh "
        "arctanh maximum minimum sign floor remainder greater greater_equal less less_equal equal hypot"
    ).split()
}

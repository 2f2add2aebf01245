"""The descriptor: what the entry has to know of a program, as a table of 64-bit integers and addresses.

`FIELDS` names its places, `ARGUMENT` those of the row of one argument; `FUNCTIONS` are the functions and objects of
Python and NumPy that the entry uses, the same for all programs. Text of LLVM reads them by `field` and `known`.
"""

from __future__ import annotations

__all__ = ["ARGUMENT", "FIELDS", "FUNCTIONS", "KINDS", "field", "known"]

FIELDS = (
    "kernel",  # the program's function, and what it is called with
    "work",
    "sizes",
    "loops",
    "blocks",
    "result_block",  # where the address of the result goes
    "count",  # of arguments, and their rows
    "arguments",
    "leaf_count",  # captured leaves: addresses of Values, or odd numbers 2 k + 1 for member k of `flat`
    "leaves",
    "flat",
    "numbers",  # where their numbers go
    "pair_count",  # pairs of addresses of lengths that must be equal
    "pairs",
    "axis_count",  # for each batch axis the address of its length, and how many rows of a workspace have it
    "axes",
    "doubles",  # of a workspace without a batch axis
    "capacity",  # of the workspace
    "result_axes",
    "result_shape",
    "result_length",  # the address of the length of its batch axis, or 0
    "members",
    "scratch",  # where the numbers go, if the result is only the first of them, or 0
    "check",  # whether the result must be finite
    "pack",  # what makes the function's result of the numbers, or 0
)
ARGUMENT = ("kind", "block", "room", "count", "shape", "length", "same", "unused")  # the row of an argument
KINDS = ("number", "list", "tuple", "array", "same")
FUNCTIONS = (
    "new_array",  # of NumPy's and Python's C interface; then objects
    "release",
    "retain",
    "vectorcall",
    "call",
    "float",
    "float64",
    "list",
    "tuple",
    "ndarray",
    "double",
)


def known(name: str) -> str:
    """Load one of the functions and objects."""
    return f"load ptr, ptr getelementptr (ptr, ptr @api, i64 {FUNCTIONS.index(name)})"


def field(name: str, kind: str = "i64", base: str = "%d", fields: tuple[str, ...] = FIELDS) -> str:
    """Define %name as a field of the descriptor, or of the row of an argument."""
    return f"""  %{name}.at = getelementptr i64, ptr {base}, i64 {fields.index(name)}
  %{name} = load {kind}, ptr %{name}.at"""

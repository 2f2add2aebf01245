"""Print `autograd_lite/methods.pyi`, what type checkers know of a Value's operators and methods, from the op table.

``python -m tests.support.printed_methods`` writes the file; a test compares it with the table.
"""

from __future__ import annotations

from pathlib import Path

import autograd_lite
from autograd_lite import TABLE
from autograd_lite.op import Op, ScaledOp

FILE = Path(autograd_lite.__file__).with_name("methods.pyi")
HEAD = """# The operators and methods of `Value` as type checkers see them, printed from the op table.
# `node.Node` makes the operators and finds the methods; nothing imports this to run.

from typing import Any, Self, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from autograd_lite.node import Node

Operand: TypeAlias = Node | float | np.integer[Any] | np.floating[Any]

class Methods(Node):
"""
OPERATORS = ("add", "sub", "mul", "truediv", "mod", "pow")


def operator(name: str) -> str:
    return (
        "    @overload\n"
        f"    def {name}(self, other: Operand, /) -> Self: ...\n"
        "    @overload\n"
        f"    def {name}(self, other: NDArray[Any], /) -> NDArray[np.object_]: ...\n"
    )


def method(op: Op) -> str:
    names = op.operand_names[1:]
    required = len(names) - len(op.defaults)
    more = [f"{name}: Operand{' = ...' if i >= required else ''}" for i, name in enumerate(names)]
    more += ["beta: Operand = ..."] if isinstance(op, ScaledOp) else []
    more = ["*xs: Operand"] if op.many else more
    return f"    def {op.name}({', '.join(['self', *more])}) -> Self: ...\n"


def printed() -> str:
    """The text of the file."""
    pairs = [f"__{reflected}{name}__" for name in OPERATORS for reflected in ("", "r")]
    unary = [f"    def {name}(self) -> Self: ...\n" for name in ("__neg__", "__abs__")]
    methods = [op for op in TABLE.values() if not (op.many and len(op.operand_names) > 1)]
    return HEAD + "".join([*map(operator, pairs), *unary, *map(method, methods)])


if __name__ == "__main__":
    FILE.write_text(printed(), encoding="utf-8")

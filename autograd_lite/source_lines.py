"""Values that record the source line that made them, to locate numerical faults.

Types: ``Any`` stands for the operands of an op, numbers or nodes.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from autograd_lite.engine import Op, Value, as_nodes, make

__all__ = ["Located", "located", "users_line"]

_HERE = Path(__file__).parent
_OURS = tuple(f"{folder}/" for folder in (_HERE, _HERE.parent / "nn", _HERE.parent / "viz"))


class Located(Value):
    """A `Value` that knows its source line; so does every node computed from one.

    Attributes
    ----------
    line : str
        ``file:number: source`` of the user's line, "" where there is none.
    """

    __slots__ = ("line",)

    line: str

    def record(self, op: Op, operands: Sequence[Any]) -> Any:
        """Make the node that `op` gives on `operands`, with the line that asked for it."""
        nodes = as_nodes(operands)
        for v in nodes:
            if type(v) not in (Value, Located):
                return v.record(op, nodes)
        made = make(op, nodes, Located)
        made.line = users_line()
        return made


def located(number: float, label: str = "") -> Located:
    """Make a leaf whose graph remembers source lines: `find_nonfinite` then says where a number went wrong.

    It costs about ten times the time of a plain Value: for the search only.

    Parameters
    ----------
    number, label
        As for `Value`.

    Examples
    --------
    >>> x = located(0.0, "x")
    >>> y = x.log() + 1.0
    >>> y.line.endswith("y = x.log() + 1.0")
    True
    """
    v = Located(number, label)
    v.line = users_line()
    return v


def users_line() -> str:
    """The current line of the user's code: the innermost frame outside this library."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    if frame is None:
        return ""
    name, number = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(name, number).strip()
    return f"{name}:{number}: {text}" if text else f"{name}:{number}"

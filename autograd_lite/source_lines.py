"""Values that record the source line and the call that made them, to locate numerical faults and to fold pictures.

Types: ``Any`` stands for the operands of an op, numbers or nodes.
"""

from __future__ import annotations

import inspect
import linecache
import sys
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from autograd_lite.engine import Op, Value, as_nodes, make

__all__ = ["INLINE", "Located", "UserCall", "at_users_line", "is_inline", "located", "users_line"]

_HERE = Path(__file__).parent
_OURS = tuple(f"{folder}/" for folder in (_HERE, _HERE.parent / "nn", _HERE.parent / "viz"))
INLINE = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def is_inline(code: CodeType) -> bool:
    """Whether code counts as part of its caller: a comprehension, a lambda, a module, a generator."""
    return code.co_name.startswith("<") or bool(code.co_flags & INLINE)


@dataclass(eq=False, slots=True)
class UserCall:
    """One call of a user's function: who called it, and the lines in it that made nodes, by creation number."""

    function: str
    file: str
    caller: UserCall | None
    marks: list[tuple[int, int]] = field(default_factory=list)

    def mark(self, order: int, line: int) -> None:
        """Note that a line of this call makes the nodes from that number on."""
        if not self.marks or self.marks[-1][1] != line:
            self.marks.append((order, line))


class _Stack:
    """The calls that were open when the last node was located, outermost first.

    It holds their frames, so that a later call is never taken for one of them; it lives as long as located Values do.
    """

    def __init__(self) -> None:
        self.open: list[tuple[FrameType, UserCall]] = []

    def here(self, order: int) -> UserCall | None:
        """The user's call that is making the node of that number."""
        depth = {id(frame): k for k, (frame, _) in enumerate(self.open)}
        entered: list[FrameType] = []
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and id(frame) not in depth:
            if not frame.f_code.co_filename.startswith(_OURS):
                entered.append(frame)
            frame = frame.f_back
        del self.open[depth[id(frame)] + 1 if frame is not None else 0 :]
        for new in reversed(entered):
            caller = self.open[-1][1] if self.open else None
            if caller is None or not is_inline(new.f_code):
                caller = UserCall(new.f_code.co_name, new.f_code.co_filename, caller)
            self.open.append((new, caller))
        if not self.open:
            return None
        innermost, call = self.open[-1]
        call.mark(order, innermost.f_lineno)
        return call


_shared: list[weakref.ref[_Stack]] = []  # weak, so that frames are not kept for longer than Values are


def _stack() -> _Stack:
    """The stack that all located Values share."""
    found = _shared[0]() if _shared else None
    if found is None:
        found = _Stack()
        _shared[:] = [weakref.ref(found)]
    return found


class Located(Value):
    """A `Value` that knows its source line; so does every node computed from one.

    Attributes
    ----------
    line : str
        ``file:number: source`` of the user's line, "" where there is none.
    call : UserCall or None
        The call of the user's function that made it.
    """

    __slots__ = ("_stack", "call", "line")

    line: str
    call: UserCall | None

    def record(self, op: Op, operands: Sequence[Any]) -> Any:
        """Make the node that `op` gives on `operands`, with the line that asked for it."""
        nodes = as_nodes(operands)
        for v in nodes:
            if type(v) not in (Value, Located):
                return v.record(op, nodes)
        return make(op, nodes, Located)._placed()

    def _placed(self) -> Located:
        """Note where it is made."""
        self._stack = _stack()
        self.line, self.call = users_line(), self._stack.here(self.order)
        return self


def located(number: float, label: str = "") -> Located:
    """Make a leaf whose graph remembers source lines and calls.

    `find_nonfinite` then says where a number went wrong, and pictures fold by functions: ``level="functions"``.

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
    return Located(number, label)._placed()


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


def at_users_line() -> str:
    """Where in the user's code we are, for a message."""
    line = users_line()
    return f" in the line ({line})" if line else ""

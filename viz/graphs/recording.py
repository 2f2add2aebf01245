"""Run a user's function and record its calls.

Only calls are watched, not nodes; a graph of 100,000 nodes is recorded in about the time in which it is made.
"""

# Any: a user's function, its arguments, and what the interpreter tells a tracer
from __future__ import annotations

import gc
import inspect
import site
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.errors import OperandError
from autograd_lite.op import next_order
from autograd_lite.source_lines import is_inline
from autograd_lite.text import shown

from .calls import Call
from .looping import fold_loops
from .names import showable

__all__ = ["is_library", "recorded", "without_collector"]

HERE = Path(__file__).parents[2]
LIBRARIES = tuple(
    {
        *(f"{HERE / name}/" for name in ("autograd_lite", "nn", "viz")),
        "<kernel of ",  # the engine's own, printed from the op table
        *(f"{folder}/" for folder in (*site.getsitepackages(), sysconfig.get_path("stdlib"))),
        "<frozen",
        "<autograd_lite",  # emitted source
        "<string>",  # of dataclasses and named tuples
    }
)


def is_library(file: str) -> bool:
    """Whether a file is not the user's own code."""
    return file.startswith(LIBRARIES)


def recorded(f: Callable[..., Any], args: Sequence[Any]) -> tuple[Value, Call]:
    """Run a function on arguments, and return its result with the calls that made it.

    Numbers with a point become Values, also in lists, tuples, dicts and arrays; whole numbers, such as indices, and
    everything else stay.

    Raises
    ------
    OperandError
        If the result is not a Value.

    Examples
    --------
    >>> root, call = recorded(lambda x: x * x + 1.0, [3.0])
    >>> root.data, call.function
    (10.0, 'f')
    """
    names = _parameter_names(f, len(args))
    watcher = _Watcher(f)
    given = [_as_values(arg, name, watcher.root.given) for arg, name in zip(args, names, strict=True)]
    before = sys.gettrace()
    sys.settrace(watcher.trace)
    try:
        result = f(*given)
    finally:
        sys.settrace(before)
    watcher.root.stop = next_order()
    if not isinstance(result, Value):
        raise OperandError(
            f"{watcher.root.function} returned {shown(result)} ({type(result).__name__}); a picture needs one Value. "
            "Of several outputs return one, or their sum."
        )
    watcher.root.recorded = True
    fold_loops(watcher.root)
    return result, watcher.root


@contextmanager
def without_collector() -> Iterator[None]:
    """Hold Python's garbage collector back while large lists are made, which it would go through again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _parameter_names(f: Callable[..., Any], n: int) -> list[str]:
    try:
        positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        names = [p.name for p in inspect.signature(f).parameters.values() if p.kind in positional]
    except (TypeError, ValueError):
        names = []
    return [*names[:n], *(f"x{k}" for k in range(len(names) + 1, n + 1))]


def _as_values(thing: Any, name: str, given: dict[Value, str]) -> Any:
    """The same with Values for its floats, called after the argument and their place in it; all Values are noted."""
    if isinstance(thing, (float, np.floating)):
        thing = Value(float(thing), name)
    if isinstance(thing, Value):
        given[thing] = name
        return thing
    if isinstance(thing, np.ndarray) and thing.dtype.kind in "fO":
        made = np.empty(thing.shape, dtype=object)
        for at, x in np.ndenumerate(thing):
            made[at] = _as_values(x, f"{name}{''.join(f'[{k}]' for k in at)}", given)
        return made
    if type(thing) in (list, tuple):
        parts = [_as_values(x, f"{name}[{k}]", given) for k, x in enumerate(thing)]
        return parts if type(thing) is list else tuple(parts)
    if type(thing) is dict:
        return {key: _as_values(x, f"{name}[{key!r}]", given) for key, x in thing.items()}
    return thing


class _Watcher:
    """A tracer that keeps the open calls of the user's functions, and their lines; library code runs untraced."""

    def __init__(self, f: Callable[..., Any]) -> None:
        name = getattr(f, "__name__", type(f).__name__)
        code = getattr(f, "__code__", None)
        self.root = Call(
            "f" if name == "<lambda>" else showable(name), code.co_filename if code else "", None, next_order()
        )
        self._own = code
        self._open = self.root
        self._skipped: set[CodeType] = set()

    def trace(self, frame: FrameType, _event: str, _arg: Any) -> Callable[..., Any] | None:
        """Open a call where a function of the user's is entered."""
        code = frame.f_code
        if code in self._skipped:
            return None
        if not self._belongs_to_user(code):
            self._skipped.add(code)
            return None
        if code is self._own and not self.root.marks:
            return self._step
        caller = self._open
        caller.counts[code.co_name] += 1
        self._open = Call(code.co_name, code.co_filename, caller, next_order(), turn=caller.counts[code.co_name])
        caller.calls.append(self._open)
        return self._step

    def _belongs_to_user(self, code: CodeType) -> bool:
        """Whether it is a function of the user's; comprehensions and generators count as part of their caller."""
        if code is self._own:
            return True
        return not is_inline(code) and not is_library(code.co_filename)

    def _step(self, frame: FrameType, event: str, _arg: Any) -> Callable[..., Any]:
        """Note the next line of a call, or close it."""
        if event == "line":
            self._open.marks.append((next_order(), frame.f_lineno))
        elif event == "return":
            self._open.stop = next_order()
            self._open = self._open.parent or self._open
        return self._step

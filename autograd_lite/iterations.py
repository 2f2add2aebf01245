"""Which nodes each iteration of an eager loop made, for pictures that fold loops.

Nodes are numbered as they are made, so that an iteration is an interval of numbers. The last iterations of a process
are remembered, as numbers alone; no result depends on them.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from autograd_lite.op import next_order

__all__ = ["Loop", "loops", "marked"]

MOST = 200_000  # iterations that are remembered


class Loop(NamedTuple):
    """One loop that ran: its function, its body's name, and the creation numbers at which its iterations begin."""

    function: str
    body: str
    starts: Sequence[int]
    stop: int


class _Log:
    """The last loops, as many as have so many iterations together."""

    def __init__(self) -> None:
        self.loops: deque[Loop] = deque()
        self._size = 0

    def add(self, loop: Loop) -> None:
        """Remember a loop, and forget the oldest where there are too many iterations."""
        self.loops.append(loop)
        self._size += len(loop.starts)
        while self._size > MOST:
            self._size -= len(self.loops.popleft().starts)


_log = _Log()


def marked(function: str, body: object, steps: Iterable[int]) -> Iterator[int]:
    """Iterate, and note where each iteration begins.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> x = Value(2.0)
    >>> for _ in marked("repeat", abs, range(3)):
    ...     x = x * x
    >>> found = list(loops(0, x.order + 1))[-1]
    >>> found.function, found.body, len(found.starts)
    ('repeat', 'abs', 3)
    """
    starts = array("q")
    try:
        for step in steps:
            starts.append(next_order())
            yield step
    finally:
        if starts:
            name = getattr(body, "__name__", type(body).__name__)
            _log.add(Loop(function, "step" if name == "<lambda>" else name, starts, next_order()))


def loops(start: int, stop: int) -> Iterator[Loop]:
    """The loops that ran between two creation numbers, the inner ones first."""
    yield from (loop for loop in tuple(_log.loops) if start <= loop.starts[0] and loop.stop <= stop)

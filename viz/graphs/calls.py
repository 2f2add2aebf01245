"""Calls of a user's functions: which function computed which nodes.

Nodes are numbered as they are made, so that a call is an interval of numbers, and what a call calls lies inside. Loops
of the library, such as `ag.scan`, count as calls, and so do their iterations.
"""

from __future__ import annotations

import linecache
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from autograd_lite.engine import Value
from autograd_lite.errors import UnknownNameError

__all__ = ["Call"]


@dataclass(eq=False)
class Call:
    """One call of a function: the interval of numbers of its nodes, what it calls, and where its own lines begin.

    `turn` counts the calls of that function by the same caller, from 1.
    """

    function: str
    file: str
    parent: Call | None
    start: int
    stop: int = sys.maxsize
    turn: int = 1
    calls: list[Call] = field(default_factory=list)
    marks: list[tuple[int, int]] = field(default_factory=list)  # numbers of nodes, and the line that asked for them
    counts: Counter[str] = field(default_factory=Counter)
    given: dict[Value, str] = field(default_factory=dict)  # of the outermost: its arguments' Values by their places
    is_group: bool = False  # not a call, but several that follow each other
    recorded: bool = False  # of the outermost: whether it was run to be shown

    @property
    def name(self) -> str:
        """What it is called in a picture: ``softmax``, or ``softmax[2]`` where there are several."""
        caller = self.parent
        while caller is not None and caller.is_group:
            caller = caller.parent
        several = caller is not None and caller.counts[self.function] > 1
        return f"{self.function}[{self.turn}]" if several else self.function

    @property
    def path(self) -> str:
        """Its name behind those of its callers, the outermost left out: ``block[2].softmax``."""
        caller = self.parent
        while caller is not None and caller.is_group and not self.is_group:
            caller = caller.parent
        return self.name if caller is None or caller.parent is None else f"{caller.path}.{self.name}"

    def inside(self, order: int) -> Call | None:
        """The call made by this one that made the node of that number."""
        k = bisect_right(self._starts, order) - 1
        return self.calls[k] if k >= 0 and order < self.calls[k].stop else None

    @cached_property
    def _starts(self) -> list[int]:
        return [call.start for call in self.calls]

    def mark(self, order: int) -> int:
        """The index of the mark of the line that asked for the node of that number; -1 if unknown."""
        return bisect_right(self.marks, (order, sys.maxsize)) - 1

    def source(self, line: int) -> str:
        """The text of a line."""
        return linecache.getline(self.file, line).strip()

    def ungrouped(self) -> list[Call]:
        """The calls that it makes: groups, each before the calls in it."""
        found, waiting = [], self.calls[::-1]
        while waiting:
            call = waiting.pop()
            found.append(call)
            waiting += call.calls[::-1] if call.is_group else []
        return found

    def all(self) -> Iterator[Call]:
        """The call itself, and those inside."""
        waiting = [self]
        while waiting:
            call = waiting.pop()
            yield call
            waiting += call.calls[::-1]

    def around(self, start: int, stop: int) -> Call:
        """The innermost call inside this one, or this one, that made all nodes between two numbers."""
        found, inner = self, self.inside(start)
        while inner is not None and stop <= inner.stop:
            found, inner = inner, inner.inside(start)
        return found

    def adopt(self, calls: Sequence[Call]) -> None:
        """Take these calls as those that this one makes, in order, and number them."""
        self.calls = sorted(calls, key=lambda call: call.start)
        self.counts = Counter()
        self.__dict__.pop("_starts", None)
        for call in self.calls:
            self.counts[call.function] += 1
            call.parent, call.turn = self, self.counts[call.function]

    def find(self, path: str) -> Call:
        """The call of that path; of a function that is called several times, the first by its bare name.

        Raises
        ------
        UnknownNameError
            If there is none.
        """
        found = self
        for part in path.split(".") if path and path != self.name else ():
            inner = found.ungrouped()
            named = {call.name: call for call in reversed(inner)}
            named |= {call.function: call for call in reversed(inner)}
            if part not in named:
                raise UnknownNameError.among(f"call inside {found.name}", part, [call.name for call in inner])
            found = named[part]
        return found

"""Loops of the library as calls: `ag.scan`, `ag.repeat` and `ag.while_loop`, and each of their iterations.

Where a call makes more calls than a picture can show, such as the iterations of a long loop, they are put into groups.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from autograd_lite.iterations import Loop, loops

from .calls import Call
from .names import showable

__all__ = ["fold_loops"]

TO = " … "
MOST = 60  # calls of one caller that are shown side by side


def fold_loops(outermost: Call) -> None:
    """Put a call for every loop that ran inside, and in it one for every iteration, around what these called."""
    for loop in loops(outermost.start, outermost.stop):
        caller = outermost.around(loop.starts[0], loop.stop)
        within = [call for call in caller.calls if loop.starts[0] <= call.start < loop.stop]
        made = Call(loop.function, caller.file, caller, loop.starts[0], loop.stop)
        made.marks = _marks(caller, made.start, made.stop)
        rest = set(caller.calls).difference(within)
        made.adopt(list(_iterations(loop, caller, within)))
        caller.adopt([*rest, made])
    for call in list(outermost.all()):
        _group(call)


def _group(caller: Call) -> None:
    """Put calls that follow each other into groups, and these into larger ones, until there are few."""
    while len(caller.calls) > MOST:
        groups, size = [], math.ceil(len(caller.calls) / MOST) + 1
        for k in range(0, len(caller.calls), size):
            calls = caller.calls[k : k + size]
            name = f"{calls[0].name.split(TO)[0]}{TO}{calls[-1].name.split(TO)[-1]}"
            made = Call(name, caller.file, caller, calls[0].start, calls[-1].stop, calls=calls, is_group=True)
            made.marks = _marks(caller, made.start, made.stop)
            groups.append(made)
        for made in groups:
            for call in made.calls:
                call.parent = made
        caller.calls = groups
        caller.__dict__.pop("_starts", None)


def _iterations(loop: Loop, caller: Call, within: list[Call]) -> Iterator[Call]:
    """The iterations; the call of the body stands for its iteration."""
    for start, stop in pairwise([*loop.starts, loop.stop]):
        inner = [call for call in within if start <= call.start < stop]
        if [call.function for call in inner] == [loop.body]:
            yield inner[0]
            continue
        made = Call(showable(loop.body), caller.file, None, start, stop, marks=_marks(caller, start, stop))
        made.adopt(inner)
        yield made


def _marks(call: Call, start: int, stop: int) -> list[tuple[int, int]]:
    first = max(call.mark(start), 0)
    return call.marks[first : call.mark(stop) + 1]

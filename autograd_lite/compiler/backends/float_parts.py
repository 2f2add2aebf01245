"""Long straight lines of Python in parts: functions that hand on what later lines need.

Python's compiler takes some 3 kB of memory for a line of a function, and longer for each line of a longer one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from autograd_lite.text import assembled

__all__ = ["Part", "parts_of"]

NAME = re.compile(r"[^\W\d]\w*")


class Part(NamedTuple):
    """A function of some lines: its name, its text, and the line that calls it."""

    name: str
    source: str
    call: str


def parts_of(
    lines: Sequence[str], parameters: Sequence[str], result: str, longest: int, named: Callable[[str], str] = str
) -> list[Part]:
    """Divide assignments into functions of at most so many lines.

    Parameters
    ----------
    lines : sequence of str
        Assignments, ``name = expression`` or ``name, name, = expression``.
    parameters : sequence of str
        Names that are there before the first line.
    result : str
        The expression that needs some of the names in the end.
    longest : int
        How many lines a part may have.
    named : callable, optional
        Makes a part's name one that is not taken.

    Examples
    --------
    >>> for part in parts_of(["a = x + 1", "b = sin_(a)", "c = b + a"], ["x"], "[c]", 2):
    ...     print(f"{part.source}{part.call}")
    def part1(x):
        a = x + 1
        b = sin_(a)
        return a, b,
    a, b, = part1(x)
    def part2(a, b):
        c = b + a
        return c,
    c, = part2(a, b)
    """
    runs = [lines[k : k + longest] for k in range(0, len(lines), longest)]
    sides = [[line.split(" = ", 1) for line in run] for run in runs]
    defined = [_names(left for left, _ in pairs) for pairs in sides]
    variables = set(parameters).union(*defined)
    needed = _names([result])
    parts = []
    for k in reversed(range(len(runs))):
        used = _names(right for _, right in sides[k]) & variables - defined[k]
        parts.append(_part(named(f"part{k + 1}"), runs[k], sorted(used), sorted(defined[k] & needed)))
        needed |= used
    return parts[::-1]


def _names(texts: Iterable[str]) -> set[str]:
    return {name for text in texts for name in NAME.findall(text)}


def _part(name: str, lines: Sequence[str], taken: Sequence[str], given: Sequence[str]) -> Part:
    head, tail = ", ".join(taken), "".join(f"{v}, " for v in given).rstrip()
    source = f"def {name}({head}):\n{assembled([*lines, f'return {tail}'.rstrip()], '    ')}"
    return Part(name, source, f"{tail} = {name}({head})" if given else f"{name}({head})")

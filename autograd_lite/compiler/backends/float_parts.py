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
    """Divide assignments and loops into functions of at most so many lines; a longer loop is one.

    Parameters
    ----------
    lines : sequence of str
        Assignments, ``name = expression`` or ``name, name, = expression``, and loops with their indented bodies.
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
    runs = _runs(lines, longest)
    available, taken, defined = set(parameters), [], []
    for run in runs:
        used: set[str] = set()
        own: set[str] = set()
        for statement in run:
            used |= (_read(statement) - own) & available
            own |= _names([left for line in statement for left, equals, _ in [line.partition(" = ")] if equals])
        available |= own
        taken.append(used)
        defined.append(own)
    needed = _names([result])
    parts = []
    for k in reversed(range(len(runs))):
        body = [line for statement in runs[k] for line in statement]
        parts.append(_part(named(f"part{k + 1}"), body, sorted(taken[k]), sorted(defined[k] & needed)))
        needed |= taken[k]
    return parts[::-1]


def _runs(lines: Iterable[str], longest: int) -> list[list[list[str]]]:
    """Statements, a loop with its body being one, in runs of at most so many lines, or of one statement."""
    statements: list[list[str]] = []
    for line in lines:
        if line.startswith(" "):
            statements[-1].append(line)
        else:
            statements.append([line])
    runs: list[list[list[str]]] = []
    room = 0
    for statement in statements:
        if not runs or len(statement) > room:
            runs.append([])
            room = longest
        runs[-1].append(statement)
        room -= len(statement)
    return runs


def _read(statement: Sequence[str]) -> set[str]:
    """Names that a statement may read: of a loop all, since a step reads what the one before it made."""
    left, equals, right = statement[0].partition(" = ")
    return _names([right] if equals and len(statement) == 1 and "[" not in left else statement)


def _names(texts: Iterable[str]) -> set[str]:
    return {name for text in texts for name in NAME.findall(text)}


def _part(name: str, lines: Sequence[str], taken: Sequence[str], given: Sequence[str]) -> Part:
    head, tail = ", ".join(taken), "".join(f"{v}, " for v in given).rstrip()
    source = f"def {name}({head}):\n{assembled([*lines, f'return {tail}'.rstrip()], '    ')}"
    return Part(name, source, f"{tail} = {name}({head})" if given else f"{name}({head})")

"""Repetitions in a sequence of operations: where the same steps follow each other, as a loop would run them.

An operation is its *kind*, a number, and its *reads*: how far back in the sequence each operand stands, or a negative
number for what is none of the sequence. Two operations *agree* if they are of a kind, and each read of the later one is
as far back as that of the earlier one; or else both reads lie before the steps, where a loop finds what is fixed and
its items.

The candidates for the length of a step are the distances at which operations recur that read as far back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

__all__ = ["Repetition", "repetitions"]

CANDIDATES = 6  # periods that are tried

Reads = Sequence[tuple[int, ...]]


class Repetition(NamedTuple):
    """Steps of `period` operations each, `length` of them, from `start` on.

    What the operations of the first step read of a step before it may be anything.
    """

    start: int
    period: int
    length: int

    @property
    def stop(self) -> int:
        """The position behind the last step."""
        return self.start + self.period * self.length

    @property
    def later(self) -> Repetition:
        """The steps without the first one."""
        return Repetition(self.start + self.period, self.period, self.length - 1)


def repetitions(kinds: Sequence[int], reads: Reads, fewest: int) -> Iterator[Repetition]:
    """Find the longest repetition, then those before and behind it, and so on.

    Parameters
    ----------
    kinds : sequence of int
        The kind of each operation; those of a kind read equally many things.
    reads : sequence of tuple of int
        What each reads: at least 1 for an operation so far back, or negative numbers for anything else.
    fewest : int
        How many steps there must be, at least 3.

    Examples
    --------
    >>> list(repetitions([7, 8] * 10, [(1, -1)] * 20, fewest=8))
    [Repetition(start=0, period=2, length=10)]
    >>> list(repetitions([7] * 10, [(min(i, 2) or -1,) for i in range(10)], fewest=8))
    [Repetition(start=1, period=1, length=9)]
    """
    parts = [(0, len(kinds))]
    while parts:
        first, stop = parts.pop()
        found = _longest(kinds, reads, first, stop, fewest)
        if found is not None:
            yield found
            parts += [(first, found.start), (found.stop, stop)]


def _longest(kinds: Sequence[int], reads: Reads, first: int, stop: int, fewest: int) -> Repetition | None:
    best = None
    for period in _candidates(kinds, reads, first, stop, fewest):
        for a, b in _runs(kinds, reads, period, first, stop):
            if b - a < fewest * period or (best is not None and b - a <= best.stop - best.start):
                continue
            found = _cut(kinds, reads, Repetition(a, period, (b - a) // period), b, first)
            if found.length >= fewest:
                best = found
        if best is not None and 2 * (best.stop - best.start) > stop - first:
            break
    return best


def _candidates(kinds: Sequence[int], reads: Reads, first: int, stop: int, fewest: int) -> list[int]:
    """Distances at which most operations recur."""
    places: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for i in range(first, stop):
        places[kinds[i], *[d if 0 < d <= i - first else 0 for d in reads[i]]].append(i)
    votes: Counter[int] = Counter()
    for found in places.values():
        if len(found) >= fewest - 1:
            votes.update([b - a for a, b in pairwise(found)])
    covered = {period: count * period for period, count in votes.items() if count >= fewest - 2}
    return sorted(covered, key=lambda period: (-covered[period], period))[:CANDIDATES]


def _runs(kinds: Sequence[int], reads: Reads, period: int, first: int, stop: int) -> Iterator[tuple[int, int]]:
    """Where operations agree at a distance, as long as they do."""
    a = first
    for i in range(first, stop - period):
        j = i + period
        if kinds[i] != kinds[j]:
            fresh = i + 1
        elif reads[i] == reads[j]:
            continue
        else:
            fresh = max([_place(i, c) if c != d else -1 for c, d in zip(reads[i], reads[j], strict=True)]) + 1
            fresh = max(fresh, *[_place(j, d) + 1 if c != d else 0 for c, d in zip(reads[i], reads[j], strict=True)])
        if fresh > a:
            yield a, j
            a = min(fresh, i + 1)
    yield a, stop


def _place(i: int, d: int) -> int:
    """Where an operation stands that is so far back; -1 for what is none."""
    return i - d if d > 0 else -1


def _cut(kinds: Sequence[int], reads: Reads, run: Repetition, stop: int, first: int) -> Repetition:
    """Begin the steps of a run where least goes from one to the next, and where there are most of them."""
    period = run.period
    crossing = _crossing(reads, run)
    least = min(crossing)
    found = run
    for start in range(run.start + period - 1, run.start - 1, -1):
        if crossing[start % period] == least:
            steps = Repetition(start, period, (stop - start) // period)
            before = Repetition(start - period, period, steps.length + 1)
            if before.start >= first and _is_first(kinds, reads, before):
                steps = before
            if crossing[found.start % period] > least or steps.length >= found.length:
                found = steps
    return found


def _crossing(reads: Reads, run: Repetition) -> list[int]:
    """How many numbers of earlier steps are read from each place on, by its position modulo the period."""
    start, period, length = run
    middle = start + (length // 2) * period
    life: dict[int, int] = {}
    for j in range(middle, middle + period):
        for d in reads[j]:
            if 0 < d <= j - start:
                life[(j - d) % period] = max(life.get((j - d) % period, 0), d)
    crossing = [sum(n // period for n in life.values())] * period
    for at, n in life.items():
        for k in range(at + 1, at + 1 + n % period):
            crossing[k % period] += 1
    return crossing


def _is_first(kinds: Sequence[int], reads: Reads, run: Repetition) -> bool:
    """Whether the first of some steps is like the others, but for what it reads of the step before it."""
    start, period, _ = run
    for i in range(start, start + period):
        j, k = i + period, i + 2 * period
        if kinds[i] != kinds[j]:
            return False
        for b, c, d in zip(reads[i], reads[j], reads[k], strict=True):
            if 0 < c <= i - start:  # of its own step
                if b != c:
                    return False
            elif _place(i, b) >= start or (_is_same(j, c, k, d) and not _is_same(i, b, j, c)):
                return False
    return True


def _is_same(i: int, c: int, j: int, d: int) -> bool:
    """Whether two operations read the same."""
    return c == d if c < 0 or d < 0 else i - c == j - d

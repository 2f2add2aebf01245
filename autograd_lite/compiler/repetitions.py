"""Repetitions in a sequence of operations: where the same steps follow each other, as a loop would run them.

An operation is its *kind*, a number, and its *reads*: a position in the sequence, or a negative number for what is none
of the sequence. Two operations *agree* at a distance p if they are of a kind, and each read of the later one is that of
the earlier one moved on by p; or else both reads lie before the steps, where a loop finds what is fixed and its items.

The candidates for p are the distances at which operations recur with the same reads, seen from where they stand.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

__all__ = ["FEWEST", "Repetition", "repetitions"]

FEWEST = 8  # steps of a loop
CANDIDATES = 6  # periods that are tried

Reads = Sequence[tuple[int, ...]]


class Repetition(NamedTuple):
    """So many steps of `period` operations each, from `start` on.

    What the operations of the first step read of a step before it may be anything.
    """

    start: int
    period: int
    count: int

    @property
    def stop(self) -> int:
        """The position behind the last step."""
        return self.start + self.period * self.count


def repetitions(kinds: Sequence[int], reads: Reads, start: int = 0) -> Iterator[Repetition]:
    """Find the longest repetition from `start` on, then those before and behind it, and so on.

    Parameters
    ----------
    kinds : sequence of int
        The kind of each operation.
    reads : sequence of tuple of int
        What each reads: positions before its own, or negative numbers.

    Examples
    --------
    >>> list(repetitions([7, 8] * 10, [(i - 1, -1) for i in range(20)]))
    [Repetition(start=0, period=2, count=10)]
    >>> list(repetitions([7] * 10, [(max(0, i - 2),) for i in range(10)]))
    [Repetition(start=1, period=1, count=9)]
    """
    parts = [(start, len(kinds))]
    while parts:
        first, stop = parts.pop()
        found = _longest(kinds, reads, first, stop)
        if found is not None:
            yield found
            parts += [(first, found.start), (found.stop, stop)]


def _longest(kinds: Sequence[int], reads: Reads, first: int, stop: int) -> Repetition | None:
    best = None
    for period in _candidates(kinds, reads, first, stop):
        for a, b in _runs(kinds, reads, period, first, stop):
            if b - a < FEWEST * period or (best is not None and b - a <= best.stop - best.start):
                continue
            found = _cut(kinds, reads, Repetition(a, period, (b - a) // period), b, first)
            if found.count >= FEWEST:
                best = found
    return best


def _candidates(kinds: Sequence[int], reads: Reads, first: int, stop: int) -> list[int]:
    """Distances at which most operations recur."""
    places: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for i in range(first, stop):
        places[kinds[i], *[i - x if x >= first else -1 for x in reads[i]]].append(i)
    votes: Counter[int] = Counter()
    for found in places.values():
        if len(found) >= FEWEST - 1:
            votes.update([b - a for a, b in zip(found, found[1:], strict=False)])
    covered = {period: count * period for period, count in votes.items() if count >= FEWEST - 2}
    return sorted(covered, key=lambda period: (-covered[period], period))[:CANDIDATES]


def _runs(kinds: Sequence[int], reads: Reads, period: int, first: int, stop: int) -> Iterator[tuple[int, int]]:
    """Where operations agree at a distance, as long as they do."""
    a = first
    for i in range(first, stop - period):
        j = i + period
        fresh = a
        if kinds[i] != kinds[j]:
            fresh = i + 1
        else:
            for x, y in zip(reads[i], reads[j], strict=True):
                if (x < 0 or y != x + period) and (x >= fresh or y >= fresh):
                    fresh = max(x, y) + 1 if y <= i else i + 1
        if fresh > a:
            yield a, j
            a = min(fresh, i + 1)
    yield a, stop


def _cut(kinds: Sequence[int], reads: Reads, run: Repetition, stop: int, first: int) -> Repetition:
    """Begin the steps of a run where least goes from one to the next, and where there are most of them."""
    period = run.period
    crossing = _crossing(reads, run)
    least = min(crossing)
    found = run
    for start in range(run.start + period - 1, run.start - 1, -1):
        if crossing[start % period] == least:
            steps = Repetition(start, period, (stop - start) // period)
            before = Repetition(start - period, period, steps.count + 1)
            if before.start >= first and _is_first(kinds, reads, before):
                steps = before
            if crossing[found.start % period] > least or steps.count >= found.count:
                found = steps
    return found


def _crossing(reads: Reads, run: Repetition) -> list[int]:
    """How many numbers of earlier steps are read from each place on, by its position modulo the period."""
    start, period, count = run
    middle = start + (count // 2) * period
    life: dict[int, int] = {}
    for j in range(middle, middle + period):
        for x in reads[j]:
            if x >= start:
                life[x % period] = max(life.get(x % period, 0), j - x)
    crossing = [sum(n // period for n in life.values())] * period
    for at, n in life.items():
        for k in range(at + 1, at + 1 + n % period):
            crossing[k % period] += 1
    return crossing


def _is_first(kinds: Sequence[int], reads: Reads, run: Repetition) -> bool:
    """Whether the first of some steps is like the others, but for what it reads of the step before it."""
    start, period, _ = run
    for i in range(start, start + period):
        j = i + period
        if kinds[i] != kinds[j]:
            return False
        for x, y, z in zip(reads[i], reads[j], reads[j + period], strict=True):
            if y >= start + period:  # of its own step
                if x != y - period:
                    return False
            elif x >= start or (y == z and x != y):
                return False
    return True

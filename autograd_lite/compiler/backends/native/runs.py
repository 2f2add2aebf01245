"""The order in which many numbers are added up: fixed lanes, runs of them, and one tree over the lanes.

It depends on how many they are alone, not on the machine: 8 lanes, flushed every 1,024 numbers so that rounding errors
stay small, and the lanes as a balanced tree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autograd_lite.compiler.backends.native.text import LANES, Int, Text
from autograd_lite.compiler.backends.native.words import Words
from autograd_lite.compiler.primitives import word

__all__ = ["Kind", "identity", "in_runs"]

# Lanes of two vectors, counted through, that become one: even and odd lanes; then even and odd pairs of lanes.
# Vectors take turns in the first, so that each is one instruction on any machine.
NEIGHBOURS = ((0, 8, 2, 10, 4, 12, 6, 14), (1, 9, 3, 11, 5, 13, 7, 15))
HALVES = ((0, 1, 4, 5, 8, 9, 12, 13), (2, 3, 6, 7, 10, 11, 14, 15))
FLUSH = 128 * LANES  # numbers, before what the lanes hold is added to the total


def _combining(op: str) -> str:
    return "add" if op == "nonfinite" else op


def identity(op: str) -> float:
    """What changes no partial result of a reduction, not even the sign of a zero."""
    return word(_combining(op)).start or -0.0


class Kind:
    """How one reduction is made, of numbers or of products of two.

    Attributes
    ----------
    op : str
        Its word, of the table of words.
    identity : float
        What changes none of its partial results.
    """

    def __init__(self, op: str, words: Words) -> None:
        self.op, self.identity, self.words = op, identity(op), words

    def add(self, total: str, *factors: str) -> str:
        """Add one term, or product of two, to a total."""
        return self.words.text.call("fma", *factors, total) if len(factors) == 2 else self.combined(total, *factors)

    def fillers(self, factors: int) -> tuple[float, ...]:
        """Numbers that change no total, for lanes without a term: one, or one for each factor of a product."""
        return (0.0, 0.0) if factors == 2 else (self.identity,)

    def combined(self, a: str, b: str) -> str:
        """Combine two partial results."""
        return self.words.apply(_combining(self.op), a, b)

    def settled(self, total: str) -> str:
        """What is written for a total."""
        return self.words.apply("nonfinite", total) if self.op == "nonfinite" else total

    def tree(self, totals: Sequence[str]) -> str:
        """Combine the lanes of up to 8 vectors: of each the neighbours, their neighbours, and theirs."""
        vectors = [*totals, *[totals[-1]] * (LANES - len(totals))]
        for level in (NEIGHBOURS, HALVES, HALVES):
            pairs = list(zip(vectors[::2], vectors[1::2], strict=True))
            made = {pair: [self.words.text.shuffle(*pair, lanes) for lanes in level] for pair in dict.fromkeys(pairs)}
            halves = {pair: self.combined(*both) for pair, both in made.items()}
            vectors = [halves[pair] for pair in pairs]
        return vectors[0]


def in_runs(
    text: Text, stop: Int, totals: list[str], kinds: Sequence[Kind], step: Callable[[Int, list[str]], list[str]]
) -> list[str]:
    """Count up to `stop`, in runs of `FLUSH` numbers, each of which is added up by itself."""
    if isinstance(stop, int) and stop <= FLUSH:
        return text.loop(0, stop, LANES, step, totals)

    def run(start: Int, now: list[str]) -> list[str]:
        end = text.smaller(text.plus(start, FLUSH), stop)
        parts = text.loop(start, end, LANES, step, [text.literal(kind.identity) for kind in kinds], sure=True)
        return [kind.combined(*both) for kind, *both in zip(kinds, now, parts, strict=True)]

    return text.loop(0, stop, FLUSH, run, totals, sure=True)

"""Loops that compute words and, from what these leave in registers, sums over all members, or over all samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autograd_lite.compiler.backends.native.access import Access
from autograd_lite.compiler.backends.native.chains import Total
from autograd_lite.compiler.backends.native.runs import Kind, in_runs
from autograd_lite.compiler.backends.native.text import LANES, Int
from autograd_lite.compiler.ir import Contract, Dim

__all__ = ["write_totals"]

Terms = list[tuple[str, ...]]  # of each total: a vector, or two factors
Body = Callable[[Sequence[Int], Int], Terms]  # writes the words for a vector of members, or of samples


def write_totals(access: Access, shape: Sequence[int], dim: Dim | None, totals: Sequence[Total], body: Body) -> None:
    """Write one loop for words and totals."""
    text, kinds = access.text, [Kind(total.op, access.words) for total in totals]
    member = [0] * len(shape)  # the only one, where samples are added up
    is_product = [isinstance(total.instruction, Contract) for total in totals]

    def add(terms: Terms, now: Sequence[str]) -> list[str]:
        return [kind.add(total, *some) for kind, total, some in zip(kinds, now, terms, strict=True)]

    def filled(terms: Terms, fill: Callable[[str, str], str]) -> Terms:
        """Numbers that change no sum, in the lanes that have none."""
        found = []
        for kind, some in zip(kinds, terms, strict=True):
            pairs = zip(some, kind.fillers(len(some)), strict=True)
            found.append(tuple([fill(x, text.literal(filler)) for x, filler in pairs]))
        return found

    def of_members(count: int, now: list[str]) -> list[str]:
        full, left = count // LANES * LANES, count % LANES
        now = in_runs(text, full, now, kinds, lambda k, now: add(body([k], 0), now))
        if not left:
            return now
        lanes = [*range(left), *[left] * (LANES - left)]
        with text.lanes(left):
            terms = filled(body([full], 0), lambda x, filler: text.shuffle(x, filler, lanes))
        return add(terms, now)

    def of_samples(dim: Dim, now: list[str]) -> list[str]:
        row, n = (access.memory.length(dim, what) for what in ("row", "n"))

        def step(r: Int, now: list[str]) -> list[str]:
            terms = body(member, r)
            is_sample = text.first_lanes(text.plus(n, text.times(r, -1)))
            return add(filled(terms, lambda x, filler: text.choose(is_sample, x, filler)), now)

        return in_runs(text, row, now, kinds, step)

    with text.lanes(LANES):
        starts = [text.literal(0.0 if two else kind.identity) for two, kind in zip(is_product, kinds, strict=True)]
        found = of_members(shape[0], starts) if dim is None else of_samples(dim, starts)
        for total, kind, vector in zip(totals, kinds, found, strict=True):
            number = text.shuffle(kind.tree([vector]), "poison", [0])
            with text.lanes(1):
                access.put(total.out, [0] * len(total.out.steps), 0, kind.settled(number))

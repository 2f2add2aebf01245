"""Sums of products and reductions: tiles of members in registers, fixed lanes, and one tree over the lanes.

A sum over samples, or over members, is added up as `runs` says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product, takewhile

from autograd_lite.compiler.backends.native.access import Access
from autograd_lite.compiler.backends.native.memory import Coordinate, Place
from autograd_lite.compiler.backends.native.runs import Kind, identity, in_runs
from autograd_lite.compiler.backends.native.text import LANES, Int
from autograd_lite.compiler.ir import Contract, Reduce, SegmentReduce, Slice

__all__ = ["contract", "reduce", "segments"]

Coordinates = Mapping[str, Int]
Member = Mapping[str, int]  # of a tile, counted from its first one
EMPTY: Coordinates = {}
Read = Callable[[Place, Sequence[Coordinate], float], str]  # of members, with a number for the lanes that have none


def contract(access: Access, i: Contract) -> None:
    """Write a sum of products."""
    inputs, kept = i.spec.split("->")
    _Sum(access, "add", (i.out, *i.operands), (kept, *inputs.split(",")), 0.0).write()


def reduce(access: Access, i: Reduce) -> None:
    """Write a reduction over terms, samples, or both."""
    axes, samples = "abcdef"[: len(i.x.shape)], "n" if i.x.dim else ""
    kept = axes[:-1] if "terms" in i.over else axes
    kept += samples if "batch" not in i.over else ""
    _Sum(access, i.op, (i.out, i.x), (kept, axes + samples), identity(i.op)).write()


def segments(access: Access, i: SegmentReduce) -> None:
    """Write a reduction of consecutive members."""
    text, x, out = access.text, access.memory.place(i.x), access.memory.place(i.out)
    bounds = access.memory.tables.integers([*i.starts.indices.tolist(), i.x.shape[0]])

    def segment(k: Int, sample: Int) -> None:
        def term(j: Int, total: list[str]) -> list[str]:
            return [access.words.apply(i.op, total[0], access.get(x, [j], sample))]

        start, stop = text.integer(bounds, k), text.integer(bounds, text.plus(k, 1))
        access.put(out, [k], sample, text.loop(start, stop, 1, term, [text.literal(identity(i.op))])[0])

    access.each(0, len(i.starts.indices), 1, lambda k: access.samples(i.out.dim, lambda r: segment(k, r)))


class _Sum:
    """A reduction in Einstein's notation; ``n`` is the batch axis, other letters are axes of members."""

    def __init__(self, access: Access, op: str, slices: Sequence[Slice], letters: Sequence[str], start: float) -> None:
        self.access, self.text, self.words = access, access.text, access.words
        self.kind, self.start = Kind(op, self.words), start
        self.slices = slices[1:]
        self.out, *self.factors = map(access.memory.place, slices)
        self.kept, *self.letters = letters
        self.rows = self.kept.replace("n", "")
        self.sizes = {
            c: n for x, axes in zip(slices, letters, strict=True) for c, n in zip(axes, x.shape, strict=False)
        }
        self.reduced = [c for c in self.sizes if c not in self.kept]
        self.dim = next((x.dim for x in self.slices if x.dim is not None), None)

    def write(self) -> None:
        """Write the sum."""
        if "n" in self.kept:
            self.access.samples(self.dim, self.tiles)
        else:
            with self.text.lanes(LANES):
                for x, place in zip(self.slices, self.factors, strict=True):
                    self.access.fill(place, x.shape, x.dim, self.kind.identity)
                self.tiles(None)

    def tiles(self, sample: Int | None, first: Coordinates = EMPTY, counts: Sequence[int] = ()) -> None:
        """Cover the axes of the output's members that are left, by tiles, smaller ones at the end."""
        if len(counts) == len(self.rows):
            members = [dict(zip(self.rows, member, strict=True)) for member in product(*map(range, counts))]
            self.tile(sample, first, members)
            return
        c = self.rows[len(counts)]
        side = 4 if self.access.registers > 16 else 2
        at, count = 0, 2 * side if len(self.rows) == 1 else side if len(self.rows) - len(counts) <= 2 else 1
        while at < self.sizes[c]:
            while count > self.sizes[c] - at:
                count //= 2
            stop = at + (self.sizes[c] - at) // count * count
            nested = (*counts, count)
            self.access.each(at, stop, count, lambda k, nested=nested: self.tiles(sample, {**first, c: k}, nested))  # type: ignore[misc]
            at = stop

    def tile(self, sample: Int | None, first: Coordinates, tile: Sequence[Member]) -> None:
        """Write the totals of some members, counted from the first one: for each sample by itself, or over samples."""
        starts = [self.text.literal(self.start)] * len(tile)
        if sample is not None:
            read: Read = lambda x, at, _: self.access.get(x, at, sample)  # noqa: E731
            totals = self.sweep(self.reduced, first, starts, lambda at, now: self.step(at, tile, now, read))
            for member, total in zip(tile, totals, strict=True):
                self.access.put(self.out, self.members(self.rows, first, member), sample, self.kind.settled(total))
            return
        if self.dim is None:
            totals = self.sweep(self.reduced[:-1], first, starts, lambda at, now: self.over_members(at, tile, now))
        else:
            totals = self.sweep(self.reduced, first, starts, lambda at, now: self.over_samples(at, tile, now))
        for k in range(0, len(totals), LANES):
            self.put_totals(self.kind.tree(totals[k : k + LANES]), first, tile[k : k + LANES])

    def put_totals(self, totals: str, first: Coordinates, tile: Sequence[Member]) -> None:
        """Write one lane for each member, those together that lie side by side."""
        lane = 0
        while lane < len(tile):
            count = self._side_by_side(tile[lane:])
            some = self.text.shuffle(totals, "poison", range(lane, lane + count))
            with self.text.lanes(count):
                self.access.put(self.out, self.members(self.rows, first, tile[lane]), 0, self.kind.settled(some))
            lane += count

    def _side_by_side(self, tile: Sequence[Member]) -> int:
        """How many members from the first one on lie side by side in memory."""
        if self.out.table or not self.rows or self.out.steps[-1] != 1:
            return 1
        c, first = self.rows[-1], tile[0]
        return sum(1 for _ in takewhile(lambda k: tile[k] == {**first, c: first[c] + k}, range(len(tile))))

    # Loops over what is summed

    def sweep(
        self,
        letters: Sequence[str],
        at: Coordinates,
        totals: list[str],
        inner: Callable[[Coordinates, list[str]], list[str]],
    ) -> list[str]:
        """Visit all members along some axes."""
        if not letters:
            return inner(at, totals)
        c, *rest = letters
        return self.text.loop(0, self.sizes[c], 1, lambda k, now: self.sweep(rest, {**at, c: k}, now, inner), totals)

    def over_samples(self, at: Coordinates, tile: Sequence[Member], totals: list[str]) -> list[str]:
        """Add up vectors of samples, with the lanes behind the last one filled up."""
        assert self.dim is not None
        row, n = (self.access.memory.length(self.dim, what) for what in ("row", "n"))

        def step(r: Int, now: list[str]) -> list[str]:
            def read(x: Place, members: Sequence[Coordinate], _: float) -> str:
                vector = self.access.get(x, members, r)
                if x.has_samples:
                    return vector
                is_sample = self.text.first_lanes(self.text.plus(n, self.text.times(r, -1)))
                return self.text.choose(is_sample, vector, self.text.literal(0.0))  # not infinity, times zero

            return self.step(at, tile, now, read)

        return in_runs(self.text, row, totals, [self.kind] * len(totals), step)

    def over_members(self, at: Coordinates, tile: Sequence[Member], totals: list[str]) -> list[str]:
        """Add up full vectors of members along the last axis, and what is left with the other lanes filled up."""
        c = self.reduced[-1]
        full, left = self.sizes[c] // LANES * LANES, self.sizes[c] % LANES

        def filled(x: Place, members: Sequence[Coordinate], filler: float) -> str:
            with self.text.lanes(left):
                lanes = [*range(left), *[left] * (LANES - left)]
                return self.text.shuffle(self.access.get(x, members, 0), self.text.literal(filler), lanes)

        def step(k: Int, now: list[str]) -> list[str]:
            return self.step({**at, c: k}, tile, now, lambda x, members, _: self.access.get(x, members, 0))

        totals = in_runs(self.text, full, totals, [self.kind] * len(totals), step)
        return self.step({**at, c: full}, tile, totals, filled) if left else totals

    def step(self, at: Coordinates, tile: Sequence[Member], totals: list[str], read: Read) -> list[str]:
        """Add one term, or product, to the total of each member of a tile; what members share is read once."""
        fillers = self.kind.fillers(len(self.factors))
        seen: dict[object, str] = {}
        after: list[str] = []
        for member, total in zip(tile, totals, strict=True):
            values: list[str] = []
            for x, letters, filler in zip(self.factors, self.letters, fillers, strict=True):
                axes = letters.replace("n", "")
                key = (x, filler, tuple([member.get(c) for c in axes]))
                if key not in seen:
                    seen[key] = read(x, self.members(axes, at, member), filler)
                values.append(seen[key])
            after.append(self.kind.add(total, *values))
        return after

    def members(self, axes: str, at: Coordinates, member: Member) -> list[Coordinate]:
        """The coordinates along some axes."""
        return [(at[c], member.get(c, 0)) for c in axes]

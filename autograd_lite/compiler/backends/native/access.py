"""Reading and writing members in memory, and loops over them.

Over samples a vector holds the samples of a member; without a batch axis it holds members along the last axis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autograd_lite.compiler.backends.native.memory import Coordinate, Memory, Place
from autograd_lite.compiler.backends.native.text import LANES, Int, Text
from autograd_lite.compiler.backends.native.words import Words
from autograd_lite.compiler.ir import Dim

__all__ = ["Access"]


class Access:
    """Writes loads, stores and loops.

    Parameters
    ----------
    text : Text
        Where to.
    words : Words
        Is told which vectors hold one number.
    memory : Memory
        Where arrays lie.
    registers : int
        How many vector registers the machine has.
    """

    def __init__(self, text: Text, words: Words, memory: Memory, registers: int) -> None:
        self.text = text
        self.words = words
        self.memory = memory
        self.registers = registers

    # Vectors

    def get(self, x: Place, coordinates: Sequence[Coordinate], sample: Int) -> str:
        """Read a vector."""
        text = self.text
        if x.has_samples:
            return text.load(*x.at(text, coordinates, sample))
        if isinstance(sample, str) or text.width == 1 or not x.steps or x.steps[-1] == 0:
            name = text.spread(*x.at(text, coordinates))
            if isinstance(sample, str) or not x.steps or x.steps[-1] == 0:
                self.words.uniform.add(name)
            return name
        if x.steps[-1] == 1 and not x.table:
            return text.load(*x.at(text, coordinates))
        vector = "poison"
        for lane, at in enumerate(self._lanes(x, coordinates)):
            number = text.let(f"load double, ptr {at}, align 8")
            vector = text.let(f"insertelement {text.type} {vector}, double {number}, i64 {lane}")
        return vector

    def put(self, out: Place, coordinates: Sequence[Coordinate], sample: Int, vector: str) -> None:
        """Write a vector."""
        text = self.text
        if out.has_samples or text.width == 1 or (out.steps[-1] == 1 and not out.table):
            text.store(vector, *out.at(text, coordinates, sample))
            return
        for lane, at in enumerate(self._lanes(out, coordinates)):
            number = text.let(f"extractelement {text.type} {vector}, i64 {lane}")
            text.do(f"store double {number}, ptr {at}, align 8")

    def _lanes(self, x: Place, coordinates: Sequence[Coordinate]) -> list[str]:
        """The address of each lane's member."""
        *before, last = coordinates
        base, shift = last if isinstance(last, tuple) else (last, 0)
        places = [x.at(self.text, [*before, (base, shift + lane)]) for lane in range(self.text.width)]
        return [self.text.address(*place) for place in places]

    def spread_size(self, dim: Dim) -> str:
        """The length of a batch axis, in all lanes."""
        one = f"insertelement {self.text.type} poison, double {self.memory.length(dim, 'size')}, i64 0"
        name = self.text.shuffle(self.text.let(one), "poison", [0] * self.text.width)
        self.words.uniform.add(name)
        return name

    # Loops

    def each(self, start: Int, stop: Int, step: int, body: Callable[[Int], object]) -> None:
        """Count from `start` up to `stop`."""

        def turn(i: Int, _: list[str]) -> list[str]:
            body(i)
            return []

        self.text.loop(start, stop, step, turn)

    def samples(self, dim: Dim | None, body: Callable[[Int], object], wide: int = LANES) -> None:
        """Visit vectors of samples; once, with numbers, if there is no batch axis."""
        if dim is None:
            with self.text.lanes(1):
                body(0)
            return
        start: Int = 0
        end = self.memory.length(dim, "row")
        if wide > LANES:
            start = self._wide(0, self.text.let(f"and i64 {end}, {-wide}"), wide, body)
        with self.text.lanes(LANES):
            self.each(start, end, LANES, body)

    def nest(
        self, shape: Sequence[int], dim: Dim | None, body: Callable[[Sequence[Int], Int], object], wide: int = LANES
    ) -> None:
        """Visit all members: `body` takes the coordinates, and the sample, of a vector's first number.

        With `wide`, vectors have so many lanes where there are as many numbers: a multiple of the usual ones, or 1.
        """
        self._visit([], shape, dim, body, wide)

    def _visit(
        self,
        at: list[Int],
        shape: Sequence[int],
        dim: Dim | None,
        body: Callable[[Sequence[Int], Int], object],
        wide: int,
    ) -> None:
        rest = shape[len(at) :]
        if len(rest) > 1 or (rest and dim is not None):
            self.each(0, rest[0], 1, lambda k: self._visit([*at, k], shape, dim, body, wide))
        elif rest:
            self.vectors(rest[0], lambda k: body([*at, k], 0), wide)
        else:
            self.samples(dim, lambda r: body(at, r), wide)

    def vectors(self, count: int, body: Callable[[Int], object], wide: int = LANES) -> None:
        """Visit members along the last axis: full vectors, and what is left; one by one if `wide` is 1."""
        if wide == 1:
            with self.text.lanes(1):
                self.each(0, count, 1, body)
            return
        start = self._wide(0, count // wide * wide, wide, body) if wide > LANES else 0
        full = count // LANES * LANES
        with self.text.lanes(LANES):
            self.each(start, full, LANES, body)
        if count > full:
            with self.text.lanes(count - full):
                body(full)

    def _wide(self, start: int, end: Int, wide: int, body: Callable[[Int], object]) -> Int:
        with self.text.lanes(wide):
            self.each(start, end, wide, body)
        return end

    def copy(self, shape: Sequence[int], source: Place, out: Place) -> None:
        """Copy members."""
        self.nest(shape, None, lambda at, sample: self.put(out, at, sample, self.get(source, at, sample)))

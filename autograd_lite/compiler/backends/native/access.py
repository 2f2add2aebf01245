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
        self.filled: set[tuple[Place, tuple[int, ...], float]] = set()  # what stands behind the last samples

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
        return text.vector([text.number(at, 0) for at in self._lanes(x, coordinates)])

    def put(self, out: Place, coordinates: Sequence[Coordinate], sample: Int, vector: str) -> None:
        """Write a vector."""
        text = self.text
        self.filled -= {key for key in self.filled if key[0].pointer == out.pointer}
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
        one = self.text.vector([self.memory.length(dim, "size")])
        name = self.text.shuffle(one, "poison", [0] * self.text.width)
        self.words.uniform.add(name)
        return name

    # Loops

    def each(self, start: Int, stop: Int, step: int, body: Callable[[Int], object], *, sure: bool = False) -> None:
        """Count from `start` up to `stop`; `sure` says that there is at least one turn."""

        def turn(i: Int, _: list[str]) -> list[str]:
            body(i)
            return []

        self.text.loop(start, stop, step, turn, sure=sure)

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
            self.each(start, end, LANES, body, sure=start == 0)

    def nest(
        self, shape: Sequence[int], dim: Dim | None, body: Callable[[Sequence[Int], Int], object], wide: int = LANES
    ) -> None:
        """Visit all members: `body` takes the coordinates, and the sample, of a vector's first number.

        With `wide`, vectors have so many lanes where there are as many numbers: a multiple of the usual ones, or 1.
        """
        if dim is not None or not shape:
            self.members(shape, lambda at: self.samples(dim, lambda r: body(at, r), wide))
        else:
            self.members(shape[:-1], lambda at: self.vectors(shape[-1], lambda k: body([*at, k], 0), wide))

    def members(self, shape: Sequence[int], body: Callable[[Sequence[Int]], object], at: Sequence[Int] = ()) -> None:
        """Visit all members one by one: `body` takes the coordinates."""
        if len(at) == len(shape):
            body(at)
        else:
            self.each(0, shape[len(at)], 1, lambda k: self.members(shape, body, [*at, k]))

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

    def fill(self, x: Place, shape: Sequence[int], dim: Dim | None, number: float) -> None:
        """Write a number behind the last sample of each member, up to a full vector, unless it stands there."""
        key = (x, tuple(shape), number)
        if dim is None or key in self.filled:
            return
        text, last = self.text, self.text.plus(self.memory.length(dim, "row"), -LANES)
        is_sample = text.first_lanes(text.plus(self.memory.length(dim), text.times(last, -1)))

        def member(at: Sequence[Int]) -> None:
            self.put(x, at, last, text.choose(is_sample, self.get(x, at, last), text.literal(number)))

        self.members(shape, member)
        self.filled.add(key)

    def copy(self, shape: Sequence[int], source: Place, out: Place) -> None:
        """Copy members."""
        self.nest(shape, None, lambda at, sample: self.put(out, at, sample, self.get(source, at, sample)))

"""Random well-formed array programs: every kind of instruction, loops in loops, parts, updates in place.

Numbers stay whole and small, so that a sum is exact in any order of addition, and two backends can be compared to the
bit. A function is followed by ``floor(3 y)``, which is whole again.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.compiler.ir import (
    SPECS,
    Array,
    ArrayProgram,
    Carry,
    Contract,
    Dim,
    Input,
    Instruction,
    Item,
    Literal,
    Loop,
    Map,
    Operand,
    Output,
    Reduce,
    Scatter,
    SegmentReduce,
    Size,
    Slice,
    Take,
    Update,
)
from autograd_lite.compiler.layout import Affine, Gather, contiguous
from autograd_lite.compiler.primitives import WORDS

__all__ = ["Case", "random_case"]

MOST = 2.0**20  # size of numbers before they are clamped
NEAR = 9.0  # ... to this
SPECIAL = [0.0, -0.0, math.inf, -math.inf, math.nan]
LENGTHS = [1, 2, 7, 8, 9, 17, 33]
WHOLE = ["add", "sub", "mul", "maximum", "minimum", "zmul", "greater", "greater_equal", "less", "less_equal", "equal"]
WHOLE += ["where", "copy", "neg", "abs", "relu", "sign", "floor", "nonfinite"]
FUNCTIONS = ["tanh", "exp", "sin", "cos", "arctan", "erf", "normal_cdf", "arcsinh", "gauss", "exp_difference", "hypot"]
BITS = sorted(set(WORDS) - {"pow", "powterm"})  # of these two NumPy's bits depend on whether an exponent is shared


class Case(NamedTuple):
    """A program, what a call hands over, and the lengths of its batch axes."""

    program: ArrayProgram
    blocks: list[Any]
    sizes: list[int]


def random_case(
    seed: int, *, summing: bool = True, special: bool = False, numbers: bool = False, alike: bool = False
) -> Case:
    """Make a program.

    Parameters
    ----------
    seed : int
        What it depends on.
    summing : bool, optional
        With sums, on whole numbers; else all words on any numbers, for a comparison to the bit.
    special : bool, optional
        Whether infinities, NaN and zeros of both signs are among the numbers.
    numbers : bool, optional
        Whether there is no batch axis, and locals are single numbers, but for what loops and look-ups keep.
    alike : bool, optional
        Whether arrays have one size, so that many instructions can share a loop.
    """
    rng = Random(seed)  # noqa: S311 - no secrets
    return _Maker(rng, summing=summing, special=special, numbers=numbers, alike=alike).case()


class _Scope:
    """Instructions under construction, what they may read, and what they may update."""

    def __init__(self, readable: Sequence[Array] = ()) -> None:
        self.lines: list[Instruction] = []
        self.readable = list(readable)
        self.own: list[Array] = []
        self.joined: list[Array] = []


class _Maker:
    def __init__(self, rng: Random, *, summing: bool, special: bool, numbers: bool, alike: bool) -> None:
        self.rng, self.summing, self.special, self.numbers = rng, summing, special, numbers
        self.same = rng.choice([1, 7, 8, 9, 17, 1100]) if alike else 0  # 0: sizes differ
        axes = [] if numbers else ["n", "m"][: rng.randrange(3)]
        self.dims = [Dim(name, (k,)) for k, name in enumerate(axes)]
        self.length = {dim: rng.choice(LENGTHS) for dim in self.dims}
        self.bound: dict[Array, float] = {}
        self.counter = itertools.count()

    def case(self) -> Case:
        scope = _Scope()
        shapes: list[tuple[int, Dim | None]] = [(self.size() + 2, None), *[(self.size() + 1, d) for d in self.dims]]
        inputs = [self.array((n,), dim, "input", NEAR) for n, dim in shapes]
        blocks = [self.data((self.length[dim], n) if dim else (n,)) for n, dim in shapes]
        constant = self.array((self.size() + 1,), None, "constant", NEAR, self.data)
        scope.readable += [*inputs, constant]
        self.fill(scope, self.rng.randint(2, 9), depth=2)
        result = self.result(scope)
        program = ArrayProgram(
            tuple(Input(a, a.shape) for a in inputs), tuple(scope.lines), result, outputs=result.size
        )
        blocks = [block for block, a in zip(blocks, inputs, strict=True)]
        return Case(program, blocks, [self.length[dim] for dim in program.dims])

    def data(self, shape: tuple[int, ...]) -> Any:
        rng = self.rng
        draw: Callable[[], float] = lambda: float(rng.randint(-4, 4)) if self.summing else rng.uniform(-3.0, 3.0)  # noqa: E731
        found = [
            rng.choice(SPECIAL) if self.special and rng.random() < 0.15 else draw() for _ in range(math.prod(shape))
        ]
        return np.array(found).reshape(shape)

    # Arrays and slices

    def size(self) -> int:
        return self.same or self.rng.choice([1, 2, 3, 5, 6, 8, 11])

    def dim(self) -> Dim | None:
        return self.rng.choice([None, *self.dims])

    def shape(self, dim: Dim | None) -> tuple[int, ...]:
        """Of what an instruction writes; with samples it has at least one axis."""
        if self.numbers:
            return ()
        if self.same:
            return self.rng.choice([(1,), (self.same,)] if dim else [(), (self.same,), (self.same,)])
        kinds: list[tuple[int, ...]] = [(self.size(),), (self.size(),), (self.rng.randint(1, 3), self.size())]
        return self.rng.choice(kinds if dim else [(), *kinds])

    def array(
        self, shape: tuple[int, ...], dim: Dim | None, role: Any = "local", bound: float = 0.0, data: Any = None
    ) -> Array:
        """A new array; tables lie flat."""
        flat = (math.prod(shape),) if shape else ()
        made = Array(f"{role[0]}{next(self.counter)}", flat, dim, role, numbers=data(flat) if data else None)
        self.bound[made] = bound
        return made

    def some(self, scope: _Scope, dim: Dim | None, *, most: float = MOST) -> Array:
        """An array that may be read where the batch axis is `dim`, if any fits with numbers up to `most`."""
        fitting = [a for a in scope.readable if a.dim in (dim, None) and self.bound[a] <= most]
        with_dim = [a for a in fitting if a.dim is dim]
        return self.rng.choice(with_dim if with_dim and self.rng.random() < 0.7 else fitting)

    def slice(self, array: Array, shape: tuple[int, ...]) -> Slice:
        """Members of an array in some shape: a view of any kind, or a gather."""
        rng, n = self.rng, array.size
        if not array.shape:
            return array.whole if not shape else array[Affine(0, shape, (0,) * len(shape))]
        if shape and rng.random() < 0.3:
            return array[Gather(np.array([rng.randrange(n) for _ in range(math.prod(shape))]).reshape(shape))]
        if shape and math.prod(shape) <= n and rng.random() < 0.5:
            return array[contiguous(shape, rng.randint(0, n - math.prod(shape)))]
        steps, low, high = [], 0, 0
        for count in shape:
            room = (n - 1 - high + low) // max(count - 1, 1)
            step = 0 if count == 1 else rng.randint(-min(room, 3), min(room, 3))
            low, high = low + min(step * (count - 1), 0), high + max(step * (count - 1), 0)
            steps.append(step)
        return array[Affine(rng.randint(-low, n - 1 - high), shape, tuple(steps))]

    def operand(self, scope: _Scope, shape: tuple[int, ...], dim: Dim | None, most: float = MOST) -> Operand:
        kind = self.rng.random()
        if kind < 0.1:
            return Literal(float(self.rng.randint(-3, 3)))
        if kind < 0.15 and dim is not None:
            return Size(dim)
        one_for_all = shape and self.rng.random() < 0.2
        return self.slice(self.some(scope, dim, most=most), () if one_for_all else shape)

    def size_of(self, x: Operand) -> float:
        return abs(x.value) if isinstance(x, Literal) else 33.0 if isinstance(x, Size) else self.bound[x.array]

    # Instructions

    def fill(self, scope: _Scope, count: int, depth: int) -> None:
        """Write some instructions."""
        kinds: list[Callable[[_Scope], None]] = [self.word, self.word, self.update, self.take, self.join]
        if self.numbers:
            kinds = [self.word, self.word, self.take, self.join]
        elif self.summing:
            kinds += [self.contract, self.reduce, self.segments]
        if self.summing:
            kinds.append(self.scatter)
        for _ in range(count):
            if depth and self.rng.random() < 0.25:
                self.loop(scope, depth - 1)
            else:
                self.rng.choice(kinds)(scope)

    def define(self, scope: _Scope, instruction: Any, bound: float) -> Slice:
        out: Slice = instruction.out
        scope.lines.append(instruction)
        self.bound[out.array] = bound
        if self.summing and bound > MOST:
            out = self.clamped(scope, out)
        scope.readable.append(out.array)
        scope.own.append(out.array)
        return out

    def new(self, shape: tuple[int, ...], dim: Dim | None) -> Slice:
        return self.array(shape, dim)[contiguous(shape)]

    def clamped(self, scope: _Scope, x: Slice, low: float = -NEAR, high: float = NEAR) -> Slice:
        """The same numbers, as far as they lie between two; NaN stays."""
        lower, both = (self.new(x.shape, x.dim) for _ in range(2))
        scope.lines += [Map(lower, "minimum", (x, Literal(high))), Map(both, "maximum", (lower, Literal(low)))]
        self.bound[lower.array], self.bound[both.array] = math.inf, max(abs(low), abs(high))
        return both

    def mapped(self, scope: _Scope, op: str, shape: tuple[int, ...], dim: Dim | None, most: float = MOST) -> Slice:
        arity = WORDS[op].arity
        operands = tuple(self.operand(scope, shape, dim, most) for _ in range(arity))
        sizes = [self.size_of(x) for x in operands]
        bound = math.prod(sizes) if op in ("mul", "zmul") else sum(sizes) + 1.0
        return self.define(scope, Map(self.new(shape, dim), op, operands), bound)

    def word(self, scope: _Scope) -> None:
        dim = self.dim()
        shape = self.shape(dim)
        if not self.summing:
            self.mapped(scope, self.rng.choice(BITS), shape, dim)
        elif self.rng.random() < 0.7:
            self.mapped(scope, self.rng.choice(WHOLE), shape, dim)
        else:
            y = self.mapped(scope, self.rng.choice(FUNCTIONS), shape, dim, most=NEAR)
            scope.readable.remove(y.array)
            scope.own.remove(y.array)
            tripled, whole = self.new(shape, dim), self.new(shape, dim)
            scope.lines.append(Map(tripled, "mul", (y, Literal(3.0))))
            self.define(scope, Map(whole, "floor", (tripled,)), MOST / 16)

    def update(self, scope: _Scope) -> None:
        """Change some members of an array in place."""
        able = [a for a in scope.own if a.shape and a.role == "local"]
        if not able:
            return
        rng, array = self.rng, self.rng.choice(able)
        count = array.size if self.same else rng.randint(1, array.size)
        if rng.random() < 0.5 and not self.same:
            index: Any = Gather(np.array(rng.sample(range(array.size), count)))
        else:
            step = rng.choice([-1, 1]) * rng.randint(1, max((array.size - 1) // max(count - 1, 1), 1))
            reach = step * (count - 1)
            index = Affine(
                rng.randint(max(-reach, 0), array.size - 1 - max(reach, 0)), (count,), (step if count > 1 else 0,)
            )
        others = _Scope([a for a in scope.readable if a is not array])
        op = rng.choice(["add", "sub", "maximum", "minimum", "mul"])
        x = self.operand(others, (count,), array.dim, NEAR if op == "mul" else MOST)
        bound = self.bound[array] * self.size_of(x) if op == "mul" else self.bound[array] + self.size_of(x)
        if not self.summing or bound <= 2.0**40:
            scope.lines.append(Update(array[index], op, x))
            self.bound[array] = max(bound, self.bound[array])

    def sequence(self, scope: _Scope, shape: tuple[int, ...], dim: Dim | None) -> Slice:
        """Members with exactly the batch axis `dim`; a copy if need be."""
        array = self.some(scope, dim)
        if array.dim is not dim:
            out = self.new((array.size,), dim)
            array = self.define(scope, Map(out, "copy", (self.slice(array, (array.size,)),)), self.bound[array]).array
        return self.slice(array, shape)

    def contract(self, scope: _Scope) -> None:
        # of special numbers einsum gives another class where it takes a factor out of a sum: inf 0 is then not met
        kinds = [s for s in SPECS if not self.special or s != "kn,k->"]
        kinds = [s for s in kinds if "n" not in s.replace("->n", "") or self.dims]
        if self.same:
            kinds = [s for s in kinds if s in ("k,k->", "kn,kn->", "kn,k->")]
        spec = self.rng.choice(kinds)
        dim = self.rng.choice(self.dims) if "n" in spec else None
        count = {c: self.rng.choice([1, 2, 3, 8, 9]) for c in "mkijt"}
        if self.same:
            count["k"] = 1 if dim else self.same
        inputs, kept = spec.split("->")
        a, b = (
            self.sequence(scope, tuple(count[c] for c in letters if c != "n"), dim if "n" in letters else None)
            for letters in inputs.split(",")
        )
        summed = math.prod(count[c] for c in {*inputs} - {*kept, ",", "n"}) * (
            self.length[dim] if dim and "n" not in kept else 1
        )
        out = self.new(tuple(count[c] for c in kept if c != "n"), dim if "n" in kept else None)
        self.define(scope, Contract(out, a, b, spec), summed * self.bound[a.array] * self.bound[b.array])

    def reduce(self, scope: _Scope) -> None:
        rng, dim = self.rng, self.dim()
        over: Any = rng.choice([("terms",), ("batch",), ("terms", "batch")] if dim else [("terms",)])
        op = rng.choice(["add", "maximum", "minimum", "nonfinite"])
        rows, terms = rng.randint(1, 5), 1 if self.same and dim else self.size()
        is_table = (dim is not None and over == ("terms",)) or (not self.same and rng.random() < 0.7)
        x = self.sequence(scope, (rows, terms) if is_table else (terms,), dim)
        shape = x.shape[:-1] if "terms" in over else x.shape
        out = self.new(shape, None if "batch" in over else dim)
        count = terms * (self.length[dim] if dim else 1)
        self.define(scope, Reduce(out, op, x, over), count * self.bound[x.array])

    def segments(self, scope: _Scope) -> None:
        dim, n = self.dim(), self.size() + 1
        x = self.sequence(scope, (n,), dim)
        starts = [0, *sorted(self.rng.sample(range(1, n), self.rng.randint(0, n - 1)))]
        op = self.rng.choice(["add", "maximum", "minimum"])
        out = self.new((len(starts),), dim)
        self.define(scope, SegmentReduce(out, op, x, Gather(np.array(starts))), n * self.bound[x.array])

    def index(self, scope: _Scope, count: int, rows: int, dim: Dim | None) -> Slice:
        """Numbers of rows, in range."""
        x = self.sequence(scope, (count,), dim) if count else self.slice(self.some(scope, None), ())
        same, known, whole = (self.new(x.shape, x.dim) for _ in range(3))
        scope.lines += [
            Map(same, "equal", (x, x)),
            Map(known, "where", (same, x, Literal(0.0))),
            Map(whole, "floor", (known,)),
        ]
        return self.clamped(scope, whole, 0.0, rows - 1.0)

    def take(self, scope: _Scope) -> None:
        rows, columns, count = self.rng.randint(1, 4), self.rng.choice([1, 2, 9]), self.rng.randint(0, 3)
        if self.numbers:
            columns, count = 1, 0
        dim, first, second = self.dim(), self.rng.random() < 0.5, self.rng.random() < 0.5
        x = self.sequence(scope, (rows, columns), dim if first else None)
        index: Operand = self.index(scope, count, rows, dim if second and count else None)
        if self.rng.random() < 0.1:
            index, count, second = Literal(float(self.rng.randrange(rows))), 0, False
        used = dim if first or (second and count) else None
        out = self.new((max(count, 1), columns), used)
        self.define(scope, Take(out, x, index), self.bound[x.array])

    def scatter(self, scope: _Scope) -> None:
        rows, columns, count = self.rng.randint(1, 4), self.rng.choice([1, 2, 9]), self.rng.randint(1, 3)
        dim, first, second = self.dim(), self.rng.random() < 0.5, self.rng.random() < 0.5
        x = self.sequence(scope, (count, columns), dim if first else None)
        index = self.index(scope, count, rows, dim if second else None)
        used = dim if first or second else None
        out = self.new((rows, columns), self.rng.choice([used, None]))
        total = count * (self.length[used] if used else 1)
        self.define(scope, Scatter(out, x, index), total * self.bound[x.array])

    def join(self, scope: _Scope) -> None:
        """An array in parts, each computed where it lies."""
        dim, sizes = self.dim(), [self.size() for _ in range(self.rng.randint(1, 3))]
        if self.numbers:
            sizes = [1] * self.rng.randint(1, 4)
        joined = self.array((sum(sizes),), dim, "joined")
        at, bound = 0, 0.0
        for n in sizes:
            part = joined[Affine(at, (), ()) if self.numbers else contiguous((n,), at)]
            x = self.operand(scope, part.shape, dim)
            scope.lines.append(Map(part, "copy", (x,)))
            at, bound = at + n, max(bound, self.size_of(x))
        self.bound[joined] = bound
        scope.joined.append(joined)
        scope.readable.append(joined)

    # Loops

    def loop(self, scope: _Scope, depth: int) -> None:
        """A loop with carries that may change places, sequences, outputs, and an array updated in place."""
        rng, length = self.rng, self.rng.choice([1, 2, 3, 5])
        body = _Scope(scope.readable)
        carry: list[tuple[Slice, Operand]] = []
        for _ in range(rng.randint(0 if self.numbers else 1, 3)):
            dim = self.dim()
            out = self.new(() if self.numbers else (rng.choice([1, 3, 8]),), dim)
            first = self.slice(self.some(scope, dim, most=NEAR), out.shape) if rng.random() < 0.8 else Literal(1.0)
            self.bound[out.array] = NEAR if self.summing else MOST
            carry.append((out, first))
        items = []
        for _ in range(rng.randint(0, 2)):
            dim = self.dim()
            out = self.new(() if self.numbers else (rng.choice([1, 2, 9]),), dim)
            x = self.sequence(scope, (length, *out.shape), dim)
            self.bound[out.array] = self.bound[x.array]
            items.append(Item(out.array, x))
        body.readable += [*[out.array for out, _ in carry], *[item.array for item in items]]
        self.fill(body, rng.randint(1, 5), depth)
        nexts = [self.following(body, out, [c for c, _ in carry]) for out, _ in carry]
        outs = []
        for _ in range(rng.randint(0, 2)):
            able = [a for a in [*body.own, *[c.array for c, _ in carry]] if bool(a.shape) != self.numbers]
            if able:
                value = rng.choice(able)
                out = self.array((length * value.size,), value.dim, bound=self.bound[value])
                outs.append(Output(out[contiguous((length, *value.shape))], value.whole))
        carries = [Carry(out.array, first, after) for (out, first), after in zip(carry, nexts, strict=True)]
        if not carries and not outs:
            return
        scope.lines.append(
            Loop(
                tuple(body.lines),
                length,
                tuple(carries),
                tuple(items),
                tuple(outs),
                rng.random() < 0.5,
                tuple(body.joined),
            )
        )
        made = [*[c.array for c in carries], *[out.out.array for out in outs]]
        scope.readable += made
        scope.own += [a for a in made if a.shape]

    def following(self, body: _Scope, out: Slice, carries: list[Slice]) -> Slice:
        """What a carry becomes: something that the step made, another carry, or itself turned round."""
        rng = self.rng
        alike = [c for c in carries if c.shape == out.shape and c.dim in (out.dim, None)]
        if rng.random() < 0.4:
            chosen = rng.choice(alike)
            return self.slice(chosen.array, out.shape) if rng.random() < 0.3 else chosen
        x = self.slice(self.some(body, out.dim), out.shape)
        copy = self.new(out.shape, out.dim)
        body.lines.append(Map(copy, "copy", (x,)))
        return self.clamped(body, copy) if self.summing else copy

    def result(self, scope: _Scope) -> Array:
        """Copies of all that was made, one behind the other or in turns."""
        dim = self.dim()
        able = [a for a in scope.readable if a.dim in (dim, None)][-8:]
        sizes = [a.size for a in able]
        result = self.array((sum(sizes),), dim, "result")
        places = list(range(result.size))
        if self.rng.random() < 0.2:
            self.rng.shuffle(places)
        for a in able:
            mine, places = places[: a.size], places[a.size :]
            steps = {j - i for i, j in itertools.pairwise(mine)} or {0}
            index: Any = Affine(mine[0], (a.size,), (min(steps),)) if len(steps) == 1 else Gather(np.array(mine))
            scope.lines.append(Map(result[index if a.shape else Affine(mine[0], (), ())], "copy", (a.whole,)))
        return result

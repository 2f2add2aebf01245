"""Whether an array program is well formed: shapes, roles, and definitions before uses."""

from __future__ import annotations

import math
from collections.abc import Iterator

from autograd_lite.compiler.ir import (
    SPECS,
    Array,
    ArrayProgram,
    Contract,
    Instruction,
    Loop,
    Map,
    Reduce,
    Scatter,
    SegmentReduce,
    Slice,
    Take,
    Update,
    outputs_of,
)
from autograd_lite.compiler.primitives import WORDS, word
from autograd_lite.errors import ProgramError
from autograd_lite.text import counted

__all__ = ["verify"]


def verify(program: ArrayProgram) -> ArrayProgram:
    """Check that a program is well formed; returns it.

    Raises
    ------
    ProgramError
        If it is not: the instruction, and what is wrong with it.
    """
    _Verifier(program).run()
    return program


class _Verifier:
    """Walks a program once, and remembers what is defined."""

    def __init__(self, program: ArrayProgram) -> None:
        self.program = program
        self.defined = {given.array for given in program.inputs}
        self.tenant: dict[Array, Array] = {}  # who lives in the memory of an array
        self.written: dict[Array, list[int]] = {program.result: [0] * program.result.size}

    def run(self) -> None:
        for given in self.program.inputs:
            wanted = math.prod(given.given) if isinstance(given.given, tuple) else given.given or 1
            if given.array is not None and given.array.size != wanted:
                raise ProgramError(f"The input {given.array} is given {wanted} numbers.")
        for array, home in self.program.homes.items():
            if (math.prod(home.shape), home.dim) != (array.size, array.dim):
                raise ProgramError(f"{array} cannot live in {home}: it has another size.")
        for instruction in self.program.instructions:
            for problem in self._problems(instruction):
                raise ProgramError(f"In {instruction}: {problem}.")
        for array, times in self.written.items():
            if times != [1] * array.size:
                raise ProgramError(f"The members of {array} are written {times} times; each must be written once.")

    def _problems(self, i: Instruction) -> Iterator[str]:
        for x in i.operands:
            if isinstance(x, Slice):
                yield from self._reading(x)
        yield from _shape_problems(i)
        if isinstance(i, Loop):
            yield from self._body_problems(i)
        yield from self._overlaps(i)
        for out in outputs_of(i):
            yield from self._writing(out, is_update=isinstance(i, Update))

    def _body_problems(self, i: Loop) -> Iterator[str]:
        """What is wrong in the body; what it defines is gone after the loop, but for carries and outputs."""
        outside = set(self.defined)
        for array in [*[c.array for c in i.carry], *[x.array for x in i.xs]]:
            home = self.program.homes.get(array)
            self.defined.add(array)
            self.tenant[home.array if home else array] = array
        for inner in i.body:
            for problem in self._problems(inner):
                yield f"in {inner}: {problem}"
        for x in i.results:
            yield from self._reading(x)
        self.defined = outside

    def _overlaps(self, i: Instruction) -> Iterator[str]:
        """What is written must not be read in the same instruction, but for the members that an update reads first."""
        homes = self.program.homes
        for out in outputs_of(i):
            for x in [i.x] if isinstance(i, Update) else i.operands:
                if isinstance(x, Slice) and x.array.role == "local":
                    mine, its = homes.get(out.array, out).array, homes.get(x.array, x).array
                    if mine is its and mine.role == "local":
                        yield f"{x} is read where {out} is written"

    def _reading(self, x: Slice) -> Iterator[str]:
        if x.array.role == "result":
            yield "the result is read"
        is_joined = x.array.role == "joined" and 0 not in self.written.get(x.array, [0])
        if x.array.role in ("local", "joined", "input") and x.array not in self.defined and not is_joined:
            yield f"{x.array.name} is read before it is defined"
        home = self.program.homes.get(x.array)
        owner = home.array if home else x.array
        if owner.role == "local" and self.tenant.get(owner, x.array) is not x.array:
            yield f"{x.array.name} is read after {self.tenant[owner].name} took its memory"
        if x.array.role == "constant" and (x.array.numbers is None or x.array.numbers.shape != x.array.shape):
            yield f"the constant {x.array.name} has not as many numbers as members"
        yield from _range_problems(x)

    def _writing(self, out: Slice, *, is_update: bool) -> Iterator[str]:
        yield from _range_problems(out)
        if out.array.role in ("joined", "result"):
            self._count(out)
        elif out.array.role != "local":
            yield f"the {out.array.role} {out.array.name} is written"
        elif is_update:
            if len(set(out.index.indices.flat)) < out.index.indices.size:
                yield f"a member of {out.array.name} is updated twice"
        elif out.array in self.defined:
            yield f"{out.array.name} is defined twice"
        elif not out.is_whole:
            yield f"{out.array.name} is defined in parts"
        else:
            self.defined.add(out.array)
            home = self.program.homes.get(out.array)
            if home is not None and home.array.role in ("joined", "result"):
                self._count(home)
            self.tenant[home.array if home else out.array] = out.array

    def _count(self, out: Slice) -> None:
        times = self.written.setdefault(out.array, [0] * out.array.size)
        for k in out.index.indices.flat:
            times[k] += 1


def _range_problems(x: Slice) -> Iterator[str]:
    indices = x.index.indices
    if indices.size and not (indices.min() >= 0 and indices.max() < x.array.size):
        yield f"{x} reaches beyond the {x.array.size} members of {x.array.name}"


def _shape_problems(i: Instruction) -> Iterator[str]:
    for x in (*i.operands, *outputs_of(i)):
        if isinstance(x, Slice) and not x.array.shape and x.dim is not None:
            yield f"{x.array.name} is one number, and has a batch axis"
    if isinstance(i, (Map, Update)):
        yield from _map_problems(i)
    elif isinstance(i, Contract):
        yield from _contract_problems(i)
    elif isinstance(i, Reduce):
        yield from _reduce_problems(i)
    elif isinstance(i, SegmentReduce):
        starts = i.starts.indices
        is_rising = starts[0] == 0 and (starts[1:] > starts[:-1]).all() and starts[-1] < math.prod(i.x.shape)
        if len(i.x.shape) != 1 or i.out.dim != i.x.dim or i.out.shape != starts.shape or not is_rising:
            yield "segments must begin at 0 and rise, one for each member of the output"
    elif isinstance(i, (Take, Scatter)):
        yield from _lookup_problems(i)
    else:
        yield from _loop_problems(i)


def _map_problems(i: Map | Update) -> Iterator[str]:
    if i.op in WORDS and len(i.operands) != WORDS[i.op].arity:
        yield f"{i.op} takes {counted(WORDS[i.op].arity, 'operand')}"
    for x in i.operands:
        if isinstance(x, Slice) and x.shape not in (i.out.shape, ()):
            yield f"{x} has the shape {x.shape}, the output {i.out.shape}"
        if isinstance(x, Slice) and x.dim not in (i.out.dim, None):
            yield f"{x} has the batch axis {x.dim}, the output {i.out.dim}"


def _lookup_problems(i: Take | Scatter) -> Iterator[str]:
    shapes = (i.x.shape, i.out.shape) if isinstance(i, Take) else (i.out.shape, i.x.shape)
    taken = i.index.shape if isinstance(i.index, Slice) else ()
    if {2} != set(map(len, shapes)) or shapes[0][1] != shapes[1][1] or (taken or (1,)) != shapes[1][:1]:
        yield f"the table {shapes[0]}, the rows {shapes[1]} and the index {taken} do not fit"
    dims = {x.dim for x in i.operands if isinstance(x, Slice)} - {None}
    if len(dims) > 1 or (i.out.dim not in dims and (i.out.dim is not None or (isinstance(i, Take) and dims))):
        yield f"{i.out} has another batch axis than what is read"


def _reduce_problems(i: Reduce) -> Iterator[str]:
    if i.over not in (("terms",), ("batch",), ("terms", "batch")):
        yield f"a reduction is over the terms, the batch or both, not over {i.over}"
    if i.op != "nonfinite" and word(i.op).start is None:
        yield f"{i.op} cannot reduce"
    shape = i.x.shape[:-1] if "terms" in i.over else i.x.shape
    dim = None if "batch" in i.over else i.x.dim
    if (i.out.shape, i.out.dim) != (shape, dim) or ("batch" in i.over and i.x.dim is None) or not i.x.shape:
        yield f"the reduction of {i.x} has the shape {shape} and the batch axis {dim}, the output {i.out.shape}"


def _contract_problems(i: Contract) -> Iterator[str]:
    if i.spec not in SPECS:
        yield f"the contraction {i.spec!r} is not one of {', '.join(SPECS)}"
        return
    inputs, output = i.spec.split("->")
    sizes: dict[str, object] = {}
    for x, letters in zip((i.a, i.b, i.out), [*inputs.split(","), output], strict=True):
        axes = [*x.shape, *([x.dim] if x.dim else [])]
        if len(axes) != len(letters) or any(sizes.setdefault(c, n) != n for c, n in zip(letters, axes, strict=True)):
            yield f"{x} has the axes ({', '.join(map(str, axes))}), which do not fit {letters!r} in {i.spec!r}"


def _loop_problems(i: Loop) -> Iterator[str]:
    if i.length < 1:
        yield "a loop has at least one step"
    for carry in i.carry:
        if carry.next.shape != carry.array.shape or carry.next.dim not in (carry.array.dim, None):
            yield f"the next {carry.array} cannot be {carry.next}"
        if isinstance(carry.first, Slice) and carry.first.shape not in (carry.array.shape, ()):
            yield f"{carry.array} cannot begin as {carry.first}"
    for x in i.xs:
        if x.of.shape != (i.length, *x.array.shape) or x.of.dim not in (x.array.dim, None):
            yield f"{x.of} has no row for each step that {x.array} can hold"
    for out in i.outs:
        if out.out.shape != (i.length, *out.value.shape) or out.out.dim != out.value.dim or not out.out.is_whole:
            yield f"{out.out} has no row for each step that can hold {out.value}"

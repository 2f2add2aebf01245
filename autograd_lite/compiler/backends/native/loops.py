"""Loops of array programs: a step is written once, and reads and writes rows of sequences and outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autograd_lite.compiler.backends.native.access import Access
from autograd_lite.compiler.backends.native.text import Int
from autograd_lite.compiler.ir import Instruction, Literal, Loop, Operand, Slice

__all__ = ["write_loop"]


def write_loop(access: Access, i: Loop, write: Callable[[Sequence[Instruction]], None]) -> None:
    """Write a loop.

    Parameters
    ----------
    access : Access
        Writes into the function.
    i : Loop
        The instruction.
    write : callable
        Writes the instructions of a step.
    """
    for carry in i.carry:
        _copy(access, carry.first, carry.array.whole)
    access.each(0, i.length, 1, lambda k: _turn(access, i, k, write))


def _turn(access: Access, i: Loop, k: Int, write: Callable[[Sequence[Instruction]], None]) -> None:
    """Write a step."""
    row = access.text.plus(i.length - 1, access.text.times(k, -1)) if i.reverse else k
    for x in i.xs:
        _copy(access, x.of, x.array.whole, source_row=row)
    write(i.body)
    for out in i.outs:
        _copy(access, out.value, out.out, target_row=row)
    for carry in i.carry:
        if carry.next.array is not carry.array:
            _copy(access, carry.next, carry.array.whole)


def _copy(
    access: Access, x: Operand, out: Slice, *, source_row: Int | None = None, target_row: Int | None = None
) -> None:
    """Copy members, of one row or to one row."""
    target = access.memory.place(out)
    before = [] if target_row is None else [target_row]
    shape = out.shape[len(before) :]
    source = access.memory.place(x, None if source_row is not None else len(shape)) if isinstance(x, Slice) else None
    first = [] if source_row is None else [source_row]

    def member(at: Sequence[Int], sample: Int) -> None:
        if source is None:
            vector = access.text.literal(x.value if isinstance(x, Literal) else 0.0)
        else:
            vector = access.get(source, [*first, *at], sample)
        access.put(target, [*before, *at], sample, vector)

    access.nest(shape, out.dim, member)

"""The next carries of a loop, which all change at once, made ready to be copied one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from autograd_lite.compiler.ir import Array, ArrayProgram, Carry, Instruction, Loop, Map, Slice

__all__ = ["in_turn"]


def in_turn(program: ArrayProgram) -> ArrayProgram:
    """Rewrite loops so that their next carries can be copied in order; the program itself, if they can already.

    Where a carry becomes what another one was, and that one has changed by then, a step copies it to an array of its
    own first.

    Examples
    --------
    >>> a, b, result = Array("a"), Array("b"), Array("result", (1,), role="result")
    >>> swap = Loop((), 3, (Carry(a, a.whole, b.whole), Carry(b, b.whole, a.whole)))
    >>> print(*in_turn(ArrayProgram((), (swap,), result)).instructions)
    loop 3 times:
        carry a = a, then b
        carry b = b, then a_before
        a_before = copy(a)
    """
    instructions = _settled(program.instructions)
    is_same = all(a is b for a, b in zip(instructions, program.instructions, strict=True))
    return program if is_same else replace(program, instructions=instructions)


def _settled(instructions: Sequence[Instruction]) -> tuple[Instruction, ...]:
    return tuple([_loop(i) if isinstance(i, Loop) else i for i in instructions])


def _loop(i: Loop) -> Loop:
    body = list(_settled(i.body))
    carries: list[Carry] = []
    changed: set[Array] = set()
    for carry in i.carry:
        x = carry.next
        is_kept = x.array is carry.array and x.is_whole
        is_late = x.array in changed or x.array is carry.array
        carries.append(carry if is_kept or not is_late else replace(carry, next=_copied(x, body)))
        changed.add(carry.array)
    is_same = all(a is b for a, b in zip((*body, *carries), (*i.body, *i.carry), strict=False))
    return i if is_same and len(body) == len(i.body) else replace(i, body=tuple(body), carry=tuple(carries))


def _copied(x: Slice, body: list[Instruction]) -> Slice:
    """A copy of some members, which a step makes at its end."""
    before = Array(f"{x.array.name}_before", x.shape, x.dim).whole
    body.append(Map(before, "copy", (x,)))
    return before

"""Sums over the steps of a loop, added up where they are carried, without a copy of them in each step.

Types: ``Any`` stands for a field of an instruction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from autograd_lite.compiler.ir import Array, Carry, Instruction, Loop, Map, Slice, Update, outputs_of, slices_of

__all__ = ["updated_in_place"]


def updated_in_place(
    body: Sequence[Instruction], carry: Sequence[Carry], results: Sequence[Slice] = ()
) -> tuple[list[Instruction], list[Carry]]:
    """Let a body update the carries that it copies first, adds to, and copies back.

    Parameters
    ----------
    body : sequence of Instruction
        One step.
    carry : sequence of Carry
        What goes from step to step.
    results : sequence of Slice
        What else is read at the end of a step.

    Returns
    -------
    tuple of list
        Body and carries of the same computation; a carry that is updated in place is its own next one.

    Examples
    --------
    >>> total, sum, next, x = (Array(name, (2,), role=role) for name, role in [
    ...     ("total", "local"), ("sum", "local"), ("next", "joined"), ("x", "input")])
    >>> lines = [Map(sum.whole, "copy", (total.whole,)), Update(sum.whole, "add", x.whole)]
    >>> lines.append(Map(next.whole, "copy", (sum.whole,)))
    >>> body, carry = updated_in_place(lines, [Carry(total, x.whole, next.whole)])
    >>> print(*body, *carry, sep="; ")
    total = add(total, x); total[2] = x, then total
    """
    instructions, settled = list(body), []
    for one in carry:
        others = [*results, *[c.next for c in carry if c is not one]]
        total = _total(instructions, one, others)
        if total is None:
            settled.append(one)
            continue
        copies = {id(i) for i in instructions if _is_copy(i, one.array, total) or _is_copy(i, total, one.next.array)}
        instructions = [_renamed(i, total, one.array) for i in instructions if id(i) not in copies]
        settled.append(replace(one, next=one.array.whole))
    return instructions, settled


def _total(body: Sequence[Instruction], carry: Carry, others: Sequence[Slice]) -> Array | None:
    """The array that begins as a copy of a carry, is updated, and ends as the next one, if nothing else reads them."""
    last = [i for i in body if any(out.array is carry.next.array for out in outputs_of(i))]
    if len(last) != 1 or not isinstance(last[0], Map) or not carry.array.shape:
        return None
    x = last[0].operands[0]
    total = x.array if isinstance(x, Slice) else None
    if total is None or total.role != "local" or total.dim != carry.array.dim:
        return None
    reads = Counter(s.array for s in (*slices_of(body), *others))
    written = [i for i in body if any(out.array is total for out in outputs_of(i))]
    if not written or any(x.array is total for x in others):  # it comes from outside, or is more than a sum
        return None
    is_alone = reads[carry.array] == 1 and reads[carry.next.array] == 0 and not any(isinstance(i, Loop) for i in body)
    begins, ends = _is_copy(written[0], carry.array, total), _is_copy(last[0], total, carry.next.array)
    if is_alone and begins and ends and all(isinstance(i, Update) for i in written[1:]):
        return total
    return None


def _is_copy(i: Instruction, source: Array, target: Array) -> bool:
    """Whether an instruction copies one array as a whole to another."""
    if not isinstance(i, Map) or i.op != "copy" or not isinstance(i.operands[0], Slice):
        return False
    x = i.operands[0]
    return x.array is source and i.out.array is target and x.is_whole and i.out.is_whole


def _renamed(i: Instruction, old: Array, new: Array) -> Instruction:
    """The same instruction on another array."""

    def changed(x: Any) -> Any:
        if isinstance(x, tuple):
            return tuple(map(changed, x))
        return replace(x, array=new) if isinstance(x, Slice) and x.array is old else x

    found: dict[str, Any] = {field.name: changed(getattr(i, field.name)) for field in fields(i)}
    return replace(i, **found)

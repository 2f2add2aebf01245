"""Planning: which instructions are fused, and whose memory each array lives in.

An array that is copied to the result and lies evenly there is computed where the copy would go. Another array takes
over the memory of one of the same size that is read no more. Neither changes what the program means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import TypeGuard

from autograd_lite.compiler.ir import (
    Array,
    ArrayProgram,
    Contract,
    Instruction,
    Literal,
    Loop,
    Map,
    Slice,
    Update,
    outputs_of,
    slices_of,
)
from autograd_lite.compiler.layout import Affine, contiguous

__all__ = ["plan"]

Homes = dict[Array, Slice]


def plan(program: ArrayProgram) -> ArrayProgram:
    """Fuse what can be fused, and give each local array its home.

    Examples
    --------
    >>> from autograd_lite.compiler.layout import contiguous
    >>> x, y, z = Array("x", (2,), role="input"), Array("y", (2,)), Array("z", (2,))
    >>> result = Array("result", (2,), role="result")
    >>> steps = [Map(y.whole, "sin", (x.whole,)), Map(z.whole, "exp", (y.whole,))]
    >>> steps.append(Map(result.whole, "copy", (z.whole,)))
    >>> print(plan(ArrayProgram((), tuple(steps), result)).homes[z])
    result
    """
    instructions, homes = _planned(program.instructions)
    return replace(program, instructions=tuple(instructions), homes=homes)


def _planned(instructions: Sequence[Instruction], at_end: Sequence[Slice] = ()) -> tuple[list[Instruction], Homes]:
    """Plan some instructions, and first those of loops among them; `at_end` is what is read after them."""
    within: Homes = {}
    planned: list[Instruction] = []
    for i in instructions:
        if isinstance(i, Loop):
            body, homes = _planned(i.body, i.results)
            within |= homes
            planned.append(replace(i, body=tuple(body)))
        else:
            planned.append(i)
    fused = _signed(_positive(planned))
    homes = _in_result(fused)
    kept = [i for i in fused if not _is_in_place(i, homes)]
    return kept, within | homes | _shared(kept, homes, {x.array for x in at_end})


# --- fusion ---------------------------------------------------------------------------------------------------------


def _positive(instructions: Sequence[Instruction]) -> list[Instruction]:
    """Make one word of ``max(x, 0) + 0.0``, whose second half makes a zero positive."""
    uses = Counter(x.array for x in slices_of(instructions))
    last = _last_updates(instructions)
    maxima: dict[Array, Array] = {}
    for k, i in enumerate(instructions):
        x = _beside_zero(i, "maximum")
        if isinstance(i, Map) and x is not None and uses[i.out.array] == 1 and last.get(x.array, -1) < k:
            maxima[i.out.array] = x.array
    fused: set[Array] = set()
    kept: list[Instruction] = []
    for i in reversed(instructions):
        x = _beside_zero(i, "add")
        if isinstance(i, Map) and x is not None and x.array in maxima:
            fused.add(x.array)
            kept.append(Map(i.out, "relu", (maxima[x.array][contiguous(i.out.shape)],)))
        elif outputs_of(i)[0].array not in fused:
            kept.append(i)
    return kept[::-1]


def _signed(instructions: Sequence[Instruction]) -> list[Instruction]:
    """Let a number take the sign of its product: ``-(s x)`` is ``(-s) x``, to the bit."""
    uses = Counter(x.array for x in slices_of(instructions))
    last = _last_updates(instructions)
    products: dict[Array, Map] = {}
    for k, i in enumerate(instructions):
        is_still = all(last.get(x.array, -1) < k for x in i.operands if isinstance(x, Slice))
        if _has_number(i) and uses[i.out.array] == 1 and is_still:
            products[i.out.array] = i
    kept: list[Instruction] = []
    taken: set[Array] = set()
    for i in reversed(instructions):
        x = _argument(i, "neg")
        if (
            isinstance(i, Map)
            and x
            and x.is_whole
            and x.array in products
            and i.out.shape == products[x.array].out.shape
        ):
            taken.add(x.array)
            kept += _with_sign(products[x.array], i.out)[::-1]
        elif outputs_of(i)[0].array not in taken:
            kept.append(i)
    return kept[::-1]


def _last_updates(instructions: Sequence[Instruction]) -> dict[Array, int]:
    """Where each array that is updated is updated last: before that it is not what it will be."""
    return {i.out.array: k for k, i in enumerate(instructions) if isinstance(i, Update)}


def _has_number(i: Instruction) -> TypeGuard[Map]:
    """Whether this is a product of an array and a number."""
    if not isinstance(i, Map) or i.op != "mul" or not i.out.shape:
        return False
    return any(not isinstance(x, Slice) or not x.shape for x in i.operands)


def _with_sign(product: Map, out: Slice) -> list[Instruction]:
    """The instructions of a product whose number is negated."""
    k = next(k for k, x in enumerate(product.operands) if not isinstance(x, Slice) or not x.shape)
    number, operands = product.operands[k], list(product.operands)
    if isinstance(number, Literal):
        operands[k] = Literal(-number.value)
        return [Map(out, "mul", tuple(operands))]
    negative = Array("minus").whole
    operands[k] = negative
    return [Map(negative, "neg", (number,)), Map(out, "mul", tuple(operands))]


def _beside_zero(i: Instruction, op: str) -> Slice | None:
    """The operand of a word whose other operand is 0.0, if it is a local array as a whole."""
    if not isinstance(i, Map) or i.op != op or not i.out.shape:
        return None
    others = [x for x in i.operands if not (isinstance(x, Literal) and repr(x.value) == "0.0")]
    x = others[0] if len(others) == 1 else None
    return x if isinstance(x, Slice) and x.shape and x.is_whole and x.array.role == "local" else None


# --- memory ---------------------------------------------------------------------------------------------------------


def _in_result(instructions: Sequence[Instruction]) -> dict[Array, Slice]:
    """Arrays that are copied as a whole to the result, or to a joined array, and lie evenly there."""
    homes: dict[Array, Slice] = {}
    last = _last_updates(instructions)
    # a loop's results, and what a step only updates, have memory of their own
    made = {i.out.array for i in instructions if not isinstance(i, (Loop, Update))}
    for k, i in enumerate(instructions):
        x = _argument(i, "copy")
        if not isinstance(i, Map) or x is None or i.out.array.role not in ("joined", "result"):
            continue
        if not isinstance(i.out.index, Affine):
            continue
        array = x.array
        is_alike = array in made and array.role == "local" and array.shape and x.is_whole and array.dim == i.out.dim
        is_done = last.get(array, -1) < k
        if is_alike and is_done and array not in homes and (len(x.shape) == 1 or _is_made_as(array, x, instructions)):
            homes[array] = i.out
    return homes


def _is_made_as(array: Array, table: Slice, instructions: Sequence[Instruction]) -> bool:
    """Whether an array is computed as this very table, by a contraction, and read by nothing but the copy."""
    writers = [i for i in instructions if any(out.array is array for out in outputs_of(i))]
    readers = [x for x in slices_of(instructions) if x.array is array]
    is_one = len(writers) == len(readers) == 1
    return is_one and isinstance(writers[0], Contract) and writers[0].out.index == table.index


def _is_in_place(i: Instruction, homes: dict[Array, Slice]) -> bool:
    """Whether a copy to the result has nothing left to do."""
    x = _argument(i, "copy")
    return isinstance(i, Map) and x is not None and x.array in homes and homes[x.array] == i.out


def _argument(i: Instruction, op: str) -> Slice | None:
    """The operand of a word of one operand, if it is an array's."""
    x = i.operands[0] if isinstance(i, Map) and i.op == op else None
    return x if isinstance(x, Slice) else None


def _shared(instructions: Sequence[Instruction], homes: Homes, at_end: AbstractSet[Array]) -> Homes:
    """Let each array take over the memory of one of its size that is read no more."""
    last: dict[Array, int] = {}
    for k, i in enumerate(instructions):
        last |= dict.fromkeys([x.array for x in (*i.operands, *outputs_of(i)) if isinstance(x, Slice)], k)
    last |= dict.fromkeys(at_end, len(instructions))
    free: dict[tuple[int, object], list[Array]] = {}
    shared: dict[Array, Slice] = {}
    made: set[Array] = set()
    for k, i in enumerate(instructions):
        for array in [out.array for out in outputs_of(i) if not isinstance(i, Update)]:  # what is updated was there
            if array.role == "local" and array.shape and array not in homes and array not in made:
                made.add(array)
                room = free.get((array.size, array.dim))
                if room:
                    owner = room.pop()
                    shared[array] = owner.whole
        ended = {x.array for x in (*i.operands, *outputs_of(i)) if isinstance(x, Slice) and last[x.array] == k}
        for array in sorted(ended & made, key=lambda a: a.name):
            free.setdefault((array.size, array.dim), []).append(shared[array].array if array in shared else array)
    return shared

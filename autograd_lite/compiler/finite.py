"""Which sums of products a program must find finite, because what reads them could hide that they are not.

A matrix product may be computed with fused multiply-adds, in any order. Where all its partial sums are finite this
changes digits; where one is not, it may change the class of the result: -inf in place of NaN. Mostly the flat result
shows that, since it is not finite either. But tanh(-inf) is -1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from autograd_lite.compiler.ir import (
    Array,
    Contract,
    Dim,
    Instruction,
    Literal,
    Loop,
    Map,
    Reduce,
    Scatter,
    Slice,
    Take,
    outputs_of,
)
from autograd_lite.compiler.layout import contiguous
from autograd_lite.compiler.primitives import word

__all__ = ["checks", "hidden_sums"]


def hidden_sums(instructions: Sequence[Instruction], given: Iterable[Array] = ()) -> list[Array]:
    """Arrays that depend on a contraction and are read by a word that may mask what is not finite.

    In the body of a loop those that are `given` may depend on one. A loop counts as such a word: its body is not read.
    """
    depends: set[Array] = set(given)
    found: dict[Array, None] = {}
    for i in instructions:
        read = [x.array for x in i.operands if isinstance(x, Slice) and x.array in depends]
        if isinstance(i, Loop):
            found |= dict.fromkeys(read)
            depends |= {out.array for out in outputs_of(i)}
        elif isinstance(i, (Take, Scatter)) or (getattr(i, "op", None) and word(i.op).masks):  # type: ignore[union-attr]
            found |= dict.fromkeys(read)
        elif read or isinstance(i, Contract):
            depends |= {out.array for out in outputs_of(i)}
    return list(found)


def checks(arrays: Sequence[Array]) -> tuple[list[Instruction], list[Slice]]:
    """Instructions that give a number for each batch axis of the arrays: 0.0, or NaN if one of them is not finite."""
    instructions: list[Instruction] = []
    numbers: list[Slice] = []
    by_dim: dict[Dim | None, list[Array]] = {}
    for array in arrays:
        if array.shape:
            by_dim.setdefault(array.dim, []).append(array)
        else:
            numbers.append(Array(f"{array.name}_check").whole)
            instructions.append(Map(numbers[-1], "mul", (Literal(0.0), array.whole)))
    for dim, some in by_dim.items():
        joined = Array("checked", (sum(array.size for array in some),), dim, "joined")
        start = 0
        for array in some:
            instructions.append(Map(joined[contiguous(array.shape, start)], "copy", (array.whole,)))
            start += array.size
        numbers.append(Array("check").whole)
        over = ("terms", "batch") if dim else ("terms",)
        instructions.append(Reduce(numbers[-1], "nonfinite", joined.whole, over))  # type: ignore[arg-type]
    return instructions, numbers

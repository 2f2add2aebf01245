"""Rows of tables that numbers choose: read, or added up."""

from __future__ import annotations

from collections.abc import Callable

from autograd_lite.compiler.backends.native.access import Access
from autograd_lite.compiler.backends.native.text import Int
from autograd_lite.compiler.ir import Dim, Operand, Scatter, Slice, Take

__all__ = ["scatter", "take"]


def take(access: Access, i: Take) -> None:
    """Write a look-up: whole rows, or one number after the other if the index differs between samples."""
    x, out = access.memory.place(i.x), access.memory.place(i.out)
    count, columns = i.x.shape[0], i.out.shape[1]

    def row(t: Int, sample: Int) -> None:
        chosen = _row(access, i.index, t, sample, count)
        _along(
            access,
            columns,
            i.out.dim,
            lambda k: access.put(out, [t, k], sample, access.get(x, [chosen, k], sample)),
        )

    access.each(0, i.out.shape[0], 1, lambda t: _each_sample(access, i.out.dim, lambda sample: row(t, sample)))


def scatter(access: Access, i: Scatter) -> None:
    """Write sums of rows, in order."""
    x, out = access.memory.place(i.x), access.memory.place(i.out)
    count, columns = i.out.shape
    dim = i.x.dim or i.index.dim

    def zero(at: list[Int], sample: Int) -> None:
        access.put(out, at, sample, access.text.literal(0.0))

    def row(t: Int, sample: Int) -> None:
        chosen = _row(access, i.index, t, sample, count)

        def add(k: Int) -> None:
            total = access.text.apply("fadd", access.get(out, [chosen, k], sample), access.get(x, [t, k], sample))
            access.put(out, [chosen, k], sample, total)

        _along(access, columns, dim, add)

    access.nest(i.out.shape, i.out.dim, lambda at, sample: zero([*at], sample))
    access.each(0, i.x.shape[0], 1, lambda t: _each_sample(access, dim, lambda sample: row(t, sample)))


def _along(access: Access, columns: int, dim: Dim | None, body: Callable[[Int], None]) -> None:
    """Visit the columns of a row: vectors of them, or numbers if there are samples."""
    if dim is None:
        access.vectors(columns, body)
        return
    with access.text.lanes(1):
        access.each(0, columns, 1, body)


def _each_sample(access: Access, dim: Dim | None, body: Callable[[Int], None]) -> None:
    if dim is None:
        body(0)
    else:
        access.each(0, access.memory.length(dim, "n"), 1, body)


def _row(access: Access, index: Operand, t: Int, sample: Int, count: int) -> Int:
    """The number of a row as an integer in range; NaN chooses the first one."""
    text = access.text
    with text.lanes(1):
        if isinstance(index, Slice):
            at = [t] if index.shape else []
            number = access.get(access.memory.place(index), at, sample)
        else:
            number = text.literal(getattr(index, "value", 0.0))
        for relation, bound in (("ogt", 0.0), ("olt", count - 1.0)):
            limit = text.literal(bound)
            number = text.choose(text.compare(relation, number, limit), number, limit)
        one = text.let(f"extractelement {text.type} {number}, i64 0")
    return text.let(f"fptosi double {one} to i64")

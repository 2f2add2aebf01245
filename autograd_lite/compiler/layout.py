"""Where the operands of an instruction lie in an array: indices as data, without any target language.

Evenly spaced members can be had as a view, which costs nothing at run time; a gather copies at every call.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Affine", "Gather", "Index", "Indices", "affine", "contiguous", "index", "number", "table_width", "within"]

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Affine:
    """Members base + r steps[0] + c steps[1] + ... of an array; an empty shape is one number."""

    base: int
    shape: tuple[int, ...]
    steps: tuple[int, ...]

    @property
    def indices(self) -> Indices:
        """The members, written out.

        Examples
        --------
        >>> Affine(1, (2, 2), (3, 1)).indices.tolist()
        [[1, 2], [4, 5]]
        """
        grid = np.full((1,) * len(self.shape), self.base)
        for axis, (count, step) in enumerate(zip(self.shape, self.steps, strict=True)):
            grid = grid + (np.arange(count) * step).reshape([-1 if k == axis else 1 for k in range(grid.ndim)])
        return np.broadcast_to(grid, self.shape)

    def is_whole(self, size: int) -> bool:
        """Whether these are all members of an array of this size, in order."""
        steps = zip(self.shape, self.steps, contiguous(self.shape).steps, strict=True)
        return self.base == 0 and math.prod(self.shape) == size and all(n == 1 or a == b for n, a, b in steps)

    def __str__(self) -> str:
        if not self.shape:
            return str(self.base)
        steps = ", ".join(f"{n} by {step}" for n, step in zip(self.shape, self.steps, strict=True))
        return f"{self.base}: {steps}" if self.base else steps


@dataclass(frozen=True, slots=True, eq=False)
class Gather:
    """Members of an array in any order, with repetitions."""

    indices: Indices

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what is gathered."""
        return self.indices.shape

    def __str__(self) -> str:
        flat = self.indices.ravel().tolist()
        return f"gather {flat if len(flat) <= 8 else f'{len(flat)} members'}"


Index = Affine | Gather


def number(base: int) -> Affine:
    """One member, as a number."""
    return Affine(base, (), ())


def contiguous(shape: Sequence[int], base: int = 0) -> Affine:
    """Members one after the other, in the order of rows.

    Examples
    --------
    >>> contiguous((2, 3))
    Affine(base=0, shape=(2, 3), steps=(3, 1))
    """
    steps = [math.prod(shape[k + 1 :]) if shape[k] > 1 else 0 for k in range(len(shape))]
    return Affine(base, tuple(shape), tuple(steps))


def index(indices: Indices) -> Index:
    """Classify indices: evenly spaced, or a gather."""
    return affine(indices) or Gather(np.ascontiguousarray(indices))


def within(outer: Index, inner: Index) -> Index:
    """Members of members: those of an array that `inner` chooses among those of `outer`, counted through.

    Examples
    --------
    >>> within(Affine(5, (10,), (2,)), contiguous((2, 3), 1))
    Affine(base=7, shape=(2, 3), steps=(6, 2))
    """
    if isinstance(outer, Affine) and isinstance(inner, Affine) and len(outer.shape) < 2:
        step = outer.steps[0] if outer.steps else 0
        steps = [step * k if n > 1 else 0 for n, k in zip(inner.shape, inner.steps, strict=True)]
        return Affine(outer.base + step * inner.base, inner.shape, tuple(steps))
    return index(outer.indices.reshape(-1)[inner.indices])


def affine(indices: Indices) -> Affine | None:
    """Recognise evenly spaced indices, in one or two dimensions.

    Examples
    --------
    >>> affine(np.array([3, 5, 7]))
    Affine(base=3, shape=(3,), steps=(2,))
    >>> affine(np.array([3, 5, 8])) is None
    True
    """
    base = int(indices.flat[0])
    corners = [(0,) * axis + (1,) + (0,) * (indices.ndim - axis - 1) for axis in range(indices.ndim)]
    counts = zip(corners, indices.shape, strict=True)
    found = Affine(base, indices.shape, tuple([int(indices[at]) - base if n > 1 else 0 for at, n in counts]))
    return found if np.array_equal(found.indices, indices) else None


def table_width(columns: Sequence[Indices]) -> int | None:
    """Find the width in which several lists of indices all become evenly spaced tables; None if there is none.

    Examples
    --------
    >>> table_width([np.array([0, 0, 0, 1, 1, 1]), np.array([4, 5, 6, 4, 5, 6])])
    3
    """
    size = len(columns[0])
    for indices in columns:
        steps = np.diff(indices)
        breaks = np.flatnonzero(steps != steps[:1])
        if len(breaks):
            width = int(breaks[0]) + 1
            fits = size % width == 0 and all(affine(c.reshape(-1, width)) for c in columns)
            return width if fits else None
    return None

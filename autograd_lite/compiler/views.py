"""How a list of places in an array can be had: as the array itself, a slice, a strided view, or a gather.

A view costs nothing at run time, because it is made once with the workspace; a gather copies at every call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Affine", "Indices", "affine", "columns"]

Indices = npt.NDArray[np.intp]


class Affine(NamedTuple):
    """Places base + r steps[0] + c steps[1] + ...: what a strided view of an array reaches."""

    base: int
    shape: tuple[int, ...]
    steps: tuple[int, ...]

    def text(self, name: str, size: int, *, full: bool = False) -> str:
        """Write the view of an array of so many members as Python.

        One member for all places may stand as an array of one, which broadcasts, unless it is to be added up (`full`).
        """
        if len(self.shape) == 1:
            (count,), (step,) = self.shape, self.steps
            if count == size == 1:
                return name
            if step == 0 and (count == 1 or not full):
                return f"{name}[{self.base}:{self.base + 1}]"
            if step == 1:
                return name if count == size else f"{name}[{self.base}:{self.base + count}]"
            if step > 0:
                return f"{name}[{self.base}:{self.base + step * (count - 1) + 1}:{step}]"
        return f"view({name}, {self.base}, {self.shape}, {self.steps})"


def affine(places: Indices) -> Affine | None:
    """Recognise evenly spaced places, in one or two dimensions.

    Examples
    --------
    >>> affine(np.array([3, 5, 7]))
    Affine(base=3, shape=(3,), steps=(2,))
    >>> affine(np.array([[0, 1], [3, 4]])).text("w", 6)
    'view(w, 0, (2, 2), (3, 1))'
    """
    base = int(places.flat[0])
    grid = np.full((1,) * places.ndim, base)
    steps = []
    for axis, count in enumerate(places.shape):
        corner = (0,) * axis + (1,) + (0,) * (places.ndim - axis - 1)
        steps.append(int(places[corner]) - base if count > 1 else 0)
        grid = grid + (np.arange(count) * steps[-1]).reshape([-1 if k == axis else 1 for k in range(places.ndim)])
    return Affine(base, places.shape, tuple(steps)) if np.array_equal(grid, places) else None


def columns(rows: Sequence[Indices]) -> int | None:
    """The width in which several lists of places all become evenly spaced tables; None if there is none.

    Examples
    --------
    >>> columns([np.array([0, 0, 0, 1, 1, 1]), np.array([4, 5, 6, 4, 5, 6])])
    3
    """
    size = len(rows[0])
    for places in rows:
        steps = np.diff(places)
        breaks = np.flatnonzero(steps != steps[:1])
        if len(breaks):
            width = int(breaks[0]) + 1
            fits = size % width == 0 and all(affine(r.reshape(-1, width)) for r in rows)
            return width if fits else None
    return None

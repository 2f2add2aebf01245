"""Where NaN or infinity came from: in which row, and in which op first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from autograd_lite.checks import find_nonfinite

from .batch_loss import Objective

__all__ = ["first_nonfinite"]


def first_nonfinite(objective: Objective, rows: Sequence[npt.NDArray[np.float64]], places: npt.NDArray[np.intp]) -> str:
    """Say what first went wrong, at the weights that the model has now; `places` are those of the rows in the data."""
    for i, row in zip(places.tolist(), zip(*[part.tolist() for part in rows], strict=True), strict=True):
        found = find_nonfinite(objective(*row))
        if found is not None and not found.masked:
            return f"Row {i} of X, {found}"
    return "Every row of the batch alone is finite; together they are not."

"""Origin of NaN or infinity in a batch: the sample and the op."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from autograd_lite.checks import find_nonfinite

from .batch_loss import Objective

__all__ = ["first_nonfinite"]


def first_nonfinite(
    objective: Objective, parts: Sequence[npt.NDArray[np.float64]], indices: npt.NDArray[np.intp]
) -> str:
    """Describe the first non-finite op, at the model's present weights; `indices` are those of the samples in X."""
    for i, sample in zip(indices.tolist(), zip(*[part.tolist() for part in parts], strict=True), strict=True):
        found = find_nonfinite(objective(*sample))
        if found is not None and not found.masked:
            return f"Row {i} of X, {found}"
    return "The loss of each sample is finite; their combination is not."

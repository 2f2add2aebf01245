"""Types by name; those that are ``Any`` on purpose stand here with the reason."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "Json", "Numbers", "Scalar", "Signals"]

Array: TypeAlias = npt.NDArray[np.float64]

Scalar: TypeAlias = Any
"""A float, a Value or a traced node, or for a loss several: the same rule serves all, so a union would say nothing."""

Signals: TypeAlias = Any
"""What a model takes and gives for one sample: a Value, or a list of them."""

Numbers: TypeAlias = Any
"""Data of a user: lists, tuples, arrays or data frames of numbers; `training.data` checks them."""

Json: TypeAlias = dict[str, Any]
"""An object of a JSON text; `saving.archive.expect` checks its members."""

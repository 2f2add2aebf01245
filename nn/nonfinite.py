"""Where NaN or infinity came from: the first op that made it, on what, and in which row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_lite.engine import Value
from autograd_lite.sweep import adjoints, reachable

from .steps import Objective

__all__ = ["first_nonfinite"]


def first_nonfinite(objective: Objective, rows: Sequence[npt.NDArray[np.float64]]) -> str:
    """Say in a sentence what first went wrong, at the weights that the model has now."""
    for i, row in enumerate(zip(*[part.tolist() for part in rows], strict=True)):
        cost = objective(*row)
        found = _in_values(cost) or _in_slopes(cost)
        if found:
            return f"In row {i} of the batch, {found}."
    return "Every sample alone is finite; the sum over the batch is not."


def _in_values(cost: Any) -> str:
    for v in reachable([cost]):
        if not math.isfinite(v.data):
            if v.op is None:
                return f"{v.label or 'a number'} is {v.data}"
            return f"the op {v.op.name} gave {v.data} on {_numbers(v)}"
    return ""


def _in_slopes(cost: Any) -> str:
    for v, v_bar in reversed(adjoints(cost).items()):
        for partial in v.partials:
            if v_bar != 0.0 and partial is not None and not math.isfinite(v_bar * partial):
                return f"the slope of the op {v.op.name if v.op else '?'} on {_numbers(v)} is {partial}"
    return ""


def _numbers(v: Value) -> str:
    shown = [f"{u.label + '=' if u.label else ''}{u.data:.6g}" for u in v.operands[:6]]
    return ", ".join(shown) + (", ..." if len(v.operands) > 6 else "")

"""An op on any operands, and when a compiled number counts as the eager one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite import Value
from autograd_lite.op import Op
from autograd_lite.pytree import flatten

SMALLEST_NORMAL = 2.3e-308


def same(eager: float, compiled: float, tolerance: float) -> bool:
    """Of the same class, NaN, infinite with its sign or finite, and then close."""
    if math.isnan(eager) or math.isnan(compiled):
        return math.isnan(eager) and math.isnan(compiled)
    if math.isinf(eager) or math.isinf(compiled):
        return eager == compiled
    return abs(eager - compiled) <= tolerance * max(abs(eager), abs(compiled), SMALLEST_NORMAL)


def same_sign_of_zero(eager: float, compiled: float) -> bool:
    return eager != 0.0 or math.copysign(1.0, eager) == math.copysign(1.0, compiled)


def alike(eager: Any, compiled: Any, tolerance: float = 1e-12) -> bool:
    """The same structure and types, and every number the same, measured by the largest of them."""
    (a, of_a), (b, of_b) = flatten(eager), flatten(compiled)
    if of_a != of_b:
        return False
    a, b = (np.array([x.data if isinstance(x, Value) else x for x in leaves], dtype=float) for leaves in (a, b))
    scale = np.max(np.abs(a[np.isfinite(a)]), initial=0.0)
    return bool(np.all((np.abs(a - b) <= tolerance * scale) | (a == b) | (np.isnan(a) & np.isnan(b))))


def applied(op: Op, operands: Sequence[Any]) -> Any:
    """An op of the table on operands in one list, whatever groups it takes them in."""
    return op(*op.split(operands)) if op.many else Op.__call__(op, *operands)

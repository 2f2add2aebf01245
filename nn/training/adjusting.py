"""Penalties and the largest length of a gradient, as machine code between the loss of a step and its update."""

# Any: vectors that are not there yet
from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autograd_lite.compiler.backends.native.steps import Adjustment
from autograd_lite.compiler.backends.native.steps_text import PRODUCT, SUM
from autograd_lite.compiler.elementwise import Elementwise, elementwise

from ..losses.penalties import L1, L2, Penalty
from ..optimizers.optimizer import Optimizer
from ..optimizers.traced import kept_code, settings_of

__all__ = ["adjustment", "is_native", "products_repeat"]


def is_native(penalty: Penalty | None, optimizer: Optimizer) -> bool:
    """Whether machine code can add a penalty, and clip, with Python's bits: a user's own penalty may do anything."""
    if penalty is not None and (type(penalty) not in (L1, L2) or type(penalty.strength) not in (float, int)):
        return False
    return products_repeat() or (optimizer.clip_norm is None and not isinstance(penalty, L2))


@functools.cache
def products_repeat() -> bool:
    """Whether BLAS gives a product of two vectors the same bits wherever they lie; its oldest kernels do not."""
    numbers = np.random.default_rng(0).normal(size=(20, 61))
    places = [np.empty(63) for _ in range(20)]
    for place, row in zip(places, numbers, strict=True):
        place[1:62] = row
    return all(row @ row == place[1:62] @ place[1:62] for row, place in zip(numbers, places, strict=True))


def adjustment(penalty: Penalty | None, optimizer: Optimizer, update: Elementwise, size: int) -> Adjustment | None:
    """What changes loss and gradient before the update of so many weights; None if nothing does."""
    clip = optimizer.clip_norm
    if penalty is None and clip is None:
        return None

    def formula(w: Any, g: Any) -> list[Any]:
        total = g if penalty is None else g + penalty.gradient(w)
        terms = np.zeros_like(w) if penalty is None else penalty.terms(w)
        return [total, terms, optimizer.clipped(total)]

    mask = penalty.mask if isinstance(penalty, L2) else None
    key = (repr(penalty), None if mask is None else mask.tobytes(), *settings_of(optimizer), size)
    kind = 0 if penalty is None else PRODUCT if isinstance(penalty, L2) else SUM
    return Adjustment(
        kept_code(key, elementwise(formula, 2, size, [])),
        kind,
        0.0 if penalty is None else float(penalty.strength),
        -1.0 if clip is None else clip,
        0 if clip is None else update.texts.index("scale"),
    )

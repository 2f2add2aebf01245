"""Update rules as array programs: traced once, they run as machine code, with the same bits.

A rule is a formula on arrays. What it computes of the learning rate and the number of the step alone stays Python's.
"""

# Any: settings of several types
from __future__ import annotations

import copy
from typing import Any

from autograd_lite.compiler.elementwise import Elementwise, elementwise

from .adaptive import Adam, AdamW, RMSProp
from .optimizer import SGD, Optimizer

__all__ = ["traced_update"]

TRACED = (SGD, RMSProp, Adam, AdamW)  # a class of the user's own may do anything in its rule


def traced_update(optimizer: Optimizer, size: int) -> Elementwise | None:
    """The update of so many weights as an array program; None if Python has to do it.

    Its inputs are the weights, their gradient, and the arrays that the optimizer remembers; its results the new weights
    and these arrays. Its numbers are made of the learning rate and the steps that were taken.

    Examples
    --------
    >>> made = traced_update(SGD(momentum=0.5), 3)
    >>> made.numbers(0.1, 7), len(made.program.instructions)
    ((0.1,), 5)
    >>> traced_update(SGD(clip_norm=1.0), 3) is None  # the length of the gradient is no formula of one weight
    True
    """
    settings = optimizer.settings()
    if type(optimizer) not in TRACED or optimizer.clip_value == 0.0:
        return None
    if any(type(x) not in (float, bool, type(None)) for name, x in settings.items() if name != "lr"):
        return None

    def rule(w: Any, g: Any, *rest: Any) -> list[Any]:
        *memory, lr, steps = rest
        shadow = copy.copy(optimizer)
        shadow.lr, shadow.steps = lr, steps
        return list(_updated(shadow, w, g, memory))

    try:
        return elementwise(rule, 2 + len(optimizer.remembers), size, ["lr", "steps"])
    except TypeError:
        return None


def _updated(optimizer: Optimizer, w: Any, g: Any, memory: list[Any]) -> list[Any]:
    names = optimizer.remembers
    weights, after = optimizer.rule(w, optimizer._prepared(g, w), dict(zip(names, memory, strict=True)))
    return [weights, *[after[name] for name in names]]

"""The optimisers by name."""

from __future__ import annotations

from autograd_lite.errors import UnknownNameError

from .adaptive import Adam, AdamW, RMSProp
from .optimizer import SGD, Optimizer

__all__ = ["OPTIMIZERS", "optimizer_named"]

OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": SGD, "rmsprop": RMSProp, "adam": Adam, "adamw": AdamW}
"""The optimisers by name."""


def optimizer_named(optimizer: str | Optimizer) -> Optimizer:
    """The optimiser itself, or a fresh one of that name with its usual settings.

    Raises
    ------
    UnknownNameError
        If there is none of that name.

    Examples
    --------
    >>> type(optimizer_named("adam")).__name__
    'Adam'
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    if not isinstance(optimizer, str) or optimizer not in OPTIMIZERS:
        raise UnknownNameError.among("optimizer", optimizer, OPTIMIZERS)
    return OPTIMIZERS[optimizer]()

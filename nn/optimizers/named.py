"""The optimisers by name."""

from __future__ import annotations

from autograd_lite.errors import OperandError
from autograd_lite.text import shown

from ..registry import Registry
from .adaptive import Adam, AdamW, RMSProp
from .optimizer import SGD, Optimizer

__all__ = ["OPTIMIZERS", "optimizer_named", "register_optimizer"]

OPTIMIZERS: Registry[type[Optimizer]] = Registry(
    "optimizer", {"sgd": SGD, "rmsprop": RMSProp, "adam": Adam, "adamw": AdamW}
)
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
    return optimizer if isinstance(optimizer, Optimizer) else OPTIMIZERS.named(optimizer)()


def register_optimizer(name: str, optimizer: type[Optimizer], *, replace: bool = False) -> type[Optimizer]:
    """Give a class of optimisers a name, by which `fit` and model files know it.

    Parameters
    ----------
    name : str
    optimizer : class
        A subclass of `Optimizer` that can be called without arguments.
    replace : bool
        Whether it may take the place of another optimiser of that name.

    Raises
    ------
    DomainError
        If the name is taken and `replace` is False.
    OperandError
        If it is not such a class.

    Examples
    --------
    >>> class SignDescent(Optimizer):
    ...     def rule(self, w, g, memory):
    ...         return w - self.lr * np.sign(g), memory
    >>> import numpy as np
    >>> register_optimizer("sign_descent", SignDescent)().update(np.array([1.0]), np.array([-7.0])).tolist()
    [1.01]
    >>> del OPTIMIZERS["sign_descent"]
    """
    if not (isinstance(optimizer, type) and issubclass(optimizer, Optimizer)):
        raise OperandError(f"{shown(optimizer)} is not a class of optimisers; give a subclass of nn.Optimizer.")
    return OPTIMIZERS.register(name, optimizer, replace=replace)

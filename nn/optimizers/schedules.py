r"""Schedules of the learning rate: functions from the epoch, counted from 1, to the rate.

Give one to the callback `callbacks.Schedule`. They depend on the epoch alone, so resuming needs no saved state.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from autograd_lite.errors import DomainError

__all__ = ["Rate", "constant", "cosine", "step_decay", "warm_up"]

Rate = Callable[[int], float]


def constant(lr: float) -> Rate:
    """The same rate in all epochs.

    Examples
    --------
    >>> constant(0.1)(7)
    0.1
    """
    return lambda epoch: lr


def step_decay(lr: float, *, factor: float = 0.5, every: int = 10) -> Rate:
    r"""A rate that is multiplied by a factor every so many epochs: :math:`\eta_e = \eta f^{\lfloor (e-1)/k \rfloor}`.

    Parameters
    ----------
    lr : float
        The rate of the first epochs.
    factor : float
        Multiplies the rate.
    every : int
        After how many epochs, at least 1.

    Raises
    ------
    DomainError
        If `every` is less than 1.

    Examples
    --------
    >>> rate = step_decay(0.8, factor=0.5, every=2)
    >>> [rate(epoch) for epoch in (1, 2, 3, 4, 5)]
    [0.8, 0.8, 0.4, 0.4, 0.2]
    """
    _positive("every", every)
    return lambda epoch: lr * factor ** ((epoch - 1) // every)


def cosine(lr: float, epochs: int, *, final: float = 0.0) -> Rate:
    r"""A rate that falls along half a cosine, slowly at both ends [1]_.

    .. math:: \eta_e = \eta_{end} + \tfrac12 (\eta - \eta_{end}) (1 + \cos(\pi (e-1)/E))

    Parameters
    ----------
    lr : float
        The rate of the first epoch.
    epochs : int
        Number of epochs E until the final rate, at least 1.
    final : float
        Final rate.

    Raises
    ------
    DomainError
        If `epochs` is less than 1.

    References
    ----------
    .. [1] I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017, eq. 5.

    Examples
    --------
    >>> rate = cosine(0.2, 4)
    >>> [round(rate(epoch), 4) for epoch in (1, 3, 5)]
    [0.2, 0.1, 0.0]
    """
    _positive("epochs", epochs)
    return lambda epoch: final + 0.5 * (lr - final) * (1.0 + math.cos(math.pi * min((epoch - 1) / epochs, 1.0)))


def warm_up(epochs: int, then: Rate) -> Rate:
    """A rate that rises linearly to the first rate of another schedule, then follows it [1]_.

    Parameters
    ----------
    epochs : int
        Length of the rise, at least 1.
    then : callable
        The schedule that follows; its first epoch is the one after the rise.

    Raises
    ------
    DomainError
        If `epochs` is less than 1.

    References
    ----------
    .. [1] P. Goyal et al., "Accurate, large minibatch SGD", 2017, section 2.2.

    Examples
    --------
    >>> rate = warm_up(3, constant(0.8))
    >>> [round(rate(epoch), 4) for epoch in (1, 2, 3, 4, 5)]
    [0.2, 0.4, 0.6, 0.8, 0.8]
    """
    _positive("epochs", epochs)
    return lambda epoch: then(1) * epoch / (epochs + 1) if epoch <= epochs else then(epoch - epochs)


def _positive(name: str, number: int) -> None:
    if number < 1:
        raise DomainError(f"{name} is {number}; a schedule needs at least 1.")

r"""Optimisers: how a gradient becomes a step.

An optimiser works on one flat array of all weights, so that a step costs the same few array operations for any network;
`Optimizer.step` does the same for Values, for loops written by hand.

Letters: weights w, gradient g, learning rate :math:`\eta` (``lr``), step number t, counted from 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_lite.engine import Value
from autograd_lite.errors import DomainError, ShapeError

__all__ = ["SGD", "Optimizer"]

Array = npt.NDArray[np.float64]


class Optimizer:
    """Base of the optimisers: a rule that changes weights in place, and the arrays it remembers between steps.

    Parameters
    ----------
    lr : float
        Learning rate, positive.

    Attributes
    ----------
    lr : float
        Learning rate; a schedule may change it between steps.
    steps : int
        How many steps were taken.
    """

    memory_names: tuple[str, ...] = ()
    """Names of the arrays that the rule remembers, each as long as the weights; 0 at first."""

    def __init__(self, lr: float) -> None:
        self.lr = _in_range("lr", lr, 0.0, math.inf)
        self.steps = 0
        self.memory: dict[str, Array] = {}

    def update(self, weights: Array, gradient: Array) -> None:
        """Take one step: change the weights in place.

        Parameters
        ----------
        weights, gradient : float64 array, shape (n,)

        Raises
        ------
        ShapeError
            If the number of weights is not that of the step before.
        """
        if not self.memory and self.memory_names:
            self.memory = {name: np.zeros_like(weights) for name in self.memory_names}
        if weights.shape != gradient.shape or any(m.shape != weights.shape for m in self.memory.values()):
            raise ShapeError(
                f"{self!r} got {weights.size} weights and {gradient.size} gradients, and remembers "
                f"{[m.size for m in self.memory.values()]}; use a fresh optimiser for another model."
            )
        self.steps += 1
        self._change(weights, gradient)

    def _change(self, weights: Array, gradient: Array) -> None:
        raise NotImplementedError

    def step(self, parameters: Iterable[Value]) -> None:
        """Take one step on Values, from the gradients that ``backward`` left in them."""
        values = list(parameters)
        weights = np.array([p.data for p in values])
        self.update(weights, np.array([p.grad for p in values]))
        for p, w in zip(values, weights.tolist(), strict=True):
            p.data = w

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.settings().items())})"

    def settings(self) -> dict[str, Any]:
        """The arguments that build this optimiser again."""
        return {name: value for name, value in vars(self).items() if name not in ("steps", "memory")}


class SGD(Optimizer):
    r"""Gradient descent, with heavy-ball momentum [1]_.

    .. math:: \Delta w_t = -\eta g_t + \alpha \Delta w_{t-1}, \qquad w_{t+1} = w_t + \Delta w_t

    "Stochastic" is in the gradient, if it comes from a part of the samples; the rule is the same.

    Parameters
    ----------
    lr : float
        Learning rate :math:`\eta`, positive.
    momentum : float
        Share :math:`\alpha` of the last step that is added to this one, in [0, 1); 0 is plain gradient descent.

    Raises
    ------
    DomainError
        If a number lies outside its range.

    References
    ----------
    .. [1] B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", 1964, eq. 9.

    Examples
    --------
    >>> w = Value(1.0)
    >>> optimizer = SGD(lr=0.1, momentum=0.5)
    >>> for _ in range(2):
    ...     w.grad = 2.0 * w.data  # the slope of w**2
    ...     optimizer.step([w])
    >>> w.data  # 1 - 0.2 = 0.8, then 0.8 - 0.16 - 0.1
    0.54
    """

    memory_names = ("change",)

    def __init__(self, lr: float = 0.01, momentum: float = 0.0) -> None:
        super().__init__(lr)
        self.momentum = _in_range("momentum", momentum, 0.0, 1.0)

    def _change(self, weights: Array, gradient: Array) -> None:
        change = self.memory["change"]
        change *= self.momentum
        change -= self.lr * gradient
        weights += change


def _in_range(name: str, number: float, low: float, high: float) -> float:
    if not low <= number < high:
        raise DomainError(f"{name} is {number}; it must be at least {low:g} and less than {high:g}.")
    return float(number)

r"""Dropout: in training, each signal is set to 0 with some probability, and the others are scaled up.

A network then cannot rely on a single neuron. Outside training signals pass unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from autograd_lite.errors import DomainError, ShapeError

from ..kinds import Scalar
from .module import Module

__all__ = ["Dropout", "dropouts_in"]


class Dropout(Module):
    r"""Multiply each signal by 0 with probability p, else by :math:`1/(1-p)`, so that the mean stays [1]_.

    Training sets a new mask for each sample and step, and removes it afterwards.

    Parameters
    ----------
    n : int
        Number of signals.
    p : float
        Probability of setting a signal to 0, in [0, 1).

    Attributes
    ----------
    mask : list of float or Value, or None
        The factors; None outside training.

    Raises
    ------
    DomainError
        If p lies outside [0, 1).
    ShapeError
        On a call, if there are not n signals.

    References
    ----------
    .. [1] N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014, section 10
       (the factor in training instead of afterwards).

    Examples
    --------
    >>> from autograd_lite import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         self.hidden = nn.Layer(2, 8, "tanh", seed=0)
    ...         self.dropout = Dropout(8, p=0.25)
    ...         self.output = nn.Layer(8, 1, "linear", seed=1)
    ...     def __call__(self, x):
    ...         return self.output(self.dropout(self.hidden(x)))[0]
    >>> net = Net()
    >>> net([1.0, 2.0]).data == net([1.0, 2.0]).data  # no mask outside training
    True
    """

    def __init__(self, n: int, p: float = 0.5) -> None:
        if not 0.0 <= p < 1.0:
            raise DomainError(f"Dropout's probability is {p}; it must be at least 0 and less than 1.")
        self.n = n
        self.p = p
        self.mask: Sequence[Scalar] | None = None

    def __call__(self, x: Sequence[Scalar]) -> list[Scalar]:
        """Apply the mask, if there is one."""
        if len(x) != self.n:
            raise ShapeError(f"Dropout got {len(x)} signals; it was built for {self.n}.")
        return list(x) if self.mask is None else [m * v for m, v in zip(self.mask, x, strict=True)]

    def draw(self, rng: np.random.Generator, samples: int) -> npt.NDArray[np.float64]:
        """Draw one mask per sample, an array of shape (samples, n)."""
        kept = rng.random((samples, self.n)) >= self.p
        return kept / (1.0 - self.p)

    def __repr__(self) -> str:
        return f"Dropout({self.n}, p={self.p})"


def dropouts_in(model: object) -> list[Dropout]:
    """All dropouts inside a model, in order."""
    return [m for m in model.modules() if isinstance(m, Dropout)] if isinstance(model, Module) else []

r"""Penalties on large weights, added to the loss (regularisation).

They are evaluated on the flat array of all weights; ``penalty(parameters)`` makes a graph, for loops written by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.errors import DomainError
from autograd_lite.namespaces import values as op

from ..kinds import Array, Scalar

__all__ = ["L1", "L2", "Penalty"]


@dataclass(frozen=True)
class Penalty:
    """Base of the penalties.

    Parameters
    ----------
    strength : float
        Factor of the sum, at least 0.
    """

    strength: float

    def __post_init__(self) -> None:
        if not self.strength >= 0.0:
            raise DomainError(f"The strength of a penalty is {self.strength}; it must be at least 0.")

    def __call__(self, parameters: Sequence[Value]) -> Scalar:
        """The penalty as a Value."""
        raise NotImplementedError

    def value(self, weights: Array) -> float:
        """The penalty of a weight vector."""
        raise NotImplementedError

    def gradient(self, weights: Array) -> Array:
        """Its gradient."""
        raise NotImplementedError

    def terms(self, weights: Array) -> Array:
        """What is added up to its value: for `L2`, after each is multiplied by its weight."""
        raise NotImplementedError


@dataclass(frozen=True)
class L2(Penalty):
    r"""Sum of squares, :math:`\lambda \sum w^2`: pulls large weights most (ridge, or Tikhonov, regularisation) [1]_.

    Note that some libraries write :math:`\frac{\lambda}{2} \sum w^2`: there the same strength pulls half as much.

    Parameters
    ----------
    strength : float
        The factor :math:`\lambda`, at least 0.
    mask : float64 array, optional
        1 for each parameter that counts, 0 for each that does not, such as a bias; all count unless given.

    References
    ----------
    .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, section 3.1.4.

    Examples
    --------
    >>> L2(0.1).value(np.array([1.0, -2.0])), L2(0.1).gradient(np.array([1.0, -2.0])).tolist()
    (0.5, [0.2, -0.4])
    """

    mask: Array | None = field(default=None, compare=False, repr=False)

    def __call__(self, parameters: Sequence[Value]) -> Scalar:
        """The penalty as a Value."""
        counted = parameters if self.mask is None else [p for p, m in zip(parameters, self.mask, strict=True) if m]
        return self.strength * op.fsum([op.square(p) for p in counted])

    def value(self, weights: Array) -> float:
        """The penalty of a weight vector."""
        with np.errstate(over="ignore"):  # overflow is infinity, without a warning
            return self.strength * float(weights @ self.terms(weights))

    def gradient(self, weights: Array) -> Array:
        """Its gradient."""
        with np.errstate(over="ignore"):
            return 2.0 * self.strength * self.terms(weights)

    def terms(self, weights: Array) -> Array:
        """The weights that count."""
        return weights if self.mask is None else weights * self.mask


class L1(Penalty):
    r"""Sum of sizes, :math:`\lambda \sum |w|`: pulls all weights alike, and small ones to 0 (lasso) [1]_.

    References
    ----------
    .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, section 3.1.4.

    Examples
    --------
    >>> L1(0.1).value(np.array([1.0, -2.0])), L1(0.1).gradient(np.array([1.0, -2.0])).tolist()
    (0.30000000000000004, [0.1, -0.1])
    """

    def __call__(self, parameters: Sequence[Value]) -> Scalar:
        """The penalty as a Value."""
        return self.strength * op.fsum([op.abs(p) for p in parameters])

    def value(self, weights: Array) -> float:
        """The penalty of a weight vector."""
        with np.errstate(over="ignore"):
            return self.strength * float(self.terms(weights).sum())

    def gradient(self, weights: Array) -> Array:
        """Its gradient."""
        return self.strength * np.sign(weights)

    def terms(self, weights: Array) -> Array:
        """The sizes of the weights."""
        return np.abs(weights)

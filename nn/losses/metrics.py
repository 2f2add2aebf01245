"""Metrics: how good outputs are, as floats without gradients.

Outputs and targets may be floats, Values or arrays of either.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from autograd_lite.engine import Value
from autograd_lite.errors import ShapeError

from ..kinds import Numbers

__all__ = ["accuracy_at_threshold", "accuracy_of_classes", "r2", "rmse"]


def accuracy_at_threshold(outputs: Numbers, targets: Numbers, threshold: float = 0.5) -> float:
    """Share of correct outputs, where an output above the threshold means "yes".

    Parameters
    ----------
    outputs, targets : sequence of float or Value, shape (m,)
        Probabilities (or scores, with another threshold: 0 for logits and hinge); targets are cut at it too.
    threshold : float
        Outputs above it mean "yes".

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ShapeError
        If the lengths differ or are zero.

    Examples
    --------
    >>> accuracy_at_threshold([0.9, 0.4, 0.2], [1.0, 1.0, 0.0])
    0.6666666666666666
    """
    o, t = _paired(outputs, targets)
    return float(np.mean((o > threshold) == (t > threshold)))


def accuracy_of_classes(outputs: Numbers, targets: Numbers) -> float:
    """Share of samples whose largest output is the target's class.

    Parameters
    ----------
    outputs : sequence of sequence of float or Value, shape (m, k)
        Logits or probabilities; of equal ones the first counts.
    targets : sequence of int, shape (m,), or of float, shape (m, k)
        Classes counted from 0, or their probabilities ("one-hot").

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ShapeError
        If the lengths differ or are zero.

    Examples
    --------
    >>> accuracy_of_classes([[0.1, 2.0], [3.0, 1.0]], [1, 1])
    0.5
    """
    o, t = _numbers(outputs), _numbers(targets)
    if o.ndim != 2 or not o.size or len(t) != len(o):
        raise ShapeError(
            f"accuracy_of_classes got outputs of shape {o.shape} and targets of shape {t.shape}; it needs one row of "
            "outputs and one target per sample."
        )
    classes = t.argmax(axis=1) if t.ndim == 2 and t.shape[1] > 1 else t.reshape(-1)
    return float(np.mean(o.argmax(axis=1) == classes))


def r2(outputs: Numbers, targets: Numbers) -> float:
    r"""Coefficient of determination :math:`1 - \sum (o - t)^2 / \sum (t - \bar t)^2`.

    Returns
    -------
    float
        1 for perfect outputs, 0 for outputs no better than the mean of the targets, negative for worse. Where all
        targets are equal: 1 if the outputs are equal to them, else 0.

    Raises
    ------
    ShapeError
        If the lengths differ or are zero.

    Examples
    --------
    >>> r2([1.0, 2.0, 4.0], [1.0, 2.0, 3.0])
    0.5
    """
    o, t = _paired(outputs, targets)
    rest, spread = float(np.sum((o - t) ** 2)), float(np.sum((t - t.mean(axis=0)) ** 2))
    if spread == 0.0:
        return 1.0 if rest == 0.0 else 0.0
    return 1.0 - rest / spread


def rmse(outputs: Numbers, targets: Numbers) -> float:
    """Root of the mean squared error, in the units of the target.

    Raises
    ------
    ShapeError
        If the lengths differ or are zero.

    Examples
    --------
    >>> rmse([3.0, 4.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0])
    2.5
    """
    o, t = _paired(outputs, targets)
    return math.sqrt(float(np.mean((o - t) ** 2)))


def _numbers(things: Numbers) -> npt.NDArray[np.float64]:
    if isinstance(things, np.ndarray) and things.dtype != object:
        return things.astype(float)
    return np.array(_bare(things), dtype=float)


def _bare(things: Numbers) -> Numbers:
    """Replace the Values in nested lists (of samples, of outputs) by their numbers."""
    if isinstance(things, Value):
        return things.data
    return things if isinstance(things, (int, float, np.number)) else [_bare(thing) for thing in things]


def _paired(outputs: Numbers, targets: Numbers) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    o, t = _numbers(outputs), _numbers(targets)
    if o.size != t.size or not o.size:
        raise ShapeError(f"Outputs have shape {o.shape} and targets {t.shape}; give as many of each, at least one.")
    return o.reshape(t.shape), t

"""Validation of data for `fit` and `predict`, and conversion to arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_lite.errors import DomainError, OperandError, ShapeError, UnknownNameError
from autograd_lite.text import shown

from ..kinds import Array, Numbers
from ..losses.loss import Loss

__all__ = [
    "count_held_out",
    "numbers_of",
    "require_count",
    "seed_of",
    "split_off",
    "targets_for",
    "weights_of_samples",
]


def numbers_of(data: Numbers, name: str) -> Array:
    """Make a float64 array of an array, a list of samples, or a list of numbers.

    Raises
    ------
    OperandError
        If something in it is not a number; the message names the row and the column.
    ShapeError
        If there are no rows, or rows of different lengths.
    DomainError
        If a number is NaN or infinite.

    Examples
    --------
    >>> numbers_of([[1, 2], [3, 4]], "X")
    array([[1., 2.],
           [3., 4.]])
    """
    try:
        raw = np.asarray(data)
    except ValueError:
        raise ShapeError(f"The rows of {name} have different lengths; each sample needs as many numbers.") from None
    if raw.ndim == 0 or not raw.size:
        raise ShapeError(
            f"{name} is {shown(data)}, of shape {raw.shape}; it needs at least one row, with at least one number. Give "
            "an array or a list."
        )
    if raw.dtype.kind not in "biuf":
        raw = _converted(raw, name)
    array = raw.astype(float, copy=False)
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        raise DomainError(
            f"{name} holds {array[tuple(bad[0])]} {_where(bad[0])}. Training needs finite numbers; leave the row out, "
            "or fill the gap."
        )
    return array


def _converted(raw: npt.NDArray[Any], name: str) -> Array:  # of any dtype
    for index in np.ndindex(raw.shape):
        if not isinstance(raw[index], (int, float, np.floating, np.integer, np.bool_)):
            raise OperandError(
                f"{name} holds {shown(raw[index])} ({type(raw[index]).__name__}) {_where(index)}; it needs numbers. "
                "Code categories as numbers first, for instance 0, 1, 2 for classes."
            )
    return raw.astype(float)


def _where(index: Sequence[int]) -> str:
    row = f"in row {index[0]}"
    return row if len(index) == 1 else f"{row}, column {', '.join(str(i) for i in index[1:])}"


def targets_for(loss: Loss, y: Numbers, samples: int, outputs: int) -> Array:
    """Check targets: their number, the number of outputs, and the range that the loss needs.

    Returns
    -------
    float64 array, shape (samples,) or (samples, outputs)
        Classes for a cross-entropy that was given one-hot rows; otherwise the targets as they are.

    Raises
    ------
    ShapeError
        If there are not as many targets as samples, or not as many in a row as the model has outputs.
    DomainError
        If a target lies outside the range of the loss.
    """
    targets: Array = numbers_of(y, "y")
    if len(targets) != samples:
        raise ShapeError(f"X has {samples} rows and y has {len(targets)}; give one target per sample.")
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    by_class = loss.wants_classes and targets.ndim == 1
    users_own = loss.whole and not loss.wants_classes  # a user's loss checks its own targets
    if not by_class and not users_own and targets.shape[1:] != (() if outputs == 1 else (outputs,)):
        raise ShapeError(
            f"y has shape {targets.shape}, but the model has {outputs} output{'' if outputs == 1 else 's'}; "
            f"{loss.name} needs {'one target' if outputs == 1 else f'{outputs} targets'} per sample."
        )
    if loss.restricted:
        example = [1.0, *[0.0] * (outputs - 1)] if loss.whole else 0.5  # logits as well as probabilities
        for target in np.unique(targets, axis=0).tolist():
            loss.sample(example if outputs == 1 or loss.whole else [0.5] * outputs, target)
    if loss.wants_classes and targets.ndim == 2 and bool((targets.max(axis=1) == 1.0).all()):
        targets = targets.argmax(axis=1).astype(float)
    return targets


def weights_of_samples(
    targets: Array, sample_weight: Numbers = None, class_weight: Mapping[object, float] | str | None = None
) -> Array | None:
    """Weight of each sample, with mean 1; None if all are equal.

    Parameters
    ----------
    targets : float64 array, shape (n,)
    sample_weight : sequence of float, optional
        One number per sample, at least 0.
    class_weight : mapping or "balanced", optional
        One number per class; "balanced" makes all classes count alike, however rare.

    Raises
    ------
    ShapeError, DomainError, UnknownNameError
        If there are not as many as samples, if one is negative or all are 0, if a class has none.

    Examples
    --------
    >>> weights_of_samples(np.array([0.0, 0.0, 0.0, 1.0]), class_weight="balanced").round(4).tolist()
    [0.6667, 0.6667, 0.6667, 2.0]
    """
    if sample_weight is None and class_weight is None:
        return None
    weights = np.ones(len(targets)) if sample_weight is None else numbers_of(sample_weight, "sample_weight")
    if weights.shape != (len(targets),):
        raise ShapeError(f"sample_weight has shape {weights.shape}; it needs one number per sample, {len(targets)}.")
    if class_weight is not None:
        weights = weights * _by_class(targets, class_weight)
    if bool((weights < 0.0).any()) or not weights.any():
        raise DomainError("Sample weights must be at least 0, and not all 0.")
    result: Array = weights / weights.mean()
    return result


def _by_class(targets: Array, class_weight: Mapping[object, float] | str) -> Array:
    if targets.ndim != 1:
        raise ShapeError("class_weight needs one class per sample in y, not a row of several targets.")
    classes, index, counts = np.unique(targets, return_inverse=True, return_counts=True)
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise UnknownNameError.among("class_weight", class_weight, ["balanced"])
        shares = len(targets) / (len(classes) * counts)
    else:
        missing = [c for c in classes.tolist() if c not in class_weight]
        if missing:
            raise DomainError(f"class_weight has no weight for the class {missing[0]:g}; y holds {classes.tolist()}.")
        shares = np.array([float(class_weight[c]) for c in classes.tolist()])
    chosen: Array = shares[index]
    return chosen


def split_off(share: float, n: int, rng: np.random.Generator) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Split n samples at random into indices to train on and indices held out.

    Raises
    ------
    DomainError
        If the share leaves no sample on one of the sides.

    Examples
    --------
    >>> kept, held_out = split_off(0.25, 8, np.random.default_rng(0))
    >>> len(kept), len(held_out)
    (6, 2)
    """
    held_out = count_held_out(share, n)
    order = rng.permutation(n)
    return np.sort(order[held_out:]), np.sort(order[:held_out])


def count_held_out(share: float, n: int) -> int:
    """The number of samples to hold out, checked.

    Raises
    ------
    DomainError
        If the share leaves no sample on one of the sides.
    """
    held_out = round(share * n) if 0.0 < share < 1.0 else 0
    if not 0 < held_out < n:
        raise DomainError(f"Holding out {share} of {n} samples leaves none on one side; give a share in (0, 1).")
    return held_out


def seed_of(seed: int | None) -> int:
    """The seed, checked; a random one for None."""
    if seed is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    require_count("seed", seed, least=0)
    return int(seed)


def require_count(name: str, number: Any, least: int = 1, other: object = None) -> None:  # what a user gives
    """Raise `DomainError` unless it is a whole number, and large enough, or the other value that is allowed."""
    is_whole = isinstance(number, (int, np.integer)) and not isinstance(number, bool)
    if not (is_whole and number >= least) and (other is None or number != other):
        alternative = "" if other is None else f", or {other!r}"
        raise DomainError(f"{name} is {shown(number)}; it must be a whole number, at least {least}{alternative}.")

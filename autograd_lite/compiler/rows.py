"""Rows of tables that numbers choose, in NumPy: what the instructions Take and Scatter compute.

Types: ``Any`` stands for arrays, and for an index that is one number.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["add_rows", "take_rows"]


def take_rows(x: Any, index: Any, out: Any) -> None:
    """Write the chosen rows of a table.

    Parameters
    ----------
    x : ndarray, shape (rows, columns) or (rows, columns, samples)
        The table.
    index : float or ndarray, shape (taken,) or (taken, samples)
        Which rows; a number that is none of them chooses some row.
    out : ndarray, shape (taken, columns) or (taken, columns, samples)
        Where they go.

    Examples
    --------
    >>> out = np.empty((2, 2))
    >>> take_rows(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 0.0]), out)
    >>> out.tolist()
    [[3.0, 4.0], [1.0, 2.0]]
    """
    if x.ndim == 2 and out.ndim == 2:
        out[...] = x[_rows(index, len(x))[:, 0]]
        return
    columns, samples = np.arange(x.shape[1])[:, None], np.arange(x.shape[2] if x.ndim == 3 else 1)
    out[...] = (x if x.ndim == 3 else x[..., None])[_rows(index, len(x))[:, None, :], columns, samples]


def add_rows(x: Any, index: Any, out: Any) -> None:
    """Write sums of rows: each row is added where its index says; over the samples too, if `out` has none.

    Parameters
    ----------
    x : ndarray, shape (added, columns) or (added, columns, samples)
        The rows.
    index : float or ndarray, shape (added,) or (added, samples)
        Where each goes.
    out : ndarray, shape (rows, columns) or (rows, columns, samples)
        Where the sums go.

    Examples
    --------
    >>> out = np.empty((2, 1))
    >>> add_rows(np.array([[1.0], [2.0], [4.0]]), np.array([1.0, 0.0, 1.0]), out)
    >>> out.tolist()
    [[2.0], [5.0]]
    """
    count, columns, samples = (*out.shape, 1)[:3]
    place = _rows(index, count)[:, None, :] * columns + np.arange(columns)[:, None]
    if out.ndim == 3:
        place = place * samples + np.arange(samples)
    place, weights = np.broadcast_arrays(place, x if x.ndim == 3 else x[..., None])
    out[...] = np.bincount(place.ravel(), weights.ravel(), out.size).reshape(out.shape)


def _rows(index: Any, count: int) -> Any:
    """The numbers of rows as integers in range, with an axis for samples."""
    chosen = np.fmin(np.fmax(np.atleast_1d(index), 0.0), count - 1.0).astype(np.intp)
    return chosen if chosen.ndim == 2 else chosen[:, None]

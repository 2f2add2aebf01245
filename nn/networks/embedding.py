"""Embeddings: a row of parameters for each word, class or token."""

from __future__ import annotations

from typing import Any  # an index: a number, a Value, or an array of them

import numpy as np

from autograd_lite.compiler.indexing import take
from autograd_lite.engine import Value
from autograd_lite.errors import ShapeError
from autograd_lite.text import counted, shown

from .module import Module

__all__ = ["Embedding"]


class Embedding(Module):
    r"""A table of parameters, of which a whole number chooses a row: :math:`y = E_i`.

    Parameters
    ----------
    count : int
        Number of rows, at least 1: words of a vocabulary, classes, positions.
    width : int
        Numbers in a row, at least 1.
    scale : float
        Standard deviation of the initial weights, which are normal with mean 0.
    seed : int, numpy Generator or None
        Source of the random weights; None draws other ones each time.

    Attributes
    ----------
    weights : ndarray of Value, shape (count, width)
        The rows.

    Raises
    ------
    ShapeError
        If `count` or `width` is not a whole number of at least 1.
    DomainError
        On a call, if the index is not a whole number from 0 to ``count - 1``; see `ag.take`.

    Examples
    --------
    >>> embedding = Embedding(27, 3, seed=0)
    >>> embedding
    Embedding(27 rows of 3, 81 parameters)
    >>> [round(v.data, 3) for v in embedding(2)]
    [1.304, 0.947, -0.704]
    """

    def __init__(
        self, count: int, width: int, *, scale: float = 1.0, seed: int | np.random.Generator | None = 0
    ) -> None:
        for what, size in (("number of rows", count), ("width", width)):
            if not isinstance(size, (int, np.integer)) or size < 1:
                raise ShapeError(f"Embedding's {what} is {shown(size)}; it must be a whole number of at least 1.")
        numbers = scale * np.random.default_rng(seed).standard_normal(count * width)
        values = [Value(x, f"w{k // width + 1}_{k % width + 1}") for k, x in enumerate(numbers.tolist())]
        self.weights = np.array(values, dtype=object).reshape(count, width)

    def __call__(self, x: Any) -> Any:  # one index, or many
        """Take the row of an index, or the rows of several: an array of Values with the width as its last axis."""
        return take(self.weights, np.asarray(x, dtype=object) if isinstance(x, (list, tuple)) else x)

    def __repr__(self) -> str:
        count, width = self.weights.shape
        return f"Embedding({counted(count, 'row')} of {width}, {self._size})"

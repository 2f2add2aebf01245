"""The outputs of a model for many samples, as floats."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograd_lite.compiler import compile as compiled
from autograd_lite.engine import Value
from autograd_lite.errors import TraceError
from autograd_lite.node import Node

from ..kinds import Array, Numbers, Signals
from ..losses.loss import is_list
from .data import numbers_of

__all__ = ["Predictor", "predict"]


FEW = 64  # samples: for so few, compiling takes longer than it saves
CHUNK = 10_000  # samples at once: enough to be fast, few enough for the memory


def predict(model: Callable[[Signals], Signals], X: Numbers, *, compile: bool = True) -> Array:  # noqa: A002, N803 - as in fit
    """The outputs of a model for many samples, as numbers.

    Parameters
    ----------
    model : callable
    X : array, shape (n, d)
        One row of inputs per sample.
    compile : bool
        Whether to run compiled array code where there are more than 64 samples.

    Returns
    -------
    float64 array, shape (n,) or (n, k)
        One output per sample, or k.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> predict(nn.MLP(2, [3, 2]), [[0.0, 0.0], [1.0, 2.0]]).shape
    (2, 2)
    """
    inputs = numbers_of(X, "X")
    return Predictor(model, compile=compile and len(inputs) > FEW)(inputs)


class Predictor:
    """The outputs of a model for many samples, as floats.

    Parameters
    ----------
    model : callable
    compile : bool
        Whether to run compiled array code.
    """

    def __init__(self, model: Callable[[Signals], Signals], *, compile: bool) -> None:  # noqa: A002 - as in fit
        self.model = model
        self._batched = compiled(model, batch=(0,)) if compile else None

    def __call__(self, inputs: Array) -> Array:
        """Compute them: shape (n,) for one output, else (n, k)."""
        if self._batched is None:
            return np.array([_numbers(self.model(row)) for row in inputs.tolist()])
        try:
            chunks = [self._batched(inputs[i : i + CHUNK]) for i in range(0, len(inputs), CHUNK)]
        except TraceError as error:
            raise TraceError(f"{error} Or compute sample by sample: predict(..., compile=False).") from error
        columns = [np.stack(c, axis=1) if isinstance(c, (list, tuple)) else c for c in chunks]
        return np.concatenate(columns)


def _numbers(output: Signals) -> Numbers:
    if isinstance(output, Node):
        return output.data if isinstance(output, Value) else output
    return [_numbers(v) for v in output] if is_list(output) else float(output)

"""The objective of training, and its gradient by all weights at once, on the rows of one batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_lite.compiler import batch_mean, compile  # noqa: A004 - the name of the design
from autograd_lite.engine import Value, gradients
from autograd_lite.errors import TraceError
from autograd_lite.namespaces import values as op
from autograd_lite.transforms import value_and_grad

from ..losses.loss import Loss
from ..losses.penalties import Penalty
from ..networks.dropout import dropouts_in
from ..networks.weights import write_weights

__all__ = ["BatchLoss", "CompiledLoss", "EagerLoss", "Objective"]

Array = npt.NDArray[np.float64]
Rows = Sequence[Array]


class Objective:
    """What one sample costs: the loss of the model's output, weighted, under the sample's dropout masks.

    Called with the parts of one row: inputs, target, then the sample's weight if there are weights, then its masks if
    signals are to be silenced.
    """

    def __init__(self, model: Any, loss: Loss, *, weighted: bool = False) -> None:
        self.model = model
        self.loss = loss
        self.weighted = weighted
        self.dropouts = dropouts_in(model)

    def __call__(self, x: Any, target: Any, *rest: Any) -> Any:
        """The cost of one sample, a Value."""
        parts = list(rest)
        weight = parts.pop(0) if self.weighted else None
        if parts:
            self._mask(parts.pop(0))
        cost = self.loss.sample(self.model(x), target)
        return cost if weight is None else weight * cost

    def _mask(self, factors: Sequence[Any]) -> None:
        start = 0
        for dropout in self.dropouts:
            dropout.mask = factors[start : start + dropout.n]
            start += dropout.n

    def draw_masks(self, rng: np.random.Generator, rows: int) -> list[Array]:
        """Draw the masks of so many samples: one array, or none without dropouts."""
        return [np.hstack([d.draw(rng, rows) for d in self.dropouts])] if self.dropouts else []

    def unmask(self) -> None:
        """Let all signals pass again."""
        for dropout in self.dropouts:
            dropout.mask = None


class BatchLoss:
    """The value and the gradient of the whole objective; subclasses say how the mean over rows is computed."""

    def __init__(self, objective: Objective, parameters: Sequence[Value], penalty: Penalty | None = None) -> None:
        self.objective = objective
        self.parameters = parameters
        self.penalty = penalty

    def value_and_gradient(self, weights: Array, rows: Rows) -> tuple[float, Array]:
        """The loss of a batch, with its penalty, and the gradient by the weights.

        Parameters
        ----------
        weights : float64 array, shape (n,)
        rows : sequence of float64 array
            The parts of each sample, equally long: inputs, targets, weights, masks.
        """
        loss, gradient = self.mean_and_gradient(weights, rows)
        total = self.objective.loss.of_mean(mean := Value(loss), len(rows[0]))
        if total is not mean:  # the root of a perfect fit has an infinite slope; what is 0 stays 0
            slope = gradients(total, mean)
            gradient = np.multiply(gradient, slope, out=np.zeros_like(gradient), where=gradient != 0.0)
            loss = total.data
        if self.penalty is not None:
            loss += self.penalty.value(weights)
            gradient = gradient + self.penalty.gradient(weights)
        return loss, gradient

    def mean_and_gradient(self, weights: Array, rows: Rows) -> tuple[float, Array]:
        """The mean of the objective over the rows, and its gradient."""
        raise NotImplementedError

    def value(self, weights: Array, rows: Rows) -> float:
        """The loss of a batch alone, without penalty."""
        raise NotImplementedError


class EagerLoss(BatchLoss):
    """Sample by sample, in the graph of Values that the user can look at."""

    def mean_and_gradient(self, weights: Array, rows: Rows) -> tuple[float, Array]:
        """The mean of the objective over the rows, and its gradient."""
        mean = op.mean(self._costs(weights, rows))
        return mean.data, np.array(gradients(mean, self.parameters))

    def value(self, weights: Array, rows: Rows) -> float:
        """The loss of a batch alone, without penalty."""
        costs = [cost.data for cost in self._costs(weights, rows)]
        return float(self.objective.loss.of_mean(op.mean(costs), len(costs)))

    def _costs(self, weights: Array, rows: Rows) -> list[Any]:
        write_weights(self.parameters, weights)
        return [self.objective(*row) for row in zip(*[part.tolist() for part in rows], strict=True)]


class CompiledLoss(BatchLoss):
    """All samples at once, in array code made from the same scalar code; nothing is done per sample or per weight."""

    def __init__(self, objective: Objective, parameters: Sequence[Value], penalty: Penalty | None = None) -> None:
        super().__init__(objective, parameters, penalty)
        self._gradient: dict[int, Callable[..., Array]] = {}  # by the number of parts that a row has
        self._value: dict[int, Callable[..., Array]] = {}

    def mean_and_gradient(self, weights: Array, rows: Rows) -> tuple[float, Array]:
        """The mean of the objective over the rows, and its gradient."""
        parts = len(rows)
        if parts not in self._gradient:
            self._gradient[parts] = compile(value_and_grad(self._mean(parts), wrt=self.parameters)).step(
                self.parameters
            )
        try:
            flat = self._gradient[parts](weights, *rows)
        except TraceError as error:
            raise TraceError(f"{error} Or train in the graph of Values: fit(..., compile=False).") from error
        return float(flat[0]), flat[1:]

    def value(self, weights: Array, rows: Rows) -> float:
        """The loss of a batch alone, without penalty."""
        parts = len(rows)
        if parts not in self._value:
            self._value[parts] = compile(self._mean(parts)).step(self.parameters)
        mean = float(self._value[parts](weights, *rows)[0])
        return float(self.objective.loss.of_mean(mean, len(rows[0])))

    def _mean(self, parts: int) -> Callable[..., Any]:
        return batch_mean(self.objective, batch=tuple(range(parts)))

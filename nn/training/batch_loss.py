"""The loss of a batch and its gradient with respect to the flat weights."""

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
Parts = Sequence[Array]


class Objective:
    """The loss of one sample: weighted, with the sample's dropout masks.

    Called with the parts of one sample: inputs, target, its weight if samples are weighted, and its masks if there are
    dropouts and it is training.
    """

    def __init__(self, model: Any, loss: Loss, *, weighted: bool = False) -> None:
        self.model = model
        self.loss = loss
        self.weighted = weighted
        self.dropouts = dropouts_in(model)

    def __call__(self, x: Any, target: Any, *rest: Any) -> Any:
        """The loss of one sample, a Value."""
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

    def draw_masks(self, rng: np.random.Generator, samples: int) -> list[Array]:
        """Draw one mask per sample: one array, or none without dropouts."""
        return [np.hstack([d.draw(rng, samples) for d in self.dropouts])] if self.dropouts else []

    def unmask(self) -> None:
        """Remove the masks."""
        for dropout in self.dropouts:
            dropout.mask = None


class BatchLoss:
    """The loss of a batch, with its penalty; subclasses compute the mean over samples."""

    def __init__(self, objective: Objective, parameters: Sequence[Value], penalty: Penalty | None = None) -> None:
        self.objective = objective
        self.parameters = parameters
        self.penalty = penalty

    def value_and_gradient(self, weights: Array, parts: Parts) -> tuple[float, Array]:
        """The loss of a batch, with its penalty, and its gradient with respect to the weights.

        Parameters
        ----------
        weights : float64 array, shape (n,)
        parts : sequence of float64 array
            Inputs, targets, weights, masks, each with a sample axis.
        """
        loss, gradient = self.mean_and_gradient(weights, parts)
        total = self.objective.loss.of_mean(mean := Value(loss), len(parts[0]))
        if total is not mean:  # the root of a perfect fit has an infinite slope; 0 stays 0
            slope = gradients(total, mean)
            gradient = np.multiply(gradient, slope, out=np.zeros_like(gradient), where=gradient != 0.0)
            loss = total.data
        if self.penalty is not None:
            loss += self.penalty.value(weights)
            gradient = gradient + self.penalty.gradient(weights)
        return loss, gradient

    def mean_and_gradient(self, weights: Array, parts: Parts) -> tuple[float, Array]:
        """The mean of the objective over the samples, and its gradient."""
        raise NotImplementedError

    def value(self, weights: Array, parts: Parts) -> float:
        """The loss of a batch alone, without penalty."""
        raise NotImplementedError


class EagerLoss(BatchLoss):
    """Sample by sample, in the graph of Values."""

    def mean_and_gradient(self, weights: Array, parts: Parts) -> tuple[float, Array]:
        """The mean of the objective over the samples, and its gradient."""
        mean = op.mean(self._costs(weights, parts))
        return mean.data, np.array(gradients(mean, self.parameters))

    def value(self, weights: Array, parts: Parts) -> float:
        """The loss of a batch alone, without penalty."""
        costs = [cost.data for cost in self._costs(weights, parts)]
        return float(self.objective.loss.of_mean(op.mean(costs), len(costs)))

    def _costs(self, weights: Array, parts: Parts) -> list[Any]:
        write_weights(self.parameters, weights)
        return [self.objective(*sample) for sample in zip(*[part.tolist() for part in parts], strict=True)]


class CompiledLoss(BatchLoss):
    """All samples at once, by compiled array code; no Python loop over samples or weights."""

    def __init__(self, objective: Objective, parameters: Sequence[Value], penalty: Penalty | None = None) -> None:
        super().__init__(objective, parameters, penalty)
        self._gradient: dict[int, Callable[..., Array]] = {}  # by the number of parts
        self._value: dict[int, Callable[..., Array]] = {}

    def mean_and_gradient(self, weights: Array, parts: Parts) -> tuple[float, Array]:
        """The mean of the objective over the samples, and its gradient."""
        n = len(parts)
        if n not in self._gradient:
            self._gradient[n] = compile(value_and_grad(self._mean(n), wrt=self.parameters)).step(self.parameters)
        try:
            flat = self._gradient[n](weights, *parts)
        except TraceError as error:
            raise TraceError(f"{error} Or train in the graph of Values: fit(..., compile=False).") from error
        return float(flat[0]), flat[1:]

    def value(self, weights: Array, parts: Parts) -> float:
        """The loss of a batch alone, without penalty."""
        n = len(parts)
        if n not in self._value:
            self._value[n] = compile(self._mean(n)).step(self.parameters)
        mean = float(self._value[n](weights, *parts)[0])
        return float(self.objective.loss.of_mean(mean, len(parts[0])))

    def _mean(self, n: int) -> Callable[..., Any]:
        return batch_mean(self.objective, batch=tuple(range(n)))

"""The loss of a batch and its gradient with respect to the flat weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from autograd_lite.compiler import batch_mean, compile  # noqa: A004 - the name of the design
from autograd_lite.compiler.api import CompiledFunction
from autograd_lite.compiler.backends.native.calls import NativeCall
from autograd_lite.engine import Value, gradients
from autograd_lite.errors import TraceError
from autograd_lite.namespaces import values as op
from autograd_lite.transforms import value_and_grad

from ..kinds import Array, Scalar, Signals
from ..losses.loss import Loss
from ..losses.penalties import Penalty
from ..networks.dropout import dropouts_in
from ..networks.weights import Model, write_weights

__all__ = ["BatchLoss", "CompiledLoss", "EagerLoss", "Objective"]

Parts = Sequence[Array]


class Objective:
    """The loss of one sample: weighted, with the sample's dropout masks.

    Called with the parts of one sample: inputs, target, its weight if samples are weighted, and its masks if there are
    dropouts and it is training.
    """

    def __init__(self, model: Model, loss: Loss, *, weighted: bool = False) -> None:
        self.model = model
        self.loss = loss
        self.weighted = weighted
        self.dropouts = dropouts_in(model)

    def __call__(self, x: Signals, target: Signals, *rest: Signals) -> Scalar:
        """The loss of one sample, a Value."""
        parts = list(rest)
        weight = parts.pop(0) if self.weighted else None
        if parts:
            self._mask(parts.pop(0))
        cost = self.loss.sample(self.model(x), target)
        return cost if weight is None else weight * cost

    def _mask(self, factors: Sequence[Scalar]) -> None:
        start = 0
        for dropout in self.dropouts:
            dropout.mask = factors[start : start + dropout.n]
            start += dropout.n

    def draw_masks(self, rng: np.random.Generator, samples: int) -> list[Array]:
        """Draw one mask per sample: one array, or none without dropouts."""
        return [np.hstack([d.draw(rng, samples) for d in self.dropouts])] if self.dropouts else []

    @property
    def mask_size(self) -> int:
        """How many numbers the masks of one sample have."""
        return sum(dropout.n for dropout in self.dropouts)

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

    def value(self, weights: Array, parts: Parts) -> float:
        """The loss of a batch alone, without penalty."""
        return float(self.objective.loss.of_mean(self.mean(weights, parts), len(parts[0])))

    def mean(self, weights: Array, parts: Parts) -> float:
        """The mean of the objective over the samples."""
        raise NotImplementedError

    def mean_and_gradient(self, weights: Array, parts: Parts) -> tuple[float, Array]:
        """The same with its gradient."""
        raise NotImplementedError


class EagerLoss(BatchLoss):
    """Sample by sample, in the graph of Values."""

    def mean(self, weights: Array, parts: Parts) -> float:
        """The mean of the objective over the samples."""
        return float(self._graph(weights, parts).data)

    def mean_and_gradient(self, weights: Array, parts: Parts) -> tuple[float, Array]:
        """The same with its gradient."""
        mean = self._graph(weights, parts)
        return mean.data, np.array(gradients(mean, self.parameters))

    def _graph(self, weights: Array, parts: Parts) -> Scalar:
        write_weights(self.parameters, weights)
        samples = zip(*[part.tolist() for part in parts], strict=True)
        return op.mean([self.objective(*sample) for sample in samples])


class CompiledLoss(BatchLoss):
    """All samples at once, by compiled array code; no Python loop over samples or weights."""

    def __init__(self, objective: Objective, parameters: Sequence[Value], penalty: Penalty | None = None) -> None:
        super().__init__(objective, parameters, penalty)
        self._programs: dict[tuple[bool, int], Callable[..., Array]] = {}
        self._compiled: dict[tuple[bool, int], CompiledFunction] = {}

    def mean(self, weights: Array, parts: Parts) -> float:
        """The mean of the objective over the samples."""
        return float(self._program(len(parts), slope=False)(weights, *parts)[0])

    def mean_and_gradient(self, weights: Array, parts: Parts) -> tuple[float, Array]:
        """The same with its gradient."""
        try:
            flat = self._program(len(parts), slope=True)(weights, *parts)
        except TraceError as error:
            raise TraceError(f"{error} Or train in the graph of Values: fit(..., compile=False).") from error
        return float(flat[0]), flat[1:]

    def _program(self, parts: int, *, slope: bool) -> Callable[..., Array]:
        """The program for samples of so many parts as Python calls it, made once."""
        if (slope, parts) not in self._programs:
            self._programs[slope, parts] = self._function(parts, slope=slope).step(self.parameters)
        return self._programs[slope, parts]

    def _function(self, parts: int, *, slope: bool) -> CompiledFunction:
        if (slope, parts) not in self._compiled:
            mean = batch_mean(self.objective, batch=tuple(range(parts)))
            self._compiled[slope, parts] = compile(value_and_grad(mean, wrt=self.parameters) if slope else mean)
        return self._compiled[slope, parts]

    def native_step(self, parts: Parts) -> NativeCall | None:
        """The machine code behind `mean_and_gradient`, if loss and gradient are what it gives, but for a penalty."""
        loss = self.objective.loss
        if loss.summed or loss.rooted or type(loss).of_mean is not Loss.of_mean:
            return None
        parts = [part[:1] for part in parts]  # of one sample: the program is the same
        parts += self.objective.draw_masks(np.random.default_rng(0), 1)
        return self._function(len(parts), slope=True).native_step(self.parameters, *parts)

"""Solvers: how training goes from state to state, and what they see of it.

Whatever is random in an epoch comes from a generator made of the seed and the number of the epoch, so a state needs no
generator, and a resumed run is the straight run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ..kinds import Array
from ..optimizers.optimizer import Memory, Optimizer
from .history import History

__all__ = ["Batch", "GradientSteps", "Problem", "Solver", "TrainState"]

Indices = slice | npt.NDArray[np.intp]


class TrainState(NamedTuple):
    """Training between two steps, in one piece: Ctrl-C finds all of a step, or nothing of it.

    Attributes
    ----------
    weights : float64 array, shape (n,)
    memory, optimizer_steps
        The state of the optimizer.
    epoch : int
        Number of the epoch, from 1; the next one between two epochs.
    steps : int
        Steps of it that were taken.
    loss : float
        What they add to the loss of the epoch.
    """

    weights: Array
    memory: Memory
    optimizer_steps: int
    epoch: int
    steps: int = 0
    loss: float = 0.0


class Batch(NamedTuple):
    """Samples of one step: their indices in the data, and their parts (inputs, targets, weights, masks)."""

    indices: Indices
    parts: list[Array]


class Problem(Protocol):
    """What a solver sees of training: `Training`."""

    optimizer: Optimizer
    history: History
    epochs: int
    state: TrainState
    stop_reason: str

    @property
    def is_over(self) -> bool:
        """Whether all epochs are done, or a callback has stopped training."""
        ...

    def begin_epoch(self) -> None:
        """Tell the callbacks; they may set the learning rate."""

    def take_steps(self) -> Array | None:
        """Take the steps of the epoch by machine code, as many as it can; the gradient of the last one, if any."""
        ...

    def batches(self) -> Iterator[Batch]:
        """The batches of the epoch that are left."""
        ...

    def evaluate(self, weights: Array, batch: Batch) -> tuple[float, Array]:
        """The loss of a batch and its gradient, as they are."""
        ...

    def require_finite(self, loss: float, gradient: Array, batch: Batch) -> None:
        """Raise `NonFiniteError`, which names the sample and the op, unless both are finite."""

    def advance(self, weights: Array, loss: float, batch: Batch) -> None:
        """Enter the state after a step; the loss is that of the batch before it."""

    def end_epoch(self, *, loss: float, gradient_norm: float, lr: float) -> None:
        """Note the epoch in the history, and tell the callbacks."""


class Solver(Protocol):
    """How the loss is minimised."""

    def solve(self, problem: Problem) -> str:
        """Train until it is over; return why it ended."""
        ...


class GradientSteps:
    """One step of the optimizer for each batch."""

    def solve(self, problem: Problem) -> str:
        """Train epoch by epoch."""
        while not problem.is_over:
            problem.begin_epoch()
            lr = problem.optimizer.lr
            with np.errstate(all="ignore"):  # what is not finite is an error, not a warning
                norm = self._epoch(problem)
            problem.end_epoch(loss=problem.state.loss, gradient_norm=norm, lr=lr)
        return problem.stop_reason or "all epochs"

    def _epoch(self, problem: Problem) -> float:
        """Take all steps of an epoch; the length of the last gradient."""
        optimizer, taken = problem.optimizer, problem.take_steps()
        gradient = np.zeros(1) if taken is None else taken
        for batch in problem.batches():
            weights = problem.state.weights
            loss, gradient = problem.evaluate(weights, batch)
            problem.require_finite(loss, gradient, batch)
            problem.advance(optimizer.update(weights, gradient), loss, batch)
        return math.sqrt(np.square(gradient).sum())  # BLAS may add in an order that follows where the numbers lie

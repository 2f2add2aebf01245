"""How the estimators train: `Training` with scikit-learn's ways of stopping, on programs that fits share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_lite.namespaces import values as op

from ..losses.loss import Loss
from ..losses.penalties import Penalty
from ..networks.layers import MLP
from ..optimizers.optimizer import Optimizer
from ..training.history import History
from ..training.loop import Training
from .programs import Architecture, SharedSteps, programs_of

__all__ = ["SCORE", "NetworkTraining", "Plateau", "Ridge", "Schedules", "added_up"]

Array = npt.NDArray[np.float64]

SCORE = "validation score"  # its name in the history
SMALLEST_RATE = 1e-6  # below this an adaptive learning rate gives up


@dataclass(frozen=True, eq=False)
class Ridge(Penalty):
    r"""Sum of the squares of the weights, but not of the biases: :math:`\lambda \sum w^2`.

    Attributes
    ----------
    is_weight : float64 array
        1 for what counts, 0 for what does not.
    """

    is_weight: Array

    def value(self, weights: Array) -> float:
        """The penalty of an array of weights."""
        with np.errstate(over="ignore"):  # training stops where the loss is infinite
            return self.strength * float(weights @ (weights * self.is_weight))

    def gradient(self, weights: Array) -> Array:
        """Its slope by each weight."""
        return (2.0 * self.strength) * (weights * self.is_weight)


@dataclass(frozen=True)
class Schedules:
    r"""How the learning rate of plain gradient descent changes.

    Attributes
    ----------
    kind : str
        "constant"; "invscaling", :math:`\eta_t = \eta / (t + 1)^p` with t samples seen; or "adaptive", a fifth of it
        at each plateau.
    start : float
        The rate :math:`\eta` of the first epoch.
    power : float
        The exponent p.
    """

    kind: str
    start: float
    power: float

    def after_epoch(self, training: Training) -> None:
        """Set the rate of the next epoch."""
        if self.kind == "invscaling":
            samples = training.size * training.history.epochs
            training.optimizer.lr = self.start / (samples + 1) ** self.power

    def is_final(self, training: Training) -> bool:
        """Whether a plateau is the end; an adaptive rate goes on with a smaller one."""
        if self.kind != "adaptive" or training.optimizer.lr <= SMALLEST_RATE:
            return True
        training.optimizer.lr /= 5.0
        return False


@dataclass
class Plateau:
    """Notes the score of held-out samples, and sees when training gains no more.

    Attributes
    ----------
    tol : float
        By how much the loss must fall, or the score rise, to count as a gain.
    patience : float
        More epochs than this without a gain are the end.
    schedule : Schedules
    score : callable, optional
        The score of weights on held-out samples; without it, the loss of training counts.
    """

    tol: float
    patience: float
    schedule: Schedules
    score: Callable[[Array], float] | None = None
    best: float = -np.inf
    best_weights: Array | None = None
    waited: int = field(default=0, init=False)

    def after_epoch(self, training: Training, weights: Array) -> None:
        """Look at the epoch that has ended."""
        history = training.history
        merit = -history.loss[-1] if self.score is None else self.score(weights)
        if self.score is not None:
            history.metrics.setdefault(SCORE, []).append(merit)
        self.waited = 0 if merit >= self.best + self.tol else self.waited + 1
        if merit > self.best:
            self.best = merit
            self.best_weights = weights if self.score is not None else None
        self.schedule.after_epoch(training)
        if self.waited > self.patience:
            self.waited = 0
            if self.schedule.is_final(training):
                what = "loss" if self.score is None else SCORE
                training.stop(f"no gain of {self.tol:g} in the {what} for {self.patience} epochs")


class NetworkTraining(Training):
    """A running fit of an estimator's network.

    Parameters
    ----------
    network : MLP
    optimizer, history, epochs
        As in `Training`.
    plateau : Plateau
        Looks at each epoch without being a callback, so that weights need not be written into Values for it.
    """

    def __init__(self, network: MLP, optimizer: Optimizer, history: History, epochs: int, plateau: Plateau) -> None:
        super().__init__(network, optimizer, history, epochs)
        self.plateau = plateau

    def use_shared(self, architecture: Architecture, loss: Loss, ridge: Ridge, *, weighted: bool) -> None:
        """Say what to minimise; the program is shared."""
        self.use(loss, weighted=weighted, penalty=ridge)
        twin = programs_of(architecture, loss, weighted=weighted).steps
        self.steps = SharedSteps(self.steps.objective, self.parameters, ridge, twin)

    def _note(self, loss: float, norm: float, lr: float, began: float) -> None:
        super()._note(loss, norm, lr, began)
        self.plateau.after_epoch(self, self.weights)


def added_up(loss: Loss) -> Loss:
    """The loss of one output for several: their sum, where the loss itself takes the mean."""

    def total(outputs: Any, targets: Any) -> Any:
        return op.fsum([loss.rule(o, t) for o, t in zip(outputs, targets, strict=True)])

    return Loss(total, whole=True)

"""Scikit-learn's rules for stopping and for the learning rate, as callbacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..kinds import Array
from ..training.loop import Callback, Training

__all__ = ["SCORE", "InverseScaling", "Plateau"]


SCORE = "validation score"  # its name in the history
SMALLEST_RATE = 1e-6  # at most this, an adaptive learning rate is not cut again


@dataclass
class InverseScaling(Callback):
    r"""Set the learning rate to :math:`\eta / (t + 1)^p` after t samples."""

    lr: float
    power: float

    reads_model = False

    def after_epoch(self, training: Training) -> None:
        """Set the rate of the next epoch."""
        training.optimizer.lr = self.lr / (training.size * training.epoch + 1) ** self.power


@dataclass
class Plateau(Callback):
    """Note the score of held-out samples, and stop when training gains no more.

    Attributes
    ----------
    tol : float
        By how much the loss must fall, or the score rise, to count as a gain.
    patience : float
        More epochs than this without a gain are a plateau.
    adaptive : bool
        Whether the learning rate is first cut to a fifth at each plateau.
    score : callable, optional
        The score of weights on held-out samples; without it, the loss of training counts.
    """

    tol: float
    patience: float
    adaptive: bool = False
    score: Callable[[Array], float] | None = None
    best: float = -np.inf
    best_weights: Array | None = None
    waited: int = field(default=0, init=False)

    reads_model = False

    def after_epoch(self, training: Training) -> None:
        """Look at the epoch that has ended."""
        history = training.history
        merit = -history.loss[-1] if self.score is None else self.score(training.weights)
        if self.score is not None:
            history.metrics.setdefault(SCORE, []).append(merit)
        self.waited = 0 if merit >= self.best + self.tol else self.waited + 1
        if merit > self.best:
            self.best = merit
            self.best_weights = training.weights if self.score is not None else None
        if self.waited > self.patience:
            self.waited = 0
            self._end(training)

    def _end(self, training: Training) -> None:
        if self.adaptive and training.optimizer.lr > SMALLEST_RATE:
            training.optimizer.lr /= 5.0
        else:
            what = "loss" if self.score is None else SCORE
            training.stop(f"no gain of {self.tol:g} in the {what} for {self.patience} epochs")

"""Numbers of a training run, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograd_lite.text import counted, plain

from ..kinds import Json

__all__ = ["History", "Unfinished"]


@dataclass
class Unfinished:
    """Steps taken in an epoch that was broken off.

    Attributes
    ----------
    steps : int
        Number of steps taken.
    batch, samples : int
        Number of samples in a step, and in the epoch.
    loss : float
        Their part of the epoch's loss.
    seconds : float
        Their wall-clock time.
    """

    steps: int
    batch: int
    samples: int
    loss: float
    seconds: float


@dataclass
class History:
    """The numbers of a training run, one per epoch.

    Attributes
    ----------
    loss : list of float
        Mean over the epoch's steps, each taken before its update; a sum over the epoch where the loss is a sum. With
        the penalty, if there is one.
    validation_loss : list of float
        After the epoch, without penalty; empty if there are no validation data.
    metrics : dict of str to list of float
        After the epoch, on the validation data if there are any, else on the training data.
    gradient_norm : list of float
        Euclidean norm of the gradient of the epoch's last step.
    lr : list of float
        Learning rate in the epoch.
    seconds : list of float
        Wall-clock time of the epoch.
    seed : int
        Seed of the shuffling and dropout of every epoch.
    stopped : str
        Why training ended: "all epochs", "interrupted", or a callback's reason.
    unfinished : Unfinished or None
        The epoch in which training was broken off, if some of its steps were taken.

    Examples
    --------
    >>> History(loss=[0.9, 0.4], stopped="all epochs")
    History(2 epochs, loss 0.9 → 0.4, all epochs)
    """

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    gradient_norm: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    seed: int = 0
    stopped: str = ""
    unfinished: Unfinished | None = None

    @property
    def epochs(self) -> int:
        """How many epochs were finished."""
        return len(self.loss)

    @property
    def watched(self) -> list[float]:
        """The loss by which a run is judged: of the validation data if there are any, else of training."""
        return self.validation_loss or self.loss

    @property
    def diverged(self) -> bool:
        """Whether the loss ended more than ten times as large as it began, rounding apart."""
        return bool(self.loss) and self.loss[-1] > max(10.0 * abs(self.loss[0]), 1e-9)

    def curves(self) -> dict[str, list[float]]:
        """The series for a plot: losses and metrics, without empty ones."""
        named = {"loss": self.loss, "validation loss": self.validation_loss, **self.metrics}
        return {name: numbers for name, numbers in named.items() if numbers}

    def trim(self) -> None:
        """Drop the numbers of an epoch that was not finished."""
        for numbers in (self.validation_loss, self.gradient_norm, self.lr, self.seconds, *self.metrics.values()):
            del numbers[self.epochs :]

    def as_dict(self) -> Json:
        """Everything as lists, numbers and text, for a file or a table."""
        return {**vars(self), "metrics": dict(self.metrics)}

    def __str__(self) -> str:
        path = f", loss {self.loss[0]:.4g} → {self.loss[-1]:.4g}" if self.loss else ""
        stopped = f", {plain(self.stopped)}" if self.stopped else ""
        more = f" and {counted(self.unfinished.steps, 'step')}" if self.unfinished else ""
        advice = "; training diverged: try a smaller learning rate, or scale X" if self.diverged else ""
        return f"{counted(self.epochs, 'epoch')}{more}{path}{stopped}{advice}"

    def __repr__(self) -> str:
        return f"History({self})"

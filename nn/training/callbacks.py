"""Callbacks between epochs: show progress, stop, change the learning rate, record weights.

A callback is an object with any of the four methods of `Callback`, or simply a function, which is called after each
epoch. It sees the run as a `Training`: its model, optimizer, history, and ``stop(reason)``.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from autograd_lite.errors import DomainError, OperandError
from autograd_lite.text import shown

from ..networks.weights import read_weights, write_weights
from ..optimizers.schedules import Rate
from .loop import Callback, Training

__all__ = ["Callback", "Progress", "Record", "ReduceOnPlateau", "Schedule", "StopWhen", "callbacks_of"]


@dataclass(eq=False)
class _Function(Callback):
    """A plain function, called after each epoch."""

    function: Callable[[Training], object]

    def after_epoch(self, training: Training) -> None:
        """Call it."""
        self.function(training)


def callbacks_of(things: object) -> list[Callback]:
    """The given callbacks as a list; functions are wrapped.

    Raises
    ------
    OperandError
        If one is neither a callback nor a function.
    """
    if isinstance(things, Callback) or callable(things) or not isinstance(things, Iterable):
        return [_as_callback(things)]
    return [_as_callback(thing) for thing in things]


def _as_callback(thing: object) -> Callback:
    if isinstance(thing, Callback):
        return thing
    if callable(thing) and not isinstance(thing, type):
        return _Function(thing)
    raise OperandError(f"{shown(thing)} is not a callback; give an nn.Callback, such as nn.Progress(), or a function.")


LOST = (OSError, ValueError)  # of a stream that is full, and of one that is closed


class Progress(Callback):
    """Show epochs and losses: a bar on a terminal and in a notebook, about ten lines elsewhere.

    What cannot be shown, because the stream is closed or full, is left out; training goes on.

    The bar is drawn by tqdm (the extra ``progress``), in a notebook with ipywidgets; without them there are lines.

    Parameters
    ----------
    file : text file, optional
        Where to write; standard error unless given, in a notebook standard output.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> model = nn.Neuron(1, "linear", seed=0)
    >>> line = [[0.0], [1.0]], [1.0, 3.0]
    >>> history = nn.fit(model, *line, loss="mean_squared_error", optimizer=nn.SGD(0.5), epochs=20,
    ...                  callbacks=[Progress(sys.stdout)])  # doctest: +ELLIPSIS
    epoch  2/20  loss ...
    epoch 20/20  loss ...
    """

    reads_model = False

    def __init__(self, file: TextIO | None = None) -> None:
        self.file = file
        self._bar: Any = None  # tqdm has no types

    @property
    def _stream(self) -> TextIO | None:
        return self.file or (sys.stdout if _in_notebook() else sys.stderr)

    def start(self, training: Training) -> None:
        """Open the bar, if this is a terminal or a notebook, and tqdm is there."""
        file = self._stream
        with suppress(ImportError, *LOST):
            if self.file is None and _in_notebook():
                import_module("ipywidgets")  # which draws tqdm's bar
                from tqdm.notebook import tqdm as widget  # noqa: PLC0415 - an extra

                self._bar = widget(total=training.epochs, initial=training.epoch, unit="epoch")
            elif file is not None and file.isatty():
                from tqdm import tqdm  # noqa: PLC0415 - an extra, and needed on a terminal only

                self._bar = tqdm(total=training.epochs, initial=training.epoch, unit="epoch", file=file)

    def after_epoch(self, training: Training) -> None:
        """Move the bar, or write a line."""
        with suppress(*LOST):
            self._show(training)

    def _show(self, training: Training) -> None:
        scores = _scores(training)
        if self._bar is not None:
            self._bar.set_postfix_str(scores, refresh=False)
            self._bar.update(1)
        elif training.epoch % max(1, math.ceil(training.epochs / 10)) == 0 or training.epoch == training.epochs:
            width = len(str(training.epochs))
            line = f"epoch {training.epoch:{width}d}/{training.epochs}  {scores}"
            if self._stream is not None:
                print(line, file=self._stream, flush=True)

    def finish(self, training: Training) -> None:  # noqa: ARG002 - every callback gets it
        """Close the bar."""
        if self._bar is not None:
            with suppress(*LOST):
                self._bar.close()
            self._bar = None


def _in_notebook() -> bool:
    """Whether this is a notebook's kernel, which shows standard error as a warning."""
    return type(sys.stderr).__module__.startswith("ipykernel")


def _scores(training: Training) -> str:
    history = training.history
    parts = {"loss": history.loss, "validation": history.validation_loss, **history.metrics}
    return "  ".join(f"{name} {numbers[-1]:.4g}" for name, numbers in parts.items() if numbers)


@dataclass(eq=False, kw_only=True)
class StopWhen(Callback):
    """Stop when a condition is met; with patience, when the loss no longer falls.

    The loss is that on the validation data if there are any, else that of training.

    Parameters
    ----------
    loss : float, optional
        Stop when the loss is at most this.
    gradient_norm : float, optional
        Stop when the gradient is at most this long: near a minimum (or anywhere flat).
    patience : int, optional
        Stop when the loss has not fallen below its best for so many epochs.
    least_gain : float
        Smallest fall that counts.
    keep_best : bool
        Whether to put back the weights of the epoch with the smallest loss at the end; of the epochs of this run, not
        of one that it resumes.

    Raises
    ------
    DomainError
        If no condition is given, or the patience is less than 1.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> history = nn.fit(nn.Neuron(1, "linear"), [[0.0], [1.0]], [1.0, 3.0], loss="mean_squared_error",
    ...                  optimizer=nn.SGD(0.5), epochs=1000, callbacks=[StopWhen(loss=1e-6)])
    >>> history.stopped
    'loss at most 1e-06'
    """

    loss: float | None = None
    gradient_norm: float | None = None
    patience: int | None = None
    least_gain: float = 0.0
    keep_best: bool = False
    _best: tuple[float, npt.NDArray[np.float64]] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.loss is None and self.gradient_norm is None and self.patience is None:
            raise DomainError("StopWhen has no condition; give loss=, gradient_norm= or patience=.")
        if self.patience is not None and self.patience < 1:
            raise DomainError(f"patience is {self.patience}; it must be at least 1 epoch.")

    def start(self, training: Training) -> None:  # noqa: ARG002 - every callback gets it
        """Forget the best weights of an earlier run."""
        self._best = None

    def after_epoch(self, training: Training) -> None:
        """Stop if a condition is met."""
        history = training.history
        losses = history.watched
        if self.keep_best and (self._best is None or losses[-1] < self._best[0]):
            self._best = losses[-1], read_weights(training.parameters)
        if self.loss is not None and losses[-1] <= self.loss:
            training.stop(f"loss at most {self.loss:g}")
        elif self.gradient_norm is not None and history.gradient_norm[-1] <= self.gradient_norm:
            training.stop(f"gradient norm at most {self.gradient_norm:g}")
        elif self.patience is not None and _epochs_since_gain(losses, self.least_gain) >= self.patience:
            training.stop(f"no gain for {self.patience} epochs")

    def finish(self, training: Training) -> None:
        """Put the best weights back."""
        if self._best is not None:
            write_weights(training.parameters, self._best[1])


def _epochs_since_gain(losses: list[float], least_gain: float) -> int:
    best, at = math.inf, -1
    for i, loss in enumerate(losses):
        if loss < best - least_gain or at < 0:
            best, at = loss, i
    return len(losses) - 1 - at


@dataclass(eq=False)
class Schedule(Callback):
    """Set the learning rate by a schedule, before each epoch.

    Parameters
    ----------
    rate : callable
        From the epoch, counted from 1, to the learning rate; see `schedules`.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> history = nn.fit(nn.Neuron(1, "linear"), [[1.0]], [1.0], loss="mean_squared_error", epochs=3,
    ...                  callbacks=[Schedule(nn.step_decay(0.1, every=1))])
    >>> history.lr
    [0.1, 0.05, 0.025]
    """

    reads_model = False

    rate: Rate

    def before_epoch(self, training: Training) -> None:
        """Set the rate of this epoch."""
        training.optimizer.lr = float(self.rate(training.epoch))


@dataclass(eq=False, kw_only=True)
class ReduceOnPlateau(Callback):
    """Multiply the learning rate by a factor when the loss has not fallen for a while.

    It depends on the history alone, so a resumed run continues identically.

    Parameters
    ----------
    factor : float
        Multiplies the rate.
    patience : int
        Number of epochs without gain before a cut; counted anew after each cut.
    least : float
        Smallest rate.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> history = nn.fit(nn.Neuron(1, "linear"), [[1.0]], [1.0], loss="mean_squared_error", optimizer=nn.SGD(1.5),
    ...                  epochs=4, callbacks=[ReduceOnPlateau(factor=0.1, patience=1)])
    >>> history.lr[0], round(history.lr[-1], 4)
    (1.5, 0.015)
    """

    reads_model = False

    factor: float = 0.5
    patience: int = 10
    least: float = 0.0

    def before_epoch(self, training: Training) -> None:
        """Cut the rate after a plateau."""
        history = training.history
        rates = history.lr
        if not rates:
            return
        same = next((i for i, lr in enumerate(reversed(rates)) if lr != rates[-1]), len(rates))
        best_before = min(history.watched[: len(rates) - same], default=math.inf)
        since = [best_before, *history.watched[len(rates) - same :]]
        if _epochs_since_gain(since, 0.0) >= self.patience:
            training.optimizer.lr = max(rates[-1] * self.factor, self.least)


@dataclass(eq=False)
class Record(Callback):
    """Keep the weights of every so many epochs, for plots of their path.

    Parameters
    ----------
    every : int
        Distance in epochs.

    Attributes
    ----------
    epochs : list of int
        Epoch of each entry; 0 is the start.
    weights : list of float64 array, shape (n,)
        All parameters, in order.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> path = Record()
    >>> history = nn.fit(nn.Neuron(1, "linear"), [[1.0]], [1.0], loss="mean_squared_error", epochs=2, callbacks=[path])
    >>> path.epochs, len(path.weights)
    ([0, 1, 2], 3)
    """

    every: int = 1
    epochs: list[int] = field(default_factory=list, init=False, repr=False)
    weights: list[npt.NDArray[np.float64]] = field(default_factory=list, init=False, repr=False)

    def start(self, training: Training) -> None:
        """Keep the weights of the start."""
        self.epochs, self.weights = [training.epoch], [read_weights(training.parameters)]

    def after_epoch(self, training: Training) -> None:
        """Keep the weights every so many epochs."""
        if training.epoch % self.every == 0:
            self.epochs.append(training.epoch)
            self.weights.append(read_weights(training.parameters))

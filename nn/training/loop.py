"""The loop of training: epochs of gradient steps, and what stands when it is broken off.

During an epoch the weights live in one array; they are written into the model at the end of each epoch, before
callbacks, and whenever training ends, also by an error or by Ctrl-C. Whatever is random in an epoch (the order of the
samples, dropout) depends on the seed and the number of the epoch alone, so that a resumed run is the straight run.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from autograd_lite.errors import NonFiniteError, OperandError
from autograd_lite.op import shown

from ..losses.loss import Loss
from ..losses.penalties import Penalty
from ..networks.weights import parameters_of, read_weights, write_weights
from ..optimizers.optimizer import Memory, Optimizer
from .callbacks import Callback
from .history import History, Unfinished
from .nonfinite import first_nonfinite
from .objective import CompiledSteps, EagerSteps, Objective, Steps
from .prediction import Predictor

__all__ = ["Metric", "Stand", "Training"]

Array = npt.NDArray[np.float64]
Metric = Callable[[Array, Array], float]


class Stand(NamedTuple):
    """Where training stands between two steps, in one piece: Ctrl-C finds all of a step, or nothing of it.

    Attributes
    ----------
    weights : float64 array, shape (n,)
    memory, optimizer_steps
        The state of the optimizer.
    epoch : int
        Which epoch runs, from 1.
    steps : int
        How many steps of it were taken.
    loss : float
        What they add to the loss of the epoch.
    """

    weights: Array
    memory: Memory
    optimizer_steps: int
    epoch: int
    steps: int = 0
    loss: float = 0.0


class Training:
    """A running fit, as callbacks see it.

    Attributes
    ----------
    model : Model
        With the weights of the epoch's end.
    parameters : list of Value
        Its parameters, in order.
    optimizer : Optimizer
        Its ``lr`` may be changed.
    history : History
        What happened so far.
    epochs : int
        How many epochs there will be at most.
    """

    def __init__(self, model: Any, optimizer: Optimizer, history: History, epochs: int) -> None:
        self.model = model
        self.parameters = parameters_of(model)
        self.optimizer = optimizer
        self.history = history
        self.epochs = epochs
        self.batch_size: int | None = None
        self.shuffle = True
        self.callbacks: list[Callback] = []
        self.metrics: dict[str, Metric] = {}
        self.rows: list[Array] = []
        self.kept: npt.NDArray[np.intp] | None = None  # which of the rows to train on, unless all
        self.validation: list[Array] = []
        self.steps: Steps
        self.predict: Predictor
        self._began = time.perf_counter()
        self._reason = ""
        self._running = False

    @property
    def epoch(self) -> int:
        """The number of the epoch that runs or has just ended, from 1; 0 before the first."""
        return self.history.epochs + self._running

    @property
    def size(self) -> int:
        """How many samples there are to train on."""
        return len(self.rows[0] if self.kept is None else self.kept)

    @property
    def weights(self) -> Array:
        """The weights after the last step, in one array."""
        return self._stand.weights

    def use(self, loss: Loss, *, weighted: bool = False, penalty: Penalty | None = None, compile: bool = True) -> None:  # noqa: A002
        """Say what to minimise, and how it is computed."""
        if penalty is not None and not isinstance(penalty, Penalty):
            raise OperandError(f"{shown(penalty)} is no penalty; give nn.L2(strength) or nn.L1(strength).")
        objective = Objective(self.model, loss, weighted=weighted)
        self.steps = (CompiledSteps if compile else EagerSteps)(objective, self.parameters, penalty)
        self.predict = Predictor(self.model, compile=compile)

    def stop(self, reason: str) -> None:
        """End training after this epoch."""
        self._reason = reason

    def stand_at(self, weights: Array) -> None:
        """Stand between two epochs, with these weights."""
        self._stand = self._before = self._start = self._between_epochs(weights)

    def run(self) -> History:
        """Run all epochs."""
        self.history.stopped = ""
        self.stand_at(read_weights(self.parameters))
        self._go_on()
        try:
            for callback in self.callbacks:
                callback.start(self)
            while self.history.epochs < self.epochs and not self._reason:
                self._epoch()
            self.history.stopped = self._reason or "all epochs"
        except KeyboardInterrupt:
            self.history.stopped = "interrupted"
        finally:
            self.finish()
        return self.history

    # --- An epoch ----------------------------------------------------------------------------------------------------

    def _epoch(self) -> None:
        self._running = True
        for callback in self.callbacks:
            callback.before_epoch(self)
        lr, self._start = self.optimizer.lr, self._stand
        with np.errstate(all="ignore"):  # what is not finite is an error, and no warning
            norm = self._take_steps()
        if not np.isfinite(self.weights).all():  # where a loss saturates, it does not show that they overflowed
            raise self._not_finite("a step went beyond all numbers.")
        self.steps.objective.unmask()
        if self.callbacks or self.metrics:  # otherwise nobody looks at the model before the end
            write_weights(self.parameters, self.weights)
        self._note(self._stand.loss, norm, lr, self._began)
        for callback in self.callbacks:
            callback.after_epoch(self)
        weights = read_weights(self.parameters) if self.callbacks else self.weights  # they may have changed them
        self._stand = self._between_epochs(weights)
        self._began = time.perf_counter()

    def _take_steps(self) -> float:
        """Take all steps of an epoch, or those that are left of it; the length of the last gradient."""
        gradient = np.zeros_like(self.weights)
        summed = self.steps.objective.loss.summed
        for chosen, batch in islice(self._batches(), self._stand.steps, None):
            loss, gradient = self.steps.value_and_gradient(self.weights, batch)
            if not (math.isfinite(loss) and math.isfinite(gradient.sum())):
                self._give_up(loss, batch, chosen)
            self._take_step(gradient, loss if summed else loss * len(batch[0]) / self.size)
        return float(np.linalg.norm(gradient))

    def _take_step(self, gradient: Array, share: float) -> None:
        stand, optimizer = self._stand, self.optimizer
        weights = optimizer.update(stand.weights, gradient)
        self._before = stand
        self._stand = Stand(
            weights, optimizer.memory, optimizer.steps, stand.epoch, stand.steps + 1, stand.loss + share
        )

    def _between_epochs(self, weights: Array) -> Stand:
        return Stand(weights, self.optimizer.memory, self.optimizer.steps, self.history.epochs + 1)

    def _batches(self) -> Iterator[tuple[Any, list[Array]]]:
        """The places of each batch's samples in the data, and the parts of these samples."""
        rng = np.random.default_rng([self.history.seed, self.epoch])
        n, order, size = self.size, self.kept, self._batch
        if size < n and self.shuffle:
            order = rng.permutation(n if order is None else order)
        for start in range(0, n, size):
            chosen = slice(start, start + size) if order is None else order[start : start + size]
            batch = [part[chosen] for part in self.rows]
            yield chosen, batch + self.steps.objective.draw_masks(rng, len(batch[0]))

    @property
    def _batch(self) -> int:
        """How many samples a step takes."""
        return min(self.batch_size or self.size, self.size)

    def _note(self, loss: float, norm: float, lr: float, began: float) -> None:
        history = self.history
        held_out = [self.steps.value(self.weights, self.validation)] if self.validation else []
        inputs, targets = (self.validation or self.rows)[:2]
        outputs = self.predict(inputs) if self.metrics else None
        scores = {name: metric(outputs, targets) for name, metric in self.metrics.items() if outputs is not None}
        self._running = False
        history.validation_loss += held_out
        for name, score in scores.items():
            history.metrics.setdefault(name, []).append(float(score))
        history.gradient_norm.append(norm)
        history.lr.append(lr)
        history.seconds.append(time.perf_counter() - began)
        history.unfinished = None
        history.loss.append(loss)

    # --- Where it was broken off -------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Find the place in an epoch that was broken off, if its steps were of the same samples."""
        self._began = time.perf_counter()
        unfinished = self.history.unfinished
        if unfinished is None:
            return
        if (unfinished.samples, unfinished.batch) == (self.size, self._batch):
            self._stand = self._stand._replace(steps=unfinished.steps, loss=unfinished.loss)
            self._began -= unfinished.seconds
        else:
            self.history.unfinished = None

    def finish(self) -> None:
        """Make the model, the optimizer and the history agree, however training ended, and tell the callbacks."""
        try:
            self._settle()
        except KeyboardInterrupt:  # pressed again: nothing is left half-done
            self._settle()
            raise
        for callback in self.callbacks:
            callback.finish(self)
        if self.history.unfinished and not np.array_equal(read_weights(self.parameters), self.weights):
            self.history.unfinished = None  # a callback has put back older weights: no place in an epoch

    def _settle(self) -> None:
        self._running = False
        self.history.trim()
        stand = self._stand
        if stand.epoch > self.history.epochs and stand.steps * self._batch >= self.size:
            self._stand = stand = self._before  # the epoch was not noted: its last step is still to be taken
        self.optimizer.memory, self.optimizer.steps = stand.memory, stand.optimizer_steps
        self.history.unfinished = self._unfinished()
        self.steps.objective.unmask()
        write_weights(self.parameters, stand.weights)

    def _unfinished(self) -> Unfinished | None:
        stand = self._stand
        if not stand.steps or stand.epoch <= self.history.epochs:
            return None
        return Unfinished(stand.steps, self._batch, self.size, stand.loss, time.perf_counter() - self._began)

    def _give_up(self, loss: float, batch: list[Array], chosen: Any = slice(None)) -> None:
        """Say what went wrong."""
        write_weights(self.parameters, self.weights)
        objective = self.steps.objective
        advice = f" {objective.loss.advice}" if objective.loss.advice else ""
        why = first_nonfinite(objective, batch, np.arange(len(self.rows[0]))[chosen])
        raise self._not_finite(f"the loss is {loss}. {why}", advice)

    def _not_finite(self, what: str, advice: str = "") -> NonFiniteError:
        """Go back to the last sound weights, and make the error that says so."""
        last = bool(np.isfinite(self._before.weights).all())
        self._stand = self._before if last else self._start
        return NonFiniteError(
            f"Training stopped in epoch {self.epoch}: {what} The model has the weights from before the "
            f"{'last step' if last else 'epoch'}. Try a learning rate below {self.optimizer.lr:g}, clip_norm=1.0, "
            f"or scale X.{advice}"
        )

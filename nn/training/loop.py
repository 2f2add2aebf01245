"""A running fit: its data, its state, and what happens at the ends of epochs and of training.

During an epoch the weights live in one array; they are written into the model at the end of each epoch, before
callbacks, and whenever training ends, also by an error or by Ctrl-C.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import numpy.typing as npt

from autograd_lite.compiler.backends.native.steps import Taken
from autograd_lite.errors import NonFiniteError, OperandError
from autograd_lite.text import shown

from ..kinds import Array
from ..losses.loss import Loss
from ..losses.penalties import Penalty
from ..networks.weights import Model, parameters_of, read_weights, write_weights
from ..optimizers.optimizer import Optimizer
from .batch_loss import BatchLoss, CompiledLoss, EagerLoss, Objective
from .history import History, Unfinished
from .native_steps import NativeSteps
from .nonfinite import first_nonfinite
from .prediction import Predictor
from .solvers import Batch, GradientSteps, Solver, TrainState

__all__ = ["Callback", "Metric", "Training"]

Metric = Callable[[Array, Array], float]


class Callback:
    """Base of the callbacks: nothing happens.

    Attributes
    ----------
    reads_model : bool
        Whether `after_epoch` reads or changes the model's Values. Without such a callback they are written at the end
        of training only; ``training.weights`` is always up to date.
    """

    reads_model = True

    def start(self, training: Training) -> None:
        """Before the first epoch."""

    def before_epoch(self, training: Training) -> None:
        """Before each epoch; the learning rate may be set here."""

    def after_epoch(self, training: Training) -> None:
        """After each epoch: the model has its new weights, the history its new entries."""

    def finish(self, training: Training) -> None:
        """At the end, also after an error or Ctrl-C."""


@dataclass(eq=False, repr=False)
class Training:
    """A running fit, as callbacks and solvers see it.

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
    state : TrainState
        After the last step.
    """

    model: Model
    optimizer: Optimizer
    history: History
    epochs: int
    solver: Solver = field(default_factory=GradientSteps)
    batch_size: int | None = None
    shuffle: bool = True
    callbacks: list[Callback] = field(default_factory=list)
    metrics: dict[str, Metric] = field(default_factory=dict)
    data: list[Array] = field(default_factory=list)  # the parts of all samples
    kept: npt.NDArray[np.intp] | None = None  # indices of the samples to train on, unless all
    validation: list[Array] = field(default_factory=list)
    stop_reason: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self.parameters = parameters_of(self.model)
        self.batch_loss: BatchLoss
        self.native: NativeSteps | None = None
        self._is_prepared = False  # whether `native` was looked for
        self.predict: Predictor
        self.state: TrainState
        self._previous: TrainState  # before the last step
        self._epoch_start: TrainState
        self._began = 0.0
        self._running = False

    @property
    def epoch(self) -> int:
        """The number of the epoch that runs or has just ended, from 1; 0 before the first."""
        return self.history.epochs + self._running

    @property
    def size(self) -> int:
        """How many samples there are to train on."""
        return len(self.data[0] if self.kept is None else self.kept)

    @property
    def weights(self) -> Array:
        """The weights after the last step, in one array."""
        return self.state.weights

    def use(self, loss: Loss, *, weighted: bool = False, penalty: Penalty | None = None, compile: bool = True) -> None:  # noqa: A002
        """Set what to minimise, and how it is computed."""
        if penalty is not None and not isinstance(penalty, Penalty):
            raise OperandError(f"{shown(penalty)} is not a penalty; give nn.L2(strength) or nn.L1(strength).")
        objective = Objective(self.model, loss, weighted=weighted)
        self.batch_loss = (CompiledLoss if compile else EagerLoss)(objective, self.parameters, penalty)
        self.predict = Predictor(self.model, compile=compile)

    def stop(self, reason: str) -> None:
        """End training after this epoch."""
        self.stop_reason = reason

    def run(self) -> History:
        """Run all epochs."""
        self.history.stopped = ""
        self._resume()
        try:
            for callback in self.callbacks:
                callback.start(self)
            self.history.stopped = self.solver.solve(self)
        except KeyboardInterrupt:
            self.history.stopped = "interrupted"
        finally:
            self._finish()
        return self.history

    # --- For the solver ----------------------------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        """Whether all epochs are done, or a callback has stopped training."""
        return self.history.epochs >= self.epochs or bool(self.stop_reason)

    def begin_epoch(self) -> None:
        """Tell the callbacks."""
        self._running = True
        for callback in self.callbacks:
            callback.before_epoch(self)
        self._epoch_start = self.state

    def take_steps(self) -> Array | None:
        """Take the steps of the epoch by machine code, as many as it can; the gradient of the last one, if any."""
        if self._is_prepared and self.native and not self.native.fits(self):
            self._is_prepared = False
        if not self._is_prepared:
            self.native, self._is_prepared = NativeSteps.of(self), True
        return self.native.take(self) if self.native else None

    def batches(self) -> Iterator[Batch]:
        """The batches of the epoch that are left."""
        if self.state.steps * self.batch >= self.size:
            return iter(())
        return islice(self._all_batches(), self.state.steps, None)

    def evaluate(self, weights: Array, batch: Batch) -> tuple[float, Array]:
        """The loss of a batch, with its penalty, and its gradient."""
        return self.batch_loss.value_and_gradient(weights, batch.parts)

    def require_finite(self, loss: float, gradient: Array, batch: Batch) -> None:
        """Raise `NonFiniteError`, which names the sample and the op, unless both are finite."""
        if math.isfinite(loss) and math.isfinite(gradient.sum()):
            return
        write_weights(self.parameters, self.weights)
        objective = self.batch_loss.objective
        advice = f" {objective.loss.advice}" if objective.loss.advice else ""
        why = first_nonfinite(objective, batch.parts, np.arange(len(self.data[0]))[batch.indices])
        raise self._not_finite(f"the loss is {loss}. {why}", advice)

    def advance(self, weights: Array, loss: float, batch: Batch) -> None:
        """Enter the state after a step."""
        state, optimizer, n = self.state, self.optimizer, len(batch.parts[0])
        total = state.loss + (loss if self.batch_loss.objective.loss.summed else loss * n / self.size)
        self._previous = state
        self.state = TrainState(weights, optimizer.memory, optimizer.steps, state.epoch, state.steps + 1, total)

    def advance_by(self, taken: Taken) -> None:
        """Enter the state after several steps."""
        optimizer, start = self.optimizer, self.state

        def after(count: int, arrays: list[Array], loss: float) -> TrainState:
            memory = dict(zip(optimizer.remembers, arrays[1:], strict=True))
            done = start.optimizer_steps + count
            return TrainState(arrays[0], memory, done, start.epoch, start.steps + count, loss)

        before = start if taken.steps == 1 else after(taken.steps - 1, taken.before, taken.loss_before)
        state = after(taken.steps, taken.state, taken.loss)
        optimizer.memory, optimizer.steps = state.memory, state.optimizer_steps
        self._previous = before
        self.state = state

    def end_epoch(self, *, loss: float, gradient_norm: float, lr: float) -> None:
        """Note the epoch in the history, and tell the callbacks."""
        if not np.isfinite(self.weights).all():  # where a loss saturates, it does not show that they overflowed
            raise self._not_finite("the weights overflowed in a step.")
        self.batch_loss.objective.unmask()
        is_read = any(callback.reads_model for callback in self.callbacks)
        if is_read or self.metrics:
            write_weights(self.parameters, self.weights)
        self._note(loss, gradient_norm, lr)
        for callback in self.callbacks:
            callback.after_epoch(self)
        self.state = self._boundary(read_weights(self.parameters) if is_read else self.weights)
        self._began = time.perf_counter()

    # --- An epoch ----------------------------------------------------------------------------------------------------

    def _boundary(self, weights: Array) -> TrainState:
        """The state between two epochs."""
        return TrainState(weights, self.optimizer.memory, self.optimizer.steps, self.history.epochs + 1)

    def _all_batches(self) -> Iterator[Batch]:
        rng = np.random.default_rng([self.history.seed, self.epoch])
        n, order, size = self.size, self.order(rng), self.batch
        for start in range(0, n, size):
            chosen = slice(start, start + size) if order is None else order[start : start + size]
            parts = [part[chosen] for part in self.data]
            yield Batch(chosen, parts + self.batch_loss.objective.draw_masks(rng, len(parts[0])))

    def order(self, rng: np.random.Generator) -> npt.NDArray[np.intp] | None:
        """The indices of the samples in an epoch, drawn before anything else; None if they stay in order."""
        if self.batch < self.size and self.shuffle:
            return rng.permutation(self.size if self.kept is None else self.kept)
        return self.kept

    @property
    def batch(self) -> int:
        """How many samples a step takes."""
        return min(self.batch_size or self.size, self.size)

    def _note(self, loss: float, norm: float, lr: float) -> None:
        history = self.history
        held_out = [self.batch_loss.value(self.weights, self.validation)] if self.validation else []
        inputs, targets = (self.validation or self.data)[:2]
        outputs = self.predict(inputs) if self.metrics else None
        scores = {name: metric(outputs, targets) for name, metric in self.metrics.items() if outputs is not None}
        self._running = False
        history.validation_loss += held_out
        for name, score in scores.items():
            history.metrics.setdefault(name, []).append(float(score))
        history.gradient_norm.append(norm)
        history.lr.append(lr)
        history.seconds.append(time.perf_counter() - self._began)
        history.unfinished = None
        history.loss.append(loss)

    # --- The ends of training ----------------------------------------------------------------------------------------

    def _resume(self) -> None:
        """Start from the model's weights, within an epoch if one was broken off on the same batches."""
        self._began = time.perf_counter()
        self._is_prepared = self.native is not None
        self.state = self._previous = self._epoch_start = self._boundary(read_weights(self.parameters))
        unfinished = self.history.unfinished
        if unfinished is None:
            return
        if (unfinished.samples, unfinished.batch) == (self.size, self.batch):
            self.state = self.state._replace(steps=unfinished.steps, loss=unfinished.loss)
            self._began -= unfinished.seconds
        else:
            self.history.unfinished = None

    def _finish(self) -> None:
        """Make the model, the optimizer and the history agree, however training ended, and tell the callbacks."""
        try:
            self._settle()
        except KeyboardInterrupt:  # pressed again: nothing is left half-done
            self._settle()
            raise
        for callback in self.callbacks:
            callback.finish(self)
        if self.history.unfinished and not np.array_equal(read_weights(self.parameters), self.weights):
            self.history.unfinished = None  # a callback has put back older weights, those of no step in an epoch

    def _settle(self) -> None:
        self._running = False
        self.history.trim()
        if self._is_within_epoch(self.state) and self.state.steps * self.batch >= self.size:
            self.state = self._previous  # the epoch was not noted: its last step is still to be taken
        state = self.state
        self.optimizer.memory, self.optimizer.steps = state.memory, state.optimizer_steps
        self.history.unfinished = self._unfinished()
        self.batch_loss.objective.unmask()
        write_weights(self.parameters, state.weights)

    def _is_within_epoch(self, state: TrainState) -> bool:
        return state.steps > 0 and state.epoch > self.history.epochs

    def _unfinished(self) -> Unfinished | None:
        if not self._is_within_epoch(self.state):
            return None
        state, seconds = self.state, time.perf_counter() - self._began
        return Unfinished(state.steps, self.batch, self.size, state.loss, seconds)

    def _not_finite(self, what: str, advice: str = "") -> NonFiniteError:
        """Go back to the last finite weights, and make the error that says so."""
        last = bool(np.isfinite(self._previous.weights).all())
        self.state = self._previous if last else self._epoch_start
        return NonFiniteError(
            f"Training stopped in epoch {self.epoch}: {what} The model has the weights from before the "
            f"{'last step' if last else 'epoch'}. Try a learning rate below {self.optimizer.lr:g}, clip_norm=1.0, "
            f"or scale X.{advice}"
        )

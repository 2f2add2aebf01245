"""Training: `fit` runs epochs of gradient steps on a model.

During an epoch the weights live in one array; they are written into the model at the end of each epoch, before
callbacks, and whenever training ends, also by an error or by Ctrl-C. Whatever is random in an epoch (the order of the
samples, dropout) depends on the seed and the number of the epoch alone, so that a resumed run is the straight run.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_lite.errors import DomainError, NonFiniteError, OperandError, ShapeError
from autograd_lite.table import Node, shown

from .callbacks import Callback, callbacks_of
from .data import numbers_of, split_off, targets_for, weights_of_samples
from .history import History
from .loss import Loss, is_list, loss_named
from .nonfinite import first_nonfinite
from .optim import Optimizer
from .optimizers import optimizer_named
from .penalties import Penalty
from .prediction import Predictor
from .steps import CompiledSteps, EagerSteps, Objective, Steps
from .weights import parameters_of, read_weights, write_weights

__all__ = ["Training", "fit"]

Array = npt.NDArray[np.float64]
Metric = Callable[[Array, Array], float]


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

    def run(self) -> History:
        """Run all epochs."""
        weights = read_weights(self.parameters)
        self._weights = self._sound = weights
        self.history.stopped = ""
        try:
            for callback in self.callbacks:
                callback.start(self)
            while self.history.epochs < self.epochs and not self._reason:
                self._epoch()
            self.history.stopped = self._reason or "all epochs"
        except KeyboardInterrupt:
            self.history.stopped = "interrupted"
            self.history.trim()
        finally:
            self._running = False
            write_weights(self.parameters, self._weights)
            self.steps.objective.unmask()
            for callback in self.callbacks:
                callback.finish(self)
        return self.history

    def _epoch(self) -> None:
        started = time.perf_counter()
        self._running = True
        for callback in self.callbacks:
            callback.before_epoch(self)
        lr, total = self.optimizer.lr, 0.0
        gradient = np.zeros_like(self._weights)
        summed = self.steps.objective.loss.summed
        for batch in self._batches(np.random.default_rng([self.history.seed, self.epoch])):
            loss, gradient = self.steps.value_and_gradient(self._weights, batch)
            if not (math.isfinite(loss) and math.isfinite(gradient.sum())):
                self._give_up(loss, batch)
            self._sound = self._weights
            self._weights = self.optimizer.update(self._weights, gradient)
            total += loss if summed else loss * len(batch[0]) / self.size
        self.steps.objective.unmask()
        if self.callbacks or self.metrics:  # otherwise nobody looks at the model before the end
            write_weights(self.parameters, self._weights)
        self._note(total, float(np.linalg.norm(gradient)), lr, started)
        for callback in self.callbacks:
            callback.after_epoch(self)
        if self.callbacks:  # one may have changed them
            self._weights = read_weights(self.parameters)

    def _batches(self, rng: np.random.Generator) -> Iterator[list[Array]]:
        n, order = self.size, self.kept
        size = min(self.batch_size or n, n)
        if size < n and self.shuffle:
            order = rng.permutation(n if order is None else order)
        for start in range(0, n, size):
            chosen = slice(start, start + size) if order is None else order[start : start + size]
            batch = [part[chosen] for part in self.rows]
            yield batch + self.steps.objective.draw_masks(rng, len(batch[0]))

    def _note(self, loss: float, norm: float, lr: float, started: float) -> None:
        history = self.history
        held_out = [self.steps.value(self._weights, self.validation)] if self.validation else []
        inputs, targets = (self.validation or self.rows)[:2]
        outputs = self.predict(inputs) if self.metrics else None
        scores = {name: metric(outputs, targets) for name, metric in self.metrics.items() if outputs is not None}
        self._running = False
        history.validation_loss += held_out
        for name, score in scores.items():
            history.metrics.setdefault(name, []).append(float(score))
        history.gradient_norm.append(norm)
        history.lr.append(lr)
        history.seconds.append(time.perf_counter() - started)
        history.loss.append(loss)

    def _give_up(self, loss: float, batch: list[Array]) -> None:
        """Put the last sound weights back and say what went wrong."""
        write_weights(self.parameters, self._weights)
        self._weights = self._sound
        objective = self.steps.objective
        why = first_nonfinite(objective, batch)
        raise NonFiniteError(
            f"Training stopped in epoch {self.epoch}: the loss is {loss}. {why} The model has the weights "
            f"from before the last step. Try a learning rate below {self.optimizer.lr:g}, clip_norm=1.0, or scale X."
            f"{' ' if objective.loss.advice else ''}{objective.loss.advice}"
        )


def fit(
    model: Any,
    X: Any,  # noqa: N803 - the field's letter
    y: Any,
    *,
    loss: str | Loss | Callable[[Any, Any], Any],
    optimizer: str | Optimizer = "adam",
    epochs: int = 100,
    batch_size: int | None = None,
    validation: float | tuple[Any, Any] | None = None,
    seed: int | None = None,
    callbacks: Callback | Callable[[Training], Any] | Iterable[Callback | Callable[[Training], Any]] = (),
    compile: bool = True,  # noqa: A002 - the public name, as in other libraries
    metrics: Mapping[str, Metric] | Iterable[Metric] | Metric = (),
    penalty: Penalty | None = None,
    sample_weight: Any = None,
    class_weight: Mapping[Any, float] | str | None = None,
    shuffle: bool = True,
    resume: History | None = None,
) -> History:
    """Train a model: change its parameters so that the loss becomes small.

    Parameters
    ----------
    model : Model
        Anything with ``parameters()`` that can be called with one row of X and returns a Value or a list of them.
    X : array, shape (n, d)
        One row of inputs per sample.
    y : array, shape (n,) or (n, k)
        One target per sample, or one per output; for "cross_entropy" the class, counted from 0, or one-hot rows.
    loss : str or callable
        A name in `LOSSES`, or a function ``loss(output, target)`` of one sample, whose mean is taken.
    optimizer : Optimizer or str
        Goes on from its state, so give a fresh one for a fresh start; a name stands for its usual settings.
    epochs : int
        How often to go through all samples, at least 1. With `resume`, all in all.
    batch_size : int, optional
        Samples per step: all unless given; 1 is sample by sample.
    validation : float or (X, y), optional
        A share to hold out at random, or data of their own: for the history, and for callbacks to stop by.
    seed : int, optional
        Source of all randomness in training; another one each time unless given. It is kept in the history.
    callbacks : callback, or iterable of them
        See the module `callbacks`.
    compile : bool
        Whether to run compiled array code, or (False) the graph of Values sample by sample; both give the same
        numbers, up to rounding.
    metrics : function, or mapping or iterable of functions
        ``metric(outputs, targets)``, noted after each epoch.
    penalty : L1 or L2, optional
        Added to the loss.
    sample_weight : sequence of float, optional
        How much each sample counts; scaled to mean 1.
    class_weight : mapping or "balanced", optional
        How much each class counts.
    shuffle : bool
        Whether each epoch takes the samples in a new order; not needed, and not done, where a batch is all of them.
    resume : History, optional
        Of an earlier run, to go on with: the same seed, the next epoch. It is extended and returned.

    Returns
    -------
    History
        Also after Ctrl-C, with what there is so far; the model then stands between two steps and is usable.

    Raises
    ------
    NonFiniteError
        If the loss or its gradient became NaN or infinite. The parameters are those from before the last step.
    ShapeError, DomainError, OperandError, UnknownNameError
        If the data or the settings cannot be used; nothing has changed then.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0]
    >>> model = nn.MLP(2, [4, 1], activation="tanh", seed=1)
    >>> history = fit(model, X, y, loss="binary_cross_entropy_with_logits", optimizer=nn.SGD(1.0), epochs=200, seed=0)
    >>> (nn.predict(model, X) > 0).tolist()
    [False, True, True, False]
    """
    history = resume if resume is not None else History(seed=_seed(seed))
    _whole("epochs", epochs)
    if batch_size is not None:
        _whole("batch_size", batch_size)
    training = Training(model, optimizer_named(optimizer), history, epochs)
    training.callbacks = callbacks_of(callbacks)
    training.metrics = _named(metrics)
    training.batch_size, training.shuffle = batch_size, shuffle
    rule = loss_named(loss)
    inputs = numbers_of(X, "X")
    outputs = _outputs_of(model, inputs)
    targets = targets_for(rule, y, len(inputs), outputs)
    weights = weights_of_samples(targets, sample_weight, class_weight)
    rows = [inputs, targets] if weights is None else [inputs, targets, weights]
    if isinstance(validation, (int, float)):
        training.kept, held_out = split_off(validation, len(inputs), np.random.default_rng([history.seed, 0]))
        training.validation = [part[held_out] for part in rows]
    elif validation is not None:
        held_in, held_targets = numbers_of(validation[0], "validation's X"), validation[1]
        training.validation = [held_in, targets_for(rule, held_targets, len(held_in), outputs)]
        training.validation += [np.ones(len(held_in))] if weights is not None else []
    training.rows = rows
    training.use(rule, weighted=weights is not None, penalty=penalty, compile=compile)
    return training.run()


def _named(metrics: Mapping[str, Metric] | Iterable[Metric] | Metric) -> dict[str, Metric]:
    if isinstance(metrics, Mapping):
        return {str(name): metric for name, metric in metrics.items()}
    several: Iterable[Metric] = [metrics] if callable(metrics) else metrics
    return {getattr(metric, "__name__", repr(metric)): metric for metric in several}


def _outputs_of(model: Any, inputs: Array) -> int:
    """Ask the model for one sample, and count its outputs."""
    output = model(inputs[0].tolist())
    if isinstance(output, Node):
        return 1
    if not is_list(output) or not all(isinstance(v, Node) for v in output):
        raise ShapeError(f"The model returned {shown(output)} for a row; it must return a Value or a list of Values.")
    return len(output)


def _seed(seed: int | None) -> int:
    if seed is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise DomainError(f"seed is {shown(seed)}; it must be a whole number, at least 0.")
    return int(seed)


def _whole(name: str, number: Any) -> None:
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < 1:
        raise DomainError(f"{name} is {shown(number)}; it must be a whole number, at least 1.")

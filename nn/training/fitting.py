"""`fit`: check the data and the settings once, then train."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from autograd_lite.errors import OperandError, ShapeError, checked_names
from autograd_lite.node import Node
from autograd_lite.text import shown

from ..kinds import Array, Numbers, Scalar
from ..losses.loss import Loss, is_list, loss_named
from ..losses.penalties import Penalty
from ..networks.weights import Model
from ..optimizers.named import optimizer_named
from ..optimizers.optimizer import Optimizer
from .callbacks import Callback, callbacks_of
from .data import numbers_of, require_count, seed_of, split_off, targets_for, weights_of_samples
from .history import History
from .loop import Metric, Training

__all__ = ["fit"]


@checked_names
def fit(
    model: Model,
    X: Numbers,  # noqa: N803 - the field's letter
    y: Numbers,
    *,
    loss: str | Loss | Callable[[Scalar, Scalar], Scalar],
    optimizer: str | Optimizer = "adam",
    epochs: int = 100,
    batch_size: int | None = None,
    validation: float | tuple[Numbers, Numbers] | None = None,
    seed: int | None = None,
    callbacks: Callback | Callable[[Training], object] | Iterable[Callback | Callable[[Training], object]] = (),
    compile: bool = True,  # noqa: A002 - the public name, as in other libraries
    metrics: Mapping[str, Metric] | Iterable[Metric] | Metric = (),
    penalty: Penalty | None = None,
    sample_weight: Numbers = None,
    class_weight: Mapping[object, float] | str | None = None,
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
        It continues from its state, so give a fresh one for a fresh start; a name means default settings.
    epochs : int
        Number of passes through all samples, at least 1. With `resume`, the total.
    batch_size : int, optional
        Samples per step: all unless given; 1 is sample by sample.
    validation : float or (X, y), optional
        A share to hold out at random, or separate data; its loss goes to the history and to callbacks.
    seed : int, optional
        Source of all randomness in training; random unless given. The history keeps it.
    callbacks : callback, or iterable of them
        See the module `callbacks`.
    compile : bool
        Whether to run compiled array code, or (False) the graph of Values sample by sample; results agree up to
        rounding.
    metrics : function, or mapping or iterable of functions
        ``metric(outputs, targets)``, noted after each epoch.
    penalty : L1 or L2, optional
        Added to the loss.
    sample_weight : sequence of float, optional
        How much each sample counts; scaled to mean 1.
    class_weight : mapping or "balanced", optional
        How much each class counts.
    shuffle : bool
        Whether each epoch takes the samples in a new order; without effect where a batch is all of them.
    resume : History, optional
        Of an earlier run, to continue: with the same seed and the next epoch. It is extended and returned. After
        Ctrl-C within an epoch it continues with the next step, if the numbers of samples and of samples per step are
        unchanged; otherwise that epoch begins anew.

    Returns
    -------
    History
        Also after Ctrl-C: the model then has the weights after the last whole step, and `resume` continues.

    Raises
    ------
    NonFiniteError
        If the loss, its gradient or a weight became NaN or infinite. The parameters are those from before the last
        step, or before the epoch if that step's weights are not finite either.
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
    if not isinstance(resume, History | None):
        raise OperandError(f"resume is {shown(resume)}; give the History that an earlier fit returned.")
    history = resume if resume is not None else History(seed=seed_of(seed))
    require_count("epochs", epochs)
    if batch_size is not None:
        require_count("batch_size", batch_size)
    training = Training(model, optimizer_named(optimizer), history, epochs)
    training.callbacks = callbacks_of(callbacks)
    training.metrics = _named(metrics)
    training.batch_size, training.shuffle = batch_size, shuffle
    rule = loss_named(loss)
    inputs = numbers_of(X, "X")
    outputs = _outputs_of(model, inputs)
    targets = targets_for(rule, y, len(inputs), outputs)
    weights = weights_of_samples(targets, sample_weight, class_weight)
    data = [inputs, targets] if weights is None else [inputs, targets, weights]
    if isinstance(validation, (int, float)):
        training.kept, held_out = split_off(validation, len(inputs), np.random.default_rng([history.seed, 0]))
        training.validation = [part[held_out] for part in data]
    elif validation is not None:
        if not isinstance(validation, Sequence) or isinstance(validation, str) or len(validation) != 2:
            raise OperandError(f"validation is {shown(validation)}; give a share, such as 0.2, or a pair (X, y).")
        held_in, held_targets = numbers_of(validation[0], "validation's X"), validation[1]
        training.validation = [held_in, targets_for(rule, held_targets, len(held_in), outputs)]
        training.validation += [np.ones(len(held_in))] if weights is not None else []
    training.data = data
    training.use(rule, weighted=weights is not None, penalty=penalty, compile=compile)
    return training.run()


def _named(metrics: Any) -> dict[str, Metric]:  # what a user gives
    if isinstance(metrics, Mapping):
        named = {str(name): metric for name, metric in metrics.items()}
    else:
        several = list(metrics) if isinstance(metrics, Iterable) else [metrics]
        named = {getattr(metric, "__name__", shown(metric)): metric for metric in several}
    for metric in named.values():
        if not callable(metric):
            raise OperandError(
                f"{shown(metric)} is not a metric; give a function of outputs and targets, such as nn.rmse."
            )
    return named


def _outputs_of(model: Model, inputs: Array) -> int:
    """The number of outputs for one sample."""
    output = model(inputs[0].tolist())
    if isinstance(output, Node):
        return 1
    if not is_list(output) or not all(isinstance(v, Node) for v in output):
        raise ShapeError(
            f"The model returned {shown(output)} for a sample; it must return a Value or a list of Values."
        )
    return len(output)

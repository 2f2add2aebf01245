"""First models of a course, each with its data, initial weights and learning rate.

Each function builds a model, trains it, and returns both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .kinds import Numbers
from .networks.layers import MLP, Neuron
from .optimizers.optimizer import SGD
from .training.fitting import fit
from .training.history import History
from .training.restarts import Restarts, fit_restarts

__all__ = [
    "XOR",
    "Trained",
    "linear_regression",
    "logistic_regression",
    "perceptron_with_restarts",
    "sigmoid_neuron",
    "xor_network",
]

XOR = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0]
"""Inputs and targets of "exclusive or": one of two, but not both."""


class Trained(NamedTuple):
    """A model and how it was trained."""

    model: Any  # a Neuron or an MLP
    history: History


def sigmoid_neuron(
    X: Sequence[Sequence[float]] = ((0.5,), (2.5,)),  # noqa: N803 - the field's letter
    y: Sequence[float] = (0.2, 0.9),
    *,
    w: float = -2.0,
    b: float = -2.0,
    lr: float = 1.0,
    momentum: float = 0.0,
    epochs: int = 1000,
    per_sample: bool = False,
) -> Trained:
    r"""One sigmoid neuron, of one input or several, trained by gradient descent on half the sum of squares.

    .. math:: f(x) = \sigma(\sum_j w_j x_j + b), \qquad L = \tfrac12 \sum_i (f(x_i) - y_i)^2

    Parameters
    ----------
    X, y : sequences
        One row of inputs and one target in (0, 1) per sample. With the two samples of the course the exact minimum is
        known: :math:`w = \ln 6`, :math:`b = -\ln 4 - \tfrac12 \ln 6`, with loss 0.
    w, b : float
        Start of all weights, and of the bias.
    lr, momentum : float
        As in `SGD`.
    epochs : int
    per_sample : bool
        Whether to step after each sample, in their order, and not after all of them.

    Examples
    --------
    >>> neuron, history = sigmoid_neuron()
    >>> round(neuron.w[0].data, 6), round(neuron.b.data, 6)
    (1.79172, -2.282118)
    """
    neuron = Neuron(len(X[0]), "sigmoid")
    _start(neuron, w, b)
    settings = {"batch_size": 1, "shuffle": False} if per_sample else {}
    history = fit(neuron, X, y, loss="half_sum_of_squares", optimizer=SGD(lr, momentum), epochs=epochs, **settings)  # type: ignore[arg-type]
    return Trained(neuron, history)


def linear_regression(
    X: Numbers,  # noqa: N803 - the field's letter
    y: Numbers,
    *,
    lr: float = 0.1,
    epochs: int = 1000,
) -> Trained:
    r"""A line (or plane) through points, from weights 0, by gradient descent on :math:`\frac1{2m} \sum (h - y)^2`.

    Parameters
    ----------
    X, y : array, shape (m, d), and array, shape (m,)
    lr : float
        Small enough for the data: scale the columns of X, or it will diverge.
    epochs : int

    Examples
    --------
    >>> line, history = linear_regression([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
    >>> round(line.w[0].data, 4), round(line.b.data, 4)
    (2.0, 1.0)
    """
    line = Neuron(len(X[0]), "linear")
    _start(line, 0.0, 0.0)
    return Trained(line, fit(line, X, y, loss="half_mean_squared_error", optimizer=SGD(lr), epochs=epochs))


def logistic_regression(
    X: Numbers,  # noqa: N803 - the field's letter
    y: Numbers,
    *,
    lr: float = 0.1,
    epochs: int = 1000,
) -> Trained:
    r"""Two classes separated by a line, from weights 0, by gradient descent on binary cross-entropy.

    .. math:: h(x) = \sigma(z), \quad z = \sum_j w_j x_j + b, \qquad
       J = \tfrac1m \sum_i \log(1 + e^{-z_i}) + (1 - y_i) z_i, \qquad \nabla J = \tfrac1m \sum_i (h_i - y_i) x_i

    Parameters
    ----------
    X, y : array, shape (m, d), and array, shape (m,)
        Classes are 0 and 1.
    lr : float
    epochs : int

    Returns
    -------
    Trained
        The model gives the logit z: positive means class 1, and its sigmoid is the probability.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0.0, 0.0, 1.0, 1.0]
    >>> model, history = logistic_regression(X, y)
    >>> (nn.predict(model, X) > 0).tolist()
    [False, False, True, True]
    """
    neuron = Neuron(len(X[0]), "linear")
    _start(neuron, 0.0, 0.0)
    loss = "binary_cross_entropy_with_logits"
    return Trained(neuron, fit(neuron, X, y, loss=loss, optimizer=SGD(lr), epochs=epochs))


def xor_network(*, seed: int = 1, lr: float = 1.0, epochs: int = 1000) -> Trained:
    """A network of 2 inputs, 2 sigmoid neurons and 1 output that learns "exclusive or", which no single neuron can.

    With the default seed it does. Of 1,000 other seeds 69% do in as many epochs; the others end where two or three of
    the four outputs are equal, at 1/2 or 2/3, and stay there: try again with another seed, or with
    `perceptron_with_restarts`. (With standard normal starts it is 68%, with uniform ones 70%, with weights near 0
    none at all.)

    Parameters
    ----------
    seed : int
        Of the random start.
    lr : float
    epochs : int
        Each takes one step for all four samples together.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> model, history = xor_network()
    >>> nn.predict(model, XOR[0]).round(4).tolist()
    [0.0193, 0.9818, 0.9753, 0.0163]
    """
    model = MLP(2, [2, 1], activation="sigmoid", output_activation="sigmoid", seed=seed)
    return Trained(model, fit(model, *XOR, loss="binary_cross_entropy", optimizer=SGD(lr), epochs=epochs))


def perceptron_with_restarts(
    X: Numbers,  # noqa: N803 - the field's letter
    y: Numbers,
    *,
    hidden: Sequence[int] = (2,),
    starts: int = 20,
    lr: float = 0.5,
    momentum: float = 0.9,
    epochs: int = 500,
    jobs: int = 1,
) -> Restarts:
    """A multi-layer perceptron for two classes, trained with momentum from several starts; the best is kept.

    Parameters
    ----------
    X, y : array, shape (m, d), and array, shape (m,)
        Classes are 0 and 1.
    hidden : sequence of int
        Neurons in each hidden layer; they are sigmoids.
    starts, jobs : int
        As in `fit_restarts`.
    lr, momentum : float
        As in `SGD`.
    epochs : int

    Returns
    -------
    Restarts
        The model gives the logit: positive means class 1.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> found = perceptron_with_restarts(*XOR, starts=5)
    >>> (nn.predict(found.model, XOR[0]) > 0).tolist()
    [False, True, True, False]
    """
    width = len(X[0])
    return fit_restarts(
        lambda seed: MLP(width, [*hidden, 1], activation="sigmoid", seed=seed),
        X,
        y,
        starts=starts,
        jobs=jobs,
        loss="binary_cross_entropy_with_logits",
        optimizer=SGD(lr, momentum),
        epochs=epochs,
    )


def _start(neuron: Neuron, w: float, b: float) -> None:
    for p in neuron.w:
        p.data = w
    neuron.b.data = b

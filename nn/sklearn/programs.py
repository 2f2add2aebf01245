"""Compiled programs shared by networks of one architecture.

Compiling an architecture takes longer than training on a small data set. So it is compiled once in a process, from a
private twin of the network; weights are inputs of the program, and every network of that shape uses it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from autograd_lite.compiler import compile  # noqa: A004 - the name of the design
from autograd_lite.engine import Value

from ..kinds import Array
from ..losses.loss import Loss
from ..networks.activations import ACTIVATIONS, Activation
from ..networks.layers import MLP
from ..training.batch_loss import BatchLoss, CompiledLoss, Objective

__all__ = ["Architecture", "Programs", "SharedLoss", "parameters_in", "programs_of", "widths_of"]


@dataclass(frozen=True)
class Architecture:
    """The key of a program, apart from the loss.

    Attributes
    ----------
    widths : tuple of int
        Numbers of inputs, of neurons in each hidden layer, and of outputs.
    activation, output_activation : str or callable
    """

    widths: tuple[int, ...]
    activation: Activation
    output_activation: Activation = "linear"

    def network(self, seed: int | None = 0) -> MLP:
        """A fresh network of scalars."""
        n_in, *sizes = self.widths
        return MLP(
            n_in,
            sizes,
            activation=self.activation,
            output_activation=self.output_activation,
            init=flatter if self.activation == "sigmoid" else spread,
            seed=seed,
        )


def spread(rng: np.random.Generator, n_in: int, n_out: int) -> tuple[Array, float]:
    r"""Weights and bias uniform in :math:`\pm\sqrt{6/(n_{in}+n_{out})}`: Xavier's rule, for biases too.

    Scikit-learn's initialiser. On small data sets it does better than those of `initialisers`, whose biases are 0.
    """
    drawn = math.sqrt(6.0 / (n_in + n_out)) * rng.uniform(-1.0, 1.0, n_in + 1)
    return drawn[:-1], float(drawn[-1])


def flatter(rng: np.random.Generator, n_in: int, n_out: int) -> tuple[Array, float]:
    """The same with 2 instead of 6, for sigmoids."""
    weights, bias = spread(rng, n_in, n_out)
    return weights / math.sqrt(3.0), bias / math.sqrt(3.0)


class Programs:
    """The compiled code of an architecture: its outputs, and its gradients under a loss.

    Attributes
    ----------
    loss : CompiledLoss
    """

    def __init__(self, architecture: Architecture, loss: Loss | None, *, weighted: bool) -> None:
        twin = architecture.network()
        parameters = parameters_in(twin)
        self._outputs = compile(twin, batch=(0,)).step(parameters)
        if loss is not None:
            self.loss = CompiledLoss(Objective(twin, loss, weighted=weighted), parameters)

    def outputs(self, weights: Array, inputs: Array) -> Array:
        """The outputs for many samples, shape (samples, outputs)."""
        columns: Array = self._outputs(weights, inputs)
        return columns.T


def programs_of(architecture: Architecture, loss: Loss | None = None, *, weighted: bool = False) -> Programs:
    """The programs of an architecture, made once in a process; for a loss, or for outputs only."""
    activations = (architecture.activation, architecture.output_activation)
    registered = tuple(ACTIVATIONS.get(name) for name in activations if isinstance(name, str))
    return _made_once(architecture, loss, weighted, registered)


@lru_cache(maxsize=128)
def _made_once(architecture: Architecture, loss: Loss | None, weighted: bool, _registered: object) -> Programs:
    return Programs(architecture, loss, weighted=weighted)


def parameters_in(network: MLP) -> list[Value]:
    """The parameters in the order of ``network.parameters()``, without its search."""
    return [p for layer in network.layers for neuron in layer.neurons for p in (*neuron.w, neuron.b)]


class SharedLoss(BatchLoss):
    """The loss of one network, by the program of another one of the same architecture."""

    def __init__(self, own: BatchLoss, twin: CompiledLoss) -> None:
        super().__init__(own.objective, own.parameters, own.penalty)
        self.twin = twin

    def mean(self, weights: Array, parts: Sequence[Array]) -> float:
        """The mean of the objective over the samples."""
        return self.twin.mean(weights, parts)

    def mean_and_gradient(self, weights: Array, parts: Sequence[Array]) -> tuple[float, Array]:
        """The same with its gradient."""
        return self.twin.mean_and_gradient(weights, parts)


def widths_of(network: MLP) -> tuple[int, ...]:
    """The number of inputs, and of neurons in each layer."""
    return (network.n_in, *[len(layer.neurons) for layer in network.layers])

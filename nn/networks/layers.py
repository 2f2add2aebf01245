"""Neurons, layers and the multi-layer perceptron, each a few lines of ops on scalars.

A neuron is ``activation(w1 x1 + ... + wn xn + b)``. Its weighted sum is one node of the graph, as a textbook draws it;
``written_out=True`` makes every ``*`` and ``+`` a node instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add, mul
from typing import Any

import numpy as np

from autograd_lite.engine import Value
from autograd_lite.errors import OperandError, ShapeError
from autograd_lite.node import Node
from autograd_lite.text import counted, shown

from ..kinds import Scalar, Signals
from .activations import Activation, activation_named
from .initialisers import Initialiser, initialiser_named
from .module import Module
from .weighted_sums import weighted_sums

__all__ = ["MLP", "Layer", "Neuron"]

Seed = int | np.random.Generator | None


class Neuron(Module):
    r"""One neuron: :math:`\mathrm{activation}(\sum_i w_i x_i + b)`.

    Parameters
    ----------
    n_in : int
        Number of inputs, at least 1.
    activation : str or callable
        "linear", any op of the table that takes one operand, a registered name, or a function of one Value.
    init : str or callable
        Distribution of the initial weights: "auto", "uniform", "normal", "small", "xavier", "he", "lecun", a
        registered name (see `initialisers`), or a function ``init(rng, n_in, n_out)`` that returns the weights and the
        bias.
    seed : int, numpy Generator or None
        Source of the random weights; None draws other ones each time. No global generator is touched.
    written_out : bool
        Whether each ``*`` and ``+`` of the weighted sum is a node of its own.
    n_out : int
        Number of neurons in the layer, which Xavier's rule asks for.

    Attributes
    ----------
    w : list of Value, length n_in
        Weights.
    b : Value
        Bias.

    Raises
    ------
    UnknownNameError
        If there is no such activation or initialiser.
    ShapeError
        If `n_in` is less than 1, or on a call, if the number of inputs differs.

    Examples
    --------
    >>> neuron = Neuron(2, "sigmoid")
    >>> neuron.w[0].data, neuron.w[1].data, neuron.b.data = 0.25, 0.3, -0.1
    >>> round(neuron([0.5, 1.1]).data, 6)
    0.58783
    """

    def __init__(
        self,
        n_in: int,
        activation: Activation = "relu",
        *,
        init: str | Initialiser = "auto",
        seed: Seed = 0,
        written_out: bool = False,
        n_out: int = 1,
    ) -> None:
        n_in = _size("Neuron's number of inputs", n_in)
        self.activation = activation
        self.written_out = written_out
        self._activate = activation_named(activation)
        rng = np.random.default_rng(seed)
        weights, bias = initialiser_named(init, str(activation))(rng, n_in, n_out)
        self.w = [Value(weight, f"w{i}") for i, weight in enumerate(weights, start=1)]
        self.b = Value(bias, "b")

    def __call__(self, x: Sequence[Scalar]) -> Signals:
        """Compute the output, a Value, for one input per weight."""
        return self._fire(_inputs(self, x, len(self.w)))

    def _fire(self, x: list[Scalar]) -> Scalar:
        total = reduce(add, map(mul, self.w, x)) if self.written_out else weighted_sums([self.w], x)[0]
        return self._finish(total)

    def _finish(self, total: Scalar) -> Scalar:
        z = total + self.b
        return z if self._activate is None else self._activate(z)

    def __repr__(self) -> str:
        return f"Neuron({counted(len(self.w), 'input')}, {_name(self.activation)}, {self._size})"


class Layer(Module):
    """Neurons with the same inputs.

    Parameters
    ----------
    n_in, n_out : int
        Number of inputs and of neurons, each at least 1.
    activation, init, seed, written_out
        As in `Neuron`.

    Attributes
    ----------
    neurons : list of Neuron, length n_out

    Examples
    --------
    >>> layer = Layer(2, 3, "tanh")
    >>> layer
    Layer(2 → 3 tanh, 9 parameters)
    >>> len(layer([0.5, -1.0]))
    3
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        activation: Activation = "relu",
        *,
        init: str | Initialiser = "auto",
        seed: Seed = 0,
        written_out: bool = False,
    ) -> None:
        self.n_in = _size("Layer's number of inputs", n_in)
        self.activation = activation
        self.written_out = written_out
        rng = np.random.default_rng(seed)
        self.neurons = [
            Neuron(n_in, activation, init=init, seed=rng, written_out=written_out, n_out=n_out)
            for _ in range(_size("Layer's number of neurons", n_out))
        ]
        self.label_parameters()

    def __call__(self, x: Sequence[Scalar]) -> list[Scalar]:
        """Compute the outputs, a list with one Value per neuron."""
        return self._fire(_inputs(self, x, self.n_in))

    def _fire(self, x: list[Scalar]) -> list[Scalar]:
        if self.written_out:
            return [neuron._fire(x) for neuron in self.neurons]
        totals = weighted_sums([neuron.w for neuron in self.neurons], x)
        return [neuron._finish(total) for neuron, total in zip(self.neurons, totals, strict=True)]

    def __repr__(self) -> str:
        return f"Layer({self.n_in} → {len(self.neurons)} {_name(self.activation)}, {self._size})"


class MLP(Module):
    """Multi-layer perceptron: a sequence of fully connected layers.

    Parameters
    ----------
    n_in : int
        Number of inputs.
    sizes : sequence of int
        Number of neurons in each layer; the last one is the number of outputs.
    activation : str or callable
        Activation of the hidden layers.
    output_activation : str or callable
        Activation of the last layer.
    init, seed, written_out
        As in `Neuron`.

    Attributes
    ----------
    layers : list of Layer
        ``model.layers[i].neurons[j].w`` are the weights of a neuron, ``.b`` is its bias.

    Raises
    ------
    UnknownNameError
        If there is no such activation or initialiser.
    ShapeError
        If a size is less than 1, or on a call, if the number of inputs differs.

    Examples
    --------
    >>> model = MLP(2, [16, 16, 1])
    >>> model
    MLP(2 → 16 relu → 16 relu → 1 linear, 337 parameters)
    >>> model.parameters()[0].label
    'layer1.neuron1.w1'
    >>> type(model([1.0, -2.0])).__name__  # one output neuron: a Value, more: a list
    'Value'
    """

    def __init__(
        self,
        n_in: int,
        sizes: Sequence[int],
        *,
        activation: Activation = "relu",
        output_activation: Activation = "linear",
        init: str | Initialiser = "auto",
        seed: Seed = 0,
        written_out: bool = False,
    ) -> None:
        if isinstance(sizes, (str, int)) or not sizes:
            raise ShapeError(
                f"MLP got the layer sizes {shown(sizes)}; it needs a list with the number of neurons in each layer, "
                "the outputs last: MLP(2, [16, 16, 1])."
            )
        self.n_in = _size("MLP's number of inputs", n_in)
        activation_named(activation)  # with a single layer it is not used, and would not be checked
        rng = np.random.default_rng(seed)
        widths = [n_in, *sizes]
        last = len(sizes) - 1
        self.layers = [
            Layer(
                widths[i],
                widths[i + 1],
                output_activation if i == last else activation,
                init=init,
                seed=rng,
                written_out=written_out,
            )
            for i in range(len(sizes))
        ]
        self.label_parameters()

    def __call__(self, x: Sequence[Scalar]) -> Signals:
        """Compute the output for one sample: a Value if the last layer has one neuron, else a list."""
        signal = _inputs(self, x, self.n_in)
        for layer in self.layers:
            signal = layer._fire(signal)
        return signal[0] if len(signal) == 1 else signal

    def __repr__(self) -> str:
        sizes = " → ".join(f"{len(layer.neurons)} {_name(layer.activation)}" for layer in self.layers)
        return f"MLP({self.n_in} → {sizes}, {self._size})"


# --- Argument checks ---------------------------------------------------------------------------------------------


def _size(what: str, n: object) -> int:
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise ShapeError(f"{what} is {shown(n)}; it must be a whole number, at least 1.")
    return int(n)


def _inputs(module: Module, x: Any, n_in: int) -> list[Scalar]:  # a user's x
    """Convert each input to a Value, once for all neurons, and check their number."""
    kind = type(module).__name__
    if isinstance(x, (str, Node)) or not hasattr(x, "__len__"):
        raise OperandError(f"{kind} got {shown(x)} as its inputs; it needs a sequence of {n_in} numbers, one sample.")
    if isinstance(x, np.ndarray) and x.ndim != 1:
        raise ShapeError(
            f"{kind} got an array of shape {x.shape}; it takes one sample at a time: [model(x) for x in X]."
        )
    if len(x) != n_in:
        inputs, given = counted(len(x), "input"), shown(x.tolist() if isinstance(x, np.ndarray) else x)
        raise ShapeError(
            f"{kind} got {inputs}, {given}; it was built for {n_in}. "
            f"Pass one number per input, or build {kind}(n_in={len(x)}, ...)."
        )
    return [v if isinstance(v, Node) else Value.constant(v) for v in x]


def _name(activation: Activation) -> str:
    return activation if isinstance(activation, str) else getattr(activation, "__name__", "custom")

"""Weights of a model as NumPy arrays: reading and writing."""

# Any: arrays of Values, and what a user gives for arrays
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from autograd_lite.engine import Value, number_of, set_numbers
from autograd_lite.errors import OperandError, ShapeError
from autograd_lite.text import shown

from ..kinds import Array, Signals
from .layers import MLP, Layer
from .module import Module

__all__ = ["Model", "from_numpy", "parameters_of", "read_weights", "to_numpy", "weight_mask", "write_weights"]


@runtime_checkable
class Model(Protocol):
    """What can be trained: it is called with one sample, and has parameters."""

    def __call__(self, x: Signals) -> Signals: ...  # noqa: D102 - the protocol's docstring says it

    def parameters(self) -> list[Value]: ...  # noqa: D102 - as above


def parameters_of(model: object) -> list[Value]:
    """The parameters of a model, checked.

    Raises
    ------
    OperandError
        If it is not a model, or has no parameters.
    """
    if not isinstance(model, Model):
        raise OperandError(
            f"{shown(model)} ({type(model).__name__}) cannot be trained: it needs a method parameters() and must be "
            "callable with one input. Make it a subclass of nn.Module."
        )
    parameters = list(model.parameters())
    if not parameters or not all(isinstance(p, Value) for p in parameters):
        raise OperandError(f"{shown(model)} has no parameters; they are Values in its attributes, lists or dicts.")
    return parameters


def read_weights(parameters: Sequence[Value]) -> Array:
    """The numbers of all parameters, in order, as one array."""
    return np.array(list(map(number_of, parameters)))


def write_weights(parameters: Sequence[Value], weights: Array) -> None:
    """Write an array of numbers into the parameters, in order."""
    set_numbers(parameters, weights.tolist())


def weight_mask(model: MLP) -> Array:
    """1 for each weight, 0 for each bias, in the order of the parameters."""
    neurons = [neuron for layer in model.layers for neuron in layer.neurons]
    return np.concatenate([[1.0] * len(neuron.w) + [0.0] for neuron in neurons])


def to_numpy(model: Any) -> dict[str, Array]:
    """The weights of a model as arrays.

    Parameters
    ----------
    model : MLP, Layer or any Module

    Returns
    -------
    dict of str to float64 array
        For a layer ``W`` of shape (outputs, inputs) and ``b`` of shape (outputs,), with the layer's name before them,
        as ``layer1.W``; for any other module each parameter by name, as a 0-dimensional array.

    Examples
    --------
    >>> arrays = to_numpy(MLP(2, [16, 1]))
    >>> {name: a.shape for name, a in arrays.items()}
    {'layer1.W': (16, 2), 'layer1.b': (16,), 'layer2.W': (1, 16), 'layer2.b': (1,)}
    """
    return {
        name: np.array([p.data for p in values.flat]).reshape(values.shape) for name, values in _named(model).items()
    }


def from_numpy(model: Any, arrays: Mapping[str, Any]) -> None:
    """Write arrays into the weights of a model; nothing is changed unless all of them fit.

    Parameters
    ----------
    model : MLP, Layer or any Module
    arrays : mapping of str to array
        As `to_numpy` gives them.

    Raises
    ------
    ShapeError
        If an array is missing, left over, or has another shape.

    Examples
    --------
    >>> model, twin = MLP(2, [3, 1], seed=0), MLP(2, [3, 1], seed=1)
    >>> from_numpy(twin, to_numpy(model))
    >>> twin([1.0, 2.0]).data == model([1.0, 2.0]).data
    True
    """
    wanted = to_numpy(model)
    if sorted(arrays) != sorted(wanted):
        raise ShapeError(f"The arrays are named {', '.join(arrays)}; the model needs {', '.join(wanted)}.")
    given = {name: np.asarray(arrays[name], dtype=float) for name in wanted}
    for name, array in given.items():
        if array.shape != wanted[name].shape:
            raise ShapeError(f"{name} has shape {array.shape}; the model needs {wanted[name].shape}.")
    for name, values in _named(model).items():
        write_weights(values.ravel().tolist(), given[name].ravel())


def _named(model: Any) -> dict[str, npt.NDArray[Any]]:
    """The Values of a model as object arrays: W and b of each layer, or each parameter alone."""
    if not isinstance(model, (MLP, Layer)):
        named = model.named_parameters() if isinstance(model, Module) else None
        named = named or [(f"parameter{i}", p) for i, p in enumerate(parameters_of(model), 1)]
        return {name: np.array(p, dtype=object) for name, p in named}
    layers = [("", model)] if isinstance(model, Layer) else [(f"layer{i}.", m) for i, m in enumerate(model.layers, 1)]
    found: dict[str, npt.NDArray[Any]] = {}
    for name, layer in layers:
        found[f"{name}W"] = np.array([neuron.w for neuron in layer.neurons], dtype=object)
        found[f"{name}b"] = np.array([neuron.b for neuron in layer.neurons], dtype=object)
    return found

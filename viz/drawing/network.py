"""A network as textbooks draw it: neurons as circles, weights on the lines between them."""

# Any: whatever has layers of neurons, as an MLP; and what its layers return
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from autograd_lite.engine import Value, gradients
from autograd_lite.errors import OperandError, ShapeError
from autograd_lite.text import counted, shown

from ..theme import Theme, theme_named
from .circles import Column, Panel, painted
from .still import SavedPicture

__all__ = ["NetworkPicture", "network"]


def network(
    model: Any,
    x: Sequence[float] | None = None,
    target: float | Sequence[float] | None = None,
    *,
    loss: Callable[[Any, Any], Any] | None = None,
    before: Any = None,
    theme: str = "auto",
) -> NetworkPicture:
    """Draw a network as circles with its weights on the lines, as textbooks do.

    A line is as thick as its weight is large, blue for a positive and orange for a negative one; it bears the number
    where there is room. A circle shows the neuron's activation, under it stand its bias and, with a target, its
    delta, the gradient of the loss with respect to z, what goes into the activation. Layers of more than 12 neurons and
    more than 8 inputs are one box with an image: a cell for each, the stronger the larger the number.

    Parameters
    ----------
    model : model
        Anything with ``layers`` of ``neurons`` that have weights ``w`` and a bias ``b``, as an `nn.MLP`; a layer; a
        fitted estimator of nn.
    x : sequence of float, optional
        One sample; without it there are no activations.
    target : float or sequence of float, optional
        What the output should be, for the deltas.
    loss : callable, optional
        ``loss(output, target)``; half of the squared error unless given.
    before : model, optional
        The same network at an earlier time, drawn on the left: ``copy.deepcopy(model)`` before training keeps one.
    theme : str
        As in `draw`.

    Returns
    -------
    NetworkPicture
        Shown by a notebook; ``.svg``, ``.png(scale)`` and ``.save(path)`` elsewhere.

    Raises
    ------
    OperandError
        If the model has no layers of neurons, or there is a target without x.
    ShapeError
        If `x` has another length than the network has inputs.

    Examples
    --------
    >>> class Neuron:
    ...     w, b = [Value(0.5, "w1"), Value(-1.0, "w2")], Value(0.25, "b")
    >>> class Layer:
    ...     neurons = [Neuron()]
    >>> network(Layer())
    <picture of a network: 2 inputs, 1 neuron>
    """
    if target is not None and x is None:
        raise OperandError("network got a target and no x; deltas belong to one sample: network(model, x, target).")
    models = {"before": before, "after": model} if before is not None else {"": model}
    panels = [_panel(title, m, x, target, loss or _half_squared_error) for title, m in models.items()]
    return NetworkPicture(panels, theme_named(theme))


class NetworkPicture(SavedPicture):
    """A drawn network; `network` makes it."""

    def __init__(self, panels: list[Panel], theme: Theme) -> None:
        self._panels, self._theme = panels, theme

    @cached_property
    def svg(self) -> str:
        """The picture as SVG: scalable, with a title and a description."""
        return painted(self._panels, self._theme)

    def __repr__(self) -> str:
        inputs, *layers = self._panels[0].columns
        neurons = counted(sum(len(layer.numbers) for layer in layers), "neuron")
        return f"<picture of a network: {counted(len(inputs.numbers), 'input')}, {neurons}>"


def _half_squared_error(output: Any, target: Any) -> Any:
    outputs, targets = (thing if isinstance(thing, Sequence) else [thing] for thing in (output, target))
    if len(outputs) != len(targets):
        raise ShapeError(
            f"The target has {counted(len(targets), 'number')}; the network has {counted(len(outputs), 'output')}."
        )
    return sum((o - t) ** 2 for o, t in zip(outputs, targets, strict=True)) / 2


def _layers(model: Any) -> list[Any]:
    model = getattr(model, "network_", model)
    layers = list(getattr(model, "layers", [model] if hasattr(model, "neurons") else []))
    if not layers or not all(getattr(layer, "neurons", None) for layer in layers):
        raise OperandError(
            f"{shown(model)} ({type(model).__name__}) has no layers of neurons to draw; give an nn.MLP, an nn.Layer or "
            "a fitted nn.MLPClassifier. Any other graph is drawn by viz.draw."
        )
    return layers


def _panel(title: str, model: Any, x: Sequence[float] | None, target: Any, loss: Callable[[Any, Any], Any]) -> Panel:
    """Read the numbers of a network: weights, biases, and of one sample activations and deltas."""
    layers = _layers(model)
    n = len(layers[0].neurons[0].w)
    if x is not None and len(x) != n:
        raise ShapeError(f"x has {counted(len(x), 'number')}; the network has {counted(n, 'input')}.")
    signals: list[Any] = [None] * n if x is None else [Value.constant(float(number)) for number in x]
    columns = [Column("x", "", _numbers(signals))]
    biases: list[list[Value]] = []
    for k, layer in enumerate(layers, 1):
        signals = [None] * len(layer.neurons) if x is None else list(layer(signals))
        biases.append([neuron.b for neuron in layer.neurons])
        weights = [[w.data for w in neuron.w] for neuron in layer.neurons]
        columns.append(Column("a", str(k), _numbers(signals), weights, [b.data for b in biases[-1]]))
    if target is None:
        return Panel(title, columns)
    output = signals[0] if len(signals) == 1 else signals
    error = loss(output, target)
    deltas = iter(gradients(error, [b for layer in biases for b in layer]))  # z is the bias and a sum: the same slope
    for column in columns[1:]:
        column.deltas = [next(deltas) for _ in column.numbers]
    return Panel(title, columns, float(error.data))


def _numbers(signals: Sequence[Any]) -> list[float | None]:
    return [None if v is None else float(v.data) for v in signals]

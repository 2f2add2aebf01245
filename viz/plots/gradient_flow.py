"""Plot of gradient magnitudes by layer: whether they vanish or explode."""

# Any: whatever has layers with parameters()
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from autograd_lite.errors import OperandError
from autograd_lite.text import shown

from ..theme import LIGHT
from .axes import dress, new_axes, plain_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_gradient_flow"]


def plot_gradient_flow(model: Any, ax: Axes | None = None) -> Axes:
    """Plot the mean and the largest magnitude of the gradients of each layer, after ``backward``.

    Bars that shrink from the last layer to the first mean that gradients vanish on their way back; bars that grow, that
    they explode. The axis is logarithmic; a layer whose gradients are all 0 has no bar and says so,
    and the title does where all are 0.

    Parameters
    ----------
    model : model or mapping
        Anything with ``layers`` that have ``parameters()``, as an MLP; or names of layers with the numbers of each,
        such as ``{"layer 1": [0.1, -0.2], "layer 2": [0.3]}``.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure, apart from pyplot's, unless given.

    Raises
    ------
    OperandError
        If there are no layers, or a layer has no numbers.

    Examples
    --------
    >>> ax = plot_gradient_flow({"layer 1": [0.01, -0.02], "layer 2": [0.3]})
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['layer 1', 'layer 2']
    """
    sizes = {name: np.abs(np.asarray(numbers, dtype=float).ravel()) for name, numbers in _by_layer(model).items()}
    if not sizes or not all(size.size for size in sizes.values()):
        raise OperandError(
            f"{shown(model)} ({type(model).__name__}) has no gradients by layer; give a model with layers, after "
            'backward, or names with numbers, such as {"layer 1": [0.1, -0.2]}.'
        )
    axes = new_axes() if ax is None else ax
    places = np.arange(len(sizes))
    means = np.array([size.mean() for size in sizes.values()])
    largest = np.array([size.max() for size in sizes.values()])
    axes.bar(places, largest, 0.7, color=LIGHT.tint, edgecolor=LIGHT.gradient, label="largest")
    axes.bar(places, means, 0.4, color=LIGHT.gradient, label="mean")
    if bool((means > 0.0).any()):
        axes.set_yscale("log")
        axes.set_ylim(bottom=float(means[means > 0.0].min()) / 5.0)
        axes.set_title("Gradients by layer")
    else:
        axes.set_title("All gradients are 0: call loss.backward() first.", color=LIGHT.alarm)
    for place in places[largest == 0.0].tolist():
        axes.annotate("all 0", (place, 0.02), xycoords=("data", "axes fraction"), ha="center", color=LIGHT.muted)
    axes.set_xticks(places, list(map(plain_text, sizes)))
    axes.set_ylabel("size of the gradient")
    dress(axes, "y")
    axes.legend(frameon=True, framealpha=0.9, edgecolor="none")
    return axes


def _by_layer(model: Any) -> Mapping[str, npt.ArrayLike]:
    if isinstance(model, Mapping):
        return model
    layers: Sequence[Any] = getattr(model, "layers", ())
    return {f"layer {i}": [p.grad for p in layer.parameters()] for i, layer in enumerate(layers, start=1)}

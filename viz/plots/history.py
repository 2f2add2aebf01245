"""The curves of a training run, drawn with matplotlib."""

# Any: a history is a mapping, an object with attributes, or a list, told apart at run time
from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

from autograd_lite.errors import OperandError
from autograd_lite.text import shown

from .axes import dress, new_axes, styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_history"]


def plot_history(history: Any, ax: Axes | None = None) -> Axes:
    """Plot the numbers of a training run over its epochs.

    Parameters
    ----------
    history : mapping or object
        Names with one number per epoch each, such as ``{"loss": [0.9, 0.4]}``; or an object with such attributes, or
        with a method ``curves()`` that returns such names, as what `nn.fit` returns; or one list of losses. What is
        not a list of numbers is left out; NaN and infinity leave a gap.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure, apart from pyplot's, unless given.

    Returns
    -------
    matplotlib.axes.Axes
        ``ax.figure.savefig("loss.png")`` saves it.

    Raises
    ------
    OperandError
        If there is nothing to plot.

    Examples
    --------
    >>> ax = plot_history({"loss": [0.9, 0.5, 0.3], "accuracy": [0.5, 0.7, 0.9]})
    >>> [line.get_label() for line in ax.lines]
    ['loss', 'accuracy']
    """
    curves = _curves(history)
    if not curves:
        raise OperandError(
            f"There is nothing to plot in {shown(history)} ({type(history).__name__}). Give names with one number per "
            'epoch each, such as {"loss": [0.9, 0.4]}.'
        )
    axes = new_axes() if ax is None else ax
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - an optional package, here since there are axes

    for (name, numbers), (colour, dash) in zip(curves.items(), styles(), strict=False):
        finite = [x if math.isfinite(x) else math.nan for x in numbers]
        marker = "o" if len(finite) < 20 else None
        axes.plot(range(1, len(finite) + 1), finite, label=name, color=colour, linestyle=dash, marker=marker)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(curves) == 1:
        axes.set_ylabel(next(iter(curves)))
    else:
        axes.set_ylabel("value")
        axes.legend(frameon=False)
    axes.set_title("Training")
    dress(axes)
    return axes


def _curves(history: Any) -> dict[str, list[float]]:
    if callable(getattr(history, "curves", None)):  # a run that knows what of it belongs into a picture
        history = history.curves()
    if isinstance(history, Mapping):
        named: Mapping[str, Any] = history
    elif _are_numbers(history):
        named = {"loss": history}
    else:
        public = [name for name in _attribute_names(history) if not name.startswith("_")]
        named = {name: getattr(history, name) for name in public}
    return {str(name): [float(x) for x in numbers] for name, numbers in named.items() if _are_numbers(numbers)}


def _attribute_names(thing: Any) -> Iterable[str]:
    fields = getattr(thing, "__dataclass_fields__", None)
    return list(fields) if fields is not None else list(getattr(thing, "__dict__", {}))


def _are_numbers(thing: Any) -> bool:
    is_sequence = isinstance(thing, Sequence) or hasattr(thing, "__array__")
    return is_sequence and not isinstance(thing, str) and len(thing) > 0 and all(isinstance(x, Real) for x in thing)

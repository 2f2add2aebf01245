"""Plots of functions of one number: Taylor polynomials, activations with derivatives."""

# Any: functions of the engine take and return floats, arrays and Values
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from autograd_lite.engine import TABLE
from autograd_lite.errors import DomainError, UnknownNameError
from autograd_lite.text import pretty_number
from autograd_lite.transforms import TaylorPolynomial, derivative, taylor

from ..theme import LIGHT
from .axes import COLOURS, new_axes, plain_text, styles
from .functions import POINTS, checked_interval, finish, values_on

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_activation", "plot_taylor"]

Array = npt.NDArray[np.float64]

WIDTH = 2.0  # of the curve of a function
DERIVATIVE = "its derivative"


def plot_taylor(f: Any, x0: float, order: int, ax: Axes | None = None, *, span: float = 3.0) -> Axes:
    """Plot a function and its Taylor polynomials of order 1 to n around a point.

    Parameters
    ----------
    f : callable or sequence of float
        A function of one number; or the coefficients c_0, c_1, ... of a polynomial in (x - x0), of which only the
        truncations are shown.
    x0 : float
        The point.
    order : int
        The highest order, at least 1.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure, apart from pyplot's, unless given.
    span : float
        How far to show to both sides of the point, above 0.

    Raises
    ------
    DomainError
        If the order is less than 1 or there are not as many coefficients, or the span is not positive.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> ax = plot_taylor(ag.sin, 0.0, 3)
    >>> [line.get_label() for line in ax.lines[:3]]  # the sine has no square in it
    ['f(x)', 'orders 1, 2', 'order 3']
    """
    series = taylor(f, x0, order) if callable(f) else TaylorPolynomial(float(x0), tuple(map(float, f)))
    if not 1 <= order <= series.order or not span > 0.0:
        raise DomainError(
            f"plot_taylor got order {order} of a series of order {series.order}, and span {span}; it needs an order "
            "from 1 to that of the series, and a positive span."
        )
    axes = new_axes() if ax is None else ax
    xs = np.linspace(x0 - span, x0 + span, POINTS)
    exact = values_on(f, xs) if callable(f) else series(xs)
    axes.plot(xs, exact, color=LIGHT.ink, linewidth=2.5, label="f(x)")
    for orders, (colour, dash) in zip(_distinct(series, order), styles(1), strict=False):
        words = f"order {orders[0]}" if len(orders) == 1 else f"orders {', '.join(map(str, orders))}"
        axes.plot(xs, series.truncated(orders[0])(xs), label=words, color=colour, linestyle=dash)
    axes.plot([x0], [series.coefficients[0]], "o", color=LIGHT.ink, markersize=8)
    finite = exact[np.isfinite(exact)]
    if finite.size:  # the polynomials run away; the function is what must be seen
        room = 0.35 * float(np.ptp(finite)) or 1.0
        axes.set_ylim(float(finite.min()) - room, float(finite.max()) + room)
    return finish(axes, xs, title=f"Taylor polynomials around x = {pretty_number(x0)}")


def _distinct(series: TaylorPolynomial, order: int) -> list[list[int]]:
    """The orders from 1 on, those together whose polynomials are the same, since a coefficient is 0."""
    groups: list[list[int]] = []
    for k in range(1, order + 1):
        if groups and series.coefficients[k] == 0.0:
            groups[-1].append(k)
        else:
            groups.append([k])
    return groups


def plot_activation(
    activation: Any,
    ax: Axes | None = None,
    *,
    beta: float | Sequence[float] = 1.0,
    span: float = 5.0,
    interval: Sequence[float] | None = None,
    derivatives: bool = True,
    label: str | None = None,
) -> Axes:
    r"""Plot an activation g and its derivative: :math:`g(\beta x)` and :math:`\beta g'(\beta x)`.

    Parameters
    ----------
    activation : str, callable or sequence
        An op of the table by its name, or a function of one number; or plain numbers: x, g(x) and g'(x), three lists.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure, apart from pyplot's, unless given.
    beta : float or sequence of float
        The slope, or several: the larger it is, the steeper the activation.
    span : float
        How far to show to both sides of 0, above 0.
    interval : two float, optional
        From where to where, in place of the span.
    derivatives : bool
        Whether to show the derivative too.
    label : str, optional
        The name of the activation; that of the op or function unless given.

    Raises
    ------
    UnknownNameError
        If there is no such op.
    DomainError
        If the span is not positive, or the interval empty.

    Examples
    --------
    >>> ax = plot_activation("sigmoid", beta=[1.0, 5.0])
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['sigmoid(x)', 'its derivative', 'sigmoid(5 x)', 'its derivative']
    """
    if not span > 0.0:
        raise DomainError(f"span is {span}; it must be positive.")
    low, high = (-span, span) if interval is None else checked_interval(interval)
    axes = new_axes() if ax is None else ax
    if not isinstance(activation, str) and not callable(activation):
        xs, values, slopes = (np.asarray(part, dtype=float) for part in activation)
        _draw_pair(axes, (xs, values, slopes if derivatives else None), label or "g(x)")
        return finish(axes, xs, title=f"Activation {label or 'g'}")
    name, g = _activation(activation)
    xs = np.linspace(low, high, POINTS)
    for b in np.atleast_1d(np.asarray(beta, dtype=float)).tolist():
        steeper = _steeper(g, b)
        words = f"{label or name}(x)" if b == 1.0 else f"{label or name}({pretty_number(b)} x)"
        rate = values_on(derivative(steeper), xs) if derivatives else None
        _draw_pair(axes, (xs, values_on(steeper, xs), rate), words)
    return finish(axes, xs, title="Activations" if axes.get_title() else f"Activation {label or name}")


def _draw_pair(axes: Axes, curves: tuple[Array, Array, Array | None], label: str) -> None:
    """Draw a function and its derivative in the next colour, also on axes that have some already."""
    xs, values, slopes = curves
    solid = sum(line.get_linestyle() == "-" and line.get_linewidth() == WIDTH for line in axes.lines)
    colour = COLOURS[solid % len(COLOURS)]
    axes.plot(xs, values, color=colour, linewidth=WIDTH, label=plain_text(label))
    if slopes is not None:
        axes.plot(xs, slopes, color=colour, linestyle="dashed", label=DERIVATIVE)


def _activation(activation: Any) -> tuple[str, Callable[[Any], Any]]:
    if callable(activation):
        return getattr(activation, "__name__", "g").strip("<>_").replace("lambda", "g"), activation
    if activation not in TABLE:
        raise UnknownNameError.among("activation", activation, TABLE)
    return activation, TABLE[activation]


def _steeper(g: Callable[[Any], Any], beta: float) -> Callable[[Any], Any]:
    return lambda x: g(beta * x)

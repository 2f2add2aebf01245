"""Plots of functions of one number as calculus draws them: derivatives, tangent, secant."""

# Any: functions of the engine take and return floats, arrays and Values
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from autograd_lite.compiler import compile  # noqa: A004 - the name of the design
from autograd_lite.engine import TABLE
from autograd_lite.errors import DomainError, OperandError, UnknownNameError
from autograd_lite.text import pretty_number, shown
from autograd_lite.transforms import derivative

from ..theme import LIGHT
from .axes import COLOURS, dress, new_axes, plain_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["checked_interval", "finish", "function_named", "plot_function", "values_on"]

Array = npt.NDArray[np.float64]
Function = Callable[[Any], Any]

POINTS = 401
PRIMES = ("", "′", "″", "‴")
LINES = ("solid", "dashed", "dotted", "dashdot")


def plot_function(
    f: Any,
    interval: Sequence[float] = (-3.0, 3.0),
    ax: Axes | None = None,
    *,
    derivatives: int = 0,
    tangent: float | None = None,
    secant: Sequence[float] | None = None,
    label: str | None = None,
) -> Axes:
    """Plot a function of one number, or several, with derivatives, a tangent and a secant.

    Parameters
    ----------
    f : callable, str or mapping
        A function of one number, an op of the table by its name, or several by label: ``{"mean": f, "other": g}``.
    interval : two float
        From where to where.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure, apart from pyplot's, unless given. What is drawn there later differs in colour.
    derivatives : int
        How many derivatives to add, up to 3: 2 shows f, f′ and f″.
    tangent : float, optional
        Where to touch each curve with its tangent.
    secant : two float, optional
        Through which two points to draw a secant, whose slope is the difference quotient.
    label : str, optional
        The name of the curve; that of the function unless given.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    DomainError
        If the interval is empty or not finite, or `derivatives` is not from 0 to 3.
    OperandError
        If `f` is no function.

    Examples
    --------
    >>> ax = plot_function("tanh", (-2.0, 2.0), derivatives=2, tangent=0.5)
    >>> [line.get_label() for line in ax.lines[:4]]
    ['tanh(x)', 'tanh′(x)', 'tanh″(x)', 'tangent at 0.5, slope 0.7864']
    """
    low, high = checked_interval(interval)
    if derivatives not in range(len(PRIMES)):
        raise DomainError(f"derivatives is {derivatives}; a picture shows 0 to {len(PRIMES) - 1} of them.")
    named = {str(k): function_named(g)[1] for k, g in f.items()} if isinstance(f, Mapping) else None
    if named is None:
        name, g = function_named(f)
        named = {label or name: g}
    axes = new_axes() if ax is None else ax
    xs, earlier = np.linspace(low, high, POINTS), _curves_on(axes)
    for k, (name, g) in enumerate(named.items()):
        colour = COLOURS[(earlier + k) % len(COLOURS)]
        for order in range(derivatives + 1):
            of = _primed(name, order)
            curve = derivative(g, order=order) if order else g
            axes.plot(xs, values_on(curve, xs), color=colour, linestyle=LINES[order], linewidth=2.0, label=of)
        if tangent is not None:
            slope = float(values_on(derivative(g), np.array([tangent]))[0])
            words = f"tangent at {pretty_number(tangent)}, slope {pretty_number(slope)}"
            _straight(axes, xs, (tangent, float(values_on(g, np.array([tangent]))[0])), slope, words)
        if secant is not None:
            _secant(axes, xs, g, secant)
    return finish(axes, xs, title=", ".join(named) if earlier == 0 else "")


def _curves_on(axes: Axes) -> int:
    """How many functions are drawn there already: the solid curves of many points."""
    return sum(line.get_linestyle() == "-" and len(np.asarray(line.get_xdata())) == POINTS for line in axes.lines)


def _primed(name: str, order: int) -> str:
    """The name of a derivative: f′(x) for f(x); of another label with the primes behind."""
    if not order:
        return plain_text(name)
    head, bracket, rest = name.partition("(")
    return plain_text(f"{head}{PRIMES[order]}{bracket}{rest}")


def _straight(
    axes: Axes, xs: Array, through: tuple[float, float], slope: float, words: str, *, colour: str = LIGHT.ink
) -> None:
    """A line through a point, which leaves the axes as high as they are."""
    limits = axes.get_ylim()
    axes.plot(xs[[0, -1]], through[1] + slope * (xs[[0, -1]] - through[0]), color=colour, linewidth=1.4, label=words)
    axes.plot([through[0]], [through[1]], "o", color=colour, markersize=8)
    axes.set_ylim(*limits)


def _secant(axes: Axes, xs: Array, g: Function, ends: Sequence[float]) -> None:
    a, b = map(float, ends)
    if a == b:
        raise DomainError(f"The secant's ends are both {a}; a secant takes two points. At one point it is the tangent.")
    y_a, y_b = values_on(g, np.array([a, b])).tolist()
    slope = (y_b - y_a) / (b - a)
    words = f"secant {pretty_number(a)} to {pretty_number(b)}, slope {pretty_number(slope)}"
    _straight(axes, xs, (a, y_a), slope, words, colour=LIGHT.focus)
    axes.plot([b], [y_b], "o", color=LIGHT.focus, markersize=8)


# --- Shared with the other plots of functions ------------------------------------------------------------------------


def function_named(f: Any) -> tuple[str, Function]:
    """A function and what to call it: an op by name, or any callable."""
    if callable(f):
        name = getattr(f, "__name__", "f")
        return f"{'f' if name == '<lambda>' else name}(x)", f
    if not isinstance(f, str):
        raise OperandError(f"{shown(f)} ({type(f).__name__}) is not a function of one number, nor the name of an op.")
    if f not in TABLE:
        raise UnknownNameError.among("function", f, TABLE)
    return f"{f}(x)", TABLE[f]


def checked_interval(interval: Sequence[float]) -> tuple[float, float]:
    """The ends of an interval that is not empty."""
    low, high = (float(end) for end in interval) if len(interval) == 2 else (0.0, 0.0)
    if not (low < high and np.isfinite(high - low)):
        raise DomainError(f"The interval is {shown(interval)}; give two finite numbers, the smaller first.")
    return low, high


def values_on(f: Function, xs: Array) -> Array:
    """Values of the function; NaN where it is not finite."""
    with np.errstate(all="ignore"):
        values = np.asarray(compile(f, batch=(0,))(xs), dtype=float) + np.zeros_like(xs)
    return np.where(np.isfinite(values), values, np.nan)


def finish(axes: Axes, xs: Array, *, title: str = "", ylabel: str = "y") -> Axes:
    """Axes through 0, names of both, a grid and a legend."""
    axes.axhline(0.0, color=LIGHT.line, linewidth=0.8, zorder=0)
    axes.axvline(0.0, color=LIGHT.line, linewidth=0.8, zorder=0)
    axes.set(xlim=(xs[0], xs[-1]), xlabel="x", ylabel=ylabel)
    if title:
        axes.set_title(title if "$" in title else plain_text(title))
    dress(axes)
    axes.legend(frameon=True, framealpha=0.9, edgecolor="none")
    return axes

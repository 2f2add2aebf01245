"""Plots of functions of two numbers: the surface, the field of gradients, the slope in every direction."""

# Any: functions of the engine take and return floats, arrays and Values; mplot3d has no types
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from autograd_lite.compiler import compile  # noqa: A004 - the name of the design
from autograd_lite.errors import DomainError, OperandError
from autograd_lite.text import pretty_number, shown
from autograd_lite.transforms import grad

from ..theme import LIGHT
from .axes import COLOURS, dress, new_axes, plain_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_direction", "plot_gradient_field", "plot_loss_surface"]

Array = npt.NDArray[np.float64]

CELLS, ARROWS, ANGLES = 60, 15, 361


def plot_loss_surface(
    loss: Any,
    extent: Sequence[float] = (-3.0, 3.0, -3.0, 3.0),
    ax: Any = None,
    *,
    path: npt.ArrayLike | None = None,
    names: Sequence[str] = ("w", "b"),
) -> Any:
    """Plot a loss of two parameters as a surface, and the path of a descent upon it.

    Parameters
    ----------
    loss : callable
        A function of the two parameters.
    extent : four float
        Left, right, bottom, top.
    ax : matplotlib 3-D axes, optional
        Where to draw; a new figure, apart from pyplot's, unless given.
    path : array, shape (steps, 2), optional
        Where the parameters were, from the start on.
    names : two str
        Of the parameters.

    Returns
    -------
    mpl_toolkits.mplot3d.axes3d.Axes3D

    Raises
    ------
    OperandError
        If `loss` is not a function.
    DomainError
        If the extent is empty.

    Examples
    --------
    >>> ax = plot_loss_surface(lambda w, b: w**2 + 0.4 * b**2, path=[(2.0, 2.0), (1.0, 1.6)])
    >>> ax.get_xlabel(), ax.get_zlabel()
    ('w', 'loss')
    """
    xs, ys, heights = _grid(loss, extent, CELLS)
    axes = new_axes(projection="3d") if ax is None else ax
    axes.plot_surface(xs, ys, heights, cmap="cividis", alpha=0.8, linewidth=0.0)
    if path is not None:
        points = np.asarray(path, dtype=float).reshape(-1, 2)
        at = _on(loss, points[:, 0], points[:, 1])
        axes.plot(points[:, 0], points[:, 1], at, "o-", color=LIGHT.gradient, markersize=5, linewidth=2.0, zorder=5)
    axes.set(xlabel=plain_text(names[0]), ylabel=plain_text(names[1]), zlabel="loss", title="Loss surface")
    return axes


def plot_gradient_field(
    f: Any,
    extent: Sequence[float] = (-3.0, 3.0, -3.0, 3.0),
    ax: Axes | None = None,
    *,
    names: Sequence[str] = ("x", "y"),
    descent: bool = False,
) -> Axes:
    """Plot the gradients of a function of two numbers as arrows over its contours, at right angles to them.

    Parameters
    ----------
    f : callable
        A function of two numbers.
    extent : four float
        Left, right, bottom, top.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure, apart from pyplot's, unless given.
    names : two str
        Of the two numbers.
    descent : bool
        Whether the arrows point downhill, against the gradient.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    OperandError
        If `f` is not a function.
    DomainError
        If the extent is empty.

    Examples
    --------
    >>> ax = plot_gradient_field(lambda x, y: x**2 + y**2)
    >>> ax.get_title()
    'Gradient field'
    """
    xs, ys, heights = _grid(f, extent, CELLS)
    axes = new_axes() if ax is None else ax
    axes.contour(xs, ys, heights, levels=12, colors=LIGHT.line, linewidths=0.8)
    left, right, bottom, top = map(float, extent)
    across, up = np.meshgrid(np.linspace(left, right, ARROWS + 2)[1:-1], np.linspace(bottom, top, ARROWS + 2)[1:-1])
    sign = -1.0 if descent else 1.0
    arrows = [sign * slope for slope in _gradient(f, across, up)]
    axes.quiver(across, up, *arrows, color=LIGHT.gradient, angles="xy", width=0.005, headwidth=3.6)
    axes.set(xlim=(left, right), ylim=(bottom, top), xlabel=plain_text(names[0]), ylabel=plain_text(names[1]))
    axes.set_title("Descent directions" if descent else "Gradient field")
    axes.set_aspect("equal", adjustable="box")  # so that right angles look right
    return axes


def plot_direction(f: Any, point: Sequence[float], ax: Axes | None = None) -> Axes:
    r"""Plot the slope of a function of two numbers at a point against the direction.

    The directional derivative :math:`\nabla f \cdot u` with :math:`u = (\cos\theta, \sin\theta)` is largest along the
    gradient, where it is the gradient's length, and 0 at right angles to it.

    Parameters
    ----------
    f : callable
        A function of two numbers.
    point : two float
        Where.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure, apart from pyplot's, unless given.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    OperandError
        If `f` is not a function.
    DomainError
        If the point is not two finite numbers, or the gradient there is not finite.

    Examples
    --------
    >>> ax = plot_direction(lambda x, y: x**2 + y**2, (1.0, 1.0))
    >>> ax.get_title()
    'Slope in every direction at (1, 1)'
    """
    x, y = (float(number) for number in point) if len(point) == 2 else (math.nan, math.nan)
    a, b = (float(slope[0]) for slope in _gradient(_function(f), np.array([x]), np.array([y])))
    if not all(map(math.isfinite, (x, y, a, b))):
        raise DomainError(f"The gradient at {shown(point)} is ({a}, {b}); give two numbers where it is finite.")
    axes = new_axes() if ax is None else ax
    degrees = np.linspace(0.0, 360.0, ANGLES)
    slopes = a * np.cos(np.radians(degrees)) + b * np.sin(np.radians(degrees))
    axes.plot(degrees, slopes, color=COLOURS[0], linewidth=2.0, label="directional derivative")
    size, along = math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360.0
    words = f"gradient ({pretty_number(a)}, {pretty_number(b)}): {pretty_number(along)}°, length {pretty_number(size)}"
    axes.plot([along], [size], "o", color=LIGHT.gradient, markersize=9, label=words)
    axes.axhline(0.0, color=LIGHT.line, linewidth=0.8, zorder=0)
    axes.set(xlim=(0.0, 360.0), xlabel="direction θ in degrees", ylabel="slope")
    axes.set_xticks(range(0, 361, 45))
    axes.set_title(f"Slope in every direction at ({pretty_number(x)}, {pretty_number(y)})")
    dress(axes)
    axes.legend(frameon=True, framealpha=0.9, edgecolor="none")
    return axes


def _function(f: Any) -> Any:
    if not callable(f):
        raise OperandError(f"{shown(f)} ({type(f).__name__}) is not a function of two numbers.")
    return f


def _grid(f: Any, extent: Sequence[float], cells: int) -> tuple[Array, Array, Array]:
    """Coordinates and values on a grid; NaN where the function is not finite."""
    left, right, bottom, top = map(float, extent) if len(extent) == 4 else (0.0,) * 4
    if not (left < right and bottom < top and math.isfinite(right - left + top - bottom)):
        raise DomainError(f"The extent is {shown(extent)}; give left, right, bottom and top, as (-3, 3, -2, 2).")
    xs, ys = np.meshgrid(np.linspace(left, right, cells), np.linspace(bottom, top, cells))
    return xs, ys, _on(_function(f), xs, ys)


def _gradient(f: Any, xs: Array, ys: Array) -> list[Array]:
    """The derivatives with respect to both numbers, at every point."""
    return [_on(grad(f, argnums=k), xs, ys) for k in (0, 1)]


def _on(f: Any, xs: Array, ys: Array) -> Array:
    with np.errstate(all="ignore"):
        flat = np.asarray(compile(f, batch=(0, 1))(xs.ravel(), ys.ravel()), dtype=float) + np.zeros(xs.size)
    return np.where(np.isfinite(flat), flat, np.nan).reshape(xs.shape)

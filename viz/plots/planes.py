"""Plots over two inputs or parameters: decision boundaries and descent."""

# Any: a model is an estimator, a function or a grid, told apart at run time; labels are of any dtype
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from autograd_lite.calling import adapted
from autograd_lite.compiler import compile  # noqa: A004 - the name of the design
from autograd_lite.errors import OperandError, ShapeError
from autograd_lite.text import shown

from ..theme import LIGHT
from .axes import COLOURS, new_axes, plain_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_decision_boundary", "plot_descent"]

Array = npt.NDArray[np.float64]

MARKERS = ("o", "^", "s", "D", "v", "P")
CELLS = 200  # along each axis


def plot_decision_boundary(
    model: Any,
    X: npt.ArrayLike,  # noqa: N803 - the field's letter
    y: npt.ArrayLike | None = None,
    ax: Axes | None = None,
    *,
    threshold: float | None = None,
) -> Axes:
    """Plot the class a model predicts at each point of a 2-D input space, with the samples on top.

    Probabilities of two classes are shaded; the line is where the prediction changes.

    Parameters
    ----------
    model : estimator, callable or array
        Anything with a method ``predict`` for rows of two numbers; or a model of scalars for one row, that returns one
        output or a list with one per class; or such classes as numbers on a grid over the samples, shape (rows,
        columns), the lowest row first.
    X : array, shape (n, 2)
        The samples; the picture reaches a little beyond them.
    y : array, shape (n,), optional
        Their classes.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure, apart from pyplot's, unless given.
    threshold : float, optional
        From which output on a model with one output predicts the second class; 0.5 unless given where all outputs lie
        between 0 and 1, as probabilities do, else 0, as for logits.

    Raises
    ------
    ShapeError
        If the samples do not have two inputs, or there is not one class per sample.
    OperandError
        If `model` is none of these.

    Examples
    --------
    >>> ax = plot_decision_boundary(lambda x: x[0] + x[1] - 1.0, [[0.0, 0.0], [1.0, 1.0]], ["no", "yes"])
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['no', 'yes']
    """
    samples, classes = _samples(X, y)
    axes = new_axes() if ax is None else ax
    xs, ys = (_beyond(samples[:, k]) for k in (0, 1))
    scores = _scores_on_grid(model, xs, ys, classes, threshold)
    xs, ys = (np.linspace(grid[0], grid[-1], n) for grid, n in zip((xs, ys), scores.shape[:0:-1], strict=True))
    _draw_regions(axes, xs, ys, scores)
    for k in range(1, len(scores)):
        lead = scores[k] - np.delete(scores, k, axis=0).max(axis=0)
        if lead.min() < 0.0 < lead.max():
            axes.contour(xs, ys, lead, levels=[0.0], colors=LIGHT.ink, linewidths=1.0)
    _draw_samples(axes, samples, classes)
    axes.set(xlim=(xs[0], xs[-1]), ylim=(ys[0], ys[-1]), xlabel="x1", ylabel="x2", title="Predicted class")
    return axes


def plot_descent(
    loss: Any,
    path: npt.ArrayLike,
    ax: Axes | None = None,
    *,
    names: Sequence[str] = ("w", "b"),
    extent: Sequence[float] | None = None,
) -> Axes:
    """Plot the path of two parameters on the loss's contour map; several paths on the same axes differ in colour.

    Parameters
    ----------
    loss : callable or array
        A function of the two parameters, ``loss(w, b)`` or ``loss([w, b])``; or its numbers on a grid over `extent`,
        shape (rows, columns), the lowest row first.
    path : array, shape (steps, 2)
        Where the parameters were, from the start on; the first two parameters of a model from the ``weights`` of
        `nn.Record`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure, apart from pyplot's, unless given.
    names : two str
        Of the parameters.
    extent : four float, optional
        Left, right, bottom, top; a little beyond the path unless given.

    Raises
    ------
    ShapeError
        If the path is not made of pairs of finite numbers.
    OperandError
        If `loss` is neither a function nor a grid.

    Examples
    --------
    >>> path = [(2.0, 2.0), (1.0, 1.6), (0.5, 1.28), (0.25, 1.02)]
    >>> ax = plot_descent(lambda w, b: w**2 + 0.4 * b**2, path)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('w', 'b')
    """
    points = _pairs(path, "path")
    axes = new_axes() if ax is None else ax
    earlier = sum(str(line.get_label()).startswith("descent") for line in axes.lines)
    if earlier and extent is None:  # both paths stay in sight, over one set of contours
        points_seen = np.vstack([points, *(line.get_xydata() for line in axes.lines)])
        _remove_contours(axes)
    else:
        points_seen = points
    left, right, bottom, top = extent or [*_ends(points_seen[:, 0]), *_ends(points_seen[:, 1])]
    heights = _heights(loss, (left, right), (bottom, top))
    xs, ys = np.linspace(left, right, heights.shape[1]), np.linspace(bottom, top, heights.shape[0])
    lines = axes.contour(xs, ys, heights, levels=_levels(heights), colors=LIGHT.line, linewidths=0.8)
    axes.clabel(lines, fontsize=7, fmt="%.3g")
    marker = "." if len(points) <= 60 else None
    colour, again = COLOURS[(1 + earlier) % len(COLOURS)], f" {earlier + 1}" if earlier else ""
    axes.plot(points[:, 0], points[:, 1], color=colour, marker=marker, linewidth=1.6, label=f"descent{again}")
    axes.plot(*points[0], "o", color=LIGHT.paper, markeredgecolor=colour, markersize=9, label=f"start{again}")
    axes.plot(*points[-1], "*", color=colour, markersize=16, label=f"end{again}")
    axes.set(xlim=(left, right), ylim=(bottom, top), xlabel=names[0], ylabel=names[1], title="Descent on the loss")
    axes.legend(frameon=True, framealpha=0.9, edgecolor="none")
    return axes


# --- Samples and grids -----------------------------------------------------------------------------------------------


def _samples(X: npt.ArrayLike, y: npt.ArrayLike | None) -> tuple[Array, npt.NDArray[Any] | None]:  # noqa: N803 - the field's letter
    samples = _pairs(X, "X")
    classes = None if y is None else np.asarray(y).ravel()
    if classes is not None and len(classes) != len(samples):
        raise ShapeError(f"X has {len(samples)} rows and y has {len(classes)}; give one class per sample.")
    return samples, classes


def _pairs(points: npt.ArrayLike, name: str) -> Array:
    array = np.asarray(points, dtype=float)
    if array.ndim != 2 or array.shape[1] != 2 or not len(array) or not np.isfinite(array).all():
        raise ShapeError(
            f"{name} has shape {array.shape}; the picture needs rows of two finite numbers, shape (n, 2). Of more "
            "inputs or parameters choose two."
        )
    return array


def _ends(numbers: Array, margin: float = 0.15) -> tuple[float, float]:
    low, high = float(numbers.min()), float(numbers.max())
    room = margin * (high - low) or 1.0
    return low - room, high + room


def _beyond(numbers: Array) -> Array:
    return np.linspace(*_ends(numbers), CELLS)


def _scores_on_grid(model: Any, xs: Array, ys: Array, classes: Any, threshold: float | None) -> Array:
    """Score of each class at each grid point, shape (classes, rows, columns); the largest is predicted."""
    if isinstance(model, (list, np.ndarray)):
        return _indicators(np.asarray(model))
    rows = np.column_stack([part.ravel() for part in np.meshgrid(xs, ys)])
    shape = (-1, len(ys), len(xs))
    if callable(getattr(model, "predict_proba", None)):
        return np.asarray(model.predict_proba(rows), dtype=float).T.reshape(shape)
    if callable(getattr(model, "predict", None)):
        answers = np.asarray(model.predict(rows))
        known = np.unique(answers) if classes is None else np.unique(classes)
        return _indicators(np.searchsorted(known, answers).reshape(shape[1:]))
    if not callable(model):
        raise OperandError(
            f"{shown(model)} ({type(model).__name__}) is not a classifier; give an estimator with predict, a model of "
            "scalars, or classes on a grid."
        )
    outputs = compile(model, batch=(0,))(rows)
    several = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    if len(several) == 1:
        (only,) = (np.asarray(output) for output in several)
        if threshold is None and bool(((only >= 0.0) & (only <= 1.0)).all()):
            several = [1.0 - only, only]  # probabilities
        else:
            several = [(threshold or 0.0) - only, only - (threshold or 0.0)]
    return np.stack(several).reshape(shape)


def _draw_regions(axes: Axes, xs: Array, ys: Array, scores: Array) -> None:
    """Colour every point by its class; probabilities of two classes from the one colour to the other."""
    colours = [COLOURS[k % len(COLOURS)] for k in range(len(scores))]
    if len(scores) == 2 and np.allclose(scores.sum(axis=0), 1.0) and bool(((scores > 0.0) & (scores < 1.0)).any()):
        from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415 - an optional package, here by now

        between = LinearSegmentedColormap.from_list("classes", [colours[0], LIGHT.paper, colours[1]])
        axes.contourf(xs, ys, scores[1], levels=np.linspace(0.0, 1.0, 21), cmap=between, alpha=0.45)
    else:
        levels = np.arange(len(scores) + 1) - 0.5
        axes.contourf(xs, ys, scores.argmax(axis=0), levels=levels, colors=colours, alpha=0.18)


def _indicators(classes: npt.NDArray[Any]) -> Array:
    """1 for the predicted class, 0 for the others."""
    count = max(int(classes.max()) + 1, 2)
    return np.stack([(classes == k).astype(float) for k in range(count)])


def _draw_samples(axes: Axes, samples: Array, classes: npt.NDArray[Any] | None) -> None:
    if classes is None:
        axes.plot(samples[:, 0], samples[:, 1], "o", color=LIGHT.ink, markersize=6)
        return
    for k, name in enumerate(np.unique(classes).tolist()):
        of_class = samples[classes == name]
        axes.plot(
            of_class[:, 0],
            of_class[:, 1],
            color=COLOURS[k % len(COLOURS)],
            marker=MARKERS[k % len(MARKERS)],
            linestyle="none",
            markersize=7,
            markeredgecolor=LIGHT.paper,
            markeredgewidth=0.6,
            label=plain_text(name),
        )
    axes.legend(frameon=True, framealpha=0.9, edgecolor="none")


def _heights(loss: Any, across: tuple[float, float], up: tuple[float, float]) -> Array:
    if callable(loss):
        xs, ys = np.meshgrid(np.linspace(*across, CELLS), np.linspace(*up, CELLS))
        heights = compile(adapted(loss, (0.0, 0.0)), batch=(0, 1))(xs.ravel(), ys.ravel())
        return np.asarray(heights, dtype=float).reshape(xs.shape)
    grid = np.asarray(loss)
    if grid.dtype.kind not in "iuf" or grid.ndim != 2 or min(grid.shape) < 2:
        raise OperandError(
            f"{shown(loss)} ({type(loss).__name__}) is not a loss; give a function of two numbers or a grid of numbers."
        )
    return grid.astype(float)


def _remove_contours(axes: Axes) -> None:
    from matplotlib.contour import ContourSet  # noqa: PLC0415 - an optional package, here by now

    for contours in [c for c in axes.collections if isinstance(c, ContourSet)]:
        contours.remove()


def _levels(heights: Array) -> Array:
    """Contour levels at quantiles, so that flat valleys get some too."""
    finite = heights[np.isfinite(heights)]
    shares = np.quantile(finite, np.linspace(0.02, 0.95, 14))
    levels = np.unique([float(f"{level:.3g}") for level in shares if math.isfinite(level)])
    return levels if len(levels) > 1 else np.array([levels[0], levels[0] + 1.0])

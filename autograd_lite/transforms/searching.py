r"""The critical points of a function in a box: Newton's method on its gradient, from many starts.

Letters: x is the point, g the gradient, H the Hessian. A step of Newton's method solves :math:`H \Delta x = -g`; it
goes to minima, maxima and saddles alike (Nocedal & Wright, "Numerical Optimization", 2nd ed. 2006, chapter 11).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from autograd_lite.errors import DomainError, ShapeError, checked_names
from autograd_lite.op import shown
from autograd_lite.transforms.critical import CriticalPoint, classify_critical_point, on_vectors
from autograd_lite.transforms.derivatives import grad, hessian
from autograd_lite.transforms.evaluation import Function

__all__ = ["find_critical_points"]

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

STEPS = 100  # a double root takes a third or half off the distance at each step, a simple one doubles its digits
SAME = 1e-5  # points this near, in units of the box, are one
TINY = 1e-12
FLAT = 1e-8  # of the largest curvature met: below it a curvature counts as 0


@checked_names
def find_critical_points(
    f: Function, box: Sequence[Sequence[float]] | Sequence[float], *, starts: int = 100
) -> list[CriticalPoint]:
    r"""Search a box for the points where the gradient vanishes, and classify each.

    Parameters
    ----------
    f : callable
        Takes a number, n numbers, or a vector of them; returns one number.
    box : sequence of (low, high), or one such pair
        Where to search: one pair for each of the n numbers; a pair alone for a function of one number.
    starts : int
        From how many points, spread evenly over the box, Newton's method starts.

    Returns
    -------
    list of CriticalPoint
        Minima, maxima, saddles and what the second derivatives leave open, by their coordinates. It is a search and no
        proof: more starts may find more.

    Raises
    ------
    ShapeError
        If the box is not made of pairs, or f does not return one number.
    DomainError
        If a pair is not two finite numbers in ascending order, or `starts` is not at least 1.

    Examples
    --------
    >>> for point in find_critical_points(lambda x, y: x**3 - 3.0 * x * y + y**3, [(-2, 2), (-2, 2)]):
    ...     print(point.verdict, point.point, point.value)
    saddle [0. 0.] 0.0
    minimum [1. 1.] -1.0
    """
    low, high = _sides(box)
    template = float(low[0]) if np.ndim(box) == 1 else low.tolist()
    flat_f, _, _ = on_vectors(f, template)
    if isinstance(starts, bool) or not hasattr(starts, "__index__") or starts < 1:
        raise DomainError(f"starts={shown(starts)} must be a whole number, at least 1.")
    found: list[Array] = []
    steepest = 0.0
    for start in _spread(low, high, starts):
        point, curvature = _newton(flat_f, start, low, high)
        steepest = max(steepest, curvature)
        if point is not None and not any((np.abs(point - p) <= SAME * (high - low)).all() for p in found):
            found.append(point)
    found.sort(key=lambda point: tuple(np.round(point / (SAME * (high - low)))))
    points = [_classified(flat_f, point, steepest) for point in found]
    return [point for point in points if point.verdict != "not critical"]


def _classified(f: Function, x: Array, steepest: float) -> CriticalPoint:
    """Classify a point; where the search ended near a multiple root, it may curve by nothing but its distance."""
    point = classify_critical_point(f, x)
    is_flat = np.abs(point.eigenvalues) <= FLAT * steepest
    if is_flat.any() and point.verdict in ("minimum", "maximum"):
        return replace(point, verdict="inconclusive")
    return point


def _sides(box: Sequence[Sequence[float]] | Sequence[float]) -> tuple[Array, Array]:
    try:
        sides = np.atleast_2d(np.array(box, dtype=np.float64))
    except (TypeError, ValueError):
        sides = np.empty((0, 0))
    if sides.ndim != 2 or sides.shape[1] != 2 or not len(sides):
        raise ShapeError(
            f"The box {shown(box)} is not made of pairs. Give (low, high) for each number, such as [(-2, 2), (0, 1)]."
        )
    low, high = sides[:, 0].copy(), sides[:, 1].copy()
    if not (np.isfinite(sides).all() and (low < high).all()):
        raise DomainError(f"The box {shown(box)} needs two finite numbers for each side, the lower one first.")
    return low, high


def _spread(low: Array, high: Array, count: int) -> Iterable[Array]:
    """Points that fill a box evenly: multiples of irrational numbers, modulo 1 (Roberts 2018, "R-sequence")."""
    ratio = 2.0
    for _ in range(60):
        ratio = (1.0 + ratio) ** (1.0 / (len(low) + 1.0))  # the root of x^(n+1) = x + 1; for n = 1 the golden ratio
    slopes = ratio ** -np.arange(1.0, len(low) + 1.0)
    return (low + (high - low) * ((0.5 + k * slopes) % 1.0) for k in range(count))


def _newton(f: Function, x: Array, low: Array, high: Array) -> tuple[Array | None, float]:
    """Where Newton's method leads from a start, None if nowhere in the box; and the curvature at the start."""
    size = high - low
    slope, curvature = grad(f), hessian(f)
    steepest = 0.0
    for k in range(STEPS):
        g, h = slope(x), curvature(x)
        if not (np.isfinite(g).all() and np.isfinite(h).all()):
            break
        steepest = steepest if k else float(np.abs(h).max())
        step = -np.linalg.lstsq(h, g, rcond=None)[0]
        step /= max(1.0, float((np.abs(step) / (0.5 * size)).max()))  # where H is almost singular, it would leap
        x = x + step
        if (np.abs(step) <= TINY * size).all():
            inside = np.clip(_without_dust(slope, x, size), low, high)
            return (inside if (np.abs(x - inside) <= SAME * size).all() else None), steepest
        if (x < low - size).any() or (x > high + size).any():
            break
    return None, steepest


def _without_dust(slope: Function, x: Array, size: Array) -> Array:
    """Exact zeros for coordinates such as 1e-17, if the gradient is not larger there."""
    clean = np.where(np.abs(x) <= FLAT * size, 0.0, x)
    return clean if np.abs(slope(clean)).max() <= np.abs(slope(x)).max() else x

r"""Gradient descent on a function of a few numbers, with its whole path.

Letters: x is the point, g the gradient, :math:`\eta` the learning rate, :math:`\alpha` the momentum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from autograd_lite.errors import DomainError, checked_names
from autograd_lite.formulas import pretty_number
from autograd_lite.op import to_number
from autograd_lite.text import counted
from autograd_lite.transforms.critical import on_vectors, written
from autograd_lite.transforms.derivatives import value_and_grad
from autograd_lite.transforms.evaluation import Function, Tree

__all__ = ["Descent", "minimize"]

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


@dataclass(frozen=True)
class Descent:
    """Where a descent ended, and how it got there; ``str()`` is a sentence.

    Attributes
    ----------
    x : number or container
        The last point, like the start.
    value : float
        The function there.
    gradient_norm : float
        Euclidean length of the gradient there.
    reason : str
        Why it stopped: ``"converged"``, ``"max_steps"``, ``"diverged"`` or ``"interrupted"``, by Ctrl-C.
    path : ndarray, shape (steps + 1, n)
        All points, from the start on, as `plot_descent` draws them.
    values : ndarray, shape (steps + 1,)
        The function at each.
    """

    x: Tree
    value: float
    gradient_norm: float
    reason: str
    path: Array
    values: Array

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return len(self.path) - 1

    @property
    def converged(self) -> bool:
        """Whether the gradient got as small as was asked."""
        return self.reason == "converged"

    def __str__(self) -> str:
        begin = {
            "converged": "Converged",
            "max_steps": "Not converged",
            "diverged": "Diverged, so try a smaller lr; the next step is not finite. Stopped",
            "interrupted": "Interrupted",
        }[self.reason]
        return (
            f"{begin} after {counted(self.steps, 'step')} at {written(self.path[-1])}: the function is "
            f"{pretty_number(self.value, 6)} there, and its gradient has length {pretty_number(self.gradient_norm, 3)}."
        )


@checked_names
def minimize(
    f: Function,
    x0: Tree,
    lr: float = 0.1,
    *,
    momentum: float = 0.0,
    tolerance: float = 1e-6,
    max_steps: int = 10_000,
) -> Descent:
    r"""Walk downhill from a point, by gradient descent with momentum.

    .. math:: \Delta x_t = -\eta g_t + \alpha \Delta x_{t-1}, \qquad x_{t+1} = x_t + \Delta x_t

    Parameters
    ----------
    f : callable
        Takes a number, n numbers, or an array, list or other container of them; returns one number.
    x0 : number or container
        The start.
    lr : float
        The learning rate :math:`\eta`, positive.
    momentum : float
        The share :math:`\alpha` of each step that the next one keeps, in [0, 1); 0 is plain descent.
    tolerance : float
        It has converged where the gradient's length is at most this.
    max_steps : int
        The most steps that are taken.

    Returns
    -------
    Descent
        The last point and its value, whether it converged, and the whole path. Ctrl-C returns what there is by then.

    Raises
    ------
    DomainError
        If a setting is out of its range, or f or its gradient is not finite at the start.
    ShapeError, OperandError
        If f does not return one number, or x0 holds no number.

    Notes
    -----
    Each step evaluates f and its gradient once. It finds a minimum near the start, not the lowest one: compare several
    starts, or see `find_critical_points`.

    References
    ----------
    .. [1] B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", USSR Computational
       Mathematics and Mathematical Physics 4, 1964, eq. 9.

    Examples
    --------
    >>> descent = minimize(lambda x, y: (x - 1.0) ** 2 + 2.0 * y**2, [3.0, 1.0], lr=0.2)
    >>> print(minimize(lambda x: x**2, 3.0, lr=0.1, max_steps=2))
    Not converged after 2 steps at 1.92: the function is 3.6864 there, and its gradient has length 3.84.
    >>> descent.converged, descent.steps
    (True, 30)
    >>> descent.path[:3].tolist()
    [[3.0, 1.0], [2.2, 0.19999999999999996], [1.7200000000000002, 0.03999999999999998]]
    """
    eta, alpha = _setting("lr", lr, math.inf, positive=True), _setting("momentum", momentum, 1.0)
    enough = _setting("tolerance", tolerance, math.inf)
    flat_f, start, structure = on_vectors(f, x0)
    slope = value_and_grad(flat_f)
    visited = [(start, *slope(start))]
    if not _is_finite(*visited[0]):
        raise DomainError(
            f"At the start, {written(start)}, the function is {visited[0][1]:g} and its gradient "
            f"{visited[0][2].tolist()}: no way leads down from a point that is not finite. Start elsewhere."
        )
    try:
        reason = _descend(slope, visited, eta, alpha, enough, max_steps)
    except KeyboardInterrupt:
        reason = "interrupted"
    points, values, gradients = zip(*visited, strict=True)
    return Descent(
        structure.rebuild(points[-1].copy()),
        values[-1],
        math.hypot(*gradients[-1]),
        reason,
        np.array(points),
        np.array(values),
    )


def _descend(  # noqa: PLR0917 - the settings, in the order of `minimize`
    slope: Function, visited: list[tuple[Array, float, Array]], lr: float, momentum: float, enough: float, most: int
) -> str:
    """Append a point, its value and its gradient per step, in one go; returns why it stopped."""
    step = np.zeros_like(visited[0][0])
    while True:
        point, _, gradient = visited[-1]
        if math.hypot(*gradient) <= enough:
            return "converged"
        if len(visited) > most:
            return "max_steps"
        with np.errstate(over="ignore"):
            step = momentum * step - lr * gradient
            ahead = (point + step, *slope(point + step))
        if not _is_finite(*ahead):
            return "diverged"
        visited.append(ahead)


def _is_finite(point: Array, value: float, gradient: Array) -> bool:
    return math.isfinite(value) and bool(np.isfinite([point, gradient]).all())


def _setting(name: str, given: float, below: float, *, positive: bool = False) -> float:
    number = to_number(given, name)
    if not 0.0 <= number < below or (positive and number == 0.0):
        wanted = "positive" if positive else "at least 0" + (f" and below {below:g}" if below < math.inf else "")
        raise DomainError(f"{name}={given} is out of range: give a finite number that is {wanted}.")
    return number

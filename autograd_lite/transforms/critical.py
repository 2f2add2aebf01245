r"""What the first two derivatives say about a function at a point.

Letters: g is the gradient and H the Hessian at x. In two variables :math:`r = f_{xx}`, :math:`s = f_{xy}`,
:math:`t = f_{yy}`, as in the classical second-derivative test. Along a direction u with step :math:`\eta`:
:math:`f(x + \eta u) \approx f + \eta\,u^T g + \tfrac{\eta^2}{2} u^T H u`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from autograd_lite.calling import adapted
from autograd_lite.engine import Value
from autograd_lite.errors import OperandError, ShapeError, checked_names
from autograd_lite.formulas import pretty_number
from autograd_lite.op import shown, to_number
from autograd_lite.pytree import Structure, flatten, has_values
from autograd_lite.transforms.derivatives import derivative, hessian, hvp, value_and_grad
from autograd_lite.transforms.evaluation import Function, Tree

__all__ = ["CriticalPoint", "DescentReport", "classify_critical_point", "descent_report", "on_vectors", "written"]

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

ROUNDING = 1e-10  # an eigenvalue this much smaller than the largest counts as 0


# --- critical points ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CriticalPoint:
    """Result of the second-derivative test; ``str()`` is a sentence.

    Attributes
    ----------
    verdict : str
        ``"minimum"``, ``"maximum"``, ``"saddle"``, ``"inconclusive"`` or ``"not critical"``.
    point : ndarray, shape (n,)
        Where f was tested.
    gradient_norm : float
        Euclidean length of the gradient.
    hessian : ndarray, shape (n, n)
        Second derivatives.
    eigenvalues : ndarray, shape (n,)
        Eigenvalues of the Hessian, ascending: the curvatures along its principal axes.
    rt_minus_s2 : float or None
        For two variables the determinant :math:`rt - s^2`, else None.
    value : float
        The function there.
    """

    verdict: str
    point: Array
    gradient_norm: float
    hessian: Array
    eigenvalues: Array
    rt_minus_s2: float | None
    value: float

    def __str__(self) -> str:
        where = written(self.point)
        if self.verdict == "not critical":
            return f"At {where} the function is not critical: its gradient has length {_pretty(self.gradient_norm)}."
        if not math.isfinite(self.gradient_norm) or not np.isfinite(self.hessian).all():
            return f"At {where} the test is inconclusive: a derivative is not finite there."
        reason = {
            "minimum": "it curves upward in every direction",
            "maximum": "it curves downward in every direction",
            "saddle": "it curves upward in one direction and downward in another",
            "inconclusive": "it does not curve in some direction, so higher derivatives decide",
        }[self.verdict]
        verdict = "the test is inconclusive" if self.verdict == "inconclusive" else f"the function has a {self.verdict}"
        return f"At {where} {verdict}: the gradient vanishes, and {reason} ({self._evidence()})."

    def _evidence(self) -> str:
        curvatures = f"eigenvalues {', '.join(map(_pretty, self.eigenvalues))}"
        if len(self.point) == 1:
            return f"f″ = {_pretty(self.hessian[0, 0])}"
        if self.rt_minus_s2 is None:
            return curvatures
        return f"rt − s² = {_pretty(self.rt_minus_s2)}, r = {_pretty(self.hessian[0, 0])}; {curvatures}"


@checked_names
def classify_critical_point(f: Function, x: Tree, *, tolerance: float = 1e-6) -> CriticalPoint:
    r"""Classify a point as minimum, maximum or saddle of a function, from its first two derivatives.

    Parameters
    ----------
    f : callable
        Takes a number, n numbers, or an array, list or other container of them; returns one number.
    x : number or container
        The point.
    tolerance : float
        The point counts as critical where :math:`\|g\| \le \mathrm{tolerance}\,\|H\|\,(1 + \|x\|)`: roughly, where
        the true critical point is within that fraction of the point's size.

    Returns
    -------
    CriticalPoint
        The verdict and its evidence. It is inconclusive where the Hessian is singular, as at the minimum of
        :math:`x^4`.

    Raises
    ------
    ShapeError, OperandError
        If f does not return one number, or x holds no number.

    Examples
    --------
    >>> print(classify_critical_point(lambda p: p[0] ** 2 - p[1] ** 2, [0.0, 0.0]).verdict)
    saddle
    >>> print(classify_critical_point(lambda x: x**3 - 3.0 * x, 1.0))
    At 1 the function has a minimum: the gradient vanishes, and it curves upward in every direction (f″ = 6).
    """
    flat_f, point, _ = on_vectors(f, x)
    value, gradient = value_and_grad(flat_f)(point)
    second = hessian(flat_f)(point)
    norm = float(np.linalg.norm(gradient))
    finite = math.isfinite(norm) and bool(np.isfinite(second).all())
    curvatures = np.full(point.shape, math.nan)
    if finite:
        curvatures = np.array(np.linalg.eigvalsh((second + second.T) / 2.0), dtype=np.float64)
    if not finite:
        verdict = "inconclusive"
    elif norm > tolerance * float(np.linalg.norm(second)) * (1.0 + float(np.linalg.norm(point))):
        verdict = "not critical"
    else:
        verdict = _verdict(curvatures)
    determinant = None
    if len(point) == 2:
        (r, s), (same, t) = second.tolist()
        determinant = r * t - s * same
    return CriticalPoint(verdict, point, norm, second, curvatures, determinant, value)


def _verdict(curvatures: Array) -> str:
    negligible = ROUNDING * float(np.abs(curvatures).max())
    upward, downward = curvatures > negligible, curvatures < -negligible
    if upward.any() and downward.any():
        return "saddle"
    if upward.all():
        return "minimum"
    return "maximum" if downward.all() else "inconclusive"


# --- a step along a direction ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DescentReport:
    r"""Change of a function over a step, predicted by Taylor's theorem and actual; ``str()`` is a small table.

    Attributes
    ----------
    value : float
        f(x), before the step.
    first_order, second_order : float
        The terms :math:`\eta\,u^T g` and :math:`\tfrac{\eta^2}{2} u^T H u` of the change.
    actual_change : float
        :math:`f(x + \eta u) - f(x)`.
    angle : float
        Between u and the gradient, in degrees from 0 to 180; NaN where one of them is 0 or not finite. Descent is
        steepest at 180.
    gradient_norm : float
        Euclidean length of the gradient.
    """

    value: float
    first_order: float
    second_order: float
    actual_change: float
    angle: float
    gradient_norm: float

    @property
    def first_order_value(self) -> float:
        """Value after the step as the gradient alone predicts it."""
        return self.value + self.first_order

    @property
    def second_order_value(self) -> float:
        """Value after the step as gradient and Hessian predict it."""
        return self.value + (self.first_order + self.second_order)

    @property
    def actual_value(self) -> float:
        """Value after the step."""
        return self.value + self.actual_change

    def __str__(self) -> str:
        rows = [
            ("value before the step", self.value, ""),
            ("first-order term", self.first_order, f"predicts {pretty_number(self.first_order_value, 10)}"),
            ("second-order term", self.second_order, f"predicts {pretty_number(self.second_order_value, 10)}"),
            ("actual change", self.actual_change, f"gives    {pretty_number(self.actual_value, 10)}"),
        ]
        lines = [f"{name:<22} {_pretty(number):>13}   {what}".rstrip() for name, number, what in rows]
        return "\n".join([*lines, self._direction()])

    def _direction(self) -> str:
        if not math.isfinite(self.gradient_norm):
            return "The gradient is not finite at the start, so it has no angle to the direction."
        if math.isnan(self.angle):
            cause = "gradient is 0" if self.gradient_norm == 0.0 else "direction is 0 or not finite"
            return f"The {cause}, so there is no angle between gradient and direction."
        degrees = f"{self.angle:.4g}"
        course = "level, to first order" if degrees == "90" else "uphill" if self.angle < 90.0 else "downhill"
        return f"The direction is at {degrees}° to the gradient: {course}."


@checked_names
def descent_report(f: Function, x: Tree, direction: Tree, lr: float) -> DescentReport:
    r"""Compare the change that Taylor's theorem predicts for the step :math:`x + \eta u` with the actual one.

    Parameters
    ----------
    f : callable
        Takes a number, n numbers, or an array, list or other container of them; returns one number.
    x : number or container
        Start of the step.
    direction : like x
        The direction u; for gradient descent minus the gradient.
    lr : float
        The learning rate, the factor :math:`\eta` of the step.

    Returns
    -------
    DescentReport
        The value, the terms of first and second order, the actual change, the angle to the gradient.

    Raises
    ------
    ShapeError
        If the direction is not like x, or f returns a sequence.
    OperandError
        If lr is not a number, or x holds no number.

    Examples
    --------
    >>> print(descent_report(lambda x: x**2, 3.0, direction=-6.0, lr=0.1))
    value before the step              9
    first-order term                −3.6   predicts 5.4
    second-order term               0.36   predicts 5.76
    actual change                  −3.24   gives    5.76
    The direction is at 180° to the gradient: downhill.
    """
    flat_f, point, structure = on_vectors(f, x)
    u, structure_of_u = flatten(direction)
    if not structure_of_u.is_like(structure) or has_values(u):
        raise ShapeError(
            f"The direction {shown(direction)} is not like x, {shown(x)}. Give plain numbers in the same container."
        )
    eta, along = to_number(lr, "lr"), np.array(u)
    value, gradient = value_and_grad(flat_f)(point)
    with np.errstate(invalid="ignore"):  # derivatives that are not finite are reported, not warned of
        return DescentReport(
            value=value,
            first_order=eta * float(along @ gradient),
            second_order=eta**2 / 2.0 * float(along @ hvp(flat_f)(point, along)),
            actual_change=derivative(lambda step: flat_f(point + step * along), order=0)(eta) - value,
            angle=_angle(along, gradient),
            gradient_norm=float(np.linalg.norm(gradient)),
        )


def _angle(u: Array, v: Array) -> float:
    """Angle between two vectors in degrees, by Kahan's formula, which is accurate near 0 and 180 too."""
    lengths = np.linalg.norm(u), np.linalg.norm(v)
    if not all(lengths):
        return math.nan
    a, b = u / lengths[0], v / lengths[1]
    return math.degrees(2.0 * math.atan2(np.linalg.norm(a - b), np.linalg.norm(a + b)))


# --- shared ---------------------------------------------------------------------------------------------------------


def on_vectors(f: Function, x: Tree) -> tuple[Function, Array, Structure]:
    """Rewrite f as a function of one vector; return it with x as a vector, and the structure of x.

    Examples
    --------
    >>> f, point, _ = on_vectors(lambda x, y: x * y, [3.0, 4.0])
    >>> f(point), point.tolist()
    (12.0, [3.0, 4.0])
    """
    leaves, structure = flatten(x)
    if not leaves:
        raise OperandError(f"{shown(x)} holds no number. Give a point of at least one number.")
    point = np.array([leaf.data if isinstance(leaf, Value) else leaf for leaf in leaves])
    f = adapted(f, (x,))
    return lambda vector: f(structure.rebuild(vector)), point, structure


def _pretty(x: float) -> str:
    return pretty_number(x, 6)


def written(point: Array) -> str:
    """The coordinates of a point, in brackets where there are several.

    Examples
    --------
    >>> written(np.array([0.5, -1.0]))
    '(0.5, −1)'
    """
    numbers = ", ".join(map(_pretty, point))
    return numbers if len(point) == 1 else f"({numbers})"

r"""Taylor polynomials.

About :math:`x_0`, with :math:`h = x - x_0`:
:math:`f(x) = \sum_{k=0}^n \frac{f^{(k)}(x_0)}{k!} h^k + O(h^{n+1})` (Taylor, 1715; any first calculus book).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from autograd_lite.engine import Value
from autograd_lite.errors import DomainError
from autograd_lite.formulas import pretty_number
from autograd_lite.transforms.derivatives import check_order, successive_derivatives
from autograd_lite.transforms.evaluation import Function, Number, Selection, Tree, evaluate

__all__ = ["TaylorPolynomial", "taylor"]

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
HIGHEST = 170  # 171! exceeds the largest float


@dataclass(frozen=True)
class TaylorPolynomial:
    """The polynomial with the same value and derivatives as a function at one point.

    Attributes
    ----------
    center : float or Value
        The point :math:`x_0`.
    coefficients : tuple of float or Value
        :math:`c_k = f^{(k)}(x_0) / k!`, from k = 0 on.

    Examples
    --------
    >>> p = TaylorPolynomial(3.0, (27.0, 27.0, 9.0, 1.0))
    >>> print(p)
    27 + 27 (x − 3) + 9 (x − 3)² + (x − 3)³
    >>> p(4.0)
    64.0
    """

    center: Tree
    coefficients: tuple[Tree, ...]

    @property
    def order(self) -> int:
        """The highest power."""
        return len(self.coefficients) - 1

    def __call__(self, x: Tree) -> Tree:
        """Evaluate the polynomial by Horner's rule; of a Value the result is a Value, of an array an array."""
        h = x - self.center
        total = self.coefficients[-1]
        for c in reversed(self.coefficients[:-1]):
            total = total * h + c
        return total

    def truncated(self, order: int) -> TaylorPolynomial:
        """Cut the polynomial off after a lower order.

        Examples
        --------
        >>> print(TaylorPolynomial(0.0, (1.0, 1.0, 0.5)).truncated(1))
        1 + x
        """
        return TaylorPolynomial(self.center, self.coefficients[: check_order(order) + 1])

    def __str__(self) -> str:
        terms = [(_float(c), _power(_float(self.center), k)) for k, c in enumerate(self.coefficients)]
        written = [_term(c, power) for c, power in terms if c != 0.0] or ["0"]
        return " + ".join(written).replace("+ −", "− ")


def taylor(f: Function, x0: Number, order: int) -> TaylorPolynomial:
    r"""Approximate a function near a point by its Taylor polynomial.

    Parameters
    ----------
    f : callable
        Takes a number and returns a number.
    x0 : float or Value
        The point.
    order : int
        The highest power, from 0 to 170.

    Returns
    -------
    TaylorPolynomial
        Its ``coefficients`` are :math:`c_k = f^{(k)}(x_0) / k!`; call it to evaluate it, ``str()`` prints it.

    Raises
    ------
    DomainError
        If the order is negative or above 170.
    OperandError, ShapeError
        If x0 or the result of f is not one number.

    Examples
    --------
    >>> from autograd_lite import exp
    >>> p = taylor(exp, 0.0, order=4)
    >>> print(p)
    1 + x + 0.5 x² + 0.1667 x³ + 0.04167 x⁴
    >>> p(1.0)
    2.708333333333333
    """
    if check_order(order) > HIGHEST:
        raise DomainError(f"order={order} is too high: 171! exceeds the largest float. Give at most {HIGHEST}.")
    derivatives = successive_derivatives(evaluate(f, Selection(), [x0]), order)
    center = x0 if isinstance(x0, Value) else float(x0)
    return TaylorPolynomial(center, tuple([d / float(math.factorial(k)) for k, d in enumerate(derivatives)]))


def _float(x: Number) -> float:
    return x.data if isinstance(x, Value) else float(x)


def _power(center: float, k: int) -> str:
    if not k:
        return ""
    base = f"(x {'−' if center > 0 else '+'} {pretty_number(abs(center))})" if center else "x"
    return base + (str(k).translate(SUPERSCRIPTS) if k > 1 else "")


def _term(c: float, power: str) -> str:
    if not power:
        return pretty_number(c)
    return {1.0: power, -1.0: f"−{power}"}.get(c, f"{pretty_number(c)} {power}")

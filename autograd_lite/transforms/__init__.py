"""Transforms: functions that take a function and give its derivatives, and what is read from those.

=================== =====================================================================
module              what is there
=================== =====================================================================
`evaluation`        one run of the function on Values that can be differentiated
`derivatives`       grad, value_and_grad, derivative, jacobian, hessian, hvp
`products`          vjp, jvp
`sharing`           equal subexpressions made one, for high orders
`series`            taylor
`critical`          classify_critical_point, descent_report
`minimizing`        minimize
`searching`         find_critical_points
=================== =====================================================================
"""

from autograd_lite.transforms.critical import CriticalPoint as CriticalPoint
from autograd_lite.transforms.critical import DescentReport as DescentReport
from autograd_lite.transforms.critical import classify_critical_point as classify_critical_point
from autograd_lite.transforms.critical import descent_report as descent_report
from autograd_lite.transforms.derivatives import derivative as derivative
from autograd_lite.transforms.derivatives import grad as grad
from autograd_lite.transforms.derivatives import hessian as hessian
from autograd_lite.transforms.derivatives import hvp as hvp
from autograd_lite.transforms.derivatives import jacobian as jacobian
from autograd_lite.transforms.derivatives import value_and_grad as value_and_grad
from autograd_lite.transforms.minimizing import Descent as Descent
from autograd_lite.transforms.minimizing import minimize as minimize
from autograd_lite.transforms.products import jvp as jvp
from autograd_lite.transforms.products import vjp as vjp
from autograd_lite.transforms.searching import find_critical_points as find_critical_points
from autograd_lite.transforms.series import TaylorPolynomial as TaylorPolynomial
from autograd_lite.transforms.series import taylor as taylor

__all__ = [
    "CriticalPoint",
    "Descent",
    "DescentReport",
    "TaylorPolynomial",
    "classify_critical_point",
    "derivative",
    "descent_report",
    "find_critical_points",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "minimize",
    "taylor",
    "value_and_grad",
    "vjp",
]

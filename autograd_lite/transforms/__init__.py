"""Transforms: functions that take a function and give its derivatives, and what is read from those.

=================== =====================================================================
module              what is there
=================== =====================================================================
`arguments`         arguments made into Values, results made into numbers
`derivatives`       grad, value_and_grad, derivative, jacobian, hessian, hvp
`series`            taylor
`critical`          classify_critical_point, descent_report
=================== =====================================================================
"""

from autograd_lite.transforms.derivatives import derivative as derivative
from autograd_lite.transforms.derivatives import grad as grad
from autograd_lite.transforms.derivatives import hessian as hessian
from autograd_lite.transforms.derivatives import hvp as hvp
from autograd_lite.transforms.derivatives import jacobian as jacobian
from autograd_lite.transforms.derivatives import value_and_grad as value_and_grad

__all__ = ["derivative", "grad", "hessian", "hvp", "jacobian", "value_and_grad"]

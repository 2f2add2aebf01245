r"""Losses for numbers: the squared error in its variants.

Each loss is the rule for one sample, and how samples are combined (`Loss`). The textbooks' variants of the squared
error differ by a factor only, which changes what a learning rate means, so each has its own name:

=========================== ===================================================================
half_sum_of_squares         :math:`\frac12 \sum_i (o_i - t_i)^2`, the course notes' error E
sum_of_squares              :math:`\sum_i (o_i - t_i)^2`
half_mean_squared_error     :math:`\frac1{2m} \sum_i (o_i - t_i)^2`, the cost J of linear regression
mean_squared_error          :math:`\frac1m \sum_i (o_i - t_i)^2`, PyTorch's ``MSELoss``
root_mean_squared_error     the square root of that
=========================== ===================================================================

Letters: an output o, its target t, the number of samples m.
"""

from __future__ import annotations

from autograd_lite.namespaces import values as op

from ..kinds import Scalar
from .loss import loss

__all__ = [
    "half_mean_squared_error",
    "half_sum_of_squares",
    "mean_squared_error",
    "root_mean_squared_error",
    "sum_of_squares",
]


@loss(summed=True)
def half_sum_of_squares(output: Scalar, target: Scalar) -> Scalar:
    """Half the sum of squared errors: the slope by an output is the plain error o - t.

    Examples
    --------
    >>> half_sum_of_squares([1.0, 2.0], [0.0, 0.0])
    2.5
    """
    return 0.5 * op.square(output - target)


@loss(summed=True)
def sum_of_squares(output: Scalar, target: Scalar) -> Scalar:
    """Sum of squared errors.

    Examples
    --------
    >>> sum_of_squares([1.0, 2.0], [0.0, 0.0])
    5.0
    """
    return op.square(output - target)


@loss()
def half_mean_squared_error(output: Scalar, target: Scalar) -> Scalar:
    """Half the mean of squared errors, 1/(2m) of their sum, as linear regression is taught.

    Examples
    --------
    >>> half_mean_squared_error([1.0, 2.0], [0.0, 0.0])
    1.25
    """
    return 0.5 * op.square(output - target)


@loss()
def mean_squared_error(output: Scalar, target: Scalar) -> Scalar:
    """Mean of squared errors, over samples and outputs.

    Examples
    --------
    >>> mean_squared_error([1.0, 2.0], [0.0, 0.0])
    2.5
    """
    return op.square(output - target)


@loss(rooted=True)
def root_mean_squared_error(output: Scalar, target: Scalar) -> Scalar:
    """Square root of the mean of squared errors, in the units of the target.

    Examples
    --------
    >>> root_mean_squared_error([3.0, 4.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0])
    2.5
    """
    return op.square(output - target)

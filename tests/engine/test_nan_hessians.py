"""Second derivatives at special values: eager and compiled agree, and where a value is NaN, so are they."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import TABLE
from autograd_lite.op import Op

NAN, INF = math.nan, math.inf
SPECIAL = [NAN, INF, -INF, 0.0, 1.0, -1.0, -2.0, 800.0]
SMOOTH = [op for op in TABLE.values() if not op.piecewise_constant and (op.many or len(op.operand_names) <= 2)]
LINEAR = {"add", "sub", "neg", "identity", "fsum", "mean", "where", "abs", "relu", "maximum", "minimum", "remainder"}
# ... piece by piece: their second derivatives are 0, whatever the point


def applied(op):
    return lambda xs: op(*op.split(xs)) if op.many else Op.__call__(op, *xs)


@pytest.mark.parametrize(
    ("f", "x"),
    [(ag.exp, NAN), (ag.log, -1.0), (ag.sqrt, -1.0), (ag.arcsin, 2.0), (lambda x: x**2.5, -1.0), (ag.tanh, NAN)],
)
def test_the_second_derivative_of_nan_is_nan(f, x):
    for order in (1, 2, 3):
        assert math.isnan(ag.derivative(f, order)(x))
        assert math.isnan(ag.compile(ag.derivative(f, order))(x))
    assert math.isnan(ag.hessian(f)(x))


@pytest.mark.parametrize("op", SMOOTH, ids=lambda op: op.name)
def test_hessians_at_special_values_are_those_of_the_compiled_function(op):
    n = 2 * len(op.operand_names) if op.many else len(op.operand_names)
    f = applied(op)
    run = ag.compile(ag.hessian(f))
    points = itertools.product(SPECIAL, repeat=n) if n <= 2 else ([a, b, 1.0, 2.0] for a in SPECIAL for b in SPECIAL)
    for data in points:
        eager, compiled = ag.hessian(f)(list(data)), run(list(data))
        np.testing.assert_allclose(eager, compiled, rtol=1e-9, atol=1e-300, err_msg=f"{op.name}{data}")
        if math.isnan(op.number(list(data))) and op.name not in LINEAR:
            assert np.isnan(eager).any(), f"{op.name}{data}"

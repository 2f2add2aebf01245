"""The edge table again, compiled: each special row in each position of a batch, beside ordinary rows."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import TABLE
from tests.engine.test_edges import EDGES
from tests.support.agreement import applied

BENIGN = 0.25


def compiled(name, n):
    """Value and partials of an op, as a function of n columns."""
    f = ag.value_and_grad(lambda *xs: applied(TABLE[name], xs), argnums=tuple(range(n)))
    return ag.compile(f, batch=tuple(range(n)))


def same_class(a, b):
    """NaN with NaN, infinities by sign, zeros with zeros, other numbers within 2 ulp."""
    if b != b or math.isinf(b) or b == 0.0:
        return (a != a and b != b) or a == b
    return abs(a - b) <= 2 * math.ulp(b)


@pytest.mark.parametrize(("name", "data", "value", "slopes"), EDGES, ids=lambda x: str(x).replace(" ", ""))
def test_edge_in_every_position_of_a_batch(name, data, value, slopes):
    op, n = TABLE[name], len(data)
    run = compiled(name, n)
    benign = [BENIGN + 0.125 * i for i in range(n)]
    usual, usual_slopes = op.evaluate(benign, [True] * n)
    for place in range(3):
        columns = [np.array([benign[i]] * place + [data[i]] + [benign[i]] * (2 - place)) for i in range(n)]
        y, partials = run(*columns)
        for row in range(3):
            expected, by_operand = (value, slopes) if row == place else (usual, usual_slopes)
            assert same_class(y[row], expected), f"row {row}: {y[row]!r}, not {expected!r}"
            for i in range(n):
                assert same_class(partials[i][row], by_operand[i]), f"row {row}, by {i}: {partials[i][row]!r}"


@pytest.mark.parametrize(("name", "data", "value", "slopes"), EDGES, ids=lambda x: str(x).replace(" ", ""))
def test_edge_without_a_batch(name, data, value, slopes):
    n = len(data)
    f = ag.value_and_grad(lambda *xs: applied(TABLE[name], xs), argnums=tuple(range(n)))
    y, partials = ag.compile(f)(*data)
    assert same_class(y, value), f"{y!r}, not {value!r}"
    assert all(map(same_class, partials, slopes)), f"{partials}, not {slopes}"

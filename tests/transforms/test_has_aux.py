"""What a function returns beside its result comes out of a transform as numbers."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import OperandError, Value


def with_aux(x):
    y = ag.sin(x)
    return y**2, {"sine": y, "pair": np.array([x, 2.0 * x]), "name": "f"}


AUX = {"sine": np.sin(0.5), "pair": np.array([0.5, 1.0]), "name": "f"}


def plain(x):
    return with_aux(x)[0]


def same(given, expected):
    assert list(given) == list(expected)
    assert given["sine"] == expected["sine"]
    assert given["pair"].tolist() == expected["pair"].tolist()


@pytest.mark.parametrize("transform", [ag.grad, ag.jacobian, ag.hessian])
def test_derivative_and_aux(transform):
    derivative, aux = transform(with_aux, has_aux=True)(0.5)
    assert derivative == transform(plain)(0.5)
    same(aux, AUX)


def test_value_and_grad():
    (value, aux), gradient = ag.value_and_grad(with_aux, has_aux=True)(0.5)
    assert (value, gradient) == ag.value_and_grad(plain)(0.5)
    same(aux, AUX)


def test_compiled():
    (value, aux), gradient = ag.compile(ag.value_and_grad(with_aux, has_aux=True))(0.5)
    assert (value, gradient) == pytest.approx(ag.value_and_grad(plain)(0.5), rel=1e-14)
    same(aux, AUX)


def test_of_values_aux_is_values():
    _, aux = ag.grad(with_aux, has_aux=True)(Value(0.5))
    assert isinstance(aux["sine"], Value)


def test_an_outer_transform_sees_through_aux():
    assert ag.grad(lambda x: ag.grad(lambda y: (x * y, x**3), has_aux=True)(1.0)[1])(2.0) == 12.0


def test_no_pair_is_an_error_that_says_so():
    with pytest.raises(OperandError, match="has_aux=True the function returns a pair"):
        ag.grad(plain, has_aux=True)(0.5)

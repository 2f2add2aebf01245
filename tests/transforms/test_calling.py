"""A function of several numbers may be written f(x, y) or f([x, y]), and called either way."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn, viz


def apart(x, y):
    return x**3 - 3.0 * x * y + y**3


def vector(p):
    return apart(p[0], p[1])


class Callable:
    def __call__(self, x, y):
        return apart(x, y)

    def method(self, x, y):
        return apart(x, y)


AS_VECTOR = [
    vector,
    apart,
    Callable(),
    Callable().method,
    functools.partial(apart),
    functools.wraps(apart)(lambda *args: apart(*args)),  # noqa: PLW0108 - as a decorator makes it
]
POINT = [1.2, 0.7]


@pytest.mark.parametrize("f", AS_VECTOR)
@pytest.mark.parametrize("point", [POINT, tuple(POINT), np.array(POINT)])
@pytest.mark.parametrize("transform", [ag.grad, ag.value_and_grad, ag.jacobian, ag.hessian])
def test_a_transform_of_a_vector_takes_both(f, point, transform):
    expected, given = transform(vector)(point), transform(f)(point)
    assert type(given) is type(expected)
    assert repr(given) == repr(expected)


@pytest.mark.parametrize("transform", [ag.grad, ag.value_and_grad, ag.jacobian, ag.hessian])
def test_a_transform_of_separate_numbers_takes_both(transform):
    for argnums in (0, 1, (0, 1)):
        expected = transform(apart, argnums)(*POINT)
        assert repr(transform(vector, argnums)(*POINT)) == repr(expected)


def test_other_transforms_take_both():
    v = [1.0, -2.0]
    assert ag.hvp(apart)(POINT, v) == ag.hvp(vector)(POINT, v)
    assert ag.classify_critical_point(apart, [1.0, 1.0]).verdict == "minimum"
    assert str(ag.classify_critical_point(apart, [1.0, 1.0])) == str(ag.classify_critical_point(vector, [1.0, 1.0]))
    assert ag.descent_report(apart, POINT, v, 0.1) == ag.descent_report(vector, POINT, v, 0.1)
    assert ag.compile(ag.grad(apart))(POINT) == pytest.approx(ag.grad(vector)(POINT), rel=1e-15)
    report = ag.check_gradients(apart, POINT)
    assert report
    assert [check.name for check in report.checks] == ["x[0]", "x[1]"]
    assert ag.check_gradients(vector, *POINT)


def test_what_python_accepts_is_not_read_the_other_way():
    """A default, a star, a container argument: the call means what it always meant."""
    assert ag.grad(lambda x, scale=2.0: scale * x[0])([3.0, 4.0]) == [2.0, 0.0]
    assert ag.grad(lambda *xs: ag.fsum(xs[0]))([3.0, 4.0]) == [1.0, 1.0]
    assert ag.grad(lambda x, scale: scale * x)(3.0, 4.0) == 4.0
    assert ag.grad(lambda x, *, scale: scale * x)(3.0, scale=4.0) == 4.0
    assert ag.grad(lambda x, y, *, scale: scale * x * y)([3.0, 5.0], scale=2.0) == [10.0, 6.0]


def test_a_count_that_fits_neither_way_is_pythons_error():
    with pytest.raises(TypeError, match="missing 2 required positional arguments"):
        ag.grad(lambda x, y, z: x)([1.0, 2.0])
    with pytest.raises(TypeError, match="takes 2 positional arguments but 3 were given"):
        ag.grad(lambda x, y: x)(1.0, 2.0, 3.0)


def test_a_transform_inside_a_transform_sees_to_its_own_function():
    assert ag.grad(ag.grad(lambda x, y: x**2 * y))(3.0, 5.0) == 10.0
    assert ag.hessian(apart)(POINT).shape == (2, 2)
    assert ag.jacobian(ag.compile(ag.grad(apart)))(POINT).shape == (2, 2)


def test_a_model_is_a_function_of_one_vector():
    model = nn.MLP(2, [3, 1], seed=0)
    assert len(ag.grad(model)([0.5, -0.5])) == 2
    assert ag.grad(model)(0.5, -0.5) == ag.grad(model)([0.5, -0.5])[0]


def test_the_map_of_a_descent_takes_both():
    pytest.importorskip("matplotlib")
    path = [(2.0, 2.0), (1.0, 1.6)]
    levels = [viz.plot_descent(f, path).collections[0].levels.tolist() for f in (apart, vector)]
    assert levels[0] == levels[1]

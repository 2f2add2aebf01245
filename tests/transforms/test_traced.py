"""Transforms run on traced Values like any function: compiled, they give the same as eagerly, in every order."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.pytree import flatten

W = Value(1.5, "w")
POINT = [0.3, -0.7, 1.1]


def f(p):
    return ag.sin(p[0] * p[1]) + ag.exp(0.3 * p[1]) * p[2] ** 2 + W * ag.tanh(p[0])


def many(p):
    return {"a": [p[0] * p[1], ag.exp(p[2])], "b": np.array([p[0], W])}


@pytest.mark.parametrize(
    "transformed",
    [
        f,
        ag.grad(f),
        ag.value_and_grad(f),
        ag.hessian(f),
        ag.jacobian(many),
        ag.grad(lambda p: np.sum(ag.hessian(f)(p))),
        lambda p: ag.hvp(f)(p, [1.0, 2.0, 3.0]),
        lambda p: ag.derivative(lambda t: f([t, *p[1:]]), order=3)(p[0]),
        lambda p: ag.taylor(lambda t: f([t, *p[1:]]), p[0], order=3).coefficients,
        lambda p: ag.grad(lambda y: W * y * y)(2.0),
        ag.grad(f, wrt=[W]),
        ag.hessian(lambda p: W**2 * p[0], wrt=[W]),
    ],
    ids=range(12),
)
@pytest.mark.parametrize("point", [POINT, np.array(POINT)], ids=["list", "array"])
def test_a_compiled_transform_gives_what_the_eager_one_gives(transformed, point):
    eager, compiled = transformed(point), ag.compile(transformed)(point)
    numbers, structure = flatten(eager)
    same, same_structure = flatten(compiled)
    assert same_structure == structure
    assert same == pytest.approx([v.data if isinstance(v, Value) else v for v in numbers], rel=1e-12, abs=1e-14)


def test_a_transform_of_a_compiled_function_is_that_of_the_original():
    assert ag.grad(ag.compile(f))(POINT) == ag.grad(f)(POINT)
    assert (ag.hessian(ag.compile(f))(POINT) == ag.hessian(f)(POINT)).all()


@pytest.mark.parametrize(
    "twice",
    [
        lambda x, y: ag.fsum([x + y, y, x + y]),
        lambda x, y: ag.fsum([s := x * 0.5 + y, y, s, -s]),
        lambda x, y: ag.maximum([m := ag.maximum(x, -y), y, m]),
    ],
)
def test_what_a_sum_or_a_maximum_has_twice_counts_twice(twice):
    assert ag.compile(twice)(1.0, 2.0) == twice(Value(1.0), Value(2.0)).data
    slopes = ag.value_and_grad(twice, argnums=(0, 1))
    assert ag.compile(slopes)(1.0, 2.0) == slopes(1.0, 2.0)


def test_a_captured_leaf_inside_a_transform_is_read_at_each_call():
    w = Value(5.0)
    fast = ag.compile(lambda x: x * ag.grad(lambda y: w * y * y)(2.0))
    assert fast(1.0) == 20.0
    w.data = 7.0
    assert fast(1.0) == 28.0

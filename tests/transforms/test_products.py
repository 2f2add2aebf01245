"""Products with the Jacobian, forwards and in reverse, against gradients and against each other."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import TABLE, OperandError, ShapeError, Value
from autograd_lite.pytree import flatten
from tests.support.agreement import applied

POINT = (np.array([0.3, -0.7, 1.1]), {"W": np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]), "b": 0.8})


def many(x, p):
    """Several numbers in containers, of an array and a dict."""
    h = [ag.tanh(row @ x) for row in p["W"]]
    return {"h": h, "norm": ag.norm(x), "y": np.array([p["b"] * h[0], ag.exp(h[1])])}


def numbers(tree):
    return np.array(flatten(tree)[0])


def random_like(tree, seed):
    leaves, structure = flatten(tree)
    return structure.rebuild(np.random.default_rng(seed).normal(size=len(leaves)))


@pytest.fixture(scope="module")
def matrix():
    """The Jacobian, row by row from gradients."""
    size = len(numbers(many(*POINT)))
    row = [ag.grad(lambda *args, i=i: flatten(many(*args))[0][i], argnums=(0, 1))(*POINT) for i in range(size)]
    return np.array([numbers(gradient) for gradient in row])


def test_vjp_is_the_product_from_the_left(matrix):
    value, pullback = ag.vjp(many, *POINT)
    assert numbers(value) == pytest.approx(numbers(ag.compile(many)(*POINT)), rel=1e-14)
    cotangent = random_like(value, 1)
    product = pullback(cotangent)
    assert product[0].shape == (3,)
    assert product[1]["W"].shape == (2, 3)
    assert type(product[1]["b"]) is float
    assert numbers(product) == pytest.approx(numbers(cotangent) @ matrix, rel=1e-13)
    assert numbers(pullback(cotangent)).tolist() == numbers(product).tolist()  # again, from the same evaluation


def test_jvp_is_the_product_from_the_right(matrix):
    direction = random_like(POINT, 2)
    value, tangent = ag.jvp(many, POINT, direction)
    assert list(tangent) == list(value)
    assert numbers(tangent) == pytest.approx(matrix @ numbers(direction), rel=1e-13)


def test_compiled_products_are_the_eager_ones():
    direction, cotangent = random_like(POINT, 3), random_like(many(*POINT), 4)
    forwards = ag.compile(lambda x, p, u: ag.jvp(many, (x, p), u)[1])
    backwards = ag.compile(lambda x, p, c: ag.vjp(many, x, p)[1](c))
    assert numbers(forwards(*POINT, direction)) == pytest.approx(numbers(ag.jvp(many, POINT, direction)[1]), rel=1e-13)
    assert numbers(backwards(*POINT, cotangent)) == pytest.approx(
        numbers(ag.vjp(many, *POINT)[1](cotangent)), rel=1e-13
    )


@pytest.mark.parametrize("name", TABLE)
def test_forwards_and_in_reverse_an_op_has_the_same_slope(name):
    """The dot-product test of every op, first and second order, also at 0 and where a partial is infinite."""
    op, rng = TABLE[name], random.Random(name)  # noqa: S311
    count = 2 * len(op.operand_names) if op.many else len(op.operand_names)
    lows_highs = [op.domain[n] for n in op.operand_names] * (2 if op.many else 1)
    for k in range(6):
        x = [rng.uniform(max(low, -3.0), min(high, 3.0)) if k else 0.0 for low, high in lows_highs]
        u = [rng.gauss(0.0, 1.0) for _ in range(count)]

        def f(xs):
            return applied(op, xs)

        def slope(xs, u=u):
            return ag.jvp(f, (xs,), (u,))[1]

        gradient = ag.grad(f)(x)
        assert same(slope(x), math.fsum(map(zmul, gradient, u)))
        assert all(map(same, ag.grad(slope)(x), ag.hvp(f)(x, u)))


def zmul(p, v):
    return 0.0 if p == 0.0 else p * v


def same(a, b):
    return a == b or (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


def test_the_branch_that_was_not_taken_stays_silent():
    def f(x):
        return ag.where(x > 0.0, ag.log(x), 3.0 * x)

    assert ag.jvp(f, (0.0,), (1.0,)) == (0.0, 3.0)
    assert ag.compile(lambda x: ag.jvp(f, (x,), (1.0,)))(0.0) == (0.0, 3.0)
    assert ag.jvp(lambda x, y: ag.sqrt(x) + y, (0.0, 1.0), (0.0, 1.0)) == (1.0, 1.0)  # x does not move
    assert ag.vjp(lambda x: [ag.log(x), x], 0.0)[1]([0.0, 1.0]) == (1.0,)


def test_they_differentiate_again_and_nest():
    def cube(x):
        return x**3

    assert ag.grad(lambda x: ag.jvp(cube, (x,), (1.0,))[1])(2.0) == 12.0
    assert ag.grad(lambda x: ag.vjp(cube, x)[1](1.0)[0])(2.0) == 12.0
    assert ag.jvp(ag.grad(cube), (2.0,), (1.0,))[1] == 12.0
    assert ag.jvp(lambda x: ag.jvp(cube, (x,), (1.0,))[1], (2.0,), (1.0,)) == (12.0, 12.0)
    assert ag.grad(lambda v: ag.jvp(cube, (2.0,), (v,))[1])(5.0) == 12.0
    assert ag.grad(lambda v: ag.vjp(cube, 2.0)[1](v)[0])(5.0) == 12.0


def test_means_over_a_batch():
    samples = np.array([1.0, 2.0, 4.0])
    mean = ag.batch_mean(lambda w, x: ag.sin(w * x) ** 2, batch=(1,))

    def along(w, xs, u):
        return ag.jvp(lambda w: mean(ag.exp(w), xs), (w,), (u,))[1]

    expected = ag.grad(lambda w: mean(ag.exp(w), samples))(0.2) * 3.0
    assert along(0.2, samples, 3.0) == pytest.approx(expected, rel=1e-13)
    assert ag.compile(along)(0.2, samples, 3.0) == pytest.approx(expected, rel=1e-13)
    assert ag.compile(ag.grad(along))(0.2, samples, 1.0) == pytest.approx(
        ag.hessian(lambda w: mean(ag.exp(w), samples))(0.2)
    )


def test_results_that_do_not_move_and_aux():
    assert ag.jvp(lambda x, y: [y, 7.0], (1.0, 2.0), (1.0, 0.0)) == ([2.0, 7.0], [0.0, 0.0])
    assert ag.vjp(lambda x: 7.0, 1.0)[1](1.0) == (0.0,)
    assert ag.jvp(lambda x: (x**2, "half"), (3.0,), (1.0,), has_aux=True) == (9.0, 6.0, "half")
    value, pullback, aux = ag.vjp(lambda x: (x**2, [x]), 3.0, has_aux=True)
    assert (value, pullback(1.0), aux) == (9.0, (6.0,), [3.0])
    assert isinstance(ag.jvp(lambda x: x**2, (Value(3.0),), (1.0,))[1], Value)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ag.jvp(abs, 1.0, 1.0), OperandError, "takes a tuple of arguments .* primals is 1.0"),
        (lambda: ag.jvp(lambda x: x, ([1.0],), ([1.0, 2.0],)), ShapeError, "is not like the primals"),
        (lambda: ag.jvp(lambda x: x, (), ()), OperandError, "needs the point too"),
        (lambda: ag.vjp(lambda x: x), OperandError, r"ag.vjp\(f, x\)"),
        (lambda: ag.vjp(3.0, 1.0), OperandError, "takes a function first"),
        (lambda: ag.vjp(lambda x: [x, x], 1.0)[1](1.0), ShapeError, "is not like the function's result"),
    ],
)
def test_what_does_not_fit_is_said(call, error, message):
    with pytest.raises(error, match=message):
        call()

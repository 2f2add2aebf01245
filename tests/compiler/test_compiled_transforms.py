"""`compile` with every transform, in every order that makes sense: the numbers of the eager transforms to 1e-12."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import TABLE, Value
from tests.support.agreement import alike


def f(x: Any) -> Any:
    """A scalar function of three numbers, with every second derivative."""
    return ag.sin(x[0] * x[1]) + ag.exp(0.3 * x[2]) * x[0] ** 2 + ag.softplus(x[1] - x[2])


def g(x: Any) -> Any:
    """Three numbers to two."""
    return [x[0] * ag.tanh(x[1]), ag.logsumexp(list(x))]


POINTS = np.array([[0.3, -0.8, 1.2], [1.1, 0.4, -0.7], [-0.5, 2.0, 0.1], [0.9, -1.3, 0.6]])
V = np.array([0.7, -0.2, 1.5])

OF_ONE_POINT = {
    "the function": f,
    "grad": ag.grad(f),
    "value_and_grad": ag.value_and_grad(f),
    "jacobian of many": ag.jacobian(g),
    "jacobian of one": ag.jacobian(f),
    "jacobian of the gradient": ag.jacobian(ag.grad(f)),
    "hessian": ag.hessian(f),
    "grad of a sum of gradients": ag.grad(lambda x: ag.fsum(list(ag.grad(f)(x)))),
    "value and Hessian": lambda x: (f(x), ag.grad(f)(x), ag.hessian(f)(x)),
    "hvp": lambda x: ag.hvp(f)(x, V),
    "Newton step": lambda x: [
        h / (1.0 + h * h) * d for h, d in zip(np.diag(ag.hessian(f)(x)), ag.grad(f)(x), strict=True)
    ],
    "norm of a gradient": ag.value_and_grad(lambda x: ag.norm(list(ag.grad(f)(x)))),
}
KINDS = {"array": lambda x: x, "list": lambda x: x.tolist(), "tuple": lambda x: tuple(x.tolist())}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", OF_ONE_POINT)
def test_compile_of_a_transform(name: str, kind: str) -> None:
    transform, point = OF_ONE_POINT[name], KINDS[kind](POINTS[0])
    assert alike(transform(point), ag.compile(transform)(point))


@pytest.mark.parametrize("name", [name for name in OF_ONE_POINT if name not in ("value and Hessian", "Newton step")])
def test_a_batch_of_a_transform_is_each_row_alone(name: str) -> None:
    """Per-row values, gradients, Jacobians and Hessians: the transform inside, the batch outside."""
    transform = OF_ONE_POINT[name]
    rows = ag.compile(transform, batch=(0,))(POINTS)
    for i, point in enumerate(POINTS):
        assert alike(np.hstack(_flat(transform(point))), np.hstack([a[i].ravel() for a in _arrays(rows)]))


def _flat(tree: Any) -> list[Any]:
    if isinstance(tree, (list, tuple)):
        return [a for part in tree for a in _flat(part)]
    return [np.ravel(tree)]


def _arrays(tree: Any) -> list[Any]:
    return [a for part in tree for a in _arrays(part)] if isinstance(tree, (list, tuple)) else [tree]


ALL_ORDERS = {
    "compile(grad(f))": ag.compile(ag.grad(f)),
    "grad(compile(f))": ag.grad(ag.compile(f)),
    "compile(grad(compile(f)))": ag.compile(ag.grad(ag.compile(f))),
    "compile(compile(grad(f)))": ag.compile(ag.compile(ag.grad(f))),
}


@pytest.mark.parametrize("order", ALL_ORDERS)
def test_orders_of_compile_and_grad(order: str) -> None:
    assert alike(ag.grad(f)(POINTS[0]), ALL_ORDERS[order](POINTS[0]))


def test_hessian_and_hvp_of_a_compiled_function() -> None:
    fast = ag.compile(f)
    assert alike(ag.hessian(f)(POINTS[0]), ag.hessian(fast)(POINTS[0]))
    assert alike(ag.hvp(f)(POINTS[0], V), ag.hvp(fast)(POINTS[0], V))
    assert alike(ag.hessian(f)(POINTS[0]), ag.compile(ag.jacobian(ag.compile(ag.grad(fast))))(POINTS[0]))


def test_hvp_with_a_direction_as_argument() -> None:
    fast = ag.compile(ag.hvp(f))
    assert alike(ag.hvp(f)(POINTS[0], V), fast(POINTS[0], V))
    rows = ag.compile(ag.hvp(f), batch=(0, 1))(POINTS, POINTS[::-1])
    assert alike(np.array([ag.hvp(f)(x, v) for x, v in zip(POINTS, POINTS[::-1], strict=True)]), rows)


@pytest.mark.parametrize("order", range(5))
def test_derivatives_of_any_order(order: int) -> None:
    def h(x: Any) -> Any:
        return ag.exp(0.5 * x) * ag.sin(x) + ag.tanh(x)

    nth = ag.derivative(h, order=order)
    xs = np.linspace(-2.0, 2.0, 9)
    assert alike(nth(0.7), ag.compile(nth)(0.7), tolerance=1e-11)
    assert alike(np.array([nth(x) for x in xs]), ag.compile(nth, batch=(0,))(xs), tolerance=1e-11)


def test_grad_of_grad() -> None:
    twice = ag.grad(ag.grad(lambda x: x**5))
    assert alike(twice(1.3), ag.compile(twice)(1.3))
    assert alike(twice(1.3), ag.compile(ag.grad(ag.compile(ag.grad(lambda x: x**5))))(1.3))


# --- Several arguments, captured leaves ------------------------------------------------------------------------------


def test_argnums_and_containers() -> None:
    def h(p: Any, x: Any, s: Any) -> Any:
        return s * ag.tanh(ag.sumprod(p["w"], list(x)) + p["b"])

    given = ({"w": [0.1, -0.2, 0.3], "b": 0.5}, POINTS[0], 2.0)
    for argnums in (0, 1, 2, -1, (0, 2), (2, 1, 0)):
        for transform in (ag.grad, ag.value_and_grad, ag.jacobian):
            transformed = transform(h, argnums)
            assert alike(transformed(*given), ag.compile(transformed)(*given))
    assert alike(ag.hessian(h)(*given), ag.compile(ag.hessian(h))(*given))


def test_wrt_captured_leaves() -> None:
    w, b = Value(0.3, "w"), Value(-0.2, "b")

    def h(x: Any) -> Any:
        return ag.tanh(w * x + b) ** 2

    for transform in (ag.grad(h, wrt=[w, b]), ag.hessian(h, wrt=[w, b]), ag.value_and_grad(h, wrt=[b])):
        fast, rows = ag.compile(transform), ag.compile(transform, batch=(0,))
        for value in (0.3, -1.0):
            w.data = value
            assert alike(transform(0.7), fast(0.7))
            first = _arrays(rows(np.array([0.1, 0.7])))
            assert alike(np.hstack(_flat(transform(0.7))), np.hstack([a[1].ravel() for a in first]))


# --- Means over rows -------------------------------------------------------------------------------------------------


def loss(p: Any, x: Any, y: Any) -> Any:
    return (ag.tanh(ag.sumprod(list(p), list(x))) - y) ** 2


MEAN = ag.batch_mean(loss, batch=(1, 2))
P, Y = np.array([0.3, -0.1, 0.7]), np.array([0.5, -0.5, 0.1, 0.9])

OF_A_MEAN = {
    "mean": MEAN,
    "grad": ag.grad(MEAN),
    "value_and_grad": ag.value_and_grad(MEAN),
    "hessian": ag.hessian(MEAN),
    "hvp": lambda p, X, y: ag.hvp(lambda p: MEAN(p, X, y))(p, V),
    "root of a mean": ag.value_and_grad(lambda p, X, y: ag.sqrt(MEAN(p, X, y))),
    "with a penalty": ag.value_and_grad(lambda p, X, y: MEAN(p, X, y) + 0.1 * ag.fsum([w * w for w in p])),
    "two means": ag.value_and_grad(lambda p, X, y: MEAN(p, X, y) / (1.0 + ag.batch_mean(lambda x: x[0] ** 2)(X))),
    "mean of a gradient's norm": ag.grad(
        ag.batch_mean(lambda p, x, y: ag.norm(list(ag.grad(loss)(p, x, y))), batch=(1, 2))
    ),
    "mean of what is the same in each row": ag.grad(ag.batch_mean(lambda p, x: p[0] * p[1] + 0.0 * x[0], batch=(1,))),
}


@pytest.mark.parametrize("name", OF_A_MEAN)
@pytest.mark.parametrize("rows", [1, 4])
def test_transforms_of_a_mean_over_rows(name: str, rows: int) -> None:
    transform = OF_A_MEAN[name]
    given = (P, POINTS[:rows]) if "same" in name else (P, POINTS[:rows], Y[:rows])
    assert alike(transform(*given), ag.compile(transform)(*given))


def test_a_mean_is_the_mean_of_its_rows_alone() -> None:
    """The Hessian of the mean is the mean of the Hessians of the rows, each computed by a batch of its own."""
    for transform in (ag.grad, ag.hessian):
        of_rows = ag.compile(transform(loss), batch=(1, 2))(P, POINTS, Y)
        assert len(of_rows) == 4
        assert alike(of_rows.mean(axis=0), ag.compile(transform(MEAN))(P, POINTS, Y))


def test_orders_of_compile_and_a_mean() -> None:
    expected = ag.grad(MEAN)(P, POINTS, Y)
    compiled_inside = ag.batch_mean(ag.compile(loss), batch=(1, 2))
    for transform in (
        ag.grad(ag.compile(MEAN)),
        ag.compile(ag.grad(ag.compile(MEAN))),
        ag.compile(ag.grad(compiled_inside)),
        ag.grad(compiled_inside),
    ):
        assert alike(expected, transform(P, POINTS, Y))
    assert alike(MEAN(P, POINTS, Y), compiled_inside(P, POINTS, Y))


def test_the_gradient_by_the_rows_of_a_mean() -> None:
    """Each row's own gradient, as a batch, divided by their number: what the eager transform gives at once."""
    eager = ag.grad(MEAN, argnums=1)(P, POINTS, Y)
    rows = ag.compile(ag.grad(loss, argnums=1), batch=(1, 2))(P, POINTS, Y)
    assert alike(eager, rows / len(POINTS))


def test_means_that_share_an_argument_share_its_rows() -> None:
    first, both = ag.batch_mean(lambda x: x * x), ag.batch_mean(lambda x, y: x * y, batch=(0, 1))
    fast = ag.compile(lambda x, y: both(x, y) / first(x) + first(y))
    x, y = np.array([1.0, 2.0, 3.0]), np.array([0.5, -1.0, 2.0])
    assert fast(x, y) == pytest.approx(np.mean(x * y) / np.mean(x * x) + np.mean(y * y))
    with pytest.raises(ag.ShapeError, match="equally many samples"):
        fast(x, y[:2])
    with pytest.raises(ag.TraceError, match="Call the batch_mean over all of them first"):
        ag.compile(lambda x, y: first(x) * first(y) + both(x, y))(x, y)


def test_gradients_inside_a_mean_are_each_row_s_own() -> None:
    w, v = Value(0.7, "w"), Value(0.3, "v")
    xs = np.array([1.0, 2.0, 3.0])

    def by_argument(p: Any, xs: Any) -> Any:
        return ag.batch_mean(lambda x: ag.grad(lambda q: ag.sin(q * x * ag.exp(v * 2.0)))(p) ** 2)(xs)

    for f in (by_argument, ag.grad(by_argument), ag.grad(by_argument, wrt=[v])):
        assert alike(f(0.7, xs), ag.compile(f)(0.7, xs))
    with pytest.raises(ag.TraceError, match="Hand the Value to the inner function as an argument"):
        ag.compile(ag.batch_mean(lambda x: ag.grad(lambda x: ag.sin(w * x), wrt=[w])(x)[0] ** 2))(xs)


def test_a_mean_inside_a_mean_of_the_same_rows() -> None:
    def variance(xs: Any) -> Any:
        return ag.batch_mean(lambda x: (x - ag.batch_mean(lambda z: z)(xs)) ** 2)(xs)

    assert ag.compile(variance)(np.array([1.0, 2.0, 3.0])) == pytest.approx(2.0 / 3.0)


@pytest.mark.parametrize("turned", [False, True])
def test_equal_partials_of_unlike_operands(turned: bool) -> None:
    """One of them is a sample's, the other is the same for all samples, and gets the sum."""

    @ag.primitive(partials={"a": lambda xp, y, a, b: y, "b": lambda xp, y, a, b: y})
    def exp_of_sum(xp: Any, a: Any, b: Any) -> Any:
        """exp(a + b), whose value is its slope by both."""
        return xp.exp(a + b)

    v, w, x = Value(0.7), Value(0.3), np.array([0.1, 0.2, 0.3, -1.0])
    loss = ag.batch_mean(lambda x: exp_of_sum(w, x * v) if turned else exp_of_sum(x * v, w), batch=(0,))
    try:
        slopes = ag.compile(ag.grad(loss, wrt=[v, w]))(x)
    finally:
        del TABLE["exp_of_sum"]
    np.testing.assert_allclose(slopes, [np.mean(x * np.exp(0.7 * x + 0.3)), np.mean(np.exp(0.7 * x + 0.3))], rtol=1e-14)

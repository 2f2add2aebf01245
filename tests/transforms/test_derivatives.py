"""Gradients, Jacobians and Hessians: laws, containers, closures, errors."""

from __future__ import annotations

import math
import pickle
import threading
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd_lite as ag
from autograd_lite import DomainError, OperandError, ShapeError, Value
from autograd_lite.transforms.evaluation import keeping_values

SMALL = st.floats(-3.0, 3.0)
WHOLE = st.integers(-5, 5).map(float)
VECTORS = hnp.arrays(np.float64, 3, elements=SMALL)


def smooth(x):
    """A function of three numbers with every second derivative different."""
    return ag.sin(x[0] * x[1]) + ag.exp(0.3 * x[1]) * x[2] ** 2 + ag.tanh(x[0] - x[2])


def polynomial(coefficients, x):
    total = 0.0
    for c in reversed(coefficients):
        total = total * x + c
    return total


# --- laws -----------------------------------------------------------------------------------------------------------


@given(st.lists(WHOLE, min_size=1, max_size=6), WHOLE, st.integers(0, 7))
def test_derivatives_of_polynomials_are_exact(coefficients, x, order):
    """Derivatives of any order, with whole numbers, against the power rule in exact arithmetic."""
    expected = sum(
        Fraction(math.perm(k, order)) * Fraction(c) * Fraction(x) ** (k - order)
        for k, c in enumerate(coefficients)
        if k >= order
    )
    assert ag.derivative(lambda x: polynomial(coefficients, x), order)(x) == expected


@given(SMALL, st.integers(0, 5))
def test_derivatives_of_powers_by_the_power_op_are_exact(x, order):
    expected = math.perm(3, order) * x ** (3 - order) if order <= 3 else 0.0
    assert ag.derivative(lambda x: x**3, order)(x) == pytest.approx(expected, rel=1e-15, abs=1e-322)


@given(SMALL)
def test_grad_nests_and_agrees_with_the_order(x):
    def f(x):
        return ag.exp(x) * ag.sin(x)

    assert ag.grad(ag.grad(f))(x) == ag.derivative(f, 2)(x)
    assert ag.grad(ag.grad(f))(x) == pytest.approx(2.0 * math.exp(x) * math.cos(x), rel=1e-12, abs=1e-12)


@given(VECTORS)
def test_the_hessian_is_symmetric_and_the_jacobian_of_the_gradient(x):
    h = ag.hessian(smooth)(x)
    assert h.shape == (3, 3)
    assert np.allclose(h, h.T, rtol=1e-12, atol=1e-12)
    assert (h == ag.jacobian(ag.grad(smooth))(x)).all()


@given(VECTORS, VECTORS)
def test_hvp_is_the_hessian_times_the_vector(x, v):
    assert np.allclose(ag.hvp(smooth)(x, v), ag.hessian(smooth)(x) @ v, rtol=1e-10, atol=1e-10)


@given(hnp.arrays(np.float64, (2, 3), elements=SMALL), VECTORS)
def test_the_jacobian_of_a_linear_map_is_its_matrix(matrix, x):
    assert (ag.jacobian(lambda x: matrix @ x)(x) == matrix).all()


@given(VECTORS)
def test_the_jacobian_of_one_number_is_the_gradient(x):
    assert (ag.jacobian(smooth)(x) == ag.grad(smooth)(x)).all()


@given(VECTORS)
def test_the_chain_rule_multiplies_jacobians(x):
    def inner(x):
        return [x[0] * x[1], ag.sin(x[2])]

    def outer(y):
        return [y[0] + y[1], y[0] * y[1], ag.cos(y[0])]

    inner_x = [ag.derivative(lambda t: inner(t * x)[i], order=0)(1.0) for i in range(2)]  # noqa: B023 - called at once
    product = ag.jacobian(outer)(inner_x) @ ag.jacobian(inner)(x)
    assert np.allclose(ag.jacobian(lambda x: outer(inner(x)))(x), product, rtol=1e-12, atol=1e-12)


@given(VECTORS)
def test_values_in_give_the_same_numbers_out(x):
    leaves = [Value(number) for number in x]
    assert [v.data for v in ag.grad(smooth)(leaves)] == ag.grad(smooth)(list(x))
    assert [v.data for v in ag.hvp(smooth)(leaves, leaves)] == ag.hvp(smooth)(list(x), list(x))
    assert [v.data for v in ag.hessian(smooth)(leaves).flat] == list(ag.hessian(smooth)(x).flat)


# --- containers -----------------------------------------------------------------------------------------------------


def total(tree):
    """Sum of the squares of all numbers in a tree."""
    if isinstance(tree, dict):
        return sum(map(total, tree.values()))
    if isinstance(tree, (list, tuple)):
        return sum(map(total, tree))
    if isinstance(tree, np.ndarray):
        return np.sum(tree**2)
    return tree**2 if isinstance(tree, Value) else 0.0


@pytest.mark.parametrize(
    "argument",
    [
        3.0,
        3,
        [1.0, 2.0],
        (1.0, [2.0, 3.0]),
        {"w": np.array([[1.0, 2.0]]), "b": 3.0, "name": "layer"},
        np.arange(4.0).reshape(2, 2).T,
        np.array(2.0),
        np.arange(3),
        np.zeros((0, 2)),
        [],
        [None, True, 1.0],
    ],
    ids=repr,
)
def test_gradients_mirror_the_argument(argument):
    gradient = ag.grad(total)(argument)
    expected = doubled(argument)
    assert repr(gradient) == repr(expected)
    value, again = ag.value_and_grad(total)(argument)
    assert type(value) is float
    assert repr(again) == repr(expected)


def doubled(tree):
    if isinstance(tree, dict):
        return {key: doubled(part) for key, part in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(map(doubled, tree))
    if isinstance(tree, (str, bool)) or tree is None:
        return tree
    return np.array(2.0 * tree) if isinstance(tree, np.ndarray) else 2.0 * tree


def test_several_arguments_give_a_tuple():
    def f(x, y, z):
        return x * y[0] + z["a"] ** 2

    assert ag.grad(f, argnums=(2, 0))(2.0, [5.0], {"a": 3.0}) == ({"a": 6.0}, 5.0)
    assert ag.grad(f, argnums=-1)(2.0, [5.0], z={"a": 3.0}) == [2.0]
    assert ag.grad(f, argnums=(0,))(2.0, [5.0], {"a": 3.0}) == (5.0,)


def test_other_arguments_reach_the_function_as_constants_and_static_ones_as_they_are():
    seen = []

    def f(x, data, name, flag, function):
        seen.extend([data, name, flag, function])
        return function(x) * data[0]

    assert ag.grad(f)(0.0, np.array([2.0]), "text", flag=True, function=ag.sin) == 2.0
    assert not seen[0][0].requires_grad
    assert seen[1:] == ["text", True, ag.sin]


def test_hessians_of_n_numbers_are_square_arrays():
    expected = [[6.0, 4.0], [4.0, 18.0]]

    def f(w, b):
        return w**2 * b + b**3

    assert ag.hessian(f, argnums=(0, 1))(2.0, 3.0).tolist() == expected
    for point in ([2.0, 3.0], (2.0, 3.0), np.array([2.0, 3.0])):
        assert ag.hessian(lambda p: f(*p))(point).tolist() == expected
    assert ag.hessian(lambda w: f(w, 3.0))(2.0) == 6.0
    assert ag.hessian(lambda p: f(p["w"], p["b"]))({"w": 2.0, "b": 3.0}) == {
        "w": {"w": 6.0, "b": 4.0},
        "b": {"w": 4.0, "b": 18.0},
    }
    assert ag.hessian(np.sum)(np.ones((2, 3))).shape == (2, 3, 2, 3)


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (lambda x: x**2, 3.0, 6.0),
        (lambda x: [x, 5.0], 3.0, [1.0, 0.0]),
        (lambda x: [[x, x], [x, x]], 3.0, [[1.0, 1.0], [1.0, 1.0]]),
        (lambda x: {"a": x, "b": [x, -x]}, 3.0, {"a": 1.0, "b": [1.0, -1.0]}),
        (lambda x: (x, [x, x]), 3.0, (1.0, [1.0, 1.0])),
        (lambda x: [x, "note"], 3.0, [1.0, "note"]),
        (lambda x: x[0] * x[1], [2.0, 3.0], [3.0, 2.0]),
        (lambda x: [], [2.0, 3.0], []),
        (lambda x: [x[0][0]], ([1.0], 2.0), ([[1.0]], [0.0])),
    ],
)
def test_jacobians_have_the_axes_of_the_result_and_then_of_the_argument(f, x, expected):
    assert listed(ag.jacobian(f)(x)) == expected


def listed(tree):
    if isinstance(tree, dict):
        return {key: listed(part) for key, part in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(map(listed, tree))
    return tree.tolist() if isinstance(tree, np.ndarray) else tree


def test_nothing_that_is_returned_shares_memory_with_an_argument():
    x, v = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    before = x.copy(), v.copy()

    def writes(a):
        a[0] = a[0] * 2.0
        return a @ a

    results = [ag.grad(writes)(x), ag.jacobian(lambda x: x)(x), ag.hvp(lambda x: x @ x)(x, v)]
    assert all(not np.shares_memory(r, a) for r in results for a in (x, v))
    assert (x == before[0]).all()
    assert (v == before[1]).all()
    assert all(r.flags.writeable for r in results)


# --- Values, closures, captured leaves ------------------------------------------------------------------------------


def test_a_value_given_as_argument_is_the_argument_of_the_result():
    x = Value(3.0)
    slope = ag.grad(lambda y: x * y)(x)
    assert slope is x
    assert ag.grad(lambda x: ag.grad(lambda y: x * y)(x))(3.0) == 1.0


def test_results_are_values_that_can_be_differentiated_by_the_value_given():
    x = Value(2.0)
    slope = ag.grad(lambda y: y**3)(x)
    assert slope.data == 12.0
    slope.backward()
    assert x.grad == 12.0


def test_no_grad_is_touched():
    w = Value(3.0)
    w.grad = 7.0
    assert ag.grad(lambda x: w * x * x)(2.0) == 12.0
    assert ag.grad(lambda x: w * x, wrt=[w])(2.0) == [2.0]
    assert ag.hessian(lambda x: w * x * x)(2.0) == 6.0
    assert w.grad == 7.0


def test_a_number_inside_an_outer_transform_does_not_lose_the_outer_derivative():
    """d/da of d/dy (a y) is 1, although the inner call is given a plain number."""
    assert ag.grad(lambda a: ag.grad(lambda y: a * y)(2.0))(3.0) == 1.0
    assert ag.grad(lambda a: ag.derivative(lambda y: a**2 * y**2, order=2)(2.0))(3.0) == 12.0
    assert ag.grad(lambda a: ag.grad(lambda b: b * ag.grad(lambda c: a * c)(1.0))(2.0))(3.0) == 1.0
    w = Value(5.0)
    assert ag.grad(lambda: ag.grad(lambda y: w * w * y)(2.0), wrt=[w])() == [10.0]


def test_constants_of_an_outer_transform_can_be_differentiated_by_an_inner_one():
    assert ag.grad(lambda x, y: x * ag.grad(lambda z: z**3)(y))(2.0, 3.0) == 27.0


def test_closures_over_plain_values_give_numbers_outside_every_transform():
    w = Value(5.0)
    assert type(ag.grad(lambda x: w * x)(2.0)) is float


def test_wrt_differentiates_by_captured_leaves():
    w, b, unused = Value(2.0, "w"), Value(3.0, "b"), Value(1.0)

    def f(x):
        return w**2 * x + b

    assert ag.value_and_grad(f, wrt=[w, b, unused])(5.0) == (23.0, [20.0, 1.0, 0.0])
    assert ag.grad(f, wrt=w)(5.0) == [20.0]
    assert ag.grad(f, wrt=(v for v in (w, b)))(5.0) == [20.0, 1.0]
    assert ag.hessian(f, wrt=(v for v in (w, b)))(5.0).tolist() == [[10.0, 0.0], [0.0, 0.0]]
    assert ag.jacobian(lambda x: [w * x, b], wrt=[w, b])(5.0).tolist() == [[5.0, 0.0], [0.0, 1.0]]
    assert isinstance(ag.grad(f, wrt=[w])(Value(5.0))[0], Value)


@pytest.mark.parametrize("order", [0, 1, 2, 5])
def test_what_does_not_depend_on_the_argument_has_derivative_zero(order):
    expected = 4.0 if order == 0 else 0.0
    assert ag.derivative(lambda x: 4.0, order)(1.0) == expected
    assert ag.derivative(lambda x: Value(4.0), order)(1.0) == expected
    result = ag.derivative(lambda x: 4.0, order)(Value(1.0))
    assert isinstance(result, Value)
    assert result.data == expected


@pytest.mark.parametrize("x", [0.0, -0.0, -2.0, 1e300, 5e-324])
def test_the_fourth_derivative_of_a_square_is_zero_everywhere(x):
    assert ag.derivative(lambda x: x**2, order=4)(x) == 0.0


def test_a_tracer_can_ask_for_values():
    with keeping_values():
        assert isinstance(ag.grad(lambda x: x**2)(3.0), Value)
    assert type(ag.grad(lambda x: x**2)(3.0)) is float


def test_an_error_inside_leaves_no_trace_of_the_transform():
    def fails(x):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ag.grad(fails)(1.0)
    w = Value(5.0)
    assert type(ag.grad(lambda x: w * x)(2.0)) is float


def test_a_result_may_be_an_array_without_axes():
    assert ag.grad(lambda x: np.array(x * x, dtype=object))(3.0) == 6.0
    assert ag.grad(lambda x: np.sum(np.array([x, x], dtype=object)))(3.0) == 2.0


def test_threads_do_not_disturb_each_other():
    results = {}

    def work(i):
        results[i] = [ag.grad(lambda a: ag.grad(lambda y: a * a * y)(float(i)))(float(k)) for k in range(50)]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(results[i] == [2.0 * k for k in range(50)] for i in range(4))


def test_the_new_function_is_named_after_the_old_one():
    def energy(x):
        """Half the square."""
        return x**2 / 2.0

    assert ag.grad(energy).__name__ == "energy"
    assert ag.grad(energy).__doc__ == "Half the square."
    assert ag.grad(ag.sin)(0.0) == 1.0
    assert repr(ag.derivative(ag.grad(ag.sin), 2)) == "<nth_derivative of <gradient of <op sin(x)>>>"


@pytest.mark.parametrize(
    ("made", "args"),
    [
        (ag.grad(ag.tanh), (0.3,)),
        (ag.value_and_grad(ag.hypot, argnums=(0, 1)), (3.0, 4.0)),
        (ag.derivative(ag.sin, order=3), (0.7,)),
        (ag.jacobian(ag.softmax), ([0.1, 0.2, 0.3],)),
        (ag.hessian(ag.norm), ([3.0, 4.0],)),
        (ag.hvp(ag.logsumexp), ([0.1, 0.2], [1.0, -1.0])),
        (ag.grad(ag.grad(ag.exp)), (1.5,)),
    ],
    ids=range(7),
)
def test_a_transform_of_a_function_that_pickles_pickles_too(made, args):
    copied = pickle.loads(pickle.dumps(made))  # noqa: S301 - our own bytes
    assert repr(copied(*args)) == repr(made(*args))
    assert copied.__name__ == made.__name__


def test_captured_leaves_are_pickled_with_the_transform():
    w = Value(3.0, "w")
    copied, v = pickle.loads(pickle.dumps((ag.grad(ag.sin, wrt=[w]), w)))  # noqa: S301 - our own bytes
    assert copied._option.wrt == (v,)


def test_a_transform_of_a_method_is_a_method():
    class Spring:
        stiffness = 3.0

        def __call__(self, x):  # what can be called is a static argument, as a module is
            return 0.5 * self.stiffness * x**2

        force = ag.grad(__call__, argnums=1)

    assert Spring().force(2.0) == 6.0
    assert Spring.force(Spring(), 2.0) == 6.0


# --- errors ---------------------------------------------------------------------------------------------------------


def identity(x):
    return x


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ag.grad(lambda x: [x, x])(1.0), ShapeError, "a list of 2.*ag.jacobian"),
        (lambda: ag.grad(identity)(np.ones((2, 2))), ShapeError, r"shape \(2, 2\).*ag.jacobian"),
        (lambda: ag.hessian(identity)([1.0]), ShapeError, "ag.jacobian"),
        (lambda: ag.grad(lambda x: None)(1.0), OperandError, "return missing"),
        (lambda: ag.jacobian(lambda x: None)(1.0), OperandError, "return missing"),
        (lambda: ag.grad(lambda x: "2.5")(1.0), OperandError, "function's result"),
        (lambda: ag.jacobian(lambda x: "2.5")(1.0), OperandError, "function's result"),
        (lambda: ag.jacobian(lambda x: (y for y in [x]))(1.0), OperandError, "Make a list"),
        (lambda: ag.grad(identity)("2.5"), OperandError, "nothing to differentiate with respect to"),
        (lambda: ag.grad(identity)({1.0}), OperandError, "Make a list"),
        (lambda: ag.grad(identity)(1j), OperandError, "no number|not a number"),
        (lambda: ag.grad(3.0), OperandError, r"ag.grad\(f\)\(x\)"),
        (lambda: ag.grad(identity, 2.5), OperandError, "call of their own"),
        (lambda: ag.grad(identity, argnums="x"), OperandError, "not the index"),
        (lambda: ag.grad(identity, argnums=()), OperandError, "not the index"),
        (lambda: ag.grad(identity, argnums=Value(1.0)), OperandError, "not the index"),
        (lambda: ag.grad(identity, argnums=1)(1.0), ShapeError, "1 positional argument"),
        (lambda: ag.grad(identity)(x=1.0), ShapeError, "by position"),
        (lambda: ag.grad(lambda x, y: x, argnums=(0, -2))(1.0, 2.0), ShapeError, "twice"),
        (lambda: ag.grad(identity, wrt=[1.0]), OperandError, "model.parameters"),
        (lambda: ag.derivative(identity, order=-1), DomainError, "-1 is negative"),
        (lambda: ag.derivative(identity, order=1.5), OperandError, "whole number"),
        (lambda: ag.derivative(identity)([1.0]), OperandError, "ag.grad"),
        (lambda: ag.hvp(lambda x: x[0])([1.0, 2.0], [1.0]), ShapeError, "a v like x"),
        (lambda: ag.hvp(lambda x: x)(1.0), ShapeError, "0 positional"),
        (lambda: ag.hvp(identity, argnums=(0, 1)), OperandError, "one argument"),
    ],
)
def test_mistakes_are_explained(call, error, words):
    with pytest.raises(error, match=words):
        call()

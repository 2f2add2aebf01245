"""Laws of the compiler over random scalar programs: compiled equals eager, in every form that a program can take."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import TABLE, Value

JUMPS = {"remainder", "floor"}  # rounding may move an operand across a jump; they have tests of their own
COMPARISONS = {"greater", "greater_equal", "less", "less_equal", "equal"}
INTERNAL = {"powterm", "expterm", "gauss", "normal_cdf", "normal_tail"}  # rows that only other rows call
NAMES = sorted(set(TABLE) - INTERNAL - JUMPS)
EXAMPLES = 100


def inside(op: Any, operands: list[Any]) -> list[Any]:
    """Bring operands into the op's domain by smooth ops, so that most programs stay finite."""
    result = []
    for name, x in zip(op.operand_names, operands, strict=False):
        low, high = op.domain[name]
        if low == -math.inf:
            result.append(x if high == math.inf else high - ag.softplus(x))
        elif high == math.inf:
            result.append(low + 0.1 + ag.softplus(x))
        else:
            result.append(low + (high - low) * ag.sigmoid(0.3 * x))
    return result


Recipe = list[tuple[str, list[int], float]]


@st.composite
def recipes(draw: Any, inputs: int) -> Recipe:
    """A random program: each line an op of the table on earlier numbers, shared or not, or on a constant."""
    lines: Recipe = []
    for k in range(draw(st.integers(1, 12))):
        name = draw(st.sampled_from(NAMES))
        arity = draw(st.integers(1, 4)) if TABLE[name].many else len(TABLE[name].operand_names)
        if TABLE[name].many and len(TABLE[name].operand_names) == 2:
            arity *= 2
        places = draw(st.lists(st.integers(-1, inputs + k - 1), min_size=arity, max_size=arity))
        # No constant 0: a sum's zero may have another sign (its edges have tests), and a quotient would show it.
        lines.append((name, places, draw(st.sampled_from([1.0, -1.0, 2.0, 0.5, -0.3, 3.0]))))
    return lines


def play(recipe: Recipe, xs: list[Any], result_of: Any = ag.fsum) -> Any:
    """Run a recipe; the result is a sum, so that every line counts, or something else that is made of all lines."""
    numbers = list(xs)
    for name, places, constant in recipe:
        op = TABLE[name]
        operands = [numbers[i] if i >= 0 else constant for i in places]
        if name in COMPARISONS:  # with a number that nothing meets: rounding must not decide
            operands[1] = 0.1234
        if op.many:
            half = len(operands) // 2
            result = op(operands[:half], operands[half:]) if len(op.operand_names) == 2 else op(operands)
        else:
            result = op(*inside(op, operands))
        numbers.append(ag.tanh(0.5 * result) * 2.0)  # keeps the next line in a range where nothing overflows
    return result_of(numbers[len(xs) :])


def agree(a: Any, b: Any, tolerance: float = 1e-9) -> bool:
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    finite = np.isfinite(a) & np.isfinite(b)
    scale = np.maximum(1.0, np.max(np.abs(np.where(finite, a, 0.0)), initial=0.0))
    return bool(
        np.array_equal(np.isnan(a), np.isnan(b))
        and np.array_equal(np.where(np.isinf(a), a, 0.0), np.where(np.isinf(b), b, 0.0))
        and np.all(np.abs(np.where(finite, a, 0.0) - np.where(finite, b, 0.0)) <= tolerance * scale)
    )


# no small sums of these cancel, so rounding moves nothing across a pole
numbers = st.sampled_from([0.7123, -1.3371, 2.1399, 0.2531, -0.6173, 1.9077, -2.4413, 3.3191, 0.0523])


@settings(max_examples=EXAMPLES)
@given(st.data())
def test_compiled_value_and_gradient_equal_eager(data: Any) -> None:
    n = data.draw(st.integers(1, 4))
    recipe = data.draw(recipes(n))
    xs = data.draw(st.lists(numbers, min_size=n, max_size=n, unique=True))
    f = ag.value_and_grad(lambda v: play(recipe, v))
    fast = ag.compile(f)
    (value, slopes), (fast_value, fast_slopes) = f(xs), fast(xs)
    assert agree(value, fast_value)
    assert agree(slopes, fast_slopes)
    array = fast(np.array(xs))
    assert agree(fast_value, array[0])
    assert agree(fast_slopes, array[1])


@settings(max_examples=EXAMPLES // 3)
@given(st.data())
def test_a_row_of_a_batch_equals_that_row_alone(data: Any) -> None:
    n = data.draw(st.integers(1, 3))
    recipe = data.draw(recipes(n + 1))
    rows = data.draw(st.sampled_from([1, 2, 7]))
    X = np.array([[data.draw(numbers) for _ in range(n)] for _ in range(rows)])
    p = data.draw(numbers)
    f = ag.value_and_grad(lambda x, p: play(recipe, [*x, p]), argnums=(0, 1))
    values, (by_x, by_p) = ag.compile(f, batch=(0,))(X, p)
    assert values.shape == (rows,)
    assert by_x.shape == X.shape
    for i in range(rows):
        value, (slope_x, slope_p) = f(X[i], p)
        assert agree(value, values[i])
        assert agree(slope_x, by_x[i])
        assert agree(slope_p, by_p[i])


@settings(max_examples=EXAMPLES // 3)
@given(st.data())
def test_batch_mean_equals_the_loop_over_rows(data: Any) -> None:
    n = data.draw(st.integers(1, 3))
    recipe = data.draw(recipes(n + 2))
    rows = data.draw(st.sampled_from([1, 2, 5]))
    X = np.array([[data.draw(numbers) for _ in range(n)] for _ in range(rows)])
    w = Value(data.draw(numbers), "w")
    f = ag.value_and_grad(ag.batch_mean(lambda p, x: play(recipe, [*x, p, w]), batch=(1,)), argnums=0)
    g = ag.grad(ag.batch_mean(lambda p, x: play(recipe, [*x, p, w]), batch=(1,)), wrt=[w])
    p = data.draw(numbers)
    assert agree(ag.compile(f)(p, X)[0], f(p, X)[0])
    assert agree(ag.compile(f)(p, X)[1], f(p, X)[1])
    assert agree(ag.compile(g)(p, X), g(p, X))


@settings(max_examples=EXAMPLES // 5)
@given(st.data())
def test_compiled_hessian_equals_eager(data: Any) -> None:
    n = data.draw(st.integers(1, 3))
    recipe = data.draw(recipes(n))[:5]
    recipe = [line for line in recipe if max(line[1]) < n + recipe.index(line)]
    xs = np.array(data.draw(st.lists(numbers, min_size=n, max_size=n, unique=True)))
    f = ag.hessian(lambda v: play(recipe, list(v)))
    if recipe:
        assert agree(ag.compile(f)(xs), f(xs), tolerance=1e-7)


@pytest.mark.long
@settings(max_examples=20_000)
@given(st.data())
def test_twenty_thousand_random_programs(data: Any) -> None:
    n = data.draw(st.integers(1, 4))
    recipe = data.draw(recipes(n))
    xs = data.draw(st.lists(numbers, min_size=n, max_size=n, unique=True))
    f = ag.value_and_grad(lambda v: play(recipe, v))
    (value, slopes), (fast_value, fast_slopes) = f(xs), ag.compile(f)(xs)
    assert agree(value, fast_value)
    assert agree(slopes, fast_slopes)

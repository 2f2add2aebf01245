"""Every op at zeros, infinities, NaN, kinks and edges of domains: compiled numbers have the class of the eager ones."""

from __future__ import annotations

import itertools
import math
from typing import Any

import mpmath
import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import TABLE
from autograd_lite.compiler import pipeline
from autograd_lite.op import Op
from tests.support.agreement import applied, same, same_sign_of_zero

INF, NAN = math.inf, math.nan
SPECIAL = [0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, 1e308, -1e308, 5e-324, 0.5, -2.0]
BY_COUNT = {1: SPECIAL, 2: SPECIAL, 3: SPECIAL[:8], 4: [0.0, -1.0, INF, NAN, 1e308], 6: [0.0, -1.0, INF]}
VALUE, SLOPE = 1e-14, 1e-12

# A gradient's zeros are not asked for their sign: the float sweep adds each adjoint to 0.0, so its zeros are all
# positive, and a program does not spend an operation on that. Values keep theirs, but for these ops:
ZEROS = {
    "fsum": "math.fsum and NumPy's reductions start from 0.0, additions do not",
    "sumprod": "as fsum",
    "mean": "as fsum",
    "maximum": "either zero may count as the larger",
    "minimum": "as maximum",
    "clip": "as maximum",
    "expterm": "the rule for zero is left to the guarded program",
    "elu": "as expterm",
    "gelu": "as expterm",
    "silu": "as expterm",
    "zmul": "as expterm",
}


def cases(op: Op) -> list[int]:
    """How many operands to give: for an op of many, one to three in each group."""
    n = len(op.operand_names)
    return [n, 2 * n, 3 * n] if op.many else [n]


EVERY = [pytest.param(op, count, id=f"{name}-{count}") for name, op in TABLE.items() for count in cases(op)]


def check(op: Op, point: Any, eager: Any, value: float, slopes: Any) -> None:
    eager_value, eager_slopes = eager
    assert same(eager_value, value, VALUE), f"{op.name}{point} is {eager_value}, compiled {value}"
    if op.name not in ZEROS:
        assert same_sign_of_zero(eager_value, value), f"{op.name}{point} is {eager_value}, compiled {value}"
    for i, (a, b) in enumerate(zip(eager_slopes, slopes, strict=True)):
        assert same(a, b, SLOPE), f"{op.name}{point}: slope by operand {i} is {a}, compiled {b}"


@pytest.mark.parametrize("arrays", [False, True], ids=["floats", "arrays"])
@pytest.mark.parametrize(("op", "count"), EVERY)
def test_one_call(op: Op, count: int, arrays: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if arrays:
        monkeypatch.setattr(pipeline.Stages, "cheaper", lambda stages, *_: stages.arrays())
    f = ag.value_and_grad(lambda v: applied(op, v))
    fast = ag.compile(f)
    for point in itertools.product(BY_COUNT[count], repeat=count):
        check(op, point, f(list(point)), *fast(list(point)))
    assert (fast.program.array_calls > 0) == arrays or not fast.program.instructions


@pytest.mark.parametrize(("op", "count"), EVERY)
def test_one_row_among_ordinary_ones(op: Op, count: int) -> None:
    """The special row is the first, the middle or the last; the others are as if it were not there."""
    f = ag.value_and_grad(lambda v: applied(op, list(v)))
    fast = ag.compile(f, batch=(0,))
    ordinary = [0.7 + 0.1 * i for i in range(count)]
    usual = f(ordinary)
    for turn, point in enumerate(itertools.product(BY_COUNT[count], repeat=count)):
        rows = np.array([ordinary] * 3)
        rows[turn % 3] = point
        values, slopes = fast(rows)
        for i in range(3):
            check(op, rows[i], f(list(point)) if i == turn % 3 else usual, values[i], slopes[i])


PAIRS = [op for op in TABLE.values() if not op.many and len(op.operand_names) == 2]
CONSTANTS = [*SPECIAL, 0.25, 1.5, 2.0, 3.0, -0.5]


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("op", PAIRS, ids=[op.name for op in PAIRS])
def test_a_constant_operand(op: Op, place: int) -> None:
    """A constant invites shortcuts: ours, and NumPy's own, such as a square root for the power 1/2."""
    for c in CONSTANTS:

        def f(x: Any, c: float = c) -> Any:
            return op(*((c, x) if place == 0 else (x, c)))

        both = ag.value_and_grad(f)
        values, slopes = ag.compile(both, batch=(0,))(np.array(CONSTANTS))
        for x, value, slope in zip(CONSTANTS, values, slopes, strict=True):
            eager_value, eager_slope = both(x)
            check(op, (c, x)[:: 1 - 2 * place], (eager_value, [eager_slope]), value, [slope])


@pytest.mark.parametrize("rows", [1, 2, 7, 1024])
def test_rows_are_as_if_each_were_alone(rows: int) -> None:
    def everything(x: Any) -> Any:
        return [applied(op, [x[i % 3] for i in range(count)]) for op in TABLE.values() for count in cases(op)]

    f = ag.compile(everything, batch=(0,))
    X = np.random.default_rng(0).uniform(0.1, 0.9, size=(rows, 3))
    results = np.array(f(X))
    assert results.shape[1:] == (rows,)
    for i in {0, 1 % rows, rows // 2, rows - 1}:
        eager = everything(X[i])
        assert all(same(a, b, VALUE) for a, b in zip(eager, results[:, i], strict=True))


def test_a_comparison_does_not_hide_a_product_of_zero_and_infinity() -> None:
    """gelu(-inf) is 0 times infinity, which the plain program makes NaN; the comparison alone would not show it."""

    def f(x: Any) -> Any:
        return ag.where(ag.gelu(x) >= 0.0, 1.0, 2.0)

    assert f(-INF) == ag.compile(f)(-INF) == 1.0
    assert ag.compile(f, batch=(0,))(np.array([1.0, -INF, -1.0])).tolist() == [1.0, 1.0, 2.0]
    mean = ag.batch_mean(f)
    assert ag.compile(mean)([1.0, -INF, -1.0]) == mean([1.0, -INF, -1.0])


def test_a_derivative_is_nan_where_its_function_is() -> None:
    for f in (lambda x: x + 1.0, lambda x: 3.0 * x, lambda x: ag.fsum([x, x, 2.0]), ag.relu):
        assert math.isnan(ag.compile(ag.grad(f))(NAN))
        assert np.isnan(ag.compile(ag.grad(f), batch=(0,))(np.array([1.0, NAN]))).tolist() == [False, True]


def test_the_guarded_program_reads_the_same_leaves() -> None:
    """It runs where the plain one met infinity; what it captures must be in the same places."""
    b, w = ag.Value(5.0, "b"), ag.Value(7.0, "w")

    def f(x: Any) -> Any:
        return [ag.grad(lambda z: b * 1.0)(x), x * w, ag.grad(lambda z: ag.sqrt(z) * w)(x)]

    fast = ag.compile(f)
    assert fast(4.0) == [0.0, 28.0, 1.75]
    assert fast(0.0) == [0.0, 0.0, INF]
    w.data = -2.0
    assert fast(0.0) == [0.0, 0.0, -INF]


def test_logsumexp_keeps_its_digits_next_to_its_root():
    """The largest term gives 1, which is taken away again: of 1 + 1e-20 - 1 nothing would be left."""
    on_floats, on_arrays = ag.compile(ag.logsumexp), ag.compile(lambda x: ag.logsumexp(list(x)), batch=(0,))
    for exponent in range(-25, 0):
        top = -(10.0**exponent)
        xs = [top, float(mpmath.log(-mpmath.expm1(top) * (1 + mpmath.mpf("1e-9"))))]
        with mpmath.workdps(60):
            exact = mpmath.log(sum(mpmath.exp(mpmath.mpf(x)) for x in xs))
        for result in (ag.logsumexp(xs), on_floats(xs), on_arrays(np.array([xs]))[0]):
            assert abs(float(result - exact)) <= 4 * math.ulp(top)

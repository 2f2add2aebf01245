"""The class of sums of products, where a BLAS may fuse multiplications into additions and add in any order.

IEEE 754 rounds every product; a fused multiply-add does not. Where no partial sum overflows, that is a matter of
digits. Where one does, the exact products, added in some order, fused or not, say which classes can come out.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.compiler import pipeline, traced, tracing
from autograd_lite.compiler.interpret import interpret
from autograd_lite.compiler.runtime import EAGER_SAMPLES
from autograd_lite.compiler.signature import abstract
from autograd_lite.compiler.traced import NAN_STAYS
from autograd_lite.op import TABLE
from autograd_lite.pytree import flatten
from tests.support.array_programs import compiled

BIG = Fraction(2) ** 1024 - Fraction(2) ** 970  # from here on a number rounds to infinity
numbers = st.sampled_from([0.0, 1.0, -1.0, 2.0, 1e308, -1e308, 1e200, -1e200, math.inf, -math.inf, math.nan])
MASKS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda z: z * 1.0,
    "tanh": ag.tanh,
    "relu": ag.relu,
    "sign": ag.sign,
    "exp": ag.exp,
    "reciprocal": lambda z: 1.0 / z,
    "where": lambda z: ag.where(ag.greater(z, 0.0), 1.0, 2.0),
}


def class_of(x: float) -> str:
    return "nan" if math.isnan(x) else str(x) if math.isinf(x) else "finite"


def rounded(x: Fraction) -> float | Fraction:
    return x if abs(x) < BIG else math.inf if x > 0 else -math.inf


def fused(total: float | Fraction, w: float, x: float) -> float | Fraction:
    """One step of a sum, the product exact; infinities and NaN by IEEE 754."""
    if not (math.isfinite(w) and math.isfinite(x) and isinstance(total, Fraction)):
        left = total if not isinstance(total, Fraction) else float(min(max(total, -BIG + 1), BIG - 1))
        product = w * x if not (math.isfinite(w) and math.isfinite(x)) else math.copysign(1.0, w * x)
        result = left + product  # only the class counts from here on
        return result if not math.isfinite(result) else Fraction(0)
    return rounded(total + Fraction(w) * Fraction(x))


def classes(ws: Sequence[float], xs: Sequence[float]) -> set[str]:
    """What can come out, fused or not, in any order of addition."""
    with np.errstate(all="ignore"):
        products = [float(np.float64(w) * np.float64(x)) for w, x in zip(ws, xs, strict=True)]
    found = set()
    for order in itertools.permutations(range(len(ws))):
        total: float | Fraction = Fraction(0)
        plain = 0.0
        for k in order:
            total = fused(total, ws[k], xs[k])
            plain += products[k]
        found |= {"finite" if isinstance(total, Fraction) else class_of(total), class_of(plain)}
    return found


def test_the_oracle() -> None:
    assert classes([-1.0, 1e308], [math.inf, 1e308]) == {"nan", "-inf"}
    assert classes([1.0, 2.0], [3.0, 4.0]) == {"finite"}
    assert classes([1e308, 1e308], [10.0, -10.0]) == {"inf", "nan", "-inf"}


def forms(f: Callable[..., Any], ws: Any, xs: Any) -> dict[str, float]:
    """The same function as compiled code does it: numbers, arrays, a matrix product, over samples."""
    rows = np.tile(ws, (20, 1))
    layer = lambda W, x: [f(list(row), list(x)) for row in W]  # noqa: E731
    return {
        "numbers": ag.compile(f)(list(ws), list(xs)),
        "arrays": ag.compile(lambda w, x: f(list(w), list(x)))(ws, xs),
        "matrix and vector": ag.compile(layer)(rows, xs)[7],
        "matrix product": ag.compile(layer, batch=(1,))(rows, np.tile(xs, (5, 1)))[7][3],
        "batch": ag.compile(lambda w, x: f(list(w), list(x)), batch=(0, 1))(np.tile(ws, (9, 1)), np.tile(xs, (9, 1)))[
            4
        ],
    }


@given(terms=st.lists(st.tuples(numbers, numbers), min_size=2, max_size=4))
def test_compiled_sums_of_products_have_a_class_that_can_be(terms: list[tuple[float, float]]) -> None:
    ws, xs = (np.array(column) for column in zip(*terms, strict=True))
    possible = classes(ws.tolist(), xs.tolist())
    for form, result in forms(ag.sumprod, ws, xs).items():
        assert class_of(result) in possible, form


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize(
    ("ws", "xs"),
    [
        ([-1.0, 1e308], [math.inf, 1e308]),
        ([math.nan, 1.0], [1.0, 2.0]),
        ([0.0, 1.0], [math.inf, 1.0]),
        ([math.inf, 1.0, 1.0], [-1.0, 1.0, 2.0]),
        ([math.inf, math.inf], [1.0, -1.0]),
    ],
)
def test_no_word_hides_what_is_not_finite(mask: str, ws: list[float], xs: list[float]) -> None:
    """tanh(-inf) is -1.0: what a fused sum makes of infinities must not pass as a number where the eager sum is NaN."""
    f = lambda w, x: MASKS[mask](ag.sumprod(w, x))  # noqa: E731
    eager = f([Value(w) for w in ws], [Value(x) for x in xs]).data
    for form, result in forms(f, np.array(ws), np.array(xs)).items():
        assert class_of(result) == class_of(eager), form
        assert result == eager or math.isnan(eager), form


def test_the_exact_program_has_no_contractions() -> None:
    W, x = np.ones((20, 15)), np.ones((4, 15))
    f = lambda W, x: [ag.tanh(ag.sumprod(list(row), list(x))) for row in W]  # noqa: E731
    shapes = [abstract(W), abstract(x, batched=True)]
    made = {
        exact: pipeline.to_program(tracing.trace(f, (1,), frozenset([1]), shapes, {}, exact), exact=exact).program
        for exact in (False, True)
    }
    assert "contract" in str(made[False])
    assert "nonfinite" in str(made[False])
    assert "contract" not in str(made[True])
    assert "nonfinite" not in str(made[True])
    assert made[True].is_exact


def test_what_cannot_hide_is_not_checked() -> None:
    made, _ = compiled(lambda W, x: [ag.sumprod(list(row), list(x)) * 2.0 for row in W], np.ones((20, 15)), np.ones(15))
    assert "nonfinite" not in str(made.program)  # the result itself shows it


SPECIAL = [0.0, -0.0, 1.0, -2.5, 1e308, math.inf, -math.inf, math.nan]
POINTS = [x if x != 1e308 else 1e300 for x in SPECIAL]


@pytest.mark.parametrize("name", sorted(NAN_STAYS))
def test_ops_that_are_nan_where_an_operand_is(name: str) -> None:
    """Between these an exact program leaves out the question whether a value is NaN: it must be, with any others."""
    op = TABLE[name]
    counts = (1, 2, 3) if op.many else (len(op.operand_names),)
    for count in counts:
        count *= len(op.operand_names) if op.many else 1  # noqa: PLW2901
        for operands in itertools.product(SPECIAL, repeat=min(count, 4)):
            if len(operands) == count and any(map(math.isnan, operands)):
                assert math.isnan(op.number(operands)), operands


@pytest.mark.parametrize("name", ["where", "zmul", "pow", "hypot"])
def test_ops_that_hide_nan_are_none_of_them(name: str) -> None:
    assert name not in NAN_STAYS


def chain(x: Any) -> Any:
    return sum(100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1))


def by_exact_program(fast: Any, *args: Any) -> Any:
    """The exact program's result: the first calls are left to the eager engine."""
    for _ in range(EAGER_SAMPLES):
        fast(*args)
    assert fast._last._exact is None
    return fast(*args)


def test_the_first_results_that_are_not_finite_are_the_eager_engines() -> None:
    """An exact program takes as long to make as some tens of eager calls; it is made where they would add up."""
    w = Value(1.0)
    fast = ag.compile(ag.value_and_grad(lambda x: ag.fsum([ag.log(w * v) / v for v in x])), backend="numpy")
    x = [0.0, 1.0, math.inf]
    eager = ag.value_and_grad(lambda x: ag.fsum([ag.log(w * v) / v for v in x]))(x)
    flat = [str(v) for v in flatten(eager)[0]]
    for _ in range(EAGER_SAMPLES):
        assert [str(v) for v in flatten(fast(x))[0]] == flat
    assert fast._last._exact is None
    assert [str(v) for v in flatten(fast(x))[0]] == flat
    assert fast._last._exact is not None
    mean = ag.value_and_grad(ag.batch_mean(lambda v: ag.log(w * v)), wrt=[w])
    many = ag.compile(mean)
    assert many(np.zeros(EAGER_SAMPLES + 1))[0] == -math.inf
    assert many._last._exact is not None  # more samples than all eager calls may take
    few = ag.compile(mean)
    assert few(np.zeros(3))[0] == -math.inf
    assert few._last._exact is None


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x: x**2.0, (1e200,)),  # what Python refuses is infinite here
        (lambda x, y: [x / y, y], (1.0, 0)),
        (lambda x: {"a": ag.log(x[0]), "b": (x[1], 1.0)}, (np.array([0.0, 2.0]),)),
        (lambda x, kind: x / 0.0 if kind == "a" else x, (1.0, "a")),
        (lambda x: ag.grad(lambda v: ag.sqrt(v) * x)(0.0), (2.0,)),
        (lambda x: x / (x - x), (np.array([1.0, 2.0]),)),
    ],
)
def test_eager_and_exact_calls_return_alike(f: Any, args: Any) -> None:
    fast = ag.compile(f)
    first = fast(*args)
    fast._last._eager_samples = EAGER_SAMPLES
    exact = fast(*args)
    assert repr(first) == repr(exact)
    assert type(first) is type(exact)


def test_the_exact_program_does_not_grow_with_length() -> None:
    """A chain of sums is one level, as in the plain program: a question per link would make each a level of its own."""
    groups = set()
    for n in (10, 40):
        fast = ag.compile(ag.value_and_grad(chain), backend="numpy")
        x = np.linspace(-1.0, 2.0, n)
        x[3] = math.inf
        value, slope = by_exact_program(fast, x)
        eager = ag.value_and_grad(chain)(x)
        assert value == eager[0] == math.inf
        np.testing.assert_array_equal(slope, eager[1])
        groups.add(fast._last._exact.groups)
    assert len(groups) == 1
    assert groups.pop() <= 20


def test_an_op_that_hides_nan_shelters_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slope of -x is NaN at NaN, though what reads it is 2.0 there with slope 1.0; not if reading kept the NaN."""

    @ag.primitive(partials={"x": 1.0}, replace=True)
    def hides_nan(xp: Any, x: Any) -> Any:
        return xp.where(xp.greater(x, 0.0), x, 2.0)

    def slope() -> float:
        trace = tracing.trace(ag.grad(lambda x: hides_nan(-x)), (), frozenset(), [math.nan], {}, True)
        return float(interpret(pipeline.to_program(trace, exact=True).program, [math.nan, []])[0])

    try:
        assert math.isnan(ag.grad(lambda x: hides_nan(-x))(math.nan))
        assert math.isnan(slope())
        monkeypatch.setattr(traced, "NAN_STAYS", {*NAN_STAYS, "hides_nan"})
        assert slope() == -1.0  # so this test can fail
    finally:
        del TABLE["hides_nan"]


@pytest.mark.parametrize("backend", ["numpy", "interpreter", "floats"])
def test_a_hessian_may_be_right_where_eager_products_overflow_on_the_way(backend: str) -> None:
    """Edge pushing multiplies in another order: here the second derivatives are tanh''(0) x^2 = 0, and tanh'(0) = 1."""
    f = lambda v: ag.tanh(v[0] * v[1])  # noqa: E731
    point = [0.0, 1e308]
    assert np.isnan(ag.hessian(f)(point)).any()
    assert np.array_equal(ag.compile(ag.hessian(f), backend=backend)(point), [[0.0, 1.0], [1.0, 0.0]])


UNARY = ["sin", "exp", "tanh", "relu", "sqrt", "abs", "sign", "square"]
BINARY = {"add": operator.add, "mul": operator.mul, "div": operator.truediv, "maximum": ag.maximum}
Step = tuple[str, int, int, int]


def graph_of(steps: Sequence[Step], *, pruned: bool = False) -> Callable[[Any], Any]:
    """A function that takes these steps; pruned, it has no branch but those that its Values take."""

    def f(x: Any) -> Any:
        found = list(x)
        for name, *ks in steps:
            a, b, c = (found[k % len(found)] for k in ks)
            if name == "where":
                found.append((b if a > 0.5 else c) if pruned else ag.where(ag.greater(a, 0.5), b, c))
            else:
                found.append(getattr(ag, name)(a) if name in UNARY else BINARY[name](a, b))
        return found[-1] + found[-2]

    return f


def eager_and_compiled(transform: Any, steps: Sequence[Step], point: Sequence[float]) -> tuple[Any, Any]:
    """The flat results of the eager engine, and of compiled code that does not leave the call to it."""
    fast = ag.compile(transform(graph_of(steps)), backend="numpy")
    fast(point)
    fast._last._eager_samples = EAGER_SAMPLES
    return flatten(transform(graph_of(steps))(point))[0], flatten(fast(point))[0]


@given(data=st.data())
def test_nan_goes_where_the_eager_sweep_takes_it(data: st.DataObject) -> None:
    """Random graphs of ops that keep NaN and ops that hide it, at special points: derivatives of the same class.

    No sum overflows on the way to a finite one, or to infinity of the other sign: 128 times 1e300 is finite. In a
    Hessian the eager sweeps may make NaN of a branch that is not taken; what is not NaN in the compiled one is right.
    """
    names = st.sampled_from([*UNARY, *BINARY, "where"])
    steps = data.draw(st.lists(st.tuples(names, *[st.integers(0, 9)] * 3), min_size=2, max_size=7))
    point = data.draw(st.lists(st.sampled_from(POINTS), min_size=3, max_size=3))
    is_huge = any(v == 1e300 for v in point)
    for transform in (ag.value_and_grad,) if is_huge else (ag.value_and_grad, ag.hessian):
        eager, found = eager_and_compiled(transform, steps, point)
        unlike = [k for k, (a, b) in enumerate(zip(eager, found, strict=True)) if class_of(a) != class_of(b)]
        if unlike:
            assert transform is ag.hessian
            taken = ag.hessian(graph_of(steps, pruned=True))(point).ravel()
            assert [found[k] for k in unlike] == pytest.approx(taken[unlike].tolist(), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("steps", "point", "expected"),
    [
        ([("add", 0, 1, 0), ("where", 1, 3, 0), ("exp", 4, 0, 0)], [1.0, math.nan, 1.0], math.e),
        (
            [("where", 0, 0, 2), ("mul", 0, 3, 0), ("where", 0, 0, 0), ("where", 0, 4, 0)],
            [-math.inf, 1.0, math.nan],
            0.0,
        ),
    ],
)
def test_a_branch_that_is_not_taken_has_no_part_in_a_compiled_hessian(
    steps: Sequence[Step], point: Sequence[float], expected: float
) -> None:
    """Eager sweeps meet NaN times 0 there: exp(x0) + x0 has the second derivative exp(x0), whatever x0 + x1 is."""
    eager, found = eager_and_compiled(ag.hessian, steps, point)
    assert math.isnan(eager[0])
    assert found == pytest.approx([expected, *[0.0] * 8], rel=1e-15)

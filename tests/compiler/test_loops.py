"""Loops that stay loops: scan, repeat and while_loop equal the loop that they stand for, on every backend."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import TABLE, Value
from autograd_lite.compiler.backends import BACKENDS, native
from autograd_lite.compiler.ir import Loop, Update, every, slices_of
from autograd_lite.compiler.verify import verify
from autograd_lite.errors import DomainError, OperandError, ShapeError, TraceError
from autograd_lite.pytree import flatten
from tests.compiler.test_compiled_laws import agree, numbers, play, recipes

rng = np.random.default_rng(0)
W, U, E = rng.normal(size=(3, 3)) * 0.5, rng.normal(size=(3, 2)), rng.normal(size=(4, 3))
X, XS = rng.normal(size=(5, 2)), rng.normal(size=(9, 5, 2))
TOKENS = np.array([1.0, 3.0, 2.0, 2.0, 0.0])


@pytest.fixture(params=[*BACKENDS])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "native" and native.missing():
        pytest.skip(native.missing())
    return str(request.param)


def recurrent(w: Any, u: Any, xs: Any, *, checkpoint: bool = False) -> Any:
    def step(h: Any, x: Any) -> Any:
        h = [ag.tanh(ag.sumprod(a, h) + ag.sumprod(b, x)) for a, b in zip(w, u, strict=True)]
        return h, h[0] * h[1]

    h, ys = ag.scan(step, [0.0, 0.0, 0.0], xs, checkpoint=checkpoint)
    return ag.fsum(h) + ag.fsum([y * (t + 1.0) for t, y in enumerate(ys)])


def nested(w: Any, xs: Any) -> Any:
    def outer(c: Any, row: Any) -> Any:
        d, ys = ag.scan(lambda d, x: (d * ag.sin(w[0][0] * x) + c, d * x), c, row)
        return d, ys[0] + ys[-1]

    c, zs = ag.scan(outer, 0.3, xs)
    return c + ag.fsum([z * z for z in zs])


def chained(xs: Any, w: Any) -> Any:
    """A loop over the outputs of another."""
    c, ys = ag.scan(lambda c, x: (c + x[0] * w[0][1], ag.sin(c) * x[1]), 0.0, xs)
    return ag.scan(lambda c, y: (c * y + w[0][2], None), c, ys)[0]


def language(e: Any, w: Any, tokens: Any) -> Any:
    """Look-ups inside a loop."""

    def step(h: Any, t: Any) -> Any:
        h = [ag.tanh(ag.sumprod(a, h) + x) for a, x in zip(w, ag.take(e, t), strict=True)]
        return h, ag.logsumexp(h) - ag.take(h, ag.remainder(t, 3.0))

    return ag.mean(ag.scan(step, [0.0] * 3, tokens)[1])


def trees(xs: Any) -> Any:
    def step(c: Any, x: Any) -> Any:
        state = {"a": c["a"] * x["p"], "b": [c["b"][1] + x["q"], c["b"][0]]}
        return state, (c["a"], {"z": c["b"]}, None)

    c, (a, d, nothing) = ag.scan(step, {"a": 1.0, "b": [0.5, 2.0]}, {"p": xs[:, 0], "q": xs[:, 1]})
    assert nothing is None
    assert d["z"].shape == (5, 2)
    return c["a"] + 2.0 * c["b"][0] + ag.fsum(list(a)) + ag.fsum([z**2 for z in d["z"].flat])


def halved(x: Any) -> Any:
    return ag.while_loop(lambda c: c < 100.0, lambda c: c * x + ag.sin(c), 1.0, 30)


def root(x: Any) -> Any:
    return ag.repeat(lambda c: 0.5 * (c + x / c), x, 6)


def third(f: Any) -> Any:
    return ag.derivative(f, order=3)


def moved(f: Any, *args: Any) -> Any:
    """Value and tangent, along a direction in which all arguments but tokens move."""
    count = len([a for a in args if a is not TOKENS])
    direction = tuple([np.cos(a) if np.ndim(a) else 0.7 for a in args[:count]])
    return ag.jvp(lambda *moving: f(*moving, *args[count:]), args[:count], direction)


def tangent(f: Any) -> Any:
    return lambda *args: moved(f, *args)


def tangent_of_slopes(f: Any) -> Any:
    return lambda *args: moved(ag.grad(f), *args)


PROGRAMS: dict[str, tuple[Any, tuple[Any, ...], list[Any]]] = {
    "recurrent": (recurrent, (W, U, X), [functools.partial(ag.value_and_grad, argnums=(0, 1, 2)), ag.hessian, tangent]),
    "checkpoint": (functools.partial(recurrent, checkpoint=True), (W, U, X), [ag.value_and_grad, tangent_of_slopes]),
    "nested": (nested, (W, X), [functools.partial(ag.value_and_grad, argnums=(0, 1)), tangent_of_slopes]),
    "chained": (chained, (X, W), [functools.partial(ag.value_and_grad, argnums=(0, 1)), ag.hessian, tangent_of_slopes]),
    "language": (language, (E, W, TOKENS), [functools.partial(ag.value_and_grad, argnums=(0, 1)), tangent_of_slopes]),
    "trees": (trees, (X,), [ag.value_and_grad, ag.hessian]),
    "while": (halved, (3.0,), [ag.value_and_grad, ag.hessian, tangent]),
    "repeat": (root, (3.0,), [ag.value_and_grad, ag.hessian, third, tangent_of_slopes]),
    "one step": (lambda x: ag.repeat(ag.sin, x, 1), (0.3,), [ag.value_and_grad, ag.hessian]),
    "no sequence": (lambda x: ag.scan(lambda c, _: (c * x, c), 1.0, None, 4)[1], (2.0,), [ag.jacobian]),
    "NaN": (recurrent, (W, U, np.where(X > 1.0, np.nan, X)), [functools.partial(ag.value_and_grad, argnums=(0, 2))]),
    "overflow": (lambda x: ag.repeat(lambda c: c * c, x, 12), (30.0,), [ag.value_and_grad]),
    "hidden overflow": (lambda x: ag.tanh(ag.repeat(lambda c: ag.exp(c) - c, x, 5)), (3.0,), [ag.value_and_grad]),
}


def flat(tree: Any) -> list[float]:
    return [float(x) for x in flatten(tree)[0]]


@pytest.mark.parametrize("name", PROGRAMS)
def test_compiled_is_eager(backend: str, name: str) -> None:
    f, args, transforms = PROGRAMS[name]
    for transform in transforms:
        fast = ag.compile(transform(f), backend=backend)
        assert agree(flat(fast(*args)), flat(transform(f)(*args)), 1e-11)
        verify(fast.program.ir)
        assert any(isinstance(i, Loop) for i in every(fast.program.ir.instructions))


@pytest.mark.parametrize(("f", "args"), [(recurrent, (W, U, XS)), (language, (E, W, TOKENS + np.zeros((7, 1))))])
def test_over_samples(backend: str, f: Any, args: tuple[Any, ...]) -> None:
    if backend == "floats":
        pytest.skip("runs functions without a batch")
    mean = ag.batch_mean(f, batch=(2,))
    slopes = functools.partial(ag.value_and_grad, argnums=(0, 1))
    for transform in (slopes, ag.hessian) if backend in ("interpreter", "numpy") else (slopes,):
        assert agree(flat(ag.compile(transform(mean), backend=backend)(*args)), flat(transform(mean)(*args)), 1e-11)
    each = ag.compile(ag.grad(f), batch=(2,), backend=backend)(*args)
    assert agree(each, [ag.grad(f)(*args[:2], one) for one in args[2]], 1e-11)


def test_tangents_and_samples() -> None:
    """A carry's tangent may belong to a batch that the carry does not belong to, and be shared where others are not."""
    directions, tokens = rng.normal(size=(4, 3, 3)), (TOKENS + np.arange(4.0)[:, None]) % len(E)

    def along(w: Any, d: Any) -> Any:
        return ag.jvp(lambda v: recurrent(v, U, X), (w,), (d,))[1]

    def of_all(e: Any, t: Any) -> Any:
        return moved(ag.grad(lambda e: ag.batch_mean(language, batch=(2,))(e, W, t)), e)[1]

    for f, args in (
        (ag.vmap(along, (None, 0)), (W, directions)),
        (ag.batch_mean(along, batch=(1,)), (W, directions)),
        (of_all, (E, tokens)),
    ):
        assert agree(flat(ag.compile(f)(*args)), flat(f(*args)), 1e-11)


@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.generate])  # shrinking compiles for minutes
@given(st.data())
def test_random_loops_equal_the_unrolled_program_to_the_bit(data: Any) -> None:
    """In the interpreter, for the value; the laws of random programs hold slopes against the eager engine."""
    n, steps = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 4))
    recipe = data.draw(recipes(n + 2))
    xs = data.draw(st.lists(numbers, min_size=steps, max_size=steps))
    fixed = data.draw(numbers)
    start = data.draw(st.lists(numbers, min_size=n, max_size=n))

    def step(c: Any, x: Any, w: Any) -> Any:
        y = play(recipe, [*c, x, w], lambda lines: lines[-1])
        return [*c[1:], y], y

    def looped(start: Any, xs: Any, w: Any) -> Any:
        c, ys = ag.scan(lambda c, x: step(c, x, w), start, xs)
        return [*c, *ys]

    def unrolled(start: Any, xs: Any, w: Any) -> Any:
        c, ys = start, []
        for x in xs:
            c, y = step(c, x, w)
            ys.append(y)
        return [*c, *ys]

    args = (start, xs, fixed)
    one, other = (ag.compile(f, backend="interpreter")(*args) for f in (looped, unrolled))
    if any(TABLE[name].many for name, _, _ in recipe):  # sums add up in the order in which their terms lie
        assert agree(one, other, 1e-12)
    else:
        assert np.array_equal(one, other, equal_nan=True)


def test_a_program_is_as_small_for_many_steps() -> None:
    sizes = []
    for steps in (3, 300):
        fast = ag.compile(ag.value_and_grad(recurrent, argnums=(0, 1)), backend="numpy")
        fast(W, U, np.zeros((steps, 2)))
        sizes.append(len(list(every(fast.program.ir.instructions))))
    assert sizes[1] <= sizes[0] + 4


def test_sums_over_steps_are_added_up_in_place() -> None:
    """Slopes of what is fixed: no step copies them."""
    fast = ag.compile(ag.value_and_grad(recurrent, argnums=(0, 1)), backend="numpy")
    fast(W, U, X)
    backward = [i for i in every(fast.program.ir.instructions) if isinstance(i, Loop)][1]
    (total,) = (carry.array for carry in backward.carry if carry.next.array is carry.array)
    assert total.size == W.size + U.size
    assert not any(x.array is total for x in slices_of([i for i in backward.body if not isinstance(i, Update)]))


def test_captured_leaves_are_read_at_each_call(backend: str) -> None:
    w = [Value(0.5), Value(2.0)]
    fast = ag.compile(
        ag.value_and_grad(lambda x: ag.repeat(lambda c: ag.tanh(c * w[0]) + w[1] * w[1].data * x, x, 3), wrt=w),
        backend=backend,
    )
    for _ in range(2):
        value, slopes = ag.value_and_grad(
            lambda x: ag.repeat(lambda c: ag.tanh(c * w[0]) + w[1] * w[1].data * x, x, 3), wrt=w
        )(0.7)
        assert agree([fast(0.7)[0], *fast(0.7)[1]], [value, *slopes])
        w[0].data, w[1].data = -0.3, 1.5


def test_eager_on_numbers_gives_numbers() -> None:
    carry, ys = ag.scan(lambda c, x: (c + x, [c, x]), 0.0, [1.0, 2.0, 3.0])
    assert (carry, ys.tolist(), ys.dtype) == (6.0, [[0.0, 1.0], [1.0, 2.0], [3.0, 3.0]], float)
    assert ag.repeat(lambda x: 2.0 * x, 1.0, 0) == 1.0
    assert ag.while_loop(lambda x: x < 0.0, lambda x: x, 1.0, 0) == 1.0


@pytest.mark.parametrize("xs", [[], np.zeros(0), np.zeros((0, 3)), ([], []), {"a": []}])
def test_no_step_leaves_the_carry(backend: str, xs: Any) -> None:
    def f(x: Any) -> Any:
        carry, ys = ag.scan(lambda c, y: (c * y, y), 3.0 * x, xs)
        return carry + ag.fsum(list(ys))

    for call in (f, ag.compile(f, backend=backend)):
        assert call(2.0) == 6.0
    for call in (ag.grad(f), ag.compile(ag.grad(f), backend=backend)):
        assert call(2.0) == 3.0
    assert ag.scan(lambda c, _: (c, c), 1.0, None, 0)[1].shape == (0,)


# --- errors -----------------------------------------------------------------------------------------------------------

WRONG: dict[str, tuple[Any, type[Exception], str]] = {
    "carry": (lambda x: ag.scan(lambda c, y: ([c, c], y), x, [1.0, 2.0]), ShapeError, "carry changed its structure"),
    "carry of a repeat": (lambda x: ag.repeat(lambda c: [c], x, 2), ShapeError, "it was a number, and is a list of 1"),
    "no pair": (lambda x: ag.scan(lambda c, y: c, x, [1.0]), OperandError, "must return a pair"),
    "no sequence": (lambda x: ag.scan(lambda c, y: (c, y), x, None), ShapeError, "Give xs, or a length"),
    "a number": (lambda x: ag.scan(lambda c, y: (c, y), x, 3.0), OperandError, "needs sequences or arrays"),
    "lengths": (lambda x: ag.scan(lambda c, y: (c, y), x, ([1.0], [1.0, 2.0])), ShapeError, r"lengths, \[1, 2\]"),
    "length": (lambda x: ag.scan(lambda c, y: (c, y), x, [1.0], 2), ShapeError, r"lengths, \[1, 2\]"),
    "negative": (lambda x: ag.repeat(ag.sin, x, -1), DomainError, "at least 0"),
    "no count": (lambda x: ag.repeat(ag.sin, x, 1.5), OperandError, "n is 1.5"),
    "bound": (lambda x: ag.while_loop(lambda c: c > 0.0, lambda c: c + 1.0, x, 4), DomainError, "took 4 steps"),
    "index": (
        lambda x: ag.scan(lambda c, i: (c + ag.take([c, c], i), None), x, [0.0, 2.0])[0],
        DomainError,
        "from 0 to 1",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_error_names_the_line(backend: str, name: str) -> None:
    f, error, told = WRONG[name]
    for call in (f, ag.compile(f, backend=backend), ag.compile(ag.grad(f), backend=backend)):
        with pytest.raises(error, match=told) as caught:
            call(2.0)
        assert "test_loops.py:" in str(caught.value)


def test_outputs_and_elements_keep_their_structure() -> None:
    with pytest.raises(ShapeError, match="output changed its structure in step 1"):
        ag.scan(lambda c, x: (c + 1.0, x if c < 0.5 else [x]), 0.0, [1.0, 2.0])
    with pytest.raises(ShapeError, match="Element 1 of the sequence"):
        ag.compile(lambda x: ag.scan(lambda c, y: (c, None), x, [[1.0], [1.0, 2.0]])[0])(1.0)


def test_a_step_that_is_not_taken_raises_nothing(backend: str) -> None:
    """The bound of a while_loop is not reached, and the index after its end is out of range."""
    table = [3.0, 4.0]

    def total(x: Any) -> Any:
        return ag.while_loop(lambda c: c[0] < 2.0, lambda c: [c[0] + 1.0, c[1] * ag.take(table, c[0])], [0.0, x], 4)[1]

    assert ag.compile(ag.value_and_grad(total), backend=backend)(2.0) == (24.0, 12.0)


def test_a_gradient_by_what_is_outside_is_refused_inside() -> None:
    w = Value(0.5)

    def step(c: Any, _: Any) -> Any:
        return ag.gradients(c * w, [w])[0] + c * w, None

    with pytest.raises(TraceError, match="Inside a loop a gradient was taken with respect to a Value from outside"):
        ag.compile(lambda x: ag.scan(step, x, None, 3)[0])(1.0)
    inner = ag.grad(lambda v: ag.sin(v) * w)
    fast, slow = (g(lambda x: ag.repeat(inner, x, 3)) for g in (lambda g: ag.compile(ag.grad(g)), ag.grad))
    assert fast(0.4) == pytest.approx(slow(0.4), rel=1e-13)

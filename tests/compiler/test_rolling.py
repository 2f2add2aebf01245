"""Plain Python loops that the compiler rolls: equal to what they stand for, whatever almost repeats."""

from __future__ import annotations

import pickle
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import TABLE
from autograd_lite.compiler.backends import floats, native
from autograd_lite.compiler.ir import Loop, every
from autograd_lite.compiler.repetitions import repetitions
from autograd_lite.errors import DomainError
from autograd_lite.pytree import flatten
from autograd_lite.transforms import derivatives, evaluation
from tests.compiler.test_compiled_laws import agree, numbers, play, recipes

ARRAYS = ["interpreter", "numpy", *([] if native.missing() else ["native"])]
EVERY = settings(deadline=None, phases=[Phase.explicit, Phase.generate])  # shrinking compiles for minutes
STEPS = 14


@pytest.fixture(autouse=True)
def _steps_of_several_sweeps_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "MOST_NODES", 0)
    monkeypatch.setattr(derivatives, "FEW", 100)


def flat(tree: Any) -> list[float]:
    return [float(x.data if isinstance(x, ag.Value) else x) for x in flatten(tree)[0]]


def loops(fast: Any) -> list[int]:
    """The lengths of a program's loops."""
    return [i.length for i in every(fast.program.ir.instructions) if isinstance(i, Loop)]


def line(recipe: Any, xs: list[Any]) -> Any:
    return play(recipe, xs, lambda lines: ag.tanh(lines[-1]))


def outputs(found: list[Any]) -> Any:
    return ag.fsum([y * (0.5 + k) for k, y in enumerate(found)])


# Each takes the first carry, an item of each step and what is fixed; and almost repeats itself, or does.


def plain(recipe: Any, c: list[Any], xs: list[Any], w: list[Any], at: int) -> Any:
    for x in xs:
        c = [*c[1:], line(recipe, [*c, x, w[0]])]
    return ag.fsum(c)


def every_step(recipe: Any, c: list[Any], xs: list[Any], w: list[Any], at: int) -> Any:
    found = []
    for t, x in enumerate(xs):
        c = [line(recipe, [*c, x, w[0]]), *c[:-1]]
        found.append(c[0] * float(t + 1))
    return ag.fsum(found) + found[at]


def one_differs(recipe: Any, c: list[Any], xs: list[Any], w: list[Any], at: int) -> Any:
    for t, x in enumerate(xs):
        c = [*c[1:], line(recipe, [*c, ag.sin(x) if t == at else x, w[0]])]
    return ag.fsum(c)


def index_jumps(recipe: Any, c: list[Any], xs: list[Any], w: list[Any], at: int) -> Any:
    for t in range(len(xs)):
        c = [*c[1:], line(recipe, [*c, xs[at if t % 5 == 4 else t], w[0]])]
    return ag.fsum(c)


def operand_swapped(recipe: Any, c: list[Any], xs: list[Any], w: list[Any], at: int) -> Any:
    for t, x in enumerate(xs):
        c = [*c[1:], line(recipe, [*(c[::-1] if t == at else c), x, w[0]]) - c[0]]
    return ag.fsum(c)


def two_steps_back(recipe: Any, c: list[Any], xs: list[Any], w: list[Any], at: int) -> Any:
    found = [c[0], c[-1], *c]
    for x in xs:
        found.append(line(recipe, [*[found[-1], found[-3], found[-2]][: len(c)], x, w[0]]))
    return outputs(found[-5:])


def first_step(recipe: Any, c: list[Any], xs: list[Any], w: list[Any], at: int) -> Any:
    found: list[Any] = []
    for x in xs:
        c = [*c[1:], line(recipe, [*c, x, found[at] if len(found) > at else w[0]])]
        found.append(c[-1])
    return ag.fsum(c)


def reads_a_far_step(recipe: Any, c: list[Any], xs: list[Any], w: list[Any], at: int) -> Any:
    """A number fixed at first, and from some step on one of an earlier step."""
    found = [c[0]]
    for t, x in enumerate(xs):
        c = [*c[1:], line(recipe, [*c, x, found[max(0, t - at)]])]
        found.append(c[-1])
    return ag.fsum(c)


def constants_change(recipe: Any, c: list[Any], xs: list[Any], w: list[Any], at: int) -> Any:
    for t in range(len(xs)):
        k = ag.sin(w[0]) * 0.5  # the same in each step
        c = [*c[1:], line(recipe, [*c, xs[at] * (0.1 * t), k])]
    return ag.fsum(c)


def looked_up(recipe: Any, c: list[Any], xs: list[Any], w: list[Any], at: int) -> Any:
    for x in xs:
        i = ag.where(c[-1] > 0.0, 1.0, 0.0)
        c = [*c[1:], line(recipe, [*c, x * ag.take(w, i), w[0]]) + ag.take(c, 0.0 * i)]
    return ag.fsum(c)


def inner_slope(recipe: Any, c: list[Any], xs: list[Any], w: list[Any], at: int) -> Any:
    for x in xs:
        slope = ag.grad(lambda y, c=c, x=x: line(recipe, [*c[1:], y, x, w[0]]))(c[0])
        c = [*c[1:], c[0] - 0.1 * slope]
    return ag.fsum(c)


def two_loops(recipe: Any, c: list[Any], xs: list[Any], w: list[Any], at: int) -> Any:
    found = []
    for x in xs:
        c = [*c[1:], line(recipe, [*c, x, w[0]])]
        found.append(c[-1])
    return plain(recipe, c, found, w, at) + plain(recipe, c, xs[::-1], w, at)


def by_a_state(recipe: Any, c: list[Any], xs: list[Any], w: list[Any], at: int) -> Any:
    """Slopes by what was made on the way, after others have been taken."""
    found: list[Any] = []

    def loss(w: Any) -> Any:
        nonlocal c
        for x in xs:
            c = [*c[1:], line(recipe, [*c, x, w]) + 0.1 * w]
            found.append(c[-1])
        return outputs(found)

    return ag.grad(loss)(w[0]) + ag.gradients(outputs(found), [found[at]], create_graph=True)[0]


KINDS: dict[str, Any] = {
    f.__name__.replace("_", " "): f
    for f in (
        plain,
        every_step,
        one_differs,
        index_jumps,
        operand_swapped,
        two_steps_back,
        first_step,
        reads_a_far_step,
        constants_change,
        looked_up,
        inner_slope,
        two_loops,
        by_a_state,
    )
}


@st.composite
def programs(draw: Any, kinds: Any = tuple(KINDS)) -> Any:
    """A function of numbers, which are a first carry, items and what is fixed; and the numbers."""
    n = draw(st.integers(1, 3))
    kind, recipe, at = draw(st.sampled_from(kinds)), draw(recipes(n + 2))[:4], draw(st.integers(0, STEPS - 1))

    def f(v: Any) -> Any:
        v = list(v)
        return KINDS[kind](recipe, v[:n], v[n : n + STEPS], v[n + STEPS :], at)

    f.__name__ = f"{kind}: {recipe} {at}"
    return f, draw(st.lists(numbers, min_size=n + STEPS + 2, max_size=n + STEPS + 2))


def along(f: Any) -> Any:
    return lambda v: ag.jvp(f, (v,), (list(np.cos(np.arange(len(v)))),))


TRANSFORMS: dict[str, Any] = {
    "value": lambda f: f,
    "slopes": ag.value_and_grad,
    "tangent": along,
    "tangent of slopes": lambda f: along(ag.grad(f)),
    "second derivatives": lambda f: lambda v: ag.hessian(f)(np.array(v)),
}


def check(f: Any, args: Any, backend: str, tolerance: float = 1e-7) -> list[tuple[int, int]]:
    """Hold a rolled program against the eager engine; returns what was rolled."""
    expected = flat(f(*args))
    fast = ag.compile(f, backend=backend, roll=True)
    found = flat(fast(*args))
    assert agree(found, expected, tolerance), (fast.program, found, expected)
    return list(fast.program.rolled)


# --- laws -------------------------------------------------------------------------------------------------------------


@settings(EVERY, max_examples=12)
@given(programs(), st.sampled_from(sorted(TRANSFORMS)), st.sampled_from(ARRAYS))
def test_what_repeats_or_almost_does_is_as_eager(program: Any, name: str, backend: str) -> None:
    f, v = program
    check(TRANSFORMS[name](f), (v,), backend)


RECIPE = [("mul", [0, 3], 1.0), ("add", [4, 1], 1.0), ("sin", [5], 1.0), ("mul", [6, 2], 1.0)]  # of 2 carries, x and w
NUMBERS = list(np.cos(np.arange(STEPS + 4.0)) + 0.2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [0, 5, STEPS - 1])
def test_each_kind(kind: str, at: int) -> None:
    """A step of every kind that surely builds on the one before it."""

    def f(v: Any) -> Any:
        v = list(v)
        return KINDS[kind](RECIPE, v[:2], v[2 : 2 + STEPS], v[2 + STEPS :], at)

    rolled = check(ag.value_and_grad(f), (NUMBERS,), "interpreter", 1e-10)
    assert rolled or at > 0 or kind == "by a state"


@settings(EVERY, max_examples=4)
@given(programs(), st.integers(0, STEPS), st.sampled_from([np.nan, np.inf, 0.0, 1e200]), st.sampled_from(ARRAYS))
def test_what_is_not_finite(program: Any, k: int, bad: float, backend: str) -> None:
    f, v = program
    v[k] = bad
    check(ag.value_and_grad(f), (v,), backend)


@settings(EVERY, max_examples=3)
@given(programs(), st.data(), st.sampled_from(ARRAYS))
def test_over_samples(program: Any, data: Any, backend: str) -> None:
    f, v = program
    samples = np.array([[data.draw(numbers) for _ in v] for _ in range(3)])
    mean = ag.batch_mean(lambda w, x: f([a * b for a, b in zip(w, x, strict=True)]), batch=(1,))
    check(ag.value_and_grad(mean), (v, samples), backend)
    each = ag.compile(ag.grad(f), batch=(0,), backend=backend, roll=True)(samples)
    assert agree(each, [ag.grad(f)(one) for one in samples], 1e-7)


@settings(EVERY, max_examples=6)
@given(recipes(4), st.lists(numbers, min_size=STEPS + 3, max_size=STEPS + 3))
def test_values_are_those_of_the_steps_to_the_bit(recipe: Any, v: Any) -> None:
    """In the interpreter. Sums may be added up in another order, as those of slopes of what all steps share are."""

    def f(v: Any) -> Any:
        c, found = list(v[:2]), []
        for x in v[3:]:
            c = [c[1], line(recipe, [*c, x, v[2]])]
            found.append(c[1])
        return found

    one, other = (ag.compile(f, backend="interpreter", roll=roll)(v) for roll in (True, False))
    has_sums = any(TABLE[name].many or name in ("add", "sub") for name, _, _ in recipe)
    assert agree(one, other, 1e-12) if has_sums else np.array_equal(one, other, equal_nan=True)


@pytest.mark.long
@settings(EVERY, max_examples=2000)
@given(programs(), st.sampled_from(sorted(TRANSFORMS)), st.sampled_from(ARRAYS))
def test_two_thousand_programs(program: Any, name: str, backend: str) -> None:
    f, v = program
    check(TRANSFORMS[name](f), (v,), backend)


# --- what is rolled ---------------------------------------------------------------------------------------------------

RNG = np.random.default_rng(0)
W, U, XS = RNG.normal(size=(3, 3)) * 0.5, RNG.normal(size=(3, 2)), RNG.normal(size=(30, 2))


def recurrent(w: Any, u: Any, xs: Any) -> Any:
    h = [0.0, 0.0, 0.0]
    for x in xs:
        h = [ag.tanh(ag.sumprod(a, h) + ag.sumprod(b, x)) for a, b in zip(w, u, strict=True)]
    return ag.fsum([y * y for y in h])


def of_arrays(w: Any, u: Any, xs: Any) -> Any:
    h = np.zeros(3)
    for x in xs:
        h = np.tanh(w @ h + u @ x)
    return ag.fsum([y * y for y in h])


def swing(torques: Any) -> Any:
    angle, speed, cost = 3.1, 0.0, 0.0
    for u in torques:
        speed = speed + 0.05 * (u - ag.sin(angle))
        angle = angle + 0.05 * speed
        cost = cost + 0.01 * u * u
    return angle * angle + speed * speed + cost


def trajectory(x: Any) -> Any:
    found = [x]
    for _ in range(29):
        found.append(3.7 * found[-1] * (1.0 - found[-1]))
    return found


def stepped(w: Any) -> Any:
    """Implicit Euler, each step by Newton's method on a slope."""
    y = 1.0
    for _ in range(20):
        z = y
        for _ in range(3):
            residual, slope = ag.value_and_grad(lambda z, y=y: z - y + 0.1 * w * z**3)(z)
            z = z - residual / slope
        y = z
    return y


@pytest.mark.parametrize(
    ("f", "args", "steps"),
    [
        (ag.value_and_grad(recurrent, argnums=(0, 1, 2)), (W, U, XS), 30),
        (ag.value_and_grad(of_arrays, argnums=(0, 1, 2)), (W, U, XS), 30),
        (ag.hessian(recurrent), (W, U, XS[:12]), 12),
        (ag.value_and_grad(swing), (np.cos(np.arange(40.0)),), 39),
        (ag.jacobian(trajectory), (0.3,), 29),
        (trajectory, (0.3,), 29),
        (lambda x: ag.jvp(trajectory, (x,), (1.0,)), (0.3,), 29),
        (ag.value_and_grad(stepped), (0.7,), 20),
    ],
)
@pytest.mark.parametrize("backend", ["auto", "numpy"])
def test_a_loop_is_rolled(f: Any, args: Any, steps: int, backend: str) -> None:
    rolled = check(f, args, backend, 1e-10)
    assert any(steps - 1 <= length <= steps for length, _ in rolled)


def test_a_program_says_what_was_rolled() -> None:
    fast = ag.compile(ag.value_and_grad(recurrent), roll=True)
    fast(W, U, XS)
    assert "rolled: 30 steps of 12 operations" in str(fast.program)
    assert loops(fast) == [30, 30]  # and back
    as_it_is = ag.compile(ag.value_and_grad(recurrent), roll=False)
    as_it_is(W, U, XS)
    assert "rolled" not in str(as_it_is.program)
    assert not loops(as_it_is)


def test_later_stages_do_not_see_how_many_steps_there_were() -> None:
    sizes = []
    for steps in (30, 300):
        fast = ag.compile(ag.value_and_grad(recurrent, argnums=(0, 1)), backend="numpy", roll=True)
        fast(W, U, np.zeros((steps, 2)))
        sizes.append(len(list(every(fast.program.ir.instructions))))
    assert sizes[0] == sizes[1]


def sums(x: Any) -> Any:
    total, largest = 0.0, x[0]
    for v in x:
        total = total + ag.sin(v) * v
        largest = ag.maximum(largest, v * v)
    return [total, largest]


def rosenbrock(x: Any) -> Any:
    return [100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(x)]


def layers(ws: Any, x: Any) -> Any:
    h = list(x)
    for w in ws:
        h = [ag.tanh(ag.sumprod(row, h)) for row in w]
    return h


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (sums, (np.linspace(-1.0, 1.0, 30),)),
        (rosenbrock, (np.linspace(-1.0, 1.0, 30),)),
        (layers, (RNG.normal(size=(9, 12, 12)), np.ones(12))),
        (trajectory, (0.3,)),  # 29 operations: too few, unless one asks for it
    ],
)
def test_what_needs_no_loop_is_not_rolled(f: Any, args: Any) -> None:
    slopes = ag.grad(lambda *given: ag.fsum(f(*given)))
    fast = ag.compile(slopes, roll=None if f is trajectory else True)
    assert agree(flat(fast(*args)), flat(slopes(*args)), 1e-11)
    assert not fast.program.rolled


def test_captured_leaves_are_read_at_each_call() -> None:
    w = [ag.Value(0.5), ag.Value(2.0)]

    def f(x: Any) -> Any:
        for _ in range(20):
            x = ag.tanh(x * ag.exp(w[0])) + w[1] * w[1].data
        return x

    slopes = ag.value_and_grad(f, wrt=w)
    fast = ag.compile(slopes, roll=True)
    for number in (0.5, -0.3):
        w[0].data = number
        assert agree(flat(fast(0.7)), flat(slopes(0.7)), 1e-11)
    assert [steps for steps, _ in fast.program.rolled] == [20]


def test_an_error_in_a_step_names_the_line() -> None:
    def f(x: Any) -> Any:
        for _ in range(12):
            x = 0.5 * x + ag.take([0.3, 0.5], ag.floor(x))
        return x

    fast = ag.compile(ag.grad(f), roll=True)
    assert fast(0.5) == ag.grad(f)(0.5)
    for call in (fast, ag.grad(f)):
        with pytest.raises(DomainError, match=r"test_rolling\.py:"):
            call(7.0)
    assert fast.program.rolled


def test_a_leaf_made_in_a_step_stays_what_it_is() -> None:
    """Someone may ask for the derivative by it."""
    made = []

    def f(x: Any) -> Any:
        made.clear()
        for _ in range(12):
            made.append(ag.Value(0.5))
            x = ag.sin(x) * made[-1]
        return x

    slopes = ag.compile(lambda x: (ag.grad(f)(x), ag.gradients(f(x), made, create_graph=True)), roll=True)(0.4)
    assert agree(flat(slopes), [ag.grad(f)(0.4), *ag.gradients(f(ag.Value(0.4)), made)])


def test_a_pickle_keeps_the_choice() -> None:
    fast = pickle.loads(pickle.dumps(ag.compile(swing, roll=True)))  # noqa: S301 - our own
    fast(np.zeros(20))
    assert fast.program.rolled


def test_a_long_program_of_floats_is_divided_between_its_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floats, "LONGEST_PART", 10)

    def f(xs: Any) -> Any:
        return swing(xs) * ag.sin(xs[0]) + swing(xs[::-1]) * ag.cos(xs[1]) + xs[2] * xs[3]

    assert check(ag.value_and_grad(f), (np.cos(np.arange(12.0)),), "floats", 1e-11)


# --- repetitions ------------------------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_steps_in_a_sequence_are_found(data: Any) -> None:
    """Of operations of unlike kinds, each of which reads one of its step and one of the step before."""
    period, count, before = data.draw(st.integers(1, 7)), data.draw(st.integers(9, 20)), data.draw(st.integers(0, 9))
    step = [(data.draw(st.integers(0, k)), data.draw(st.integers(0, period - 1))) for k in range(period)]
    kinds, reads = list(range(100, 100 + before)), [(-1, -2)] * before
    for t in range(count):
        for k, (own, of_the_last) in enumerate(step):
            kinds.append(k)
            reads.append((own or -3 - t, period + k - of_the_last if t else -1))
    (found,) = repetitions([*kinds, 200, 201], [*reads, (1, 2), (1, 1)], 8)
    assert found.period == period
    assert count - 1 <= found.length <= count
    assert before <= found.start <= before + period

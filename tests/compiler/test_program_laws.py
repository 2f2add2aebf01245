"""Random programs of loops, recurrences, triangular solves and look-ups: eager = interpreter = every backend."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.compiler import pipeline, tracing
from autograd_lite.compiler.backends import NativeBackend, native
from autograd_lite.compiler.interpret import interpret
from autograd_lite.compiler.ir import every
from autograd_lite.compiler.plan import plan
from autograd_lite.compiler.signature import abstract, describe
from autograd_lite.compiler.verify import verify
from autograd_lite.pytree import flatten
from tests.compiler.test_compiled_laws import agree, numbers, play, recipes

ARRAYS = ["interpreter", "numpy", *([] if native.missing() else ["native"])]
EVERY = settings(deadline=None, phases=[Phase.explicit, Phase.generate])  # shrinking compiles for minutes

Numbers = list[Any]


def line(recipe: Any, xs: Numbers) -> Any:
    """The last line of a recipe: a function of some numbers."""
    return play(recipe, xs, lambda lines: lines[-1])


# Each kind of passage takes numbers and whole numbers, and gives some more numbers.


def scanned(recipe: Any, xs: Numbers, places: Numbers, *, reverse: bool, checkpoint: bool) -> Numbers:
    """A loop whose steps also look something up."""

    def step(c: Any, item: Any) -> Any:
        x, i = item
        y = line(recipe, [*c, x, ag.take(xs, i)])
        return [c[1], y], (y, c[0])

    along = xs[::-1] if reverse else xs
    given = [places[k % len(places)] for k in range(len(xs))]
    c, (ys, before) = ag.scan(step, [xs[0], xs[-1]], (along, given), checkpoint=checkpoint)
    return [*c, *ys, before[-1]]


def nested(recipe: Any, xs: Numbers, places: Numbers) -> Numbers:
    """A loop in a loop, over the outputs of a loop."""

    def inner(c: Any, x: Any) -> Any:
        return line(recipe, [c, x, xs[0], xs[-1]]), ag.sin(c) * x

    def outer(c: Any, x: Any) -> Any:
        d, ys = ag.scan(inner, c, [x, *xs[:2]])
        return d, (ys[0] * ag.take(xs, places[0]), ys[-1])

    c, (first, last) = ag.scan(outer, xs[0], xs)
    return [c, ag.scan(inner, c, first)[0], *last]


def recurrence(recipe: Any, xs: Numbers, places: Numbers) -> Numbers:
    """Python's own loop: each number from the two before it."""
    found = [xs[0], ag.take(xs, places[-1])]
    for x in [*xs, *xs]:
        found.append(line(recipe, [found[-1], found[-2], x, xs[-1]]))
    return found[2:]


def solved(recipe: Any, xs: Numbers, places: Numbers) -> Numbers:
    """A lower triangular system, row by row, whose entries are looked up and computed."""
    found: Numbers = []
    for i, x in enumerate(xs):
        row = [line(recipe, [x, xs[j], ag.take(xs, places[j % len(places)]), xs[0]]) for j in range(i)]
        found.append((x - ag.sumprod(row, found) if row else x) / (1.5 + ag.sigmoid(x)))
    return found


def table(recipe: Any, xs: Numbers, places: Numbers) -> Numbers:
    """Rows of a table of computed numbers, chosen twice or never."""
    rows = [[x, line(recipe, [x, y, xs[0], xs[-1]])] for x, y in zip(xs, xs[::-1], strict=True)]
    return [a * b for a, b in (ag.take(rows, i) for i in places)]


def counted(recipe: Any, xs: Numbers, places: Numbers) -> Numbers:
    """A loop that ends when a look-up says so."""

    def step(c: Any) -> Any:
        return [c[0] + 1.0, line(recipe, [c[1], ag.take(xs, places[0]), xs[0], xs[-1]])]

    return list(ag.while_loop(lambda c: c[0] <= places[0], step, [0.0, xs[0]], len(xs) + 1))


PASSAGES: dict[str, Any] = {
    "scan": functools.partial(scanned, reverse=False, checkpoint=False),
    "scan, checkpoint": functools.partial(scanned, reverse=True, checkpoint=True),
    "nested": nested,
    "recurrence": recurrence,
    "solve": solved,
    "table": table,
    "while": counted,
}


@st.composite
def programs(draw: Any, most: int = 3) -> Any:
    """A few passages one behind another, each on numbers of all before it; the result is a sum over all of them."""
    size = draw(st.integers(2, 4))
    some = draw(st.lists(st.tuples(st.sampled_from(sorted(PASSAGES)), recipes(4)), min_size=1, max_size=most))
    chosen = [draw(st.lists(st.integers(0, 9), min_size=size, max_size=size)) for _ in some]

    def f(xs: Any, places: Any) -> Any:
        found, total = list(xs), []
        for (kind, recipe), which in zip(some, chosen, strict=True):
            given = [found[k % len(found)] for k in which]
            made = [ag.tanh(y) for y in PASSAGES[kind](recipe[:4], given, list(places))]
            found += made
            total += made
        return ag.fsum(total)

    f.__name__ = " | ".join(f"{kind}: {recipe[:4]}" for kind, recipe in some)
    places = draw(st.lists(st.integers(0, size - 1).map(float), min_size=2, max_size=3))
    return f, draw(st.lists(numbers, min_size=size, max_size=size)), places


def flat(tree: Any) -> list[float]:
    return [float(x) for x in flatten(tree)[0]]


def check(f: Any, args: Any, backends: Any, tolerance: float) -> None:
    expected = flat(f(*args))
    for backend in backends:
        found = flat(ag.compile(f, backend=backend)(*args))
        assert agree(found, expected, tolerance), (backend, found, expected)


def along(f: Any, directions: Any) -> Any:
    """The value and the tangent of a function of numbers along a direction."""
    return lambda xs, places: ag.jvp(lambda v: f(v, places), (xs,), (directions[: len(xs)],))


TRANSFORMS: dict[str, Any] = {
    "slopes": ag.value_and_grad,
    "tangent": lambda f: along(f, [0.7, -1.3, 0.4, 2.1]),
    "tangent of slopes": lambda f: along(ag.grad(f), [0.7, -1.3, 0.4, 2.1]),
    "slopes of a tangent": lambda f: ag.grad(lambda *args: along(f, [0.7, -1.3, 0.4, 2.1])(*args)[1]),
    "second derivatives": lambda f: lambda xs, places: ag.hessian(f)(np.array(xs), places),
}


@settings(EVERY, max_examples=8)
@given(programs())
def test_values_and_slopes(program: Any) -> None:
    f, xs, places = program
    check(ag.value_and_grad(f), (xs, places), [*ARRAYS, "auto"], 1e-9)


@settings(EVERY, max_examples=4)
@given(programs(most=2), st.integers(0, 3), st.sampled_from([np.nan, np.inf, 0.0, 1e200]))
def test_what_is_not_finite(program: Any, k: int, bad: float) -> None:
    f, xs, places = program
    xs[k % len(xs)] = bad
    check(ag.value_and_grad(f), (xs, places), ARRAYS, 1e-9)


@pytest.mark.parametrize("name", ["tangent", "tangent of slopes", "slopes of a tangent", "second derivatives"])
@settings(EVERY, max_examples=4)
@given(program=programs(most=1), backend=st.sampled_from(ARRAYS))
def test_derivatives(name: str, program: Any, backend: str) -> None:
    f, xs, places = program
    check(TRANSFORMS[name](f), (xs, places), [backend], 1e-7)


@pytest.mark.parametrize("batch", [(1,), (1, 2)])
@settings(EVERY, max_examples=2)
@given(program=programs(most=2), name=st.sampled_from(["slopes", "tangent", "tangent of slopes"]), data=st.data())
def test_over_samples(batch: tuple[int, ...], program: Any, name: str, data: Any) -> None:
    """The mean over samples, with the same places for all or with their own."""
    f, xs, places = program
    samples = np.array([[data.draw(numbers) for _ in xs] for _ in range(3)])
    own = np.array([[float(data.draw(st.integers(0, len(xs) - 1))) for _ in places] for _ in samples])
    mean = ag.batch_mean(lambda w, x, p: f([a * b for a, b in zip(w, x, strict=True)], p), batch=batch)

    def of_samples(w: Any, x: Any, p: Any) -> Any:
        return TRANSFORMS[name](lambda v, _: mean(v, x, p))(w, None)

    check(of_samples, (xs, samples, own if 2 in batch else places), ARRAYS, 1e-9)


def in_stages(f: Any, *args: Any) -> dict[str, tuple[Any, list[Any]]]:
    """The programs of numbers and of arrays of a function, planned and not, and the blocks of a call."""
    trace = tracing.trace(f, (), frozenset(), [abstract(x) for x in args], {}, exact=False)
    blocks: list[Any] = []
    for x in args:
        describe(x, blocks)
    stages = pipeline.Stages(trace)
    numbers_, arrays = stages.numbers(), stages.arrays()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "plan", lambda program: program)
        unplanned = stages.arrays()
    made = {"numbers": numbers_, "planned numbers": numbers_._replace(program=plan(numbers_.program))}
    made |= {"arrays": arrays, "unplanned arrays": unplanned}
    return {name: (verify(c.program), [*blocks, [v.data for v in c.captured]]) for name, c in made.items()}


def check_stages(program: Any, name: str) -> None:
    """Machine code runs them all, whatever "auto" would give it."""
    f, xs, places = program
    expected = None
    for kind, (made, blocks) in in_stages(TRANSFORMS[name](f), xs, places).items():
        if len(list(every(made.instructions))) <= 300:
            meant = interpret(made, blocks, [])
            expected = meant[: made.outputs] if expected is None else expected
            found = NativeBackend().compile(made).run(blocks, [])
            assert agree(found, meant, 1e-9), (kind, name)
            assert agree(meant[: made.outputs], expected, 1e-7), (kind, name)


@pytest.mark.skipif(bool(native.missing()), reason=native.missing())
@settings(EVERY, max_examples=3)
@given(programs(most=2), st.sampled_from(["slopes", "tangent"]))
def test_machine_code_of_every_stage(program: Any, name: str) -> None:
    check_stages(program, name)


@pytest.mark.long
@pytest.mark.skipif(bool(native.missing()), reason=native.missing())
@settings(EVERY, max_examples=400)
@given(programs(), st.sampled_from(sorted(TRANSFORMS)))
def test_machine_code_of_every_stage_of_many(program: Any, name: str) -> None:
    check_stages(program, name)


@pytest.mark.parametrize("backend", ["floats", "auto", *ARRAYS])
def test_a_tangent_that_is_zero_needs_less_of_outside(backend: str) -> None:
    """A step whose slopes are all 0 still knows of what they would be multiplied by."""

    def f(x: Any) -> Any:
        return ag.jvp(lambda v: ag.repeat(lambda c: ag.less(c * ag.sin(v), 0.1), v, 3) + v, (x,), (0.7,))

    check(lambda x: list(f(x)), (0.4,), [backend], 0.0)


@pytest.mark.long
@settings(EVERY, max_examples=2000)
@given(programs(), st.sampled_from(sorted(TRANSFORMS)), st.sampled_from(ARRAYS))
def test_two_thousand_programs(program: Any, name: str, backend: str) -> None:
    f, xs, places = program
    check(TRANSFORMS[name](f), (xs, places), [backend], 1e-7)


@pytest.mark.parametrize("backend", ARRAYS)
def test_no_step_and_no_sample(backend: str) -> None:
    """A loop of no step changes nothing; an empty table, and a batch without samples, are refused as eagerly."""
    for f in (
        lambda x: ag.repeat(ag.sin, x, 0) * x,
        lambda x: ag.while_loop(lambda c: c < 0.0, ag.sin, x, 0) * x,
        lambda x: ag.while_loop(lambda c: c < 0.0, ag.sin, x, 3) * x,
        lambda x: ag.scan(lambda c, y: (c * y, c), x, np.zeros(0))[0] * x,
    ):
        check(ag.value_and_grad(f), (0.7,), [backend], 0.0)
    for g, args in (
        (ag.batch_mean(lambda x, y: ag.repeat(lambda c: c * y, x, 3), batch=(1,)), (0.7, np.zeros(0))),
        (lambda x, i: ag.take([], i) * x, (0.7, 0.0)),
    ):
        for call in (g, ag.compile(g, backend=backend), ag.compile(ag.grad(g), backend=backend)):
            with pytest.raises(ag.ShapeError):
                call(*args)

"""Plain Python loops that the compiler rolls: equal to what they stand for, whatever almost repeats."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.compiler.backends import BACKENDS, native
from autograd_lite.compiler.ir import Loop, every
from autograd_lite.pytree import flatten
from tests.compiler.test_compiled_laws import agree, numbers, play, recipes

ARRAYS = ["interpreter", "numpy", *([] if native.missing() else ["native"])]
EVERY = settings(deadline=None, phases=[Phase.explicit, Phase.generate])  # shrinking compiles for minutes
STEPS = 12


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
            c = [*c[1:], line(recipe, [*c, x, w])]
            found.append(c[-1] + w)
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
    """A function of numbers: first carry, items, what is fixed."""
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


def check(f: Any, args: Any, backends: Any, tolerance: float) -> None:
    expected = flat(f(*args))
    for backend in backends:
        found = flat(ag.compile(f, backend=backend, roll=True)(*args))
        assert agree(found, expected, tolerance), (backend, found, expected)

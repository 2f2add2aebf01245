"""A gradient that comes last is traced only where no program is found: the trace before it is what identifies it."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.compiler import slopes, tracing
from autograd_lite.compiler.fingerprint import fingerprint
from autograd_lite.compiler.pipeline import to_program
from autograd_lite.errors import ShapeError, StaleGraphError
from autograd_lite.namespaces import values

TRANSFORMS: list[Callable[..., Any]] = [
    functools.partial(transform, argnums=argnums)
    for transform in (ag.grad, ag.value_and_grad)
    for argnums in (0, 1, (0, 1), (1, 0))
]
WORDS = {"add": 2, "mul": 2, "sin": 1, "maximum": 2, "sub": 2, "where": 3}
operand = st.sampled_from(["x", "y", "w", 0.0, -0.0, 2.0, -1, -2])  # a name, a constant, or the number before the last
recipes = st.lists(st.tuples(st.sampled_from(sorted(WORDS)), st.tuples(*[operand] * 3)), min_size=1, max_size=3)


@pytest.fixture
def sweeps(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The roots of all differentiable sweeps that were taken."""
    taken: list[Any] = []
    original = slopes.graph_adjoints

    def counting(root: Any, *rest: Any) -> Any:
        taken.append(root)
        return original(root, *rest)

    monkeypatch.setattr(slopes, "graph_adjoints", counting)
    return taken


def begun(f: Callable[..., Any], *args: Any, exact: bool = False) -> tracing.Tracing:
    return tracing.Tracing(f, (), frozenset(), list(args), {}, exact)


def built_from(recipe: Any, w: Value) -> Callable[..., Any]:
    def f(x: Any, y: Any) -> Any:
        names = {"x": x, "y": y, "w": w}
        found = [x, y]
        for word, chosen in recipe:
            operands = [found[k] if isinstance(k, int) else names.get(k, k) for k in chosen[: WORDS[word]]]
            found.append(getattr(values, word)(*operands))
        return found[-1]

    return f


@given(one=recipes, two=recipes, transforms=st.tuples(*[st.sampled_from(TRANSFORMS)] * 2))
def test_what_is_equal_before_a_sweep_is_equal_after_it(one: Any, two: Any, transforms: Any) -> None:
    made = [(recipe, transform) for recipe in (one, one, two) for transform in transforms]
    tracings = [begun(transform(built_from(recipe, Value(3.0, "w"))), 1.0, 2.0) for recipe, transform in made]
    marks = [fingerprint(t.trace, t.sweep) for t in tracings]
    assert None not in [mark.key for mark in marks]
    structures = [t.trace.structure for t in tracings]
    compiled = [to_program(t.finish()) for t in tracings]
    assert structures == [t.trace.structure for t in tracings]
    for mark, program in zip(marks, compiled, strict=True):
        assert set(program.captured) <= set(mark.captured)
    told = [(str(c.program), [m.captured.index(v) for v in c.captured]) for m, c in zip(marks, compiled, strict=True)]
    for k, mark in enumerate(marks):
        for j, other in enumerate(marks):
            assert mark.key != other.key or told[k] == told[j]
    assert marks[0].key == marks[2].key


def test_transforms_and_their_options_differ() -> None:
    def f(x: Any, y: Any) -> Any:
        return x * ag.sin(y), y

    first = [lambda *args: f(*args)[0]] * len(TRANSFORMS)
    whole = [functools.partial(t, has_aux=True)(f) for t in TRANSFORMS]
    made = [*[t(g) for t, g in zip(TRANSFORMS, first, strict=True)], *whole, first[0]]
    tracings = [begun(g, 1.0, 2.0) for g in made]
    keys = [fingerprint(t.trace, t.sweep).key for t in tracings]
    assert None not in keys
    assert len(set(keys)) == len(keys)


def test_a_program_that_is_found_spares_the_sweep(sweeps: list[Any]) -> None:
    def made(number: float) -> Any:
        w = Value(number, "w")
        return ag.compile(ag.value_and_grad(lambda x: ag.fsum([ag.sin(w * v) for v in x]) + w * w, wrt=[w]))

    first, second = made(2.0), made(3.0)
    first([1.0, 2.0])
    assert len(sweeps) == 1
    value, (slope,) = second([1.0, 2.0])
    assert value == pytest.approx(math.sin(3.0) + math.sin(6.0) + 9.0)
    assert slope == pytest.approx(math.cos(3.0) + 2.0 * math.cos(6.0) + 6.0)
    assert second.program.built is first.program.built
    assert second.program.captured != first.program.captured
    assert len(sweeps) == 1


@pytest.mark.parametrize("transform", [ag.grad, ag.value_and_grad])
def test_what_captures_nothing_after_the_sweep_reads_nothing(transform: Any) -> None:
    w = Value(3.0, "w")
    for f in (lambda x: w, lambda x: w * w, lambda x: x + w, lambda x: 2.0):
        fast = ag.compile(transform(f))
        for _ in range(2):
            assert fast(2.0) == transform(f)(2.0)


def test_nan_that_a_sweep_looks_at_is_looked_at() -> None:
    """A product of leaves alone has a number while a function is traced; where that is NaN, its slopes are."""

    def made(number: float) -> Any:
        w = Value(number)
        return ag.compile(ag.value_and_grad(lambda x: ag.where(x, w * w, 1.0) + x, wrt=[w]))

    bad, good = made(math.nan), made(3.0)
    assert bad(0.0) == (1.0, [0.0])
    assert good(2.0) == (11.0, [6.0])
    assert good.program.built is not bad.program.built


def test_a_stale_graph_is_refused_though_its_program_is_there() -> None:
    def fast(is_stale: bool) -> Any:
        w = Value(3.0)
        square = w * w
        w.data += is_stale
        return ag.compile(ag.value_and_grad(lambda x: x * square, wrt=[w]))

    assert fast(is_stale=False)(2.0) == (18.0, [12.0])
    with pytest.raises(StaleGraphError):
        fast(is_stale=True)(2.0)


def test_errors_of_the_second_half_are_those_of_the_transform() -> None:
    with pytest.raises(ShapeError, match="returns one number"):
        ag.compile(ag.grad(lambda x: [x, x]))(1.0)
    with pytest.raises(ShapeError, match="argnums=1 is out of range"):
        ag.compile(ag.grad(lambda x: x, argnums=1))(1.0)


def test_a_leaf_that_is_not_reached_has_slope_zero() -> None:
    v, w = Value(2.0), Value(3.0)
    fast = ag.compile(ag.grad(lambda x: x * w, wrt=[v, w]))
    for _ in range(2):
        assert fast(np.float64(5.0)) == [0.0, 5.0]

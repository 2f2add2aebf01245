"""Nothing is compiled twice: functions with equal traces run one program, and nothing of a function is held by it."""

from __future__ import annotations

import functools
import gc
import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.compiler import building, tracing
from autograd_lite.compiler.building import PROGRAMS
from autograd_lite.compiler.fingerprint import fingerprint
from autograd_lite.compiler.pipeline import Trace, to_program
from autograd_lite.compiler.store import Store
from autograd_lite.namespaces import values
from autograd_lite.op import TABLE

X = np.random.default_rng(0).uniform(-1.0, 1.0, (90, 2))
Y = (X[:, 0] * X[:, 1] > 0.0).astype(float)


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The backends that were asked to build something, in order."""
    made: list[str] = []
    original = building._built

    def counting(*args: Any, **named: Any) -> Any:
        made.append(args[1])
        return original(*args, **named)

    monkeypatch.setattr(building, "_built", counting)
    return made


def traced(f: Callable[..., Any], *args: Any, exact: bool = False) -> Trace:
    return tracing.trace(f, (), frozenset(), list(args), {}, exact)


def network(seed: int) -> nn.MLP:
    return nn.MLP(2, [3, 1], activation="tanh", seed=seed)


def test_two_functions_that_do_the_same_share_a_program(builds: list[str]) -> None:
    def made(scale: float) -> ag.CompiledFunction:
        w = Value(scale, "w")
        return ag.compile(ag.value_and_grad(lambda x: ag.sin(w * x)))

    first, second = made(2.0), made(3.0)
    assert first(0.5) == ag.value_and_grad(lambda x: ag.sin(2.0 * x))(0.5)
    assert second(0.5) == ag.value_and_grad(lambda x: ag.sin(3.0 * x))(0.5)
    assert len(builds) == 1
    assert first.program.built is second.program.built


DIFFERENT: list[Callable[[Any, Any], Any]] = [
    lambda x, y: ag.sin(x) * 2.0,
    lambda x, y: ag.sin(x) * 2.5,
    lambda x, y: ag.sin(y) * 2.0,
    lambda x, y: ag.cos(x) * 2.0,
    lambda x, y: ag.sin(x) * 0.0,
    lambda x, y: ag.sin(x) * -0.0,
    lambda x, y: ag.sin(x) * float("nan"),
    lambda x, y: [ag.sin(x) * 2.0],
    lambda x, y: (ag.sin(x) * 2.0, x),
    lambda x, y: (x, ag.sin(x) * 2.0),
    lambda x, y: x - y,
    lambda x, y: y - x,
    lambda x, y: ag.sin(x) * Value(2.0),
    lambda x, y: ag.sin(x) * Value(2.0, "w"),
    lambda y, x: ag.sin(y) * 2.0,
]


def test_what_differs_has_another_fingerprint() -> None:
    keys = [fingerprint(traced(f, 1.0, 2.0)).key for f in DIFFERENT]
    as_list = keys.pop(7)
    assert as_list == keys[0]  # the container is put together by each function itself
    assert None not in keys
    assert len(set(keys)) == len(keys)
    sizes = {fingerprint(traced(ag.fsum, np.ones(n))).key for n in (2, 3, 4)}
    assert len({*sizes, fingerprint(traced(ag.fsum, [1.0, 1.0])).key}) == 4


TABLE_OF = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
LOOPS: list[Callable[[Any, Any], Any]] = [
    lambda x, y: ag.repeat(lambda c: ag.sin(c) * y, x, 3),
    lambda x, y: ag.repeat(lambda c: ag.sin(c) * y, x, 4),
    lambda x, y: ag.repeat(lambda c: ag.sin(c) * y, y, 3),
    lambda x, y: ag.repeat(lambda c: ag.sin(c) * x, x, 3),
    lambda x, y: ag.repeat(lambda c: ag.cos(c) * y, x, 3),
    lambda x, y: ag.repeat(lambda c: ag.sin(c) * 2.0, x, 3) * y,
    lambda x, y: ag.repeat(lambda c: ag.sin(c) * 2.5, x, 3) * y,
    lambda x, y: ag.repeat(lambda c: ag.repeat(ag.sin, c, 2) * y, x, 3),
    lambda x, y: ag.repeat(lambda c: ag.repeat(ag.sin, c, 3) * y, x, 3),
    lambda x, y: ag.scan(lambda c, z: (c * z, c), x, [y, x, x])[0],
    lambda x, y: ag.scan(lambda c, z: (c * z, c), x, [y, x, y])[0],
    lambda x, y: ag.scan(lambda c, z: (c * z, c), x, [y, x, y])[1][2],
    lambda x, y: ag.scan(lambda c, z: (c * z, c), x, [y, x, y])[1][1],
    lambda x, y: ag.scan(lambda c, z: ([c[1] * z, c[0]], c), [x, y], [y, x])[0][0],
    lambda x, y: ag.scan(lambda c, z: ([c[1], c[0] * z], c), [x, y], [y, x])[0][0],
    lambda x, y: ag.while_loop(lambda c: c < 3.0, lambda c: c + y, x, 5),
    lambda x, y: ag.while_loop(lambda c: c < 4.0, lambda c: c + y, x, 5),
    lambda x, y: ag.take([x, y, 1.0], ag.floor(y)),
    lambda x, y: ag.take([x, y, 1.0, 2.0], ag.floor(y)),
    lambda x, y: ag.take(TABLE_OF, ag.floor(y))[0] * x,
    lambda x, y: ag.take(TABLE_OF, ag.floor(y))[1] * x,
]


@pytest.mark.parametrize("transform", [lambda f: f, functools.partial(ag.grad, argnums=(0, 1))])
def test_loops_and_look_ups_differ_too(transform: Any) -> None:
    keys = [fingerprint(traced(transform(f), 1.0, 2.0)).key for f in LOOPS]
    assert None not in keys
    assert keys == [fingerprint(traced(transform(f), 1.0, 2.0)).key for f in LOOPS]
    assert len(set(keys)) == len(keys)


def test_loops_share_programs_and_captured_leaves(builds: list[str]) -> None:
    def made(numbers: list[float]) -> tuple[Any, list[Value]]:
        w = [Value(x, "w") for x in numbers]

        def f(x: Any, i: Any) -> Any:
            return ag.scan(lambda c, z: (ag.tanh(c * w[0]) + ag.take(w, i) * z, c * w[2]), x, [0.5, x, w[1]])[0]

        return ag.value_and_grad(f, wrt=w), w

    for numbers in ([0.5, -1.0, 2.0], [1.5, 0.25, -0.75]):
        f, w = made(numbers)
        value, slopes = ag.compile(f)(0.3, 2.0)
        assert value == pytest.approx(f(0.3, 2.0)[0], rel=1e-13)
        assert slopes == pytest.approx(f(0.3, 2.0)[1], rel=1e-13)
        trace = traced(f, 0.3, 2.0)
        assert fingerprint(trace).captured == to_program(trace).captured
        assert set(fingerprint(trace).captured) == set(w)
    assert len(builds) == 1


def test_the_fingerprint_reads_all_of_a_trace() -> None:
    """A new field of a trace must go into its fingerprint; the others are of the function that made it."""
    read = {"roots", "must_be_finite", "checks", "told", "shapes", "axes", "names"}
    assert set(Trace._fields) == read | {"structure", "rolled"}


WORDS = {"add": 2, "mul": 2, "sin": 1, "sub": 2, "where": 3}
operand = st.sampled_from(["x", "y", 0.0, -0.0, 2.0, -1, -2])  # a name, a constant, or the number before the last
recipes = st.lists(st.tuples(st.sampled_from(sorted(WORDS)), st.tuples(*[operand] * 3)), min_size=1, max_size=3)


def built_from(recipe: Any) -> Callable[..., Any]:
    def f(x: Any, y: Any) -> Any:
        found = [x, y]
        for word, names in recipe:
            given = [found[k] if isinstance(k, int) else {"x": x, "y": y}.get(k, k) for k in names[: WORDS[word]]]
            found.append(getattr(values, word)(*given))
        return found[-1]

    return f


@given(one=recipes, two=recipes)
def test_equal_fingerprints_mean_equal_programs(one: Any, two: Any) -> None:
    traces = [traced(ag.value_and_grad(built_from(recipe)), 1.0, 2.0) for recipe in (one, one, two)]
    keys = [fingerprint(trace).key for trace in traces]
    texts = [str(to_program(trace).program) for trace in traces]
    assert keys[0] == keys[1]
    assert texts[0] == texts[1]
    assert keys[0] != keys[2] or texts[0] == texts[2]


def test_captured_leaves_come_in_the_order_of_the_program() -> None:
    model = network(0)
    trace = traced(ag.grad(lambda x: model(list(x)), wrt=model.parameters()[::-1]), np.ones(2))
    mark = fingerprint(trace)
    assert mark.captured == to_program(trace).captured
    assert set(mark.captured) == set(model.parameters())


def test_networks_of_one_shape_share_the_programs_of_training(builds: list[str]) -> None:
    settings: dict[str, Any] = {"loss": "binary_cross_entropy_with_logits", "optimizer": "adam", "epochs": 2}
    losses = [nn.fit(network(seed), X, Y, seed=0, **settings).loss[-1] for seed in range(3)]
    assert len(builds) == 1
    assert len(set(losses)) == 3
    found = nn.fit_restarts(network, X, Y, starts=3, **settings)
    assert len(builds) == 1
    assert found.losses == losses
    outputs = [nn.predict(network(seed), X) for seed in range(3)]
    assert len(builds) == 2
    eager = [nn.predict(network(seed), X, compile=False) for seed in range(3)]
    np.testing.assert_allclose(outputs, eager, rtol=1e-14, atol=1e-15)


def test_a_program_shows_the_names_of_its_own_function(builds: list[str]) -> None:
    def source(label: str) -> str:
        w = Value(2.0, label)
        fast = ag.compile(lambda x: w * ag.sin(x), backend="floats")
        fast(1.0)
        return fast.source

    assert "weight" in source("weight")
    assert "slope" in source("slope")
    assert len(builds) == 2


def test_ops_of_a_user_are_not_shared() -> None:
    """They may be defined again, and other ops may be made of them."""

    def defined(factor: float) -> Any:
        @ag.primitive(partials={"x": factor}, replace=True)
        def scaled_by_a_user(xp: Any, x: Any) -> Any:
            return factor * x

        return scaled_by_a_user

    try:
        assert ag.compile(defined(2.0))(1.5) == 3.0
        assert ag.compile(defined(4.0))(1.5) == 6.0
        assert fingerprint(traced(defined(2.0), 1.0)).key is None
    finally:
        del TABLE["scaled_by_a_user"]


def test_a_shared_program_keeps_no_function_alive() -> None:
    class Scale:
        def __init__(self) -> None:
            self.w = Value(2.0)

        def __call__(self, x: Any) -> Any:
            return self.w * x

    scale = Scale()
    leaf, before = scale.w, sys.getrefcount(scale.w)
    fast = ag.compile(scale)
    assert fast(3.0) == 6.0
    alive = weakref.ref(scale)
    del scale, fast
    gc.collect()
    assert alive() is None
    assert sys.getrefcount(leaf) == before - 1  # the instance is gone, and nothing else took it
    assert len(PROGRAMS) == 1


def test_the_memory_of_a_program_that_nobody_holds_is_given_back() -> None:
    fast = ag.compile(lambda x: ag.sin(x) * x, batch=(0,), backend="numpy")
    fast(np.ones(1000))
    built = fast.program.built
    workspaces = built.executable.run.__self__
    assert workspaces.kept_bytes() > 0
    del fast
    gc.collect()
    assert workspaces.kept_bytes() == 0


def test_threads_wait_for_the_one_that_builds(builds: list[str]) -> None:
    barrier = threading.Barrier(4)

    def work(seed: int) -> float:
        model = network(seed)
        fast = ag.compile(lambda x: model(list(x)))
        barrier.wait()
        return float(fast(np.ones(2))) - float(model([1.0, 1.0]).data)

    with ThreadPoolExecutor(4) as pool:
        assert max(map(abs, pool.map(work, range(4)))) < 1e-15
    assert len(builds) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_child_keeps_what_was_made_and_no_locks() -> None:
    store = Store[str](most=2)
    store.find("made", lambda: "made")
    with store._lock:
        store.start_in_child()
    assert store.find("made", lambda: "again") == "made"


def test_the_store_is_bounded_by_count_and_weight() -> None:
    store = Store[int](most=3, heaviest=10.0, weigh=float)
    for weight in (1, 2, 3, 4):
        store.find(weight, lambda weight=weight: weight)
    assert len(store) == 3
    store.find(9, lambda: 9)
    assert len(store) == 1
    assert store.find(20, lambda: 20) == 20  # heavier than all that is kept: it stays until the next
    assert len(store) == 1


def test_what_failed_is_made_again() -> None:
    store = Store[int](most=3)
    with pytest.raises(ZeroDivisionError):
        store.find("key", lambda: 1 // 0)
    assert store.find("key", lambda: 1) == 1

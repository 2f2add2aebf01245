"""Each instruction of a program on the eager operands: the words on arrays against the words on floats.

The promise: ``+ - * / sqrt neg abs max min`` bit for bit, other words within 2 ulp (with one exception, below) and of
the same class, sums within n eps times the sum of their terms' sizes, since they are added in another order.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import TABLE
from autograd_lite.compiler.graph import Graph
from autograd_lite.compiler.primitives import WORDS
from autograd_lite.compiler.sums import collect
from autograd_lite.compiler.trace import Tracer
from autograd_lite.namespaces import arrays, floats
from tests.compiler.test_compiled_laws import numbers, play, recipes
from tests.support.agreement import applied

BIT_FOR_BIT = {"add", "sub", "mul", "div", "neg", "sqrt", "abs", "maximum", "minimum"}
ULPS = 2.0
WIDER = {"tanh": 3.0}  # ours on floats is up to 1.8 ulp off, NumPy's 1.2, and they may err to opposite sides
EPS = 2.0**-52

ON_FLOATS: dict[str, Callable[..., float]] = {
    **{word: eval(f"lambda a, b: a {WORDS[word].infix} b") for word in ("add", "sub", "mul", "div")},  # noqa: S307 - four operators
    "neg": lambda x: -x,
}
ON_ARRAYS: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
}


def traced(f: Callable[[list[Any]], Any], count: int) -> tuple[Graph, list[int]]:
    """The graph of words of a function of a list of numbers, and of its gradient."""
    tracer = Tracer()
    inputs = [tracer.leaf((0, k)) for k in range(count)]
    y = f(inputs)
    roots = [y, *ag.gradients(y, inputs)] if isinstance(y, ag.Value) else [ag.Value.constant(float(y))]
    graph = Graph()
    return graph, graph.add_trace(roots)


def on_floats(word: str, operands: list[float]) -> float:
    """A word on floats, IEEE 754 where Python's arithmetic raises."""
    try:
        return float(ON_FLOATS.get(word, getattr(floats, word, None))(*operands))  # type: ignore[misc]
    except (ArithmeticError, ValueError):
        return float(on_arrays(word, operands)[0])


def on_arrays(word: str, operands: list[float]) -> Any:
    """The same word on arrays of three equal numbers, which must come out equal."""
    function = ON_ARRAYS.get(word) or getattr(arrays, word)
    with np.errstate(all="ignore"):
        result = np.broadcast_to(function(*[np.full(3, x) for x in operands]), (3,))
    assert result[0] == result[1] == result[2] or np.isnan(result).all()
    return result


def check_word(word: str, operands: list[float]) -> float:
    eager, compiled = on_floats(word, operands), float(on_arrays(word, operands)[1])
    told = f"{word}{tuple(operands)} is {eager!r} on floats, {compiled!r} on arrays"
    assert math.isnan(eager) == math.isnan(compiled), told
    if math.isnan(eager) or eager == compiled:
        return eager
    assert word not in BIT_FOR_BIT, told
    assert math.isfinite(eager), told
    assert math.isfinite(compiled), told
    assert abs(eager - compiled) <= WIDER.get(word, ULPS) * math.ulp(max(abs(eager), abs(compiled))), told
    return eager


def check_program(f: Callable[[list[Any]], Any], xs: list[float]) -> None:
    """Play a graph on floats, and each of its words on arrays of the same operands."""
    graph, _ = traced(f, len(xs))
    value: list[float] = []
    for i, word in enumerate(graph.word):
        if word == "const":
            value.append(float(graph.value(i) or 0.0))
        elif word == "input":
            value.append(xs[graph.args[i][1]])
        elif word == "sum":
            value.append(check_sum([[value[j] for j in term] for term in graph.args[i]]))
        else:
            value.append(check_word(word, [value[j] for j in graph.args[i]]))


def check_sum(terms: list[list[float]]) -> float:
    """A sum of numbers and products, as a program adds it up, against the exact sum."""
    products = [math.prod(term) for term in terms]
    if not all(map(math.isfinite, products)):
        return sum(products)
    exact, size = math.fsum(products), math.fsum(map(abs, products))
    for way in (np.add.reduce(np.array(products)), np.dot(products, np.ones(len(products))), sum(products)):
        assert abs(float(way) - exact) <= len(products) * EPS * size
    return exact


@settings(max_examples=60)
@given(st.data())
def test_random_programs(data: Any) -> None:
    n = data.draw(st.integers(1, 4))
    recipe = data.draw(recipes(n))
    check_program(lambda v: play(recipe, v), data.draw(st.lists(numbers, min_size=n, max_size=n)))


@pytest.mark.long
@settings(max_examples=20_000)
@given(st.data())
def test_twenty_thousand_random_programs(data: Any) -> None:
    n = data.draw(st.integers(1, 4))
    recipe = data.draw(recipes(n))
    xs = data.draw(st.lists(st.floats(-50.0, 50.0), min_size=n, max_size=n))
    check_program(lambda v: play(recipe, v), xs)


@pytest.mark.parametrize("name", TABLE)
def test_every_op_over_the_whole_range(name: str) -> None:
    op = TABLE[name]
    n = len(op.operand_names) * (2 if op.many else 1)
    rng = np.random.default_rng(0)
    points = [
        rng.uniform(-3.0, 3.0, n),
        rng.uniform(0.01, 0.99, n),
        rng.normal(size=n) * 10.0 ** rng.integers(-5, 5, n),
    ]
    points += [rng.normal(size=n) * 10.0 ** rng.integers(-300, 300, n) for _ in range(5)]
    points += [np.full(n, x) for x in (0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1e308, 5e-324)]
    for point in points:
        check_program(lambda v: applied(op, v), point.tolist())


def test_the_law_rejects_a_wrong_word(monkeypatch: pytest.MonkeyPatch) -> None:
    right = arrays.exp
    monkeypatch.setattr(arrays, "exp", lambda x: right(x) * (1.0 + 8.0 * EPS))
    with pytest.raises(AssertionError, match="exp"):
        check_program(lambda v: ag.exp(v[0]), [0.7])


def test_sums_in_any_order() -> None:
    """The bound for sums, on a program's own way of adding up: one row of a batch, a matrix product, a list."""
    rng = np.random.default_rng(1)
    for size in (3, 100, 2000):
        w, x = rng.normal(size=size) * 10.0 ** rng.integers(-8, 8, size), rng.normal(size=size)
        exact, bound = math.fsum(w * x), size * EPS * math.fsum(np.abs(w * x))
        f = ag.compile(lambda w, x: ag.sumprod(list(w), list(x)))
        rows = ag.compile(lambda w, x: ag.sumprod(list(w), list(x)), batch=(1,))
        for result in (f(w, x), f(w.tolist(), x.tolist()), rows(w, np.array([x, x]))[1]):
            assert abs(result - exact) <= bound


def test_the_graph_computes_what_the_trace_did() -> None:
    """Simplifying and collecting keep every number: the same law for a chain of additions with signs and products."""
    graph, roots = traced(lambda v: v[0] - v[1] * v[2] + 2.0 * v[0] - (v[1] + v[2]), 3)
    node = collect(graph, roots)[roots[0]]
    assert node.word == "sum"
    assert sorted(term.sign for term in node.terms) == [-1, -1, -1, 1, 1]

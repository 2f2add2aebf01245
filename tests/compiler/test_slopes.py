"""Slopes of many weights that are recorded as one: what they are, and that nothing but the time depends on it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.compiler.interpret import interpret
from autograd_lite.compiler.ir import Contract
from autograd_lite.compiler.pipeline import to_program
from autograd_lite.compiler.slopes import Slopes
from autograd_lite.compiler.tracing import Tracing

ROWS, WIDTH = 3, 18


def traced(f: Callable[..., Any], given: Sequence[Any], *, together: bool) -> Any:
    """The trace of a function of batches."""
    return Tracing(f, (), frozenset(range(len(given))), given, {}, False).finish(together=together)


def numbers(f: Callable[..., Any], given: Sequence[Any], *, together: bool) -> tuple[Any, int]:
    """What the program of a function means, to the bit, and how many records of slopes its trace has."""
    trace = traced(f, given, together=together)
    made = to_program(trace, numbers=False)
    flat = interpret(made.program, [*given, np.array([v.data for v in made.captured])], [ROWS])
    return np.asarray(flat)[: made.program.outputs], sum(isinstance(root, Slopes) for root in trace.roots)


def test_a_neuron_has_one_record() -> None:
    model = nn.MLP(WIDTH, [20, 2], seed=0)
    loss = ag.batch_mean(lambda x: ag.fsum([ag.square(y) for y in model(x)]))
    trace = traced(ag.grad(loss, wrt=model.parameters()), [np.ones((ROWS, WIDTH))], together=True)
    rows = [root for root in trace.roots if isinstance(root, Slopes)]
    assert [len(row) for row in rows] == [WIDTH] * 20 + [20] * 2
    assert [row.leaves for row in rows[:20]] == [tuple(neuron.w) for neuron in model.layers[0].neurons]
    assert len(trace.roots) == len(rows) + 22  # the biases
    assert trace.structure.size == len(model.parameters())


@st.composite
def objectives(draw: st.DrawFn) -> tuple[Callable[..., Any], list[Any]]:
    """The gradient of a loss of neurons that share inputs, and the inputs."""
    rng = np.random.default_rng(draw(st.integers(0, 9)))
    kinds = st.sampled_from(["tanh", "relu", "sigmoid", "linear"])
    hidden = [nn.Neuron(WIDTH, draw(kinds), seed=rng) for _ in range(WIDTH)]
    last = [nn.Neuron(WIDTH, "tanh", seed=rng) for _ in range(draw(st.integers(1, 3)))]
    weights = [p for neuron in (*hidden, *last) for p in neuron.parameters()]
    for p in draw(st.lists(st.sampled_from(weights), max_size=3)):
        p.requires_grad = False
    negated, repeated, crossed = (draw(st.booleans()) for _ in range(3))
    extra = draw(st.lists(st.sampled_from(weights), max_size=2))

    def sample(x: Any) -> Any:
        signal = [neuron([-v for v in x] if negated else x) for neuron in hidden]
        if crossed:  # an input of the second layer that is none of the first one's outputs
            signal[3] = ag.sin(signal[4])
        if repeated:
            signal[1] = signal[2]
        return ag.fsum([ag.square(neuron(signal)) for neuron in last]) + ag.fsum([p * p for p in extra] or [0.0])

    wrt = [p for p in weights if p.requires_grad]
    order = draw(st.sampled_from(["as they are", "shuffled", "reversed", "some", "some twice", "one more"]))
    if order == "shuffled":
        random.Random(1).shuffle(wrt)  # noqa: S311 - not a secret
    chosen = {
        "reversed": wrt[::-1],
        "some": wrt[7:90],
        "some twice": [*wrt, *wrt[5:40]],
        "one more": [Value(1.0), *wrt],
    }
    transform = draw(st.sampled_from([ag.grad, ag.value_and_grad]))
    return transform(ag.batch_mean(sample), wrt=chosen.get(order, wrt)), [rng.normal(size=(ROWS, WIDTH))]


@settings(max_examples=12, deadline=None)
@given(objective=objectives())
def test_the_numbers_are_those_of_nodes_for_each_weight(objective: Any) -> None:
    f, given = objective
    found, _ = numbers(f, given, together=True)
    expected, records = numbers(f, given, together=False)
    assert records == 0
    assert found.tobytes() == expected.tobytes()


def test_slopes_that_someone_looks_at_are_nodes() -> None:
    """The gradient is used further on, by what is not the last sweep."""
    model = nn.MLP(WIDTH, [20, 1], activation="tanh", seed=0)
    p, x = model.parameters(), np.random.default_rng(0).normal(size=(ROWS, WIDTH))
    gradient = ag.grad(ag.batch_mean(model), wrt=p)
    f = ag.grad(lambda x: ag.fsum([g * g for g in gradient(x)]), wrt=p)
    np.testing.assert_allclose(ag.compile(f)(x), f(x), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("widths", [[3, 4, 2], [WIDTH, 20, 2]])
def test_slopes_beside_a_penalty_lie_as_the_weights_do(widths: list[int]) -> None:
    """Row by row, as without it: the tables need not be turned to be added up."""
    model = nn.MLP(widths[0], widths[1:], seed=0)
    parameters = model.parameters()
    loss = ag.batch_mean(lambda x: ag.fsum([ag.square(y) for y in model(x)]))
    rows = np.ones((ROWS, widths[0]))
    for f in (loss, lambda x: loss(x) + ag.fsum([p * p for p in parameters])):
        made = to_program(traced(ag.grad(f, wrt=parameters), [rows], together=True), numbers=False)
        tables = [i for i in made.program.instructions if isinstance(i, Contract) and i.spec == "in,jn->ij"]
        assert {i.out.shape for i in tables} == {(n, m) for m, n in pairwise(widths)}

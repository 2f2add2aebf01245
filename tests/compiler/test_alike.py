"""What is alike and stands side by side is made at once, and gives the program that one by one would give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.compiler import graph, groups, members, sums, traced
from autograd_lite.compiler.pipeline import Stages
from autograd_lite.compiler.verify import verify

ONE_BY_ONE, AT_ONCE = 10**9, 3


@st.composite
def objectives(draw: st.DrawFn) -> tuple[Callable[..., Any], list[Any]]:
    """A derivative of a network's loss, and its arguments."""
    sizes = draw(st.lists(st.integers(2, 5), min_size=2, max_size=4))
    model = nn.MLP(sizes[0], sizes[1:], activation=draw(st.sampled_from(["tanh", "relu", "linear"])), seed=0)
    for p in draw(st.lists(st.sampled_from(model.parameters()), max_size=3)):
        p.requires_grad = False
    free = model.parameters()
    mask = draw(st.lists(st.sampled_from([0.0, 2.0]), min_size=5, max_size=5))
    has_penalty, is_negated, drops, is_repeated, crosses = (draw(st.booleans()) for _ in range(5))

    def sample(x: Any, y: Any) -> Any:
        crossed = ag.sumprod(free, free[::-1]) * ag.sumprod([-v for v in free[:3]], free[-3:]) if crosses else 0.0
        outputs = model([a * b for a, b in zip(x, mask, strict=False)] if drops else x)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        if is_repeated and len(outputs) == len(x):
            outputs = model.layers[0](outputs)[:1] * len(y)
        errors = [t - o if is_negated else o - t for o, t in zip(outputs, y, strict=True)]
        return ag.sumprod(errors, errors) - ag.sumprod(free[:2], errors[:1] * 2) + crossed

    def loss(x: Any, y: Any) -> Any:
        return ag.batch_mean(sample, batch=(0, 1))(x, y) + (0.1 * ag.sumprod(free, free) if has_penalty else 0.0)

    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(3, sizes[0])), rng.normal(size=(3, sizes[-1]))
    if draw(st.booleans()):
        wrt = draw(st.sampled_from([free, free[::-1], free[1::2], [*free, free[-1]]]))
        return ag.value_and_grad(loss, wrt=wrt), [x, y]
    return draw(st.sampled_from([ag.grad, ag.hessian]))(sample), [x[0], y[0]]


def programs(fast: Any, many: int, *, exact: bool) -> list[str]:
    """The instructions, sorted: those that do not depend on each other may stand in another order."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (traced, graph, sums, groups, members):
            patch.setattr(module, "MANY", many)
        stages = Stages(fast._entry()._trace(exact).finish(together=True), exact=exact)
        made = [stages.arrays()] if exact or stages.has_batch else [stages.arrays(), stages.numbers()]
    lines = [verify(m.program) and sorted(str(m.program).splitlines()) for m in made]
    return [
        f"{some} {m.instructions} {m.groups} {[v.label for v in m.captured]}"
        for some, m in zip(lines, made, strict=True)
    ]


@settings(max_examples=25)
@given(objective=objectives(), exact=st.booleans())
def test_programs_are_those_of_nodes_made_one_by_one(objective: Any, exact: bool) -> None:
    f, args = objective
    fast = ag.compile(f)
    fast(*args)
    assert programs(fast, AT_ONCE, exact=exact) == programs(fast, ONE_BY_ONE, exact=exact)


def test_a_layer_takes_a_node_for_each_neuron_from_the_graph_on() -> None:
    """Of 5,000 weights and their gradients the stages after the graph see 15 nodes for each neuron."""
    model = nn.MLP(100, [50], output_activation="tanh", seed=0)
    loss = ag.batch_mean(lambda x: ag.fsum(model(x)))
    fast = ag.compile(ag.value_and_grad(loss, wrt=model.parameters()))
    fast(np.zeros((2, 100)))
    stages = Stages(fast._entry()._trace(False).finish(together=True))
    assert stages.instructions > 5000
    assert len(stages.nodes) < 15 * 50

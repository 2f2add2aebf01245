"""How much work programs are, as exact numbers: what is found to be a matrix product stays one."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn

pytestmark = pytest.mark.usefixtures("on_numpy")


def rosenbrock(x: Any) -> Any:
    return sum(100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1))


def layer(rows: int, columns: int, activation: Any = ag.tanh) -> tuple[list[Value], Any]:
    weights = [[Value(0.1 * (i - j)) for j in range(columns)] for i in range(rows)]
    return [w for row in weights for w in row], lambda x: [activation(ag.sumprod(row, x)) for row in weights]


def products(fast: Any) -> int:
    return len(re.findall(r"\bmatmul\(", fast.source))


def test_the_network_of_the_benchmark() -> None:
    """2-16-16-1 with relu, cross-entropy from logits, value and 337 slopes, a batch of 100.

    Its 554 scalar operations are 42 groups: seven matrix products (three forward; three for the slopes of weights, and
    one to hand the adjoint back, as the last layer's is a column times a row), and mostly the ten steps of a stable
    cross-entropy. More than these 52 array calls means that something is no longer found to be alike.
    """
    model = nn.MLP(2, [16, 16, 1], activation="relu", seed=0)
    loss = ag.batch_mean(lambda x, y: nn.binary_cross_entropy_with_logits(model(x), y), batch=(0, 1))
    fast = ag.compile(ag.value_and_grad(loss, wrt=model.parameters()))
    fast(np.ones((100, 2)), np.ones(100))
    assert fast.program.instructions <= 554
    assert fast.program.groups <= 42
    assert fast.program.array_calls <= 52
    assert products(fast) == 7
    assert "take(" not in fast.source


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "softplus", "gelu", "leaky_relu"])
def test_work_does_not_grow_with_width(activation: str) -> None:
    """Neurons of a layer are one array, whatever the order in which their nodes were made."""
    counts = set()
    for width in (3, 8):
        weights, f = layer(width, 5, getattr(ag, activation))
        loss = ag.batch_mean(lambda x, f=f: ag.fsum([v * v for v in f(x)]))
        fast = ag.compile(ag.value_and_grad(loss, wrt=weights))
        fast(np.ones((4, 5)))
        assert products(fast) == 2  # forward, and for the slopes
        counts.add((fast.program.groups, fast.program.array_calls))
    assert len(counts) == 1


def test_work_does_not_grow_with_length() -> None:
    """Rosenbrock's function of 100 and of 1000 numbers: eight arrays, the inner points and both ends together."""
    for n in (100, 1000):
        fast = ag.compile(ag.value_and_grad(rosenbrock))
        fast(np.linspace(-1.0, 2.0, n))
        assert fast.program.instructions == 7 * n - 6
        assert fast.program.groups <= 8
        assert fast.program.array_calls <= 15
        assert "take(" not in fast.source


def test_a_dense_layer_is_one_product_each_way() -> None:
    """Forward W x; dW = dz x^T and dx = W^T dz, one matrix product each."""
    weights, f = layer(7, 5)
    inner, g = layer(5, 4)
    loss = ag.batch_mean(lambda x: ag.fsum([v * v for v in f(g(x))]))
    fast = ag.compile(ag.value_and_grad(loss, wrt=[*inner, *weights]))
    fast(np.ones((6, 4)))
    assert products(fast) == 5  # two forward, two for the slopes of weights, one back through the outer layer
    assert "take(" not in fast.source


def test_rows_of_their_own_gradients() -> None:
    """The gradient of each row by its inputs is a product with W transposed; nothing is summed over rows."""
    _, f = layer(7, 5)
    fast = ag.compile(ag.grad(lambda x: ag.fsum([v * v for v in f(x)])), batch=(0,))
    assert fast(np.ones((6, 5))).shape == (6, 5)
    assert products(fast) == 2
    assert "take(" not in fast.source


def test_a_small_program_calls_no_array_function() -> None:
    fast = ag.compile(ag.value_and_grad(lambda x: ag.sin(x[0]) * x[1]))
    fast([1.0, 2.0])
    assert fast.program.array_calls == 0
    assert fast.program.instructions == fast.program.groups == 4  # sin, cos, and two products
    assert set(re.findall(r"(\w+)\(", fast.source)) == {"run", "sin_", "cos_"}


def test_common_subexpressions_and_dead_code() -> None:
    def f(x: Any) -> Any:
        _ = ag.exp(x) * 3.0  # needed by nothing
        return ag.sin(x * x) + ag.cos(x * x) * (x * x)

    fast = ag.compile(f)
    fast(1.0)
    assert fast.program.instructions == 4  # x*x, sin, cos, and one sum of a term and a product
    assert ag.compile(lambda x: ag.exp(2.0) * 3.0 + 0.0 * x)(1.0) == pytest.approx(3.0 * np.exp(2.0))


def test_constants_are_told_apart_by_their_bits() -> None:
    fast = ag.compile(lambda x: [ag.arctan2(0.0 * 1.0, x), ag.arctan2(-0.0, x)])
    assert fast(-1.0) == [np.pi, -np.pi]


def test_what_does_not_depend_on_the_rows_is_computed_once() -> None:
    fast = ag.compile(lambda x, p: x * ag.exp(ag.sin(p)), batch=(0,))
    fast(np.ones(1000), 2.0)
    assert fast.program.array_calls <= 3  # load x, one product, and no exp or sin of an array
    assert "exp_(" in fast.source  # of one float


def test_a_sum_of_thousands_of_terms_compiles_as_floats_too():
    ops = [ag.sin, ag.cos, ag.tanh, ag.exp]
    words = [lambda x, k=k: ops[k % 4](x * (1.0 + k / 2000.0)) * float(k % 7 - 3) for k in range(2000)]
    fast = ag.compile(lambda x: ag.fsum([word(x) for word in words]) - 1.0)
    assert fast(0.3) == pytest.approx(sum(word(0.3) for word in words) - 1.0, rel=1e-12)
    chain = ag.compile(lambda x, y: sum((ops[k % 4](x) - y * k for k in range(300)), x))
    assert chain(0.3, 2.0) == pytest.approx(sum((ops[k % 4](0.3) - 2.0 * k for k in range(300)), 0.3), rel=1e-12)

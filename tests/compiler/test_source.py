"""The emitted source of a network: it reads as the textbook's matrix equations, and gives the same gradients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn

pytestmark = pytest.mark.usefixtures("on_numpy")

GOLDEN = Path(__file__).parent.parent / "golden" / "compiler"
X = np.array([[0.5, 1.1], [-0.3, 0.8], [1.2, -0.4], [0.1, 0.2], [-1.0, 0.6]])
T = np.array([0.0, 1.0, 1.0, 0.0, 1.0])


def network() -> tuple[nn.MLP, Any]:
    """A network 2-3-1 of sigmoids with cross-entropy on its logit, and the loss over a batch."""
    model = nn.MLP(2, [3, 1], activation="sigmoid", seed=0)
    return model, ag.batch_mean(lambda x, t: nn.binary_cross_entropy_with_logits(model(x), t), batch=(0, 1))


def compiled() -> tuple[nn.MLP, Any]:
    model, loss = network()
    return model, ag.compile(ag.value_and_grad(loss, wrt=model.parameters()))


def test_the_source_is_the_golden_file(request: pytest.FixtureRequest) -> None:
    _, fast = compiled()
    fast(X, T)
    golden = GOLDEN / "mlp_source.txt"
    if request.config.getoption("--update-golden"):
        golden.write_text(fast.source, encoding="utf-8")
    assert fast.source == golden.read_text(encoding="utf-8")


def test_the_source_has_the_equations_of_backprop() -> None:
    """dW = dz a^T, db = dz, da = W^T dz, dz = da * slope: the four formulas of the textbook, one line each."""
    _, fast = compiled()
    fast(X, T)
    for line in (
        "matmul(W1, x, z1)",
        "add(z1, b1, z1)",
        "matmul(d_z1, x_T, d_W1_table)",
        "add_reduce(d_z1, -1, None, d_b1)",
        "multiply(w2, d_z2_part, d_a1)",
        "multiply(d_a1, slope_a1, d_z1)",
        "# slope_a1 (3 numbers): ∂a1/∂z1, taught as a1 · (1 − a1)",
    ):
        assert line in fast.source


def matrix_formula(model: nn.MLP) -> list[float]:
    """The gradients by the textbook's matrix equations, in the order of the parameters."""
    weights = [np.array([[w.data for w in n.w] for n in layer.neurons]) for layer in model.layers]
    biases = [np.array([n.b.data for n in layer.neurons])[:, None] for layer in model.layers]
    z1 = weights[0] @ X.T + biases[0]
    a1 = 1.0 / (1.0 + np.exp(-z1))
    z2 = weights[1] @ a1 + biases[1]
    d_z2 = (1.0 / (1.0 + np.exp(-z2)) - T) / len(T)
    d_z1 = (weights[1].T @ d_z2) * a1 * (1.0 - a1)
    slopes = [(d_z1 @ X, d_z1.sum(axis=1)), (d_z2 @ a1.T, d_z2.sum(axis=1))]
    return [float(g) for dW, db in slopes for row, b in zip(dW, db, strict=True) for g in (*row, b)]


def test_source_sweep_and_matrix_formula_give_the_same_gradients() -> None:
    model, fast = compiled()
    _, loss = network()
    value, gradient = fast(X, T)
    eager_model, eager_loss = network()
    root = eager_loss(X, T)
    root.backward()
    assert value == pytest.approx(root.data, rel=1e-14)
    assert gradient == pytest.approx([p.grad for p in eager_model.parameters()], rel=1e-13)
    assert gradient == pytest.approx(matrix_formula(model), rel=1e-12)
    assert loss(X, T).data == pytest.approx(value, rel=1e-14)


def test_small_programs_are_plain_python() -> None:
    fast = ag.compile(lambda x, y: x * y + ag.sin(x))
    assert fast(2.0, 3.0) == 6.0 + np.sin(2.0)
    assert fast.program.array_calls == 0
    assert fast.source == "def run(x, y, unused_2):\n    return [x * y + sin_(x)]\n"

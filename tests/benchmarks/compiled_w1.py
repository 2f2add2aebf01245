"""The network of micrograd's demo, one gradient step, compiled from scalar code, beside array libraries.

make_moons (100 samples), network 2-16-16-1 with relu, hinge loss and an L2 penalty of 1e-4: forward, backward, update.
PyTorch, JAX and NumPy run the network as written by hand with matrices, C with vectors of eight samples; ours is
written with scalars and compiled. One thread each. Run it with ``python tests/benchmarks/compiled_w1.py``; peers that
are not installed are skipped.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import argparse
import importlib.util
import time
from collections.abc import Callable
from typing import Any

import c_peers
import eager_w1
import numpy as np
import timing

import autograd_lite as ag
from autograd_lite import nn

LR, PENALTY = eager_w1.LR, eager_w1.PENALTY
ROWS, LABELS = eager_w1.moons()
X, Y = np.array(ROWS), np.array(LABELS)
Step = Callable[[], float]


def matrices() -> list[tuple[np.ndarray, np.ndarray]]:
    """The starting weights, a matrix and a bias for each layer."""
    return [(np.array([ws for ws, _ in layer]), np.array([b for _, b in layer])) for layer in eager_w1.weights()]


def ours() -> Step:
    """Scalar code, compiled: the network as shipped, a loss for one sample."""
    model = nn.MLP(2, [16, 16, 1])
    neurons = [neuron for layer in model.layers for neuron in layer.neurons]
    for neuron, (ws, b) in zip(neurons, [pair for layer in eager_w1.weights() for pair in layer], strict=True):
        for p, w in zip((*neuron.w, neuron.b), (*ws, b), strict=True):
            p.data = w
    parameters = model.parameters()
    data_loss = ag.batch_mean(lambda x, y: ag.relu(1.0 - y * model(x)), batch=(0, 1))

    def loss(X: Any, Y: Any) -> Any:
        return data_loss(X, Y) + PENALTY * ag.fsum([p * p for p in parameters])

    update = nn.fast_update(nn.SGD(LR), len(parameters))
    train = ag.compile(ag.value_and_grad(loss, wrt=parameters)).step(parameters, update)
    flat = np.array([p.data for p in parameters])

    def step() -> float:
        nonlocal flat
        value, flat = train(flat, X, Y)
        return float(value)

    return step


def numpy_by_hand() -> Step:
    """Backprop derived on paper and written with matrices."""
    (W1, b1), (W2, b2), (W3, b3) = matrices()

    def step() -> float:
        h1 = np.maximum(X @ W1.T + b1, 0.0)
        h2 = np.maximum(h1 @ W2.T + b2, 0.0)
        margin = 1.0 - Y * (h2 @ W3.T + b3)[:, 0]
        loss = np.maximum(margin, 0.0).mean() + PENALTY * sum((p * p).sum() for p in (W1, b1, W2, b2, W3, b3))
        d3 = (-Y * (margin > 0.0) / len(Y))[:, None]
        d2 = (d3 @ W3) * (h2 > 0.0)
        d1 = (d2 @ W2) * (h1 > 0.0)
        for W, b, d, h in ((W1, b1, d1, X), (W2, b2, d2, h1), (W3, b3, d3, h2)):
            np.subtract(W, LR * (d.T @ h + 2.0 * PENALTY * W), out=W)
            np.subtract(b, LR * (d.sum(axis=0) + 2.0 * PENALTY * b), out=b)
        return float(loss)

    return step


def in_c() -> Step:
    """C with vector types, backprop by hand."""
    flat = [p for layer in eager_w1.weights() for ws, b in layer for p in (*ws, b)]
    return c_peers.network(np.array(flat), X, Y, LR, PENALTY)


def jax_jit() -> Step:
    """JAX, written with matrices, compiled by XLA."""
    import jax  # noqa: PLC0415 - a peer that may be missing
    import jax.numpy as jnp  # noqa: PLC0415 - as above

    jax.config.update("jax_enable_x64", True)

    def loss(layers: Any, X: Any, Y: Any) -> Any:
        h = X
        for k, (W, b) in enumerate(layers):
            h = h @ W.T + b
            h = jnp.maximum(h, 0.0) if k < 2 else h
        penalty = sum((W * W).sum() + (b * b).sum() for W, b in layers)
        return jnp.maximum(1.0 - Y * h[:, 0], 0.0).mean() + PENALTY * penalty

    @jax.jit
    def update(layers: Any, X: Any, Y: Any) -> Any:
        value, slopes = jax.value_and_grad(loss)(layers, X, Y)
        return value, jax.tree.map(lambda p, g: p - LR * g, layers, slopes)

    state = jax.tree.map(jnp.asarray, matrices())
    data = jnp.asarray(X), jnp.asarray(Y)

    def step() -> float:
        nonlocal state
        value, state = update(state, *data)
        return float(value)

    return step


def pytorch() -> Step:
    """PyTorch, nn.Sequential and SGD, eager as usual."""
    import torch  # noqa: PLC0415 - a peer that may be missing

    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    layers = [torch.nn.Linear(a, b) for a, b in ((2, 16), (16, 16), (16, 1))]
    for layer, (W, b) in zip(layers, matrices(), strict=True):
        layer.weight.data, layer.bias.data = torch.tensor(W), torch.tensor(b)
    model = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1], torch.nn.ReLU(), layers[2])
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)
    data, labels = torch.tensor(X), torch.tensor(Y)

    def step() -> float:
        optimizer.zero_grad()
        loss = torch.relu(1.0 - labels * model(data)[:, 0]).mean()
        loss = loss + PENALTY * sum((p * p).sum() for p in model.parameters())
        loss.backward()
        optimizer.step()
        return float(loss)

    return step


def micrograd() -> Step:
    """micrograd, the same scalar code."""
    return eager_w1.written_out(importlib.import_module("micrograd.engine").Value)


def installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    makers = {"autograd_lite, compiled scalars": ours, "NumPy, backprop by hand": numpy_by_hand}
    if c_peers.is_installed():
        makers["C with vectors, by hand"] = in_c
    for package, name, maker in (
        ("jax", "JAX jit, matrices", jax_jit),
        ("torch", "PyTorch, matrices", pytorch),
        ("micrograd", "micrograd, scalars", micrograd),
    ):
        if installed(package):
            makers[name] = maker
        else:
            print(f"skipped, not installed: {package}")
    start = time.perf_counter()
    steps = {name: maker() for name, maker in makers.items()}
    steps["autograd_lite, compiled scalars"]()
    print(f"making all contenders, ours compiled: {time.perf_counter() - start:.2f} s")
    steps["autograd_lite, compiled scalars"] = ours()
    losses = {name: [step() for _ in range(3)] for name, step in steps.items()}
    reference = losses["NumPy, backprop by hand"]
    for name, found in losses.items():
        np.testing.assert_allclose(found, reference, rtol=1e-9, err_msg=name)
    print(f"all contenders agree on the first three losses: {reference}")
    print(timing.table(timing.interleaved(steps, rounds, 0.05), "autograd_lite, compiled scalars"))
    building = []
    for _ in range(5):
        start = time.perf_counter()
        ours()()
        building.append(time.perf_counter() - start)
    print(f"building the network and its program: {min(building) * 1e3:.0f} ms")


if __name__ == "__main__":
    main()

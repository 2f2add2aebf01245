"""Machine code against NumPy: the same compiled functions on both backends, one thread.

The network of micrograd's demo (100 samples), Rosenbrock's function at four sizes, and a step of a 64-32-10 network on
32 samples: value and gradient, called with arrays. Run it with ``python tests/benchmarks/compiled_native.py``.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import argparse
import time
from collections.abc import Callable
from typing import Any

import compiled_w1
import numpy as np
import timing

import autograd_lite as ag
from autograd_lite import nn

BACKENDS = ("native", "numpy")
Call = Callable[[], Any]


def demo() -> tuple[Any, list[Any], list[Any]]:
    """The demo network's loss with its penalty, with respect to the parameters."""
    model = nn.MLP(2, [16, 16, 1], seed=0)
    parameters = model.parameters()
    data_loss = ag.batch_mean(lambda x, y: ag.relu(1.0 - y * model(x)), batch=(0, 1))

    def loss(X: Any, Y: Any) -> Any:
        return data_loss(X, Y) + compiled_w1.PENALTY * ag.fsum([p * p for p in parameters])

    return ag.value_and_grad(loss, wrt=parameters), parameters, [compiled_w1.X, compiled_w1.Y]


def digits() -> tuple[Any, list[Any], list[Any]]:
    """Cross-entropy of a 64-32-10 network on 32 random samples."""
    model = nn.MLP(64, [32, 10], seed=0)
    rng = np.random.default_rng(0)
    loss = ag.batch_mean(lambda x, t: nn.cross_entropy(model(x), t), batch=(0, 1))
    data = [rng.normal(size=(32, 64)), np.eye(10)[rng.integers(0, 10, 32)]]
    return ag.value_and_grad(loss, wrt=model.parameters()), model.parameters(), data


def rosenbrock(n: int) -> tuple[Any, list[Any], list[Any]]:
    """Rosenbrock's function of n numbers."""

    def f(v: Any) -> Any:
        return ag.fsum([100.0 * (v[i + 1] - v[i] ** 2) ** 2 + (1.0 - v[i]) ** 2 for i in range(n - 1)])

    return ag.value_and_grad(f), [], [np.linspace(-1.0, 1.0, n)]


def calls(f: Any, leaves: list[Any], arguments: list[Any]) -> dict[str, Call]:
    """The function on each backend, compiled; what both give is compared, and the time of the first call is told."""
    made: dict[str, Call] = {}
    flat = np.array([p.data for p in leaves])
    for backend in BACKENDS:
        start = time.perf_counter()
        step = ag.compile(f, backend=backend).step(leaves)
        call = made[backend] = lambda step=step: step(flat, *arguments)  # type: ignore[misc]
        call()
        print(f"  first call on {backend}: {time.perf_counter() - start:.2f} s")
    native, reference = (made[backend]() for backend in BACKENDS)
    np.testing.assert_allclose(native, reference, rtol=1e-11, atol=1e-13 * np.abs(reference).max())
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    works = {"demo network": demo(), "digits step": digits()}
    works |= {f"Rosenbrock, n = {n}": rosenbrock(n) for n in (10, 100, 1000, 10_000)}
    for name, work in works.items():
        print(name)
        print(timing.table(timing.interleaved(calls(*work), rounds, 0.02), "native"))


if __name__ == "__main__":
    main()

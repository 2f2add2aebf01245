"""Rosenbrock's function and its gradient, n = 10 to 10,000, from a scalar loop, beside others in their best form.

NumPy runs the gradient written by hand, C a loop compiled by the system's compiler, JAX code written for arrays on
device arrays, CasADi our scalar code into buffers of the caller, PyTorch code written for arrays. All compute the same
numbers first; one thread each, and peers that are not installed are left out. Run it with ``python
tests/benchmarks/compiled_w2.py``.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import c_peers
import compiled_peers as peers
import numpy as np
from programs_without_batch import rosenbrock

import autograd_lite as ag

SIZES = (10, 100, 1000, 10_000)


def by_hand(x: np.ndarray) -> tuple[float, np.ndarray]:
    """Value and gradient in NumPy."""
    r = x[1:] - x[:-1] ** 2
    s = 1.0 - x[:-1]
    gradient = np.zeros_like(x)
    gradient[:-1] = -400.0 * x[:-1] * r - 2.0 * s
    gradient[1:] += 200.0 * r
    return float(100.0 * (r @ r) + s @ s), gradient


def contenders(n: int) -> dict[str, Any]:
    """Who takes part at a size."""
    x = np.linspace(-1.0, 2.0, n)
    return {
        "compiled scalars": peers.ours(ag.value_and_grad(rosenbrock), x),
        "NumPy, by hand": lambda: partial(by_hand, x),
        **({"C, -O3": lambda: c_peers.rosenbrock(x)} if c_peers.is_installed() else {}),
        "JAX": peers.jax(lambda j: j.value_and_grad(partial(peers.rosenbrock_of_arrays, j.numpy)), x),
        "CasADi": peers.casadi(peers.rosenbrock_of, x),
        "PyTorch": peers.torch(lambda t: partial(peers.rosenbrock_of_arrays, t), x),
    }


if __name__ == "__main__":
    peers.show({f"Rosenbrock, n = {n}": contenders(n) for n in SIZES})

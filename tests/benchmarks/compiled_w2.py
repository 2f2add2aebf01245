"""Rosenbrock's function and its gradient, from a scalar loop, beside other libraries.

Each contender returns the value and the gradient as floats or a NumPy array, so all pay for their way back to the
caller. One thread each. Run it with ``python tests/benchmarks/compiled_w2.py``; peers that are not installed are
skipped. ``--scalar-jax`` also compiles the scalar loop with JAX, which takes over a minute at n = 1000.
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

import numpy as np
import timing

import autograd_lite as ag

OURS = "autograd_lite, compiled scalars"
Call = Callable[[], Any]


def rosenbrock(x: Any) -> Any:
    """The scalar loop, as one writes it."""
    return sum(100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1))


def ours(x: np.ndarray) -> Call:
    fast = ag.compile(ag.value_and_grad(rosenbrock))
    return lambda: fast(x)


def eager(x: np.ndarray) -> Call:
    f = ag.value_and_grad(rosenbrock)
    return lambda: f(x)


def numpy_by_hand(x: np.ndarray) -> Call:
    def call() -> tuple[float, np.ndarray]:
        r = x[1:] - x[:-1] ** 2
        s = 1.0 - x[:-1]
        gradient = np.zeros_like(x)
        gradient[:-1] = -400.0 * x[:-1] * r - 2.0 * s
        gradient[1:] += 200.0 * r
        return float(100.0 * (r @ r) + s @ s), gradient

    return call


def jax_matrices(x: np.ndarray) -> Call:
    import jax  # noqa: PLC0415 - a peer that may be missing

    jax.config.update("jax_enable_x64", True)
    f = jax.jit(jax.value_and_grad(lambda x: (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()))

    def call() -> tuple[float, np.ndarray]:
        value, gradient = f(x)
        return float(value), np.asarray(gradient)

    return call


def jax_scalars(x: np.ndarray) -> Call:
    import jax  # noqa: PLC0415 - a peer that may be missing

    jax.config.update("jax_enable_x64", True)
    f = jax.jit(jax.value_and_grad(rosenbrock))

    def call() -> tuple[float, np.ndarray]:
        value, gradient = f(x)
        return float(value), np.asarray(gradient)

    return call


def casadi_scalars(x: np.ndarray) -> Call:
    import casadi  # noqa: PLC0415 - a peer that may be missing

    symbols = casadi.SX.sym("x", len(x))
    value = rosenbrock([symbols[i] for i in range(len(x))])
    f = casadi.Function("f", [symbols], [value, casadi.gradient(value, symbols)])

    def call() -> tuple[float, np.ndarray]:
        found, gradient = f(x)
        return float(found), gradient.full()[:, 0]

    return call


def autograd_matrices(x: np.ndarray) -> Call:
    from autograd import value_and_grad  # noqa: PLC0415 - a peer that may be missing

    f = value_and_grad(lambda x: (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum())
    return lambda: f(x)


def torch_matrices(x: np.ndarray) -> Call:
    import torch  # noqa: PLC0415 - a peer that may be missing

    torch.set_num_threads(1)

    def call() -> tuple[float, np.ndarray]:
        t = torch.tensor(x, requires_grad=True)
        value = (100.0 * (t[1:] - t[:-1] ** 2) ** 2 + (1.0 - t[:-1]) ** 2).sum()
        value.backward()
        return value.item(), t.grad.numpy()

    return call


PEERS = (
    ("jax", "JAX jit, arrays", jax_matrices),
    ("casadi", "CasADi SX, same scalar code", casadi_scalars),
    ("torch", "PyTorch, arrays", torch_matrices),
    ("autograd", "HIPS autograd, arrays", autograd_matrices),
)


def measure(n: int, rounds: int, *, scalar_jax: bool) -> None:
    x = np.linspace(-1.0, 2.0, n)
    makers: dict[str, Callable[[np.ndarray], Call]] = {OURS: ours, "NumPy, by hand": numpy_by_hand}
    makers |= {name: maker for package, name, maker in PEERS if importlib.util.find_spec(package)}
    if scalar_jax and importlib.util.find_spec("jax"):
        makers["JAX jit, same scalar code"] = jax_scalars
    calls, building = {}, {}
    for name, make in makers.items():
        start = time.perf_counter()
        calls[name] = make(x)
        value, gradient = calls[name]()
        building[name] = time.perf_counter() - start
        expected = numpy_by_hand(x)()
        np.testing.assert_allclose(value, expected[0], rtol=1e-12, err_msg=name)
        np.testing.assert_allclose(gradient, expected[1], rtol=1e-12, atol=1e-9, err_msg=name)
    print(f"\nn = {n}: all contenders agree, value {value:.6g}")
    print(timing.table(timing.interleaved(calls, rounds, 0.05), OURS))
    told = ", ".join(f"{name} {seconds:.3f} s" for name, seconds in building.items() if seconds > 0.02)
    print(f"building, with the first call: {told}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000, 10_000])
    parser.add_argument("--scalar-jax", action="store_true")
    args = parser.parse_args()
    for package, name, _ in PEERS:
        if importlib.util.find_spec(package) is None:
            print(f"skipped, not installed: {package} ({name})")
    for n in args.sizes:
        measure(n, args.rounds, scalar_jax=args.scalar_jax)


if __name__ == "__main__":
    main()

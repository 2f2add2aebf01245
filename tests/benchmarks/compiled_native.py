"""Machine code against NumPy: the same compiled functions on both backends, one thread.

The network of micrograd's demo (100 samples), Rosenbrock's function at four sizes, and a step of a 64-32-10 network on
32 samples: value and gradient, called with arrays. Run it with ``python tests/benchmarks/compiled_native.py``.
``--first`` times the first call of a compiled function in fresh processes: with an empty cache folder, and with what
another process kept in it. Imports are done then, that of llvmlite too; the time that they take is told beside it.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import time

STARTED = time.perf_counter()

import argparse
import contextlib
import importlib
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import compiled_w1
import numpy as np
import timing

import autograd_lite as ag
from autograd_lite import nn

with contextlib.suppress(ImportError):
    importlib.import_module("llvmlite.binding")

IMPORTED = time.perf_counter()
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


# The first call

FIRST = {"demo network": demo, "Rosenbrock, n = 10": lambda: rosenbrock(10)}
PROCESSES = 7
CALLS = ("first", "second", "third")
STATES = ("empty cache", "from disk")


def alone(name: str) -> None:
    """Time imports and the first calls of this process, in seconds."""
    f, _, arguments = FIRST[name]()
    fast = ag.compile(f)
    times = [time.perf_counter()]
    for _ in CALLS:
        fast(*arguments)
        times.append(time.perf_counter())
    print(json.dumps({"imports": IMPORTED - STARTED, **dict(zip(CALLS, np.diff(times).tolist(), strict=True))}))


def fresh(name: str, folder: str) -> dict[str, float]:
    """What a fresh process measures that keeps its code in this folder."""
    surroundings = os.environ | {"AUTOGRAD_LITE_CACHE": folder}
    command = [sys.executable, __file__, "--alone", name]
    told = subprocess.run(command, env=surroundings, check=True, capture_output=True, text=True).stdout  # noqa: S603 - this file itself
    found: dict[str, float] = json.loads(told)
    return found


def first_calls(name: str, processes: int) -> Iterator[str]:
    """Lines of a table: pairs of processes, the second of which finds what the first one kept."""
    times: dict[str, list[float]] = {}
    for _ in range(processes):
        with tempfile.TemporaryDirectory() as folder:
            for state in STATES:
                for what, seconds in fresh(name, folder).items():
                    key = what if what == "imports" else f"{what} call, {state}"
                    times.setdefault(key, []).append(seconds)
    yield f"{name:28}{'min':>12}{'median':>12}"
    for key, some in times.items():
        yield f"  {key:26}" + "".join(f"{1e3 * of(some):9.2f} ms" for of in (min, statistics.median))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--first", action="store_true", help="time first calls, in fresh processes")
    parser.add_argument("--processes", type=int, default=PROCESSES, help="how many pairs of them (with --first)")
    parser.add_argument("--alone", metavar="NAME", choices=FIRST, help="time this process, as --first asks for")
    given = parser.parse_args()
    if given.alone:
        alone(given.alone)
    elif given.first:
        print("\n".join(line for name in FIRST for line in first_calls(name, given.processes)))
    else:
        backends(given.rounds)


def backends(rounds: int) -> None:
    """Time each backend, and print a table for each work."""
    works = {"demo network": demo(), "digits step": digits()}
    works |= {f"Rosenbrock, n = {n}": rosenbrock(n) for n in (10, 100, 1000, 10_000)}
    for name, work in works.items():
        print(name)
        print(timing.table(timing.interleaved(calls(*work), rounds, 0.02), "native"))


if __name__ == "__main__":
    main()

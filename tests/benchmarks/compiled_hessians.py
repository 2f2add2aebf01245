"""Hessians: how many eager evaluations it takes to compile one, and what a call takes then.

Compiling is the first call less a later one, with nothing from the disk and all imports done; eager is
``ag.hessian(f)(x)``. Times are those of the processor, the least of some rounds in which both take turns. Run it with
``python tests/benchmarks/compiled_hessians.py``, or with the names of some programs.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ["AUTOGRAD_LITE_CACHE"] = "off"

import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from compiled_peers import gravity, stiff
from programs_without_batch import line, rosenbrock

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.compiler.building import PROGRAMS

Program = tuple[Callable[..., Any], tuple[Any, ...]]
ROUNDS = 5
rng = np.random.default_rng(0)


def network(samples: list[tuple[list[float], float]]) -> Program:
    """A network 2-8-1 by all its weights, its squared error on some samples."""
    model = nn.MLP(2, [8, 1], activation="tanh", seed=0)

    def loss(scale: Any) -> Any:
        return ag.fsum([(model([scale * a for a in x]) - t) ** 2 for x, t in samples]) / len(samples)

    return ag.hessian(loss, wrt=model.parameters()), (1.0,)


def logistic(count: int) -> Program:
    """Logistic regression on so many samples of ten features."""
    features = rng.normal(size=(count, 10))
    targets = (features[:, 0] > 0.0).astype(float).tolist()

    def loss(w: Any) -> Any:
        logits = [ag.sumprod(list(w[:10]), row) + w[10] for row in features.tolist()]
        return nn.binary_cross_entropy_with_logits(logits, targets)

    return ag.hessian(loss), (0.1 * rng.normal(size=11),)


def logistic_by_mean(count: int) -> Program:
    """The same as a mean over a batch, which the compiler traces for one sample."""
    features = rng.normal(size=(count, 10))
    targets = (features[:, 0] > 0.0).astype(float)

    def loss(w: Any, x: Any, t: Any) -> Any:
        return nn.binary_cross_entropy_with_logits([ag.sumprod(list(w[:10]), list(x)) + w[10]], [t])

    return ag.hessian(ag.batch_mean(loss, batch=(1, 2))), (0.1 * rng.normal(size=11), features, targets)


def programs() -> dict[str, Program]:
    """By name: a Hessian, and the arguments of a call."""
    xor = [([0.0, 0.0], 0.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], 0.0)]
    return {
        **{f"Rosenbrock {n}": (ag.hessian(rosenbrock), (line(n),)) for n in (10, 30, 100)},
        "12 bodies": (ag.hessian(lambda q: gravity(ag, q)), (rng.normal(size=24),)),
        "stiff ODE, Newton": (ag.hessian(lambda p: stiff(ag, p)), (np.array([1.0, 1.0]),)),
        "network 2-8-1, a sample": network([([0.3, -0.4], 0.5)]),
        "network 2-8-1, 4 samples": network(xor),
        "logistic, 20 samples": logistic(20),
        "logistic, 100 samples": logistic(100),
        "logistic, batch_mean of 100": logistic_by_mean(100),
    }


def seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    """How long a call takes, and what it returns."""
    start = time.process_time()
    found = call()
    return time.process_time() - start, found


def measured(f: Callable[..., Any], args: tuple[Any, ...]) -> tuple[float, float, float, Any]:
    """Seconds of an eager evaluation, of compiling, and of a later call; and the compiled function."""
    eager, first, later = [], [], []
    for _ in range(ROUNDS):
        spent, expected = seconds(lambda: f(*args))
        eager.append(spent)
        PROGRAMS.clear()
        fast = ag.compile(f)
        spent, found = seconds(lambda: fast(*args))  # noqa: B023 - called at once
        first.append(spent)
        np.testing.assert_allclose(np.array(found, float), np.array(expected, float), rtol=1e-9, atol=1e-9)
        later += [seconds(lambda: deque((fast(*args) for _ in range(100)), maxlen=0))[0] / 100 for _ in range(5)]  # noqa: B023
    return min(eager), min(first) - min(later), min(later), fast


def main() -> None:
    """Print the table."""
    ag.compile(ag.hessian(rosenbrock))(line(12))
    ag.compile(ag.grad(rosenbrock))(line(40))
    print(f"{'':30}{'eager':>11}{'compile':>12}{'evaluations':>13}{'a call':>12}{'numbers':>9}  runs on")
    for name, (f, args) in programs().items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        eager, compiling, call, fast = measured(f, args)
        times = f"{eager * 1e3:8.2f} ms{compiling * 1e3:9.1f} ms{compiling / eager:13.1f}{call * 1e6:9.2f} us"
        print(f"{name:30}{times}{fast.program.instructions:9}  {fast.program.backend}", flush=True)


if __name__ == "__main__":
    main()

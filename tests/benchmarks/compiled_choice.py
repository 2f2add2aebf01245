"""What "auto" takes, and what it should take: every backend on some fifty functions without a batch.

Prints for each the time of a call on each backend, what was counted, what was chosen, and how many times longer that
takes than the best of Python floats, NumPy and the eager engine (and machine code, where it is chosen).
Run it with ``python tests/benchmarks/compiled_choice.py``; ``--without-native`` as if llvmlite were not installed.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import argparse
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from programs_without_batch import PROGRAMS

import autograd_lite as ag
from autograd_lite.compiler.backends import native
from autograd_lite.pytree import flatten


def fastest(calls: Mapping[str, Callable[[], Any]], seconds: float = 0.004, rounds: int = 5) -> dict[str, float]:
    """Seconds of processor time per call, the least of some rounds in which all take turns."""
    times = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            count, spent = 0, 0.0
            while spent < seconds:
                start = time.thread_time()
                for _ in range(8):
                    call()
                spent += time.thread_time() - start
                count += 8
            times[name] = min(times[name], spent / count)
    return times


def measured(f: Callable[..., Any], args: tuple[Any, ...], backends: list[str]) -> tuple[dict[str, float], Any]:
    """Times by backend, and the compiled function that "auto" made; all compute the same."""
    fast = {backend: ag.compile(f, backend=backend) for backend in backends}
    flat = {name: np.array([float(x) for x in flatten(g(*args))[0]]) for name, g in fast.items()}
    for name, numbers in flat.items():
        np.testing.assert_allclose(numbers, flat["numpy"], rtol=1e-9, atol=1e-11, err_msg=name)
    return fastest({name: (lambda g=g: g(*args)) for name, g in fast.items()}), fast


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without-native", action="store_true")
    without = parser.parse_args().without_native or bool(native.missing())
    if without:
        native.missing.cache_clear()
        native.machine.missing = lambda: "it is left out here"
    backends = ["auto", "floats", "numpy", *([] if without else ["native"])]
    print(f"{'us a call':32}{''.join(f'{b:>9}' for b in backends[1:])}{'work':>7}{'calls':>7}  chosen   times the best")
    worst, wrong = 1.0, 0
    for name, (f, args) in PROGRAMS.items():
        times, fast = measured(f, args, backends)
        chosen = fast["auto"].program.backend
        best = min(times["floats"], times["numpy"])
        ratio = times[chosen] / best
        worst, wrong = max(worst, ratio), wrong + (ratio > 1.25)
        counts = f"{fast['floats'].program.instructions:7}{fast['numpy'].program.array_calls:7}"
        row = "".join(f"{1e6 * times[b]:9.2f}" for b in backends[1:])
        print(f"{name:32}{row}{counts}  {chosen:8}{ratio:6.2f}{'  <-' if ratio > 1.25 else ''}")
    print(
        f"{len(PROGRAMS)} programs; more than 1.25 times the better of floats and NumPy: {wrong}; at worst {worst:.2f}"
    )


if __name__ == "__main__":
    main()

"""The network of micrograd's demo, one gradient step in the eager engine, beside micrograd's own.

make_moons (100 samples), network 2-16-16-1 with relu, hinge loss and an L2 penalty of 1e-4: forward, backward, update.
Contenders take turns in one run and each starts from the same weights; times are compared as ratios, since they drift.
Run it with ``python tests/benchmarks/eager_w1.py``; ``--rounds`` says how often each contender takes its turn.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import itertools
import math
import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable

from autograd_lite import nn
from autograd_lite.engine import Value

SIZES = [2, 16, 16, 1]
LR, PENALTY = 0.1, 1e-4
CHAIN = 1_000_000


def moons(n: int = 100, noise: float = 0.1, seed: int = 1) -> tuple[list[list[float]], list[float]]:
    """Two half circles that interlock, with labels -1 and 1."""
    rng = random.Random(seed)  # noqa: S311 - data, not secrets
    rows, labels = [], []
    for i in range(n):
        angle = math.pi * (i // 2) / (n // 2 - 1)
        x, y = (math.cos(angle), math.sin(angle)) if i % 2 else (1.0 - math.cos(angle), 0.5 - math.sin(angle))
        rows.append([x + rng.gauss(0.0, noise), y + rng.gauss(0.0, noise)])
        labels.append(1.0 if i % 2 else -1.0)
    return rows, labels


def weights(seed: int = 0) -> list[list[tuple[list[float], float]]]:
    """Weights and bias of each neuron, layer by layer."""
    rng = random.Random(seed)  # noqa: S311 - data, not secrets
    return [
        [([rng.uniform(-1.0, 1.0) for _ in range(n_in)], 0.0) for _ in range(n_out)]
        for n_in, n_out in itertools.pairwise(SIZES)
    ]


# --- The contenders: each returns a function that takes one step and returns the loss -------------------------------


def written_out(make: type) -> Callable[[], float]:
    """Every ``*`` and ``+`` is a node, as in micrograd's demo; `make` is the class of the numbers."""
    layers = [[([make(w) for w in ws], make(b)) for ws, b in layer] for layer in weights()]
    parameters = [p for layer in layers for ws, b in layer for p in (*ws, b)]
    rows, labels = moons()

    def output(row: list[float]):
        signal = [make(x) for x in row]
        for layer in layers:
            sums = [sum((w * x for w, x in zip(ws, signal, strict=True)), b) for ws, b in layer]
            signal = sums if layer is layers[-1] else [s.relu() for s in sums]
        return signal[0]

    def step() -> float:
        losses = [(1 + -label * output(row)).relu() for row, label in zip(rows, labels, strict=True)]
        return descend(sum(losses) * (1.0 / len(losses)) + PENALTY * sum(p * p for p in parameters), parameters)

    return step


def as_shipped() -> Callable[[], float]:
    """The same step with the library's own network and loss."""
    model = nn.MLP(SIZES[0], SIZES[1:])
    neurons = [neuron for layer in model.layers for neuron in layer.neurons]
    for neuron, (ws, b) in zip(neurons, [pair for layer in weights() for pair in layer], strict=True):
        for p, w in zip((*neuron.w, neuron.b), (*ws, b), strict=True):
            p.data = w
    parameters = model.parameters()
    rows, labels = moons()

    def step() -> float:
        loss = nn.hinge([model(row) for row in rows], labels)
        return descend(loss + PENALTY * nn.sum_of_squares(parameters, [0.0] * len(parameters)), parameters)

    return step


def descend(loss, parameters: list) -> float:
    """Sweep and update."""
    for p in parameters:
        p.grad = 0.0
    loss.backward()
    for p in parameters:
        p.data -= LR * p.grad
    return loss.data


def contenders() -> dict[str, Callable[[], float]]:
    """All that are installed, the one that the others are compared with first."""
    found = {}
    try:
        found["micrograd"] = written_out(importlib.import_module("micrograd.engine").Value)
    except ImportError:
        print("micrograd is not installed and is left out: pip install micrograd")
    found["Value with * and +"] = written_out(Value)
    found["nn.MLP as shipped"] = as_shipped()
    return found


# --- Measuring ------------------------------------------------------------------------------------------------------


def check(found: dict[str, Callable[[], float]], steps: int = 2) -> None:
    """Make sure that all contenders compute the same losses, before anything is timed."""
    losses = {name: [step() for _ in range(steps)] for name, step in found.items()}
    expected = next(iter(losses.values()))
    for name, given in losses.items():
        if not all(math.isclose(a, b, rel_tol=1e-9) for a, b in zip(given, expected, strict=True)):
            sys.exit(f"{name} computes the losses {given}, the first contender {expected}: nothing to compare.")
    print(f"All compute the same losses: {', '.join(f'{loss:.12g}' for loss in expected)}")


def race(found: dict[str, Callable[[], float]], rounds: int) -> None:
    """Let the contenders take turns, and print times and ratios. Each pays for collecting its own garbage."""
    times: dict[str, list[float]] = {name: [] for name in found}
    gc.collect()
    gc.freeze()  # what was imported is nobody's garbage
    for _ in range(rounds):
        for name, step in found.items():
            start = time.perf_counter()
            step()
            gc.collect()
            times[name].append(time.perf_counter() - start)
    slowest = statistics.median(next(iter(times.values())))
    print(f"\n{'one step':<22}{'min':>10}{'median':>10}{'ratio':>8}")
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"{name:<22}{min(taken) * 1e3:>7.1f} ms{median * 1e3:>7.1f} ms{slowest / median:>8.1f}")


def chain(make: type, n: int):
    """A chain of n nodes of ``*`` and ``+`` on one leaf whose numbers stay finite."""
    x = make(0.5)
    y = x
    for _ in range(n // 2):
        y = y * x
        y = y + x
    return y


def memory(make: type, n: int) -> float:
    """Bytes for each node of a chain, before and after which nothing else is kept."""
    gc.collect()
    tracemalloc.start()
    y = chain(make, n)
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del y
    return used / n


def long_chain() -> None:
    """Forward, backward and deletion of a million nodes, with a recursion limit of 200."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    print(f"\nrecursion limit 200\n{'chain, per node':<22}{'forward':>10}{'backward':>10}{'deletion':>10}")
    for n in (10_000, CHAIN):
        marks = [time.perf_counter()]
        y = chain(Value, n)
        marks.append(time.perf_counter())
        y.backward()
        marks.append(time.perf_counter())
        del y
        marks.append(time.perf_counter())
        print(f"{n:>13,} nodes   " + "".join(f"{(b - a) / n * 1e9:>7.0f} ns" for a, b in itertools.pairwise(marks)))
    sys.setrecursionlimit(limit)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="turns of each contender")
    rounds = parser.parse_args().rounds
    found = contenders()
    check(found)
    race(found, rounds)
    print(f"\n{'memory':<22}{'1,000':>10}{'10,000':>10}{'100,000 nodes':>16}")
    numbers = {"Value": Value}
    if "micrograd" in found:
        numbers["micrograd"] = importlib.import_module("micrograd.engine").Value
    for name, make in numbers.items():
        sizes = (1_000, 10_000) if name == "micrograd" else (1_000, 10_000, 100_000)
        print(f"{name:<22}" + "".join(f"{memory(make, n):>8.0f} B" for n in sizes))
    long_chain()


if __name__ == "__main__":
    main()

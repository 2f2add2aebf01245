"""How compiled programs scale: width, depth and batch of a network, a large network, and a graph without pattern.

NumPy runs the same backprop written by hand with matrices. The last table is the worst case for grouping: random
expressions of mixed ops, where no two scalars are computed alike. One thread each.
Run it with ``python tests/benchmarks/compiled_scaling.py``; ``--large`` adds the network 784-128-10.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import argparse
import random
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import timing

import autograd_lite as ag
from autograd_lite import nn

OURS, BY_HAND = "autograd_lite, compiled scalars", "NumPy, by hand"


def contenders(sizes: list[int], rows: int) -> tuple[dict[str, Callable[[], Any]], float, Any]:
    """The gradient of a relu network with squared error, ours and by hand, and the seconds that compiling took."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(rows, sizes[0])), rng.normal(size=(rows, sizes[-1]))
    model = nn.MLP(sizes[0], sizes[1:], activation="relu", seed=0)
    parameters = model.parameters()

    def sample(x: Any, y: Any) -> Any:
        output = model(x)
        outputs = output if isinstance(output, list) else [output]
        return ag.fsum([(o - t) ** 2 for o, t in zip(outputs, y, strict=True)])

    fast = ag.compile(ag.value_and_grad(ag.batch_mean(sample, batch=(0, 1)), wrt=parameters))
    step = fast.step(parameters)
    flat = np.array([p.data for p in parameters])
    start = time.perf_counter()
    ours = step(flat, X, Y)
    seconds = time.perf_counter() - start
    weights = [np.array([[w.data for w in n.w] for n in layer.neurons]) for layer in model.layers]
    biases = [np.array([n.b.data for n in layer.neurons]) for layer in model.layers]

    def by_hand() -> np.ndarray:
        signals = [X]
        for k, (W, b) in enumerate(zip(weights, biases, strict=True)):
            z = signals[-1] @ W.T + b
            signals.append(np.maximum(z, 0.0) if k < len(weights) - 1 else z)
        d = 2.0 * (signals[-1] - Y) / rows
        slopes: list[np.ndarray] = []
        for k in reversed(range(len(weights))):
            slopes.insert(0, np.column_stack([d.T @ signals[k], d.sum(axis=0)]))
            if k:
                d = (d @ weights[k]) * (signals[k] > 0.0)
        value = ((signals[-1] - Y) ** 2).sum() / rows
        return np.concatenate([[value], *[s.ravel() for s in slopes]])

    np.testing.assert_allclose(ours, by_hand(), rtol=1e-9, atol=1e-12)
    return {OURS: lambda: step(flat, X, Y), BY_HAND: by_hand}, seconds, fast


def networks(rounds: int, shapes: list[tuple[list[int], int]]) -> None:
    print(f"{'network':28}{'rows':>6}{'ours':>11}{'by hand':>11}{'ratio':>8}{'compiling':>11}{'groups':>8}{'calls':>7}")
    for sizes, rows in shapes:
        calls, seconds, fast = contenders(sizes, rows)
        times = timing.interleaved(calls, rounds, 0.05)
        ours, hand = (sorted(times[name])[rounds // 2] * 1e6 for name in (OURS, BY_HAND))
        program = fast.program
        print(
            f"{'-'.join(map(str, sizes)):28}{rows:6}{ours:8.1f} us{hand:8.1f} us{ours / hand:7.2f}x{seconds:9.3f} s"
            f"{program.groups:8}{program.array_calls:7}"
        )


def irregular(size: int, seed: int) -> Callable[[Any], Any]:
    """A random expression: each node an op on two earlier ones, no two alike."""
    ops = [
        lambda a, b: a * b,
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: ag.sin(a) + b,
        lambda a, b: ag.tanh(a) * b,
        lambda a, b: a / (2.0 + ag.square(b)),
        lambda a, b: ag.softplus(a - b),
    ]

    def f(x: Any) -> Any:
        rng = random.Random(seed)  # noqa: S311 - a benchmark, not secrets
        nodes = list(x)
        for _ in range(size):
            a, b = rng.choice(nodes), rng.choice(nodes)
            nodes.append(ag.tanh(rng.choice(ops)(a, b)))
        return ag.fsum(nodes)

    return f


def graphs_without_pattern(rounds: int) -> None:
    print(
        f"\n{'random expression':28}{'compiled':>12}{'eager':>12}{'ratio':>8}{'compiling':>11}{'groups':>8}{'calls':>7}"
    )
    for size in (30, 300, 3000):
        x = np.linspace(-1.0, 1.0, 10)
        f = ag.value_and_grad(irregular(size, seed=1))
        fast = ag.compile(f)
        start = time.perf_counter()
        value, slopes = fast(x)
        seconds = time.perf_counter() - start
        expected, expected_slopes = f(x)
        np.testing.assert_allclose(value, expected, rtol=1e-9)
        np.testing.assert_allclose(slopes, expected_slopes, rtol=1e-6, atol=1e-9)
        calls = {"compiled": lambda fast=fast, x=x: fast(x), "eager": lambda f=f, x=x: f(x)}
        times = timing.interleaved(calls, rounds, 0.05)
        ours, eager = (sorted(times[name])[rounds // 2] * 1e6 for name in ("compiled", "eager"))
        program = fast.program
        print(
            f"{f'{size} ops':28}{ours:9.1f} us{eager:9.1f} us{ours / eager:7.3f}x{seconds:9.3f} s"
            f"{program.groups:8}{program.array_calls:7}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--large", action="store_true", help="also 784-128-10, which takes seconds to compile")
    args = parser.parse_args()
    shapes = [([2, width, width, 1], 100) for width in (4, 16, 64)]
    shapes += [([2, *[16] * depth, 1], 100) for depth in (1, 4, 8)]
    shapes += [([2, 16, 16, 1], rows) for rows in (1, 10, 1000)]
    networks(args.rounds, shapes + ([([784, 128, 10], 32)] if args.large else []))
    graphs_without_pattern(args.rounds)
    print(f"\nlargest memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")


if __name__ == "__main__":
    main()

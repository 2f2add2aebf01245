"""One training step of a small GPT, written in scalars, in the eager engine and in a class of thirty lines.

27 tokens, width 16, 4 heads, 1 layer, context 16, RMS norm, relu: 4,192 parameters; forward over the letters of a name,
backward, and no update. The contender is the smallest engine that can do it, as courses build it: a node keeps its
operands and its local slopes, and sweeps by a recursive topological sort. Both run with the collector as it comes;
times are those of the processor.
Run it with ``python tests/benchmarks/eager_gpt.py``; ``--rounds`` says how often each contender takes its turn.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import math
import random
import statistics
import sys
import time
from collections.abc import Callable

from autograd_lite import nn
from autograd_lite.engine import Value

TOKENS, WIDTH, HEADS, CONTEXT = 27, 16, 4, 16
NAME = [0, 13, 1, 18, 9, 1, 20, 9, 0]  # a token begins and ends a name


class Thirty:
    """The contender: number, gradient, operands, local slopes."""

    __slots__ = ("data", "grad", "operands", "slopes")

    def __init__(self, data, operands=(), slopes=()):
        self.data = data
        self.grad = 0
        self.operands = operands
        self.slopes = slopes

    def __add__(self, other):
        other = other if isinstance(other, Thirty) else Thirty(other)
        return Thirty(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        other = other if isinstance(other, Thirty) else Thirty(other)
        return Thirty(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, power):
        return Thirty(self.data**power, (self,), (power * self.data ** (power - 1),))

    def log(self):
        return Thirty(math.log(self.data), (self,), (1 / self.data,))

    def exp(self):
        y = math.exp(self.data)
        return Thirty(y, (self,), (y,))

    def relu(self):
        return Thirty(max(0, self.data), (self,), (float(self.data > 0),))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (-other)

    def __truediv__(self, other):
        return self * other**-1

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        order, seen = [], set()

        def visit(v):
            if v not in seen:
                seen.add(v)
                for u in v.operands:
                    visit(u)
                order.append(v)

        visit(self)
        self.grad = 1
        for v in reversed(order):
            for u, slope in zip(v.operands, v.slopes, strict=False):
                u.grad += slope * v.grad


# --- The model ------------------------------------------------------------------------------------------------------


def parameters(make: type, seed: int = 0) -> dict[str, list[list]]:
    """The weights, matrix by matrix."""
    rng = random.Random(seed)  # noqa: S311 - data, not secrets
    shapes = {"token": (TOKENS, WIDTH), "position": (CONTEXT, WIDTH), "head": (TOKENS, WIDTH)}
    shapes |= dict.fromkeys(("query", "key", "value", "output"), (WIDTH, WIDTH))
    shapes |= {"wide": (4 * WIDTH, WIDTH), "narrow": (WIDTH, 4 * WIDTH)}
    return {name: [[make(rng.gauss(0.0, 0.08)) for _ in range(n)] for _ in range(m)] for name, (m, n) in shapes.items()}


def linear(x, w):
    return [sum(w_i * x_i for w_i, x_i in zip(row, x, strict=True)) for row in w]


def normed(x):
    mean = sum(x_i * x_i for x_i in x) * (1.0 / len(x))
    scale = (mean + 1e-5) ** -0.5
    return [x_i * scale for x_i in x]


def softmax(z):
    top = max(z_i.data for z_i in z)
    terms = [(z_i - top).exp() for z_i in z]
    total = sum(terms)
    return [term / total for term in terms]


def attention(x, keys, values, p):
    """Causal attention of the last position, head by head."""
    query = linear(x, p["query"])
    keys.append(linear(x, p["key"]))
    values.append(linear(x, p["value"]))
    size, found = WIDTH // HEADS, []
    for h in range(0, WIDTH, size):
        q = query[h : h + size]
        scores = [sum(a * b for a, b in zip(q, k[h : h + size], strict=True)) * size**-0.5 for k in keys]
        shares = softmax(scores)
        found += [sum(s * v[h + j] for s, v in zip(shares, values, strict=True)) for j in range(size)]
    return linear(found, p["output"])


def logits(token, position, keys, values, p):
    x = normed([t + q for t, q in zip(p["token"][token], p["position"][position], strict=True)])
    x = [a + b for a, b in zip(x, attention(normed(x), keys, values, p), strict=True)]
    hidden = [z.relu() for z in linear(normed(x), p["wide"])]
    x = [a + b for a, b in zip(x, linear(hidden, p["narrow"]), strict=True)]
    return linear(x, p["head"])


def loss_of(name: list[int], p):
    """Mean cross-entropy of each next token."""
    keys, values, losses = [], [], []
    for position, (token, target) in enumerate(itertools.pairwise(name)):
        losses.append(-softmax(logits(token, position, keys, values, p))[target].log())
    return sum(losses) * (1.0 / len(losses))


def gpt(make: type) -> Callable[[], float]:
    """A step: forward and backward; returns the loss and a check sum of the gradient."""
    p = parameters(make)
    flat = [w for matrix in p.values() for row in matrix for w in row]

    def step() -> tuple[float, float]:
        for w in flat:
            w.grad = 0.0
        loss = loss_of(NAME, p)
        loss.backward()
        return loss.data, math.fsum(w.grad * ((i % 7) - 3.0) for i, w in enumerate(flat))

    return step


def network(model) -> Callable[[], float]:
    """The same of a network 16-16-16-1 on eight samples."""
    rng = random.Random(1)  # noqa: S311 - data, not secrets
    rows = [[rng.uniform(-1.0, 1.0) for _ in range(16)] for _ in range(8)]
    weights = random.Random(2)  # noqa: S311
    ps = model.parameters()
    for w in ps:
        w.data = weights.uniform(-0.5, 0.5)

    def step() -> tuple[float, float]:
        for w in ps:
            w.grad = 0.0
        loss = sum((model(row) - 0.5) ** 2 for row in rows)
        loss.backward()
        return loss.data, math.fsum(w.grad for w in ps)

    return step


class ThirtyMLP:
    """A network of the contender's numbers."""

    def __init__(self, n: int, sizes: list[int]) -> None:
        self.layers = []
        for m in sizes:
            self.layers.append([([Thirty(0.0) for _ in range(n)], Thirty(0.0)) for _ in range(m)])
            n = m

    def parameters(self) -> list[Thirty]:
        return [p for layer in self.layers for ws, b in layer for p in (*ws, b)]

    def __call__(self, x):
        for layer in self.layers:
            x = [sum((w_i * x_i for w_i, x_i in zip(ws, x, strict=True)), b) for ws, b in layer]
            x = x if layer is self.layers[-1] else [z.relu() for z in x]
        return x[0]


def contenders() -> dict[str, dict[str, Callable[[], float]]]:
    """By workload, the contender first."""
    return {
        "GPT step": {"thirty lines": gpt(Thirty), "Value": gpt(Value)},
        "MLP 16-16-16-1": {
            "thirty lines": network(ThirtyMLP(16, [16, 16, 1])),
            "nn.MLP": network(nn.MLP(16, [16, 16, 1], activation="relu")),
        },
    }


def check(found: dict[str, Callable[[], float]]) -> None:
    """Make sure that all contenders compute the same loss and gradient, before anything is timed."""
    (first, expected), *others = [(name, step()) for name, step in found.items()]
    for name, given in others:
        if not all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) for a, b in zip(given, expected, strict=True)):
            sys.exit(f"{name} computes {given}, {first} {expected}: nothing to compare.")


def race(found: dict[str, Callable[[], float]], rounds: int) -> None:
    """Let the contenders take turns, and print times and ratios."""
    times: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(rounds):
        for name, step in found.items():
            gc.collect()  # of what the others left; what a step leaves it pays for itself
            start = time.process_time()
            step()
            times[name].append(time.process_time() - start)
    base = next(iter(times.values()))
    for name, taken in times.items():
        ratios = f"{min(base) / min(taken):>8.2f}{statistics.median(base) / statistics.median(taken):>8.2f}"
        print(f"  {name:<16}{min(taken) * 1e3:>8.1f} ms{statistics.median(taken) * 1e3:>8.1f} ms{ratios}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="turns of each contender")
    rounds = parser.parse_args().rounds
    print(f"{'':<18}{'min':>11}{'median':>11}{'times as fast (min, median)':>30}")
    for name, found in contenders().items():
        check(found)
        print(name)
        race(found, rounds)


if __name__ == "__main__":
    main()

"""Some fifty functions of numbers, from one operation to some thousand: what people write who have no batch."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_lite as ag
from autograd_lite import nn

__all__ = ["PROGRAMS"]

Made = tuple[Callable[..., Any], tuple[Any, ...]]
rng = np.random.default_rng(0)


def rosenbrock(x: Any) -> Any:
    return ag.fsum([100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1)])


def chained(x: Any) -> Any:
    return sum(100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1))


def quadratic(x: Any, A: Any) -> Any:
    return ag.sumprod(list(x), [ag.sumprod(list(row), list(x)) for row in A])


def softmax_loss(z: Any) -> Any:
    return ag.logsumexp(list(z)) - z[0]


def lotka_volterra(state: Any, steps: int) -> Any:
    x, y = state
    for _ in range(steps):
        x, y = x + 0.01 * (1.1 * x - 0.4 * x * y), y + 0.01 * (0.1 * x * y - 0.4 * y)
    return x + y


def bodies(q: Any) -> Any:
    n, total = len(q) // 2, 0.0
    for i in range(n):
        for j in range(i):
            dx, dy = q[2 * i] - q[2 * j], q[2 * i + 1] - q[2 * j + 1]
            total = total - 1.0 / ag.sqrt(dx * dx + dy * dy + 0.01)
    return total


def black_scholes(spot: Any, strike: Any, years: Any, rate: Any, sigma: Any) -> Any:
    d1 = (ag.log(spot / strike) + (rate + sigma**2 / 2.0) * years) / (sigma * ag.sqrt(years))
    d2 = d1 - sigma * ag.sqrt(years)
    return spot * ag.normal_cdf(d1) - strike * ag.exp(-rate * years) * ag.normal_cdf(d2)


def attention(q: Any, k: Any, v: Any) -> Any:
    rows = []
    for row in q:
        scores = [ag.sumprod(list(row), list(other)) / 2.0 for other in k]
        total = ag.logsumexp(scores)
        weights = [ag.exp(s - total) for s in scores]
        rows += [ag.sumprod(weights, [line[j] for line in v]) for j in range(len(v[0]))]
    return ag.fsum([r * r for r in rows])


def horner(x: Any, degree: int) -> Any:
    total = 1.0
    for k in range(degree):
        total = total * x + 1.0 / (k + 1.0)
    return total


def kepler(mean_anomaly: Any, eccentricity: Any) -> Any:
    e = mean_anomaly
    for _ in range(8):
        e = e - (e - eccentricity * ag.sin(e) - mean_anomaly) / (1.0 - eccentricity * ag.cos(e))
    return e


def swing(u: Any) -> Any:
    angle, speed, cost = 3.14, 0.0, 0.0
    for torque in u:
        speed = speed + 0.05 * (9.8 * ag.sin(angle) + torque)
        angle = angle + 0.05 * speed
        cost = cost + angle * angle + 0.1 * speed * speed + 0.01 * torque * torque
    return cost


def springs(x: Any) -> Any:
    return ag.fsum([0.5 * (x[i + 1] - x[i] - 1.0) ** 2 + ag.cos(x[i]) for i in range(len(x) - 1)])


def fft_power(x: Any) -> Any:
    def fft(re: list[Any], im: list[Any]) -> tuple[list[Any], list[Any]]:
        n = len(re)
        if n == 1:
            return re, im
        (er, ei), (odd_r, odd_i) = fft(re[::2], im[::2]), fft(re[1::2], im[1::2])
        turns = [(math.cos(2.0 * math.pi * k / n), -math.sin(2.0 * math.pi * k / n)) for k in range(n // 2)]
        tr = [c * a - s * b for (c, s), a, b in zip(turns, odd_r, odd_i, strict=True)]
        ti = [c * b + s * a for (c, s), a, b in zip(turns, odd_r, odd_i, strict=True)]
        first = [a + b for a, b in zip(er, tr, strict=True)], [a + b for a, b in zip(ei, ti, strict=True)]
        last = [a - b for a, b in zip(er, tr, strict=True)], [a - b for a, b in zip(ei, ti, strict=True)]
        return first[0] + last[0], first[1] + last[1]

    re, im = fft(list(x), [0.0] * len(x))
    return ag.fsum([ag.sqrt(a * a + b * b + 1.0) for a, b in zip(re, im, strict=True)])


def unlike(count: int) -> Callable[[Any], Any]:
    """A random expression of so many operations, no two alike."""
    choose = random.Random(count)  # noqa: S311 - an example
    unary = [ag.sin, ag.cos, ag.tanh, ag.exp, ag.sqrt, ag.arctan]
    steps = [(choose.randrange(9), choose.randrange(10**6), choose.randrange(10**6)) for _ in range(count)]

    def f(x: Any) -> Any:
        found = list(x)
        for kind, i, j in steps:
            a, b = found[-1 - i % min(len(found), 12)], found[-1 - j % min(len(found), 12)]
            if kind < 6:
                a = a * 0.5 if kind != 4 else a * a + 0.3
                found.append(unary[kind](ag.sin(a) if kind == 3 else a))
            else:
                found.append([a + b, a * b, a - 0.7 * b][kind - 6])
        return found[-1]

    return f


def single_sample(sizes: list[int]) -> Made:
    model = nn.MLP(sizes[0], sizes[1:], activation="tanh", seed=0)
    return ag.value_and_grad(lambda x: model(list(x)) ** 2, wrt=model.parameters()), (np.ones(sizes[0]),)


def line(n: int) -> Any:
    return np.linspace(-1.0, 2.0, n)


G = ag.value_and_grad
PROGRAMS: dict[str, Made] = {
    "one sine": (ag.sin, (0.3,)),
    "a product of two": (G(lambda x, y: x * y), (2.0, 3.0)),
    "Himmelblau": (G(lambda x: (x[0] ** 2 + x[1] - 11.0) ** 2 + (x[0] + x[1] ** 2 - 7.0) ** 2), ([1.0, 2.0],)),
    "Himmelblau, Hessian": (
        ag.hessian(lambda x: (x[0] ** 2 + x[1] - 11.0) ** 2 + (x[0] + x[1] ** 2 - 7.0) ** 2),
        ([1.0, 2.0],),
    ),
    **{f"Rosenbrock {n}": (G(rosenbrock), (line(n),)) for n in (2, 5, 10, 20, 40, 100, 300)},
    **{f"Rosenbrock {n}, chain of +": (G(chained), (line(n),)) for n in (10, 50)},
    **{f"Rosenbrock {n}, Hessian": (ag.hessian(rosenbrock), (line(n),)) for n in (4, 10)},
    **{f"quadratic form {n}": (G(quadratic), (line(n), rng.normal(size=(n, n)))) for n in (3, 8, 16)},
    **{f"softmax loss {n}": (G(softmax_loss), (line(n),)) for n in (3, 10, 50)},
    **{f"Lotka-Volterra {n} steps": (G(lambda s, n=n: lotka_volterra(s, n)), ([10.0, 5.0],)) for n in (3, 20, 100)},
    **{f"{n} bodies": (G(bodies), (rng.normal(size=2 * n),)) for n in (3, 6, 12)},
    "Black-Scholes": (G(black_scholes, argnums=(0, 1, 2, 3, 4)), (100.0, 105.0, 0.5, 0.01, 0.2)),
    "Black-Scholes, Hessian": (ag.hessian(lambda p: black_scholes(*p)), ([100.0, 105.0, 0.5, 0.01, 0.2],)),
    **{f"attention {n}x{n}": (G(attention, argnums=(0, 1, 2)), tuple(rng.normal(size=(3, n, n)))) for n in (2, 4)},
    **{f"polynomial of degree {n}": (G(lambda x, n=n: horner(x, n)), (0.7,)) for n in (5, 60)},
    "Kepler's equation": (G(kepler, argnums=(0, 1)), (1.0, 0.3)),
    **{f"swing-up {n} steps": (G(swing), (0.1 * line(n),)) for n in (5, 30, 100)},
    **{f"{n} springs": (G(springs), (line(n),)) for n in (6, 20, 60)},
    **{f"FFT {n}": (G(fft_power), (line(n),)) for n in (8, 32)},
    **{f"{n} unlike operations": (G(unlike(n)), ([0.3, 0.8],)) for n in (20, 100, 400)},
    "network 2-3-1, a sample": single_sample([2, 3, 1]),
    "network 4-16-16-1, a sample": single_sample([4, 16, 16, 1]),
    **{f"{n} sines": (G(lambda x: ag.fsum([ag.sin(v) * v for v in x])), (line(n),)) for n in (5, 15, 50)},
    "largest of 20": (G(lambda x: ag.maximum(*x)), (line(20),)),
    "a choice for each of 12": (G(lambda x: ag.fsum([ag.where(v > 0.0, v * v, -v) for v in x])), (line(12),)),
}
"""By name: a function, and the arguments of a call."""

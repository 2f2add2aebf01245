"""Scalar programs made of functions, as users write them, for the tests of calls."""

from __future__ import annotations

import autograd_lite as ag


def linear(x, w):
    return [sum(w_i * x_i for w_i, x_i in zip(row, x, strict=True)) for row in w]


def softmax(z):
    terms = [z_i.exp() for z_i in z]
    total = sum(terms)
    return [term / total for term in terms]


def block(x, w):
    return softmax(linear(x, w))


def program(x, w, turns=3):
    """A function of two numbers and four weights, of some blocks."""
    for _ in range(turns):
        x = block(x, w)
    return -x[0].log()


def recurrent(x, w, b):
    """A loop of `scan`, whose body calls a function, with a loop of `repeat` behind it."""

    def step(h, x_t):
        h = activated(h * w + x_t, b)
        return h, h

    h, hs = ag.scan(step, b * 0.0, x)
    return ag.repeat(lambda y: y * y + ag.fsum(list(hs)), h, 2)


def activated(z, b):
    return ag.tanh(z + b)


def by_lines(x):
    """Lines that run several times, and many scalars on a line."""
    for _ in range(3):
        x = [(a * b).tanh() for a in x for b in x][:3]
        x = [activated(a, 0.5) for a in x]
    return sum(x)


X, W = [0.5, -1.0], [[0.1, 0.2], [0.3, -0.4]]
WIDE = [0.5, -1.0, 0.3, 0.1], [[0.1 * i - 0.2 * j for j in range(4)] for i in range(4)]
PROGRAMS = {
    "blocks": (program, (X, W)),
    "wide": (program, (*WIDE, 2)),
    "recurrent": (recurrent, ([0.5, -0.3, 0.2], 0.7, 0.1)),
    "lines": (by_lines, ([1.0, 2.0, 3.0],)),
}

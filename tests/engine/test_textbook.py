"""Each op against its definition in a textbook, in 60 digits of mpmath: values, slopes and second derivatives.

The laws hold a row against itself in exact arithmetic; here it is held against formulas written down independently
(Abramowitz & Stegun 1964 for the functions; Bishop 2006 for the sigmoid and softmax; Hendrycks & Gimpel 2016 for gelu).
"""

from __future__ import annotations

import math

import mpmath as mp
import pytest
from hypothesis import assume, given, settings

import autograd_lite as ag
from autograd_lite import TABLE, Value
from tests.support import laws

DIGITS = 60
DEFINITIONS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda x: -x,
    "pow": mp.power,
    "square": lambda x: x**2,
    "sqrt": mp.sqrt,
    "remainder": lambda a, b: a - b * mp.floor(a / b),
    "abs": abs,
    "sign": mp.sign,
    "floor": mp.floor,
    "identity": lambda x: x,
    "maximum": lambda *xs: max(xs),
    "minimum": lambda *xs: min(xs),
    "exp": mp.exp,
    "expm1": lambda x: mp.exp(x) - 1,
    "log": mp.log,
    "log1p": lambda x: mp.log(1 + x),
    "log2": lambda x: mp.log(x) / mp.log(2),
    "log10": lambda x: mp.log(x) / mp.log(10),
    "exp_difference": lambda a, b: mp.exp(a) / mp.exp(b),
    "expterm": lambda c, x: c * mp.exp(x),
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": lambda x: mp.sin(x) / mp.cos(x),
    "arcsin": mp.asin,
    "arccos": mp.acos,
    "arctan": mp.atan,
    "arctan2": mp.atan2,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "sinh": lambda x: (mp.exp(x) - mp.exp(-x)) / 2,
    "cosh": lambda x: (mp.exp(x) + mp.exp(-x)) / 2,
    "tanh": lambda x: (mp.exp(x) - mp.exp(-x)) / (mp.exp(x) + mp.exp(-x)),
    "arcsinh": lambda x: mp.log(x + mp.sqrt(x**2 + 1)),
    "arccosh": lambda x: mp.log(x + mp.sqrt(x**2 - 1)),
    "arctanh": lambda x: mp.log((1 + x) / (1 - x)) / 2,
    "gauss": lambda x: mp.exp(-(x**2)),
    "erf": mp.erf,
    "erfc": lambda x: 1 - mp.erf(x),
    "normal_pdf": mp.npdf,
    "normal_cdf": mp.ncdf,
    "logsigmoid": lambda x: -mp.log(1 + mp.exp(-x)),
    "softplus": lambda x: mp.log(1 + mp.exp(x)),
    "relu": lambda x: max(x, 0),
    "leaky_relu": lambda x, slope: x if x > 0 else slope * x,
    "elu": lambda x, alpha: x if x > 0 else alpha * (mp.exp(x) - 1),
    "gelu": lambda x: x * mp.ncdf(x),
    "silu": lambda x: x / (1 + mp.exp(-x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "fsum": lambda *xs: mp.fsum(xs),
    "mean": lambda *xs: mp.fsum(xs) / len(xs),
    "hypot": lambda *xs: mp.sqrt(mp.fsum(x**2 for x in xs)),
    "logsumexp": lambda *xs: mp.log(mp.fsum(map(mp.exp, xs))),
    "powterm": lambda c, a, b, k: c * mp.power(a, b - k),
}


def slope(f, data, i, order=1):
    """A derivative of a definition by one operand, by mpmath's central differences in 60 digits."""
    return mp.diff(lambda t: f(*data[:i], t, *data[i + 1 :]), data[i], order)


def along(name, check):
    op = TABLE[name]

    @settings(max_examples=12)
    @given(laws.points(laws.intervals_of(op), many=op.many, ordinary=True))
    def at(data):
        assume(op.smooth(*data) and math.isfinite(op.number(data)))
        with mp.workdps(DIGITS):
            check([mp.mpf(x) for x in data], data)

    at()


@pytest.mark.parametrize("name", DEFINITIONS)
def test_value_and_slopes_are_those_of_the_definition(name):
    op, f = TABLE[name], DEFINITIONS[name]

    def check(exact, data):
        y, slopes = op.evaluate(data, [True] * len(data))
        scale = max(1.0, abs(y), *map(abs, slopes))
        assert abs(y - f(*exact)) <= 1e-14 * scale
        for i, ours in enumerate(slopes):
            assert abs(ours - slope(f, exact, i)) <= 1e-13 * scale

    along(name, check)


@pytest.mark.parametrize("name", [n for n in DEFINITIONS if not TABLE[n].piecewise_constant and n != "remainder"])
def test_second_derivatives_are_those_of_the_definition(name):
    op, f = TABLE[name], DEFINITIONS[name]

    def check(exact, data):
        nodes = [Value(x) for x in data]
        slopes = ag.gradients(laws.applied(op, nodes), nodes, create_graph=True)
        for i, (v, s) in enumerate(zip(nodes, slopes, strict=True)):
            truth = slope(f, exact, i, 2)
            assert abs(ag.gradients(s, v) - truth) <= 1e-10 * max(1, abs(truth), abs(s.data))

    along(name, check)


def test_softmax_is_its_definition():
    xs = [0.3, -1.2, 2.5]
    with mp.workdps(DIGITS):
        total = mp.fsum(mp.exp(x) for x in xs)
        assert all(abs(p - mp.exp(x) / total) < 1e-16 for p, x in zip(ag.softmax(xs), xs, strict=True))
        assert all(abs(p - mp.log(mp.exp(x) / total)) < 1e-15 for p, x in zip(ag.log_softmax(xs), xs, strict=True))

"""The error function and the normal distribution piece by piece, with both ends of each piece, against Arb."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import TABLE, special
from autograd_lite.namespaces import arrays
from tests.support.oracle import ulps

BOUNDS = [0.0, *(bound for bound, _ in special.PIECES)]


def grid():
    """40 points in each piece, its ends, and their neighbours; with both signs."""
    found = {5e-324, 1e-300, 1e-8, 5.9, 26.5, 27.2, 37.5, 38.5, 39.9, 1e3, 1e308}
    for low, high in zip(BOUNDS[:-1], [*BOUNDS[1:-1], 40.0], strict=True):
        found.update((low + (high - low) * np.linspace(0.0, 1.0, 41)).tolist())
        found.update(math.nextafter(x, toward) for x in (low, high) for toward in (-math.inf, math.inf))
    sizes = sorted(abs(x) for x in found)
    return [-x for x in reversed(sizes)] + sizes


def halved(x):
    return x / arb(2).sqrt()


TRUTHS = {
    "erf": lambda x: x.erf(),
    "erfc": lambda x: x.erfc(),
    "gauss": lambda x: (-(x * x)).exp(),
    "normal_pdf": lambda x: (-(x * x) / 2).exp() / (2 * arb.pi()).sqrt(),
    "normal_cdf": lambda x: (-halved(x)).erfc() / 2,
}


@pytest.mark.parametrize("name", TRUTHS)
def test_every_piece_is_right_to_two_units_in_the_last_place(name):
    xs = grid()
    with np.errstate(under="ignore"):
        by_array = getattr(arrays, name)(np.array(xs)).tolist()
    bits, ctx.prec = ctx.prec, 300
    try:
        truths = [TRUTHS[name](arb(x)) for x in xs]
    finally:
        ctx.prec = bits
    for x, truth, y in zip(xs, truths, by_array, strict=True):
        assert ulps(TABLE[name].number([x]), truth) <= 2, f"{name}({x})"
        assert ulps(y, truth) <= 2, f"{name}({x}) on arrays"


@pytest.mark.parametrize(
    ("name", "at", "value"),
    [
        ("erfc", math.inf, 0.0),
        ("erfc", -math.inf, 2.0),
        ("erfc", math.nan, math.nan),
        ("erfc", -0.0, 1.0),
        ("erf", math.inf, 1.0),
        ("erf", -math.inf, -1.0),
        ("erf", math.nan, math.nan),
        ("erf", -0.0, -0.0),
        ("gauss", -math.inf, 0.0),
        ("gauss", math.nan, math.nan),
        ("normal_pdf", math.inf, 0.0),
        ("normal_pdf", math.nan, math.nan),
        ("normal_cdf", math.inf, 1.0),
        ("normal_cdf", -math.inf, 0.0),
        ("normal_cdf", math.nan, math.nan),
    ],
)
def test_ends_of_the_line(name, at, value):
    on_arrays = getattr(arrays, name)
    for y in (TABLE[name].number([at]), on_arrays(np.array([at, 0.5]))[0], on_arrays(np.float64(at))):
        assert repr(float(y)) == repr(value)


MANTISSAS = st.integers(2**52, 2**53 - 1).map(lambda n: math.ldexp(n, -50)) | st.floats(0.5, 40.0)


@given(MANTISSAS, MANTISSAS)
def test_what_rounding_loses_in_a_product_is_found_exactly(a, b):
    lost = Fraction(a) * Fraction(b) - Fraction(a * b)
    assert Fraction(special._product_error(a, b)) == lost
    assert Fraction(special._product_error(-a, b)) == -lost


@given(st.floats(0.0, 63.9), st.sampled_from([0.5, 1.0]))
def test_a_square_is_split_into_an_exact_part_and_a_small_rest(x, c):
    square, rest = special._split(math, x, c)
    head = Fraction(math.floor(Fraction(x) * 2**20), 2**20)
    assert Fraction(square) == Fraction(c) * head * head
    exact = Fraction(c) * Fraction(x) ** 2 - Fraction(square)
    assert abs(Fraction(rest) - exact) <= abs(exact) * Fraction(2) ** -51 + Fraction(5e-324)
    assert abs(rest) <= 2.0**-19 * max(x, 1.0)


@given(st.floats(1e-3, 1.0), st.floats(-0.4, 0.4), st.floats(2.5, 28.0))
def test_a_quotient_of_a_sum_is_rounded_once(a, share, x):
    b = a * share
    exact = (Fraction(a) + Fraction(b)) / Fraction(x)
    y = special.quotient_of_sum(a, b, x)
    assert abs(Fraction(y) - exact) <= Fraction(math.ulp(y)) * Fraction(501, 1000)


@pytest.mark.parametrize(
    ("number", "rest", "square"),
    [
        (special.ROOT_HALF, special.ROOT_HALF_REST, lambda: arb(1) / 2),
        (special.NORMAL_PEAK, special.NORMAL_PEAK_REST, lambda: 1 / (2 * arb.pi())),
    ],
)
def test_constants_in_two_floats_have_a_hundred_bits(number, rest, square):
    bits, ctx.prec = ctx.prec, 300
    try:
        assert abs(square().sqrt() - number - rest) < arb(2) ** -105
    finally:
        ctx.prec = bits

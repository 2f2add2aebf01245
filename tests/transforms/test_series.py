"""Taylor polynomials: exact coefficients, and the note's numbers about the cube and the sigmoid neuron."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import DomainError, OperandError, TaylorPolynomial, Value

DATA = list(zip([0.5, 2.5], [0.2, 0.9], strict=True))


def sigmoid_loss(w, b=-2.0):
    """Half the squared error of the sigmoid neuron on two samples, by its weight."""
    return ag.fsum([0.5 * (ag.sigmoid(w * x + b) - y) ** 2 for x, y in DATA])


def test_the_cube_about_three():
    """A-1, A-2: 27.002700090001 at 3.0001; what the orders leave is 2.700090001e-3, 9.0001e-8, 1e-12 and 0."""
    p = ag.taylor(lambda x: x**3, 3.0, order=3)
    assert p.coefficients == (27.0, 27.0, 9.0, 1.0)
    remaining = [27.002700090001 - p.truncated(k)(3.0001) for k in range(4)]
    assert remaining == pytest.approx([2.700090001e-3, 9.0001e-8, 1e-12, 0.0], abs=2e-14)
    assert str(p) == "27 + 27 (x − 3) + 9 (x − 3)² + (x − 3)³"


def test_the_sigmoid_neuron_by_its_weight():
    """A-4b: derivatives at w = -2, and the value at w = -1.5 by orders 0 to 3."""
    slopes = [ag.derivative(sigmoid_loss, order=n)(-2.0) for n in (1, 2, 3)]
    assert slopes == pytest.approx([-0.0054923192156398635, -0.0061498298524910525, -0.012613728240645586], rel=1e-13)
    p = ag.taylor(sigmoid_loss, -2.0, order=3)
    predicted = [p.truncated(k)(-1.5) for k in range(4)]
    assert predicted == pytest.approx([0.4158199010, 0.4130737414, 0.4123050127, 0.4120422267], abs=5e-11)
    assert sigmoid_loss(Value(-1.5)).data == pytest.approx(0.4119374911, abs=5e-11)


@pytest.mark.parametrize(
    ("f", "coefficient"),
    [
        (ag.exp, lambda k: 1.0 / math.factorial(k)),
        (ag.sin, lambda k: [0.0, 1.0, 0.0, -1.0][k % 4] / math.factorial(k)),
        (ag.log1p, lambda k: 0.0 if k == 0 else (-1.0) ** (k + 1) / k),
        (lambda x: 1.0 / (1.0 - x), lambda k: 1.0),
        (lambda x: ag.sqrt(1.0 + x), lambda k: math.prod((0.5 - i) / (i + 1.0) for i in range(k))),
        (ag.arctan, lambda k: 0.0 if k % 2 == 0 else (-1.0) ** (k // 2) / k),
    ],
    ids=["exp", "sin", "log1p", "geometric", "sqrt", "arctan"],
)
def test_series_at_zero_have_the_coefficients_of_the_textbooks(f, coefficient):
    p = ag.taylor(f, 0.0, order=8)
    assert p.coefficients == pytest.approx([coefficient(k) for k in range(9)], rel=1e-12, abs=1e-14)


@given(st.lists(st.integers(-9, 9).map(float), min_size=1, max_size=6), st.integers(-3, 3).map(float))
def test_the_taylor_polynomial_of_a_polynomial_is_itself(coefficients, center):
    def f(x):
        return sum((c * x**k for k, c in enumerate(coefficients)), start=0.0)

    p = ag.taylor(f, center, order=6)
    assert [p(x) for x in (-2.0, 0.0, 1.0, 4.0)] == [f(x) for x in (-2.0, 0.0, 1.0, 4.0)]


def test_a_polynomial_works_on_values_and_about_values():
    p = ag.taylor(lambda x: x**3, 3.0, order=3)
    assert ag.grad(p)(5.0) == 75.0
    about = ag.taylor(lambda x: x**3, Value(3.0), order=3)
    assert [c.data for c in about.coefficients] == [27.0, 27.0, 9.0, 1.0]
    assert str(about) == str(p)
    assert about.order == 3


@pytest.mark.parametrize(
    ("center", "coefficients", "text"),
    [
        (0.0, (0.0, 1.0, 0.0, -1.0), "x − x³"),
        (0.0, (0.0, 0.0), "0"),
        (-2.0, (1.5, -2.5), "1.5 − 2.5 (x + 2)"),
        (0.5, (-1.0, 0.0, 1 / 3), "−1 + 0.3333 (x − 0.5)²"),
        (0.0, (0.0,) * 12 + (2.0,), "2 x¹²"),
    ],
)
def test_polynomials_are_written_as_people_write_them(center, coefficients, text):
    assert str(TaylorPolynomial(center, coefficients)) == text


@pytest.mark.parametrize(
    ("x0", "order", "error"),
    [(0.0, -1, DomainError), (0.0, 171, DomainError), (0.0, 2.0, OperandError), ([0.0], 2, OperandError)],
)
def test_mistakes_are_refused(x0, order, error):
    with pytest.raises(error):
        ag.taylor(ag.exp, x0, order)

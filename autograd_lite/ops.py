r"""The op table: every op once, as data.

A row is the rule of the value, and one rule per partial. ``xp`` is the namespace in force, ``y`` the value already
computed, then come the operands by name; `definition.primitive` says what else a row may hold. The rules keep their
digits over the whole range of floats, and a partial is smooth wherever its function is: ``1 - tanh(x)**2`` is what a
textbook prints (``taught=``), but it loses every digit at x = 20, and its own slope those near 0.

At a kink of a convex or concave op the partial is the subgradient of least norm (0 for `abs` and `relu` at 0; equal
shares for the ties of `maximum`); `clip` at its bounds is the one exception. At the edge of a domain it is the
one-sided limit, infinity allowed.

References
----------
.. [1] A. Griewank and A. Walther, "Evaluating Derivatives", 2nd ed., SIAM, 2008.
.. [2] N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., SIAM, 2002.
.. [3] P. Blanchard, D. J. Higham and N. J. Higham, "Accurately computing the log-sum-exp and softmax functions",
   IMA J. Numer. Anal. 41, 2021.
"""

from __future__ import annotations

import math

from autograd_lite.definition import primitive
from autograd_lite.errors import ShapeError
from autograd_lite.namespaces import values
from autograd_lite.op import TABLE, ManyOp, ScaledOp

INF = math.inf
LN2, LN10 = math.log(2.0), math.log(10.0)
POSITIVE = (0.0, INF)
UNIT = (-1.0, 1.0)

# --- Shared by rows -------------------------------------------------------------------------------------------------


def _shares(xp, y, xs):
    """Give 1/k to each of the k operands that are equal to y, and 0 to the others."""
    ties = [xp.equal(x, y) for x in xs]
    count = xp.fsum(ties)
    return [tie / count for tie in ties]


def _log_of_base(xp, a, b):
    """Logarithm of the base of a ** b; 0 for 0 ** b with b >= 0, whose slope by b is 0."""
    return xp.log(xp.where(xp.zmul(xp.equal(a, 0.0), xp.greater_equal(b, 0.0)), 1.0, a))


def _scaled(xp, xs):
    """Largest size of a vector's numbers, and the vector divided by it, so that no square overflows; 0 at the origin.

    The size is stopped: it cancels in what is computed with it, so that it has no slope.
    """
    top = xp.stop(xp.maximum(*[xp.abs(x) for x in xs]))
    return top, [xp.zdiv(x, top) for x in xs]


def _direction(xp, xs):
    """Scale a vector to length 1, also where its length overflows; 0 at the origin."""
    _, scaled = _scaled(xp, xs)
    length = xp.hypot(*scaled)
    return [xp.zdiv(x, length) for x in scaled]


def _inversion(xp, xs):
    """Divide a vector by the square of its length; 0 at the origin."""
    top, scaled = _scaled(xp, xs)
    squares = xp.fsum([xp.square(x) for x in scaled])
    return [xp.zdiv(xp.zdiv(x, squares), top) for x in scaled]


def _softmax(xp, xs):
    """Shares exp(xi) / sum of exp(xj), shifted by the largest, whose own gradient cancels and is stopped."""
    top = xp.stop(xp.maximum(*xs))
    terms = [xp.exp_difference(x, top) for x in xs]
    total = xp.fsum(terms)
    return [term / total for term in terms]


# --- Arithmetic -----------------------------------------------------------------------------------------------------


@primitive(infix=True, symbol="+", operator="add", partials={"a": 1.0, "b": 1.0})
def add(xp, a, b):
    """Sum a + b."""
    return a + b


@primitive(infix=True, symbol="−", operator="sub", partials={"a": 1.0, "b": -1.0})
def sub(xp, a, b):
    """Difference a - b."""
    return a - b


@primitive(infix=True, symbol="×", operator="mul", partials={"a": lambda xp, y, a, b: b, "b": lambda xp, y, a, b: a})
def mul(xp, a, b):
    """Product a b."""
    return a * b


@primitive(
    infix=True,
    symbol="÷",
    operator="truediv",
    partials={"a": lambda xp, y, a, b: 1.0 / b, "b": lambda xp, y, a, b: -y / b},
    taught={"b": lambda xp, y, a, b: -a / b**2.0},
)
def div(xp, a, b):
    """Quotient a / b. The partial by b is -(a/b)/b: squaring b would overflow or vanish early."""
    return a / b


@primitive(infix=True, symbol="−", partials={"x": -1.0})
def neg(xp, x):
    """Negative -x."""
    return -x


@primitive(
    infix=True,
    symbol="^",
    operator="pow",
    partials={
        "a": lambda xp, y, a, b: xp.powterm(b, a, b, 1.0),
        "b": lambda xp, y, a, b: xp.powterm(_log_of_base(xp, a, b), a, b, 0.0),
    },
    taught={"b": lambda xp, y, a, b: y * xp.log(a)},
    domain={"a": POSITIVE},
)
def pow(xp, a, b):  # noqa: A001 - NumPy's and Python's own name
    """Power a ** b, with either or both variable; NaN where the result would be complex.

    By convention the slopes at (0, 0) are 0, and ``x ** 0`` with a constant 0 has slope 0 everywhere.
    """
    return xp.pow(a, b)


@primitive(
    partials={
        "c": lambda xp, y, c, a, b, k: xp.powterm(1.0, a, b, k),
        "a": lambda xp, y, c, a, b, k: xp.powterm(c * (b - k), a, b, k + 1.0),
        "b": lambda xp, y, c, a, b, k: xp.powterm(c * _log_of_base(xp, a, b - k), a, b, k),
        "k": lambda xp, y, c, a, b, k: -xp.powterm(c * _log_of_base(xp, a, b - k), a, b, k),
    },
    taught={
        "c": lambda xp, y, c, a, b, k: a ** (b - k),
        "b": lambda xp, y, c, a, b, k: y * xp.log(a),
        "k": lambda xp, y, c, a, b, k: -y * xp.log(a),
    },
    domain={"c": (-1e100, 1e100), "a": POSITIVE, "b": (-1000.0, 1000.0), "k": (-16.0, 16.0)},
    pretty="{c} · {a}^({b} − {k})",
    latex=r"{c} \cdot {{{a}}}^{{{b} - {k}}}",
)
def powterm(xp, c, a, b, k):
    """Term c a ** (b - k), without the rounding of b - k: the derivatives of `pow`, which are such terms again."""
    return xp.powterm(c, a, b, k)


@primitive(infix=True, symbol="x²", partials={"x": lambda xp, y, x: 2.0 * x})
def square(xp, x):
    """Square x * x."""
    return x * x


@primitive(
    symbol="√",
    partials={"x": lambda xp, y, x: 0.5 / (y + 0.0)},
    taught={"x": lambda xp, y, x: 1.0 / (2.0 * y)},
    domain={"x": POSITIVE},
    pretty="√({x})",
    latex=r"\sqrt{{{x}}}",
)
def sqrt(xp, x):
    """Square root; the slope at 0 is +inf, also at -0.0 (hence + 0.0)."""
    return xp.sqrt(x)


@primitive(
    partials={"a": 1.0, "b": lambda xp, y, a, b: -xp.floor((a / b - y / b) + 0.5)},
    taught={"b": lambda xp, y, a, b: -xp.floor(a / b)},
    smooth=lambda a, b: b != 0.0 and a % b != 0.0,
    symbol="mod",
    operator="mod",
)
def remainder(xp, a, b):
    """Remainder of a / b with the sign of b, as Python's ``a % b``."""
    return xp.remainder(a, b)


# --- Piecewise: absolute value, extremes, choices -------------------------------------------------------------------


@primitive(
    partials={"x": lambda xp, y, x: xp.sign(x)},
    smooth=lambda x: x != 0.0,
    pretty="|{x}|",
    latex=r"\left|{x}\right|",
)
def abs(xp, x):  # noqa: A001 - NumPy's and Python's own name
    """Absolute value; its slope at 0 is 0."""
    return xp.abs(x)


@primitive(partials={"x": 0.0}, smooth=lambda x: x != 0.0)
def sign(xp, x):
    """Sign: 1, -1 or 0. Piecewise constant."""
    return xp.sign(x)


@primitive(
    partials={"x": 0.0}, smooth=lambda x: x != math.floor(x), pretty="⌊{x}⌋", latex=r"\left\lfloor {x} \right\rfloor"
)
def floor(xp, x):
    """Largest integer not above x. Piecewise constant."""
    return xp.floor(x)


@primitive(partials={"x": 1.0})
def identity(xp, x):
    """The same number in a node of its own: an alias to differentiate by, or a linear activation."""
    return x


@primitive(partials={"x": 0.0})
def stop(xp, x):
    """The same number, but gradients stop here."""
    return xp.stop(x)


@primitive(partials={"a": 0.0, "b": 0.0}, pretty="[{a} > {b}]", latex=r"[{a} > {b}]")
def greater(xp, a, b):
    """1 where a > b, else 0: a condition for `where`."""
    return xp.greater(a, b)


@primitive(partials={"a": 0.0, "b": 0.0}, pretty="[{a} ≥ {b}]", latex=r"[{a} \ge {b}]")
def greater_equal(xp, a, b):
    """1 where a >= b, else 0: a condition for `where`."""
    return xp.greater_equal(a, b)


@primitive(partials={"a": 0.0, "b": 0.0}, pretty="[{a} < {b}]", latex=r"[{a} < {b}]")
def less(xp, a, b):
    """1 where a < b, else 0: a condition for `where`."""
    return xp.less(a, b)


@primitive(partials={"a": 0.0, "b": 0.0}, pretty="[{a} ≤ {b}]", latex=r"[{a} \le {b}]")
def less_equal(xp, a, b):
    """1 where a <= b, else 0: a condition for `where`."""
    return xp.less_equal(a, b)


@primitive(partials={"a": 0.0, "b": 0.0}, pretty="[{a} = {b}]", latex=r"[{a} = {b}]")
def equal(xp, a, b):
    """1 where a equals b, else 0: ``==`` on Values is identity, because nodes are keys of dictionaries."""
    return xp.equal(a, b)


@primitive(
    partials={
        "condition": 0.0,
        "a": lambda xp, y, condition, a, b: xp.where(condition, 1.0, 0.0),
        "b": lambda xp, y, condition, a, b: xp.where(condition, 0.0, 1.0),
    },
    smooth=lambda condition, a, b: condition != 0.0,
)
def where(xp, condition, a, b):
    """Choose a where the condition holds (is not 0), else b; the slope by the other branch is exactly 0."""
    return xp.where(condition, a, b)


@primitive(
    kind=ManyOp,
    symbol="max",
    partials={"xs": _shares},
    smooth=lambda *xs: len(set(xs)) == len(xs),
)
def maximum(xp, xs):
    """Largest of two or many; k equal ones share the slope: at 0, ``maximum(x, 0)`` has 0.5, unlike `relu`."""
    return xp.maximum(*xs)


@primitive(
    kind=ManyOp,
    symbol="min",
    partials={"xs": _shares},
    smooth=lambda *xs: len(set(xs)) == len(xs),
)
def minimum(xp, xs):
    """Smallest of two or many; k equal ones share the slope, 1/k each."""
    return xp.minimum(*xs)


@primitive(
    partials={
        "x": lambda xp, y, x, low, high: xp.where(xp.less(x, low), 0.0, xp.less_equal(x, high)),
        "low": lambda xp, y, x, low, high: xp.where(xp.greater(low, high), 0.0, xp.less(x, low)),
        "high": lambda xp, y, x, low, high: xp.where(xp.greater(low, high), 1.0, xp.greater(x, high)),
    },
    taught={
        "low": lambda xp, y, x, low, high: xp.less(x, low),
        "high": lambda xp, y, x, low, high: xp.greater(x, high),
    },
    smooth=lambda x, low, high: low < high and x not in (low, high),
)
def clip(xp, x, low, high):
    """Limit x to [low, high]; at a bound the slope by x is 1, so that a value on the bound can still move.

    Where low > high the result is high, as NumPy's.
    """
    return xp.minimum(xp.maximum(x, low), high)


# --- Exponentials and logarithms ------------------------------------------------------------------------------------


@primitive(partials={"x": lambda xp, y, x: y}, pretty="exp({x})", latex="e^{{{x}}}")
def exp(xp, x):
    """Exponential e^x."""
    return xp.exp(x)


@primitive(partials={"x": lambda xp, y, x: xp.exp(x)}, taught={"x": lambda xp, y, x: y + 1.0})
def expm1(xp, x):
    """e^x - 1, accurate near 0."""
    return xp.expm1(x)


@primitive(
    partials={"x": lambda xp, y, x: 1.0 / (x + 0.0)}, taught={"x": lambda xp, y, x: 1.0 / x}, domain={"x": POSITIVE}
)
def log(xp, x):
    """Natural logarithm; -inf with slope +inf at 0 (also at -0.0, hence + 0.0), NaN below."""
    return xp.log(x)


@primitive(partials={"x": lambda xp, y, x: 1.0 / (1.0 + x)}, domain={"x": (-1.0, INF)})
def log1p(xp, x):
    """log(1 + x), accurate near 0."""
    return xp.log1p(x)


@primitive(
    partials={"x": lambda xp, y, x: 1.0 / LN2 / (x + 0.0)},
    taught={"x": lambda xp, y, x: 1.0 / (x * xp.log(2.0))},
    domain={"x": POSITIVE},
    latex=r"\log_2\left({x}\right)",
)
def log2(xp, x):
    """Binary logarithm: information in bits."""
    return xp.log2(x)


@primitive(
    partials={"x": lambda xp, y, x: 1.0 / LN10 / (x + 0.0)},
    taught={"x": lambda xp, y, x: 1.0 / (x * xp.log(10.0))},
    domain={"x": POSITIVE},
    latex=r"\log_{{10}}\left({x}\right)",
)
def log10(xp, x):
    """Decimal logarithm."""
    return xp.log10(x)


@primitive(
    partials={"a": lambda xp, y, a, b: y, "b": lambda xp, y, a, b: -y},
    pretty="exp({a} − {b})",
    latex="e^{{{a} - {b}}}",
)
def exp_difference(xp, a, b):
    """exp(a - b) without the rounding of a - b; 1 where a equals b, also at infinity. The terms of a softmax."""
    return xp.exp_difference(a, b)


@primitive(
    partials={"c": lambda xp, y, c, x: xp.exp(x), "x": lambda xp, y, c, x: y},
    domain={"x": (-INF, 700.0)},
    pretty="{c} · exp({x})",
    latex=r"{c} \cdot e^{{{x}}}",
)
def expterm(xp, c, x):
    """Term c e^x, also where e^x alone would lose digits to underflow; 0 where c or e^x is 0."""
    return xp.zmul(xp.exp(xp.minimum(x + 700.0, 0.0)), xp.zmul(c, xp.exp(xp.maximum(x, -700.0))))


# --- Trigonometric --------------------------------------------------------------------------------------------------


@primitive(partials={"x": lambda xp, y, x: xp.cos(x)})
def sin(xp, x):
    """Sine of an angle in radians."""
    return xp.sin(x)


@primitive(partials={"x": lambda xp, y, x: -xp.sin(x)})
def cos(xp, x):
    """Cosine of an angle in radians."""
    return xp.cos(x)


@primitive(partials={"x": lambda xp, y, x: 1.0 + xp.square(y)}, taught={"x": lambda xp, y, x: 1.0 + y**2.0})
def tan(xp, x):
    """Tangent of an angle in radians."""
    return xp.tan(x)


@primitive(infix=True, symbol="1−x²", partials={"x": lambda xp, y, x: -2.0 * x})
def one_minus_square(xp, x):
    """1 - x**2 as (1 - x) (1 + x), accurate near -1 and 1; its own slope does not cancel near 0."""
    return (1.0 - x) * (1.0 + x)


@primitive(
    partials={"x": lambda xp, y, x: 1.0 / xp.sqrt(xp.one_minus_square(x))},
    taught={"x": lambda xp, y, x: 1.0 / xp.sqrt(1.0 - x**2.0)},
    domain={"x": UNIT},
)
def arcsin(xp, x):
    """Inverse sine, in radians; the slope at -1 and 1 is +inf."""
    return xp.arcsin(x)


@primitive(
    partials={"x": lambda xp, y, x: -1.0 / xp.sqrt(xp.one_minus_square(x))},
    taught={"x": lambda xp, y, x: -1.0 / xp.sqrt(1.0 - x**2.0)},
    domain={"x": UNIT},
)
def arccos(xp, x):
    """Inverse cosine, in radians; the slope at -1 and 1 is -inf."""
    return xp.arccos(x)


@primitive(
    partials={"x": lambda xp, y, x: 1.0 / xp.hypot(1.0, x) / xp.hypot(1.0, x)},
    taught={"x": lambda xp, y, x: 1.0 / (1.0 + x**2.0)},
)
def arctan(xp, x):
    """Inverse tangent, in radians; the slope goes through hypot because squaring x would overflow."""
    return xp.arctan(x)


@primitive(
    partials={
        "y": lambda xp, angle, y, x: _inversion(xp, [y, x])[1],
        "x": lambda xp, angle, y, x: -_inversion(xp, [y, x])[0],
    },
    taught={
        "y": lambda xp, angle, y, x: x / (x**2.0 + y**2.0),
        "x": lambda xp, angle, y, x: -y / (x**2.0 + y**2.0),
    },
    smooth=lambda y, x: not (y == 0.0 and x <= 0.0),
)
def arctan2(xp, y, x):
    """Angle of the point (x, y), in radians, in [-pi, pi]; slopes 0 at the origin."""
    return xp.arctan2(y, x)


# --- Hyperbolic, and the sigmoid ------------------------------------------------------------------------------------


@primitive(partials={"x": lambda xp, y, x: -y * xp.tanh(0.5 * x)})
def logistic_pdf(xp, x):
    """Density of the logistic distribution, 1 / (4 cosh(x/2)**2): the slope of the sigmoid, without cancellation."""
    e = xp.exp(-xp.abs(x))
    return e / (1.0 + e) / (1.0 + e)


@primitive(
    kind=ScaledOp,
    symbol="σ",
    partials={"x": lambda xp, y, x: xp.logistic_pdf(x)},
    taught={"x": lambda xp, y, x: y * (1.0 - y)},
)
def sigmoid(xp, x):
    """Logistic sigmoid 1 / (1 + exp(-x)), or of beta x.

    The slope y (1 - y) is computed as `logistic_pdf`: 1 - y has no digits left from x = 37 on.
    """
    b, e = xp.exp(xp.minimum(x, 0.0)), xp.exp(-xp.abs(x))
    return b - b * (e / (1.0 + e))  # b / (1 + e), with one rounding less


@primitive(partials={"x": lambda xp, y, x: xp.cosh(x)})
def sinh(xp, x):
    """Hyperbolic sine."""
    return xp.sinh(x)


@primitive(partials={"x": lambda xp, y, x: xp.sinh(x)})
def cosh(xp, x):
    """Hyperbolic cosine."""
    return xp.cosh(x)


@primitive(
    partials={"x": lambda xp, y, x: 4.0 * xp.logistic_pdf(2.0 * x)},
    taught={"x": lambda xp, y, x: 1.0 - y**2.0},
)
def tanh(xp, x):
    """Hyperbolic tangent.

    The slope 1 - y**2 is computed as `logistic_pdf`: 1 - y**2 has no digits left from x = 19 on.
    """
    return xp.tanh(x)


@primitive(
    partials={"x": lambda xp, y, x: 1.0 / xp.hypot(1.0, x)}, taught={"x": lambda xp, y, x: 1.0 / xp.sqrt(1.0 + x**2.0)}
)
def arcsinh(xp, x):
    """Inverse hyperbolic sine."""
    return xp.arcsinh(x)


@primitive(
    partials={"x": lambda xp, y, x: 1.0 / (xp.sqrt(x - 1.0) * xp.sqrt(x + 1.0))},
    taught={"x": lambda xp, y, x: 1.0 / xp.sqrt(x**2.0 - 1.0)},
    domain={"x": (1.0, INF)},
)
def arccosh(xp, x):
    """Inverse hyperbolic cosine; the slope at 1 is +inf."""
    return xp.arccosh(x)


@primitive(
    partials={"x": lambda xp, y, x: 1.0 / xp.one_minus_square(x)},
    taught={"x": lambda xp, y, x: 1.0 / (1.0 - x**2.0)},
    domain={"x": UNIT},
)
def arctanh(xp, x):
    """Inverse hyperbolic tangent."""
    return xp.arctanh(x)


# --- Error function and normal distribution -------------------------------------------------------------------------


@primitive(
    partials={"x": lambda xp, y, x: -2.0 * y * xp.clip(x, -40.0, 40.0)},
    taught={"x": lambda xp, y, x: -2.0 * x * y},
    pretty="exp(−{x}²)",
    latex="e^{{-{x}^2}}",
)
def gauss(xp, x):
    """Gaussian exp(-x**2), accurate in its tails."""
    return xp.gauss(x)


@primitive(
    partials={"x": lambda xp, y, x: 2.0 / math.sqrt(math.pi) * xp.gauss(x)},
    taught={"x": lambda xp, y, x: 2.0 / xp.sqrt(xp.pi) * xp.exp(-(x**2.0))},
)
def erf(xp, x):
    """Error function 2/sqrt(pi) times the integral of exp(-t**2) from 0 to x."""
    return xp.erf(x)


@primitive(
    partials={"x": lambda xp, y, x: -2.0 / math.sqrt(math.pi) * xp.gauss(x)},
    taught={"x": lambda xp, y, x: -2.0 / xp.sqrt(xp.pi) * xp.exp(-(x**2.0))},
)
def erfc(xp, x):
    """Complementary error function 1 - erf(x), accurate where erf(x) is near 1."""
    return xp.erfc(x)


@primitive(
    symbol="φ",
    partials={"x": lambda xp, y, x: -y * xp.clip(x, -40.0, 40.0)},
    taught={"x": lambda xp, y, x: -x * y},
    pretty="φ({x})",
    latex=r"\varphi\left({x}\right)",
)
def normal_pdf(xp, x):
    """Density of the standard normal distribution, exp(-x**2 / 2) / sqrt(2 pi)."""
    return xp.normal_pdf(x)


@primitive(
    symbol="Φ",
    partials={"x": lambda xp, y, x: xp.normal_pdf(x)},
    pretty="Φ({x})",
    latex=r"\Phi\left({x}\right)",
)
def normal_cdf(xp, x):
    """Probability that a standard normal number is at most x: erfc(-x / sqrt(2)) / 2."""
    return xp.normal_cdf(x)


# --- Activations ----------------------------------------------------------------------------------------------------


@primitive(partials={"x": lambda xp, y, x: xp.sigmoid(-x)}, taught={"x": lambda xp, y, x: 1.0 - xp.sigmoid(x)})
def logsigmoid(xp, x):
    """Logarithm of the sigmoid, -log(1 + exp(-x)), without underflow."""
    return xp.minimum(x, 0.0) - xp.log1p(xp.exp(-xp.abs(x)))


@primitive(partials={"x": lambda xp, y, x: xp.sigmoid(x)})
def softplus(xp, x):
    """log(1 + exp(x)), a smooth relu, without overflow."""
    return xp.maximum(x, 0.0) + xp.log1p(xp.exp(-xp.abs(x)))


@primitive(partials={"x": lambda xp, y, x: xp.greater(x, 0.0)}, smooth=lambda x: x != 0.0)
def relu(xp, x):
    """Rectified linear unit max(x, 0); its slope at 0 is 0, and relu(-0.0) is 0.0 (hence + 0.0)."""
    return xp.maximum(x, 0.0) + 0.0


@primitive(
    partials={
        "x": lambda xp, y, x, slope: xp.where(xp.greater(x, 0.0), 1.0, slope),
        "slope": lambda xp, y, x, slope: xp.minimum(x, 0.0),
    },
    smooth=lambda x, slope: x != 0.0,
)
def leaky_relu(xp, x, slope=0.01):
    """Relu with a slope below 0; the slope at 0 is that slope, and it may be a Value (a parametric relu)."""
    return xp.where(xp.greater(x, 0.0), x, slope * x)


@primitive(
    partials={
        "x": lambda xp, y, x, alpha: xp.where(xp.greater(x, 0.0), 1.0, xp.expterm(alpha, xp.minimum(x, 0.0))),
        "alpha": lambda xp, y, x, alpha: xp.expm1(xp.minimum(x, 0.0)),
    },
    smooth=lambda x, alpha: x != 0.0,
)
def elu(xp, x, alpha=1.0):
    """Exponential linear unit: x above 0, alpha (e^x - 1) below; the slope at 0 is alpha."""
    return xp.where(xp.greater(x, 0.0), x, alpha * xp.expm1(xp.minimum(x, 0.0)))


@primitive(
    partials={"x": lambda xp, y, x: xp.normal_cdf(x) + xp.zmul(xp.normal_pdf(x), x)},
)
def gelu(xp, x):
    """Gaussian error linear unit x Φ(x), with the normal distribution's Φ."""
    return xp.zmul(xp.normal_cdf(x), x)


@primitive(
    partials={"x": lambda xp, y, x: xp.sigmoid(x) + xp.zmul(xp.sigmoid(-x), y)},
    taught={"x": lambda xp, y, x: xp.sigmoid(x) * (1.0 + x * (1.0 - xp.sigmoid(x)))},
)
def silu(xp, x):
    """Sigmoid linear unit x sigmoid(x), also called swish."""
    return xp.expterm(x, xp.minimum(x, 0.0)) / (1.0 + xp.exp(-xp.abs(x)))


@primitive(
    partials={"x": lambda xp, y, x: 1.0 / (1.0 + xp.abs(x)) / (1.0 + xp.abs(x))},
    taught={"x": lambda xp, y, x: 1.0 / (1.0 + xp.abs(x)) ** 2.0},
    smooth=lambda x: x != 0.0,
)
def softsign(xp, x):
    """Softsign x / (1 + |x|): like tanh with gentler tails."""
    return x / (1.0 + xp.abs(x))


# --- Sums and means of many -----------------------------------------------------------------------------------------


@primitive(kind=ManyOp, infix=True, symbol="Σ", partials={"xs": lambda xp, y, xs: [1.0] * len(xs)})
def fsum(xp, xs):
    """Sum of many, rounded once: one node with one edge per term."""
    return xp.fsum(xs)


@primitive(
    kind=ManyOp,
    infix=True,
    symbol="Σ w·x",
    partials={"ws": lambda xp, y, ws, xs: xs, "xs": lambda xp, y, ws, xs: ws},
)
def sumprod(xp, ws, xs):
    """Sum of the products w x, the weighted sum of a neuron: one node, as a textbook draws it."""
    return xp.sumprod(ws, xs)


@primitive(kind=ManyOp, partials={"xs": lambda xp, y, xs: [1.0 / len(xs)] * len(xs)})
def mean(xp, xs):
    """Arithmetic mean of many."""
    return xp.fsum(xs) / float(len(xs))


@primitive(
    kind=ManyOp,
    partials={"xs": lambda xp, y, xs: _direction(xp, xs)},
    taught={"xs": lambda xp, y, xs: [x / y for x in xs]},
    smooth=lambda *xs: any(xs),
)
def hypot(xp, xs):
    """Length sqrt(x1**2 + ... + xn**2) without overflow; slopes 0 at the origin."""
    return xp.hypot(*xs)


@primitive(
    kind=ManyOp,
    partials={"xs": lambda xp, y, xs: _softmax(xp, xs)},
    taught={"xs": lambda xp, y, xs: [xp.exp(x - y) for x in xs]},
)
def logsumexp(xp, xs):
    """log(exp(x1) + ... + exp(xn)) without overflow [3]_; its slopes are the softmax."""
    top = xp.maximum(*xs)
    return top + xp.log1p(xp.fsum([*[xp.exp_difference(x, top) for x in xs], -1.0]))


def _logsumexp_without_one(xp, xs):
    """The same without taking 1 from a sum that begins with it, which only an exact sum survives."""
    top = xp.maximum(*xs)
    largest = [xp.equal(x, top) for x in xs]
    others = [xp.where(is_top, 0.0, xp.exp_difference(x, top)) for is_top, x in zip(largest, xs, strict=True)]
    ties = xp.maximum(xp.fsum([*largest, -1.0]), 0.0)
    return top + xp.log1p(xp.fsum([*others, ties]))


logsumexp.rounded = _logsumexp_without_one


# --- Adjoints -------------------------------------------------------------------------------------------------------


@primitive(
    infix=True,
    symbol="×₀",
    partials={"a": lambda xp, y, a, b: b, "b": lambda xp, y, a, b: a},
    smooth=lambda a, b: a != 0.0,
)
def zmul(xp, a, b):
    """Product a b, but 0 where a is 0 whatever b is: an adjoint times a partial."""
    return xp.zmul(a, b)


@primitive(
    infix=True,
    symbol="÷₀",
    partials={"a": lambda xp, y, a, b: 1.0 / b, "b": lambda xp, y, a, b: -xp.zdiv(y, b)},
    smooth=lambda a, b: a != 0.0,
)
def zdiv(xp, a, b):
    """Quotient a / b, but 0 where a is 0 whatever b is."""
    return xp.zdiv(a, b)


# --- Plain functions of ops -----------------------------------------------------------------------------------------


def softmax(xs, *, written_out=False):
    """Shares exp(xi) / (exp(x1) + ... + exp(xn)), which add up to 1.

    Parameters
    ----------
    xs : sequence of Value or float, shape (n,)
        Logits, any real numbers; large ones do not overflow.
    written_out : bool
        Whether to compute the formula as it stands, for pictures and steps: logits above 709 overflow then, and give
        NaN. Else the largest logit is taken from all of them first.

    Returns
    -------
    list
        n shares in [0, 1].

    Raises
    ------
    ShapeError
        If there are none.

    References
    ----------
    Blanchard, Higham & Higham 2021, eq. 1.2.

    Examples
    --------
    >>> [round(p, 4) for p in softmax([1.0, 2.0, 3.0])]
    [0.09, 0.2447, 0.6652]
    """
    xs = list(xs)
    if not xs:
        raise ShapeError("softmax of nothing has no value. Give at least one number.")
    if written_out:
        terms = [values.exp(x) for x in xs]
        total = values.fsum(terms)
        return [term / total for term in terms]
    return _softmax(values, xs)


def log_softmax(xs):
    """Logarithms of the shares, xi - log(exp(x1) + ... + exp(xn)), without underflow.

    Parameters
    ----------
    xs : sequence of Value or float, shape (n,)
        Logits, any real numbers.

    Returns
    -------
    list
        n log-shares, in nats, at most 0.

    Raises
    ------
    ShapeError
        If there are none.

    Examples
    --------
    >>> [round(p, 4) for p in log_softmax([0.0, 0.0])]
    [-0.6931, -0.6931]
    """
    xs = list(xs)
    total = logsumexp(xs)
    return [x - total for x in xs]


def norm(xs):
    """Euclidean length of a sequence, with slopes 0 at the origin, where ``np.linalg.norm`` would give NaN.

    Examples
    --------
    >>> norm([3.0, 4.0])
    5.0
    """
    return hypot(list(xs))


__all__ = sorted([*TABLE, "log_softmax", "norm", "softmax"])  # noqa: PLE0605  # pyright: ignore[reportUnsupportedDunderAll] - every row is public

"""Special numbers: zeros and their signs, infinities, NaN, kinks and ends of domains, value and derivative."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import TABLE, Value

INF, NAN = math.inf, math.nan

EDGES = [  # op, operands, value, derivatives
    ("abs", [0.0], 0.0, [0.0]),
    ("abs", [-0.0], 0.0, [0.0]),
    ("relu", [0.0], 0.0, [0.0]),
    ("relu", [-0.0], 0.0, [0.0]),
    ("relu", [NAN], NAN, [NAN]),
    ("leaky_relu", [0.0, 0.01], 0.0, [0.01, 0.0]),
    ("leaky_relu", [-2.0, 0.25], -0.5, [0.25, -2.0]),
    ("elu", [0.0, 1.5], 0.0, [1.5, 0.0]),
    ("maximum", [2.0, 2.0], 2.0, [0.5, 0.5]),
    ("minimum", [2.0, 2.0], 2.0, [0.5, 0.5]),
    ("maximum", [3.0, 3.0, 1.0, 3.0], 3.0, [1 / 3, 1 / 3, 0.0, 1 / 3]),
    ("minimum", [3.0, 3.0, 5.0, 3.0], 3.0, [1 / 3, 1 / 3, 0.0, 1 / 3]),
    ("maximum", [0.0, 0.0], 0.0, [0.5, 0.5]),
    ("maximum", [NAN, 1.0], NAN, [NAN, NAN]),
    ("maximum", [1.0, NAN], NAN, [NAN, NAN]),
    ("minimum", [1.0, NAN], NAN, [NAN, NAN]),
    ("clip", [-1.0, -1.0, 1.0], -1.0, [1.0, 0.0, 0.0]),
    ("clip", [1.0, -1.0, 1.0], 1.0, [1.0, 0.0, 0.0]),
    ("clip", [2.0, -1.0, 1.0], 1.0, [0.0, 0.0, 1.0]),
    ("clip", [-2.0, -1.0, 1.0], -1.0, [0.0, 1.0, 0.0]),
    *[("clip", [x, 4.0, 1.0], 1.0, [0.0, 0.0, 1.0]) for x in (0.0, 1.0, 2.0, 4.0, 5.0)],
    ("div", [1.0, 0.0], INF, [INF, -INF]),
    ("div", [1.0, -0.0], -INF, [-INF, -INF]),
    ("div", [-1.0, 0.0], -INF, [INF, INF]),
    ("div", [0.0, 0.0], NAN, [NAN, NAN]),
    ("sigmoid", [1000.0], 1.0, [0.0]),
    ("sigmoid", [-1000.0], 0.0, [0.0]),
    ("tanh", [1000.0], 1.0, [0.0]),
    ("tanh", [-1000.0], -1.0, [0.0]),
    ("sigmoid", [INF], 1.0, [0.0]),
    ("sigmoid", [-INF], 0.0, [0.0]),
    ("tanh", [INF], 1.0, [0.0]),
    ("sigmoid", [36.0], 0.9999999999999998, [2.3195228302435686e-16]),
    ("softplus", [21.0], 21.000000000758256, [0.999999999241744]),
    ("softplus", [INF], INF, [1.0]),
    ("softplus", [-INF], 0.0, [0.0]),
    ("gelu", [INF], INF, [1.0]),
    ("gelu", [-INF], 0.0, [0.0]),
    ("silu", [INF], INF, [1.0]),
    ("silu", [-INF], 0.0, [0.0]),
    ("sqrt", [0.0], 0.0, [INF]),
    ("sqrt", [-0.0], -0.0, [INF]),
    ("sqrt", [-1.0], NAN, [NAN]),
    ("log", [-1.0], NAN, [NAN]),
    ("arctanh", [2.0], NAN, [NAN]),
    ("log", [0.0], -INF, [INF]),
    ("log", [-0.0], -INF, [INF]),
    ("log2", [0.0], -INF, [INF]),
    ("log2", [-0.0], -INF, [INF]),
    ("log10", [0.0], -INF, [INF]),
    ("log10", [-0.0], -INF, [INF]),
    ("log1p", [-1.0], -INF, [INF]),
    ("arcsin", [1.0], math.pi / 2, [INF]),
    ("arccos", [1.0], 0.0, [-INF]),
    ("arcsin", [-1.0], -math.pi / 2, [INF]),
    ("arccosh", [1.0], 0.0, [INF]),
    ("arctanh", [1.0], INF, [INF]),
    ("pow", [0.0, 0.0], 1.0, [0.0, 0.0]),
    ("pow", [0.0, 0.5], 0.0, [INF, 0.0]),
    ("pow", [0.0, 1.0], 0.0, [1.0, 0.0]),
    ("pow", [0.0, 2.0], 0.0, [0.0, 0.0]),
    ("pow", [0.0, -1.0], INF, [-INF, -INF]),
    ("powterm", [3.0, 0.0, 2.0, 1.0], 0.0, [0.0, 3.0, 0.0, 0.0]),
    ("powterm", [1.0, 0.0, 1.0, 2.0], INF, [INF, -INF, -INF, INF]),
    ("powterm", [1.0, 0.0, 2.0, 2.0], 1.0, [1.0, 0.0, 0.0, 0.0]),
    ("pow", [-8.0, 1 / 3], NAN, [NAN, NAN]),
    ("pow", [-2.0, 3.0], -8.0, [12.0, NAN]),
    ("pow", [10.0, 400.0], INF, [INF, INF]),
    ("exp", [710.0], INF, [INF]),
    ("exp", [-745.0], 5e-324, [5e-324]),
    ("expterm", [1e300, -720.0], 2.0322308024242932e-13, [2.0322308024e-313, 2.0322308024242932e-13]),
    ("hypot", [0.0, 0.0], 0.0, [0.0, 0.0]),
    ("hypot", [0.0, 0.0, 0.0], 0.0, [0.0, 0.0, 0.0]),
    ("arctan2", [0.0, 0.0], 0.0, [0.0, 0.0]),
    ("logsumexp", [-INF, -INF], -INF, [0.5, 0.5]),
    ("logsumexp", [-INF, -INF, -INF], -INF, [1 / 3, 1 / 3, 1 / 3]),
    ("logsumexp", [INF, 0.0], INF, [1.0, 0.0]),
    ("logsumexp", [1000.0, 1000.0], 1000.6931471805599, [0.5, 0.5]),
    ("remainder", [1.0, 0.0], NAN, [NAN, NAN]),
    ("remainder", [5.0, 3.0], 2.0, [1.0, -1.0]),
    ("remainder", [-1.0, 3.0], 2.0, [1.0, 1.0]),
    ("sub", [INF, INF], NAN, [NAN, NAN]),
    ("sin", [INF], NAN, [NAN]),
    ("sign", [-0.0], 0.0, [0.0]),
    ("sign", [NAN], NAN, [0.0]),
    ("floor", [INF], INF, [0.0]),
    ("mul", [1e200, 1e200], INF, [1e200, 1e200]),
    ("square", [1e200], INF, [2e200]),
    ("fsum", [INF, -INF], NAN, [NAN, NAN]),
    ("fsum", [1e308, 1e308], INF, [1.0, 1.0]),
    ("sumprod", [0.0, INF], NAN, [NAN, NAN]),
    ("softsign", [1e200], 1.0, [0.0]),
    ("erf", [INF], 1.0, [0.0]),
    ("zmul", [0.0, INF], 0.0, [INF, 0.0]),
    ("zmul", [0.0, NAN], 0.0, [NAN, 0.0]),
    ("zdiv", [0.0, 0.0], 0.0, [INF, 0.0]),
]


def same(a: float, b: float) -> bool:
    """Equal in value, in class and in the sign of zero."""
    return (a != a and b != b) or (a == b and math.copysign(1.0, a) == math.copysign(1.0, b))


def with_gradients(name, data):
    op, nodes = TABLE[name], [Value(x) for x in data]
    y = op(*op.split(nodes)) if op.many else op(*nodes)
    y.backward()
    return y, nodes


@pytest.mark.parametrize(("name", "data", "value", "slopes"), EDGES, ids=lambda x: str(x).replace(" ", ""))
def test_edge(name, data, value, slopes):
    y, nodes = with_gradients(name, data)
    assert same(y.data, value), f"{name}{data} is {y.data!r}, not {value!r}"
    found = [v.grad for v in nodes]
    assert all(a == b or (a != a and b != b) for a, b in zip(found, slopes, strict=True)), f"{found}, not {slopes}"
    assert type(y.data) is float
    assert all(type(g) is float for g in found)


@pytest.mark.parametrize(("name", "data", "value", "slopes"), EDGES, ids=lambda x: str(x).replace(" ", ""))
def test_edge_is_of_the_same_class_on_arrays(name, data, value, slopes):
    op = TABLE[name]
    with np.errstate(all="ignore"):
        y = np.asarray(op.value_of(ag.namespaces.arrays, [np.array([x, 0.25]) for x in data]))[0]
    if y == y or value == value:
        assert np.isclose(y, value, rtol=1e-15, atol=0.0) or y == value
        assert math.copysign(1.0, y) == math.copysign(1.0, value)


@pytest.mark.parametrize(("name", "data", "value", "slopes"), EDGES, ids=lambda x: str(x).replace(" ", ""))
def test_edge_of_numbers_alone(name, data, value, slopes):
    op = TABLE[name]
    y = op(*op.split(data)) if op.many else op(*data)
    assert type(y) is float
    assert same(y, value)


def slope_of(f, x):
    v = Value(x)
    return ag.gradients(f(v), v)


@pytest.mark.parametrize("x", [0.0, -0.0, 2.0, INF, NAN])
def test_power_with_the_constant_0_is_1_everywhere(x):
    v = Value(x)
    y = v**0
    y.backward()
    assert y.data == 1.0
    assert v.grad == 0.0


def test_a_negative_base_with_a_constant_exponent_has_no_logarithm():
    assert slope_of(lambda x: x**3, -2.0) == 12.0
    assert slope_of(lambda x: x**2, -3.0) == -6.0
    assert slope_of(lambda x: x**-1, -2.0) == -0.25
    assert slope_of(lambda x: x**-2.0, -2.0) == 0.25


def test_an_adjoint_of_zero_silences_an_infinite_slope():
    assert slope_of(lambda x: 0.0 * ag.sqrt(x), 0.0) == 0.0
    assert slope_of(lambda x: ag.where(x > 0.0, ag.log(x), 0.0), 0.0) == 0.0
    v = Value(0.0)
    assert ag.gradients(0.0 * ag.sqrt(v), v, create_graph=True).data == 0.0


def test_maximum_with_0_is_not_relu_at_0():
    assert slope_of(lambda x: ag.maximum(x, 0.0), 0.0) == 0.5
    assert slope_of(ag.relu, 0.0) == 0.0


def test_norm_at_the_origin():
    xs = [Value(0.0), Value(0.0)]
    assert ag.gradients(ag.norm(xs), xs) == [0.0, 0.0]


def test_softmax_of_far_logits():
    xs = [Value(1e4), Value(-1e4), Value(0.0)]
    shares = ag.softmax(xs)
    assert [p.data for p in shares] == [1.0, 0.0, 0.0]
    for p in shares:
        assert ag.gradients(p, xs) == [0.0, 0.0, 0.0]


def test_equal_infinite_logits_share():
    assert ag.softmax([INF, INF]) == [0.5, 0.5]
    assert ag.softmax([-INF, -INF]) == [0.5, 0.5]


@pytest.mark.parametrize("name", [n for n, op in TABLE.items() if not op.piecewise_constant])
def test_a_value_of_nan_means_derivatives_of_nan(name):
    op = TABLE[name]
    n = 2 if op.many else len(op.operand_names)
    y, slopes = op.evaluate([NAN] * n, [True] * n)
    if y != y:
        assert all(p != p for p in slopes)


@pytest.mark.parametrize("special", [0.0, -0.0, INF, -INF, NAN, 5e-324, -5e-324, 1.7e308, -1.7e308])
@pytest.mark.parametrize("op", TABLE.values(), ids=list(TABLE))
def test_nothing_raises_and_nothing_is_complex(op, special):
    n = 2 if op.many else len(op.operand_names)
    for data in ([special] * n, [special] + [2.0] * (n - 1), [2.0] * (n - 1) + [special]):
        y, slopes = op.evaluate(data, [True] * n)
        assert type(y) is float
        assert all(type(p) is float for p in slopes)


# --- Where a row says that it is smooth, and where it is defined ----------------------------------------------------

KINKS = {  # op: operands at kinks, and operands beside them
    "abs": ([[0.0], [-0.0]], [[-1.0], [1.0], [5e-324]]),
    "sign": ([[0.0]], [[-1.0], [1.0]]),
    "floor": ([[0.0], [1.0], [-2.0]], [[0.5], [-0.5]]),
    "remainder": ([[4.0, 2.0], [1.0, 0.0], [0.0, 3.0]], [[5.0, 3.0], [1.0, 2.0], [3.0, 2.0]]),
    "where": ([[0.0, 1.0, 2.0]], [[1.0, 1.0, 2.0], [-1.0, 1.0, 2.0]]),
    "maximum": ([[1.0, 1.0], [2.0, 1.0, 2.0]], [[0.0], [1.0, 2.0], [2.0, 1.0]]),
    "minimum": ([[1.0, 1.0], [2.0, 1.0, 2.0]], [[0.0], [1.0, 2.0], [2.0, 1.0]]),
    "clip": (
        [[-1.0, -1.0, 1.0], [1.0, -1.0, 1.0], [0.0, 1.0, 1.0], [0.0, 2.0, 1.0]],
        [[0.0, -1.0, 1.0], [3.0, 1.0, 2.0]],
    ),
    "arctan2": ([[0.0, 0.0], [0.0, -1.0]], [[0.0, 1.0], [1.0, -1.0], [-1.0, 0.0], [1e-300, -1.0]]),
    "relu": ([[0.0]], [[-1.0], [1.0]]),
    "leaky_relu": ([[0.0, 0.1]], [[-1.0, 0.1], [1.0, 1.0]]),
    "elu": ([[0.0, 2.0]], [[-1.0, 2.0], [1.0, 1.0]]),
    "softsign": ([[0.0]], [[-1.0], [1.0]]),
    "hypot": ([[0.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, -1.0]]),
    "zmul": ([[0.0, 1.0]], [[1.0, 0.0], [-1.0, 1.0]]),
    "zdiv": ([[0.0, 1.0]], [[1.0, 2.0], [-1.0, 1.0]]),
}


@pytest.mark.parametrize("name", TABLE)
def test_a_row_knows_its_kinks(name):
    op = TABLE[name]
    kinks, smooth = KINKS.get(name, ([], [[0.0] * len(op.operand_names), [1.0] * len(op.operand_names)]))
    assert [bool(op.smooth(*data)) for data in kinks] == [False] * len(kinks)
    assert [bool(op.smooth(*data)) for data in smooth] == [True] * len(smooth)


LINE, HALF, UNIT = (-INF, INF), (0.0, INF), (-1.0, 1.0)
DOMAINS = {
    "pow": {"a": HALF, "b": LINE},
    "powterm": {"c": (-1e100, 1e100), "a": HALF, "b": (-1000.0, 1000.0), "k": (-16.0, 16.0)},
    "expterm": {"c": LINE, "x": (-INF, 700.0)},
    "log1p": {"x": (-1.0, INF)},
    "arccosh": {"x": (1.0, INF)},
    **{name: {"x": HALF} for name in ("sqrt", "log", "log2", "log10")},
    **{name: {"x": UNIT} for name in ("arcsin", "arccos", "arctanh")},
}


@pytest.mark.parametrize("name", TABLE)
def test_a_row_knows_where_it_is_defined(name):
    assert TABLE[name].domain == DOMAINS.get(name, dict.fromkeys(TABLE[name].operand_names, LINE))

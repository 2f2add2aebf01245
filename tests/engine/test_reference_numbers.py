"""Numbers of course notes and teaching material on sigmoid neurons, checked with plain arithmetic beforehand.

Each test names what it works out. Where a formula is often printed wrong, the wrong one is shown to fail.
"""

from __future__ import annotations

import math

import pytest

import autograd_lite as ag
from autograd_lite import Value

close = pytest.approx


def derivatives(f, x, order):
    """f(x), f'(x), ... by sweeping the graph of each derivative again."""
    v = Value(x)
    y = f(v)
    found = [y.data]
    for _ in range(order):
        y = ag.gradients(y, v, create_graph=True)
        found.append(y.data)
    return found


def hessian(f, point):
    nodes = [Value(x) for x in point]
    slopes = ag.gradients(f(*nodes), nodes, create_graph=True)
    return [ag.gradients(s, nodes) for s in slopes]


def gradient(f, point):
    nodes = [Value(x) for x in point]
    return ag.gradients(f(*nodes), nodes)


# --- One sigmoid neuron, two samples, half the sum of squares -------------------------------------------------------

X, Y = [0.5, 2.5], [0.2, 0.9]


def neuron_loss(w, b, xs=X, ys=Y):
    return 0.5 * ag.fsum([(ag.sigmoid(w * x + b) - y) ** 2 for x, y in zip(xs, ys, strict=True)])


def descend(epochs, w=-2.0, b=-2.0, *, xs=X, ys=Y, lr=1.0, momentum=0.0):
    w, b = Value(w, "w"), Value(b, "b")
    velocity = {w: 0.0, b: 0.0}
    for _ in range(epochs):
        for p, g in zip((w, b), ag.gradients(neuron_loss(w, b, xs, ys), [w, b]), strict=True):
            velocity[p] = momentum * velocity[p] - lr * g
            p.data += velocity[p]
    return w.data, b.data, neuron_loss(w.data, b.data, xs, ys)


def test_taylor_polynomial_of_the_cube_about_3():
    f, f1, f2, f3, f4 = derivatives(lambda x: x**3, 3.0, 4)
    assert [f, f1, f2, f3, f4] == [27.0, 27.0, 18.0, 6.0, 0.0]
    h, exact = 1e-4, 27002700090001 / 10**12
    terms = [f, f1 * h, f2 * h**2 / 2, f3 * h**3 / 6]
    sums = [math.fsum(terms[:n]) for n in range(1, 5)]
    assert sums == close([27.0, 27.0027, 27.00270009, 27.002700090001], rel=1e-15)
    assert [exact - s for s in sums[:2]] == close([2.70009e-3, 9.0001e-8], rel=1e-6)


def test_gradient_of_a_sum_of_cubes_is_3_w_squared_and_3_b_squared():
    assert gradient(lambda w, b: w**3 + b**3, (2.0, 3.0)) == [12.0, 27.0]


def test_loss_gradient_and_hessian_at_the_start():
    w, b = Value(-2.0), Value(-2.0)
    assert neuron_loss(w, b).data == close(0.4158199010199929, rel=1e-14)
    assert gradient(neuron_loss, (-2.0, -2.0)) == close([-0.0054923192156398635, -0.007711159215214426], rel=1e-13)
    rows = hessian(neuron_loss, (-2.0, -2.0))
    assert rows[0] == close([-0.0061498298524910525, -0.0041391582265344895], rel=1e-12)
    assert rows[1] == close([-0.0041391582265344895, -0.005014115861689932], rel=1e-12)


def test_at_the_start_both_eigenvalues_are_negative_so_newton_goes_uphill():
    (r, s), (_, t) = hessian(neuron_loss, (-2.0, -2.0))
    mid, off = (r + t) / 2, math.hypot((r - t) / 2, s)
    assert [mid - off, mid + off] == close([-0.00976, -0.00140], abs=1e-5)


def test_taylor_expansion_of_the_loss_along_the_gradient():
    g = gradient(neuron_loss, (-2.0, -2.0))
    rows = hessian(neuron_loss, (-2.0, -2.0))
    loss = neuron_loss(-2.0, -2.0)
    first = loss - sum(x * x for x in g)
    second = first + 0.5 * sum(g[i] * rows[i][j] * g[j] for i in range(2) for j in range(2))
    assert first == close(0.41573027347318403, rel=1e-14)
    assert second == close(0.4157298563397603, rel=1e-14)
    assert neuron_loss(-2.0 - g[0], -2.0 - g[1]) == close(0.41572985510220245, rel=1e-14)


def test_taylor_expansion_of_the_loss_in_w():
    found = derivatives(lambda w: neuron_loss(w, -2.0), -2.0, 3)
    assert found[1:] == close([-0.0054923192156398635, -0.0061498298524910525, -0.012613728240645586], rel=1e-11)
    sums = [math.fsum(c * 0.5**k / math.factorial(k) for k, c in enumerate(found[:n])) for n in range(1, 5)]
    assert sums == close([0.4158199010, 0.4130737414, 0.4123050127, 0.4120422267], abs=5e-11)
    assert neuron_loss(-1.5, -2.0) == close(0.4119374911, abs=5e-11)


def test_steepest_descent_is_against_the_gradient():
    g = gradient(neuron_loss, (-2.0, -2.0))
    size = math.hypot(*g)
    assert size == close(0.009467182622558478, rel=1e-13)
    start = neuron_loss(-2.0, -2.0)
    expected = {180: -9.947530e-4, 120: -5.020987e-4, 90: -9.712e-6, 60: 4.629248e-4, 0: 9.015961e-4}
    for angle, change in expected.items():
        turn = math.radians(angle)
        u = [
            (math.cos(turn) * g[0] + s * math.sin(turn) * g[1], math.cos(turn) * g[1] - s * math.sin(turn) * g[0])
            for s in (1, -1)
        ]
        changes = [neuron_loss(-2.0 + 0.1 * a / size, -2.0 + 0.1 * b / size) - start for a, b in u]
        assert any(c == close(change, rel=1e-4) for c in changes)


def test_slope_of_the_sigmoid_by_w():
    v = Value(-2.0)
    f = ag.sigmoid(v * 0.5 - 2.0)
    assert f.data == close(0.04742587317756678, rel=1e-15)
    assert ag.gradients(f, v) == close(0.02258832986545607, rel=1e-14)
    e = math.exp(3.0)
    assert e / (1 + e) ** 2 * 0.5 == close(0.02258832986545607, rel=1e-14)  # and neither its negative
    assert 1 / (1 + e) ** 2 * e / (1 + e) * 0.5 == close(0.0010712713, rel=1e-6)  # nor one power more


@pytest.mark.parametrize(
    ("epochs", "w", "b", "loss"),
    [
        (0, -2.0, -2.0, 0.415819901019993),
        (1, -1.99450768078436, -1.99228884078479, 0.415729855102202),
        (10, -1.94189448767775, -1.92000537943094, 0.414836778065579),
        (100, 1.00299021135979, -1.0507858880871, 0.0177410096217614),
        (1000, 1.79171983010224, -2.28211807291667, 2.42918657135468e-11),
    ],
)
def test_gradient_descent_of_the_sigmoid_neuron(epochs, w, b, loss):
    found = descend(epochs)
    assert found[:2] == close((w, b), rel=1e-12)
    assert found[2] == close(loss, rel=1e-8)


def test_predictions_after_a_thousand_epochs():
    w, b, loss = descend(1000)
    outputs = [ag.sigmoid(w * x + b) for x in X]
    assert outputs == close([0.200005792584, 0.899996123183], abs=1e-12)
    assert math.sqrt(2 * loss / 2) == close(4.92867788697e-6, rel=1e-8)
    assert 2 * loss == close(4.85837314271e-11, rel=1e-8)


@pytest.mark.parametrize(
    ("start", "xs", "w", "b", "loss"),
    [
        ((-2.0, -2.0), [0.5, 0.2], -8.77771853945296, 3.30259088705737, 0.0042198942218829),
        ((2.0, -2.0), X, 1.79175828264425, -2.28217241872451, 2.17667555531739e-14),
    ],
)
def test_misprinted_data_is_another_problem(start, xs, w, b, loss):
    found = descend(1000, *start, xs=xs)
    assert found[:2] == close((w, b), rel=1e-10)
    assert found[2] == close(loss, rel=1e-6)


def test_the_optimum_of_the_sigmoid_neuron():
    w, b = math.log(6.0), -math.log(4.0) - 0.5 * math.log(6.0)
    assert (w, b) == close((1.791759469228055, -2.282174095733918), rel=1e-15)
    assert neuron_loss(w, b) < 1e-31
    (r, s), (_, t) = hessian(neuron_loss, (w, b))
    assert [r, s, t] == close([0.057025, 0.03305, 0.0337], rel=1e-12)
    assert r * t - s * s == close(0.00082944, rel=1e-10)
    mid, off = (r + t) / 2, math.hypot((r - t) / 2, s)
    assert [mid - off, mid + off] == close([0.0103152, 0.0804098], abs=1e-7)
    assert 2 / (mid + off) == close(24.87, abs=0.01)


def test_online_descent():
    w, b = Value(-2.0), Value(-2.0)
    for _ in range(1000):
        for x, y in zip(X, Y, strict=True):
            loss = 0.5 * (ag.sigmoid(w * x + b) - y) ** 2
            slopes = ag.gradients(loss, [w, b])
            w.data -= slopes[0]
            b.data -= slopes[1]
    assert (w.data, b.data) == close((1.791726772381835, -2.282126953346305), rel=1e-12)
    assert neuron_loss(w.data, b.data) == close(1.69866138e-11, rel=1e-6)


def test_heavy_ball_momentum():
    assert descend(2, momentum=0.9)[:2] == close((-1.98400612503353, -1.97757608205532), rel=1e-13)
    w, b, loss = descend(100, momentum=0.9)
    assert (w, b, loss) == close((2.90633266092285, -4.72227978561635, 0.0137105122671252), rel=1e-9)
    w, _, loss = descend(1000, momentum=0.9)
    assert w == close(1.79175946922806, rel=1e-13)
    assert loss < 1e-30


def test_adding_the_step_ascends():
    assert descend(1000, lr=-1.0)[2] == close(0.4242378, abs=1e-7)


# --- Sigmoid, entropy, cross-entropy, regression --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "g"),
    [(-5.5, 0.004070137715896128), (6.5, 0.998498817743263), (0.4, 0.598687660112452), (1.0, 0.7310585786300049)],
)
def test_sigmoid(x, g):
    assert ag.sigmoid(x) == close(g, rel=1e-14)
    assert derivatives(ag.sigmoid, x, 1)[1] == close(g * (1 - g), rel=1e-13)


def test_slope_of_the_sigmoid_by_the_quotient_rule():
    slope = derivatives(ag.sigmoid, 0.4, 1)[1]
    e = math.exp(-0.4)
    assert slope == close(0.24026074574152914, rel=1e-14)
    assert slope == close(e / (1 + e) ** 2, rel=1e-14)
    assert e / (1 - e) ** 2 == close(6.16733, abs=1e-5)  # a minus sign in the denominator is not the slope


def test_sigmoid_with_a_slope():
    v = Value(0.3)
    g = ag.sigmoid(v, beta=5.0)
    assert g.data == close(0.8175744761936437, rel=1e-15)
    assert ag.gradients(g, v) == close(0.7457322603516642, rel=1e-14)
    assert derivatives(ag.tanh, 0.5, 1)[1] == close(0.7864477329659274, rel=1e-14)


def test_entropy_of_a_fair_coin():
    assert -ag.fsum([p * ag.log(p) for p in (0.5, 0.5)]) == 0.6931471805599453
    assert -ag.fsum([p * ag.log2(p) for p in (0.5, 0.5)]) == 1.0


def cross_entropy(p, t):
    return -(t * ag.log(p) + (1 - t) * ag.log(1 - p))


@pytest.mark.parametrize(
    ("t", "p", "loss", "slope"),
    [
        (1, 0.7, 0.356674943939, -1.428571428571),
        (1, 0.2, 1.609437912434, -5.0),
        (0, 0.7, 1.203972804326, 3.333333333333),
        (0, 0.2, 0.223143551314, 1.25),
    ],
)
def test_binary_cross_entropy_by_probability(t, p, loss, slope):
    found = derivatives(lambda p: cross_entropy(p, t), p, 1)
    assert found == close([loss, slope], abs=1e-11)
    assert slope == close((p - t) / (p * (1 - p)), abs=1e-11)
    z = math.log(p / (1 - p))
    assert derivatives(lambda z: cross_entropy(ag.sigmoid(z), t), z, 1)[1] == close(p - t, rel=1e-13)


SAMPLE, TARGETS, THETA = [(1.0, 0.5), (1.0, 2.5)], [0.0, 1.0], (-2.0, 1.5)


def test_linear_regression_cost_and_gradient():
    nodes = [Value(t) for t in THETA]
    errors = [ag.sumprod(nodes, x) - y for x, y in zip(SAMPLE, TARGETS, strict=True)]
    cost = ag.fsum([e**2 for e in errors]) / 4
    assert cost.data == 0.53125
    assert ag.gradients(cost, nodes) == [-0.25, 0.625]


def test_logistic_regression_cost_in_both_forms():
    nodes = [Value(t) for t in THETA]
    zs = [ag.sumprod(nodes, x) for x in SAMPLE]
    both = [
        ag.mean([cross_entropy(ag.sigmoid(z), y) for z, y in zip(zs, TARGETS, strict=True)]),
        ag.mean([ag.softplus(-z) + (1 - y) * z for z, y in zip(zs, TARGETS, strict=True)]),
    ]
    for cost in both:
        assert cost.data == close(0.206076615891730, rel=1e-13)
        assert ag.gradients(cost, nodes) == close([0.03732647039680971, -0.12938396283328457], rel=1e-12)


# --- Vectors, derivatives of several variables, second-derivative test ----------------------------------------------


def test_length_of_a_difference():
    assert ag.norm([3.0 - 1.0, 2.0 - 1.0]) == 2.23606797749979


def test_rules_of_differentiation():
    assert derivatives(lambda x: x**5, 2.0, 1)[1] == 80.0
    slope = derivatives(lambda x: (x**4 + 2) * ag.cos(x), 1.0, 1)[1]
    assert slope == close(-0.36320373095113045, rel=1e-14)
    assert gradient(lambda x, y: x**4 * y, (2.0, 3.0)) == [96.0, 16.0]
    assert gradient(lambda x, y: 2 * x**2 + 4 * y, (3.0, -1.0)) == [12.0, 4.0]


def test_second_derivative_test_in_one_variable():
    f = lambda x: x**3 - 3 * x  # noqa: E731 - a formula
    assert derivatives(f, 1.0, 2) == [-2.0, 0.0, 6.0]
    assert derivatives(f, -1.0, 2) == [2.0, 0.0, -6.0]


@pytest.mark.parametrize(
    ("f", "point", "determinant", "r"),
    [
        (lambda x, y: x**2 + y**2, (0.0, 0.0), 4.0, 2.0),
        (lambda x, y: -(x**2 + y**2), (0.0, 0.0), 4.0, -2.0),
        (lambda x, y: x**2 - y**2, (0.0, 0.0), -4.0, 2.0),
        (lambda x, y: x**4 + y**4, (0.0, 0.0), 0.0, 0.0),
        (lambda x, y: x**3 - 3 * x * y + y**3, (0.0, 0.0), -9.0, 0.0),
        (lambda x, y: x**3 - 3 * x * y + y**3, (1.0, 1.0), 27.0, 6.0),
    ],
)
def test_second_derivative_test_in_two_variables(f, point, determinant, r):
    (found_r, s), (s_again, t) = hessian(f, point)
    assert gradient(f, point) == [0.0, 0.0]
    assert s == s_again
    assert (found_r * t - s * s, found_r) == (determinant, r)


def test_slope_of_half_a_squared_error_is_output_minus_target():
    assert derivatives(lambda a: 0.5 * (1.0 - a) ** 2, 0.3, 1)[1] == -0.7


# --- Softmax ----------------------------------------------------------------------------------------------------------


def test_softmax_cross_entropy():
    logits = [Value(x) for x in (1.0, 2.0, 3.0)]
    loss = ag.logsumexp(logits) - logits[2]
    assert loss.data == close(0.4076059644443803, rel=1e-15)
    expected = [0.09003057317038046, 0.24472847105479767, -0.3347590442251781]
    assert ag.gradients(loss, logits) == close(expected, rel=1e-14)
    assert ag.gradients(-ag.log_softmax(logits)[2], logits) == close(expected, rel=1e-14)

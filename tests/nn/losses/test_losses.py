"""The losses against exact references over the whole range of floats, their edges, and what bad input gets."""

from __future__ import annotations

import math
import warnings

import mpmath
import numpy as np
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from mpmath import mpf

import autograd_lite as ag
from autograd_lite import TABLE, Value, nn
from autograd_lite.engine import KERNELS
from autograd_lite.errors import DomainError, ShapeError, UnknownNameError

INF, NAN = math.inf, math.nan
EPS = 2.0**-52

probabilities = st.floats(0.0, 1.0, exclude_min=True, exclude_max=True) | st.sampled_from(
    [5e-324, 1e-300, 1e-16, 1.0 - 2.0**-53, 0.5]
)
logits = st.floats(-1000.0, 1000.0) | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([36.0, -745.0])
targets = st.sampled_from([0.0, 1.0]) | st.floats(0.0, 1.0)


@pytest.fixture(autouse=True)
def many_digits():
    with mpmath.workdps(60):
        yield


def slope(loss, x):
    return ag.gradients(loss, x)


def close(got, exact, terms, ulps):
    """Within so many units of rounding of the terms that were added, or of what a float can hold at all."""
    if abs(exact) > mpf(1.7976931348623157e308):
        return got == math.copysign(INF, exact)
    return abs(mpf(got) - exact) <= ulps * EPS * terms + mpf(5e-324) * 4


# --- The laws: each is a check of one case, so that a wrong rule can be put to it as well ---------------------------


def check_slope_by_probability(p, t):
    assume(p >= 2.0**-1022 or t in (0.0, 1.0))  # 1/p overflows, though t/p might not
    v = Value(p)
    got = slope(nn.binary_cross_entropy(v, t), v)
    p, t = mpf(p), mpf(t)
    assert close(got, (p - t) / (p * (1 - p)), t / p + (1 - t) / (1 - p), ulps=4)


def check_slope_by_logit(z, t):
    v = Value(z)
    got = slope(nn.binary_cross_entropy_with_logits(v, t), v)
    up, down = 1 / (1 + mpmath.exp(-mpf(z))), 1 / (1 + mpmath.exp(mpf(z)))
    t = mpf(t)
    assert close(got, (1 - t) * up - t * down, (1 - t) * up + t * down, ulps=6)


def check_slopes_of_softmax(zs, t):
    vs = [Value(z) for z in zs]
    got = slope(nn.cross_entropy(vs, t), vs)
    terms = [mpmath.exp(mpf(z) - mpf(zs[t])) for z in zs]
    total = mpmath.fsum(terms)
    others = mpmath.fsum([term for j, term in enumerate(terms) if j != t])
    size = max(map(abs, zs))  # the logits' own rounding moves an exponential by so many ulps
    for j, g in enumerate(got):
        exact = -others / total if j == t else terms[j] / total
        assert close(g, exact, abs(exact), ulps=16 + 4 * mpf(size))
        assert -1.0 <= g <= 1.0


def check_slopes_by_shares(zs, weights):
    """Softmax minus the class probabilities, and the cross-entropy itself."""
    weights = weights[: len(zs)]
    shares = [w / sum(weights) for w in weights]
    vs = [Value(z) for z in zs]
    loss = nn.cross_entropy(vs, shares)
    top = max(map(mpf, zs))
    terms = [mpmath.exp(mpf(z) - top) for z in zs]
    total, size = mpmath.fsum(terms), max(map(abs, zs))
    costs = [mpf(q) * (top + mpmath.log(total) - mpf(z)) for q, z in zip(shares, zs, strict=True)]
    assert close(loss.data, mpmath.fsum(costs), 1 + size * len(zs), ulps=8)
    for g, q, term in zip(slope(loss, vs), shares, terms, strict=True):
        assert close(g, term / total * mpmath.fsum(map(mpf, shares)) - mpf(q), 1, ulps=16 + 4 * mpf(size))


LAWS = {
    "probability": (check_slope_by_probability, (probabilities, targets), ["log", "log1p"]),
    "logit": (check_slope_by_logit, (logits, targets), ["softplus"]),
    "softmax": (
        check_slopes_of_softmax,
        (st.lists(logits, min_size=3, max_size=6), st.integers(0, 2)),
        ["softplus", "logsumexp"],
    ),
    "shares": (
        check_slopes_by_shares,
        (
            st.lists(st.floats(-700.0, 700.0), min_size=2, max_size=4),
            st.lists(st.integers(1, 9), min_size=4, max_size=4),
        ),
        ["logsumexp"],
    ),
}


@pytest.mark.filterwarnings("ignore:cross_entropy got .* which look like probabilities")
@pytest.mark.parametrize("law", LAWS)
def test_slopes_of_cross_entropies_over_the_whole_range(law):
    check, strategies, _ = LAWS[law]
    given(*strategies)(check)()


@pytest.mark.parametrize(("law", "rule"), [(law, rule) for law in LAWS for rule in LAWS[law][2]])
def test_the_laws_reject_a_rule_that_is_one_percent_off(law, rule, monkeypatch):
    check, strategies, _ = LAWS[law]
    [right] = TABLE[rule].partials

    def wrong(xp, y, *operands):
        slopes = right(xp, y, *operands)
        return [1.01 * p for p in slopes] if isinstance(slopes, list) else 1.01 * slopes

    monkeypatch.setattr(TABLE[rule], "partials", (wrong,))
    monkeypatch.delitem(KERNELS, TABLE[rule], raising=False)  # it has the rule written out
    with pytest.raises(AssertionError):
        settings(database=None, phases=[Phase.generate])(given(*strategies)(check))()


@given(st.lists(logits, min_size=2, max_size=5), st.integers(0, 1))
def test_class_one_hot_and_traced_forms_agree(zs, t):
    onehot = [float(j == t) for j in range(len(zs))]
    by_class, by_shares = (nn.cross_entropy([Value(z) for z in zs], target) for target in (t, onehot))
    known_later = nn.cross_entropy([Value(z) for z in zs], Value.constant(float(t)))
    assert by_class.data == by_shares.data == known_later.data
    softly = nn.cross_entropy([Value(z) for z in zs], [Value.constant(q) for q in onehot])
    assert softly.data == pytest.approx(by_class.data, rel=1e-12, abs=1e-12 * max(map(abs, zs)))


def test_the_form_for_a_class_known_later_keeps_its_digits():
    def slopes(target):
        zs = [Value(z) for z in (60.0, 0.0, -5.0)]
        return slope(nn.cross_entropy(zs, target), zs)

    assert slopes(Value.constant(0.0)) == pytest.approx(slopes(0), rel=1e-14)
    assert slopes(0)[0] == pytest.approx(-(math.exp(-60.0) + math.exp(-65.0)), rel=1e-14)


# --- Edges ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "x", "t", "value", "derivative"),
    [
        (nn.binary_cross_entropy, 0.0, 0.0, 0.0, 1.0),
        (nn.binary_cross_entropy, 1.0, 1.0, 0.0, -1.0),
        (nn.binary_cross_entropy, 0.0, 1.0, INF, -INF),
        (nn.binary_cross_entropy, 1.0, 0.0, INF, INF),
        (nn.binary_cross_entropy, NAN, 1.0, NAN, NAN),
        (nn.binary_cross_entropy_with_logits, INF, 1.0, 0.0, 0.0),
        (nn.binary_cross_entropy_with_logits, -INF, 0.0, 0.0, 0.0),
        (nn.binary_cross_entropy_with_logits, INF, 0.0, INF, 1.0),
        (nn.binary_cross_entropy_with_logits, -INF, 1.0, INF, -1.0),
        (nn.hinge, 1.0, 1.0, 0.0, 0.0),
        (nn.hinge, 0.0, -1.0, 1.0, 1.0),
    ],
)
def test_edges(loss, x, t, value, derivative):
    v = Value(x)
    cost = loss(v, t)
    assert repr((cost.data, slope(cost, v))) == repr((value, derivative))


def test_cross_entropy_of_infinite_logits():
    vs = [Value(INF), Value(0.0)]
    assert (nn.cross_entropy(vs, 0).data, slope(nn.cross_entropy(vs, 0), vs)) == (0.0, [0.0, 0.0])
    assert nn.cross_entropy(vs, 1).data == INF


@pytest.mark.parametrize(
    ("p", "t", "cost", "derivative"),
    [
        (0.7, 1.0, 0.356674943939, -1.428571),
        (0.2, 1.0, 1.609437912434, -5.0),
        (0.7, 0.0, 1.203972804326, 3.333333),
        (0.2, 0.0, 0.223143551314, 1.25),
    ],
)
def test_binary_cross_entropy_as_computed_by_hand(p, t, cost, derivative):
    v = Value(p)
    loss = nn.binary_cross_entropy(v, t)
    assert (loss.data, slope(loss, v)) == (pytest.approx(cost, rel=1e-11), pytest.approx(derivative, rel=1e-6))


def test_squared_error_slope_is_output_minus_target():
    a = Value(0.3)
    assert slope(nn.half_sum_of_squares(a, 1.0), a) == pytest.approx(-0.7, rel=1e-15)


def test_softmax_cross_entropy_as_computed_by_hand():
    zs = [Value(1.0), Value(2.0), Value(3.0)]
    loss = nn.cross_entropy(zs, 2)
    assert loss.data == pytest.approx(0.4076059644443803, rel=1e-15)
    expected = [0.09003057317038046, 0.24472847105479767, -0.3347590442251781]
    assert slope(loss, zs) == pytest.approx(expected, rel=1e-14)


LOGITS = st.lists(st.floats(-30.0, 30.0), min_size=2, max_size=5)


@given(LOGITS, st.data())
def test_of_probabilities_it_is_the_cross_entropy_of_their_logits(zs, data):
    shares = [1.0 / len(zs)] * len(zs)
    target = data.draw(st.sampled_from([*range(len(zs)), shares]))
    v = [Value(z) for z in zs]
    loss = nn.cross_entropy_of_probabilities(ag.softmax(v), target)
    w = [Value(z) for z in zs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # logits that happen to add up to 1
        expected = nn.cross_entropy(w, target)
    assert loss.data == pytest.approx(expected.data, rel=1e-12, abs=1e-12)
    assert slope(loss, v) == pytest.approx(slope(expected, w), rel=1e-12, abs=1e-12)


def test_it_is_the_entropy_of_a_distribution_against_itself():
    """Bishop 2006, eq. 1.98 and 1.113: the cross-entropy is the entropy plus the divergence, which is 0."""
    p = [0.5, 0.25, 0.125, 0.125]
    assert nn.cross_entropy_of_probabilities(p, p) == ag.entropy(p) == pytest.approx(1.75 * math.log(2.0), rel=1e-15)


def test_probabilities_of_a_class_that_is_traced():
    fast = ag.compile(nn.cross_entropy_of_probabilities)
    assert fast([0.25, 0.75], 1.0) == pytest.approx(-math.log(0.75), rel=1e-15)
    assert fast([0.0, 1.0], 1.0) == 0.0


def test_what_look_like_probabilities_are_warned_of():
    with pytest.warns(UserWarning, match=r"\[0.2, 0.8\], which look like probabilities") as caught:
        nn.cross_entropy([0.2, 0.8], 1)
    assert caught[0].filename == __file__
    for zs in ([0.0, 1.0], [0.2, 0.7], [-0.5, 1.5], [0.0, 0.0]):
        nn.cross_entropy(zs, 1)  # warnings are errors here


# --- Samples and totals ---------------------------------------------------------------------------------------------

OUTPUTS, TARGETS = [0.2, 0.9, 0.6], [0.0, 1.0, 1.0]
OF_CLASSES = {name for name, loss in nn.LOSSES.items() if loss.wants_classes}


@pytest.mark.parametrize("name", sorted(set(nn.LOSSES) - {*OF_CLASSES, "hinge"}))
def test_the_loss_of_many_is_made_of_the_losses_of_each(name):
    loss = nn.LOSSES[name]
    mean = sum(loss.sample(o, t) for o, t in zip(OUTPUTS, TARGETS, strict=True)) / 3
    assert loss(OUTPUTS, TARGETS) == pytest.approx(loss.of_mean(mean, 3), rel=1e-15)
    assert loss(np.array(OUTPUTS), np.array(TARGETS)) == loss(OUTPUTS, TARGETS)


@pytest.mark.parametrize("name", sorted(nn.LOSSES))
def test_every_loss_takes_one_sample_many_and_constants(name):
    shares = [Value(0.2), Value(0.8 if name.endswith("probabilities") else 0.4)]
    output, target = (shares, 1) if name in OF_CLASSES else (Value(0.3), 1.0)
    one, many = nn.LOSSES[name](output, target), nn.LOSSES[name]([output, output], [target, target])
    assert many.data == pytest.approx(one.data * (2 if nn.LOSSES[name].summed else 1), rel=1e-15)
    later = Value.constant(float(target))
    assert nn.LOSSES[name].sample(output, later).data == pytest.approx(nn.LOSSES[name].sample(output, target).data)


def test_outputs_side_by_side_count_as_outputs():
    assert nn.mean_squared_error([[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]) == 7.5
    assert nn.sum_of_squares([[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]) == 30.0


def test_a_loss_of_ones_own_sees_all_outputs_of_a_sample():
    def widest(output, target):
        return max(abs(o - t) for o, t in zip(output, target, strict=True))

    loss = nn.loss_named(widest)
    assert (loss.name, loss.advice, loss([[1.0, 2.0], [3.0, 7.0]], [[0.0, 0.0], [0.0, 0.0]])) == ("widest", "", 4.5)
    assert nn.loss_named(loss) is loss


@pytest.mark.parametrize("name", ["binary_cross_entropy", "binary_cross_entropy_with_logits", "hinge"])
def test_training_refuses_targets_that_the_loss_refuses(name):
    """The compiled rule cannot look at a target, so they are looked at before training."""
    model = nn.MLP(1, [1], output_activation="sigmoid", seed=0)
    with pytest.raises(DomainError, match=r"target.* 0\.5|target.* 2\.0"):
        nn.fit(model, [[0.0], [1.0]], [1.0, 0.5 if name == "hinge" else 2.0], loss=name, epochs=1)


# --- Bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: nn.binary_cross_entropy(Value(1.5), 1.0), DomainError, "probability is 1.5"),
        (lambda: nn.binary_cross_entropy(0.5, 2.0), DomainError, "target is 2.0"),
        (lambda: nn.binary_cross_entropy_with_logits(0.5, -1.0), DomainError, "0 and 1"),
        (lambda: nn.hinge(0.5, 0.0), DomainError, "2 \\* t - 1"),
        (lambda: nn.cross_entropy([0.0, 1.0], 2), DomainError, "class 2"),
        (lambda: nn.cross_entropy([0.0, 1.0], 0.5), DomainError, "0 to 1"),
        (lambda: nn.cross_entropy([0.0, 1.0], NAN), DomainError, "class nan"),
        (lambda: nn.cross_entropy([0.0, 1.0], [0.5, 0.6]), DomainError, "add up to 1"),
        (lambda: nn.cross_entropy([0.0, 1.0], [1.0, 0.0, 0.0]), ShapeError, "2 logits and 3"),
        (lambda: nn.cross_entropy([0.0], 0), ShapeError, "at least 2"),
        (lambda: nn.cross_entropy(Value(0.0), 0), ShapeError, "at least 2"),
        (lambda: nn.binary_cross_entropy(1.5, 1.0), DomainError, "use binary_cross_entropy_with_logits"),
        (
            lambda: nn.cross_entropy_of_probabilities([2.0, -1.0], 0),
            DomainError,
            "2.0 is not in .* there is cross_entropy",
        ),
        (lambda: nn.cross_entropy_of_probabilities([0.5, 0.8], 0), DomainError, "add up to 1.3"),
        (lambda: nn.cross_entropy_of_probabilities([0.5, 0.5], 2), DomainError, "class 2"),
        (lambda: nn.cross_entropy_of_probabilities([0.5, 0.5], [0.5, 0.6]), DomainError, "add up to 1"),
        (lambda: nn.cross_entropy_of_probabilities([0.5, 0.5], [1.0]), ShapeError, "2 probabilities and 1"),
        (lambda: nn.cross_entropy_of_probabilities(0.5, 1), ShapeError, "For one output use binary_cross_entropy"),
        (lambda: nn.mean_squared_error([1.0, 2.0], [1.0]), ShapeError, "2 outputs and 1 targets"),
        (lambda: nn.mean_squared_error([], []), ShapeError, "at least one"),
        (lambda: nn.cross_entropy([], []), ShapeError, "at least"),
        (lambda: nn.loss_named("mean_square_error"), UnknownNameError, "Did you mean 'mean_squared_error'"),
    ],
)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()

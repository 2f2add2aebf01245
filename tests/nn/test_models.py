"""The ready-made models of courses, and training from several starts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from autograd_lite import nn
from autograd_lite.errors import DomainError, NonFiniteError


def numbers(model):
    return [p.data for p in model.parameters()]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (1.79171983010224, -2.28211807291667)),
        ({"momentum": 0.9}, (1.79175946922806, -2.28217409573392)),
        ({"momentum": 0.9, "epochs": 100}, (2.90633266092285, -4.72227978561635)),
        ({"per_sample": True}, (1.791726772381835, -2.282126953346305)),
        ({"X": [[0.5], [0.2]]}, (-8.77771853945296, 3.30259088705737)),
        ({"w": 2.0}, (1.79175828264425, -2.28217241872451)),
    ],
)
def test_sigmoid_neuron(settings, expected):
    neuron, history = nn.sigmoid_neuron(**settings)
    assert numbers(neuron) == pytest.approx(expected, rel=1e-11)
    assert history.epochs == settings.get("epochs", 1000)


def test_sigmoid_neuron_of_several_inputs():
    neuron, history = nn.sigmoid_neuron([[0.0, 1.0], [1.0, 0.0]], [0.3, 0.7], epochs=2000)
    assert nn.predict(neuron, [[0.0, 1.0], [1.0, 0.0]]).tolist() == pytest.approx([0.3, 0.7], abs=1e-3)
    assert history.loss[-1] < 1e-5


def test_regressions_equal_scikit_learn():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2))
    y = x @ [1.5, -0.5] + 0.3 + 0.1 * rng.normal(size=60)
    line, _ = nn.linear_regression(x, y, lr=0.5)
    theirs = LinearRegression().fit(x, y)
    assert numbers(line) == pytest.approx([*theirs.coef_, theirs.intercept_], rel=1e-10)
    classes = (y + 0.5 * rng.normal(size=60) > 0).astype(float)
    parted, _ = nn.logistic_regression(x, classes, lr=2.0, epochs=3000)
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(x, classes)
    assert numbers(parted) == pytest.approx([*theirs.coef_[0], *theirs.intercept_], rel=1e-5)


def test_first_step_of_linear_regression_by_hand():
    line, history = nn.linear_regression([[0.5], [2.5]], [0.0, 1.0], lr=1.0, epochs=1)
    assert history.loss == [0.25]
    assert numbers(line) == [1.25, 0.5]


def test_the_xor_network_learns_with_its_seed():
    model, _ = nn.xor_network()
    assert (nn.predict(model, nn.XOR[0]) > 0.5).tolist() == [False, True, True, False]
    assert np.abs(nn.predict(model, nn.XOR[0]) - nn.XOR[1]).max() < 0.03


def test_about_a_third_of_the_starts_never_learns_xor_and_restarts_find_one_that_does():
    settings = {"loss": "binary_cross_entropy", "optimizer": nn.SGD(1.0), "epochs": 1000, "starts": 12}
    found = nn.fit_restarts(
        lambda seed: nn.MLP(2, [2, 1], activation="sigmoid", output_activation="sigmoid", seed=seed),
        *nn.XOR,
        **settings,
    )
    learned = [loss < 0.1 for loss in found.losses]
    assert 5 <= sum(learned) <= 11
    assert found.losses[found.best] == min(found.losses) < 0.02
    assert found.history.loss == found.histories[found.best].loss
    assert str(found).startswith("Best of 12 starts: seed ")
    assert settings["optimizer"].steps == 0  # each start had a copy
    assert (nn.predict(found.model, nn.XOR[0]) > 0.5).tolist() == [False, True, True, False]


def build(seed):
    return nn.MLP(2, [2, 1], activation="tanh", seed=seed)


def test_in_parallel_as_one_after_the_other():
    settings = {"loss": "binary_cross_entropy_with_logits", "optimizer": nn.Adam(0.1), "epochs": 5, "starts": 3}
    alone, together = (nn.fit_restarts(build, *nn.XOR, jobs=jobs, **settings) for jobs in (1, 2))
    assert alone.losses == together.losses
    assert numbers(alone.model) == numbers(together.model)


def test_starts_that_break_off_are_counted_but_not_kept():
    def wild(seed):
        model = nn.Neuron(1, "linear", seed=seed)
        model.w[0].data = 1e200 if seed % 2 else 1.0
        return model

    settings = {"loss": "mean_squared_error", "optimizer": nn.SGD(0.1), "epochs": 2}
    found = nn.fit_restarts(wild, [[1.0]], [1.0], starts=4, **settings)
    assert [math.isfinite(loss) for loss in found.losses] == [True, False, True, False]
    assert found.histories[1] is None
    with pytest.raises(NonFiniteError, match="All 1 starts failed"):
        nn.fit_restarts(wild, [[1.0]], [1.0], starts=1, seed=1, **settings)
    with pytest.raises(DomainError, match="starts is 0"):
        nn.fit_restarts(wild, [[1.0]], [1.0], starts=0, **settings)

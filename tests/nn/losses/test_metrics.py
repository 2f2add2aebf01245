"""Metrics: by hand, against scikit-learn, on floats, Values and arrays."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import r2_score, root_mean_squared_error

from autograd_lite import Value, nn
from autograd_lite.errors import ShapeError


def test_accuracy_at_a_threshold():
    outputs = [Value(0.51), Value(0.5), Value(0.2), 0.9]
    assert nn.accuracy_at_threshold(outputs, [1, 0, 1, 1]) == 0.75
    assert nn.accuracy_at_threshold([-0.1, 0.1], [-1.0, 1.0], threshold=0.0) == 1.0


def test_accuracy_of_classes_by_number_and_one_hot():
    outputs = [[Value(1.0), Value(2.0)], [0.0, -1.0]]
    assert nn.accuracy_of_classes(outputs, [1, 0]) == 1.0
    assert nn.accuracy_of_classes(outputs, [[0.0, 1.0], [0.0, 1.0]]) == 0.5
    assert nn.accuracy_of_classes(outputs, np.array([[1], [1]])) == 0.5


def test_regression_scores_equal_scikit_learn():
    rng = np.random.default_rng(0)
    targets, outputs = rng.normal(size=50), rng.normal(size=50)
    assert nn.r2(outputs, targets) == pytest.approx(r2_score(targets, outputs), rel=1e-14)
    assert nn.rmse(outputs, targets) == pytest.approx(root_mean_squared_error(targets, outputs), rel=1e-14)


def test_r2_of_constant_targets():
    assert (nn.r2([1.0, 1.0], [1.0, 1.0]), nn.r2([1.0, 2.0], [1.0, 1.0])) == (1.0, 0.0)


@pytest.mark.parametrize("metric", [nn.accuracy_at_threshold, nn.accuracy_of_classes, nn.r2, nn.rmse])
@pytest.mark.parametrize(("outputs", "targets"), [([], []), ([1.0, 2.0], [1.0])])
def test_lengths_must_agree(metric, outputs, targets):
    with pytest.raises(ShapeError):
        metric(outputs, targets)

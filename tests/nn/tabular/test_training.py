"""What `train_on_csv` refuses before it works, its default penalty, and what its report says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

from autograd_lite import nn
from autograd_lite.errors import DomainError
from autograd_lite.nn.tabular import training
from autograd_lite.nn.tabular.table_model import report


def written(path, inputs, targets):
    rows = [[f"x{i}" for i in range(len(inputs[0]))] + ["y"]]
    rows += [[*map(str, x), str(t)] for x, t in zip(inputs, targets, strict=True)]
    path.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def small(tmp_path):
    return written(tmp_path / "small.csv", [[i, i % 3] for i in range(40)], [2.5 * i for i in range(40)])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"held_out": math.nan}, "held_out is nan; give a share"),
        ({"held_out": -1.0}, "held_out is -1.0"),
        ({"held_out": 0.001}, "leaves none on one side"),
        ({"seed": -1}, "seed is -1; it must be a whole number, at least 0"),
        ({"hidden": [3_000_000]}, r"would have 12000001 weights, .* about 60 GB .*--hidden"),
        ({"hidden": [16, 10**12]}, "Choose smaller layers"),
        ({"lr": math.nan}, "lr is nan"),
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_size": 0}, "batch_size is 0"),
    ],
)
def test_settings_are_refused(settings, words, small):
    with pytest.raises(DomainError, match=words):
        nn.train_on_csv(small, "y", **settings)


def test_a_share_that_is_no_number_is_refused_by_fit_too():
    with pytest.raises(DomainError, match="share in"):
        nn.fit(nn.Neuron(1), [[1.0], [2.0]], [1.0, 2.0], loss="mean_squared_error", validation=math.nan)


@pytest.mark.parametrize(("task", "strength"), [("regression", 2.0 / 30), ("classification", 0.5 / 30)])
def test_the_penalty_counts_weights_and_not_biases(task, strength, tmp_path, monkeypatch):
    path = written(tmp_path / "a.csv", [[i] for i in range(40)], [i % 2 for i in range(40)])
    fit, penalties = training.fit, []
    monkeypatch.setattr(training, "fit", lambda *data, **kw: penalties.append(kw["penalty"]) or fit(*data, **kw))
    nn.train_on_csv(path, "y", hidden=[2], task=task, epochs=2)
    assert penalties[0].strength == pytest.approx(strength)
    assert penalties[0].mask[:7].tolist() == [1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0]
    assert penalties[1:] in ([], [None])  # the baseline has none


def test_the_penalty_helps_on_data_without_part_in_its_choice(tmp_path, monkeypatch):
    path = written(tmp_path / "d.csv", *load_diabetes(return_X_y=True))

    def score():
        return np.mean([nn.train_on_csv(path, "y", seed=seed).scores.model for seed in range(4)])

    with_penalty = score()
    monkeypatch.setattr(training, "PENALTY", {"numbers": 0.0})
    assert with_penalty > score()


@pytest.mark.parametrize(
    ("scores", "sentence"),
    [
        ((0.9, 0.8, 0.3), "The network is the best of the three, 0.100 above the linear model."),
        ((0.9, -2.0, 0.3), "The network is the best of the three, 0.600 above the constant."),
        ((0.8, 0.8, 0.3), "The network is as good as the linear model."),
        ((0.4, 0.5, 0.3), "The linear model is the best of the three, 0.100 above the network. Try smaller layers"),
        ((-0.1, -0.2, 0.0), "The constant is the best of the three, 0.100 above the network. The other columns say"),
    ],
)
def test_the_report_names_the_best(scores, sentence):
    assert report(nn.Scores("R²", *scores)).splitlines()[1].startswith(sentence)

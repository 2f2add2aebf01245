"""The data sets of scikit-learn, 5 folds, standardised, hidden layer of 32: our estimators and scikit-learn's own.

Both get the same settings and the same folds, and go through the same number of epochs (they never stop early here).
Each round has its own random start; the scores are the means of all rounds. The times are of five fits, one thread
each, the median of all rounds, in which the two take turns; the first fit of ours builds its program. Run it with
``python tests/benchmarks/estimators.py``.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import argparse
import statistics
import warnings

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold, StratifiedKFold, cross_validate
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from autograd_lite import nn

WANTED = {"iris": 0.95, "wine": 0.97, "breast cancer": 0.975, "digits": 0.97, "diabetes": 0.47}
LOADERS = {
    "iris": load_iris,
    "wine": load_wine,
    "breast cancer": load_breast_cancer,
    "digits": load_digits,
    "diabetes": load_diabetes,
}
SETTINGS = {"hidden_layer_sizes": (32,), "n_iter_no_change": 10**6}
OWN_SETTINGS = {
    "iris": {"learning_rate_init": 0.01, "max_iter": 200},
    "wine": {"learning_rate_init": 0.01, "max_iter": 50},
    "breast cancer": {"learning_rate_init": 0.01, "max_iter": 50},
    "digits": {"learning_rate_init": 0.005, "max_iter": 60},
    "diabetes": {"learning_rate_init": 0.01, "max_iter": 100, "alpha": 10.0},
}


def folds(name, kind, X, y, seed):
    """Scores of five fits, and the seconds that they took."""
    split = (KFold if name == "diabetes" else StratifiedKFold)(5, shuffle=True, random_state=0)
    model = make_pipeline(StandardScaler(), kind(**SETTINGS, **OWN_SETTINGS[name], random_state=seed))
    if name == "diabetes":
        y = (y - y.mean()) / y.std()
    found = cross_validate(model, X, y, cv=split, error_score="raise")
    return found["test_score"].mean(), found["fit_time"].sum()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(f"{'':14}{'rows':>6}{'wanted':>9}{'ours':>9}{'theirs':>9}{'seconds':>10}{'theirs':>9}{'ratio':>8}")
    for name, load in LOADERS.items():
        X, y = load(return_X_y=True)
        kinds = (nn.MLPRegressor, MLPRegressor) if name == "diabetes" else (nn.MLPClassifier, MLPClassifier)
        seconds: list[list[float]] = [[], []]
        scores: list[list[float]] = [[], []]
        for seed in range(rounds):
            for k, kind in enumerate(kinds):
                score, taken = folds(name, kind, X, y, seed)
                scores[k].append(score)
                seconds[k].append(taken)
        ours, theirs = map(statistics.median, seconds)
        print(
            f"{name:14}{len(X):6}{WANTED[name]:9.3f}{np.mean(scores[0]):9.4f}{np.mean(scores[1]):9.4f}"
            f"{ours:10.3f}{theirs:9.3f}{ours / theirs:8.2f}"
        )


if __name__ == "__main__":
    main()

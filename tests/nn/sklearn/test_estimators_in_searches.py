"""The estimators in pipelines and searches, in one process, in several, and on a cluster."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import joblib
import numpy as np
import pytest
from scipy import sparse, stats
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from autograd_lite import nn, viz

X, y = load_iris(return_X_y=True)
GRID = {"mlpclassifier__hidden_layer_sizes": [(3,), (5, 3)], "mlpclassifier__alpha": [1e-4, 1.0]}


def pipeline(**settings):
    quick = {"max_iter": 8, "learning_rate_init": 0.05, "batch_size": 30, "random_state": 0}
    return make_pipeline(StandardScaler(), nn.MLPClassifier(**{**quick, **settings}))


def search(**settings):
    return GridSearchCV(pipeline(), GRID, cv=3, **settings)


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    """Few epochs are not enough to converge; workers inherit the variable."""
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def test_a_search_finds_the_same_in_any_number_of_processes():
    alone = search().fit(X, y)
    assert alone.best_score_ > 0.9
    several = search(n_jobs=2).fit(X, y)
    assert np.array_equal(several.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])
    assert several.best_params_ == alone.best_params_
    assert np.array_equal(several.predict_proba(X), alone.predict_proba(X))
    assert np.array_equal(search().fit(X, y).predict_proba(X), alone.predict_proba(X))


def test_a_random_search():
    spread = {
        "mlpclassifier__learning_rate_init": stats.loguniform(1e-3, 1e-1),
        "mlpclassifier__solver": ["adam", "sgd"],
    }
    found = RandomizedSearchCV(pipeline(), spread, n_iter=4, cv=2, n_jobs=2, random_state=0).fit(X, y)
    assert found.best_score_ > 0.8
    assert len(found.cv_results_["params"]) == 4


def test_the_winner_can_be_drawn_and_explained():
    winner = search().fit(X, y).best_estimator_
    row = winner[:-1].transform(X[:1])[0]
    logits = winner[-1].network_(row)
    loss = nn.cross_entropy(logits, int(y[0]))
    loss.backward()
    assert "digraph" in viz.draw(loss).dot
    weight = winner[-1].network_.layers[0].neurons[0].w[0]
    assert "w₁₁⁽¹⁾" in str(viz.explain(loss, weight))


def test_clone_and_pickle():
    fitted = pipeline().fit(X, y)
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301 - our own bytes
    assert np.array_equal(again.predict_proba(X), fitted.predict_proba(X))
    copy = clone(fitted).fit(X, y)
    assert np.array_equal(copy.predict_proba(X), fitted.predict_proba(X))


def test_joblib_files(tmp_path):
    fitted = pipeline().fit(X, y)
    joblib.dump(fitted, tmp_path / "model.joblib")
    assert np.array_equal(joblib.load(tmp_path / "model.joblib").predict(X), fitted.predict(X))


def test_columns_have_names():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(X, columns=["sepal l", "sepal w", "petal l", "petal w"])
    model = nn.MLPClassifier((3,), max_iter=2).fit(table, y)
    assert model.feature_names_in_.tolist() == list(table.columns)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(table[table.columns[::-1]])
    with pytest.raises(ValueError, match="has 3 features, but MLPClassifier is expecting 4"):
        nn.MLPClassifier((3,), max_iter=2).fit(X, y).predict(X[:, :3])


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_sparse_tables_are_refused(method):
    with pytest.raises(TypeError, match="Sparse data was passed"):
        getattr(nn.MLPRegressor(), method)(sparse.csr_array(X), y)


def test_other_tools_take_it():
    inner = nn.MLPClassifier((3,), max_iter=5, random_state=0)
    assert OneVsRestClassifier(inner).fit(X, y).predict(X).shape == (150,)
    digits = load_digits(return_X_y=True)
    tools = make_pipeline(StandardScaler(), PCA(16), nn.MLPClassifier((16,), learning_rate_init=0.02, random_state=0))
    assert cross_val_score(tools, *digits, cv=2).mean() > 0.8


@pytest.mark.long
def test_the_recipe_for_a_cluster(tmp_path):
    """Two workers of a real cluster find what one process finds; the recipe's own text is what is run."""
    pytest.importorskip("distributed", reason="the extra cluster")
    text = (Path(__file__).parents[3] / "docs" / "cluster.md").read_text(encoding="utf-8")
    recipe = tmp_path / "search.py"
    recipe.write_text(text.split("```python\n")[1].split("```")[0], encoding="utf-8")
    printed = text.split("```text\n")[1].split("```")[0].splitlines()
    command = [sys.executable, str(recipe)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)  # noqa: S603 - ours
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [lines[0], *lines[2:]] == [printed[0], *printed[2:]]  # the winner may be another one on another processor
    assert lines[1].startswith("best: {")

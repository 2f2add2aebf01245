"""The estimators keep scikit-learn's whole contract, and do what its own networks do where names are the same."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.preprocessing import StandardScaler, scale
from sklearn.utils.estimator_checks import parametrize_with_checks

from autograd_lite import Value, nn
from autograd_lite.errors import DomainError, NonFiniteError, OperandError, ShapeError, UnknownNameError

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

IRIS = scale(load_iris().data), load_iris().target
CANCER = scale(load_breast_cancer().data), load_breast_cancer().target
DIABETES = scale(load_diabetes().data), scale(load_diabetes().target)
TWO_TARGETS = DIABETES[0], np.column_stack([DIABETES[1], DIABETES[0][:, 2]])
LABELS = make_multilabel_classification(120, 6, n_classes=3, random_state=0)
LABELS = scale(LABELS[0]), LABELS[1]
PROBLEMS = {
    "two classes": (nn.MLPClassifier, TheirClassifier, CANCER),
    "three classes": (nn.MLPClassifier, TheirClassifier, IRIS),
    "labels": (nn.MLPClassifier, TheirClassifier, LABELS),
    "one target": (nn.MLPRegressor, TheirRegressor, DIABETES),
    "two targets": (nn.MLPRegressor, TheirRegressor, TWO_TARGETS),
}


def answers(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


@parametrize_with_checks([nn.MLPClassifier(hidden_layer_sizes=(16,)), nn.MLPRegressor(hidden_layer_sizes=(16,))])
def test_contract(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks fit on nonsense, and pass it through other parts of scikit-learn
        check(estimator)


def test_contract_on_arrays_of_other_libraries():
    """These checks need a variable of the environment that is read when SciPy is loaded."""
    code = """if True:
        from sklearn.utils.estimator_checks import estimator_checks_generator
        from autograd_lite import nn
        for estimator in (nn.MLPClassifier(), nn.MLPRegressor()):
            for estimator, check in estimator_checks_generator(estimator):
                if "array_api" in getattr(check, "func", check).__name__:
                    check(estimator)
                    print("passed")
    """
    environment = {**os.environ, "SCIPY_ARRAY_API": "1"}
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["passed", "passed"]


# --- Against scikit-learn's own networks ----------------------------------------------------------------------------


def twins(problem, **settings):
    """Ours and theirs with the same weights and fresh optimisers."""
    our_class, their_class, (X, y) = PROBLEMS[problem]
    settings = {"hidden_layer_sizes": (5, 4), "batch_size": len(X), "random_state": 0, **settings}
    first = {"classes": np.arange(y.shape[1]) if y.ndim > 1 else np.unique(y)} if our_class is nn.MLPClassifier else {}
    ours, theirs = (cls(**settings).partial_fit(X, y, **first) for cls in (our_class, their_class))
    ours.network_ = nn.from_sklearn(theirs)
    ours._optimizer = ours._optimizer_of_solver()
    del theirs._optimizer
    return ours, theirs, X, y


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize(
    "settings", [{"solver": "sgd", "nesterovs_momentum": False}, {"solver": "sgd"}, {"epsilon": 1e-30}], ids=str
)
def test_steps_are_theirs(problem, settings):
    """Adam's epsilon stands elsewhere in their formula, so here it is too small to matter."""
    ours, theirs, X, y = twins(problem, activation="tanh", alpha=0.3, learning_rate_init=0.05, **settings)
    weights = np.random.default_rng(0).integers(0, 3, len(X)).astype(float)
    for sample_weight in (None, None, weights, weights):
        ours.partial_fit(X, y, sample_weight)
        theirs.partial_fit(X, y, sample_weight)
    for our_array, their_array in zip(
        [*ours.coefs_, *ours.intercepts_], [*theirs.coefs_, *theirs.intercepts_], strict=True
    ):
        np.testing.assert_allclose(our_array, their_array, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(answers(ours, X), answers(theirs, X), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_network_of_theirs_becomes_scalars_and_comes_back(problem, activation):
    _, their_class, (X, y) = PROBLEMS[problem]
    theirs = their_class(hidden_layer_sizes=(6, 3), activation=activation, max_iter=5, random_state=1).fit(X, y)
    network = nn.from_sklearn(theirs)
    outputs = nn.predict(network, X)
    if isinstance(theirs, TheirClassifier):
        shifted = outputs - outputs.max(axis=-1, keepdims=True)
        classes = np.exp(shifted) / np.exp(shifted).sum(axis=-1, keepdims=True)
        found = classes if theirs.out_activation_ == "softmax" else 1.0 / (1.0 + np.exp(-outputs))
        wanted = theirs.predict_proba(X)
        wanted = wanted[:, 1] if outputs.ndim == 1 else wanted
    else:
        found, wanted = outputs, theirs.predict(X)
    np.testing.assert_allclose(found, wanted, rtol=0.0, atol=1e-12)
    back = nn.to_numpy(network)
    for i, (w, b) in enumerate(zip(theirs.coefs_, theirs.intercepts_, strict=True), 1):
        assert np.array_equal(back[f"layer{i}.W"].T, w)
        assert np.array_equal(back[f"layer{i}.b"], b)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_weights_of_ours_work_in_theirs(problem):
    ours, theirs, X, y = twins(problem)
    ours.partial_fit(X, y)
    theirs.coefs_, theirs.intercepts_ = ours.coefs_, ours.intercepts_
    np.testing.assert_allclose(answers(ours, X), answers(theirs, X), rtol=0.0, atol=1e-12)
    assert np.array_equal(ours.predict(X), theirs.predict(X)) or isinstance(ours, nn.MLPRegressor)
    assert ours.out_activation_ == theirs.out_activation_
    assert (ours.n_layers_, ours.n_outputs_) == (theirs.n_layers_, theirs.n_outputs_)


def test_the_rate_falls_as_theirs():
    ours, theirs, X, y = twins("one target", solver="sgd", learning_rate="invscaling", learning_rate_init=0.1)
    assert ours._optimizer.lr == 0.1
    for _ in range(3):
        ours.partial_fit(X, y)
        theirs.partial_fit(X, y)
    assert ours._optimizer.lr == pytest.approx(theirs._optimizer.learning_rate, rel=1e-12)


def test_what_cannot_become_scalars():
    with pytest.raises(NotFittedError):
        nn.from_sklearn(TheirClassifier())
    with pytest.raises(OperandError, match=r"takes a fitted MLPClassifier.*pipeline\[-1\]"):
        nn.from_sklearn(StandardScaler())


def test_ours_become_scalars_too():
    ours = nn.MLPClassifier((4,), activation="gelu", max_iter=3, random_state=0).fit(*IRIS)
    assert nn.from_sklearn(ours)(IRIS[0][0])[1].data == ours.network_(IRIS[0][0])[1].data


# --- The network, and what is known about its training ---------------------------------------------------------------


def test_predictions_come_from_the_network_of_scalars():
    model = nn.MLPRegressor((3,), max_iter=3, random_state=0).fit(*DIABETES)
    row = DIABETES[0][:1]
    assert model.network_(row[0]).data == pytest.approx(model.predict(row)[0], rel=1e-14)
    model.network_.layers[-1].neurons[0].b.data += 1.0
    assert model.network_(row[0]).data == pytest.approx(model.predict(row)[0], rel=1e-14)
    assert model.intercepts_[-1][0] == model.network_.layers[-1].neurons[0].b.data


def test_fitting_is_partial_fitting_over_and_over():
    settings = {"hidden_layer_sizes": (4,), "batch_size": 32, "random_state": 3}
    whole = nn.MLPClassifier(max_iter=4, **settings).fit(*CANCER)
    parts = nn.MLPClassifier(**settings)
    for _ in range(4):
        parts.partial_fit(*CANCER, classes=[0, 1])
    assert parts.loss_curve_ == whole.loss_curve_
    assert np.array_equal(parts.coefs_[0], whole.coefs_[0])
    assert (whole.n_iter_, parts.n_iter_) == (4, 1)


def test_warm_start_goes_on():
    model = nn.MLPRegressor((4,), warm_start=True, max_iter=3, random_state=0).fit(*DIABETES)
    before, first = model.network_, model.loss_curve_[0]
    model.fit(*DIABETES)
    assert model.network_ is before
    assert (len(model.loss_curve_), model.n_iter_, model.loss_curve_[0]) == (6, 3, first)
    with pytest.raises(ShapeError, match="layers"):
        model.set_params(hidden_layer_sizes=(5,)).fit(*DIABETES)


def test_training_stops_where_it_gains_no_more():
    model = nn.MLPClassifier((4,), tol=10.0, n_iter_no_change=3, random_state=0).fit(*IRIS)
    assert model.n_iter_ == 5  # the first one gains, the fourth after it is too many, as in scikit-learn
    assert model.history_.stopped == "no gain of 10 in the loss for 3 epochs"
    assert TheirClassifier((4,), tol=10.0, n_iter_no_change=3, random_state=0).fit(*IRIS).n_iter_ == model.n_iter_


def test_an_adaptive_rate_is_cut_at_each_plateau():
    settings = {"solver": "sgd", "learning_rate": "adaptive", "tol": 10.0, "n_iter_no_change": 1, "random_state": 0}
    model, theirs = (cls(hidden_layer_sizes=(3,), **settings) for cls in (nn.MLPRegressor, TheirRegressor))
    model.fit(*DIABETES)
    assert model.history_.lr[-1] == pytest.approx(theirs.fit(*DIABETES)._optimizer.learning_rate)
    assert sorted(set(model.history_.lr))[::-1] == pytest.approx([0.001 / 5**k for k in range(6)])
    assert model.n_iter_ == theirs.n_iter_


@pytest.mark.parametrize("problem", PROBLEMS)
def test_early_stopping_keeps_the_best(problem):
    our_class, _, (X, y) = PROBLEMS[problem]
    model = our_class((6,), early_stopping=True, validation_fraction=0.3, max_iter=30, learning_rate_init=0.05)
    model.set_params(random_state=2).fit(X, y)
    assert len(model.validation_scores_) == model.n_iter_
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.best_loss_ is None
    targets = model._checked(X, y, reset=False)[1]
    _, held_out = model._split(targets, model.history_.seed)
    assert len(held_out) == round(0.3 * len(X))
    assert model.score(X[held_out], y[held_out]) == pytest.approx(model.best_validation_score_, abs=1e-12)


def test_several_starts_keep_the_best_here_and_in_other_processes():
    X, y = np.array(nn.XOR[0]), np.array(nn.XOR[1]).astype(int)
    settings = {"hidden_layer_sizes": (2,), "activation": "tanh", "learning_rate_init": 0.1, "alpha": 0.0}
    model = nn.MLPClassifier(**settings, restarts=6, random_state=0).fit(X, y)
    assert model.predict(X).tolist() == y.tolist()
    data = model._data(*model._checked(X, y, reset=False), None)
    seeds = np.random.RandomState(0).randint(2**31 - 1, size=6).tolist()
    single = [model._train(data, model._start(seed)).history.loss for seed in seeds]
    assert model.best_loss_ == min(min(losses) for losses in single)
    parallel = nn.MLPClassifier(**settings, restarts=6, random_state=0, n_jobs=2).fit(X, y)
    assert parallel.loss_curve_ == model.loss_curve_


def test_callbacks_and_progress(capsys):
    seen = nn.Record()
    model = nn.MLPClassifier((3,), max_iter=4, callbacks=[seen, lambda run: run.epoch == 3 and run.stop("enough")])
    model.set_params(verbose=True).fit(*IRIS)
    assert seen.epochs == [0, 1, 2, 3]
    assert model.history_.stopped == "enough"
    assert capsys.readouterr().out.startswith("epoch 1/4  loss ")


@pytest.mark.parametrize("activation", ["sigmoid", "softplus", "gelu", "sin", "linear", "leaky_relu", np.tanh])
def test_any_op_is_an_activation(activation):
    model = nn.MLPRegressor((3,), activation=activation, max_iter=2, random_state=0).fit(*DIABETES)
    assert model.predict(DIABETES[0]).shape == (442,)


@pytest.mark.parametrize("solver", ["adam", "adamw", "rmsprop", "sgd", "lbfgs"])
def test_every_solver_learns(solver):
    model = nn.MLPClassifier((8,), solver=solver, learning_rate_init=0.01, max_iter=60, random_state=0)
    assert model.fit(*CANCER).score(*CANCER) > 0.97


def test_a_full_run_says_so_and_a_finished_one_does_not():
    with pytest.warns(ConvergenceWarning, match="still improving after its 2 epochs"):
        nn.MLPRegressor((2,), max_iter=2).fit(*DIABETES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.MLPRegressor((2,), tol=10.0).fit(*DIABETES)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_lbfgs_ends_where_theirs_does(problem):
    our_class, their_class, (X, y) = PROBLEMS[problem]
    settings = {"solver": "lbfgs", "hidden_layer_sizes": (), "alpha": 1.0, "max_iter": 1000, "tol": 1e-8}
    settings |= {"random_state": 0, "activation": "identity"}  # without hidden layers there is one minimum only
    ours, theirs = our_class(**settings).fit(X, y), their_class(**settings).fit(X, y)
    assert ours.history_.stopped == "converged"
    assert len(ours.loss_curve_) == ours.n_iter_
    np.testing.assert_allclose(ours.coefs_[0], theirs.coefs_[0], atol=2e-3)


def test_lbfgs_is_watched_and_stopped():
    seen = nn.Record()
    model = nn.MLPRegressor((3,), solver="lbfgs", callbacks=[seen, nn.StopWhen(loss=0.4)], random_state=0)
    model.fit(*DIABETES)
    assert model.history_.stopped == "loss at most 0.4"
    assert seen.epochs == list(range(model.n_iter_ + 1))
    assert np.array_equal(seen.weights[-1], [p.data for p in model.network_.parameters()])
    longer = nn.MLPRegressor((3,), solver="lbfgs", max_iter=4, warm_start=True, random_state=0).fit(*DIABETES)
    assert (longer.n_iter_, longer.history_.stopped) == (4, "all epochs")
    assert longer.fit(*DIABETES).loss_ < longer.loss_curve_[3]
    with pytest.raises(AttributeError) as caught:
        longer.partial_fit(*DIABETES)
    assert "has no partial_fit, since it needs all samples at once" in str(caught.value.__cause__)


# --- Classes ---------------------------------------------------------------------------------------------------------


def test_classes_may_be_words():
    words = np.array(["setosa", "versicolor", "virginica"])[IRIS[1]]
    model = nn.MLPClassifier((5,), learning_rate_init=0.05, max_iter=50, random_state=0).fit(IRIS[0], words)
    assert model.score(IRIS[0], words) > 0.95
    assert model.classes_.tolist() == ["setosa", "versicolor", "virginica"]


def test_a_single_class_is_certain():
    model = nn.MLPClassifier((2,), max_iter=2).fit(IRIS[0], np.full(150, 7))
    assert model.predict(IRIS[0][:2]).tolist() == [7, 7]
    assert model.predict_proba(IRIS[0][:2]).tolist() == [[1.0], [1.0]]


def test_probabilities_keep_their_digits():
    model = nn.MLPClassifier((2,), max_iter=2, random_state=0).fit(*CANCER)
    model.network_.layers[-1].neurons[0].b.data = -800.0
    p, log_p = model.predict_proba(CANCER[0][:1])[0], model.predict_log_proba(CANCER[0][:1])[0]
    assert p.tolist() == [1.0, 0.0]
    assert log_p[1] == pytest.approx(model.decision_function(CANCER[0][:1])[0])


def test_classes_are_told_before_they_come():
    model = nn.MLPClassifier((3,), random_state=0)
    with pytest.raises(DomainError, match="needs all classes"):
        model.partial_fit(*IRIS)
    model.partial_fit(IRIS[0][:50], IRIS[1][:50], classes=[0, 1, 2])
    assert model.predict_proba(IRIS[0]).shape == (150, 3)
    with pytest.raises(DomainError, match="holds the class 9"):
        model.partial_fit(IRIS[0][:1], [9])
    with pytest.raises(DomainError, match="the first call had"):
        model.partial_fit(IRIS[0][:1], [0], classes=[0, 1])
    assert model.fit(IRIS[0][:100], IRIS[1][:100]).classes_.tolist() == [0, 1]


# --- Errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"solver": "newton"}, UnknownNameError, "no solver 'newton'.*adam, adamw, lbfgs, rmsprop, sgd"),
        ({"activation": "rleu"}, UnknownNameError, "no activation 'rleu'. Did you mean 'relu'"),
        ({"learning_rate": "falling"}, UnknownNameError, "no learning_rate 'falling'"),
        ({"hidden_layer_sizes": (3, 0)}, ShapeError, "at least 1"),
        ({"hidden_layer_sizes": (2.5,)}, ShapeError, "2.5"),
        ({"max_iter": 0}, DomainError, "max_iter is 0; it must be a whole number, at least 1"),
        ({"batch_size": "all"}, DomainError, "batch_size is 'all'; .* at least 1, or 'auto'"),
        ({"restarts": True}, DomainError, "restarts is True"),
        ({"n_iter_no_change": 0.5}, DomainError, "n_iter_no_change is 0.5; .* or inf"),
        ({"alpha": -1.0}, DomainError, "alpha is -1.0"),
        ({"learning_rate_init": -1.0}, DomainError, "lr is -1.0"),
        ({"solver": "sgd", "momentum": 1.5}, DomainError, "momentum is 1.5"),
        ({"callbacks": ["progress"]}, OperandError, "'progress' is not a callback"),
        ({"early_stopping": True, "validation_fraction": 0.001}, DomainError, "holds 1 out"),
    ],
    ids=str,
)
def test_unusable_settings(settings, error, message):
    with pytest.raises(error, match=message):
        nn.MLPRegressor(**{"hidden_layer_sizes": (2,), "max_iter": 2, **settings}).fit(*DIABETES)


def test_weights_that_are_all_zero_teach_nothing():
    with pytest.raises(ValueError, match=r"[Ss]ample weights"):  # scikit-learn's own error, where it looks at them
        nn.MLPRegressor().fit(*DIABETES, sample_weight=np.zeros(442))


def test_a_run_that_diverges():
    with pytest.raises(NonFiniteError, match="epoch 1"):
        nn.MLPRegressor((2,), solver="sgd", learning_rate_init=1e200, batch_size=10, restarts=2).fit(*DIABETES)


def test_samples_are_not_held_out_of_a_part():
    with pytest.raises(DomainError, match="early_stopping=False"):
        nn.MLPRegressor(early_stopping=True).partial_fit(*DIABETES)


def test_without_scikit_learn():
    code = """if True:
        import sys
        sys.modules["sklearn"] = None
        from autograd_lite import nn
        from autograd_lite.nn import *
        for ask in (lambda: nn.MLPClassifier, lambda: nn.from_sklearn(1)):
            try:
                ask()
            except ImportError as error:
                print(type(error).__name__, error)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert all("MissingDependencyError" in line and 'pip install -e ".[sklearn]"' in line for line in lines)


def test_the_module_knows_its_names():
    assert {"MLPClassifier", "MLPRegressor", "from_sklearn"} <= set(dir(nn))
    with pytest.raises(AttributeError, match="Did you mean 'MLPClassifier'"):
        _ = nn.MLPClasifier


# --- Programs are shared, networks are not ---------------------------------------------------------------------------


def test_networks_of_one_shape_do_not_disturb_each_other():
    first = nn.MLPRegressor((3,), max_iter=3, random_state=0).fit(*DIABETES)
    before = first.predict(DIABETES[0])
    for neuron in first.network_.layers[0].neurons:
        neuron.w[0] = Value(0.0)  # even if its structure changes
    second = nn.MLPRegressor((3,), max_iter=3, random_state=0).fit(*DIABETES)
    assert np.array_equal(second.predict(DIABETES[0]), before)


def test_copies_are_independent():
    model = nn.MLPClassifier((3,), max_iter=3, random_state=0).fit(*IRIS)
    twin = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own bytes
    assert np.array_equal(twin.predict_proba(IRIS[0]), model.predict_proba(IRIS[0]))
    twin.partial_fit(*IRIS)
    assert len(twin.loss_curve_) == len(model.loss_curve_) + 1
    assert not hasattr(clone(model), "network_")

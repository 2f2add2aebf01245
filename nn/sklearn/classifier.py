"""The classifier: encodes classes as numbers, and decodes logits as classes and probabilities."""

# Any: classes are of any type
from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import log_expit, log_softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
from sklearn.utils.validation import column_or_1d, validate_data

from autograd_lite.errors import DomainError, ShapeError

from ..kinds import Array, Numbers
from ..losses.loss import LOSSES, Loss, added_up
from .base import BaseNetwork, takes_steps

__all__ = ["MLPClassifier"]


TWO_CLASSES = LOSSES["binary_cross_entropy_with_logits"]
CLASSES = LOSSES["cross_entropy"]
LABELS = added_up(TWO_CLASSES)


class MLPClassifier(ClassifierMixin, BaseNetwork):  # type: ignore[misc] # scikit-learn has no types
    """Classifier for two or more classes, or several labels at once: a multi-layer perceptron of scalars.

    It minimises the cross-entropy, compiled. Give it standardised columns: ``make_pipeline(StandardScaler(),
    MLPClassifier())``.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int
        Number of neurons in each hidden layer.
    activation : str or callable
        Of the hidden layers: any op of the table that takes one operand, "linear" (or "identity"), "sigmoid" (or
        "logistic"), or a function of one Value.
    solver : {"adam", "adamw", "rmsprop", "sgd", "lbfgs"}
        How a gradient becomes a step. "lbfgs" takes all samples at once, and is good for small data sets; of the
        parameters below it uses alpha, max_iter, tol, restarts and callbacks.
    alpha : float
        Strength of the L2 penalty: ``alpha / 2`` times the sum of the squares of all weights (biases do not count),
        divided by the number of samples in a batch.
    batch_size : int or "auto"
        Samples per step; "auto" is 200. It is cut to the number of samples.
    learning_rate : {"constant", "invscaling", "adaptive"}
        How the rate changes: not at all; as ``learning_rate_init / (samples seen + 1) ** power_t``; or to a fifth at
        each plateau.
    learning_rate_init : float
        Learning rate of the first epoch.
    power_t : float
        Exponent for "invscaling".
    max_iter : int
        Largest number of epochs.
    shuffle : bool
        Whether each epoch takes the samples in a new order.
    random_state : int, RandomState or None
        Source of all randomness.
    tol : float
        By how much the loss must fall (or with early stopping, the score rise) to count as a gain.
    verbose : bool
        Whether to show progress.
    warm_start : bool
        Whether `fit` goes on from the network of the last fit.
    momentum, nesterovs_momentum : float, bool
        For "sgd".
    early_stopping : bool
        Whether to hold samples out, stop by their score and keep the network of the best one.
    validation_fraction : float
        Share of the samples to hold out.
    beta_1, beta_2, epsilon : float
        For "adam" and "adamw"; epsilon for "rmsprop" too.
    n_iter_no_change : int
        Training ends after more epochs than this without a gain.
    restarts : int
        Number of random starts; the best is kept.
    callbacks : callback or iterable of them, optional
        As in `nn.fit`. Searches and parallel restarts work on copies of them.
    n_jobs : int, optional
        Number of parallel processes for the restarts; see joblib.

    Attributes
    ----------
    network_ : MLP
        The network of scalars, for `viz.draw`, `viz.steps` and `viz.explain`; its outputs are logits. What is
        predicted comes from it: change a weight and the prediction changes.
    history_ : History
        Of the training, for `viz.plot_history`.
    coefs_, intercepts_ : list of float64 array
        Weights of shape (inputs, neurons) and biases of each layer, copied from the network.
    loss_curve_, loss_, best_loss_ : list of float, float, float
        The loss of each epoch, the last one, the smallest one.
    validation_scores_, best_validation_score_ : list of float, float
        Of the samples held out; None without early stopping.
    n_iter_ : int
        Epochs of the last call.
    classes_ : array
        The classes in order, or the indices of the labels.
    n_outputs_, n_layers_, out_activation_ : int, int, str
        Number of outputs; of layers, inputs among them; what makes probabilities of the outputs.
    n_features_in_, feature_names_in_ : int, array of str
        Number of inputs, and their names if the first table had names.

    Raises
    ------
    DomainError, UnknownNameError, ShapeError
        In `fit`, if a parameter or the data cannot be used; many of the checks of data are scikit-learn's own.
    NonFiniteError
        If training diverges from every start.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> X, y = load_iris(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), MLPClassifier((8,), learning_rate_init=0.02, random_state=0)).fit(X, y)
    >>> bool(model.score(X, y) > 0.95)
    True
    >>> model[-1].network_
    MLP(4 → 8 relu → 3 linear, 67 parameters)
    """

    @available_if(takes_steps)  # type: ignore[untyped-decorator] # as above
    def partial_fit(
        self,
        X: Numbers,  # noqa: N803 - the field's letter
        y: Numbers,
        sample_weight: Numbers = None,
        classes: Numbers = None,
    ) -> MLPClassifier:
        """One epoch on some samples, from where the last call ended.

        Parameters
        ----------
        X : array, shape (n, d)
        y : array, shape (n,) or (n, k)
        sample_weight : array, shape (n,), optional
        classes : array, optional
            All classes that there will be; needed in the first call, unless y has a column per label.

        Returns
        -------
        MLPClassifier
            The estimator itself.
        """
        if hasattr(self, "network_"):
            if classes is not None and not np.array_equal(unique_labels(classes), self.classes_):
                raise DomainError(
                    f"classes is {classes!r}; the first call had {self.classes_!r}. Give the same, or none."
                )
        elif classes is None and not _is_multilabel(y):
            raise DomainError("The first call of partial_fit needs all classes that there will be: classes=[...].")
        self._one_epoch(X, y, sample_weight, None if classes is None else unique_labels(classes))
        return self

    def predict(self, X: Numbers) -> npt.NDArray[Any]:  # noqa: N803 - the field's letter
        """The most probable class of each sample; for several labels, 1 for each label above probability 1/2.

        Parameters
        ----------
        X : array, shape (n, d)

        Returns
        -------
        array, shape (n,) or (n, labels)
        """
        decided = self._decided(self._outputs(X))
        found: npt.NDArray[Any] = decided if self._multilabel else self.classes_[decided]
        return found

    def decision_function(self, X: Numbers) -> Array:  # noqa: N803 - the field's letter
        """The logits: above 0 for the second of two classes, or for a label; largest for the class, of more.

        Parameters
        ----------
        X : array, shape (n, d)

        Returns
        -------
        float64 array, shape (n,) or (n, outputs)
        """
        return self._scores(X)

    def predict_proba(self, X: Numbers) -> Array:  # noqa: N803 - the field's letter
        """The probability of each class, or of each label.

        Parameters
        ----------
        X : array, shape (n, d)

        Returns
        -------
        float64 array, shape (n, classes)
            In the order of ``classes_``.
        """
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: Numbers) -> Array:  # noqa: N803 - the field's letter
        """The logarithm of `predict_proba`, which keeps its digits where probabilities are near 0.

        Parameters
        ----------
        X : array, shape (n, d)

        Returns
        -------
        float64 array, shape (n, classes)
        """
        outputs = self._outputs(X)
        if self._multilabel:
            return np.asarray(log_expit(outputs))
        if outputs.shape[1] > 1:
            return np.asarray(log_softmax(outputs, axis=1))
        if len(self.classes_) == 1:
            return np.zeros_like(outputs)
        return np.asarray(log_expit(outputs * [-1.0, 1.0]))

    @property
    def out_activation_(self) -> str:
        """What makes probabilities of the outputs: "logistic" or "softmax"."""
        return "softmax" if len(self.classes_) > 2 and not self._multilabel else "logistic"

    # --- For the base ------------------------------------------------------------------------------------------------

    def _checked(self, X: Numbers, y: Numbers, *, reset: bool, classes: Numbers = None) -> tuple[Array, Array]:  # noqa: N803
        X, y = validate_data(self, X, y, reset=reset, dtype=np.float64, multi_output=True)  # noqa: N806 - as above
        multilabel = _is_multilabel(y)
        if not multilabel:
            y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        if reset:
            self._learn_classes(y, classes, multilabel=multilabel)
        return X, self._coded(y, multilabel=multilabel)

    def _learn_classes(self, y: npt.NDArray[Any], classes: Numbers, *, multilabel: bool) -> None:
        self._multilabel = multilabel
        if multilabel:
            self.classes_ = np.arange(y.shape[1])
        else:
            self.classes_ = unique_labels(y) if classes is None else classes
        self.n_outputs_ = len(self.classes_) if multilabel or len(self.classes_) > 2 else 1

    def _coded(self, y: npt.NDArray[Any], *, multilabel: bool) -> Array:
        """Numbers for the loss: indices of classes, or a column of 0 and 1 for each label."""
        if multilabel != self._multilabel or (multilabel and y.shape[1] != self.n_outputs_):
            raise ShapeError(
                f"y has shape {y.shape}; the first one had {self.n_outputs_} outputs. Go on with the same."
            )
        if multilabel:
            return np.asarray(y, dtype=np.float64)
        indices = np.searchsorted(self.classes_, y).clip(max=len(self.classes_) - 1)
        strange = self.classes_[indices] != y
        if strange.any():
            raise DomainError(
                f"y holds the class {y[strange].tolist()[0]!r}, but the classes are {self.classes_.tolist()}. Give all "
                "classes at the start, or fit anew."
            )
        return indices.astype(np.float64)

    def _loss(self) -> Loss:
        if self._multilabel:
            return LABELS if self.n_outputs_ > 1 else TWO_CLASSES
        return TWO_CLASSES if self.n_outputs_ == 1 else CLASSES

    def _stratified(self) -> bool:
        return not self._multilabel

    def _decided(self, outputs: Array) -> npt.NDArray[np.intp]:
        """The index of the class, or 0 and 1 for each label."""
        if self.out_activation_ == "softmax":
            return np.asarray(outputs.argmax(axis=1))
        decided = (outputs > 0.0).astype(np.intp)
        return decided if self._multilabel else decided[:, 0].clip(max=len(self.classes_) - 1)

    def _score_of(self, outputs: Array, targets: Array, weights: Array | None) -> float:
        right = self._decided(outputs) == targets
        return float(np.average(right.all(axis=1) if self._multilabel else right, weights=weights))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _is_multilabel(y: Numbers) -> bool:
    kind: str = type_of_target(y)
    return kind.startswith("multilabel")

"""The regressor: outputs are predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import column_or_1d, validate_data

from autograd_lite.errors import ShapeError

from ..kinds import Array, Numbers
from ..losses.loss import LOSSES, Loss, added_up
from .base import BaseNetwork, takes_steps

__all__ = ["MLPRegressor"]


SQUARES = LOSSES["half_mean_squared_error"]
SQUARES_OF_OUTPUTS = added_up(SQUARES)


class MLPRegressor(RegressorMixin, BaseNetwork):  # type: ignore[misc] # scikit-learn has no types
    """Regressor for one or several targets: a multi-layer perceptron of scalars.

    It minimises half the squared error, added up over targets, compiled. Give it standardised columns:
    ``make_pipeline(StandardScaler(), MLPRegressor())``.

    Parameters
    ----------
    hidden_layer_sizes, activation, solver, alpha, batch_size, learning_rate, learning_rate_init, power_t, max_iter
        As in `MLPClassifier`, as are all others.

    Attributes
    ----------
    network_ : MLP
        The network of scalars, for `viz.draw`, `viz.steps` and `viz.explain`; its outputs are the predictions. What is
        predicted comes from it: change a weight and the prediction changes.
    history_, coefs_, intercepts_, loss_curve_, loss_, best_loss_, validation_scores_, best_validation_score_, n_iter_
        As in `MLPClassifier`, as are the others but ``classes_``.

    Raises
    ------
    DomainError, UnknownNameError, ShapeError
        In `fit`, if a parameter or the data cannot be used; many of the checks of data are scikit-learn's own.
    NonFiniteError
        If training diverges from every start.

    Examples
    --------
    >>> X = np.linspace(-2.0, 2.0, 50)[:, None]
    >>> model = MLPRegressor((8,), activation="tanh", learning_rate_init=0.05, max_iter=1000, random_state=0)
    >>> bool(model.fit(X, np.sin(2.0 * X[:, 0])).score(X, np.sin(2.0 * X[:, 0])) > 0.95)
    True
    """

    out_activation_ = "identity"

    @available_if(takes_steps)  # type: ignore[untyped-decorator] # as above
    def partial_fit(self, X: Numbers, y: Numbers, sample_weight: Numbers = None) -> MLPRegressor:  # noqa: N803 - the field's letter
        """Go through some samples once, from where the last call ended.

        Parameters
        ----------
        X : array, shape (n, d)
        y : array, shape (n,) or (n, k)
        sample_weight : array, shape (n,), optional

        Returns
        -------
        MLPRegressor
            The estimator itself.
        """
        self._one_epoch(X, y, sample_weight)
        return self

    def predict(self, X: Numbers) -> Array:  # noqa: N803 - the field's letter
        """The outputs of the network.

        Parameters
        ----------
        X : array, shape (n, d)

        Returns
        -------
        float64 array, shape (n,) or (n, k)
        """
        return self._scores(X)

    # --- For the base ------------------------------------------------------------------------------------------------

    def _checked(self, X: Numbers, y: Numbers, *, reset: bool, classes: Numbers = None) -> tuple[Array, Array]:  # noqa: ARG002, N803
        X, y = validate_data(  # noqa: N806 - as above
            self, X, y, reset=reset, dtype=np.float64, multi_output=True, y_numeric=True
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        outputs = 1 if y.ndim == 1 else y.shape[1]
        if not reset and outputs != self.n_outputs_:
            raise ShapeError(f"y has {outputs} columns; the first one had {self.n_outputs_}. Go on with the same.")
        self.n_outputs_ = outputs
        return X, y.astype(np.float64)

    def _loss(self) -> Loss:
        return SQUARES if self.n_outputs_ == 1 else SQUARES_OF_OUTPUTS

    def _stratified(self) -> bool:
        return False

    def _score_of(self, outputs: Array, targets: Array, weights: Array | None) -> float:
        return float(r2_score(targets, outputs, sample_weight=weights))

    def __sklearn_tags__(self) -> Any:  # as above
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

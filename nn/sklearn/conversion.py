"""Networks fitted by scikit-learn, as networks of scalars."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.errors import MissingDependencyError, OperandError
from autograd_lite.text import install_command, shown

from ..networks.activations import Activation
from ..networks.layers import MLP
from ..networks.weights import from_numpy
from .programs import Architecture

__all__ = ["INSTALL", "activation_for", "from_sklearn"]

INSTALL = f"The estimators need scikit-learn, which is not installed: {install_command('sklearn')}"

OUR_NAMES = {"identity": "linear", "logistic": "sigmoid"}


def activation_for(name: Activation) -> Activation:
    """Our name for an activation of scikit-learn."""
    return OUR_NAMES.get(name, name) if isinstance(name, str) else name


def from_sklearn(fitted: Any) -> MLP:  # scikit-learn has no types
    """Convert a fitted network to a network of scalars, for pictures, steps and more training.

    Parameters
    ----------
    fitted : MLPClassifier or MLPRegressor
        Scikit-learn's, or ours; of a pipeline or a search give the last step, or the best estimator.

    Returns
    -------
    MLP
        Its outputs are the regressor's predictions; or the classifier's logits, whose sigmoid (two classes, or several
        labels) or softmax are the probabilities, and which are what our losses take.

    Raises
    ------
    OperandError
        If it is something else.
    NotFittedError
        If it is not fitted yet (scikit-learn's error).
    MissingDependencyError
        If scikit-learn is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPRegressor
    >>> X = np.array([[0.0], [1.0], [2.0]])
    >>> theirs = MLPRegressor(hidden_layer_sizes=(3,), activation="tanh", solver="lbfgs", random_state=0)
    >>> theirs = theirs.fit(X, [1.0, 3.0, 2.0])
    >>> network = from_sklearn(theirs)
    >>> network
    MLP(1 → 3 tanh → 1 linear, 10 parameters)
    >>> bool(abs(network([1.0]).data - theirs.predict([[1.0]])[0]) < 1e-12)
    True
    """
    try:
        from sklearn.utils.validation import check_is_fitted  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingDependencyError(INSTALL) from error
    if not all(hasattr(fitted, name) for name in ("hidden_layer_sizes", "activation", "get_params")):
        raise OperandError(
            f"from_sklearn got {shown(fitted)} ({type(fitted).__name__}); it takes a fitted MLPClassifier or "
            "MLPRegressor. Of a pipeline give pipeline[-1], of a search search.best_estimator_."
        )
    check_is_fitted(fitted)
    coefs = [np.asarray(w, dtype=float) for w in fitted.coefs_]
    biases = [np.asarray(b, dtype=float) for b in fitted.intercepts_]
    widths = (len(coefs[0]), *[len(b) for b in biases])
    output = "exp" if fitted.out_activation_ == "exp" else "linear"  # the others are logits, or are linear
    architecture = Architecture(widths, activation_for(fitted.activation), output)
    network = architecture.network()
    arrays = {f"layer{i}.W": w.T for i, w in enumerate(coefs, 1)} | {f"layer{i}.b": b for i, b in enumerate(biases, 1)}
    from_numpy(network, arrays)
    return network

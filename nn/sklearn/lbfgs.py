"""L-BFGS for the estimators: SciPy's, which chooses its steps from the curvature that it has seen."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from ..networks.weights import read_weights, write_weights
from ..training.loop import Training
from .stopping import NetworkTraining

__all__ = ["run_lbfgs"]

MOST_EVALUATIONS = 15_000
CONVERGED = 0  # what SciPy calls it


def run_lbfgs(training: NetworkTraining, tol: float) -> None:
    """Minimise the loss of all samples at once, by L-BFGS [1]_.

    Each iteration is noted as an epoch; callbacks see it.

    Parameters
    ----------
    training : NetworkTraining
        Ready to run; of the optimizer nothing is used.
    tol : float
        The end is reached where no slope is larger.

    Raises
    ------
    NonFiniteError
        If the loss is not finite where it starts, or ends.

    References
    ----------
    .. [1] R. H. Byrd, P. Lu, J. Nocedal and C. Zhu, "A limited memory algorithm for bound constrained optimization",
       1995.
    """
    history = training.history
    start = read_weights(training.parameters)
    training.stand_at(start)
    last_time = time.perf_counter()

    def loss_and_gradient(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        return training.steps.value_and_gradient(weights, training.rows)

    def note(intermediate_result: Any) -> None:  # SciPy goes by the name
        nonlocal last_time
        training.stand_at(intermediate_result.x.copy())
        Training._note(training, float(intermediate_result.fun), math.nan, 1.0, last_time)
        last_time = time.perf_counter()
        _after_epoch(training)

    _check_finite(training, start)
    try:
        for callback in training.callbacks:
            callback.start(training)
        options = {"maxiter": training.epochs - history.epochs, "maxfun": MOST_EVALUATIONS, "gtol": tol}
        found = minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", callback=note, options=options)
        ended = "converged" if found.status == CONVERGED else "all epochs"
        history.stopped = training._reason or ended
        if not history.loss:  # it started at a minimum
            history.loss.append(float(found.fun))
    except KeyboardInterrupt:
        history.stopped = "interrupted"
    finally:
        training.finish()
    _check_finite(training, training.weights)


def _after_epoch(training: NetworkTraining) -> None:
    if training.callbacks:
        write_weights(training.parameters, training.weights)
    for callback in training.callbacks:
        callback.after_epoch(training)
    if training._reason:
        raise StopIteration  # as SciPy wants it


def _check_finite(training: NetworkTraining, weights: npt.NDArray[np.float64]) -> None:
    loss, gradient = training.steps.value_and_gradient(weights, training.rows)
    if not (math.isfinite(loss) and bool(np.isfinite(gradient).all())):
        training.stand_at(weights)
        training._give_up(loss, training.rows)

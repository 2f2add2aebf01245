"""L-BFGS as a solver: SciPy's, which chooses its steps from the curvature that it has seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from ..training.solvers import Problem

__all__ = ["LBFGS"]

MOST_EVALUATIONS = 15_000
CONVERGED = 0  # the status of SciPy's result


@dataclass(frozen=True)
class LBFGS:
    """Minimise the loss of all samples at once, by L-BFGS [1]_; each iteration is an epoch.

    Parameters
    ----------
    tol : float
        Converged where no component of the gradient is larger.

    References
    ----------
    .. [1] R. H. Byrd, P. Lu, J. Nocedal and C. Zhu, "A limited memory algorithm for bound constrained optimization",
       1995.
    """

    tol: float

    def solve(self, problem: Problem) -> str:
        """Train until no slope is left, or it is over."""
        batch, start = next(problem.batches()), problem.state.weights

        def loss_and_gradient(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
            return problem.evaluate(weights, batch)

        def note(intermediate_result: Any) -> None:  # SciPy goes by the name
            problem.begin_epoch()
            problem.advance(intermediate_result.x.copy(), float(intermediate_result.fun), batch)
            problem.end_epoch(loss=float(intermediate_result.fun), gradient_norm=math.nan, lr=1.0)
            if problem.stop_reason:
                raise StopIteration

        problem.require_finite(*loss_and_gradient(start), batch)
        options = {"maxiter": problem.epochs - problem.history.epochs, "maxfun": MOST_EVALUATIONS, "gtol": self.tol}
        found = minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", callback=note, options=options)
        if not problem.history.loss:  # it started at a minimum
            problem.history.loss.append(float(found.fun))
        problem.require_finite(*loss_and_gradient(problem.state.weights), batch)
        return problem.stop_reason or ("converged" if found.status == CONVERGED else "all epochs")

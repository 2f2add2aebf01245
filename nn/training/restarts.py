"""Training from several random starts; the best is kept."""

# Any: settings of `fit`, passed on
from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.errors import DomainError, MissingDependencyError, NonFiniteError
from autograd_lite.text import install_command

from ..kinds import Array, Numbers
from ..networks.weights import Model, parameters_of, read_weights, write_weights
from .fitting import fit
from .history import History

__all__ = ["Restarts", "fit_restarts"]


@dataclass
class Restarts:
    """The result of several starts.

    Attributes
    ----------
    model : Model
        The best one, by the last loss (on the validation data, if there are any).
    history : History
        Of the best one.
    seeds : list of int
        Seed of each start.
    losses : list of float
        The last loss of each start; infinity where training failed.
    histories : list of History or None
        Of each start; None where training failed.

    Examples
    --------
    See `fit_restarts`.
    """

    model: Any  # what `build` makes
    history: History
    seeds: list[int]
    losses: list[float]
    histories: list[History | None]

    @property
    def best(self) -> int:
        """Index of the best start."""
        return int(np.argmin(self.losses))

    def __str__(self) -> str:
        ordered = sorted(self.losses)
        return (
            f"Best of {len(self.losses)} starts: seed {self.seeds[self.best]}, loss {ordered[0]:.4g}; "
            f"the median start has {ordered[len(ordered) // 2]:.4g}, the worst {ordered[-1]:.4g}."
        )


def fit_restarts(
    build: Callable[[int], Model],
    X: Numbers,  # noqa: N803 - the field's letter
    y: Numbers,
    *,
    starts: int = 20,
    seed: int = 0,
    jobs: int = 1,
    **settings: Any,
) -> Restarts:
    """Train from several random starts and keep the best: gradient descent finds a minimum near its start.

    Parameters
    ----------
    build : callable
        Makes a fresh model from a seed, such as ``lambda seed: nn.MLP(2, [2, 1], seed=seed)``.
    X, y
        As in `fit`.
    starts : int
        How many, at least 1.
    seed : int
        Of the first start; the others have the numbers after it.
    jobs : int
        Number of parallel processes, through joblib; -1 is one per processor.
    **settings
        As in `fit`; each start gets a copy of the optimizer and the callbacks.

    Returns
    -------
    Restarts
        ``print`` it for a sentence. Also after Ctrl-C (with one job), of the starts so far.

    Raises
    ------
    NonFiniteError
        If every start failed.
    DomainError
        If `starts` is less than 1.
    MissingDependencyError
        If `jobs` is not 1 and joblib is not installed.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0]
    >>> found = fit_restarts(lambda seed: nn.MLP(2, [2, 1], activation="tanh", seed=seed), X, y, starts=6,
    ...                      loss="binary_cross_entropy_with_logits", optimizer=nn.SGD(1.0), epochs=200)
    >>> (nn.predict(found.model, X) > 0).tolist()
    [False, True, True, False]
    >>> max(found.losses) > 10 * min(found.losses)  # not every start learns it
    True
    """
    if starts < 1:
        raise DomainError(f"starts is {starts}; at least 1 is needed.")
    seeds = list(range(seed, seed + starts))
    tasks = [(build, X, y, s, settings) for s in seeds]
    results = _one_by_one(tasks) if jobs == 1 else _in_parallel(tasks, jobs)
    seeds = seeds[: len(results)]
    losses = [h.watched[-1] if h is not None and h.watched else np.inf for _, h, _ in results]
    best = int(np.argmin(losses))
    weights, history, problem = results[best]
    if history is None:
        raise NonFiniteError(f"All {len(results)} starts failed. The first: {problem}")
    model = build(seeds[best])
    write_weights(parameters_of(model), weights)
    return Restarts(model, history, seeds, [float(loss) for loss in losses], [h for _, h, _ in results])


def _one_start(
    build: Callable[[int], Model], inputs: Numbers, targets: Numbers, seed: int, settings: dict[str, Any]
) -> tuple[Array, History | None, str]:
    model = build(seed)
    own = {name: copy.deepcopy(thing) for name, thing in settings.items() if name in ("optimizer", "callbacks")}
    history, problem = None, ""
    try:
        history = fit(model, inputs, targets, **{"seed": seed, **settings, **own})
    except NonFiniteError as error:
        problem = str(error)
    return read_weights(parameters_of(model)), history, problem


def _one_by_one(tasks: Sequence[tuple[Any, ...]]) -> list[tuple[Array, History | None, str]]:
    results = []
    for task in tasks:
        results.append(_one_start(*task))
        history = results[-1][1]
        if history is not None and history.stopped == "interrupted":
            break
    return results


def _in_parallel(tasks: Sequence[tuple[Any, ...]], jobs: int) -> list[tuple[Array, History | None, str]]:
    try:
        from joblib import Parallel, delayed  # noqa: PLC0415 - an extra, and needed for several processes only
    except ImportError as error:
        raise MissingDependencyError(
            f"Several processes need joblib, which comes with scikit-learn: {install_command('sklearn')}. "
            "With jobs=1 the starts run one after the other."
        ) from error
    results: Any = Parallel(n_jobs=jobs)(delayed(_one_start)(*task) for task in tasks)
    return list(results)

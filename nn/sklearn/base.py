"""Base of the estimators: scikit-learn's parameters, `fit`, and outputs.

This file and those that import it need scikit-learn; ``autograd_lite.nn`` loads them on first use.
"""

# Any: scikit-learn has no types, and checks parameters when it fits
from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from autograd_lite.errors import DomainError, NonFiniteError, ShapeError, UnknownNameError
from autograd_lite.text import shown

from ..kinds import Array, Numbers
from ..losses.loss import Loss
from ..losses.penalties import L2
from ..networks.layers import MLP
from ..networks.weights import read_weights, to_numpy, weight_mask, write_weights
from ..optimizers.adaptive import Adam, AdamW, RMSProp
from ..optimizers.optimizer import SGD, Optimizer
from ..training.callbacks import Callback, Progress, callbacks_of
from ..training.data import require_count
from ..training.history import History
from ..training.loop import Training
from .conversion import activation_for
from .lbfgs import LBFGS
from .programs import Architecture, SharedLoss, parameters_in, programs_of, widths_of
from .stopping import SCORE, InverseScaling, Plateau

__all__ = ["BaseNetwork", "takes_steps"]


CHUNK = 10_000  # samples at once, as in `predict`
LARGEST_SEED = 2**31 - 1
SOLVERS = ("adam", "adamw", "lbfgs", "rmsprop", "sgd")
RATES = ("adaptive", "constant", "invscaling")
Indices = npt.NDArray[np.intp]


class Run(NamedTuple):
    """Result of one training."""

    network: MLP
    history: History
    optimizer: Optimizer
    merit: float = -np.inf


class Data(NamedTuple):
    """The samples: inputs, targets and perhaps weights of mean 1; and the mean of the given weights."""

    parts: list[Array]
    mean_weight: float


class BaseNetwork(BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """Base of the estimators."""

    n_features_in_: int
    n_outputs_: int

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        restarts: int = 1,
        callbacks: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.restarts = restarts
        self.callbacks = callbacks
        self.n_jobs = n_jobs

    # --- Training ----------------------------------------------------------------------------------------------------

    def fit(self, X: Numbers, y: Numbers, sample_weight: Numbers = None) -> Self:  # noqa: N803 - the field's letter
        """Train from scratch, or with ``warm_start`` from where the last fit ended.

        Parameters
        ----------
        X : array, shape (n, d)
        y : array, shape (n,) or (n, k)
        sample_weight : array, shape (n,), optional
            How much each sample counts, at least 0.

        Returns
        -------
        object
            The estimator itself.
        """
        goes_on = bool(self.warm_start) and hasattr(self, "network_")
        inputs, targets = self._checked(X, y, reset=not goes_on)
        self._check_settings()
        data = self._data(inputs, targets, sample_weight)
        if goes_on:
            before = self.history_.epochs
            run = self._train(data, Run(self._same_network(), self.history_, self._optimizer_of_solver()))
        else:
            before, run = 0, self._best_of_starts(data)
        self._keep(run, before)
        if self.history_.stopped == "all epochs":
            warnings.warn(
                f"{type(self).__name__} was still improving after its {self.max_iter} epochs. Allow more with "
                "max_iter, raise learning_rate_init, or scale the columns of X.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def _one_epoch(self, X: Numbers, y: Numbers, sample_weight: Numbers, classes: Numbers = None) -> Self:  # noqa: N803 - the field's letter
        """One epoch on some samples, from where the last call ended."""
        if self.early_stopping:
            raise DomainError("partial_fit does not hold samples out: build the estimator with early_stopping=False.")
        goes_on = hasattr(self, "network_")
        inputs, targets = self._checked(X, y, reset=not goes_on, classes=classes)
        self._check_settings()
        data = self._data(inputs, targets, sample_weight)
        start = Run(self._same_network(), self.history_, self._optimizer) if goes_on else self._start(self._seeds(1)[0])
        self._keep(self._train(data, start, epochs=1), start.history.epochs - 1)
        return self

    def _keep(self, run: Run, before: int) -> None:
        self.network_, self.history_, self._optimizer = run.network, run.history, run.optimizer
        self.n_iter_ = run.history.epochs - before
        self.n_layers_ = len(self._architecture.widths)

    def _best_of_starts(self, data: Data) -> Run:
        """Train from several starts, perhaps in parallel (joblib), and keep the best."""
        seeds = self._seeds(self.restarts)
        if self.restarts == 1:
            return self._train(data, self._start(seeds[0]))
        runs: Any = Parallel(n_jobs=self.n_jobs)(delayed(_attempt)(self, data, seed) for seed in seeds)
        sound = [run for run in runs if isinstance(run, Run)]
        if not sound:
            raise runs[0]
        return max(sound, key=lambda run: run.merit)

    def _train(self, data: Data, start: Run, epochs: int | None = None) -> Run:
        """One training, from a start."""
        network, history, optimizer, _ = start
        by_curvature = self.solver == "lbfgs"
        kept, held_out = self._split(data.parts[1], history.seed)
        plateau = Plateau(
            self.tol, self.n_iter_no_change, self.learning_rate == "adaptive", self._judge(data, held_out)
        )
        training = Training(network, optimizer, history, history.epochs + (epochs or self.max_iter))
        training.solver = LBFGS(self.tol) if by_curvature else training.solver
        training.data, training.kept, training.shuffle = data.parts, kept, self.shuffle
        training.callbacks = self._callbacks([] if by_curvature else [plateau])
        training.batch_size = size = self._batch(training.size)
        architecture, loss, weighted = self._architecture, self._loss(), len(data.parts) == 3
        penalty = L2(0.5 * self.alpha / (size * data.mean_weight), weight_mask(network))
        training.use(loss, weighted=weighted, penalty=penalty)
        training.batch_loss = SharedLoss(training.batch_loss, programs_of(architecture, loss, weighted=weighted).loss)
        training.run()
        if plateau.best_weights is not None:
            write_weights(training.parameters, plateau.best_weights)
        return Run(network, history, optimizer, -history.loss[-1] if by_curvature else plateau.best)

    def _callbacks(self, rules: list[Callback]) -> list[Callback]:
        if rules and self.learning_rate == "invscaling":
            rules = [*rules, InverseScaling(self.learning_rate_init, self.power_t)]
        return [*rules, *callbacks_of(self.callbacks or ()), *([Progress(sys.stdout)] if self.verbose else [])]

    def _batch(self, samples: int) -> int:
        if self.solver == "lbfgs":
            return samples
        return min(200 if self.batch_size == "auto" else int(self.batch_size), samples)

    def _start(self, seed: int) -> Run:
        return Run(self._architecture.network(seed), History(seed=seed), self._optimizer_of_solver())

    def _same_network(self) -> MLP:
        """The network of the last fit, if it still is what the parameters ask for."""
        wanted, found = self._architecture.widths, widths_of(self.network_)
        if wanted != found:
            raise ShapeError(
                f"The fitted network has the layers {found}, but data and hidden_layer_sizes ask for {wanted}. To go "
                "on training keep them; for another network use clone(estimator)."
            )
        network: MLP = self.network_
        return network

    def _data(self, inputs: Array, targets: Array, sample_weight: Numbers) -> Data:
        if sample_weight is None:
            return Data([inputs, targets], 1.0)
        weights = _check_sample_weight(sample_weight, inputs, dtype=np.float64, ensure_non_negative=True)
        mean = float(weights.mean())
        if mean == 0.0:  # newer versions of scikit-learn have refused it already
            raise DomainError("All sample weights are 0; there is nothing to learn. Give some a weight above 0.")
        return Data([inputs, targets, weights / mean], mean)

    def _split(self, targets: Array, seed: int) -> tuple[Indices, Indices] | tuple[None, None]:
        """Indices of the samples to train on and to hold out, if any."""
        if not self.early_stopping or self.solver == "lbfgs":
            return None, None
        classes = targets if self._stratified() else None
        split: Any = train_test_split(
            np.arange(len(targets)), test_size=self.validation_fraction, random_state=seed, stratify=classes
        )
        kept, held_out = split
        if len(held_out) < 2:
            raise DomainError(
                f"validation_fraction={self.validation_fraction} of {len(targets)} samples holds {len(held_out)} out; "
                "the score needs at least 2. Give a larger fraction, or early_stopping=False."
            )
        return kept, held_out

    def _judge(self, data: Data, held_out: Indices | None) -> Callable[[Array], float] | None:
        """The score of weights on the samples held out."""
        if held_out is None:
            return None
        inputs, targets, *weights = [part[held_out] for part in data.parts]
        outputs = programs_of(self._architecture).outputs
        return lambda flat: self._score_of(outputs(flat, inputs), targets, weights[0] if weights else None)

    def _optimizer_of_solver(self) -> Optimizer:
        rate = self.learning_rate_init
        if self.solver == "lbfgs":
            return SGD(1.0)  # takes no steps
        if self.solver == "sgd":
            return SGD(rate, self.momentum, nesterov=self.nesterovs_momentum)
        if self.solver == "rmsprop":
            return RMSProp(rate, eps=self.epsilon)
        return {"adam": Adam, "adamw": AdamW}[self.solver](rate, self.beta_1, self.beta_2, self.epsilon)

    def _seeds(self, n: int) -> list[int]:
        seeds: list[int] = check_random_state(self.random_state).randint(LARGEST_SEED, size=n).tolist()
        return seeds

    def _check_settings(self) -> None:
        for name in ("max_iter", "restarts", "n_iter_no_change", "batch_size"):
            other = {"n_iter_no_change": np.inf, "batch_size": "auto"}.get(name)
            require_count(name, getattr(self, name), other=other)
        for name, known in (("solver", SOLVERS), ("learning_rate", RATES)):
            if getattr(self, name) not in known:
                raise UnknownNameError.among(name, getattr(self, name), known)
        for name in ("alpha", "tol", "power_t"):
            if not getattr(self, name) >= 0.0:
                raise DomainError(f"{name} is {shown(getattr(self, name))}; it must be a number, at least 0.")

    # --- The network -------------------------------------------------------------------------------------------------

    @property
    def _architecture(self) -> Architecture:
        hidden = np.atleast_1d(np.asarray(self.hidden_layer_sizes, dtype=object)).tolist()
        return Architecture((self.n_features_in_, *hidden, self.n_outputs_), activation_for(self.activation))

    def _outputs(self, X: Numbers) -> Array:  # noqa: N803 - the field's letter
        """The outputs of the network, shape (n, outputs), for valid X."""
        check_is_fitted(self)
        inputs: Numbers = validate_data(self, X, reset=False, dtype=np.float64)
        flat, network = read_weights(parameters_in(self.network_)), self.network_
        outputs = programs_of(Architecture(widths_of(network), network.layers[0].activation)).outputs
        return np.concatenate([outputs(flat, inputs[i : i + CHUNK]) for i in range(0, len(inputs), CHUNK)])

    def _scores(self, X: Numbers) -> Array:  # noqa: N803 - the field's letter
        """The same, of shape (n,) for one output."""
        outputs = self._outputs(X)
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    @property
    def coefs_(self) -> list[Array]:
        """The weights of each layer, shape (inputs, neurons): a copy of what is in ``network_``."""
        return [array.T for name, array in to_numpy(self.network_).items() if name.endswith("W")]

    @property
    def intercepts_(self) -> list[Array]:
        """The biases of each layer: a copy of what is in ``network_``."""
        return [array for name, array in to_numpy(self.network_).items() if name.endswith("b")]

    @property
    def loss_curve_(self) -> list[float]:
        """The loss of each epoch, with its penalty."""
        curve: list[float] = self.history_.loss
        return curve

    @property
    def loss_(self) -> float:
        """The loss of the last epoch."""
        return self.loss_curve_[-1]

    @property
    def best_loss_(self) -> float | None:
        """The smallest loss of an epoch; None with early stopping, which goes by the score."""
        return None if self.validation_scores_ is not None else min(self.loss_curve_)

    @property
    def validation_scores_(self) -> list[float] | None:
        """The score of the held-out samples after each epoch; None without early stopping."""
        scores: list[float] | None = self.history_.metrics.get(SCORE)
        return scores

    @property
    def best_validation_score_(self) -> float | None:
        """The largest of them."""
        return None if self.validation_scores_ is None else max(self.validation_scores_)

    # --- Defined by subclasses -------------------------------------------------------------------------------------

    def _checked(self, X: Numbers, y: Numbers, *, reset: bool, classes: Numbers = None) -> tuple[Array, Array]:  # noqa: N803
        """The inputs, and the targets as numbers for the loss."""
        raise NotImplementedError

    def _loss(self) -> Loss:
        raise NotImplementedError

    def _stratified(self) -> bool:
        """Whether classes keep their shares among the samples held out."""
        raise NotImplementedError

    def _score_of(self, outputs: Array, targets: Array, weights: Array | None) -> float:
        """Accuracy or R2."""
        raise NotImplementedError


def takes_steps(estimator: BaseNetwork) -> bool:
    """Whether there is a `partial_fit`: scikit-learn wants an AttributeError where there is none."""
    if estimator.solver == "lbfgs":
        raise AttributeError(
            "The solver 'lbfgs' has no partial_fit, since it needs all samples at once. Choose another."
        )
    return True


def _attempt(estimator: BaseNetwork, data: Data, seed: int) -> Run | NonFiniteError:
    """One of several starts, which may fail."""
    try:
        return estimator._train(data, estimator._start(seed))
    except NonFiniteError as error:
        return error

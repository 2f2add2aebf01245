r"""Optimisers: how a gradient becomes a step.

An optimiser works on one flat array of all weights, so that a step costs the same few array operations for any network;
`Optimizer.step` does the same for Values, for loops written by hand.

Letters: weights w, gradient g, learning rate :math:`\eta` (``lr``), step number t, counted from 1. Squares, roots and
quotients of arrays go element by element.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from autograd_lite.engine import Value
from autograd_lite.errors import DomainError, ShapeError, UnknownNameError

__all__ = ["OPTIMIZERS", "SGD", "Adam", "AdamW", "Optimizer", "RMSProp", "optimizer_named"]

Array = npt.NDArray[np.float64]
Memory = dict[str, Array]


@dataclass(eq=False)
class Optimizer:
    r"""Base of the optimisers: settings, a rule, and the arrays that it remembers between steps.

    Parameters
    ----------
    lr : float
        Learning rate, not negative. A schedule may change it between steps.
    weight_decay : float
        Strength :math:`\lambda` of the pull towards 0: :math:`\lambda w` is added to the gradient.
    clip_norm : float or None
        A gradient longer than this is shortened to it.
    clip_value : float or None
        Each component of the gradient is limited to this size.

    Attributes
    ----------
    steps : int
        How many steps were taken.
    memory : dict of str to array
        What the rule remembers, arrays as long as the weights.
    """

    lr: float = 0.01
    weight_decay: float = field(default=0.0, kw_only=True)
    clip_norm: float | None = field(default=None, kw_only=True)
    clip_value: float | None = field(default=None, kw_only=True)
    steps: int = field(default=0, init=False, repr=False)
    memory: Memory = field(default_factory=dict, init=False, repr=False)

    remembers: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        shares = {"momentum", "decay", "beta1", "beta2"}
        for name, number in self.settings().items():
            if isinstance(number, (int, float)) and not isinstance(number, bool):
                _check(name, number, 1.0 if name in shares else math.inf)

    def settings(self) -> dict[str, Any]:
        """The arguments that build this optimiser again."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.init}

    def update(self, weights: Array, gradient: Array) -> Array:
        """Take one step.

        Parameters
        ----------
        weights, gradient : float64 array, shape (n,)
            Left as they are.

        Returns
        -------
        float64 array, shape (n,)
            The new weights.

        Raises
        ------
        ShapeError
            If there are not as many gradients as weights, or as many weights as the step before.
        """
        memory = self.memory or {name: np.zeros_like(weights) for name in self.remembers}
        if weights.shape != gradient.shape or any(m.shape != weights.shape for m in memory.values()):
            raise ShapeError(
                f"{type(self).__name__} got {weights.size} weights and {gradient.size} gradients, and remembers "
                f"{[m.size for m in memory.values()]}; use a fresh optimiser for another model."
            )
        weights, memory = self.rule(weights, self._prepared(gradient, weights), memory)
        self.memory, self.steps = memory, self.steps + 1  # all at once, so that Ctrl-C finds a whole step or none
        return weights

    def rule(self, w: Array, g: Array, memory: Memory) -> tuple[Array, Memory]:
        """The new weights and what to remember; a subclass says how."""
        raise NotImplementedError

    def _prepared(self, gradient: Array, weights: Array) -> Array:
        """The gradient clipped, then with weight decay."""
        if self.clip_value is not None:
            gradient = np.clip(gradient, -self.clip_value, self.clip_value)
        if self.clip_norm is not None:
            gradient = gradient * min(1.0, self.clip_norm / max(float(np.linalg.norm(gradient)), 1e-300))
        return gradient + self.weight_decay * weights if self.weight_decay else gradient

    def step(self, parameters: Iterable[Value]) -> None:
        """Take one step on Values, from the gradients that ``backward`` left in them."""
        values = list(parameters)
        weights = self.update(np.array([p.data for p in values]), np.array([p.grad for p in values]))
        for p, w in zip(values, weights.tolist(), strict=True):
            p.data = w

    def state(self) -> dict[str, Any]:
        """What is needed to go on later: the number of steps, and a copy of the memory."""
        return {"steps": self.steps, "memory": {name: m.copy() for name, m in self.memory.items()}}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self.steps = int(state["steps"])
        self.memory = {name: np.array(m, dtype=float) for name, m in state["memory"].items()}


@dataclass(eq=False)
class SGD(Optimizer):
    r"""Gradient descent, with heavy-ball momentum [1]_.

    .. math:: \Delta w_t = -\eta g_t + \alpha \Delta w_{t-1}, \qquad w_{t+1} = w_t + \Delta w_t

    With ``nesterov=True`` the step looks ahead [2]_: :math:`w_{t+1} = w_t - \eta g_t + \alpha \Delta w_t`.

    "Stochastic" is in the gradient, if it comes from a part of the samples; the rule is the same. PyTorch keeps
    :math:`v_t = \alpha v_{t-1} + g_t` and steps by :math:`-\eta v_t`: the same path, unless :math:`\eta` changes on the
    way. Some books weigh g by :math:`1 - \alpha`: the same path with a smaller :math:`\eta`.

    Parameters
    ----------
    lr : float
        Learning rate :math:`\eta`.
    momentum : float
        Share :math:`\alpha` of the last step that is added to this one, in [0, 1); 0 is plain gradient descent.
    nesterov : bool
        Whether to look ahead.
    weight_decay, clip_norm, clip_value
        As in `Optimizer`.

    Raises
    ------
    DomainError
        If a number lies outside its range.

    References
    ----------
    .. [1] B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", 1964, eq. 9.
    .. [2] I. Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013, eq. 3 and 4.

    Examples
    --------
    >>> w = Value(1.0)
    >>> optimizer = SGD(lr=0.1, momentum=0.5)
    >>> for _ in range(2):
    ...     w.grad = 2.0 * w.data  # the slope of w**2
    ...     optimizer.step([w])
    >>> w.data  # 1 - 0.2 = 0.8, then 0.8 - 0.16 - 0.1
    0.54
    """

    momentum: float = 0.0
    nesterov: bool = field(default=False, kw_only=True)

    remembers = ("change",)

    def rule(self, w: Array, g: Array, memory: Memory) -> tuple[Array, Memory]:
        """Heavy ball, or Nesterov's."""
        change = self.momentum * memory["change"] - self.lr * g
        ahead = self.momentum * change - self.lr * g if self.nesterov else change
        return w + ahead, {"change": change}


@dataclass(eq=False)
class RMSProp(Optimizer):
    r"""Steps divided by a running root mean square of the gradient [1]_.

    .. math:: s_t = \rho s_{t-1} + (1 - \rho) g_t^2, \qquad w_{t+1} = w_t - \eta \frac{g_t}{\sqrt{s_t} + \epsilon}

    Parameters
    ----------
    lr : float
        Learning rate :math:`\eta`.
    decay : float
        Memory :math:`\rho` of the mean square, in [0, 1).
    eps : float
        Keeps the quotient finite where the gradient is 0.
    weight_decay, clip_norm, clip_value
        As in `Optimizer`.

    Raises
    ------
    DomainError
        If a number lies outside its range.

    References
    ----------
    .. [1] G. Hinton, "Neural Networks for Machine Learning", lecture 6e, 2012.

    Examples
    --------
    >>> RMSProp(lr=0.1, decay=0.75).update(np.array([1.0]), np.array([4.0])).round(6).tolist()  # 1 - 0.1 * 4 / 2
    [0.8]
    """

    lr: float = 0.001
    decay: float = 0.9
    eps: float = 1e-8

    remembers = ("mean_square",)

    def rule(self, w: Array, g: Array, memory: Memory) -> tuple[Array, Memory]:
        """A step of about the size of the learning rate."""
        s = self.decay * memory["mean_square"] + (1.0 - self.decay) * g * g
        return w - self.lr * g / (np.sqrt(s) + self.eps), {"mean_square": s}


@dataclass(eq=False)
class Adam(Optimizer):
    r"""Running means of the gradient and of its square, both corrected for their start at 0 [1]_.

    .. math:: m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t, \qquad v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2
    .. math:: w_{t+1} = w_t - \eta \frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}

    Parameters
    ----------
    lr : float
        Learning rate :math:`\eta`: about the size of a step.
    beta1, beta2 : float
        Memories of the two means, in [0, 1).
    eps : float
        Keeps the quotient finite where the gradient is 0.
    weight_decay, clip_norm, clip_value
        As in `Optimizer`; `AdamW` has the better weight decay.

    Raises
    ------
    DomainError
        If a number lies outside its range.

    References
    ----------
    .. [1] D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1.

    Examples
    --------
    >>> Adam(lr=0.1).update(np.array([1.0]), np.array([4.0])).round(6).tolist()  # the first step is lr long
    [0.9]
    """

    lr: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    remembers = ("mean", "mean_square")

    def rule(self, w: Array, g: Array, memory: Memory) -> tuple[Array, Memory]:
        """Adam's step."""
        t = self.steps + 1
        m = self.beta1 * memory["mean"] + (1.0 - self.beta1) * g
        v = self.beta2 * memory["mean_square"] + (1.0 - self.beta2) * g * g
        rate, scale = self.lr / (1.0 - self.beta1**t), 1.0 - self.beta2**t
        return w - rate * m / (np.sqrt(v / scale) + self.eps), {"mean": m, "mean_square": v}


@dataclass(eq=False)
class AdamW(Adam):
    r"""Adam with weight decay beside the gradient, not in it [1]_.

    .. math:: w_{t+1} = w_t - \eta (\text{Adam's quotient} + \lambda w_t)

    Parameters
    ----------
    lr, beta1, beta2, eps, clip_norm, clip_value
        As in `Adam`.
    weight_decay : float
        Strength :math:`\lambda` of the pull towards 0.

    References
    ----------
    .. [1] I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", 2019, algorithm 2.

    Examples
    --------
    >>> AdamW(lr=0.1, weight_decay=0.5).update(np.array([1.0]), np.array([0.0])).tolist()  # 1 - 0.1 * 0.5
    [0.95]
    """

    weight_decay: float = field(default=0.01, kw_only=True)

    def _prepared(self, gradient: Array, weights: Array) -> Array:
        return super()._prepared(gradient, np.zeros_like(weights))

    def rule(self, w: Array, g: Array, memory: Memory) -> tuple[Array, Memory]:
        """Adam's step, and the pull towards 0."""
        stepped, memory = super().rule(w, g, memory)
        return stepped - self.lr * self.weight_decay * w, memory


OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": SGD, "rmsprop": RMSProp, "adam": Adam, "adamw": AdamW}
"""The optimisers by name."""


def optimizer_named(optimizer: str | Optimizer) -> Optimizer:
    """The optimiser itself, or a fresh one of that name with its usual settings.

    Raises
    ------
    UnknownNameError
        If there is none of that name.

    Examples
    --------
    >>> type(optimizer_named("adam")).__name__
    'Adam'
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    if optimizer not in OPTIMIZERS:
        raise UnknownNameError.among("optimizer", optimizer, OPTIMIZERS)
    return OPTIMIZERS[optimizer]()


def _check(name: str, number: float, high: float) -> None:
    if not 0.0 <= number < high:
        raise DomainError(f"{name} is {number}; it must be at least 0 and less than {high:g}.")

r"""Optimisers: how a gradient becomes a step.

An optimiser works on one flat array of all weights: a step is a few array operations for any network.
`Optimizer.step` does the same for Values, for loops written by hand.

Letters: weights w, gradient g, learning rate :math:`\eta` (``lr``), step number t, counted from 1. Squares, roots and
quotients of arrays go element by element.
"""

# Any: settings of several types, by name
from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

import numpy as np

from autograd_lite.engine import Value, set_numbers
from autograd_lite.errors import DomainError, OperandError, ShapeError, UnknownNameError
from autograd_lite.text import shown

from ..kinds import Array

__all__ = ["SGD", "Array", "Memory", "Optimizer"]

Memory = dict[str, Array]


@dataclass(eq=False)
class Optimizer:
    r"""Base class of optimisers: settings, a rule, and a memory of arrays between steps.

    Parameters
    ----------
    lr : float
        Learning rate, not negative. A schedule may change it between steps.
    weight_decay : float
        Strength :math:`\lambda` of the decay towards 0: :math:`\lambda w` is added to the gradient.
    clip_norm : float or None
        Largest length of the gradient; a longer one is scaled down.
    clip_value : float or None
        Largest magnitude of each component of the gradient; others are clipped.

    Attributes
    ----------
    steps : int
        How many steps were taken.
    memory : dict of str to array
        State of the rule: arrays as long as the weights.
    """

    lr: float = 0.01
    weight_decay: float = field(default=0.0, kw_only=True)
    clip_norm: float | None = field(default=None, kw_only=True)
    clip_value: float | None = field(default=None, kw_only=True)
    steps: int = field(default=0, init=False, repr=False)
    memory: Memory = field(default_factory=dict, init=False, repr=False)

    remembers: ClassVar[tuple[str, ...]] = ()

    def __new__(cls, *_: object, **named: object) -> Self:
        """Answer a setting's unknown name, such as eta, with the right one."""
        known = [f.name for f in fields(cls) if f.init]
        for unknown in named.keys() - set(known):
            raise OperandError(str(UnknownNameError.among(f"setting of {cls.__name__}:", unknown, known, ours=True)))
        return super().__new__(cls)

    def __post_init__(self) -> None:
        shares = {"momentum", "decay", "beta1", "beta2"}
        for name, number in self.settings().items():
            if name != "nesterov" and (number is not None or not name.startswith("clip")):
                _check(name, number, 1.0 if name in shares else math.inf)

    def settings(self) -> dict[str, Any]:
        """The constructor arguments."""
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
        self.memory, self.steps = memory, self.steps + 1  # one statement: Ctrl-C finds a whole step or none
        return weights

    def rule(self, w: Array, g: Array, memory: Memory) -> tuple[Array, Memory]:
        """The new weights and the new memory; defined by a subclass."""
        raise NotImplementedError

    def _prepared(self, gradient: Array, weights: Array, scale: float | None = None) -> Array:
        """The gradient clipped, then with weight decay; `scale` is what ``clip_norm`` makes of it, if that is known."""
        gradient = self.clipped(gradient)
        if self.clip_norm is not None:
            gradient = gradient * (self.scale(gradient) if scale is None else scale)
        return gradient + self.weight_decay * weights if self.weight_decay else gradient

    def clipped(self, gradient: Array) -> Array:
        """The gradient, with ``clip_value`` for each component that is larger."""
        return gradient if self.clip_value is None else np.clip(gradient, -self.clip_value, self.clip_value)

    def scale(self, gradient: Array) -> float:
        """The factor by which ``clip_norm`` shortens a gradient that is clipped already."""
        if self.clip_norm is None:
            return 1.0
        return min(1.0, self.clip_norm / max(float(np.linalg.norm(gradient)), 1e-300))

    def step(self, parameters: Iterable[Value]) -> None:
        """Take one step on Values, from their gradients."""
        values = list(parameters)
        with np.errstate(all="ignore"):  # numbers are IEEE 754, as those of Values
            weights = self.update(np.array([p.data for p in values]), np.array([p.grad for p in values]))
        set_numbers(values, weights.tolist())

    def state(self) -> dict[str, Any]:
        """The state to continue from: the number of steps and a copy of the memory."""
        return {"steps": self.steps, "memory": {name: m.copy() for name, m in self.memory.items()}}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a `state`."""
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


def _check(name: str, number: Any, high: float) -> None:
    if isinstance(number, bool) or not isinstance(number, (int, float, np.number)) or not 0.0 <= number < high:
        raise DomainError(f"{name} is {shown(number)}; it must be at least 0 and less than {high:g}.")

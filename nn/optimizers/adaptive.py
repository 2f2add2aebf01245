r"""Optimisers with a step size per weight: RMSProp, Adam, AdamW.

Letters as in `optim`; squares, roots and quotients of arrays go element by element.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .optimizer import Array, Memory, Optimizer

__all__ = ["Adam", "AdamW", "RMSProp"]


@dataclass(eq=False)
class RMSProp(Optimizer):
    r"""Steps divided by a running root mean square of the gradient [1]_.

    .. math:: s_t = \rho s_{t-1} + (1 - \rho) g_t^2, \qquad w_{t+1} = w_t - \eta \frac{g_t}{\sqrt{s_t} + \epsilon}

    Parameters
    ----------
    lr : float
        Learning rate :math:`\eta`.
    decay : float
        Decay rate :math:`\rho` of the mean square, in [0, 1).
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
        """Divide by the running root mean square."""
        s = self.decay * memory["mean_square"] + (1.0 - self.decay) * g * g
        return w - self.lr * g / (np.sqrt(s) + self.eps), {"mean_square": s}


@dataclass(eq=False)
class Adam(Optimizer):
    r"""Running means of the gradient and of its square, with bias correction [1]_.

    .. math:: m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t, \qquad v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2
    .. math:: w_{t+1} = w_t - \eta \frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}

    Parameters
    ----------
    lr : float
        Learning rate :math:`\eta`: about the size of a step.
    beta1, beta2 : float
        Decay rates of the two means, in [0, 1).
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
    r"""Adam with decoupled weight decay: added to the step, not to the gradient [1]_.

    .. math:: w_{t+1} = w_t - \eta (\text{Adam's quotient} + \lambda w_t)

    Parameters
    ----------
    lr, beta1, beta2, eps, clip_norm, clip_value
        As in `Adam`.
    weight_decay : float
        Strength :math:`\lambda` of the decay towards 0.

    References
    ----------
    .. [1] I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", 2019, algorithm 2.

    Examples
    --------
    >>> AdamW(lr=0.1, weight_decay=0.5).update(np.array([1.0]), np.array([0.0])).tolist()  # 1 - 0.1 * 0.5
    [0.95]
    """

    weight_decay: float = field(default=0.01, kw_only=True)

    def _prepared(self, gradient: Array, weights: Array, scale: float | None = None) -> Array:
        return super()._prepared(gradient, np.zeros_like(weights), scale)

    def rule(self, w: Array, g: Array, memory: Memory) -> tuple[Array, Memory]:
        """Adam's step and the weight decay."""
        stepped, memory = super().rule(w, g, memory)
        return stepped - self.lr * self.weight_decay * w, memory

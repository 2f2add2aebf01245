r"""Losses for classes: cross-entropies and the hinge.

Letters: an output o (p where it is a probability, z where it is a logit), its target t, the number of samples m.

References
----------
.. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, sections 4.3.2 and 4.3.4.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

from autograd_lite.distributions import check_distribution
from autograd_lite.engine import Value
from autograd_lite.errors import DomainError, ShapeError
from autograd_lite.namespaces import values as op
from autograd_lite.node import Node
from autograd_lite.text import shown

from ..kinds import Scalar
from .loss import is_list, loss

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "cross_entropy_of_probabilities",
    "hinge",
]


def _written_binary(p: Scalar, t: Scalar) -> Scalar:
    """The cross-entropy of a probability as it is written: minus t log p plus (1 - t) log(1 - p)."""
    return -(t * op.log(p) + (1.0 - t) * op.log(1.0 - p))


def _written_sigmoid(z: Scalar, t: Scalar) -> Scalar:
    p = op.sigmoid(z)
    _name([p], "p")
    return _written_binary(p, t)


def _written_softmax(z: Scalar, target: Scalar) -> Scalar:
    """Minus the sum of t log p, with the softmax p, and t 1 for the class, or given."""
    terms = [op.exp(z_k) for z_k in z]
    total = op.fsum(terms)
    p = [term / total for term in terms]
    _name(p, "p")
    shares = target if is_list(target) else [float(k == _class(target, len(p))) for k in range(len(p))]
    return -op.fsum([t_k * op.log(p_k) for t_k, p_k in zip(shares, p, strict=True)])


def _name(probabilities: Sequence[Scalar], letter: str) -> None:
    """Label probabilities, for pictures and steps."""
    for k, p in enumerate(probabilities, 1):
        if type(p) is Value and not p.label:
            p.label = letter if len(probabilities) == 1 else f"{letter}{k}"


@loss(
    written=_written_binary,
    restricted=True,
    advice="Where probabilities reach 0 or 1, use binary_cross_entropy_with_logits on linear outputs.",
)
def binary_cross_entropy(output: Scalar, target: Scalar) -> Scalar:
    r"""Mean of :math:`-t \log p - (1 - t) \log(1 - p)`, from probabilities [1]_.

    Parameters
    ----------
    output, target : Value or float, or sequences of them
        Probabilities p and targets t, both in [0, 1].

    Returns
    -------
    Value or float
        Loss in nats. A certain and right answer costs 0; a certain and wrong one is infinite. Where outputs come
        so close to 0 or 1, use `binary_cross_entropy_with_logits`, which does not saturate.

    Raises
    ------
    DomainError
        If a probability or a target lies outside [0, 1].
    ShapeError
        If the lengths differ or are zero.

    References
    ----------
    .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, eq. 4.90.

    Examples
    --------
    >>> p = Value(0.2)
    >>> cost = binary_cross_entropy(p, 1.0)
    >>> cost.backward()
    >>> round(cost.data, 4), p.grad
    (1.6094, -5.0)
    """
    _check_unit(
        "binary_cross_entropy's probability",
        output,
        "Squash the output with a sigmoid, or use binary_cross_entropy_with_logits",
    )
    _check_unit("binary_cross_entropy's target", target, "Code the two classes as 0 and 1")
    return op.zmul(-target, op.log(output)) - op.zmul(1.0 - target, op.log1p(-output))


@loss(restricted=True, written=_written_sigmoid)
def binary_cross_entropy_with_logits(output: Scalar, target: Scalar) -> Scalar:
    r"""Mean of :math:`t \log(1 + e^{-z}) + (1 - t) \log(1 + e^z)`: binary cross-entropy of sigmoid(z), from logits z.

    Never saturates: the slope is sigmoid(z) - t to full accuracy, however large z is.

    Parameters
    ----------
    output, target : Value or float, or sequences of them
        Log-odds z, any real numbers; targets t in [0, 1].

    Returns
    -------
    Value or float
        Loss in nats.

    Raises
    ------
    DomainError
        If a target lies outside [0, 1].
    ShapeError
        If the lengths differ or are zero.

    References
    ----------
    .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, eq. 4.90 with eq. 4.87.

    Examples
    --------
    >>> round(binary_cross_entropy_with_logits([Value(0.0)], [1.0]).data, 4)
    0.6931
    """
    _check_unit("binary_cross_entropy_with_logits' target", target, "Code the two classes as 0 and 1")
    return op.zmul(target, op.softplus(-output)) + op.zmul(1.0 - target, op.softplus(output))


@loss(whole=True, restricted=True, wants_classes=True, written=_written_softmax)
def cross_entropy(output: Scalar, target: Scalar) -> Scalar:
    r"""Mean of :math:`\log \sum_j e^{z_j - z_t}`: cross-entropy of softmax(z) with class t, from logits z.

    Parameters
    ----------
    output : sequence of Value or float, shape (k,) or (m, k)
        Logits, any real numbers.
    target : int, or sequence of k float, or m of either
        The class, counted from 0; or the probability of each class ("one-hot" where one of them is 1).

    Returns
    -------
    Value or float
        Loss in nats.

    Raises
    ------
    DomainError
        If there is no such class, or the probabilities do not add up to 1.
    ShapeError
        If there are fewer than 2 logits, or the lengths differ.

    Warns
    -----
    UserWarning
        If the outputs look like probabilities, which are in [0, 1] and add up to 1: softmax is taken here, and taken
        twice it trains, badly. For probabilities there is `cross_entropy_of_probabilities`.

    Notes
    -----
    The slope by each logit is softmax(z) - onehot(t). It is computed as the share of the other classes together, so it
    keeps its digits where the network is almost certain and softmax(z) is almost 1.

    References
    ----------
    .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, eq. 4.108 and 4.109.

    Examples
    --------
    >>> z = [Value(1.0), Value(2.0), Value(3.0)]
    >>> cost = cross_entropy(z, 2)
    >>> cost.backward()
    >>> round(cost.data, 6), [round(v.grad, 6) for v in z]
    (0.407606, [0.090031, 0.244728, -0.334759])
    """
    z = _of_classes("cross_entropy", output, "logit", "binary_cross_entropy_with_logits")
    _warn_of_probabilities(z)
    if is_list(target):
        return _of_probabilities(z, list(target))
    return _of_traced_class(z, target) if isinstance(target, Node) else _of_class(z, _class(target, len(z)))


@loss(
    whole=True,
    restricted=True,
    wants_classes=True,
    advice="Where probabilities reach 0, use cross_entropy on linear outputs.",
)
def cross_entropy_of_probabilities(output: Scalar, target: Scalar) -> Scalar:
    r"""Mean of :math:`-\sum_j t_j \log p_j`: cross-entropy of probabilities p with class t, as after a softmax.

    Parameters
    ----------
    output : sequence of Value or float, shape (k,) or (m, k)
        Probabilities of the classes, in [0, 1], which add up to 1.
    target : int, or sequence of k float, or m of either
        The class, counted from 0; or the probability of each class ("one-hot" where one of them is 1).

    Returns
    -------
    Value or float
        Loss in nats; infinite where the class of the target has the probability 0.

    Raises
    ------
    DomainError
        If the outputs are not probabilities, there is no such class, or the targets do not add up to 1.
    ShapeError
        If there are fewer than 2 outputs, or the lengths differ.

    Notes
    -----
    `cross_entropy` takes the logits, before the softmax, and never saturates: better for training.

    References
    ----------
    .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, eq. 4.108.

    Examples
    --------
    >>> p = [Value(0.1), Value(0.2), Value(0.7)]
    >>> cost = cross_entropy_of_probabilities(p, 2)
    >>> cost.backward()
    >>> round(cost.data, 4), round(p[2].grad, 4)
    (0.3567, -1.4286)
    """
    name = "cross_entropy_of_probabilities"
    p = _of_classes(name, output, "probability", "binary_cross_entropy")
    check_distribution(p, name, "For logits, before a softmax, there is cross_entropy")
    if is_list(target):
        shares = list(target)
        _check_shares(name, "probabilities", shares, len(p))
    elif isinstance(target, Node):
        shares = [op.equal(target, float(j)) for j in range(len(p))]
    else:
        return -op.log(p[_class(target, len(p), name)])
    return -op.fsum([op.zmul(t_j, op.log(p_j)) for t_j, p_j in zip(shares, p, strict=True)])


def _of_class(z: list[Scalar], t: int) -> Scalar:
    """log(1 + exp(L - z_t)), where L gathers the other classes: one against the rest."""
    return op.softplus(op.logsumexp(z[:t] + z[t + 1 :]) - z[t])


def _of_traced_class(z: list[Scalar], t: Scalar) -> Scalar:
    """The same for a traced class: `where` instead of an index."""
    chosen = [op.equal(t, float(j)) for j in range(len(z))]
    z_t = op.fsum([op.where(c, z_j, 0.0) for c, z_j in zip(chosen, z, strict=True)])
    return op.softplus(op.logsumexp([op.where(c, -math.inf, z_j) for c, z_j in zip(chosen, z, strict=True)]) - z_t)


def _of_probabilities(z: list[Scalar], shares: list[Scalar]) -> Scalar:
    known = _check_shares("cross_entropy", "logits", shares, len(z))
    if len(known) == len(shares) and 1.0 in known:
        return _of_class(z, known.index(1.0))
    total = op.logsumexp(z)
    return op.fsum([op.zmul(q, total - z_j) for q, z_j in zip(shares, z, strict=True)])


@loss(restricted=True)
def hinge(output: Scalar, target: Scalar) -> Scalar:
    """Mean of max(0, 1 - t o): 0 where the score is right by a margin of 1, as in support vector machines.

    Parameters
    ----------
    output, target : Value or float, or sequences of them
        Scores, any real numbers; targets -1 or 1.

    Raises
    ------
    DomainError
        If a target is neither -1 nor 1.

    References
    ----------
    .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, eq. 7.44.

    Examples
    --------
    >>> hinge([0.3, -2.0], [1.0, -1.0])
    0.35
    """
    t = _number(target)
    if t is not None and t not in (-1.0, 1.0):
        raise DomainError(f"hinge got the target {t}; it must be -1 or 1. From 0 and 1: 2 * t - 1.")
    return op.relu(1.0 - target * output)


# --- Checks ---------------------------------------------------------------------------------------------------------


def _number(x: Scalar) -> float | None:
    """The number; None for a traced Value."""
    number = x.data if type(x) is Value else x  # of a captured leaf, that is traced too
    return None if isinstance(number, Node) else float(number)


def _check_unit(what: str, x: Scalar, advice: str) -> None:
    number = _number(x)
    if number is not None and (number < 0.0 or number > 1.0):  # NaN passes here; training checks for it
        raise DomainError(f"{what} is {number}; it must be in [0, 1]. {advice}.")


def _of_classes(name: str, output: Scalar, one: str, for_one: str) -> list[Scalar]:
    """Check that there is an output for each class."""
    if not is_list(output) or len(output) < 2:
        raise ShapeError(
            f"{name} got the output {shown(output)}; it needs one {one} per class, at least 2. For one output "
            f"use {for_one}."
        )
    return list(output)


def _warn_of_probabilities(z: list[Scalar]) -> None:
    known = [x for x in map(_number, z) if x is not None and 0.0 <= x <= 1.0]
    is_one_hot = known.count(0.0) == len(z) - 1  # as logits of an example, 0 and 1 are as likely
    if len(known) == len(z) and not is_one_hot and abs(math.fsum(known) - 1.0) <= 1e-9:
        warnings.warn(
            f"cross_entropy got {shown(known)}, which look like probabilities. It takes logits, the numbers before a "
            "softmax, and applies the softmax itself; for probabilities use cross_entropy_of_probabilities.",
            UserWarning,
            stacklevel=5,
        )


def _check_shares(name: str, outputs: str, shares: list[Scalar], n: int) -> list[float]:
    """Check the classes' probabilities in a target; returns the numbers that are known."""
    if len(shares) != n:
        raise ShapeError(f"{name} got {n} {outputs} and {len(shares)} class probabilities; give as many.")
    known = [q for q in map(_number, shares) if q is not None]
    if len(known) == n and (any(not 0.0 <= q <= 1.0 for q in known) or not abs(sum(known) - 1.0) <= 1e-6):
        raise DomainError(f"{name} got the class probabilities {shown(known)}; they must be in [0, 1] and add up to 1.")
    return known


def _class(target: Scalar, n: int, name: str = "cross_entropy") -> int:
    number = float(target)
    if not number.is_integer() or not 0 <= number < n:
        raise DomainError(
            f"{name} got class {shown(target)}; with {n} outputs the classes are the whole numbers 0 to {n - 1}."
        )
    return int(number)

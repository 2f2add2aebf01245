r"""Losses for classes: cross-entropies and the hinge.

Letters: an output o (p where it is a probability, z where it is a logit), its target t, the number of samples m.

References
----------
.. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, sections 4.3.2 and 4.3.4.
"""

from __future__ import annotations

import math

from autograd_lite.engine import Value
from autograd_lite.errors import DomainError, ShapeError
from autograd_lite.namespaces import values as op
from autograd_lite.op import Node
from autograd_lite.text import shown

from ..kinds import Scalar
from .loss import is_list, loss

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "hinge",
]


@loss(
    restricted=True, advice="Where probabilities reach 0 or 1, use binary_cross_entropy_with_logits on linear outputs."
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
    _check_unit("binary_cross_entropy's probability", output, "Squash the output with a sigmoid, or use logits")
    _check_unit("binary_cross_entropy's target", target, "Code the two classes as 0 and 1")
    return op.zmul(-target, op.log(output)) - op.zmul(1.0 - target, op.log1p(-output))


@loss(restricted=True)
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


@loss(whole=True, restricted=True, wants_classes=True)
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
    if not is_list(output) or len(output) < 2:
        raise ShapeError(
            f"cross_entropy got the output {shown(output)}; it needs one logit per class, at least 2. For one output "
            "use binary_cross_entropy_with_logits."
        )
    z = list(output)
    if is_list(target):
        return _of_probabilities(z, list(target))
    return _of_traced_class(z, target) if isinstance(target, Node) else _of_class(z, _class(target, len(z)))


def _of_class(z: list[Scalar], t: int) -> Scalar:
    """log(1 + exp(L - z_t)), where L gathers the other classes: one against the rest."""
    return op.softplus(op.logsumexp(z[:t] + z[t + 1 :]) - z[t])


def _of_traced_class(z: list[Scalar], t: Scalar) -> Scalar:
    """The same for a traced class: `where` instead of an index."""
    chosen = [op.equal(t, float(j)) for j in range(len(z))]
    z_t = op.fsum([op.where(c, z_j, 0.0) for c, z_j in zip(chosen, z, strict=True)])
    return op.softplus(op.logsumexp([op.where(c, -math.inf, z_j) for c, z_j in zip(chosen, z, strict=True)]) - z_t)


def _of_probabilities(z: list[Scalar], shares: list[Scalar]) -> Scalar:
    if len(shares) != len(z):
        raise ShapeError(f"cross_entropy got {len(z)} logits and {len(shares)} class probabilities; give as many.")
    numbers = [_number(q) for q in shares]
    known = [q for q in numbers if q is not None]
    if len(known) == len(shares):
        if any(not 0.0 <= q <= 1.0 for q in known) or not abs(sum(known) - 1.0) <= 1e-6:
            raise DomainError(
                f"cross_entropy got the class probabilities {shown(known)}; they must be in [0, 1] and add up to 1."
            )
        if 1.0 in known:
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


def _class(target: Scalar, n: int) -> int:
    number = float(target)
    if not number.is_integer() or not 0 <= number < n:
        raise DomainError(
            f"cross_entropy got class {shown(target)}; with {n} outputs the classes are the whole numbers 0 to {n - 1}."
        )
    return int(number)

"""Distributions over outcomes: their entropy, and the check that numbers are one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from autograd_lite.engine import Value
from autograd_lite.errors import DomainError, OperandError, ShapeError
from autograd_lite.namespaces import values
from autograd_lite.text import shown

__all__ = ["check_distribution", "entropy"]

Number: TypeAlias = float | Value


def entropy(ps: Iterable[Number]) -> Number:
    r"""Entropy :math:`-\sum_i p_i \log p_i` of a distribution: the information that an outcome of it gives.

    Parameters
    ----------
    ps : sequence of Value or float, shape (n,)
        Probabilities, in [0, 1], which add up to 1; 0.01 beside it is taken for rounding.

    Returns
    -------
    Value or float
        In nats, from 0 (a certain outcome; 0 log 0 is 0) to log n (all alike). In bits divide by log(2).

    Raises
    ------
    DomainError
        If a number lies outside [0, 1], or they do not add up to 1.
    ShapeError, OperandError
        If there are none, or one number is given.

    References
    ----------
    C. E. Shannon, "A mathematical theory of communication", Bell System Technical Journal 27, 1948, section 6.

    Examples
    --------
    >>> round(entropy([0.25, 0.75]), 4), entropy([1.0, 0.0])
    (0.5623, 0.0)
    """
    if not isinstance(ps, Iterable):
        raise OperandError(
            f"entropy takes the probabilities of all outcomes, not one number, {shown(ps)}. Of two outcomes, one with "
            "probability p, write entropy([p, 1.0 - p])."
        )
    ps = list(ps)
    if not ps:
        raise ShapeError("entropy of nothing has no value. Give at least one probability.")
    check_distribution(ps, "entropy", "Divide counts by their sum, and logits by softmax")
    return values.fsum([values.zmul(-p, values.log(p)) for p in ps])  # type: ignore[no-any-return]


def check_distribution(ps: Sequence[Number], what: str, advice: str) -> None:
    """Check that numbers are probabilities of all outcomes; traced Values have no number, and pass.

    Raises
    ------
    DomainError
        If one is outside [0, 1], or their sum is farther than 0.01 from 1.

    Examples
    --------
    >>> check_distribution([0.33, 0.33, 0.33], "entropy", "Divide by the sum")
    """
    known = [p.data if isinstance(p, Value) else p for p in ps if not isinstance(p, Value) or p.has_number]
    outside = [p for p in known if p < 0.0 or p > 1.0]
    total = math.fsum(known)
    if outside or (len(known) == len(ps) and abs(total - 1.0) > 0.0101):  # textbooks print two digits
        reason = f"{shown(outside[0])} is not in [0, 1]" if outside else f"they add up to {total:.4g}"
        raise DomainError(f"{what} takes probabilities that add up to 1, not {shown(known)}: {reason}. {advice}.")

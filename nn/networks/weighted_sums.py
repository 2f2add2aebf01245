"""The weighted sums of a layer: the op ``sumprod``, written out for rows of weights that share their inputs.

Most of the time of an eager network is spent here. The op checks every operand for each neuron; here the
inputs are checked once for the whole layer. A test shows that both make the same nodes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import mul

from autograd_lite.engine import TABLE, Value, number_of, wire

from ..kinds import Scalar

__all__ = ["weighted_sums"]

_sumprod = TABLE["sumprod"]


def weighted_sums(rows: Sequence[Sequence[Value]], xs: Sequence[Scalar]) -> list[Scalar]:
    """Make the node ``sumprod(ws, xs)`` for each row of weights.

    Parameters
    ----------
    rows : sequence of sequence of Value
        The weights of each neuron, as many as there are inputs.
    xs : sequence of Value
        The inputs.

    Examples
    --------
    >>> w, x = [Value(2.0), Value(3.0)], [Value(1.0), Value(0.5)]
    >>> [v.data for v in weighted_sums([w], x)]
    [3.5]
    """
    learning = [x.requires_grad for x in xs if type(x) is Value]
    uniform = len(learning) == len(xs) and len(set(learning)) == 1
    if not uniform or len(xs) == 1:  # traced inputs, constants among Values, nodes of two operands: rare
        return [_by_the_op(ws, xs) for ws in rows]
    inputs = list(map(number_of, xs))
    silent = None if learning[0] else (None,) * len(xs)
    return [_sum(ws, xs, inputs, silent) for ws in rows]


def _by_the_op(ws: Sequence[Value], xs: Sequence[Scalar]) -> Scalar:
    first = next((x for x in xs if type(x) is not Value), ws[0])
    return first.record(_sumprod, (*ws, *xs))


def _sum(ws: Sequence[Value], xs: Sequence[Value], inputs: list[float], silent: tuple[None, ...] | None) -> Scalar:
    weights = [number_of(w) for w in ws if type(w) is Value and w.requires_grad]
    if len(weights) < len(ws):  # traced, or frozen: rare
        return _by_the_op(ws, xs)
    try:
        total = math.fsum(map(mul, weights, inputs))
    except (ArithmeticError, ValueError):  # overflow, or infinities of both signs
        return _by_the_op(ws, xs)
    if total != total:  # noqa: PLR0124 - where the value is NaN, so are the derivatives
        return _by_the_op(ws, xs)
    return wire(_sumprod, (*ws, *xs), total, (*inputs, *(silent or weights)), True, Value)

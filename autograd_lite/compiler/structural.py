"""Ops that exist only in traced graphs, and the batch axes over which some of them add up.

Types: ``Any`` stands for what ops take: numbers, Values or traced nodes.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any

from autograd_lite.namespaces import values
from autograd_lite.op import ManyOp, Op

__all__ = ["BATCH_DOT", "BATCH_SIZE", "BATCH_SUM", "ZSUMPROD", "Axis", "Structural"]

BATCH_SIZE = "size"  # the source of a leaf that holds the number of samples


class Axis:
    """A batch axis; two batches of the same arguments share it."""

    __slots__ = ("arguments",)

    def __init__(self, arguments: tuple[int, ...]) -> None:
        self.arguments = arguments  # those whose leading axis it is, counted from 0


class Structural(Op):
    """An op that exists only in traced graphs; its derivatives are code, for its operands may be blocks of numbers."""

    gives_number = True  # not a block of them

    def pullback(self, v: Any, v_bar: Any, needs: Sequence[bool]) -> Sequence[Any]:
        """What the adjoints of a node's operands get."""
        raise NotImplementedError

    def pushforward(self, v: Any, moved: Sequence[Any]) -> Any:
        """The tangent of a node, given those of its operands; None where one does not move."""
        raise NotImplementedError


def batch_sum(xp: Any, x: Any) -> Any:
    """The sum over the samples. It exists only in traced graphs: of one number there is nothing to add up."""
    return x


BATCH_SUM = Op(batch_sum, {"x": 1.0}, symbol="Σ samples")


class _BatchDot(Structural):
    def pullback(self, v: Any, v_bar: Any, needs: Sequence[bool]) -> Sequence[Any]:
        products = zip(v.operands, v.operands[::-1], needs, strict=True)
        terms = [(u, values.zmul(v_bar, other) if need else None) for u, other, need in products]
        return [
            t if t is None or (getattr(u, "axis", None) is v.static) else v.summed(t, u, v.static, of=v_bar)
            for u, t in terms
        ]

    def pushforward(self, v: Any, moved: Sequence[Any]) -> Any:
        terms = [values.zmul(x_dot, u) for x_dot, u in zip(moved, v.operands[::-1], strict=True) if x_dot is not None]
        return v.tracer.batch_sum(functools.reduce(operator.add, terms), v.static)


def batch_dot(xp: Any, a: Any, b: Any) -> Any:
    """The sum over the samples of a product: what a sweep makes of a parameter that all samples share."""
    return xp.zmul(a, b)


BATCH_DOT = _BatchDot(batch_dot, {"a": 1.0, "b": 1.0})  # static: the axis


def zsumprod(xp: Any, ws: Any, xs: Any) -> Any:
    """The sum of products by the sweep's rule for zero: what a sweep makes of the weights of second derivatives."""
    return xp.fsum([xp.zmul(w, x) for w, x in zip(ws, xs, strict=True)])


ZSUMPROD = ManyOp(zsumprod, {"ws": lambda xp, y, ws, xs: xs, "xs": lambda xp, y, ws, xs: ws})

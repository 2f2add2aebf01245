r"""The slopes of a row of weights, recorded as one: what a sweep gives them and nobody has looked at.

A neuron multiplies each of its weights by an input of its own. Over a batch the adjoint of the k-th weight is

.. math:: \bar w_k = \sum_i \bar z_i x_{ik},

which is a node for each weight. Where they only go into the result, one record stands for them all: the slopes of a
hundred thousand weights are as many records as there are neurons.

Types: ``Any`` stands for traced nodes and their batch axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.op import next_orders
from autograd_lite.reverse import graph_adjoints
from autograd_lite.transforms.evaluation import Sealed

__all__ = ["Slopes", "gradients_of"]


class Slopes:
    """The adjoints of leaves by which one sum multiplies numbers of a batch.

    Attributes
    ----------
    leaves : tuple of Value
        The weights, all different.
    v_bar : Traced
        The adjoint of the sum.
    factors : tuple of Traced
        What each weight is multiplied by.
    axis : Axis
        The batch.
    orders : list of int
        The creation number of each slope.
    """

    __slots__ = ("axis", "factors", "leaves", "order", "orders", "v_bar")

    def __init__(self, leaves: tuple[Value, ...], v_bar: Any, factors: tuple[Any, ...], axis: Any) -> None:
        self.leaves, self.v_bar, self.factors, self.axis = leaves, v_bar, factors, axis
        self.orders = next_orders(len(leaves))
        self.order = self.orders[0]

    def __len__(self) -> int:
        return len(self.leaves)

    def nodes(self) -> dict[Value, Any]:
        """The slope of each weight as a node of its own."""
        return {w: self.node(k) for k, w in enumerate(self.leaves)}

    def node(self, k: int) -> Any:
        """The node of one slope."""
        return self.v_bar.tracer.batch_dot(self.v_bar, self.factors[k], self.leaves[k], self.axis, self.orders[k])


def gradients_of(sealed: Sealed, *, together: bool) -> list[Any]:
    """Take the gradients of an evaluation, in order: nodes, and if they may be together `Slopes`."""
    if not isinstance(sealed.of, Value):
        return [Value.constant(0.0) for _ in sealed.inputs]
    slopes: list[Slopes] | None = [] if together else None
    found = graph_adjoints(sealed.of, Value.constant(1.0), sealed.inputs, slopes)
    return _in_order(tuple(sealed.inputs), found, slopes or ())


def _in_order(wrt: tuple[Value, ...], found: dict[Any, Any], slopes: Sequence[Slopes]) -> list[Any]:
    """The gradient by each leaf; slopes stay together where their leaves follow each other here too."""
    by_first = {some.leaves[0]: some for some in slopes}
    row_of: dict[Value, Slopes] = {}
    ordered: list[Any] = []
    k = 0
    while k < len(wrt):
        v = wrt[k]
        some = by_first.get(v)
        if some is not None and wrt[k : k + len(some)] == some.leaves:
            ordered.append(some)
            k += len(some)
            continue
        if v not in found:
            row_of = row_of or {u: some for some in slopes for u in some.leaves}
            found |= row_of[v].nodes() if v in row_of else {v: Value.constant(0.0)}
        ordered.append(found[v])
        k += 1
    return ordered

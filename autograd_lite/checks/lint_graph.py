r"""What the rules of `lint` read, and what they find.

Letters: for a node v, :math:`\bar v` is the adjoint, the derivative of the loss by v. A *unit* is a function of one
operand whose pre-activation uses the same parameters each time: the sigmoid of one neuron, once for each input.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from autograd_lite.checks.wording import op_of
from autograd_lite.engine import Value
from autograd_lite.op import Op

__all__ = ["Finding", "Graph", "parameters_below"]


@dataclass(frozen=True)
class Finding:
    """Something that looks unhealthy; ``str()`` says what, with the numbers, and what to do.

    Attributes
    ----------
    kind : str
        ``"not finite"``, ``"saturated"``, ``"dead"``, ``"edge"``, ``"overflow"``, ``"cancellation"``, ``"logits"``,
        ``"unused"``, ``"no gradient"``, ``"vanishing"`` or ``"exploding"``.
    node : Value
        The node, the worst of them where there are several.
    message : str
        What was found.
    advice : str
        What to do.
    """

    kind: str
    node: Value
    message: str
    advice: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.message} {self.advice}"


@dataclass(frozen=True)
class Graph:
    """A loss with what the rules ask about it."""

    loss: Value
    adjoint: dict[Value, float]
    parameters: Sequence[Value]

    def __iter__(self) -> Iterator[Value]:
        """Nodes that are no leaves, and that the loss can be differentiated by."""
        return (v for v in self.adjoint if v.op is not None)

    def units(self) -> dict[Op, list[list[Value]]]:
        """For each op of one operand its units: nodes that have the same parameters right below them."""
        groups: dict[Any, list[Value]] = {}
        for v in self:
            if len(v.operands) == 1 and not op_of(v).many:
                groups.setdefault((v.op, parameters_below(v) or v), []).append(v)
        by_op: dict[Op, list[list[Value]]] = {}
        for (op, _), unit in groups.items():
            by_op.setdefault(op, []).append(unit)
        return by_op

    @cached_property
    def behind_units(self) -> set[Value]:
        """Nodes above some function of one operand, so that they change as the weights below it learn."""
        behind: set[Value] = set()
        for v in self.adjoint:
            if any(u in behind or len(u.operands) == 1 for u in v.operands):
                behind.add(v)
        return behind


def parameters_below(v: Value) -> tuple[Value, ...]:
    """Leaves that need a gradient, among the operands of the operand, one sum or product further down at most."""
    near = [u for z in v.operands for u in z.operands]
    return tuple([u for z in near for u in (z, *z.operands) if u.op is None and u.requires_grad])

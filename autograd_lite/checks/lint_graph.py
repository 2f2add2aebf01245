r"""Input and output of the rules of `lint`: a loss with its adjoints, and findings.

Letters: for a node v, :math:`\bar v` is the adjoint, the derivative of the loss with respect to v. A *unit* is an op of
one operand whose pre-activation uses the same parameters each time: the sigmoid of one neuron, once for each input.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from autograd_lite.checks.wording import op_of
from autograd_lite.engine import Value
from autograd_lite.op import Op

__all__ = ["Finding", "Graph", "parameters_below"]


@dataclass(frozen=True)
class Finding:
    """Something that looks unhealthy; ``str()`` names it, with numbers and advice.

    Attributes
    ----------
    kind : str
        ``"not finite"``, ``"saturated"``, ``"dead"``, ``"edge"``, ``"overflow"``, ``"cancellation"``, ``"logits"``,
        ``"unused"``, ``"no gradient"``, ``"vanishing"``, ``"exploding"``, ``"accumulated"``, ``"identical"`` or
        ``"not a leaf"``.
    node : Value
        The node; where there are several, the worst.
    message : str
        The finding, with the numbers.
    advice : str
        What to change.
    """

    kind: str
    node: Value
    message: str
    advice: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.message} {self.advice}"


@dataclass(frozen=True)
class Graph:
    """A loss, its adjoints, and its parameters, as the rules read them."""

    loss: Value
    adjoint: dict[Value, float]
    parameters: Sequence[Value]

    def __iter__(self) -> Iterator[Value]:
        """Nodes that an op made, and that need a gradient."""
        return (v for v in self.adjoint if v.op is not None)

    def units(self) -> dict[Op, list[list[Value]]]:
        """For each op of one operand its units: nodes with the same parameters right below them."""
        groups: dict[tuple[Op, Hashable], list[Value]] = {}
        for v in self:
            if len(v.operands) == 1 and not op_of(v).many:
                groups.setdefault((op_of(v), parameters_below(v) or v), []).append(v)
        by_op: dict[Op, list[list[Value]]] = {}
        for (op, _), unit in groups.items():
            by_op.setdefault(op, []).append(unit)
        return by_op

    @cached_property
    def trained(self) -> Sequence[Value]:
        """The parameters; where none were named, all leaves that need a gradient."""
        return self.parameters or [v for v in self.adjoint if v.op is None]

    @cached_property
    def behind_units(self) -> set[Value]:
        """Nodes above an op of one operand, which change as the weights below it learn."""
        behind: set[Value] = set()
        for v in self.adjoint:
            if any(u in behind or len(u.operands) == 1 for u in v.operands):
                behind.add(v)
        return behind


def parameters_below(v: Value) -> tuple[Value, ...]:
    """Leaves that need a gradient, among the operands of the operand and their own operands."""
    near = [u for z in v.operands for u in z.operands]
    return tuple([u for z in near for u in (z, *z.operands) if u.op is None and u.requires_grad])

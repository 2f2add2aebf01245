"""A graph as pictures and steps read it: named nodes, and one edge per use of an operand.

The data and the partials are copied when the graph is read, so that a later update of the parameters cannot change a
picture or a step; gradients are computed from zero and never touch `grad`.

Letters: nodes are numbered by place, operands before the nodes that use them. A *use* is one operand of one node: the
node is the *giver* (it passes its gradient on), the operand the *receiver*. ``x * x`` has two uses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from autograd_lite.engine import Value
from autograd_lite.errors import OperandError
from autograd_lite.formulas import Expr, pretty_number
from autograd_lite.op import shown
from autograd_lite.reverse import reachable

from .names import parameters_among, readable_names

__all__ = ["Graph", "Use", "product"]


class Use(NamedTuple):
    """One use of an operand: the edge between two nodes, by their places."""

    giver: int
    operand: int
    receiver: int
    local: float | None


class Graph:
    """The nodes below a root with their names, and the uses in the order of the reverse sweep.

    Parameters
    ----------
    root : Value
        The node to start from, such as a loss.
    parameters : iterable of Value, optional
        Which leaves are parameters; guessed from their labels unless given.

    Attributes
    ----------
    nodes : list of Value
        Operands before the nodes that use them.
    names, data, operands, partials : list
        Of each node: its name, its number, the places of its operands, and the derivative by each of them.
    leaf, needs : list of bool
        Whether a node was given and not computed; whether it needs a gradient.
    root : int
        Place of the root.
    parameters : list of int
        Places of the parameters.

    Raises
    ------
    OperandError
        If the root is not a Value.

    Examples
    --------
    >>> x = Value(3.0, "x")
    >>> [(use.operand, use.local) for use in Graph(x * x).uses]
    [(0, 3.0), (1, 3.0)]
    """

    def __init__(self, root: Value, parameters: Iterable[Value] | None = None) -> None:
        if not isinstance(root, Value):
            raise OperandError(
                f"A Value is needed, such as a loss, not {shown(root)} ({type(root).__name__}). "
                "Compute it from Values; of several outputs, give one, or their sum."
            )
        self.nodes = reachable([root])
        self.names = readable_names(self.nodes)
        self.place = {v: i for i, v in enumerate(self.nodes)}
        self.root = self.place[root]
        self.data = [v.data for v in self.nodes]
        self.operands = [[self.place[u] for u in v.operands] for v in self.nodes]
        self.partials: list[Sequence[float | None]] = [v.partials for v in self.nodes]
        self.leaf = [v.op is None for v in self.nodes]
        self.needs = [v.requires_grad for v in self.nodes]
        leaves = [self.nodes[i] for i in self.leaves]
        chosen = parameters_among(leaves) if parameters is None else parameters
        self.parameters = [self.place[p] for p in chosen if p in self.place]

    @property
    def scalars(self) -> Graph:
        """The graph with nothing folded: this one."""
        return self

    @property
    def leaves(self) -> list[int]:
        """The leaves that need a gradient."""
        return [i for i, is_leaf in enumerate(self.leaf) if is_leaf and self.needs[i]]

    @property
    def computed(self) -> list[int]:
        """The nodes that are no leaves."""
        return [i for i, is_leaf in enumerate(self.leaf) if not is_leaf]

    @cached_property
    def uses(self) -> list[Use]:
        """The uses that carry gradient, in the order in which the reverse sweep meets them."""
        return [
            Use(i, k, self.operands[i][k], local)
            for i in reversed(range(len(self.nodes)))
            if self.needs[i]
            for k, local in enumerate(self.partials[i])
            if local is not None
        ]

    @cached_property
    def adjoints(self) -> list[float]:
        """The gradient of the root by every node, from zero."""
        totals = [0.0] * len(self.nodes)
        totals[self.root] = 1.0 if self.needs[self.root] else 0.0
        for use in self.uses:
            totals[use.receiver] += product(totals[use.giver], use.local)
        return totals

    def is_number(self, i: int) -> bool:
        """Whether the node is a constant that is called by its number."""
        return self.leaf[i] and not self.needs[i] and self.names[i] == pretty_number(self.data[i])

    def box_of(self, v: Value) -> int | None:
        """The place of the box that a node is in; None if it is not shown."""
        return self.place.get(v)

    @property
    def caption(self) -> str:
        """What a picture of this graph does not show; empty if it shows everything."""
        return ""

    def data_text(self, i: int) -> str:
        """The number in a node's box."""
        return pretty_number(self.data[i])

    def grad_text(self, i: int) -> str:
        """The gradient that the last sweep left in a node."""
        return pretty_number(self.nodes[i].grad)

    def edge_text(self, i: int, operand: int) -> str:
        """The local derivative on an edge; empty where no gradient passes."""
        local = self.partials[i][operand]
        return "" if local is None else f"×{pretty_number(local)}"

    def formula(self, i: int) -> Expr:
        """How the node was computed, with the names of its operands."""
        op = self.nodes[i].op
        return Expr(self.names[i]) if op is None else op.formula(*self._operand_names(i))

    def slope(self, i: int, operand: int) -> Expr:
        """The derivative of a node by one of its operands as a formula, in the form that is taught."""
        op = self.nodes[i].op
        if op is None:
            raise OperandError(f"{self.names[i]} is a leaf: it was not computed from anything.")
        return op.slope(operand, self.names[i], *self._operand_names(i))

    def symbol(self, i: int) -> str:
        """What stands in the corner of a node's box: the op's sign, or what kind of leaf it is."""
        op = self.nodes[i].op
        if op is not None:
            return op.symbol
        if not self.needs[i]:
            return "const"
        return "par" if i in self._parameter_set else "in"

    @cached_property
    def _parameter_set(self) -> frozenset[int]:
        return frozenset(self.parameters)

    def _operand_names(self, i: int) -> list[Expr]:
        """Names of the operands; a constant without a label stands as its number, so that 2 − 1 becomes 1."""
        return [Expr(self.data[j] if self.is_number(j) else self.names[j]) for j in self.operands[i]]


def product(adjoint: float, local: float | None) -> float:
    """Adjoint times partial; an adjoint of exactly 0 gives exactly 0, whatever the partial."""
    return 0.0 if adjoint == 0.0 or local is None else adjoint * local

"""A graph as pictures and steps read it: named nodes, and one edge per use of an operand.

A `GraphView` copies the data and the partials, so a later update of the parameters cannot change a picture or a step.
It computes gradients from zero and never touches `grad`. Four functions make one: `scalar_view` shows every node,
`fold` and `layer_view` show neurons and layers as single boxes, `neighbour_view` shows what is near one node.

Nodes have indices, operands before the nodes that use them. A *use* is one operand of one node, by its position among
that node's operands: ``x * x`` has two uses of x.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from autograd_lite.engine import TABLE, Value
from autograd_lite.errors import OperandError
from autograd_lite.formulas import Expr
from autograd_lite.reverse import reachable
from autograd_lite.text import pretty_number, shown

from .calls import Call
from .names import parameters_among, readable_names

__all__ = ["FoldedBox", "GraphView", "Use", "product", "scalar_view"]


class Use(NamedTuple):
    """One use of an operand by a node: the edge between the two, by their indices, and the local derivative."""

    node: int
    position: int
    operand: int
    local: float | None


class FoldedBox(NamedTuple):
    """Texts of a box that stands for several nodes; empty `data` and `grad` mean those of its last node."""

    name: str
    formula: Expr
    symbol: str
    slope: Callable[[int], Expr]
    data: str = ""
    grad: str = ""


@dataclass(eq=False, repr=False, kw_only=True)
class GraphView:
    """Nodes below a root with names, data and partials; uses in the order of the reverse sweep.

    Attributes
    ----------
    nodes : list of Value
        Operands before the nodes that use them; of a folded box, its last node.
    names, data, operands, partials : list
        Of each node: its name, its number, the indices of its operands, and the derivative with respect to each.
    leaf, needs : list of bool
        Whether a node was given, not computed; whether it needs a gradient.
    root : int
        Index of the root.
    parameters : list of int
        Indices of the parameters.
    index : dict
        The index of every node, also of those inside a folded box.
    level, caption : str
        What is folded, and how a caption says it.
    whole : GraphView or None
        The view of all nodes, where this one does not show all.
    folded : mapping
        The folded boxes by index.
    kept : mapping
        Of a node whose operands are not all shown: which are.
    edge_texts : mapping
        Texts of edges that stand for several, by index and operand.
    sample : tuple of int
        Which sample of a batch is shown, and of how many.
    calls, lines : mapping
        Of a function's graph: the boxes that are calls, and the nodes of those that are lines of code.
    function : str
        The name of the function that was run for this view, if one was; its gradients are shown without a sweep.
    """

    nodes: list[Value]
    names: list[str]
    data: list[float]
    operands: list[list[int]]
    partials: Sequence[Sequence[float | None]]
    leaf: list[bool]
    needs: list[bool]
    root: int
    parameters: list[int]
    index: dict[Value, int]
    level: str = "scalars"
    caption: str = ""
    whole: GraphView | None = None
    folded: Mapping[int, FoldedBox] = field(default_factory=dict)
    kept: Mapping[int, list[int]] = field(default_factory=dict)
    edge_texts: Mapping[tuple[int, int], str] = field(default_factory=dict)
    sample: tuple[int, int] = (1, 1)
    calls: Mapping[int, Call] = field(default_factory=dict)
    lines: Mapping[int, list[int]] = field(default_factory=dict)
    function: str = ""

    @property
    def scalars(self) -> GraphView:
        """The view of all nodes, nothing folded."""
        return self.whole or self

    @property
    def leaves(self) -> list[int]:
        """The leaves that need a gradient."""
        return [i for i, is_leaf in enumerate(self.leaf) if is_leaf and self.needs[i]]

    @property
    def computed(self) -> list[int]:
        """The nodes that are not leaves."""
        return [i for i, is_leaf in enumerate(self.leaf) if not is_leaf]

    @property
    def root_name(self) -> str:
        """The name of the root."""
        return self.names[self.root]

    @property
    def result_name(self) -> str:
        """The name of the root of the whole graph; of a function's result without a label that of the function."""
        whole = self.scalars
        return whole.root_name if whole.nodes[whole.root].label else self.function or whole.root_name

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
    def orders(self) -> list[int]:
        """The creation numbers of the nodes, ascending."""
        return [v.order for v in self.nodes]

    def computed_between(self, start: int, stop: int) -> list[int]:
        """The nodes with these creation numbers that are not leaves."""
        low, high = bisect_left(self.orders, start), bisect_left(self.orders, stop)
        return [i for i in range(low, high) if not self.leaf[i]]

    @cached_property
    def users(self) -> list[list[int]]:
        """The nodes that use each node."""
        users: list[list[int]] = [[] for _ in self.nodes]
        for i, operands in enumerate(self.operands):
            for j in operands:
                users[j].append(i)
        return users

    @cached_property
    def adjoints(self) -> list[float]:
        """The gradient of the root with respect to every node, from zero."""
        totals = [0.0] * len(self.nodes)
        totals[self.root] = 1.0 if self.needs[self.root] else 0.0
        for i in reversed(range(len(self.nodes))):
            adjoint = totals[i]
            if adjoint != 0.0 and self.needs[i]:
                for j, local in zip(self.operands[i], self.partials[i], strict=True):
                    if local is not None:
                        totals[j] += adjoint * local
        return totals

    @cached_property
    def outdated(self) -> frozenset[int]:
        """Nodes that no longer follow from their operands, since data changed after the forward pass; and all above."""
        if self.whole is not None:
            nodes = self.whole.nodes
            return frozenset(self.index[nodes[i]] for i in self.whole.outdated if nodes[i] in self.index)
        found: set[int] = set()
        for i in self.computed:
            if not found.isdisjoint(self.operands[i]) or not self._is_reproduced(i):
                found.add(i)
        return frozenset(found)

    def _is_reproduced(self, i: int) -> bool:
        """Whether the op gives a node's number and partials again; NaN is the same as NaN."""
        op, operands, partials = self.nodes[i].op, self.operands[i], self.partials[i]
        if op is None:
            return True
        y, again = op.evaluate([self.data[j] for j in operands], [self.needs[j] for j in operands])
        if y == self.data[i] and again == partials:
            return True
        pairs = zip((y, *again), (self.data[i], *partials), strict=True)
        return all(a == b or (a != a and b != b) for a, b in pairs)  # noqa: PLR0124 - as the engine compares

    @property
    def outdated_note(self) -> str:
        """Warning that data changed after the forward pass, or empty."""
        if not self.outdated:
            return ""
        return f"Data changed after {self.names[min(self.outdated)]} was computed: run the forward pass again."

    def use_mark(self, i: int, operand: int) -> str:
        """Subscript of a partial through one use; empty where it equals the total derivative.

        They differ where the operand occurs several times in the formula, or reaches the root along other paths too.
        The subscript is in brackets after another one, and where a node has the same name as the operand with it.
        """
        operands, j = self.operands[i], self.operands[i][operand]
        if operands.count(j) == 1 and (i != self.root or not self._has_several_ways[j]):
            return ""
        use = str(operands[: operand + 1].count(j))
        if self.names[j][-1:] in "₀₁₂₃₄₅₆₇₈₉⁾":  # an index already
            return f"({use})"
        clash = {f"{self.names[j]}{use}", f"{self.names[j]}_{use}"} & self._name_set
        return f"({use})" if clash else use

    @cached_property
    def path_counts(self) -> list[int]:
        """How many paths lead from the root to each node, without walking them."""
        counts = [0] * len(self.nodes)
        counts[self.root] = 1
        for use in self.uses:
            counts[use.operand] += counts[use.node]
        return counts

    @cached_property
    def _has_several_ways(self) -> list[bool]:
        """Whether more than one path leads from the root to each node."""
        ways = [0] * len(self.nodes)
        ways[self.root] = 1
        for use in self.uses:
            ways[use.operand] = min(2, ways[use.operand] + ways[use.node])
        return [n > 1 for n in ways]

    @cached_property
    def _name_set(self) -> frozenset[str]:
        return frozenset(self.names)

    def name_of(self, label: str) -> str:
        """The name of the node with that label; what is not the label of one node is taken for a name."""
        found = [name for v, name in zip(self.nodes, self.names, strict=True) if v.label == label]
        return found[0] if len(found) == 1 and label not in self.names else label

    def is_number(self, i: int) -> bool:
        """Whether the node is an unlabelled constant."""
        return self.leaf[i] and not self.needs[i] and self.names[i] == pretty_number(self.data[i])

    def data_text(self, i: int) -> str:
        """The number in a node's box."""
        return (i in self.folded and self.folded[i].data) or pretty_number(self.data[i])

    def grad_text(self, i: int) -> str:
        """The gradient that the last sweep left in a node."""
        return (i in self.folded and self.folded[i].grad) or pretty_number(self.nodes[i].grad)

    def edge_text(self, i: int, operand: int) -> str:
        """The local derivative on an edge; empty where no gradient passes."""
        local = self.partials[i][operand]
        return self.edge_texts.get((i, operand), "" if local is None else f"×{pretty_number(local)}")

    def formula(self, i: int) -> Expr:
        """The node in terms of its operands' names."""
        if i in self.folded:
            return self.folded[i].formula
        op = self.nodes[i].op
        return Expr(self.names[i]) if op is None or self.leaf[i] else op.formula(*self._operand_names(i))

    def substituted(self, i: int) -> str:
        """The node in terms of its operands' numbers; empty for a leaf or a folded box."""
        v = self.nodes[i]
        if v.op is None or self.leaf[i] or i in self.folded:
            return ""
        whole, names = self.scalars, [f"\0{k}" for k in range(len(v.operands))]
        numbers = {name: Expr(whole.data[whole.index[u]]) for name, u in zip(names, v.operands, strict=True)}
        return _replaced(v.op.formula(*map(Expr, names)), numbers).pretty

    def slope(self, i: int, operand: int) -> Expr:
        """Local derivative as a formula, in the form that is taught; NaN where the node is NaN."""
        if math.isnan(self.data[i]):
            return Expr(math.nan)
        if i in self.folded:
            return self.folded[i].slope(operand)
        op = self.nodes[i].op
        if op is None:
            raise OperandError(f"{self.names[i]} is a leaf: it was not computed from anything.")
        which = self.kept[i][operand] if i in self.kept else operand
        return op.slope(which, self.names[i], *self._operand_names(i))

    def symbol(self, i: int) -> str:
        """The op's sign, or the kind of leaf: in, par, const."""
        if i in self.folded:
            return self.folded[i].symbol
        op = self.nodes[i].op
        if op is not None and not self.leaf[i]:
            return op.symbol
        if not self.needs[i]:
            return "const"
        return "par" if i in self._parameter_set else "in"

    @cached_property
    def _parameter_set(self) -> frozenset[int]:
        return frozenset(self.parameters)

    def _operand_names(self, i: int) -> list[Expr]:
        """Names of the operands, shown or not; a constant without a label stands as its number: 2 − 1 becomes 1."""
        whole = self.scalars
        indices = [whole.index[u] for u in self.nodes[i].operands]
        return [Expr(whole.data[j] if whole.is_number(j) else whole.names[j]) for j in indices]


def scalar_view(root: Value, parameters: Iterable[Value] | None = None) -> GraphView:
    """Read the graph below a root, one box per node; parameters are guessed from labels unless given.

    Examples
    --------
    >>> x = Value(3.0, "x")
    >>> [(use.position, use.local) for use in scalar_view(x * x).uses]
    [(0, 3.0), (1, 3.0)]
    """
    if not isinstance(root, Value):
        raise OperandError(
            f"A Value is needed, such as a loss, not {shown(root)} ({type(root).__name__}). "
            "Compute it from Values; of several outputs, give one, or their sum."
        )
    nodes, ends = _without_shifts(reachable([root]))
    index = {v: i for i, v in enumerate(nodes)}
    operands = [[] if v in ends else [index[u] for u in v.operands] for v in nodes]
    if parameters is None:
        parameters = parameters_among(v for v in nodes if v.op is None and v.requires_grad)
    return GraphView(
        nodes=nodes,
        names=readable_names(nodes, ends=ends),
        data=[v.data for v in nodes],
        operands=operands,
        partials=[() if v in ends else v.partials for v in nodes],
        leaf=[v.op is None or v in ends for v in nodes],
        needs=[v.requires_grad and v not in ends for v in nodes],
        root=index[root],
        parameters=[index[p] for p in parameters if p in index],
        index=index,
    )


def _without_shifts(nodes: list[Value]) -> tuple[list[Value], set[Value]]:
    """The nodes without those that only a gradient's end depends on, such as a softmax's largest logit; and those ends.

    An end stays, as the constant that it is for the gradient.
    """
    ends = {v for v in nodes if v.op is TABLE["stop"] and not v.label and v is not nodes[-1] and v.operands[0].op}
    if not ends:
        return nodes, ends
    used = {u for v in nodes if v not in ends for u in v.operands}
    ends = {v for v in ends if v.operands[0] not in used and not v.operands[0].label}
    needed = set(nodes[-1:])
    for v in reversed(nodes):
        if v in needed and v not in ends:
            needed.update(v.operands)
    return [v for v in nodes if v in needed], ends


def _replaced(formula: Expr, numbers: Mapping[str, Expr]) -> Expr:
    """Substitute numbers for names without evaluating."""
    if isinstance(formula.head, str) and formula.head in numbers:
        return numbers[formula.head]
    return Expr(formula.head, tuple(_replaced(part, numbers) for part in formula.args))


def product(adjoint: float, local: float | None) -> float:
    """Adjoint times partial; an adjoint of exactly 0 gives exactly 0, whatever the partial."""
    return 0.0 if adjoint == 0.0 or local is None else adjoint * local

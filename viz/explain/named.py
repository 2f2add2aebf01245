r"""The chain rule through named nodes only: ∂E/∂w = ∂E/∂y · ∂y/∂z · ∂z/∂w, as a course writes it.

A node without a name is part of the next named node above it, unless a symbol would get two values. The factor ∂z/∂w
is then the derivative of z with the other named nodes held fixed: the sum over the paths from z to w on which no named
node lies between,

.. math:: \frac{\partial z}{\partial w} = \sum_{\text{paths}} \; \prod_{\text{edges}} \frac{\partial v}{\partial u}.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import mul

from autograd_lite.errors import UnknownNameError
from autograd_lite.formulas import Expr

from ..graphs.course import is_named
from ..graphs.view import FoldedBox, GraphView, Use, product

__all__ = ["THROUGH", "NamedView", "through_nodes"]

THROUGH = ("named", "all")
LARGEST = 24  # parts of a formula that is put in for a name
MOST_INSIDE = 3  # paths inside, written as a sum


def through_nodes(graph: GraphView, kind: str | None = None, keep: Collection[int] = ()) -> GraphView:
    """The graph whose paths are explained: all nodes, or only named ones, leaves, the root and those to keep.

    Unless a kind is given, named nodes if a node between the leaves and the root has a name.

    Raises
    ------
    UnknownNameError
        If there is no such kind.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> from autograd_lite.viz.graphs.view import scalar_view
    >>> w, x = Value(2.0, "w"), Value(3.0, "x")
    >>> z = w * x + 1.0
    >>> z.label = "z"
    >>> through_nodes(scalar_view(z**2)).names
    ['w', 'x', '1', 'z', '2', 'v2']
    """
    if kind not in (None, *THROUGH):
        raise UnknownNameError.among("way to explain", kind, THROUGH)
    between = [i for i in graph.computed if i != graph.root and is_named(graph, i)]
    stay = {i for i, is_leaf in enumerate(graph.leaf) if is_leaf} | {graph.root, *between, *keep}
    if kind == "all" or (kind is None and not between):
        return graph
    while len(stay) < len(graph.nodes):
        insides = {i: _Inside(graph, i, stay) for i in sorted(stay) if not stay.issuperset(graph.operands[i])}
        clashing = [i for i, inside in insides.items() if inside.clashes]
        if not clashing:
            return _contracted(graph, sorted(stay), insides)
        stay |= {j for i in clashing for j in graph.operands[i]}
    return graph


@dataclass(eq=False, repr=False, kw_only=True)
class NamedView(GraphView):
    """A graph without its unnamed nodes; its gradients are those of the reverse sweep over `base`, which has them."""

    base: GraphView

    @cached_property
    def adjoints(self) -> list[float]:
        """The gradient of the root with respect to every node, of the sweep over all nodes."""
        return [self.base.adjoints[self.base.index[v]] for v in self.nodes]


def _contracted(graph: GraphView, stay: list[int], insides: Mapping[int, _Inside]) -> GraphView:
    """The view of the nodes that stay; a node that reads others is a box with those inside."""
    box_of = {i: k for k, i in enumerate(stay)}
    operands = [list(insides[i].locals) if i in insides else graph.operands[i] for i in stay]
    return NamedView(
        nodes=[graph.nodes[i] for i in stay],
        names=[graph.names[i] for i in stay],
        data=[graph.data[i] for i in stay],
        operands=[[box_of[j] for j in reads] for reads in operands],
        partials=[list(insides[i].locals.values()) if i in insides else graph.partials[i] for i in stay],
        leaf=[graph.leaf[i] for i in stay],
        needs=[graph.needs[i] for i in stay],
        root=box_of[graph.root],
        parameters=[box_of[i] for i in graph.parameters if i in box_of],
        index={graph.nodes[i]: k for i, k in box_of.items()},
        whole=graph.scalars,
        base=graph,
        folded={box_of[i]: graph.folded[i] for i in stay if i in graph.folded}
        | {box_of[i]: inside.box for i, inside in insides.items()},
        kept={box_of[i]: graph.kept[i] for i in stay if i in graph.kept},
    )


class _Inside:
    """The unnamed nodes below a named one, down to the next named ones: `locals` are the derivatives by these."""

    def __init__(self, graph: GraphView, top: int, shown: Collection[int]) -> None:
        self.graph, self.top = graph, top
        inside, waiting = {top}, [top]
        while waiting:
            more = {j for j in graph.operands[waiting.pop()] if j not in shown} - inside
            inside |= more
            waiting += more
        self.nodes = sorted(inside, reverse=True)
        totals, self._ways = {top: 1.0}, {top: 1}
        for use in self._uses():
            totals[use.operand] = totals.get(use.operand, 0.0) + product(totals.get(use.node, 0.0), use.local)
            self._ways[use.operand] = self._ways.get(use.operand, 0) + self._ways.get(use.node, 0)
        self.locals = {j: totals[j] for j in sorted(totals) if j not in inside}

    def _uses(self) -> Iterator[Use]:
        for i in self.nodes:
            for k, (j, local) in enumerate(zip(self.graph.operands[i], self.graph.partials[i], strict=True)):
                if local is not None:
                    yield Use(i, k, j, local)

    @property
    def clashes(self) -> bool:
        """Whether a factor would be written like the partial by a direct operand, and be another number.

        In c = a + tanh(a) the partial ∂c/∂a through the first use is 1; what has no name stays then.
        """
        return any(self._ways[j] > 1 for j in self.graph.operands[self.top] if j in self.locals)

    @property
    def box(self) -> FoldedBox:
        """The texts of the named node, with all that is inside."""
        reads = list(self.locals)
        graph = self.graph
        return FoldedBox(graph.names[self.top], self._formula, graph.symbol(self.top), lambda k: self.slope(reads[k]))

    @cached_property
    def _formulas(self) -> dict[str, Expr]:
        """Of each unnamed node its formula in named ones, by its name; without those that are too long."""
        written: dict[str, Expr] = {}
        for i in reversed(self.nodes[1:]):
            formula = _put_in(self.graph.formula(i), written)
            if _size(formula) <= LARGEST:
                written[self.graph.names[i]] = formula
        return written

    @property
    def _formula(self) -> Expr:
        return _put_in(self.graph.formula(self.top), self._formulas)

    def slope(self, source: int) -> Expr:
        """The derivative with respect to a named node, or the number of paths inside if there are many."""
        if self._ways[source] > MOST_INSIDE:
            return Expr(f"[{self._ways[source]:,} paths inside]")
        terms = [
            _multiplied([_put_in(self.graph.slope(u.node, u.position), self._formulas) for u in path])
            for path in self._paths(source)
        ]
        return reduce(lambda total, term: total + term, terms)

    def _paths(self, source: int) -> Iterator[list[Use]]:
        """The paths from a named node up to the one above, as uses from above."""
        below: dict[int, list[Use]] = {}
        for use in self._uses():
            below.setdefault(use.operand, []).append(use)
        waiting: list[list[Use]] = [[use] for use in below[source]]
        while waiting:
            path = waiting.pop(0)
            if path[0].node == self.top:
                yield path
            else:
                waiting += [[use, *path] for use in below.get(path[0].node, ())]


def _put_in(formula: Expr, written: Mapping[str, Expr]) -> Expr:
    """The formula with other formulas in place of names."""
    if not formula.args:
        return written.get(formula.head, formula) if isinstance(formula.head, str) else formula
    return Expr(formula.head, tuple(_put_in(part, written) for part in formula.args))


def _size(formula: Expr) -> int:
    return 1 + sum(map(_size, formula.args))


def _multiplied(factors: Sequence[Expr]) -> Expr:
    """The product of factors, their numbers multiplied out."""
    number, rest = 1.0, list[Expr]()
    waiting = list(factors)
    while waiting:
        factor = waiting.pop(0)
        parts = factor.args
        if factor.head == "*":
            waiting = [*parts, *waiting]
        elif factor.head == "neg":
            number, waiting = -number, [*parts, *waiting]
        elif factor.head == "/" and isinstance(divisor := parts[1].head, float) and divisor:
            number, waiting = number / divisor, [parts[0], *waiting]
        elif isinstance(factor.head, float):
            number *= factor.head
        else:
            rest.append(factor)
    if not rest or number == 0.0:
        return Expr(number)
    whole = reduce(mul, rest)
    return whole if number == 1.0 else -whole if number == -1.0 else number * whole

r"""The Hessian of a traced value in one reverse sweep, by edge pushing.

A reverse sweep for each row of a Hessian meets every node once a row, and computes each entry off the diagonal twice.
Edge pushing meets a node once. Beside the adjoint :math:`\bar v` it keeps the second derivatives of the root by those
pairs of nodes that are left, :math:`W(v, q)`, and replaces a node :math:`v = \varphi(u_1, u_2, \ldots)` in them by its
operands: with :math:`\varphi_a = \partial v / \partial u_a`,

.. math::
   W(u_a, q) \mathrel{+}= \varphi_a W(v, q), \qquad
   W(u_a, u_b) \mathrel{+}= \varphi_a \varphi_b W(v, v) + \bar v \, \varphi_{ab}

(Gower & Mello, "A new framework for the computation of Hessians", Optimization Methods and Software 27, 2012). What is
left at the end are the pairs of inputs. A pair is kept once, so the Hessian is symmetric to the bit.

Types: ``Any`` stands for a weight, a number or a node.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.namespaces import values
from autograd_lite.node import Node
from autograd_lite.op import TABLE, current_tracer
from autograd_lite.reverse import between

__all__ = ["second_derivatives"]

OURS = "autograd_lite.ops"  # the module of ops whose mixed second derivatives are known to be equal
ASYMMETRIC = {"elu", "leaky_relu", "pow", "powterm"}  # at a kink of theirs, for two of their operands
DEAREST = 4  # products for each node and input: sweeps by row take some 6
SLACK = 500  # products that are never too many


def second_derivatives(root: Value, inputs: Sequence[Any]) -> list[list[Any]] | None:
    """The Hessian of a traced value, where one sweep gives it.

    Parameters
    ----------
    root : Value
        What is differentiated twice.
    inputs : sequence of Value
        With respect to what.

    Returns
    -------
    list of list of Value, or None
        The rows. None where a sweep for each of them is needed, because there is a batch, a loop, a look-up, or an op
        whose second derivatives may not be symmetric; and where that costs less.
    """
    chosen, nodes = set(inputs), between([root], inputs)
    swept = set(nodes)
    if not all(_is_plain(v, swept, is_input=v in chosen) for v in nodes):
        return None
    sweep = _Sweep(nodes, chosen)
    if not sweep.run(root):
        return None
    for v in (root, *[sweep.total(sweep.adjoint.get(x, ())) for x in sweep.reached]):
        if isinstance(v, Node):
            v.begin_sweep(inputs)  # a derivative is NaN where what it is derived from is
    return sweep.rows(inputs)


def _is_plain(v: Any, swept: set[Any], *, is_input: bool) -> bool:
    """Whether the second derivatives of a node are symmetric, and those of numbers."""
    met = [u for u in v.operands if u in swept]
    if is_input:
        return not met  # none that depends on another
    is_known = len(met) == 1 or (v.op.__module__ == OURS and TABLE.get(v.op.name) is v.op)
    is_symmetric = len(met) == 1 or v.op.name not in ASYMMETRIC
    return is_known and is_symmetric and getattr(v, "axis", None) is None and not hasattr(v.op, "gives_number")


class _Sweep:
    """The sweep, from the root to the inputs.

    Weights are kept as lists of terms, and added up when their node is met. A term is a number, a node, or two factors:
    most products are added up once and never looked at.
    """

    def __init__(self, nodes: Sequence[Any], inputs: set[Any]) -> None:
        self.nodes = nodes
        self.inputs = inputs
        self.reached = [v for v in nodes if v in inputs]  # in order: a program must not depend on where nodes lie
        self.swept = set(nodes)
        self.adjoint: dict[Any, list[Any]] = {}
        self.weights: dict[Any, dict[Any, list[Any]]] = {v: {} for v in nodes}
        self.products = 0
        self.tracer: Any = current_tracer.get()
        self.constants: dict[str, Value] = {}  # by their text: 0.0 and -0.0 differ

    def run(self, root: Any) -> bool:
        """Sweep; returns whether it came to an end before it became too dear."""
        self.adjoint[root] = [1.0]
        for met, v in enumerate(reversed(self.nodes)):
            if v not in self.inputs:
                self.replace(v)
                if self.products > SLACK + DEAREST * len(self.inputs) * met:
                    return False
        return True

    def rows(self, inputs: Sequence[Any]) -> list[list[Any]]:
        """The weights of pairs of inputs, each added up once."""
        zero = Value.constant(0.0)
        entries = {id(terms): terms for row in [self.weights[v] for v in self.reached] for terms in row.values()}
        totals: dict[int, Any] = {}
        for terms in sorted(entries.values(), key=_is_sum_of_products):  # these last: the compiler looks at all at once
            found = self.total(terms)
            totals[id(terms)] = found if isinstance(found, Node) else Value.constant(found)
        kept = {v: {q: totals[id(terms)] for q, terms in self.weights[v].items()} for v in self.reached}
        return [[row.get(q, zero) for q in inputs] for row in [kept.get(v, {}) for v in inputs]]

    def replace(self, v: Any) -> None:
        """Replace a node by its operands, in all pairs and in the first derivatives."""
        row, v_bar = self.weights.pop(v), self.total(self.adjoint.pop(v, []))
        slopes = self.slopes(v)
        own = row.pop(v, None)
        for q, terms in row.items():
            del self.weights[q][v]
            weight = self.total(terms)
            for u, slope in slopes.items():
                self.add(u, q, self.product(self.times(weight, slope), 2.0) if u is q else self.product(weight, slope))
        terms = [self.product(v_bar, slope) for slope in slopes.values()]
        for u, term in zip(slopes, v.contributions(v_bar, terms), strict=True):
            self.adjoint.setdefault(u, []).append(term)
        if own is not None:
            weight = self.total(own)
            halves = {u: self.times(weight, slope) for u, slope in slopes.items() if isinstance(slope, Node)}
            for u, q in combinations_with_replacement(slopes, 2):
                first, second = (u, q) if u in halves else (q, u)
                if first in halves:
                    self.add(u, q, self.product(halves[first], slopes[second]))
                else:
                    self.add(u, q, self.product(weight, slopes[u] * slopes[q]))
        for u, q, curvature in self.curvatures(v, slopes):
            self.add(u, q, self.product(v_bar, curvature))

    def slopes(self, v: Any) -> dict[Any, Any]:
        """The partials of a node by those of its operands that are swept; for one that occurs twice, their sum."""
        needs = [u in self.swept for u in v.operands]
        found: dict[Any, Any] = {}
        for u, p in zip(v.operands, v.symbolic_partials(needs), strict=True):
            if p is not None and u in self.swept:
                p = p if isinstance(p, Node) else float(p)  # noqa: PLW2901 - so that its type tells what it is
                found[u] = found[u] + p if u in found else p
        return found

    def curvatures(self, v: Any, slopes: dict[Any, Any]) -> Iterator[tuple[Any, Any, Any]]:
        """The second partials of a node that are not 0, each pair of operands once."""
        operands = list(slopes)
        for k, u in enumerate(operands):
            slope = slopes[u]
            if not isinstance(slope, Node) or not slope.requires_grad:
                continue
            found = self.local_slopes(slope, {v, *v.operands})
            through = found.get(v)
            for q in operands[k:]:
                terms = [found[q]] if q in found else []
                if through is not None:
                    terms.append(self.times(through, slopes[q]))
                if terms:
                    yield u, q, self.total(terms)

    def local_slopes(self, p: Any, ends: set[Any]) -> dict[Any, Any]:
        """The derivatives of a partial by the node that it belongs to and its operands, as if they were independent."""
        if p in ends:
            return {p: 1.0}
        adjoint: dict[Any, list[Any]] = {p: [1.0]}
        for w in reversed(_down_to(p, ends)):
            w_bar = self.total(adjoint.pop(w))
            needs = [u.requires_grad for u in w.operands]
            for u, slope in zip(w.operands, w.symbolic_partials(needs), strict=True):
                if slope is not None:
                    factor = slope if isinstance(slope, Node) else float(slope)
                    adjoint.setdefault(u, []).append(self.times(w_bar, factor))
        return {u: self.total(terms) for u, terms in adjoint.items()}

    def add(self, u: Any, q: Any, term: Any) -> None:
        """Add to the weight of a pair."""
        if type(term) is float and term == 0.0:
            return
        row = self.weights[u]
        if q in row:
            row[q].append(term)
        else:
            row[q] = self.weights[q][u] = [term]

    def total(self, terms: Sequence[Any]) -> Any:
        """Add up the terms of a weight."""
        terms = [term for term in terms if type(term) is not float or term != 0.0]
        if not terms:
            return 0.0
        if len(terms) == 1:
            return self.recorded(terms[0])
        if not _is_sum_of_products(terms):
            return terms[0] + terms[1] if len(terms) == 2 else values.fsum(terms)
        return self.tracer.sum_of_products([term if type(term) is tuple else (term, 1.0) for term in terms])

    def times(self, a: Any, b: Any) -> Any:
        """Multiply weights."""
        return self.recorded(self.product(a, b))

    def product(self, a: Any, b: Any) -> Any:
        """A product as a term; products with 1 and -1 cost nothing."""
        if type(a) is float:
            a, b = b, a
        if type(b) is float:
            if type(a) is float or b == 1.0:
                return a * b if type(a) is float else a
            if b == -1.0:
                return -a
            b = self.constants.setdefault(repr(b), Value.constant(b))
        self.products += 1
        return a, b

    def recorded(self, term: Any) -> Any:
        """A term as a number or a node."""
        return term[0].record(values.zmul, term) if type(term) is tuple else term


def _is_sum_of_products(terms: Sequence[Any]) -> bool:
    return len(terms) > 1 and tuple in map(type, terms)


def _down_to(p: Any, ends: set[Any]) -> list[Any]:
    """The nodes that a partial is computed from, it too, in order of creation; those at the ends are left out."""
    found, stack = {p}, [p]
    while stack:
        for u in stack.pop().operands:
            if u.requires_grad and u not in ends and u not in found:
                found.add(u)
                stack.append(u)
    return sorted(found, key=lambda w: w.order)

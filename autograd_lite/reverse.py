r"""The order of a graph, and the reverse sweep over it.

A graph is a root with its ancestors. Nodes are numbered when they are made, and a node is made after its operands, so
the numbers are a topological order: sorting by them replaces the usual recursion, and a chain of a million nodes works.

Letters: for a node v the *adjoint* is :math:`\bar v = \partial\,\mathrm{root} / \partial v`. The sweep visits each v
after all nodes that use it and adds :math:`\bar v \; \partial v / \partial u` to the adjoint of each operand u
(Griewank & Walther, "Evaluating Derivatives", 2nd ed. 2008, section 3.2).

Types: ``Any`` stands for an adjoint, a float or a node, and for nodes whose class the caller knows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, filterfalse
from operator import attrgetter
from typing import Any, TypeVar

from autograd_lite.namespaces import values
from autograd_lite.node import Node

__all__ = ["adjoints", "between", "graph_adjoints", "pull_back", "reachable"]

MANY = 64  # nodes whose operands are looked at together

_N = TypeVar("_N", bound=Node)


def reachable(roots: Iterable[_N], *, constants: bool = True, since: int = -1, leaves: bool = True) -> list[_N]:
    """Ancestors of the roots and the roots themselves, in topological order: operands first.

    Parameters
    ----------
    roots : iterable of Node
        Where to start; included in the result.
    constants : bool
        Whether to include what needs no gradient.
    since : int
        The creation number to stop at: older nodes are left out.
    leaves : bool
        Whether to include leaves that are not roots; of many weights that takes most of the time.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> x = Value(3.0, "x")
    >>> [v.op.name if v.op else v.data for v in reachable([x * x + 1.0])]
    [3.0, 'mul', 1.0, 'add']
    >>> [v.op.name for v in reachable([x * x + 1.0], leaves=False)]
    ['mul', 'add']
    """
    seen = {v: None for v in roots if constants or v.requires_grad}  # in order of creation, nearly: sorting is quick
    stack = [v for v in seen if v.op is not None]
    while stack:
        if len(stack) < MANY:
            some: Sequence[_N] = stack.pop().operands
        else:  # side by side, such as the slopes of a network
            some, stack = list(chain.from_iterable(map(attrgetter("operands"), stack))), []
        if len(some) < MANY:
            for u in some:
                if (
                    u not in seen
                    and (leaves or u.op is not None)
                    and (constants or u.requires_grad)
                    and u.order >= since
                ):
                    seen[u] = None
                    if u.op is not None:
                        stack.append(u)
            continue
        fresh = dict.fromkeys(filterfalse(seen.__contains__, some if leaves else filter(attrgetter("op"), some)))
        if since >= 0 or not constants:
            fresh = {u: None for u in fresh if (constants or u.requires_grad) and u.order >= since}
        seen |= fresh
        stack += filter(attrgetter("op"), fresh)
    return sorted(seen, key=attrgetter("order"))


def adjoints(root: Any, seed: float = 1.0) -> dict[Any, float]:
    """Reverse sweep on floats, over the partials stored in the nodes.

    Returns the adjoint of every node that needs a gradient. An adjoint of exactly 0 contributes
    exactly 0, whatever the partial: the branch that `where` did not take stays silent even if its slope is infinite.
    """
    nodes = reachable([root], constants=False)
    adjoint = dict.fromkeys(nodes, 0.0)
    if nodes:
        adjoint[root] = seed
    for v in reversed(nodes):
        v_bar = adjoint[v]
        if v_bar != 0.0:
            for u, partial in zip(v.operands, v.partials, strict=True):
                if partial is not None:
                    adjoint[u] += v_bar * partial
    return adjoint


def graph_adjoints(root: Node, seed: Any, wrt: Iterable[Node], together: list[Any] | None = None) -> dict[Node, Any]:
    """Differentiable reverse sweep: the adjoints are graphs.

    This is the specification of the reverse sweep: it asks the rules for the partials, where `adjoints` reads the
    stored numbers. A law of the tests says that both give the same. Only what depends on `wrt` gets an adjoint.

    Parameters
    ----------
    root : Node
        What is differentiated.
    seed : float or Node
        Its adjoint.
    wrt : iterable of Node
        With respect to what.
    together : list, optional
        Where to put the adjoints of many leaves that are recorded as one; they are not in the result then.

    Raises
    ------
    StaleGraphError
        If some data changed since its node was made.
    """
    wrt = list(wrt)
    root.begin_sweep(wrt)
    return pull_back([(root, seed)], wrt, together)


def pull_back(
    seeds: Iterable[tuple[Node, Any]], wrt: Iterable[Node], together: list[Any] | None = None
) -> dict[Node, Any]:
    """The sweep itself, from several roots with their seeds."""
    seeds = list(seeds)
    nodes, swept = _between([root for root, _ in seeds], wrt, leaves=False)
    uses = Counter(chain.from_iterable([v.operands for v in nodes] if together is not None else ()))
    adjoint: dict[Node, Any] = {}
    for root, seed in seeds:
        if root in swept:
            adjoint[root] = adjoint[root] + seed if root in adjoint else seed
    for v in reversed(nodes):
        v_bar = adjoint.get(v)
        if v_bar is None or _is_constant(v_bar, 0.0):
            continue
        needs = list(map(swept.__contains__, v.operands))
        operands: Sequence[Any] = v.operands
        terms: Sequence[Any] | None
        found = None if together is None else v.pull_back_together(v_bar, needs, uses, together)
        if found is not None:
            operands, terms = found
        else:
            terms = v.pullback(v_bar, needs)
        if terms is None:
            terms = _terms(v, v_bar, v.symbolic_partials(needs))
        for u, term in zip(operands, terms, strict=True):
            if term is not None and u in swept:
                adjoint[u] = adjoint[u] + term if u in adjoint else term
    return adjoint


def between(roots: Sequence[Node], wrt: Iterable[Node]) -> list[Node]:
    """The nodes on paths from `wrt` to the roots, in order of creation."""
    return _between(roots, wrt, leaves=True)[0]


def _between(roots: Sequence[Node], wrt: Iterable[Node], *, leaves: bool) -> tuple[list[Node], set[Node]]:
    """The nodes of `between`, without leaves if these are not wanted; and all that depends on `wrt`, with these."""
    chosen = list(filter(attrgetter("requires_grad"), wrt))
    depends = set(chosen)
    oldest = min(
        map(attrgetter("order"), chosen), default=max([v.order for v in roots], default=0) + 1
    )  # what is older than x cannot depend on x
    nodes = reachable(roots, constants=False, since=oldest, leaves=leaves)
    for v in nodes:
        if v.op is not None and not depends.isdisjoint(v.operands):
            depends.add(v)
    return [v for v in nodes if v in depends and (leaves or v.op is not None)], depends


def _terms(v: Node, v_bar: Any, partials: Sequence[Any]) -> Sequence[Any]:
    """What the operands' adjoints get: a product is recorded once where both factors are one node, as in ``x * x``."""
    if len(partials) == 2 and v.operands[0] is v.operands[1] and partials[0] is partials[1] is not None:
        return (v.contributions(v_bar, _products(v_bar, (partials[0], None)))[0],) * 2
    return v.contributions(v_bar, _products(v_bar, partials))


def _products(v_bar: Any, partials: Iterable[Any]) -> list[Any]:
    """Multiply an adjoint by partials, None where there is none; exact shortcuts for 1, which most sums have."""
    if _is_constant(v_bar, 1.0):
        return [p if p is None or isinstance(p, Node) else v_bar.constant(p) for p in partials]
    return [
        p if p is None else v_bar if _is_constant(p, 1.0) else v_bar.record(values.zmul, (v_bar, p)) for p in partials
    ]


def _is_constant(x: Any, number: float) -> bool:
    """Whether this is that very number, or a node that holds it and cannot change."""
    if not hasattr(x, "op"):
        return bool(x == number)
    return x.op is None and not x.requires_grad and bool(x.data == number)

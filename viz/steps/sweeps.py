"""The reverse sweep as a list of deliveries, done right and in the two classic wrong ways.

A *delivery* is one use: the node's gradient times the local derivative is added to the operand's.

* Right: a node passes its gradient on after all of its own has arrived.
* Naive recursion: each node passes on at once whatever it has, as often as something arrives. A node that is used
  twice then passes the first part on twice: ``b = a + a; c = b + b`` gives 6 and not 4.
* Overwriting: ``=`` in place of ``+=``; of a node's contributions only the last is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from autograd_lite.errors import GraphTooLargeError, UnknownNameError
from autograd_lite.text import pretty_number

from ..graphs.notation import grad_name
from ..graphs.view import GraphView, Use, product
from .texts import filled

__all__ = ["MISTAKES", "Delivery", "deliveries", "naive_length"]

MOST_NAIVE = 400


class Delivery(NamedTuple):
    """One contribution, the nth of several to its operand, with the operand's total before and after."""

    use: Use
    upstream: float
    contribution: float
    before: float
    after: float
    nth: int
    of: int
    mistake: str

    @property
    def final(self) -> bool:
        """Whether this is the operand's last contribution."""
        return self.nth == self.of


def deliveries(graph: GraphView, mistake: str | None = None) -> list[Delivery]:
    """All deliveries of a sweep, in order; done wrong by a `mistake`, ``"order"`` or ``"overwrite"``.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> from autograd_lite.viz.graphs.view import scalar_view
    >>> a = Value(1.0, "a")
    >>> b = a + a
    >>> graph = scalar_view(b + b)
    >>> [deliveries(graph, mistake)[-1].after for mistake in (None, "order", "overwrite")]
    [4.0, 6.0, 1.0]
    """
    if mistake is None:
        return list(_run(graph, graph.uses, _arrivals(graph)))
    if mistake not in MISTAKES:
        raise UnknownNameError.among("mistake", mistake, MISTAKES)
    return _with_verdicts(graph, list(MISTAKES[mistake](graph)))


Remark = Callable[[Use, list[int], float], str]  # what goes wrong, by the use, the arrivals so far and the total before


def _run(
    graph: GraphView,
    order: Iterable[Use],
    of: list[int],
    remark: Remark = lambda _use, _nth, _before: "",
    *,
    overwrite: bool = False,
) -> Iterator[Delivery]:
    """Deliver along the uses in the given order, of which so many arrive at each node."""
    nth, totals = [0] * len(graph.nodes), [0.0] * len(graph.nodes)
    totals[graph.root] = 1.0
    for use in order:
        u, upstream = use.operand, totals[use.node]
        contribution, before = product(upstream, use.local), totals[u]
        nth[u] += 1
        totals[u] = contribution if overwrite else before + contribution
        yield Delivery(use, upstream, contribution, before, totals[u], nth[u], of[u], remark(use, nth, before))


def _arrivals(graph: GraphView) -> list[int]:
    """How many contributions arrive at each node."""
    arrivals = [0] * len(graph.nodes)
    for use in graph.uses:
        arrivals[use.operand] += 1
    return arrivals


def _overwriting(graph: GraphView) -> Iterator[Delivery]:
    def remark(use: Use, nth: list[int], before: float) -> str:
        if nth[use.operand] < 2 or not before:
            return ""
        return filled("overwritten", before=pretty_number(before), target=graph.names[use.operand])

    return _run(graph, graph.uses, _arrivals(graph), remark, overwrite=True)


def naive_length(graph: GraphView) -> int:
    """How many deliveries naive recursion takes, without doing them."""
    return sum(graph.path_counts) - 1


def _naive(graph: GraphView) -> Iterator[Delivery]:
    of, length = graph.path_counts, naive_length(graph)
    if length > MOST_NAIVE:
        raise GraphTooLargeError(
            f"Naive recursion would take {length:,} steps here, {len(graph.uses):,} in the right order; at most "
            f"{MOST_NAIVE} can be shown. Try a smaller graph."
        )

    def remark(use: Use, nth: list[int], _before: float) -> str:
        v, name = use.node, graph.names[use.node]
        if of[v] < 2:
            return ""
        return filled("too_early" if nth[v] == 1 else "twice", source=name, of=of[v])

    return _run(graph, _depth_first(graph), of, remark)


def _depth_first(graph: GraphView) -> Iterator[Use]:
    """The uses as naive recursion meets them: those of an operand come before the rest of the node's."""
    below: dict[int, list[Use]] = {}
    for use in graph.uses:
        below.setdefault(use.node, []).append(use)
    stack = below.get(graph.root, [])[::-1]
    while stack:
        use = stack.pop()
        yield use
        stack += below.get(use.operand, [])[::-1]


MISTAKES: dict[str, Callable[[GraphView], Iterator[Delivery]]] = {"order": _naive, "overwrite": _overwriting}


def _with_verdicts(graph: GraphView, done: list[Delivery]) -> list[Delivery]:
    """Say at each node's last contribution if its total came out wrong."""
    judged = []
    for d in done:
        right = graph.adjoints[d.use.operand]
        wrong = d.final and abs(d.after - right) > 1e-9 * max(abs(d.after), abs(right))
        name = graph.names[d.use.operand]
        verdict = (
            filled("ends_wrong", target_grad=grad_name(name), after=pretty_number(d.after), right=pretty_number(right))
            if wrong
            else ""
        )
        judged.append(d._replace(mistake=" ".join(filter(None, (d.mistake, verdict)))))
    return judged

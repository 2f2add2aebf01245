"""Misconceptions, simulated: the gradients that an engine with a flaw would give for a program.

An engine is diagnosed by what it computes, not by its text: the flaw is named whose simulation gives the engine's own
wrong numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from autograd_lite.lessons.grading.programs import Program, local_partials, same

__all__ = ["FLAWS", "Flaw", "explained"]


@dataclass(frozen=True)
class Graph:
    """A program as numbers: the operands and partials of each step."""

    leaves: int
    operands: tuple[tuple[int, ...], ...]
    partials: tuple[tuple[float, ...], ...]

    @property
    def root(self) -> int:
        return self.leaves + len(self.operands) - 1

    def edges(self, k: int) -> list[tuple[int, float]]:
        """The operands of a node with their partials; none of a leaf."""
        return (
            []
            if k < self.leaves
            else list(zip(self.operands[k - self.leaves], self.partials[k - self.leaves], strict=True))
        )


def graph_of(program: Program) -> Graph:
    """The numbers of a program."""
    data, _ = program.expected()
    partials = tuple(tuple(row) for row in local_partials(program, data))
    return Graph(len(program.leaves), tuple(step.operands for step in program.steps), partials)


Order = Callable[[Graph], Sequence[int]]


def _reversed_order(graph: Graph) -> list[int]:
    return list(range(graph.root, -1, -1))


def _depth_first(graph: Graph) -> list[int]:
    order: list[int] = []

    def visit(k: int) -> None:
        if k not in order:
            order.append(k)
            for u, _ in graph.edges(k):
                visit(u)

    visit(graph.root)
    return order


def _breadth_first(graph: Graph) -> list[int]:
    order = [graph.root]
    for k in order:
        order += [u for u in dict.fromkeys(u for u, _ in graph.edges(k)) if u not in order]
    return order


def _every_visit(graph: Graph) -> Iterator[int]:
    """Recursion into each operand, each time: what is used twice is visited twice."""
    stack = [graph.root]
    while stack:
        k = stack.pop()
        yield k
        stack += [u for u, _ in reversed(graph.edges(k))]


def _queue_of_visits(graph: Graph) -> Iterator[int]:
    queue = [graph.root]
    while queue:
        k = queue.pop(0)
        yield k
        queue += [u for u, _ in graph.edges(k)]


def _swept(
    graph: Graph, order: Sequence[int] | Iterator[int], *, assign: bool = False, upstream: bool = True
) -> list[float]:
    grads = [0.0] * (graph.root + 1)
    grads[graph.root] = 1.0
    for k in order:
        for u, partial in graph.edges(k):
            term = partial * (grads[k] if upstream else 1.0)
            grads[u] = term if assign else grads[u] + term
    return grads[: graph.leaves]


def _as_set(graph: Graph, which: int) -> list[float]:
    """Each operand once, however often it occurs; of its partials the first or the last."""
    grads = [0.0] * (graph.root + 1)
    grads[graph.root] = 1.0
    for k in _reversed_order(graph):
        found: dict[int, float] = {}
        for u, partial in graph.edges(k):
            found[u] = found.get(u, partial) if which == 0 else partial
        for u, partial in found.items():
            grads[u] += partial * grads[k]
    return grads[: graph.leaves]


@dataclass(frozen=True)
class Flaw:
    """A misconception: its name, what it means and what helps, and how engines with it compute."""

    name: str
    advice: str
    simulations: tuple[Callable[[Graph], list[float]], ...]


FLAWS = (
    Flaw(
        "= for +=",
        "A gradient is assigned where it must be added: what is used twice keeps only its last contribution. Write += "
        "for the gradient of each operand.",
        (
            lambda g: _swept(g, _reversed_order(g), assign=True),
            lambda g: _swept(g, _depth_first(g), assign=True),
            lambda g: _swept(g, _every_visit(g), assign=True),
        ),
    ),
    Flaw(
        "operands in a set",
        "x + x and x * x have two operands that are the same node; a set keeps one of them. Keep operands in a tuple.",
        (lambda g: _as_set(g, 0), lambda g: _as_set(g, 1)),
    ),
    Flaw(
        "no order",
        "A node passes its gradient on before all of it has arrived. Sort the nodes so that each comes before its "
        "operands (reversed topological order), and visit each once.",
        (
            lambda g: _swept(g, _depth_first(g)),
            lambda g: _swept(g, _breadth_first(g)),
            lambda g: _swept(g, _every_visit(g)),
            lambda g: _swept(g, _queue_of_visits(g)),
        ),
    ),
    Flaw(
        "order not reversed",
        "The nodes are visited from the leaves to the root, where no gradient has arrived yet. Go through the order "
        "from its end.",
        (lambda g: _swept(g, _reversed_order(g)[::-1]),),
    ),
    Flaw(
        "no factor from above",
        "A node passes on its local derivative alone; the chain rule multiplies it by the node's own gradient: "
        "operand.grad += local * self.grad.",
        (lambda g: _swept(g, _reversed_order(g), upstream=False), lambda g: _swept(g, _depth_first(g), upstream=False)),
    ),
    Flaw(
        "no seed",
        "The root's own gradient is never set to 1, so that every product is 0. Begin with self.grad = 1.0.",
        (lambda g: [0.0] * g.leaves,),
    ),
)


def explained(outcomes: Sequence[tuple[Program, Sequence[float]]]) -> Flaw | None:
    """The flaw that gives the gradients of all these programs, if one does.

    Parameters
    ----------
    outcomes : sequence of (Program, sequence of float)
        Programs, and the gradients of their leaves that an engine gave.

    Examples
    --------
    >>> from autograd_lite.lessons.grading.programs import Step
    >>> twice = Program((3.0,), (Step("+", (0, 0)),)), [1.0]
    >>> shared = Program((3.0,), (Step("negative", (0,)), Step("+", (0, 1)))), [0.0]
    >>> explained([twice, shared]).name
    'operands in a set'
    """
    graphs = [(graph_of(program), grads) for program, grads in outcomes]
    return next((flaw for flaw in FLAWS if any(_gives(simulated, graphs) for simulated in flaw.simulations)), None)


def _gives(simulated: Callable[[Graph], list[float]], graphs: Sequence[tuple[Graph, Sequence[float]]]) -> bool:
    return all(all(same(a, b) for a, b in zip(simulated(graph), grads, strict=True)) for graph, grads in graphs)

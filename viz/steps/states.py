"""State of a picture after some of the steps: the nodes' numbers, and the active step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autograd_lite.text import pretty_number

from .sequence import StepSequence
from .step import Step

__all__ = ["NodeState", "State", "state_after", "widest_texts"]

UNKNOWN, PARTIAL, FINAL = "unknown", "partial", "final"


@dataclass(slots=True)
class NodeState:
    """Texts of one box, and its status.

    Outdated data were computed before something they depend on changed; a cause is an operand of what went wrong.
    """

    data: str
    grad: str = "?"
    status: str = UNKNOWN
    wrong: bool = False
    outdated: bool = False
    is_cause: bool = False


@dataclass(slots=True)
class State:
    """All boxes, and the step that is active."""

    nodes: list[NodeState]
    active: Step | None = None


def state_after(steps: StepSequence, done: int) -> State:
    """The state when so many steps are done.

    Examples
    --------
    >>> from autograd_lite import Value, viz
    >>> a = Value(3.0, "a")
    >>> [(node.grad, node.status) for node in state_after(viz.steps(a * a), 2).nodes]
    [('3', 'partial'), ('1', 'final')]
    """
    graph = steps.graph
    shown = steps[:done]
    later = {step.target_index for step in steps[done:] if step.phase == "forward"}
    nodes = [
        NodeState(
            "?" if i in later else graph.data_text(i),
            wrong=i not in later and not math.isfinite(x),
            outdated=i in graph.outdated,
        )
        for i, x in enumerate(graph.data)
    ]
    for step in shown:
        _apply(step, nodes[step.target_index])
    updated = {step.target_index for step in shown if step.phase == "update"}
    for i in graph.computed:
        if updated and not updated.isdisjoint(graph.operands[i]):
            nodes[i].outdated = True
            updated.add(i)
    return State(nodes, shown[-1] if shown else None)


def _apply(step: Step, node: NodeState) -> None:
    after = pretty_number(step.total_after)
    if step.phase == "update":
        node.data = after
    elif step.phase in ("seed", "backward"):
        node.grad, node.status = after, FINAL if step.final else PARTIAL
    node.wrong = node.wrong or bool(step.mistake or step.cause)


def widest_texts(steps: StepSequence, others: Sequence[StepSequence] = ()) -> list[tuple[str, str]]:
    """For each node the longest texts that its two cells will ever show."""
    data, grads = list(map(steps.graph.data_text, range(len(steps.graph.nodes)))), [""] * len(steps.graph.nodes)
    for listed in (steps, *others):
        for step in listed:
            cells = grads if step.phase in ("seed", "backward") else data
            cells[step.target_index] = max(cells[step.target_index], pretty_number(step.total_after), key=len)
    return list(zip(data, grads, strict=True))

"""Rules of `lint` about training by hand: added gradients, equal units, parameters that are not leaves."""

from __future__ import annotations

from collections.abc import Iterator

from autograd_lite.checks.lint_graph import Finding, Graph, parameters_below
from autograd_lite.checks.wording import applied, own_name
from autograd_lite.engine import Value
from autograd_lite.formulas import pretty_number

__all__ = ["accumulated", "identical", "rebound"]

NOTICEABLE = 1e-9  # relative difference of two gradients that are not the same
UPDATES = 3  # subtractions of constants in a row that count as steps of descent


def accumulated(graph: Graph) -> Iterator[Finding]:
    """Gradients that hold more than the last sweep gave, because those of earlier sweeps were not set to 0."""
    if not graph.loss.swept:
        return  # they may be set to 0 before the sweep
    leaves = [p for p in graph.trained if p.op is None and p in graph.adjoint]
    ratios = {round(p.grad / graph.adjoint[p], 6) for p in leaves if graph.adjoint[p]}
    ratio = ratios.pop() if len(ratios) == 1 else 1.0
    seed = 1.0 if ratio.is_integer() else ratio
    more = [p for p in leaves if abs(p.grad) > (1.0 + NOTICEABLE) * abs(seed * graph.adjoint[p])]
    if more:
        worst = max(more, key=lambda p: abs(p.grad - graph.adjoint[p]))
        yield Finding(
            "accumulated",
            worst,
            f"the gradient of {own_name(worst)} is {pretty_number(worst.grad)}, but one sweep of this loss gives "
            f"{pretty_number(graph.adjoint[worst])}: gradients of several sweeps are added.",
            "Set them to 0 before each backward: model.zero_grad(), or w.grad = 0.0.",
        )


def identical(graph: Graph) -> Iterator[Finding]:
    """Units with equal parameters and equal gradients, so that every update is the same for all of them."""
    for op, units in graph.units().items():
        alike: dict[tuple[tuple[float, float], ...], list[Value]] = {}
        for unit in units:
            key = tuple([(p.data, graph.adjoint[p]) for p in parameters_below(unit[0])])
            alike.setdefault(key, []).append(unit[0])
        twins = max((nodes for key, nodes in alike.items() if key), key=len, default=[])
        if len(twins) > 1:
            names = " and ".join(own_name(parameters_below(v)[0]) for v in twins[:2])
            yield Finding(
                "identical",
                twins[0],
                f"{len(twins)} of {len(units)} {op.name} units have equal parameters and equal gradients, such as "
                f"those above {names}.",
                "They stay equal and count as one: start from random weights.",
            )


def rebound(graph: Graph) -> Iterator[Finding]:
    """Parameters that an update has replaced by a new node, as ``w -= lr * w.grad`` does."""
    updated = [p for p in graph.parameters if p.op is not None] or [v for v in graph if _is_updated(v)]
    if updated:
        yield Finding(
            "not a leaf",
            updated[0],
            f"{applied(updated[0])} is the result of an op: w -= lr * w.grad makes a new node, and each step adds one.",
            "Change the number instead: w.data -= lr * w.grad.",
        )


def _is_updated(v: Value) -> bool:
    """Whether constants were subtracted several times in a row, as by steps of descent."""
    for _ in range(UPDATES):
        if v.op is None or v.op.name != "sub" or v.operands[1].op is not None or v.operands[1].requires_grad:
            return False
        v = v.operands[0]
    return True

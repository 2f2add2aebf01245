"""Rules of `lint` about gradients: parameters without one, and paths along which it vanishes or explodes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from autograd_lite.checks.lint_graph import Finding, Graph
from autograd_lite.checks.lint_units import asleep
from autograd_lite.checks.wording import applied, op_of, own_name
from autograd_lite.engine import Value
from autograd_lite.formulas import pretty_number

__all__ = ["along_paths", "unreached", "unused"]

FAINT, VIOLENT = 1e-5, 1e8  # products of slopes along the strongest path
CHOICES = ("maximum", "minimum", "where")  # their slope is 0 with respect to what is not chosen
PRODUCTS = ("mul", "zmul", "sumprod")


# --- No gradient -----------------------------------------------------------------------------------------------------


def unused(graph: Graph) -> Iterator[Finding]:
    """Parameters that the loss does not depend on."""
    lost = [p for p in graph.parameters if p not in graph.adjoint]
    if lost:
        yield Finding(
            "unused",
            lost[0],
            f"the loss does not use {_some(lost, len(graph.parameters))}.",
            "Leave them out, or find where the graph is cut, as by .data or ag.stop.",
        )


def unreached(graph: Graph) -> Iterator[Finding]:
    """Parameters whose gradient is 0 and stays 0, because no slope on the path to them can change."""
    reached = _reached(graph)
    still = [p for p in graph.trained if p in graph.adjoint and p not in reached]
    if still:
        yield Finding(
            "no gradient",
            still[0],
            f"the gradient is exactly 0 for {_some(still, len(graph.trained))}.",
            "They cannot learn: look for dead or saturated units, or weights of 0, between them and the loss.",
        )


def _reached(graph: Graph) -> set[Value]:
    """Nodes with a gradient, or with one as soon as another input or one step of training changes a zero slope."""
    sleeping = asleep(graph)
    reached = {graph.loss}
    for v in reversed(list(graph.adjoint)):
        if v in reached:
            may_change = v in sleeping or (v.op is not None and v.op.name in CHOICES)
            for i, (u, partial) in enumerate(zip(v.operands, v.partials, strict=True)):
                if partial or (partial is not None and (may_change or _factor_changes(v, i))):
                    reached.add(u)
    return reached


def _factor_changes(v: Value, i: int) -> bool:
    """Whether the other factor of a product, 0 here, is an input or has a gradient of its own."""
    if op_of(v).name not in PRODUCTS:
        return False
    other = (i + len(v.operands) // 2) % len(v.operands)
    return v.partials[other] != 0.0  # None, where the other factor is an input


def _some(nodes: Sequence[Value], count: int) -> str:
    names = ", ".join(own_name(v) for v in nodes[:4])
    more = ", ..." if len(nodes) > 4 else ""
    return f"{len(nodes)} of {count} parameters: {names}{more}" if count > 1 else names


# --- Paths ----------------------------------------------------------------------------------------------------------


class Step(NamedTuple):
    """The last edge of the strongest path to a node: where it comes from, and its slope."""

    node: Value
    slope: float


class Beside(NamedTuple):
    """A leaf that is an operand on a path, and the sum of log-slopes to it along that path."""

    strength: float
    leaf: Value


def along_paths(graph: Graph) -> Iterator[Finding]:
    """The path with the largest product of slopes to each leaf: where it is smallest, and where it is largest."""
    strength, via = _strongest_paths(graph)
    yield from _vanishing(graph, strength, via)
    yield from _exploding(strength, via)


def _vanishing(graph: Graph, strength: dict[Value, float], via: dict[Value, Step]) -> Iterator[Finding]:
    """The leaf whose gradient shrinks most relative to leaves nearer to the loss on the same path.

    Of all leaves behind the same number of units the best one counts: a small weight or input is not yet vanishing. The
    slope of the loss itself, which training makes small, is in both and says nothing. Nor is a gradient vanishing that
    is small only beside that of a weight with huge inputs.
    """
    passed = _passed_on_the_way(graph, strength, via)
    best: dict[int, tuple[float, Value]] = {}
    for u, depth in _depths(graph, via).items():
        if u.op is None and via[u].node in passed:
            left = strength[u] - passed[via[u].node].strength
            if left > best.get(depth, (-math.inf,))[0]:
                best[depth] = left, u
    left, leaf = min(best.values(), key=lambda pair: pair[0], default=(0.0, graph.loss))
    if max(left, strength[leaf]) >= math.log(FAINT):
        return
    nearer = passed[via[leaf].node].leaf
    if abs(graph.adjoint[leaf]) < FAINT * abs(graph.adjoint[nearer]):
        size, culprit = _extreme(leaf, via, min)
        yield Finding(
            "vanishing",
            leaf,
            f"along the strongest path only {_power_of_ten(left)} of the gradient of {own_name(nearer)} is left at "
            f"{own_name(leaf)}; the smallest slope is {pretty_number(size, 2)}, of {applied(culprit)}.",
            "Use relu-like units, residual sums, or scale the inputs and the first weights.",
        )


def _depths(graph: Graph, via: dict[Value, Step]) -> dict[Value, int]:
    """How many units, ops of one operand, are on the strongest path to each node."""
    depth = {graph.loss: 0}
    for v in reversed(list(graph.adjoint)):
        if v in via:
            depth[v] = depth[via[v].node] + (len(via[v].node.operands) == 1)
    del depth[graph.loss]
    return depth


def _exploding(strength: dict[Value, float], via: dict[Value, Step]) -> Iterator[Finding]:
    leaf = max((v for v in via if v.op is None), key=strength.__getitem__, default=None)
    if leaf is not None and strength[leaf] > math.log(VIOLENT):
        size, culprit = _extreme(leaf, via, max)
        yield Finding(
            "exploding",
            leaf,
            f"along the strongest path the slopes multiply to {_power_of_ten(strength[leaf])} at {own_name(leaf)}; the "
            f"largest is {pretty_number(size, 2)}, of {applied(culprit)}.",
            "Clip the gradient, or scale the inputs and the first weights.",
        )


def _strongest_paths(graph: Graph) -> tuple[dict[Value, float], dict[Value, Step]]:
    """For each node the largest sum of log-slopes on a path from the loss, and the last edge of that path."""
    strength = {graph.loss: 0.0}
    via: dict[Value, Step] = {}
    for v in reversed(list(graph.adjoint)):
        for u, partial in zip(v.operands, v.partials, strict=True):
            if partial and v in strength:
                along = strength[v] + math.log(abs(partial))
                if along > strength.get(u, -math.inf):
                    strength[u], via[u] = along, Step(v, abs(partial))
    return strength, via


def _passed_on_the_way(graph: Graph, strength: dict[Value, float], via: dict[Value, Step]) -> dict[Value, Beside]:
    """For each node the strongest leaf among the operands on its strongest path."""
    passed: dict[Value, Beside] = {}
    at: dict[Value, Beside] = {}  # the same, with the node's own operands
    for v in reversed(list(graph.adjoint)):
        found = [at[via[v].node]] if v in via and via[v].node in at else []
        if found:
            passed[v] = found[0]
        if v in strength:
            found += [
                Beside(strength[v] + math.log(abs(partial)), u)
                for u, partial in zip(v.operands, v.partials, strict=True)
                if partial and u.op is None
            ]
        if found:
            at[v] = max(found, key=lambda beside: beside.strength)
    return passed


def _extreme(leaf: Value, via: dict[Value, Step], extreme: Callable[..., Step]) -> tuple[float, Value]:
    """The smallest or the largest slope on the strongest path, and its node."""
    steps = []
    v = leaf
    while v in via:
        steps.append(via[v])
        v = via[v].node
    units = [step for step in steps if len(step.node.operands) == 1]  # the 1/n of a mean is not a fault
    node, slope = extreme(units or steps, key=lambda step: step.slope)
    return slope, node


def _power_of_ten(logarithm: float) -> str:
    return f"1e{round(logarithm / math.log(10.0))}".replace("-", "−")

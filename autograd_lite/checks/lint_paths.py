"""Rules of `lint` about gradients: parameters that none reaches, and paths along which it vanishes or explodes."""

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

FAINT, VIOLENT = 1e-8, 1e8  # products of slopes along the strongest path
CHOICES = ("maximum", "minimum", "where")  # with the slope 0 by what is not chosen here
PRODUCTS = ("mul", "zmul", "sumprod")


# --- What no gradient reaches ---------------------------------------------------------------------------------------


def unused(graph: Graph) -> Iterator[Finding]:
    """Parameters that the loss does not depend on."""
    lost = [p for p in graph.parameters if p not in graph.adjoint]
    if lost:
        yield Finding(
            "unused",
            lost[0],
            f"the loss does not use {_some(lost, len(graph.parameters))}.",
            "Leave them out, or find where the connection is lost: .data and ag.stop cut it.",
        )


def unreached(graph: Graph) -> Iterator[Finding]:
    """Parameters whose gradient is 0 and stays 0, since nothing on the way to them can change."""
    reached = _reached(graph)
    trained = graph.parameters or [v for v in graph.adjoint if v.op is None]
    still = [p for p in trained if p in graph.adjoint and p not in reached]
    if still:
        yield Finding(
            "no gradient",
            still[0],
            f"the gradient is exactly 0 for {_some(still, len(trained))}.",
            "They cannot learn: look for dead or saturated units, or weights of 0, between them and the loss.",
        )


def _reached(graph: Graph) -> set[Value]:
    """Nodes that the gradient reaches, or would if other inputs or one step of training changed a zero on the way."""
    sleeping = asleep(graph)
    reached = {graph.loss}
    for v in reversed(list(graph.adjoint)):
        if v in reached:
            may_wake = v in sleeping or (v.op is not None and v.op.name in CHOICES)
            for i, (u, partial) in enumerate(zip(v.operands, v.partials, strict=True)):
                if partial or (partial is not None and (may_wake or _factor_changes(v, i))):
                    reached.add(u)
    return reached


def _factor_changes(v: Value, i: int) -> bool:
    """Whether the other factor of a product, which is 0 here, is an input, or is moved by its own gradient."""
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
    """The last step of the strongest path to a node: from where, and the slope."""

    node: Value
    slope: float


class Beside(NamedTuple):
    """A leaf that hangs directly on a path, and the sum of log-slopes to it along that path."""

    strength: float
    leaf: Value


def along_paths(graph: Graph) -> Iterator[Finding]:
    """The strongest path to each leaf, by the product of its slopes: of the faintest leaf, and the most violent."""
    strength, via = _strongest_paths(graph)
    yield from _vanishing(graph, strength, via)
    yield from _exploding(strength, via)


def _vanishing(graph: Graph, strength: dict[Value, float], via: dict[Value, Step]) -> Iterator[Finding]:
    """The leaf to which least is left of the gradient that leaves nearer to the loss get on the same path.

    The slope of the loss itself, which training makes small, is in both and says nothing. Nor is it vanishing if a
    weight beside huge inputs gets a huge gradient, and others a large one.
    """
    passed = _passed_on_the_way(graph, strength, via)
    left = {u: strength[u] - passed[via[u].node].strength for u in via if u.op is None and via[u].node in passed}
    leaf = min(left, key=left.__getitem__, default=graph.loss)
    if left.get(leaf, 0.0) < math.log(FAINT) and strength[leaf] < math.log(FAINT):
        nearer = passed[via[leaf].node].leaf
        size, culprit = _extreme(leaf, via, min)
        yield Finding(
            "vanishing",
            leaf,
            f"along the strongest path {_power_of_ten(left[leaf])} of the gradient by {own_name(nearer)} is left at "
            f"{own_name(leaf)}; the smallest slope is {pretty_number(size, 2)}, of {applied(culprit)}.",
            "Use relu-like units, residual sums, or scale the inputs and the first weights.",
        )


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
    """For each node the largest sum of log-slopes on a path from the loss, and the last step of that path."""
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
    """For each node the strongest leaf that hangs on its strongest path above it."""
    passed: dict[Value, Beside] = {}
    at: dict[Value, Beside] = {}  # the same, with the leaves that hang on the node itself
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
    """The smallest or the largest slope on the strongest path, and the node whose slope it is."""
    steps = []
    v = leaf
    while v in via:
        steps.append(via[v])
        v = via[v].node
    units = [step for step in steps if len(step.node.operands) == 1]  # a mean's 1/n is nobody's fault
    node, slope = extreme(units or steps, key=lambda step: step.slope)
    return slope, node


def _power_of_ten(logarithm: float) -> str:
    return f"1e{round(logarithm / math.log(10.0))}".replace("-", "−")

"""Rules of `lint` about numbers: ends of domains, overflow, cancellation, logits squashed too early."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from autograd_lite.checks.lint_graph import Finding, Graph
from autograd_lite.checks.lint_units import slope_at_zero
from autograd_lite.checks.wording import applied, op_of
from autograd_lite.engine import Value
from autograd_lite.formulas import pretty_number
from autograd_lite.op import Op

__all__ = ["at_the_edge", "cancelling", "near_overflow", "squashed_logits"]

EPSILON = 2.0**-52
STEEP = 1e6  # slope next to the end of a domain
HUGE = 1e150  # its square overflows
DIGITS = 1e-7  # relative error of the loss that one cancellation may cause
FITTED = 1e-8  # adjoint below which a difference of prediction and target was made small by training
LOGARITHMS = ("log", "log1p", "log2", "log10")
CARRIERS = ("neg", "sub", "add", "identity", "clip", "stop")  # ops between a probability and its logarithm


def at_the_edge(graph: Graph) -> Iterator[Finding]:
    """An operand next to the end of the op's domain, where the slope is steep, such as log near 0."""
    steep: dict[tuple[Op, str], list[tuple[float, Value]]] = {}
    for v in graph:
        op = op_of(v)
        for name, u, partial in zip(op.operand_names, v.operands, v.partials, strict=False):
            near = any(abs(u.data - end) < 1.0 / STEEP for end in op.domain[name])
            if not op.many and partial is not None and near and abs(partial) > STEEP:
                steep.setdefault((op, name), []).append((abs(partial), v))
    for (_, name), nodes in steep.items():
        slope, v = max(nodes, key=lambda pair: pair[0])
        yield Finding(
            "edge",
            v,
            f"{applied(v)} is next to the end of its domain, with the slope {pretty_number(slope, 2)}{_more(nodes)}.",
            f"Keep {name} away from it, or use a form without that op, such as log_softmax, softplus or a loss on "
            "logits.",
        )


def near_overflow(graph: Graph) -> Iterator[Finding]:
    """Numbers so large that a product of two overflows."""
    large: dict[Op, list[Value]] = {}
    for v in graph:
        if abs(v.data) > HUGE and all(abs(u.data) < HUGE for u in v.operands):
            large.setdefault(op_of(v), []).append(v)
    for nodes in large.values():
        v = max(nodes, key=lambda v: abs(v.data))
        yield Finding(
            "overflow",
            v,
            f"{applied(v)} is {pretty_number(v.data)}, and its square overflows{_more(nodes)}.",
            "Scale the inputs, or work with logarithms: logsumexp, softplus, logsigmoid.",
        )


def _more(nodes: Sequence[object]) -> str:
    return f"; the same at {len(nodes) - 1} more" if len(nodes) > 1 else ""


def cancelling(graph: Graph) -> Iterator[Finding]:
    """The cancellation whose rounding of operands changes the loss most."""
    worst, harm = None, DIGITS * abs(graph.loss.data)
    for v in graph:
        carried = [abs(u.data * p) for u, p in zip(v.operands, v.partials, strict=True) if p and u.op is not None]
        error = abs(graph.adjoint[v]) * EPSILON * sum(carried)
        if error > harm and abs(graph.adjoint[v]) > FITTED and abs(v.data) < 1e-3 * max(carried):
            worst, harm = v, error
    if worst is not None:
        digits = max(0, int(-math.log10(harm / abs(graph.loss.data)))) if graph.loss.data else 0
        yield Finding(
            "cancellation",
            worst,
            f"{applied(worst)} is only {pretty_number(worst.data, 2)}: its operands cancel, and their rounding leaves "
            f"about {digits} right digits in the loss.",
            "Use a form without the difference, such as log1p, expm1, softplus or hypot.",
        )


def squashed_logits(graph: Graph) -> Iterator[Finding]:
    """A logarithm of a probability that was computed from logits."""
    for v in graph:
        if op_of(v).name in LOGARITHMS and (squashed := _squashed(v.operands[0])) is not None:
            yield Finding(
                "logits",
                v,
                f"{op_of(v).name} is taken of a probability from {applied(squashed)}, which may round to 0 or 1.",
                "Give the loss the logits: binary_cross_entropy_with_logits, cross_entropy, logsigmoid or log_softmax.",
            )
            return


def _squashed(v: Value) -> Value | None:
    """The sigmoid or softmax that a probability comes from, or None."""
    while v.op is not None and op_of(v).name in CARRIERS:
        below = [u for u in v.operands if u.op is not None]
        if len(below) != 1:
            return None
        v = below[0]
    if v.op is None or v.op.many:
        return None
    is_share = v.op.name == "div" and v.operands[0] in v.operands[1].operands
    return v if is_share or (len(v.operands) == 1 and slope_at_zero(v.op)) else None

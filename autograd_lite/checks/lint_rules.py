"""The rules of `lint`: each reads a graph and yields what it finds unhealthy."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence

from autograd_lite.checks.lint_graph import Finding, Graph, parameters_below
from autograd_lite.checks.wording import applied, op_of, own_name
from autograd_lite.engine import Value
from autograd_lite.expressions import pretty_number
from autograd_lite.table import Op

__all__ = ["RULES"]

EPSILON = 2.0**-52
FLAT = 1e-3  # of its slope at 0: so little is left of a saturated unit's slope
FAR = 50.0  # where a squashing function has flattened out
FEW = 8  # inputs below which a relu that is 0 for all of them means nothing
STEEP = 1e6  # a slope next to the end of a domain
HUGE = 1e150  # its square is no float any more
DIGITS = 1e-7  # relative error of the loss that one cancellation may cause
FAINT, VIOLENT = 1e-8, 1e8  # products of slopes along the strongest path
LOGARITHMS = ("log", "log1p", "log2", "log10")
CARRIERS = ("neg", "sub", "add", "identity", "clip", "stop")  # between a probability and its logarithm


# --- units ----------------------------------------------------------------------------------------------------------


def _saturated(graph: Graph) -> Iterator[Finding]:
    for op, units in graph.units().items():
        limit = FLAT * _slope_at_zero(op)
        flat = [unit for unit in units if 2 * sum(abs(_slope(v)) < limit for v in unit) > len(unit)]
        if flat:
            worst = min((v for unit in flat for v in unit), key=lambda v: abs(_slope(v)))
            yield Finding(
                "saturated",
                worst,
                f"{_count(flat, units, op)} flat{_for_inputs(flat, 'most')}; {applied(worst)}{_where(worst)} has the "
                f"slope {pretty_number(_slope(worst), 2)}.",
                "Scale the inputs, start from smaller weights, or lower the learning rate.",
            )


def _dead(graph: Graph) -> Iterator[Finding]:
    for op, units in graph.units().items():
        dead = [unit for unit in units if len(unit) >= FEW and all(_slope(v) == 0.0 for v in unit)]
        if dead and not _slope_at_zero(op):
            nearest = max((v for unit in dead for v in unit), key=lambda v: v.operands[0].data)
            yield Finding(
                "dead",
                nearest,
                f"{_count(dead, units, op)} dead, with the slope 0{_for_inputs(dead, 'all')}, such as "
                f"{applied(nearest)}{_where(nearest)}.",
                "Their weights cannot learn: use leaky_relu, lower the learning rate, or start from other weights.",
            )


def _count(found: Sequence[object], units: Sequence[object], op: Op) -> str:
    return f"{len(found)} of {len(units)} {op.name} units {'is' if len(found) == 1 else 'are'}"


def _for_inputs(units: Sequence[Sequence[Value]], how_many: str) -> str:
    most = max(map(len, units))
    return f" for {how_many} of {most} inputs" if most > 1 else ""


def _where(v: Value) -> str:
    labels = [p.label for p in parameters_below(v) if p.label]
    return f" above {labels[0]!r}" if labels else ""


def _slope(v: Value) -> float:
    return v.partials[0] or 0.0


@functools.cache
def _slope_at_zero(op: Op) -> float:
    """Slope at 0 of a function that flattens out on both sides, such as a sigmoid; 0 for any other."""
    if any(math.isfinite(bound) for bound in op.domain[op.operand_names[0]]):
        return 0.0
    left, middle, right = (abs(op.evaluate([x], [True])[1][0] or 0.0) for x in (-FAR, 0.0, FAR))
    return middle if max(left, right) < FLAT * middle else 0.0


# --- numbers --------------------------------------------------------------------------------------------------------


def _at_the_edge(graph: Graph) -> Iterator[Finding]:
    for v in graph:
        op = op_of(v)
        for name, u, partial in zip(op.operand_names, v.operands, v.partials, strict=False):
            near = any(abs(u.data - end) < 1.0 / STEEP for end in op.domain[name])
            if not op.many and partial is not None and near and abs(partial) > STEEP:
                yield Finding(
                    "edge",
                    v,
                    f"{applied(v)} is next to the end of its domain: its slope is {pretty_number(partial, 2)}.",
                    f"Keep {name} away from there, or use a form that does not pass it, such as log_softmax, softplus "
                    "or a loss on logits.",
                )


def _near_overflow(graph: Graph) -> Iterator[Finding]:
    large = [v for v in graph if HUGE < abs(v.data) < math.inf]
    first = [v for v in large if all(abs(u.data) < HUGE for u in v.operands)]
    for v in first:
        yield Finding(
            "overflow",
            v,
            f"{applied(v)} is {pretty_number(v.data)}, and its square is no float any more.",
            "Scale the inputs, or work with logarithms: logsumexp, softplus, logsigmoid.",
        )


def _cancelling(graph: Graph) -> Iterator[Finding]:
    """The rounding of computed operands that, by this node's partials and adjoint, reaches the loss."""
    worst, harm = None, DIGITS * abs(graph.loss.data)
    for v in graph:
        carried = [abs(u.data * p) for u, p in zip(v.operands, v.partials, strict=True) if p and u.op is not None]
        error = abs(graph.adjoint[v]) * EPSILON * sum(carried)
        if error > harm and abs(v.data) < 1e-3 * max(carried):
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


def _logits(graph: Graph) -> Iterator[Finding]:
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
    """The sigmoid or the softmax share that a probability comes from, if it does."""
    while v.op is not None and op_of(v).name in CARRIERS:
        below = [u for u in v.operands if u.op is not None]
        if len(below) != 1:
            return None
        v = below[0]
    if v.op is None or v.op.many:
        return None
    is_share = v.op.name == "div" and v.operands[0] in v.operands[1].operands
    return v if is_share or (len(v.operands) == 1 and _slope_at_zero(v.op)) else None


# --- gradients ------------------------------------------------------------------------------------------------------


def _unused(graph: Graph) -> Iterator[Finding]:
    unused = [p for p in graph.parameters if p not in graph.adjoint]
    if unused:
        yield Finding(
            "unused",
            unused[0],
            f"the loss does not use {_some(unused, len(graph.parameters))}.",
            "Leave them out, or find where the connection is lost: .data and ag.stop cut it.",
        )
    trained = graph.parameters or [v for v in graph.adjoint if v.op is None]
    still = [p for p in trained if graph.adjoint.get(p) == 0.0]
    if still:
        yield Finding(
            "no gradient",
            still[0],
            f"the gradient is exactly 0 for {_some(still, len(trained))}.",
            "They cannot learn here: look for dead or saturated units between them and the loss.",
        )


def _some(nodes: Sequence[Value], count: int) -> str:
    names = ", ".join(own_name(v) for v in nodes[:4])
    more = ", ..." if len(nodes) > 4 else ""
    return f"{len(nodes)} of {count} parameters: {names}{more}" if count > 1 else names


def _along_the_paths(graph: Graph) -> Iterator[Finding]:
    """The strongest path to each leaf, by the product of its slopes: of the faintest leaf, and the most violent."""
    strength, via = _strongest_paths(graph)
    leaves = [v for v in strength if v.op is None and strength[v] > -math.inf]
    if not leaves:
        return
    faint, violent = (choose(leaves, key=strength.__getitem__) for choose in (min, max))
    for kind, leaf, beyond, extreme, advice in (
        ("vanishing", faint, strength[faint] < math.log(FAINT), min, "Use relu-like units, residual sums, or"),
        ("exploding", violent, strength[violent] > math.log(VIOLENT), max, "Clip the gradient, or"),
    ):
        if beyond:
            factors = _factors(leaf, via)
            units = [pair for pair in factors if len(pair[1].operands) == 1]  # a mean's 1/n is nobody's fault
            size, culprit = extreme(units or factors, key=lambda pair: pair[0])
            which = "smallest" if extreme is min else "largest"
            yield Finding(
                kind,
                leaf,
                f"along the strongest path the slopes multiply to {_power_of_ten(strength[leaf])} at {own_name(leaf)}; "
                f"the {which} is {pretty_number(size, 2)}, of {applied(culprit)}.",
                f"{advice} scale the inputs and the first weights.",
            )


def _strongest_paths(graph: Graph) -> tuple[dict[Value, float], dict[Value, tuple[Value, float]]]:
    """For each node the largest sum of log-slopes on a path from the loss, and its last step: (from where, slope)."""
    strength = {graph.loss: 0.0}
    via: dict[Value, tuple[Value, float]] = {}
    for v in reversed(list(graph.adjoint)):
        for u, partial in zip(v.operands, v.partials, strict=True):
            if partial and v in strength:
                along = strength[v] + math.log(abs(partial))
                if along > strength.get(u, -math.inf):
                    strength[u], via[u] = along, (v, abs(partial))
    return strength, via


def _factors(leaf: Value, via: dict[Value, tuple[Value, float]]) -> list[tuple[float, Value]]:
    factors = []
    while leaf in via:
        leaf, slope = via[leaf]
        factors.append((slope, leaf))
    return factors


def _power_of_ten(logarithm: float) -> str:
    return f"1e{round(logarithm / math.log(10.0))}".replace("-", "−")


RULES: tuple[Callable[[Graph], Iterator[Finding]], ...] = (
    _saturated,
    _dead,
    _at_the_edge,
    _near_overflow,
    _cancelling,
    _logits,
    _unused,
    _along_the_paths,
)

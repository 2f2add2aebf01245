"""Rules of `lint` about units: saturated or dead."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence

from autograd_lite.checks.lint_graph import Finding, Graph, parameters_below
from autograd_lite.checks.wording import applied
from autograd_lite.engine import Value
from autograd_lite.formulas import pretty_number
from autograd_lite.op import Op

__all__ = ["asleep", "dead", "saturated", "slope_at_zero"]

FLAT = 1e-3  # slope of a saturated unit, relative to its slope at 0
FAR = 50.0  # operand at which a squashing function is flat
FEW = 12  # inputs below which a relu that is 0 for all of them is not yet dead
OFF = 0.25  # distance from 0, relative to the spread: nearer, a unit may recover as those below it learn


def saturated(graph: Graph) -> Iterator[Finding]:
    """Units of a squashing function, such as sigmoid, that are flat for most inputs."""
    for op, units in graph.units().items():
        limit = FLAT * slope_at_zero(op)
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


def dead(graph: Graph) -> Iterator[Finding]:
    """Units such as relu whose slope is 0 for all inputs."""
    for op, units in graph.units().items():
        off = [unit for unit in units if _is_dead(graph, op, unit)]
        if off:
            nearest = max((v for unit in off for v in unit), key=lambda v: v.operands[0].data)
            judged = [unit for unit in units if len(unit) >= FEW]
            yield Finding(
                "dead",
                nearest,
                f"{_count(off, judged, op)} dead, with the slope 0{_for_inputs(off, 'all')}, such as "
                f"{applied(nearest)}{_where(nearest)}.",
                "Their weights cannot learn: use leaky_relu, lower the learning rate, or start from other weights.",
            )


def asleep(graph: Graph) -> set[Value]:
    """Nodes whose slope is 0 here, but of a unit that is active for other inputs or weights."""
    return {
        v
        for op, units in graph.units().items()
        for unit in units
        if not slope_at_zero(op) and not _is_dead(graph, op, unit)
        for v in unit
        if _slope(v) == 0.0
    }


def _is_dead(graph: Graph, op: Op, unit: Sequence[Value]) -> bool:
    """Whether a unit has the slope 0 for all of many inputs; above other units, by a wide margin too."""
    if len(unit) < FEW or slope_at_zero(op) or any(_slope(v) != 0.0 for v in unit):
        return False
    inputs = [v.operands[0].data for v in unit]
    return unit[0].operands[0] not in graph.behind_units or min(map(abs, inputs)) > OFF * (max(inputs) - min(inputs))


@functools.cache
def slope_at_zero(op: Op) -> float:
    """Slope at 0 of a function that is flat on both sides, such as sigmoid; 0 for any other."""
    if any(math.isfinite(bound) for bound in op.domain[op.operand_names[0]]):
        return 0.0
    left, middle, right = (abs(op.evaluate([x], [True])[1][0] or 0.0) for x in (-FAR, 0.0, FAR))
    return middle if max(left, right) < FLAT * middle else 0.0


def _slope(v: Value) -> float:
    return v.partials[0] or 0.0


def _count(found: Sequence[object], units: Sequence[object], op: Op) -> str:
    what = f"unit{'' if len(units) == 1 else 's'} {'is' if len(found) == 1 else 'are'}"
    return f"{len(found)} of {len(units)} {op.name} {what}"


def _for_inputs(units: Sequence[Sequence[Value]], how_many: str) -> str:
    most = max(map(len, units))
    return f" for {how_many} of {most} inputs" if most > 1 else ""


def _where(v: Value) -> str:
    labels = [p.label for p in parameters_below(v) if p.label]
    return f" above {labels[0]!r}" if labels else ""

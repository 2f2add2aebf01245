"""Is a gradient right: reverse mode against difference quotients, number by number."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autograd_lite.checks.quotients import difference_quotient, is_kink
from autograd_lite.checks.wording import op_of, operands
from autograd_lite.engine import Value, gradients
from autograd_lite.errors import OperandError
from autograd_lite.formulas import pretty_number
from autograd_lite.op import Op
from autograd_lite.pytree import Structure, flatten
from autograd_lite.reverse import reachable
from autograd_lite.transforms.evaluation import Function, as_values, scalar, select

Line = Callable[[float], float]  # the function by one of its numbers, the others fixed
Problem = tuple[Callable[[], Any], list[Value], list[str], Callable[[int], Line]]  # call, by what, its names, lines

__all__ = ["GradientCheck", "GradientReport", "Suspect", "check_gradients"]

UNSURE = 1e-6  # what difference quotients may leave open, relative to the gradient
ROUNDINGS = 100.0  # or in roundings of the function's own value, where the gradient is tiny beside it
MANY = 12  # rows of a report that are shown in full
NODES = 2000  # nodes whose ops are held against their own difference quotients


@dataclass(frozen=True)
class GradientCheck:
    """One number of an argument: its gradient twice, and whether the two agree.

    Attributes
    ----------
    name : str
        Where the number stands, such as ``w[0]``.
    gradient : float
        By reverse mode.
    difference : float
        By difference quotients.
    uncertainty : float
        How far the difference quotients still disagree among themselves.
    verdict : str
        ``"agrees"``; ``"differs"``; ``"kink"`` where the slopes to the left and right differ and the gradient lies
        between; ``"unsure"`` where the difference quotients do not settle.
    """

    name: str
    gradient: float
    difference: float
    uncertainty: float
    verdict: str

    @property
    def error(self) -> float:
        """The distance of the two numbers."""
        return abs(self.gradient - self.difference)


@dataclass(frozen=True)
class Suspect:
    """A node whose stored partial is not the slope of its own op: a wrong rule.

    Attributes
    ----------
    node : Value
        The node.
    index : int
        Which of its operands.
    partial, difference : float
        What the op's rule gave, and what a difference quotient of the op gives.
    """

    node: Value
    index: int
    partial: float
    difference: float

    def __str__(self) -> str:
        return (
            f"op {op_of(self.node).name}: its partial by operand {self.index} at {operands(self.node)} is "
            f"{pretty_number(self.partial, 10)}, and a difference quotient gives {pretty_number(self.difference, 10)}"
        )


@dataclass(frozen=True)
class GradientReport:
    """What `check_gradients` found: true if no gradient is in doubt; ``str()`` is a table.

    Attributes
    ----------
    checks : tuple of GradientCheck
        One for each number of the arguments.
    suspects : tuple of Suspect
        Ops whose partials are wrong by themselves, worst first; looked for only where a gradient differs.
    """

    checks: tuple[GradientCheck, ...]
    suspects: tuple[Suspect, ...] = ()

    def __bool__(self) -> bool:
        return all(check.verdict in ("agrees", "kink") for check in self.checks)

    def __str__(self) -> str:
        fine = sum(check.verdict == "agrees" for check in self.checks)
        lines = [f"{fine} of {len(self.checks)} gradients agree with difference quotients."]
        rows = self.checks if len(self.checks) <= MANY else [c for c in self.checks if c.verdict != "agrees"]
        if rows:
            lines.append(f"{'':<14} {'reverse mode':>18} {'differences':>18} {'apart by':>10}")
        lines += [_row(check) for check in rows[:MANY]]
        if len(rows) > MANY:
            lines.append(f"... and {len(rows) - MANY} more that do not agree.")
        return "\n".join([*lines, *self._advice()])

    def _advice(self) -> Iterator[str]:
        verdicts = {check.verdict for check in self.checks}
        if "kink" in verdicts:
            yield "At a kink the slopes to the left and right differ; the gradient shown lies between them."
        if "unsure" in verdicts:
            yield "Where unsure, the difference quotients do not settle: the function may be rough or random there, or"
            yield "its domain ends. Check at another point."
        if "differs" in verdicts:
            yield from (f"Likely culprit: {suspect}." for suspect in self.suspects)
            if not self.suspects:
                yield "Each op's own partial is right, so the function loses a dependence: look for .data, for math or"
                yield "NumPy functions on plain numbers, for ag.stop, and for random numbers."


def check_gradients(
    f: Function, *args: Any, wrt: Iterable[Value] | None = None, tolerance: float = 1e-7
) -> GradientReport:
    """Hold the gradient of a function against difference quotients, number by number.

    Parameters
    ----------
    f : callable
        Takes numbers, arrays or containers of them; returns one number. It is called some 30 times per number.
    *args : number, ndarray, list, tuple, dict
        Where to check. Each number in them is checked, unless `wrt` is given.
    wrt : iterable of Value, optional
        Captured leaves to check instead, such as ``model.parameters()``. Their data change meanwhile, and are put back.
    tolerance : float
        How far the two may be apart, relative to the larger one; what the difference quotients leave open is added.

    Returns
    -------
    GradientReport
        True where all agree. It names each number that does not, and the op whose partial is wrong, if it is an op.

    Raises
    ------
    ShapeError, OperandError
        If f does not return one number, or an argument holds what is no number.

    Examples
    --------
    >>> from autograd_lite import sin
    >>> report = check_gradients(lambda x, w: w[0] * sin(x) + w[1], 2.0, [3.0, 4.0])
    >>> bool(report)
    True
    >>> [check.name for check in report.checks]
    ['x', 'w[0]', 'w[1]']
    >>> w = Value(3.0, "w")
    >>> bool(check_gradients(lambda x: sin(w * x), 2.0, wrt=[w]))
    True
    """
    if wrt is None:
        call, variables, names, along = _by_arguments(f, args)
    else:
        call, variables, names, along = _by_leaves(f, args, select(0, wrt).wrt or ())
    if not variables:
        raise OperandError("check_gradients needs numbers to check at: check_gradients(f, x), or wrt=[leaves].")
    y = call()
    slopes = gradients(y, variables) if isinstance(y, Value) else [0.0] * len(variables)
    checks = [
        _compare(name, slope, along(i), v.data, tolerance)
        for i, (name, slope, v) in enumerate(zip(names, slopes, variables, strict=True))
    ]
    wrong = any(check.verdict == "differs" for check in checks)
    return GradientReport(tuple(checks), tuple(_suspects(y, tolerance)) if wrong and isinstance(y, Value) else ())


def _by_arguments(f: Function, args: tuple[Any, ...]) -> Problem:
    """Prepare a check by the numbers in the arguments, which are given to f anew each time."""
    leaves, structure = flatten(args)
    variables = [Value(leaf.data if isinstance(leaf, Value) else leaf) for leaf in leaves]

    def along(i: int) -> Line:
        point: list[Any] = as_values([v.data for v in variables])
        return lambda x: _number(_call(f, structure.rebuild([*point[:i], Value.constant(x), *point[i + 1 :]])))

    return lambda: _call(f, structure.rebuild(variables)), variables, _leaf_names(f, structure), along


def _by_leaves(f: Function, args: tuple[Any, ...], leaves: Sequence[Value]) -> Problem:
    """Prepare a check by captured leaves, whose data are changed for each call and put back."""
    numbers, structure = flatten(args)

    def call() -> Any:
        return _call(f, structure.rebuild(as_values(numbers)))

    def along(i: int) -> Line:
        def line(x: float) -> float:
            before = leaves[i].data
            leaves[i].data = x
            try:
                return _number(call())
            finally:
                leaves[i].data = before

        return line

    return call, list(leaves), [v.label or f"wrt[{i}]" for i, v in enumerate(leaves)], along


def _call(f: Function, args: Any) -> Any:
    return scalar(f(*args), "check_gradients")


def _number(y: Any) -> float:
    return y.data if isinstance(y, Value) else float(y)


def _compare(name: str, slope: float, f: Line, x: float, tolerance: float) -> GradientCheck:
    found = difference_quotient(f, x)
    size = max(abs(slope), abs(found.value))
    left_open = 4.0 * found.uncertainty
    if math.isinf(left_open) or left_open > max(UNSURE * size, ROUNDINGS * found.rounding):
        verdict = "unsure"
    else:
        verdict = "agrees" if abs(slope - found.value) <= tolerance * size + left_open else "differs"
    if verdict != "agrees" and is_kink(f, x, slope):
        verdict = "kink"
    return GradientCheck(name, slope, found.value, found.uncertainty, verdict)


def _suspects(root: Value, tolerance: float) -> list[Suspect]:
    """The worst node of each op whose stored partial is not the slope of the op itself."""
    worst: dict[tuple[str, int], tuple[float, Suspect]] = {}
    for v in reachable([root])[:NODES]:
        data = [u.data for u in v.operands]
        if v.op is None or not v.op.smooth(*data):
            continue
        for i, partial in enumerate(v.partials):
            if partial is None:
                continue
            found = difference_quotient(_op_along(v.op, data, i), data[i])
            error = abs(partial - found.value) - 4.0 * found.uncertainty
            ratio = error / max(abs(partial), abs(found.value), 1e-300)
            place = (v.op.name, -1 if v.op.many else i)
            if ratio > tolerance and ratio > worst.get(place, (0.0,))[0]:
                worst[place] = ratio, Suspect(v, i, partial, found.value)
    return [suspect for _, suspect in sorted(worst.values(), key=lambda pair: -pair[0])]


def _op_along(op: Op, data: Sequence[float], i: int) -> Line:
    return lambda x: op.number([*data[:i], x, *data[i + 1 :]])


def _leaf_names(f: Function, structure: Structure) -> list[str]:
    """Name the numbers of the arguments by the function's own parameters, where they can be read."""
    if isinstance(f, Op):
        return _named(structure, f.operand_names)
    try:
        parameters = [
            p.name
            for p in inspect.signature(f).parameters.values()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        parameters = []
    return _named(structure, parameters)


def _named(structure: Structure, parameters: Sequence[str]) -> list[str]:
    names = [*parameters, *[f"argument {i}" for i in range(len(parameters), len(structure.parts))]]
    return [leaf for name, part in zip(names, structure.parts, strict=False) for leaf in part.names(name)]


def _row(check: GradientCheck) -> str:
    numbers = f"{pretty_number(check.gradient, 10):>18} {pretty_number(check.difference, 10):>18}"
    return f"{check.name:<14} {numbers} {pretty_number(check.error, 2):>10}   {check.verdict}"

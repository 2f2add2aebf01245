"""Gradients against difference quotients, number by number."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from autograd_lite.calling import adapted
from autograd_lite.checks.quotients import difference_quotient, is_kink
from autograd_lite.checks.wording import op_of, operands
from autograd_lite.engine import Value, gradients
from autograd_lite.errors import OperandError
from autograd_lite.formulas import pretty_number
from autograd_lite.op import Op
from autograd_lite.pytree import Structure, flatten
from autograd_lite.reverse import reachable
from autograd_lite.transforms.evaluation import Function, Number, Tree, as_values, scalar, select

Line = Callable[[float], float]  # the function along one of its numbers, the others fixed

__all__ = ["GradientCheck", "GradientReport", "Suspect", "check_gradients"]

UNSURE = 1e-6  # uncertainty that difference quotients may leave, relative to the gradient
ROUNDINGS = 100.0  # or in roundings of the function's value, where the gradient is small beside it
MANY = 12  # rows of a report shown in full
NODES = 2000  # nodes whose ops are checked one by one


@dataclass(frozen=True)
class GradientCheck:
    """One number of an argument: its gradient by two methods, and whether they agree.

    Attributes
    ----------
    name : str
        Name of the number, such as ``w[0]``.
    gradient : float
        By reverse mode.
    difference : float
        By difference quotients.
    uncertainty : float
        How far the difference quotients still disagree with each other.
    verdict : str
        ``"agrees"``; ``"differs"``; ``"kink"`` where the slopes to the left and right differ and the gradient is
        between them; ``"unsure"`` where the difference quotients do not converge.
    """

    name: str
    gradient: float
    difference: float
    uncertainty: float
    verdict: str

    @property
    def error(self) -> float:
        """Absolute difference of the two numbers."""
        return abs(self.gradient - self.difference)


@dataclass(frozen=True)
class Suspect:
    """A node whose stored partial is not the slope of its op: a wrong rule.

    Attributes
    ----------
    node : Value
        The node.
    index : int
        Index of the operand.
    partial, difference : float
        The partial by the op's rule, and by a difference quotient of the op.
    """

    node: Value
    index: int
    partial: float
    difference: float

    def __str__(self) -> str:
        return (
            f"op {op_of(self.node).name}: its partial for operand {self.index} at {operands(self.node)} is "
            f"{pretty_number(self.partial, 10)}, and a difference quotient gives {pretty_number(self.difference, 10)}"
        )


@dataclass(frozen=True)
class GradientReport:
    """Result of `check_gradients`: true if no gradient is in doubt; ``str()`` is a table.

    Attributes
    ----------
    checks : tuple of GradientCheck
        One for each number of the arguments.
    suspects : tuple of Suspect
        Ops with a wrong partial, worst first; computed only where a gradient differs.
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
            yield "At a kink the slopes to the left and right differ; the gradient shown is between them."
        if "unsure" in verdicts:
            yield "Where unsure, the difference quotients do not converge: the function may be rough or random there,"
            yield "or its domain ends. Check at another point."
        if "differs" in verdicts:
            yield from (f"Likely culprit: {suspect}." for suspect in self.suspects)
            if not self.suspects:
                yield "The partial of each op is right, so the function loses a dependence: look for .data, for math or"
                yield "NumPy functions on plain numbers, for ag.stop, and for random numbers."


def check_gradients(
    f: Function, *args: Tree, wrt: Iterable[Value] | None = None, tolerance: float = 1e-7
) -> GradientReport:
    """Compare the gradient of a function with difference quotients, number by number.

    Parameters
    ----------
    f : callable
        Takes numbers, arrays or containers of them; returns one number. It is called some 30 times per number.
    *args : number, ndarray, list, tuple, dict
        The point. Each number in it is checked, unless `wrt` is given.
    wrt : iterable of Value, optional
        Captured leaves to check instead, such as ``model.parameters()``. Their data change meanwhile and are restored.
    tolerance : float
        Allowed difference relative to the larger number; the uncertainty of the difference quotients is added.

    Returns
    -------
    GradientReport
        True where all agree. It names each number that does not, and the op if a partial is wrong.

    Raises
    ------
    ShapeError, OperandError
        If f does not return one number, or an argument holds anything but numbers.

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
    f = adapted(f, args)
    problem = _by_arguments(f, args) if wrt is None else _by_leaves(f, args, select(0, wrt).wrt or ())
    if not problem.variables:
        raise OperandError("check_gradients got no number to check. Write check_gradients(f, x), or give wrt=[leaves].")
    y = problem.call()
    slopes = gradients(y, problem.variables) if isinstance(y, Value) else [0.0] * len(problem.variables)
    checks = [
        _compare(name, slope, problem.along(i), v.data, tolerance)
        for i, (name, slope, v) in enumerate(zip(problem.names, slopes, problem.variables, strict=True))
    ]
    wrong = any(check.verdict == "differs" for check in checks)
    return GradientReport(tuple(checks), tuple(_suspects(y, tolerance)) if wrong and isinstance(y, Value) else ())


class _Problem(NamedTuple):
    """A function to check: its call, its variables and their names, and the function along one of them."""

    call: Callable[[], Number]
    variables: list[Value]
    names: list[str]
    along: Callable[[int], Line]


def _by_arguments(f: Function, args: tuple[Tree, ...]) -> _Problem:
    """Check with respect to the numbers in the arguments, which f gets anew each time."""
    leaves, structure = flatten(args)
    variables = [Value(leaf.data if isinstance(leaf, Value) else leaf) for leaf in leaves]

    def along(i: int) -> Line:
        point = as_values([v.data for v in variables])
        return lambda x: _float(_call(f, structure.rebuild([*point[:i], Value.constant(x), *point[i + 1 :]])))

    return _Problem(lambda: _call(f, structure.rebuild(variables)), variables, _leaf_names(f, structure), along)


def _by_leaves(f: Function, args: tuple[Tree, ...], leaves: Sequence[Value]) -> _Problem:
    """Check with respect to captured leaves, whose data are changed for each call and restored."""
    numbers, structure = flatten(args)

    def call() -> Number:
        return _call(f, structure.rebuild(as_values(numbers)))

    def along(i: int) -> Line:
        def line(x: float) -> float:
            before = leaves[i].data
            leaves[i].data = x
            try:
                return _float(call())
            finally:
                leaves[i].data = before

        return line

    return _Problem(call, list(leaves), [v.label or f"wrt[{i}]" for i, v in enumerate(leaves)], along)


def _call(f: Function, args: Tree) -> Number:
    return scalar(f(*args), "check_gradients")


def _float(y: Number) -> float:
    return y.data if isinstance(y, Value) else float(y)


def _compare(name: str, slope: float, f: Line, x: float, tolerance: float) -> GradientCheck:
    found = difference_quotient(f, x)
    size = max(abs(slope), abs(found.value))
    room = 4.0 * found.uncertainty
    if math.isinf(room) or room > max(UNSURE * size, ROUNDINGS * found.rounding):
        verdict = "unsure"
    else:
        verdict = "agrees" if abs(slope - found.value) <= tolerance * size + room else "differs"
    if verdict != "agrees" and is_kink(f, x, slope):
        verdict = "kink"
    return GradientCheck(name, slope, found.value, found.uncertainty, verdict)


def _suspects(root: Value, tolerance: float) -> list[Suspect]:
    """The worst node of each op whose stored partial is not the slope of the op."""
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
            key = (v.op.name, -1 if v.op.many else i)
            if ratio > tolerance and ratio > worst.get(key, (0.0,))[0]:
                worst[key] = ratio, Suspect(v, i, partial, found.value)
    return [suspect for _, suspect in sorted(worst.values(), key=lambda pair: -pair[0])]


def _op_along(op: Op, data: Sequence[float], i: int) -> Line:
    return lambda x: op.number([*data[:i], x, *data[i + 1 :]])


def _leaf_names(f: Function, structure: Structure) -> list[str]:
    """Name the numbers of the arguments after the function's parameters, where they are known."""
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

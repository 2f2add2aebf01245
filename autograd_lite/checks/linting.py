"""Lint: what looks unhealthy in a graph although every number is finite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from autograd_lite.checks.lint_graph import Finding, Graph
from autograd_lite.checks.lint_numbers import at_the_edge, cancelling, near_overflow, squashed_logits
from autograd_lite.checks.lint_paths import along_paths, unreached, unused
from autograd_lite.checks.lint_training import accumulated, identical, rebound
from autograd_lite.checks.lint_units import dead, saturated
from autograd_lite.checks.nonfinite import find_nonfinite
from autograd_lite.engine import Value
from autograd_lite.errors import OperandError
from autograd_lite.op import shown
from autograd_lite.reverse import adjoints

__all__ = ["LintReport", "lint"]

RULES: tuple[Callable[[Graph], Iterator[Finding]], ...] = (
    saturated,
    dead,
    at_the_edge,
    near_overflow,
    cancelling,
    squashed_logits,
    unused,
    unreached,
    along_paths,
    accumulated,
    identical,
    rebound,
)


class LintReport(tuple[Finding, ...]):
    """The findings, in the order of the rules; empty, and so false, where there are none."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "Nothing looks unhealthy."


def lint(loss: Value, parameters: Iterable[Value] = ()) -> LintReport:
    """Find what makes training fail although every number is finite.

    Parameters
    ----------
    loss : Value
        The root of the graph, preferably of a whole batch: units are judged over all its inputs.
    parameters : iterable of Value, optional
        The trained leaves, such as ``model.parameters()``; those that the loss does not use are named.

    Returns
    -------
    LintReport
        Findings with node, numbers and advice; printing shows them. False where there are none.

    Raises
    ------
    OperandError
        If an argument is not a Value.

    Examples
    --------
    >>> w = Value(40.0, "w")
    >>> report = lint(((w * 0.5).tanh() - 0.5) ** 2, [w])
    >>> [finding.kind for finding in report]
    ['saturated']
    >>> print(report[0].message)
    1 of 1 tanh unit is flat; tanh(20) above 'w' has the slope 1.7e−17.
    """
    trained = list(parameters)
    for v in (loss, *trained):
        if not isinstance(v, Value):
            raise OperandError(f"{shown(v)} is not a Value. lint takes a loss and its parameters, all of them Values.")
    fault = find_nonfinite(loss)
    if fault is not None and not fault.masked:
        return LintReport([Finding("not finite", fault.node, str(fault), "The other rules need finite numbers.")])
    graph = Graph(loss, adjoints(loss), trained)
    return LintReport([finding for rule in RULES for finding in rule(graph)])

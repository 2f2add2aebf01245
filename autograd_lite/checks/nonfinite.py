"""Where a NaN or an infinity came from."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from autograd_lite.checks.wording import applied, op_of
from autograd_lite.engine import Value
from autograd_lite.errors import OperandError
from autograd_lite.formulas import pretty_number
from autograd_lite.op import shown
from autograd_lite.reverse import reachable
from autograd_lite.source_lines import Located, located

__all__ = ["NonFinite", "find_nonfinite"]


@dataclass(frozen=True)
class NonFinite:
    """The place where a NaN or an infinity first appeared; ``str()`` explains it.

    Attributes
    ----------
    where : str
        ``"forward"``: a value; ``"backward"``: a gradient, though all values are finite.
    node : Value
        Forward, the node with the bad value; backward, the node that hands a bad gradient to an operand.
    operands : tuple of Value
        What the node was computed from.
    index : int or None
        Backward: which operand gets the bad gradient.
    number : float
        The NaN or infinity.
    factors : tuple of float
        Backward: the node's adjoint and its partial, whose product went wrong.
    masked : bool
        Forward: whether the root is finite all the same, as behind a ``where``.
    """

    where: str
    node: Value
    operands: tuple[Value, ...]
    index: int | None
    number: float
    factors: tuple[float, ...] = ()
    masked: bool = False

    def __str__(self) -> str:
        return self._story() + (f" Made at {self.line}" if self.line else "")

    def _story(self) -> str:
        bad = pretty_number(self.number)
        if self.node.op is None:
            return f"forward: {_name(self.node)} was given as {bad}. Check where that number comes from."
        node = applied(self.node) + (f" (node {self.node.label!r})" if self.node.label else "")
        if self.where == "forward":
            masked = " The result and its gradients are finite all the same." if self.masked else ""
            return f"forward: {node} gave {bad}.{self._reason()}{masked}"
        adjoint, partial = map(pretty_number, self.factors)
        return (
            f"backward: all values are finite, but the gradient by operand {self.index} of {node} becomes {bad}: "
            f"adjoint {adjoint}, partial {partial}.{self._reason()}"
        )

    @property
    def line(self) -> str:
        """The line of code that made the node, if it was made of `located` Values; else ""."""
        return self.node.line if isinstance(self.node, Located) else ""

    def _reason(self) -> str:
        op = op_of(self.node)
        bounds = [] if op.many else zip(op.operand_names, self.operands, strict=True)
        for name, operand in bounds:
            low, high = op.domain[name]
            if self.where == "backward" and operand.data in (low, high):
                return f" {op.name} is steepest at the end of its domain, {name} = {pretty_number(operand.data)}."
            if not low < operand.data < high:
                return f" {op.name} needs {_interval(name, low, high)}; it got {pretty_number(operand.data)}."
        if math.isinf(self.number) and all(math.isfinite(x) for x in (*self.factors, *[u.data for u in self.operands])):
            return " It has a pole at 0." if any(u.data == 0.0 for u in self.operands) else " A float ends at 1.8e308."
        return ""


def find_nonfinite(v: Value | Callable[..., Value], *args: float, trace: bool = False) -> NonFinite | None:
    """Find the first node that produced a NaN or an infinity, in the values or in the gradients.

    Parameters
    ----------
    v : Value or callable
        The root, such as a loss; or a function that makes it.
    *args : float
        What to call the function with, as Values.
    trace : bool
        Whether the report names the line of code that made the node. A function is then called with `located` Values;
        a graph that was made of such Values has its lines anyway.

    Returns
    -------
    NonFinite or None
        The node, its operands, and whether it was found forward or backward; None where all is finite. Backward it is
        the first node, from the root on, that hands a NaN or an infinity to an operand.

    Raises
    ------
    OperandError
        If it is given something else than a Value.

    Examples
    --------
    >>> from autograd_lite import log
    >>> p = Value(0.0, "p")
    >>> print(find_nonfinite(1.0 - log(p)))
    forward: log(p = 0) gave −∞. log needs x > 0; it got 0.
    >>> print(find_nonfinite(p**0.5))  # doctest: +NORMALIZE_WHITESPACE
    backward: all values are finite, but the gradient by operand 0 of pow(p = 0, 0.5) becomes ∞:
    adjoint 1, partial ∞. pow is steepest at the end of its domain, a = 0.
    >>> found = find_nonfinite(lambda x: log(x) + 1.0, -1.0, trace=True)
    >>> found.line.endswith("found = find_nonfinite(lambda x: log(x) + 1.0, -1.0, trace=True)")
    True
    """
    if callable(v):
        return find_nonfinite(v(*[located(x) if trace else Value(x) for x in args]))
    if not isinstance(v, Value):
        raise OperandError(f"find_nonfinite takes a Value, the root of a graph; it got {shown(v)}.")
    nodes = reachable([v])
    if not math.isfinite(v.data):
        return _forward(v, nodes)
    masked = next((u for u in nodes if not math.isfinite(u.data)), None)
    found = _backward(v, nodes)
    if found is None and masked is not None:
        return NonFinite("forward", masked, masked.operands, None, masked.data, masked=True)
    return found


def _forward(root: Value, nodes: list[Value]) -> NonFinite:
    """The oldest bad value of those from which the root's own badness comes."""
    spoiled = {root}
    for v in reversed(nodes):
        if v in spoiled:
            spoiled.update(_bad_operands(v))
    first = next(v for v in nodes if v in spoiled)
    return NonFinite("forward", first, first.operands, None, first.data)


def _bad_operands(v: Value) -> list[Value]:
    """Operands that are not finite; of those, only the ones that v depends on, which a `where` may not."""
    bad = [(u, partial) for u, partial in zip(v.operands, v.partials, strict=True) if not math.isfinite(u.data)]
    return [u for u, partial in bad if partial != 0.0] or [u for u, _ in bad]


def _backward(root: Value, nodes: list[Value]) -> NonFinite | None:
    adjoint = dict.fromkeys(nodes, 0.0)
    adjoint[root] = 1.0
    for v in reversed(nodes):
        if adjoint[v] == 0.0:
            continue
        for i, (u, partial) in enumerate(zip(v.operands, v.partials, strict=True)):
            if partial is not None:
                adjoint[u] += adjoint[v] * partial
                if not math.isfinite(adjoint[u]):
                    return NonFinite("backward", v, v.operands, i, adjoint[u], (adjoint[v], partial))
    return None


def _name(v: Value) -> str:
    return f"the leaf {v.label!r}" if v.label else "a leaf without a label"


def _interval(name: str, low: float, high: float) -> str:
    if math.isinf(high):
        return f"{name} > {pretty_number(low)}"
    return f"{pretty_number(low)} < {name} < {pretty_number(high)}"

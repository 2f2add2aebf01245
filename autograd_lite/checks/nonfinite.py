"""The origin of a NaN or an infinity."""

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
    """The first NaN or infinity of a graph; ``str()`` explains it.

    Attributes
    ----------
    where : str
        ``"forward"``: a value; ``"backward"``: a gradient, though all values are finite.
    node : Value
        Forward, the node with that value; backward, the node that passes such a gradient to an operand.
    operands : tuple of Value
        Operands of the node.
    index : int or None
        Backward: index of the operand whose gradient is not finite.
    number : float
        The NaN or infinity.
    factors : tuple of float
        Backward: the node's adjoint and its partial, whose product is not finite.
    masked : bool
        Forward: whether the root is finite nevertheless, as behind a ``where``.
    """

    where: str
    node: Value
    operands: tuple[Value, ...]
    index: int | None
    number: float
    factors: tuple[float, ...] = ()
    masked: bool = False

    def __str__(self) -> str:
        return self._explanation() + (f" Computed at {self.line}" if self.line else "")

    def _explanation(self) -> str:
        bad = pretty_number(self.number)
        if self.node.op is None:
            return f"forward: {_name(self.node)} was given as {bad}. Check where this number comes from."
        node = applied(self.node) + (f" (node {self.node.label!r})" if self.node.label else "")
        if self.where == "forward":
            masked = " The result and its gradients are finite nevertheless." if self.masked else ""
            return f"forward: {node} gave {bad}.{self._reason()}{masked}"
        adjoint, partial = map(pretty_number, self.factors)
        return (
            f"backward: all values are finite, but the gradient of operand {self.index} of {node} is {bad}: "
            f"adjoint {adjoint}, partial {partial}.{self._reason()}"
        )

    @property
    def line(self) -> str:
        """The line of code that computed the node, if its Values are `located`; else ""."""
        return self.node.line if isinstance(self.node, Located) else ""

    def _reason(self) -> str:
        op = op_of(self.node)
        data = [u.data for u in self.operands]
        for i, name in enumerate([] if op.many else op.operand_names):
            low, high = op.domain[name]
            if self.where == "backward" and data[i] in (low, high):
                return f" {op.name} has an infinite slope at {name} = {pretty_number(data[i])}, the end of its domain."
            if not low < data[i] < high:
                closed = [math.isfinite(op.number([*data[:i], end, *data[i + 1 :]])) for end in (low, high)]
                return f" {op.name} needs {_interval(name, low, high, *closed)}; it got {pretty_number(data[i])}."
        if math.isinf(self.number) and all(math.isfinite(x) for x in (*self.factors, *data)):
            is_pole = self.where == "forward" and not op.many and 0.0 in data
            return f" {op.name} has a pole at 0." if is_pole else " The largest float is 1.8e308."
        return ""


def find_nonfinite(v: Value | Callable[..., Value], *args: float, trace: bool = False) -> NonFinite | None:
    """Find the first node with a NaN or an infinity, in the values or in the gradients.

    Parameters
    ----------
    v : Value or callable
        The root, such as a loss; or a function that returns it.
    *args : float
        Arguments of the function, which gets them as Values.
    trace : bool
        Whether the report names the line of code that computed the node. A function is then called with `located`
        Values; a graph of such Values has its lines anyway.

    Returns
    -------
    NonFinite or None
        The node, its operands, and whether it was found forward or backward; None where all is finite. Backward it is
        the first node, from the root on, that passes a NaN or an infinity to an operand.

    Raises
    ------
    OperandError
        If v is neither a Value nor a function that returns one.

    Examples
    --------
    >>> from autograd_lite import log
    >>> p = Value(0.0, "p")
    >>> print(find_nonfinite(1.0 - log(p)))
    forward: log(p = 0) gave −∞. log needs x > 0; it got 0.
    >>> print(find_nonfinite(p**0.5))  # doctest: +NORMALIZE_WHITESPACE
    backward: all values are finite, but the gradient of operand 0 of pow(p = 0, 0.5) is ∞:
    adjoint 1, partial ∞. pow has an infinite slope at a = 0, the end of its domain.
    >>> found = find_nonfinite(lambda x: log(x) + 1.0, -1.0, trace=True)
    >>> found.line.endswith("found = find_nonfinite(lambda x: log(x) + 1.0, -1.0, trace=True)")
    True
    """
    if callable(v):
        return find_nonfinite(v(*[located(x) if trace else Value(x) for x in args]))
    if not isinstance(v, Value):
        raise OperandError(f"{shown(v)} is not a Value. find_nonfinite takes the root of a graph, such as a loss.")
    nodes = reachable([v])
    if not math.isfinite(v.data):
        return _forward(v, nodes)
    masked = next((u for u in nodes if not math.isfinite(u.data)), None)
    found = _backward(v, nodes)
    if found is None and masked is not None:
        return NonFinite("forward", masked, masked.operands, None, masked.data, masked=True)
    return found


def _forward(root: Value, nodes: list[Value]) -> NonFinite:
    """The earliest non-finite ancestor of the root."""
    found = {root}
    for v in reversed(nodes):
        if v in found:
            found.update(_nonfinite_operands(v))
    first = next(v for v in nodes if v in found)
    return NonFinite("forward", first, first.operands, None, first.data)


def _nonfinite_operands(v: Value) -> list[Value]:
    """Operands that are not finite; of these only the ones that v depends on, as a `where` may not."""
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


def _interval(name: str, low: float, high: float, low_is_in: bool, high_is_in: bool) -> str:
    if math.isinf(high):
        return f"{name} {'≥' if low_is_in else '>'} {pretty_number(low)}"
    above, below = "≤" if low_is_in else "<", "≤" if high_is_in else "<"
    return f"{pretty_number(low)} {above} {name} {below} {pretty_number(high)}"

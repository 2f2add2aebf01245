"""The engine of chapter 0 of the guide: a scalar that remembers how it was computed, in some sixty lines."""

from __future__ import annotations

import math


class Value:
    """A number, the operands it was computed from, and its derivative with respect to each."""

    def __init__(self, data: float, operands: tuple[Value, ...] = (), partials: tuple[float, ...] = ()) -> None:
        self.data = data
        self.grad = 0.0
        self.operands = operands
        self.partials = partials

    def __add__(self, other: Value | float) -> Value:
        """Add: both derivatives are 1."""
        other = as_value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Value | float) -> Value:
        """Multiply: the derivative by one factor is the other."""
        other = as_value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def tanh(self) -> Value:
        """Hyperbolic tangent, with the derivative 1 - tanh²."""
        y = math.tanh(self.data)
        return Value(y, (self,), (1.0 - y * y,))

    __radd__, __rmul__ = __add__, __mul__

    def backward(self) -> None:
        """Add to ``grad`` of each leaf the derivative of this number with respect to it."""
        order = in_order(self)
        for node in order:
            if node.operands:  # what lies between is computed anew; leaves keep what they have
                node.grad = 0.0
        self.grad = 1.0
        for node in reversed(order):
            for operand, partial in zip(node.operands, node.partials, strict=True):
                operand.grad += node.grad * partial


def as_value(number: Value | float) -> Value:
    """A plain number becomes a leaf."""
    return number if isinstance(number, Value) else Value(float(number))


def in_order(root: Value) -> list[Value]:
    """Every node after its operands, without recursion: long chains are no problem."""
    order: list[Value] = []
    seen: set[int] = set()
    stack: list[tuple[Value, bool]] = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((operand, False) for operand in node.operands)
    return order

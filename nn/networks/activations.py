"""Activations by name: every op of the table that takes one operand, and "linear"."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial as bind
from typing import Any

from autograd_lite.engine import TABLE, Op
from autograd_lite.errors import UnknownNameError
from autograd_lite.op import Node

__all__ = ["Activation", "activation_named", "activation_names"]

Activation = str | Callable[[Any], Any]


def activation_names() -> list[str]:
    """Names of all activations: "linear", and every op of the table that needs one operand only.

    Examples
    --------
    >>> {"linear", "relu", "tanh", "sigmoid", "leaky_relu"} <= set(activation_names())
    True
    """
    ops = [op for op in TABLE.values() if not op.many and len(op.operand_names) - len(op.defaults) == 1]
    return ["linear", *[op.name for op in ops]]


def activation_named(activation: Activation) -> Callable[[Any], Any] | None:
    """The activation as a function; None for "linear", which adds no node.

    Raises
    ------
    UnknownNameError
        If there is none of that name.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> activation_named("relu")(Value(-2.0)).data
    0.0
    """
    if callable(activation):
        return activation
    if activation not in activation_names():
        raise UnknownNameError.among("activation", activation, activation_names())
    if activation == "linear":
        return None
    op = TABLE[activation]
    return op if op.defaults else bind(_record, op)


def _record(op: Op, z: Node) -> Any:
    """What calling the op comes to, without its questions."""
    return z.record(op, (z,))

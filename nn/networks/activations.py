"""Activations by name: "linear", every op of the table that takes one operand, and those that a user registers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial as bind

from autograd_lite.engine import TABLE, Op
from autograd_lite.errors import OperandError
from autograd_lite.node import Node
from autograd_lite.text import shown

from ..kinds import Scalar
from ..registry import Registry

__all__ = ["ACTIVATIONS", "Activation", "activation_named", "activation_names", "register_activation"]

Function = Callable[[Scalar], Scalar]
Activation = str | Function


def _ops() -> list[str]:
    ops = [op for op in TABLE.values() if not op.many and len(op.operand_names) - len(op.defaults) == 1]
    return ["linear", *[op.name for op in ops]]


ACTIVATIONS: Registry[Function] = Registry("activation", {}, also=_ops)
"""The registered activations; ops are known beside them."""


def activation_names() -> list[str]:
    """Names of all activations: "linear", every op of the table that needs one operand only, and registered ones.

    Examples
    --------
    >>> {"linear", "relu", "tanh", "sigmoid", "leaky_relu"} <= set(activation_names())
    True
    """
    return ACTIVATIONS.names


def activation_named(activation: Activation) -> Function | None:
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
    if activation in ACTIVATIONS or activation not in activation_names():
        return ACTIVATIONS.named(activation)
    if activation == "linear":
        return None
    op = TABLE[activation]
    return op if op.defaults else bind(_record, op)


def register_activation(
    name: str, activation: Callable[[Scalar], Scalar], *, replace: bool = False
) -> Callable[[Scalar], Scalar]:
    """Give an activation a name, by which networks and model files know it.

    Parameters
    ----------
    name : str
    activation : callable
        A function of one Value, made of ops.
    replace : bool
        Whether it may take the place of another activation of that name.

    Raises
    ------
    DomainError
        If the name is taken, also by an op, and `replace` is False.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> from autograd_lite import nn
    >>> _ = register_activation("scaled_tanh", lambda z: 1.7159 * ag.tanh(2.0 / 3.0 * z))
    >>> nn.MLP(2, [3, 1], activation="scaled_tanh")
    MLP(2 → 3 scaled_tanh → 1 linear, 13 parameters)
    >>> del ACTIVATIONS["scaled_tanh"]
    """
    if not callable(activation):
        raise OperandError(f"{shown(activation)} is not an activation; give a function of one Value.")
    return ACTIVATIONS.register(name, activation, replace=replace)


def _record(op: Op, z: Node) -> Scalar:
    """Apply the op without argument validation."""
    return z.record(op, (z,))

"""Nodes in messages."""

from __future__ import annotations

from autograd_lite.engine import Value
from autograd_lite.formulas import pretty_number
from autograd_lite.op import Op

__all__ = ["applied", "op_of", "operands", "own_name"]


def op_of(v: Value) -> Op:
    """The op of a node that is not a leaf."""
    assert v.op is not None
    return v.op


def operands(v: Value) -> str:
    """List a node's operands, of many the first four."""
    listed = [f"{u.label} = {pretty_number(u.data)}" if u.label else pretty_number(u.data) for u in v.operands[:4]]
    return ", ".join([*listed, *(["..."] if len(v.operands) > 4 else [])])


def applied(v: Value) -> str:
    """Write a node as its op applied to numbers.

    Examples
    --------
    >>> applied(Value(2.0, "x") * 3.0)
    'mul(x = 2, 3)'
    """
    return f"{op_of(v).name}({operands(v)})"


def own_name(v: Value) -> str:
    """Name a leaf by its label, or by its number.

    Examples
    --------
    >>> own_name(Value(2.0, "w")), own_name(Value(2.0))
    ("'w'", 'a leaf that is 2')
    """
    return repr(v.label) if v.label else f"a leaf that is {pretty_number(v.data)}"

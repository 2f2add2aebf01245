"""`primitive`: define an op, in the table of this library or in a file of your own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial as bind
from typing import Any

from autograd_lite.errors import OpDefinitionError
from autograd_lite.formulas import NOTATION, Notation, expr
from autograd_lite.namespaces import arrays, floats, symbols, values
from autograd_lite.op import TABLE, Node, Op, Rule

__all__ = ["primitive"]


def primitive(
    *,
    partials: Mapping[str, Rule | float],
    kind: type[Op] = Op,
    symbol: str | None = None,
    pretty: str | None = None,
    latex: str | None = None,
    operator: str | None = None,
    **fields: Any,
) -> Callable[[Rule], Op]:
    """Define an op by its rule, and add it to the table and to every namespace.

    Parameters
    ----------
    partials : dict of str to callable or float
        One rule ``(xp, y, *operands)`` per operand, by its name and in order; a float where the partial is constant.
        An op whose partials are all 0.0 is piecewise constant: gradients stop there.
    kind : type
        `Op`, or `ManyOp` where the operands are sequences, or `ScaledOp` for a slope beta.
    symbol : str, optional
        What pictures show in place of the name.
    pretty, latex : str, optional
        How the op is typeset, with the operands' names in braces; ``name(operands)`` unless given.
    operator : str, optional
        Python's operator for the op, as in ``__add__``.
    **fields
        ``domain``, ``infix``, ``smooth`` and ``taught``, as in `Op`.

    Raises
    ------
    OpDefinitionError
        At once, if a rule branches on an operand, uses an unknown word or misnames an operand.

    Examples
    --------
    A new op needs nothing but its row (here taken back, so that the table stays as it is).

    >>> from autograd_lite import Value, gradients
    >>> @primitive(partials={"x": lambda xp, y, x: 3.0 * xp.square(x)})
    ... def cube(xp, x):
    ...     "The cube of x."
    ...     return x * xp.square(x)
    >>> cube(2.0), gradients(cube(v := Value(2.0)), v)
    (8.0, 12.0)
    >>> del TABLE["cube"]
    """

    def define(rule: Rule) -> Op:
        op = kind(rule, partials, symbol=symbol, **fields)
        for namespace in (floats, arrays):
            if not hasattr(namespace, op.name):
                setattr(namespace, op.name, bind(rule, namespace))
        if pretty or latex:
            NOTATION[op.name] = Notation(op.operand_names, pretty, latex)
        _check_on_symbols(op)
        TABLE[op.name] = op
        setattr(values, op.name, op)
        if operator:
            Node.define_operator(operator, op)
        return op

    return define


def _check_on_symbols(op: Op) -> None:
    """Run the rules on names once, so that a mistake shows where it was made."""
    names = [f"{name}{i}" for name in op.operand_names for i in (1, 2)] if op.many else list(op.operand_names)
    try:
        op.value_of(symbols, list(map(expr, names)))
        op.differentiate(symbols, expr("y"), list(map(expr, names)), [True] * len(names))
        for i in range(len(names)):
            op.slope(i, "y", *names)
    except (TypeError, AttributeError) as error:
        raise OpDefinitionError(f"Op {op.name}: {error}") from error

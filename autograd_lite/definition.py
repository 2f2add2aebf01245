"""`primitive`: define an op, in the table of this library or in a file of your own.

Types: ``Any`` stands for what rules see: floats, arrays, names or nodes.
"""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial as bind
from typing import Any

from autograd_lite.errors import OpDefinitionError
from autograd_lite.formulas import NOTATION, Notation, expr
from autograd_lite.namespaces import arrays, floats, symbols, values
from autograd_lite.node import Node
from autograd_lite.op import TABLE, Op, Rule

__all__ = ["primitive"]

_OURS = "autograd_lite.ops"  # its words stand in `namespaces`, and its rows are not replaced


def primitive(
    *,
    partials: Mapping[str, Rule | float],
    kind: type[Op] = Op,
    symbol: str | None = None,
    pretty: str | None = None,
    latex: str | None = None,
    operator: str | None = None,
    black_box: bool = False,
    replace: bool = False,
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
    black_box : bool
        Whether the function is not a rule but a plain function of the operands, on floats and arrays, such as
        ``scipy.special.j0``. Its partials are rules of words, or compute with other black boxes: then the op has no
        second derivatives (they are NaN).
    replace : bool
        Whether an op of the same name, defined before by the user, is replaced: for notebooks.
    **fields
        ``domain``, ``infix``, ``smooth`` and ``taught``, as in `Op`.

    Raises
    ------
    OpDefinitionError
        At once, if a rule branches on an operand, uses an unknown word or misnames an operand; if the name is taken.

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

    def define(function: Callable[..., Any]) -> Op:
        name = _checked_name(function, replace)
        op = kind(_word(function, partials) if black_box else function, partials, symbol=symbol, **fields)
        ours, before = (
            getattr(function, "__module__", "") == _OURS,
            [(xp, vars(xp).get(name)) for xp in (floats, arrays)],
        )
        for xp, known in before:
            if not (ours and known):  # the words of `namespaces` stay
                setattr(xp, name, _on_numbers(function, xp) if black_box else bind(function, xp))
        NOTATION.pop(name, None)
        if pretty or latex:
            NOTATION[name] = Notation(op.operand_names, pretty, latex)
        try:
            if black_box:
                op.black_box = True
                op.partials = tuple(map(_differentiable, itertools.repeat(op), op.operand_names, op.partials))
            else:
                _check_on_symbols(op)
        except OpDefinitionError:
            for xp, known in before:
                vars(xp).pop(name)
                vars(xp).update({name: known} if known else {})
            raise
        TABLE[name] = op
        setattr(values, name, op)
        Node.define_method(op)
        if operator:
            Node.define_operator(operator, op)
        return op

    return define


def _checked_name(function: Callable[..., Any], replace: bool) -> str:
    name: str = getattr(function, "__name__", "")
    if not name.isidentifier():
        raise OpDefinitionError(f"An op needs a name, and {function!r} has none. Define it with def.")
    known = TABLE.get(name)
    if known is not None and (not replace or known.__module__ == _OURS):
        advice = "Choose another name." if known.__module__ == _OURS else "Use replace=True to define it again."
        raise OpDefinitionError(f"There is an op {name} already. {advice}")
    return name


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


# --- black boxes ----------------------------------------------------------------------------------------------------


def _word(function: Callable[..., Any], operand_names: Iterable[str]) -> Rule:
    """Make the rule of a black box: a word of its own, which `floats` and `arrays` compute."""

    def rule(xp: Any, *operands: Any) -> Any:
        return getattr(xp, function.__name__)(*operands)

    rule.__name__ = rule.__qualname__ = function.__name__
    rule.__doc__ = function.__doc__
    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in ("xp", *operand_names)]
    rule.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return rule


def _on_numbers(function: Callable[..., Any], xp: Any) -> Callable[..., Any]:
    return function if xp is arrays else lambda *operands: float(function(*operands))


def _differentiable(op: Op, operand: str, rule: Rule) -> Rule:
    """Give the partial of a black box: of words as it is; what computes with numbers as a black box of its own."""
    try:
        inspect.signature(rule).bind(symbols, "y", *op.operand_names)
    except TypeError as error:
        raise OpDefinitionError(f"Op {op.name}: the partial by {operand} takes (xp, y, operands); {error}.") from error
    try:
        rule(symbols, expr("y"), *map(expr, op.operand_names))
    except OpDefinitionError:
        return rule  # a word that is defined later: the derivatives of j0 and j1 need each other
    except TypeError:
        return _numerical(op, operand, rule)
    return rule


def _numerical(op: Op, operand: str, rule: Rule) -> Rule:
    def slope(*operands: Any) -> Any:
        return rule(arrays, *operands)

    slope.__name__ = f"{op.name}_by_{operand}"
    slope.__doc__ = f"Partial of {op.name} by {operand}, a black box."
    unknown = dict.fromkeys((f"{op.name}_value", *op.operand_names), lambda xp, *_: math.nan)
    primitive(partials=unknown, black_box=True, replace=True)(slope)
    return lambda xp, *operands: getattr(xp, slope.__name__)(*operands)

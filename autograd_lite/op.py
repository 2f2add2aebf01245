"""`Op`: a primitive as data, evaluated in any namespace.

An `Op` holds the rule of a value and one rule per partial. It evaluates them on floats (IEEE 754 in every case), on
arrays, on names to give formulas, and on graph nodes, which record it.

Types: ``Any`` stands for what rules see by design: floats, arrays, names or nodes.
"""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from functools import update_wrapper
from typing import Any

import numpy as np

from autograd_lite.errors import OpDefinitionError, OperandError, ShapeError, UnknownNameError
from autograd_lite.formulas import Expr, expr
from autograd_lite.namespaces import arrays, floats, symbols
from autograd_lite.real_numbers import to_number
from autograd_lite.text import counted, shown

__all__ = [
    "OPERATORS",
    "TABLE",
    "ManyOp",
    "Op",
    "Recorder",
    "ScaledOp",
    "current_tracer",
    "next_order",
    "next_orders",
    "shown",
    "to_number",
]

Rule = Callable[..., Any]  # (xp, *operands) -> value, or (xp, y, *operands) -> partial
Interval = tuple[float, float]

_numbers = itertools.count()
next_order = _numbers.__next__  # numbers new nodes


def next_orders(count: int) -> list[int]:
    """Numbers for so many new nodes."""
    return list(itertools.islice(_numbers, count))


current_tracer: ContextVar[Any] = ContextVar("current_tracer", default=None)  # what records a function, while it runs

TABLE: dict[str, Op] = {}
"""All ops by name, in the order of their definition."""

OPERATORS: dict[str, Op] = {}  # by the name of Python's operator, as in __add__


class Recorder:
    """What ops see of a graph node: an op on it is recorded, not computed."""

    __slots__ = ()

    def record(self, op: Op, operands: Sequence[Any]) -> Any:
        """Make the node that `op` gives on `operands`, of which this is one; numbers become constants."""
        raise NotImplementedError


class Op:
    """A primitive: a row of the op table, callable on numbers, arrays and nodes.

    Given only numbers it returns a float; given any Value, a Value; given an array, it works element by element.

    Attributes
    ----------
    name : str
        Its name in the table, NumPy's where NumPy has the function.
    value : callable
        The rule ``(xp, *operands) -> value``.
    partials : tuple of callable
        One rule ``(xp, y, *operands) -> partial`` per operand, in order.
    operand_names : tuple of str
        The names of the operands.
    symbol : str
        What pictures show in the node: ``×``, or the name.
    infix : bool
        Whether its formula is the rule written out, ``a + b``, and not ``name(operands)``.
    domain : dict of str to (float, float)
        The interval where each operand makes sense; tests draw from it.
    smooth : callable
        Whether the partials are classical derivatives at the given operands (False at a kink).
    piecewise_constant : bool
        Whether all partials are 0.0: gradients stop here.
    black_box : bool
        Whether the value is computed by a function of numbers that is not composed of words.
    taught : dict of str to callable
        The partials as a textbook prints them, where they are computed in another form for accuracy's sake.
    """

    many = black_box = False
    rounded: Rule | None = None  # the value's rule for code whose sums are rounded term by term, where it needs another

    def __init__(
        self,
        rule: Rule,
        partials: Mapping[str, Rule | float],
        *,
        symbol: str | None = None,
        infix: bool = False,
        domain: Mapping[str, Interval] | None = None,
        smooth: Callable[..., Any] | None = None,
        taught: Mapping[str, Rule] | None = None,
    ) -> None:
        update_wrapper(self, rule)
        self.name = rule.__name__
        operands = list(inspect.signature(rule).parameters.values())[1:]
        self._signature = inspect.Signature(operands)
        self.operand_names = tuple(p.name for p in operands)
        self.defaults = tuple(p.default for p in operands if p.default is not inspect.Parameter.empty)
        self.value = rule
        if tuple(partials) != self.operand_names:
            raise OpDefinitionError(
                f"Op {self.name} has the operands {', '.join(self.operand_names)}, and partials for "
                f"{', '.join(partials) or 'none'}. Give one partial per operand, by its name, in the same order."
            )
        self.partials = tuple(p if callable(p) else _constant_rule(p) for p in partials.values())
        self.symbol = symbol or self.name
        self.infix = infix
        self.domain = dict.fromkeys(self.operand_names, (-math.inf, math.inf)) | dict(domain or {})
        self.smooth: Callable[..., Any] = smooth or (lambda *_: True)
        self.taught = dict(taught or {})
        self.piecewise_constant = all(p == 0.0 for p in partials.values())

    def __repr__(self) -> str:
        return f"<op {self.name}({', '.join(self.operand_names)})>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _op_named, (self.name,)

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Apply the op to numbers, Values or arrays."""
        return self._apply(self._bind(given, named) if named or len(given) != len(self.operand_names) else given)

    def _apply(self, operands: Sequence[Any]) -> Any:
        node = None
        for x in operands:
            if isinstance(x, np.ndarray) and x.ndim:
                result = np.frompyfunc(lambda *xs: self._apply(xs), len(operands), 1)(*operands)
                return result if any(isinstance(x, Recorder) for x in result.flat) else result.astype(float)
            if node is None and isinstance(x, Recorder):
                node = x
        if node is not None:
            return node.record(self, operands)
        return self.number([to_number(x, self.name) for x in operands])

    def _bind(self, given: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
        for unknown in named.keys() - set(self.operand_names):
            raise UnknownNameError.among(f"operand of {self.name}", unknown, self.operand_names)
        try:
            bound = self._signature.bind(*given, **named)
        except TypeError:
            got, names = counted(len(given) + len(named), "operand"), self.operand_names
            raise OperandError(
                f"{self.name} got {got}; it takes {len(names)}: {self.name}({', '.join(names)})."
            ) from None
        bound.apply_defaults()
        return bound.args

    # Numbers

    def number(self, data: Sequence[float]) -> float:
        """The value on floats, IEEE 754 in every case."""
        try:
            return self.value_of(floats, data)  # type: ignore[no-any-return]
        except (ArithmeticError, ValueError):  # what math raises, NumPy answers
            with np.errstate(all="ignore"):
                return float(self.value_of(arrays, [np.float64(x) for x in data]))

    def evaluate(self, data: Sequence[float], needs: Sequence[bool]) -> tuple[float, tuple[float | None, ...]]:
        """The value on floats, and the partials where they are needed."""
        y = self.number(data)
        if y != y:  # noqa: PLR0124 - where the value is NaN, so is the derivative
            return y, tuple([math.nan if need else None for need in needs])
        try:
            return y, tuple(self.differentiate(floats, y, data, needs))
        except (ArithmeticError, ValueError):
            with np.errstate(all="ignore"):
                slopes = self.differentiate(arrays, np.float64(y), [np.float64(x) for x in data], needs)
                return y, tuple([None if p is None else float(p) for p in slopes])

    def value_of(self, xp: Any, operands: Sequence[Any]) -> Any:
        """Evaluate the value's rule in a namespace."""
        return self.value(xp, *operands)

    def differentiate(
        self, xp: Any, y: Any, operands: Sequence[Any], needs: Sequence[bool], rules: Sequence[Rule] = ()
    ) -> Sequence[Any]:
        """Evaluate the partials' rules in a namespace, where they are needed; None elsewhere."""
        return [
            rule(xp, y, *operands) if need else None for rule, need in zip(rules or self.partials, needs, strict=True)
        ]

    def needs_grad(self, needs: Iterable[bool]) -> bool:
        """Whether the result needs a gradient: a piecewise constant one, such as a sign, never does."""
        return not self.piecewise_constant and any(needs)

    # Formulas

    def formula(self, *names: str | Expr) -> Expr:
        """The op applied to names, as people write it.

        Examples
        --------
        >>> print(TABLE["mul"].formula("w", "x"), TABLE["tanh"].formula("z"))
        w · x tanh(z)
        """
        operands = tuple(map(expr, names))
        return expr(self.value_of(symbols, operands)) if self.infix else Expr(self.name, operands)

    def slope(self, index: int, y: str | Expr, *names: str | Expr) -> Expr:
        """The partial by one operand as a formula, in the form that is taught.

        Examples
        --------
        >>> print(TABLE["sigmoid"].slope(0, "s", "z"))
        s · (1 − s)
        """
        rules = [self.taught.get(name, rule) for name, rule in zip(self.operand_names, self.partials, strict=True)]
        by_one = [i == index for i in range(len(names))]
        return expr(self.differentiate(symbols, expr(y), list(map(expr, names)), by_one, rules)[index])


class ScaledOp(Op):
    """An op of one operand with an optional slope, which multiplies the operand first: ``sigmoid(x, beta=5.0)``."""

    def __call__(self, x: Any, beta: Any = 1.0) -> Any:
        """Apply the op to ``beta * x``."""
        return super().__call__(x if isinstance(beta, (int, float)) and beta == 1 else beta * x)


class ManyOp(Op):
    """An op of many operands: its rule gets sequences, and each partials' rule returns a sequence.

    ``fsum(xs)`` has one group of operands, ``sumprod(ws, xs)`` two of equal length. A node's operands are the groups,
    one after the other.
    """

    many = True

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Apply the op to sequences of numbers or Values; with one group also to separate operands."""
        groups = self._groups(self._bind(given, named) if named else given)
        return self._apply([x for group in groups for x in group])

    def _groups(self, given: tuple[Any, ...]) -> list[list[Any]]:
        names = self.operand_names
        if len(names) == 1 and (len(given) > 1 or (given and not _is_sequence(given[0]))):
            return [list(given)]  # maximum(a, b, c) as well as maximum([a, b, c])
        if len(given) != len(names) or not all(map(_is_sequence, given)):
            wanted = " and ".join(f"a sequence {name}" for name in names)
            raise OperandError(f"{self.name} takes {wanted}; it got {', '.join(map(shown, given)) or 'nothing'}.")
        groups = [list(group) for group in given]
        if len({len(group) for group in groups}) > 1:
            lengths = ", ".join(f"{len(group)} {name}" for name, group in zip(names, groups, strict=True))
            raise ShapeError(f"{self.name} got {lengths}; it needs as many of each.")
        if not groups[0] and self.name not in ("fsum", "sumprod"):
            raise ShapeError(f"{self.name} of nothing has no value. Give at least one number.")
        return groups

    def split(self, operands: Sequence[Any]) -> list[Sequence[Any]]:
        """Divide a node's operands into the groups that the rules take."""
        n = len(self.operand_names)
        if n == 1:
            return [operands]
        size = len(operands) // n
        return [operands[i * size : (i + 1) * size] for i in range(n)]

    def value_of(self, xp: Any, operands: Sequence[Any]) -> Any:
        """Evaluate the value's rule in a namespace."""
        return self.value(xp, *self.split(operands))

    def differentiate(
        self, xp: Any, y: Any, operands: Sequence[Any], needs: Sequence[bool], rules: Sequence[Rule] = ()
    ) -> Sequence[Any]:
        """Evaluate the partials' rules in a namespace, group by group where any is needed; None elsewhere."""
        slopes: list[Any] = []
        groups = self.split(operands)
        for rule, group, group_needs in zip(rules or self.partials, groups, self.split(needs), strict=True):
            if all(group_needs):
                slopes += rule(xp, y, *groups)
            elif any(group_needs):  # a constant among Values, as in maximum(x, 0.0)
                slopes += [p if need else None for p, need in zip(rule(xp, y, *groups), group_needs, strict=True)]
            else:
                slopes += [None] * len(group)
        return slopes


def _is_sequence(thing: Any) -> bool:
    return isinstance(thing, Iterable) and not isinstance(thing, (str, Recorder))


def _constant_rule(number: float) -> Rule:
    return lambda xp, y, *operands: number


def _op_named(name: str) -> Op:
    if name not in TABLE:
        raise OpDefinitionError(f"The op {name} is needed, but not defined. Import the file that defines it first.")
    return TABLE[name]

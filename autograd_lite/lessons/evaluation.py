"""Formulas evaluated: a `Scope` has numbers, definitions and functions, and turns trees into graphs of Values.

A definition is one node, however often it is used, so that a derivative by its name is the derivative by that node.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from autograd_lite.engine import TABLE, Value, gradients
from autograd_lite.errors import AutogradLiteError, ExpressionError, UnknownNameError
from autograd_lite.formulas import Expr
from autograd_lite.lessons.notation import DERIVATIVE, SLOPE, SUM, names_in
from autograd_lite.text import shown

__all__ = ["CONSTANTS", "Definitions", "Function", "Scope", "free_names", "indexed", "mapped"]

CONSTANTS = {"pi": math.pi, "e": math.e}
OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "**": "pow", "neg": "neg"}
MOST_TERMS = 100  # of a sum
LARGEST = 20_000  # parts of one graph
DEEPEST = 60  # functions that call functions

Definitions: TypeAlias = dict[str, Expr]


@dataclass(frozen=True)
class Function:
    """A function that a text defines: its parameters, and its formula."""

    parameters: tuple[str, ...]
    body: Expr


def mapped(tree: Expr, names: Mapping[str, Expr]) -> Expr:
    """A tree with other names.

    Examples
    --------
    >>> from autograd_lite.lessons.notation import read
    >>> mapped(read("a + b"), {"a": read("c d")}).text
    'c * d + b'
    """
    if not tree.args:
        return names.get(str(tree.head), tree) if isinstance(tree.head, str) else tree
    return Expr(tree.head, tuple(mapped(part, names) for part in tree.args))


def indexed(tree: Expr, index: str, number: int) -> Expr:
    """One term of a sum: the names that end in the index, ``x_i``, get a number instead, ``x_1``."""
    names = names_in(tree)
    ending = f"_{index}"
    renamed = {name: Expr(f"{name[: -len(ending)]}_{number}") for name in names if name.endswith(ending)}
    return mapped(tree, renamed | ({index: Expr(float(number))} if index in names else {}))


@dataclass
class Scope:
    """What names mean.

    Parameters
    ----------
    numbers : mapping of str to float
        Given numbers: the leaves of the graphs.
    definitions : mapping of str to Expr
        Named formulas; each becomes one node, evaluated when it is first needed.
    functions : mapping of str to Function
        Functions with parameters.
    terms : int
        How many terms a sum has.

    Examples
    --------
    >>> from autograd_lite.lessons.notation import read
    >>> scope = Scope({"w": 2.0, "x": 3.0}, {"E": read("(w x)^2")})
    >>> scope.number(read("dE/dw", {"E"}))
    36.0
    """

    numbers: Mapping[str, float]
    definitions: Mapping[str, Expr] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)
    terms: int = 3
    _nodes: dict[str, Value] = field(default_factory=dict, repr=False)
    _open: list[str] = field(default_factory=list, repr=False)
    _left: int = field(default=0, repr=False)

    def number(self, tree: Expr) -> float:
        """The number that a formula stands for; NaN where it has none."""
        return self.value(tree).data

    def value(self, tree: Expr) -> Value:
        """The graph of a formula.

        Raises
        ------
        ExpressionError
            If a name has no meaning, an op gets what it does not take, or functions that call functions make the
            graph too large.
        """
        self._left = LARGEST
        self._open.clear()  # an error may have left it
        return self._value(tree, {})

    def _value(self, tree: Expr, local: Mapping[str, Value]) -> Value:
        self._left -= 1
        if self._left < 0:
            raise ExpressionError(f"The graph has more than {LARGEST:,} nodes. Do functions call functions twice each?")
        if not isinstance(tree.head, str):
            return Value.constant(tree.head)
        if not tree.args:
            return self._named(tree.head, local)
        if tree.head in (DERIVATIVE, SLOPE):
            return self._derivative(tree, local)
        if tree.head == SUM:
            return self._sum(tree, local)
        if tree.head.rstrip("'") in self.functions:
            return self._call(tree, local)
        return self._op(tree, [self._value(part, local) for part in tree.args])

    def _op(self, tree: Expr, operands: list[Value]) -> Value:
        name = OPERATORS.get(str(tree.head), str(tree.head))
        if name not in TABLE:
            raise ExpressionError(str(UnknownNameError.among("op", name, TABLE)))
        try:
            result = TABLE[name](*operands)
        except (AutogradLiteError, TypeError) as error:
            wanted = ", ".join(TABLE[name].operand_names)
            raise ExpressionError(f"{shown(tree.pretty)}: {name} takes {wanted}. {error}") from None
        if not isinstance(result, Value):
            raise ExpressionError(f"{shown(tree.pretty)}: {name} gives several numbers, where one is needed.")
        return result

    def _named(self, name: str, local: Mapping[str, Value]) -> Value:
        if name in local:
            return local[name]
        if name not in self._nodes:
            self._nodes[name] = self._made(name)
        return self._nodes[name]

    def _made(self, name: str) -> Value:
        if name in self.numbers:
            return Value(self.numbers[name], name)
        if name in self.definitions:
            if name in self._open:
                raise ExpressionError(f"{' = '.join([*self._open, name])}: {name} is defined by itself.")
            self._open.append(name)
            node = _fresh(self._value(self.definitions[name], {}))
            self._open.pop()
            node.label = name
            return node
        if name in CONSTANTS:
            return Value.constant(CONSTANTS[name], name)
        known = [*self.numbers, *self.definitions, *self.functions]
        raise ExpressionError(str(UnknownNameError.among("name", name, known)))

    def _derivative(self, tree: Expr, local: Mapping[str, Value]) -> Value:
        body, by = tree.args
        node = self._named(str(by.head), local)
        result: Value = gradients(self._value(body, local), node, create_graph=True)
        return result

    def _sum(self, tree: Expr, local: Mapping[str, Value]) -> Value:
        index, body = tree.args
        terms = [self._value(indexed(body, str(index.head), k), local) for k in range(1, self.terms + 1)]
        return TABLE["fsum"](terms)  # type: ignore[no-any-return]

    def _call(self, tree: Expr, local: Mapping[str, Value]) -> Value:
        name = str(tree.head)
        function, order = self.functions[name.rstrip("'")], name.count("'")
        wanted = len(function.parameters)
        if len(tree.args) != wanted or (order and wanted > 1):
            raise ExpressionError(f"{shown(tree.pretty)}: {name} takes {', '.join(function.parameters)}.")
        if len(self._open) > DEEPEST:
            raise ExpressionError(f"{name} calls itself; a function here is one formula.")
        given = [_fresh(self._value(part, local)) for part in tree.args]
        self._open.append(name)
        result = self._value(function.body, dict(zip(function.parameters, given, strict=True)))
        self._open.pop()
        for _ in range(order):
            result = gradients(result, given[0], create_graph=True)
        return result


def _fresh(v: Value) -> Value:
    """A node of its own for an argument or a name, by which can be differentiated."""
    return TABLE["identity"](v) if v.requires_grad else Value(v.data)


def free_names(tree: Expr, known: Mapping[str, object], terms: int, bound: tuple[str, ...] = ()) -> dict[str, None]:
    """The names of a tree that have no meaning yet; a sum counts with its terms.

    Examples
    --------
    >>> from autograd_lite.lessons.notation import read
    >>> list(free_names(read("c sum_i(x_i) + e^b"), {"c": 1.0}, 2))
    ['x_1', 'x_2', 'b']
    """
    if tree.head == SUM and tree.args:
        index, body = tree.args
        parts = [indexed(body, str(index.head), k) for k in range(1, terms + 1)]
        return {name: None for part in parts for name in free_names(part, known, terms, bound)}
    if tree.args:
        return {name: None for part in tree.args for name in free_names(part, known, terms, bound)}
    if not isinstance(tree.head, str) or tree.head in known or tree.head in bound or tree.head in CONSTANTS:
        return {}
    return {tree.head: None}

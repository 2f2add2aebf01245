r"""Formulas typed on the command line: text in, a graph of Values out.

Python's own parser turns the text into a tree, and this file walks the tree: a number is a float, a name one of the
Values given, an operator or a call a row of the op table. Anything else is an error with its position marked. Nothing
of the text is ever run, so text from anyone is safe.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from autograd_lite.engine import TABLE, Value
from autograd_lite.errors import AutogradLiteError, ExpressionError, UnknownNameError
from autograd_lite.guesses import SIGNS
from autograd_lite.text import shown

__all__ = ["evaluate"]

MAX_LENGTH = 10_000  # characters; what a person types has a hundred
MAX_DEPTH = 100  # levels of nesting: the walk recurses three frames a level, far from Python's limit of 1000
PRODUCT = "a product is written with *, as in 2*a"
WINDOW = 72  # columns of the text that an error shows

OPS: dict[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Mod: "remainder",
    ast.Pow: "pow",
    ast.USub: "neg",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Eq: "equal",
}


def evaluate(text: str, numbers: Mapping[str, float]) -> Value:
    """Build the graph of an expression.

    Parameters
    ----------
    text : str
        An expression, ``"tanh(w*x + b)"``, or a sequence that names results between, ``"b = a + a; c = b + b"``: the
        last one is the root. Numbers, names, ``+ - * / % **``, comparisons, and calls of ops of the table.
    numbers : mapping of str to float
        The number that each name stands for.

    Returns
    -------
    Value
        The root; names become labels.

    Raises
    ------
    ExpressionError
        If the text cannot be understood, with the position marked; if a name is unknown or not used; if the text is
        too long or nested too deep.

    Examples
    --------
    >>> c = evaluate("b = a + a; c = b + b", {"a": 3.0})
    >>> c.backward()
    >>> c.label, c.data, [b.label for b in c.operands]
    ('c', 12.0, ['b', 'b'])
    >>> evaluate("tanh(a + )", {"a": 3.0})
    Traceback (most recent call last):
    autograd_lite.errors.ExpressionError: This is not a formula: invalid syntax.
        tanh(a + )
                 ^
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"The expression has {len(text):,} characters; at most {MAX_LENGTH:,} are read here. "
            "Build a graph of that size in Python."
        )
    return _Reader(" ".join(text.split()), numbers).result()


class _Reader:
    """State of one text: the names defined so far, and the given ones that are not used yet."""

    def __init__(self, text: str, numbers: Mapping[str, float]) -> None:
        self.text = text
        self.names = {name: Value(number, name) for name, number in numbers.items()}
        self.unused = dict.fromkeys(numbers)

    def result(self) -> Value:
        statements = self._parsed()
        if not statements:
            raise ExpressionError("The expression is empty. Give a formula such as 'tanh(w*x + b)'.")
        root = [self._statement(statement) for statement in statements][-1]
        if not isinstance(root, Value) or root.op is None:
            raise ExpressionError(
                f"{shown(self.text)} contains no variable, so there is no graph to show. Use variables in a "
                "formula, such as 'w * x', and give their numbers, such as w=-0.5 x=2."
            )
        if self.unused:
            name = next(iter(self.unused))
            raise ExpressionError(
                f"{name}={self.names[name].data:g} is given, but {shown(self.text)} does not contain {name!r}."
            )
        return root

    def _parsed(self) -> list[ast.stmt]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # Python warns of what it half understands, such as "1if a"
                return ast.parse(self.text).body
        except SyntaxError as error:
            column = (error.offset or 1) - 1
            raise self._marked(column, f"This is not a formula: {self._advice(column, error.msg)}.") from None
        except (MemoryError, RecursionError):
            raise ExpressionError(f"{shown(self.text)} is nested too deep to be read.") from None
        except ValueError as error:  # a null byte, or a number of thousands of digits
            raise ExpressionError(f"{shown(self.text)} is not a formula: {error}.") from None

    def _advice(self, column: int, message: str) -> str:
        """What to write for what books write and Python does not understand, as in 2a or a ÷ b."""
        before, after = self.text[:column], self.text[column:]
        juxtaposed = re.search(r"[\w)]\s*$", before) and re.match(r"[\w(]", after)
        if message == "invalid decimal literal" or (juxtaposed and message.startswith("invalid syntax")):
            return PRODUCT
        return SIGNS.get(after[:1], message)

    # The parts of a formula

    def _statement(self, statement: ast.stmt) -> Any:
        match statement:
            case ast.Expr(value=formula):
                return self._value(formula)
            case ast.Assign(targets=[ast.Name(id=name)], value=formula):
                if name in self.names:
                    raise self._error(statement, f"{name!r} already has a value; use a new name for each result.")
                self.names[name] = _named(self._value(formula), name)
                return self.names[name]
        raise self._error(
            statement, "Only formulas, and names for them such as 'b = a + a; c = b + b', are understood."
        )

    def _value(self, formula: ast.expr, depth: int = 0) -> Any:
        if depth > MAX_DEPTH:
            advice = "Name intermediate results: 's = a + b; t = s * c'."
            raise self._error(formula, f"This is nested more than {MAX_DEPTH} deep. {advice}")
        match formula:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return self._number(formula, number)
            case ast.Name(id=name):
                return self._lookup(formula, name)
            case ast.UnaryOp(op=operator, operand=x) if type(operator) in OPS:
                return self._apply(formula, OPS[type(operator)], [x], depth)
            case ast.BinOp(op=operator, left=a, right=b) if type(operator) in OPS:
                return self._apply(formula, OPS[type(operator)], [a, b], depth)
            case ast.Compare(ops=[operator], left=a, comparators=[b]) if type(operator) in OPS:
                return self._apply(formula, OPS[type(operator)], [a, b], depth)
            case ast.Call(func=ast.Name(id=name), args=operands, keywords=named):
                return self._apply(formula, name, operands, depth, named)
            case ast.BinOp(op=ast.BitXor()):
                raise self._error(formula, f"This is not a formula: {SIGNS['^']}, not a^2.")
            case ast.Call(func=ast.Constant() | ast.BinOp()):
                raise self._error(formula, f"This is not a formula: {PRODUCT}.")
        raise self._error(formula, "Only numbers, names, + - * / % **, comparisons and calls of ops are understood.")

    def _number(self, formula: ast.expr, number: float) -> float:
        try:
            return float(number)
        except OverflowError:
            raise self._error(formula, "This number is larger than a float can hold.") from None

    def _lookup(self, formula: ast.expr, name: str) -> Value:
        if name not in self.names:
            if "·" in name:
                raise self._error(formula, f"This is not a formula: {SIGNS['·']}.")
            if name in TABLE:
                raise self._error(formula, f"{name} is an op and needs its operands: {name}(...).")
            hint = UnknownNameError.among("name", name, self.names) if self.names else f"There is no name {name!r}."
            raise self._error(formula, f"{hint} Give its number after the formula: {shown(name)[1:-1]}=0.5.")
        self.unused.pop(name, None)
        return self.names[name]

    def _apply(
        self, formula: ast.expr, name: str, operands: Sequence[ast.expr], depth: int, named: Sequence[ast.keyword] = ()
    ) -> Any:
        if name not in TABLE:
            raise self._error(formula, str(UnknownNameError.among("op", name, TABLE, ours=True)))
        given = [self._operand(x, depth + 1) for x in operands]
        options = {str(option.arg): self._value(option.value, depth + 1) for option in named}
        try:
            return TABLE[name](*given, **options)
        except AutogradLiteError as error:
            raise self._error(formula, str(error)) from None
        except TypeError:  # an option that the op does not have
            raise self._error(formula, f"{name} takes the operands {', '.join(TABLE[name].operand_names)}.") from None

    def _operand(self, formula: ast.expr, depth: int) -> Any:
        """Evaluate an operand of an op, which may be a list: ``sumprod([w1, w2], [x1, x2])``."""
        if isinstance(formula, (ast.List, ast.Tuple)):
            return [self._value(x, depth) for x in formula.elts]
        return self._value(formula, depth)

    # Errors

    def _error(self, node: ast.stmt | ast.expr, message: str) -> ExpressionError:
        before = self.text.encode()[: node.col_offset]  # the parser counts bytes
        return self._marked(len(before.decode()), message)

    def _marked(self, column: int, message: str) -> ExpressionError:
        """An error that shows the text around a column, marked by a caret."""
        start = max(0, min(column - WINDOW // 2, len(self.text) - WINDOW))
        part = "".join(c if c.isprintable() else "?" for c in self.text[start : start + WINDOW])
        return ExpressionError(f"{message}\n    {part}\n    {' ' * (column - start)}^")


def _named(result: Any, name: str) -> Value:
    """Label a result; a node that already has a label gets an identity node of its own."""
    if not isinstance(result, Value):
        return Value.constant(result, name)
    node: Value = result if result.op is not None and not result.label else TABLE["identity"](result)
    node.label = name
    return node

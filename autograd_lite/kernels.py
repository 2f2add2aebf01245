"""Eager kernels: rows of the op table printed as Python functions that make a node in one call.

Applying an op by its row takes a call for the value and one for each partial. A kernel has them written into its text,
``y = a * b``, where the rule is a formula; where it computes with intermediate results, the kernel calls the rule. Only
the rows of this library are printed, so that no text of a user's becomes code.

Types: ``Any`` stands for nodes, and for the names that a text uses.
"""

from __future__ import annotations

import inspect
import linecache
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from autograd_lite.errors import OpDefinitionError
from autograd_lite.formulas import Expr, expr
from autograd_lite.namespaces import floats
from autograd_lite.node import Node
from autograd_lite.op import OPERATORS, TABLE, Op, next_order

__all__ = ["install", "kernel_text"]

Kernel = Callable[..., Any]

HEADS = {
    1: """\
def kernel(self, *given, **named):
    if given or named:
        return OP(self, *given, **named)
    {x} = self._data
    try:
        y = {value}
        dx = {partials[0]} if self.requires_grad else None
    except (ArithmeticError, ValueError):
        return make(OP, (self,))
    if y != y:
        return make(OP, (self,))
    v = new(Value)
    v._a = (self,)
    v._da = (dx,)
    v._b = v._db = None
    v.requires_grad = {needs}
""",
    2: """\
def kernel(self, other):
    if type(other) is not Value:
        if not isinstance(other, (float, int)):
            return Node.combine(self, OP, self, other)
        other = constant(other)
    {x}, {z} = self._data, other._data
    try:
        y = {value}
        da = {partials[0]} if self.requires_grad else None
        db = {partials[1]} if other.requires_grad else None
    except (ArithmeticError, ValueError):
        return make(OP, (self, other))
    if y != y:
        return make(OP, (self, other))
    v = new(Value)
    v._a = self
    v._b = other
    v._da = da
    v._db = db
    v.requires_grad = {needs}
""",
}
NEEDS = {1: "self.requires_grad", 2: "self.requires_grad or other.requires_grad"}
TAIL = """\
    v._data = y
    v.op = OP
    v.grad = 0.0
    v.label = ""
    v.swept = False
    v.order = next_order()
    return v
"""


def install(kind: Any, make: Callable[..., Any]) -> tuple[dict[Op, Kernel], dict[str, Any]]:
    """Make kernels the operators and methods of a class, `Value`.

    Parameters
    ----------
    kind : type
        The class of the nodes that kernels take and make. Not its subclasses, which decide for themselves.
    make : callable
        ``make(op, operands)``: the same without a kernel, for what is rare.

    Returns
    -------
    kernels : dict of Op to callable
    general : dict of str to callable
        The methods of the base class in whose place kernels are.
    """
    scope = {"Node": Node, "Value": kind, "make": make, "constant": kind.constant, "new": object.__new__}
    rows = [op for op in TABLE.values() if op.__module__ == "autograd_lite.ops" and not op.many]
    kernels = {op: _kernel(op, scope | {"next_order": next_order}) for op in rows if len(op.operand_names) in HEADS}
    methods = {op.name: kernel for op, kernel in kernels.items() if len(op.operand_names) == 1}
    methods |= {"__neg__": methods["neg"], "__abs__": methods["abs"]}
    for name, op in OPERATORS.items():
        methods |= {f"__{name}__": kernels[op], f"__r{name}__": _reflected(kind, op, kernels[op])}
    general = {name: inspect.getattr_static(kind, name) for name in methods}
    for name, method in methods.items():
        setattr(kind, name, method)
    return kernels, general


def _reflected(kind: Any, op: Op, kernel: Kernel) -> Kernel:
    """An operator with the node on the right, as in ``2.0 - x``."""

    def reflected(self: Any, other: Any) -> Any:
        if isinstance(other, (float, int)):
            return kernel(kind.constant(other), self)
        return Node.combine(self, op, other, self)

    return reflected


def kernel_text(op: Op) -> str:
    """The text of an op's kernel; where a value is NaN, and where Python raises, it leaves the work to `make`.

    Examples
    --------
    >>> from autograd_lite.op import TABLE
    >>> [line.strip() for line in kernel_text(TABLE["div"]).splitlines() if line.startswith("        ")][3:6]
    ['y = a / b', 'da = 1.0 / b if self.requires_grad else None', 'db = -y / b if other.requires_grad else None']
    """
    names = ("a", "b") if len(op.operand_names) == 2 else ("x",)
    partials = [_written(rule, f"partials[{i}]", ("y", *names)) for i, rule in enumerate(op.partials)]
    count = len(names)
    head = HEADS[count].format(
        x=names[0],
        z=names[-1],
        value=_written(op.value, "value", names),
        partials=partials,
        needs="False" if op.piecewise_constant else NEEDS[count],
    )
    return head + TAIL


def _kernel(op: Op, scope: Mapping[str, Any]) -> Kernel:
    """Compile an op's kernel, with the names that it uses from the engine."""
    text, place = kernel_text(op), f"<kernel of {op.name}>"
    linecache.cache[place] = len(text), None, text.splitlines(keepends=True), place  # debuggers and tracebacks show it
    names = {**vars(floats), **scope, "floats": floats, "OP": op}
    exec(compile(text, place, "exec"), names)  # noqa: S102 - our own text, printed from our own table
    made: Kernel = names["kernel"]
    made.__name__, made.__doc__ = op.name, op.__doc__
    made.__qualname__ = f"Value.{op.name}"
    return made


def _written(rule: Callable[..., Any], attribute: str, names: tuple[str, ...]) -> str:
    """A rule as an expression of names: its formula, if nothing in it is computed twice, else a call of the rule."""
    call = f"OP.{attribute}(floats, {', '.join(names)})"
    try:
        formula = expr(rule(_Words(), *map(expr, names)))
    except (TypeError, OpDefinitionError):  # it works with lists
        return call
    counts = Counter(map(id, _subtrees(formula)))
    return call if any(count > 1 for count in counts.values()) else formula.text


def _subtrees(formula: Expr) -> Iterator[Expr]:
    """All that is computed in a formula, as often as it is computed."""
    if formula.args:
        yield formula
    for part in formula.args:
        yield from _subtrees(part)


class _Words:
    """The words of `floats` as formulas that call them: exactly what the rule computes, unlike its notation."""

    def __getattr__(self, word: str) -> Any:
        if not callable(getattr(floats, word, None)):
            raise OpDefinitionError(f"{word} is not a function of floats.")
        return lambda *operands: Expr(word, tuple(map(expr, operands)))

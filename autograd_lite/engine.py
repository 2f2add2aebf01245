r"""The node of a graph, and how an op makes one.

A `Value` holds a number, the op and the operands it was computed from, and one *partial* per operand: the number
:math:`\partial v / \partial u` that the chain rule needs. An `Op` is a row of the table: how to compute the number,
and one rule per partial, as data (`ops`). Applying an op to Values computes the number and the partials at once and
stores them, so `Value.backward` is a loop of multiplications and additions.

Letters: a node of two operands keeps them in ``_a`` and ``_b``, and its partials in ``_da`` and ``_db``; any other node
keeps tuples in ``_a`` and ``_da``, and None in ``_b``. Two tuples less on most nodes is 40% of the memory, and half of
the work of Python's cyclic collector, which dominates large graphs. For the same reason `_pair` and `_unary` are
`_make` written out for two operands and one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial as bind
from typing import Any, NoReturn, Self, TypeVar, overload

import numpy as np

from autograd_lite.errors import OperandError, UnknownNameError
from autograd_lite.namespaces import floats, values
from autograd_lite.op import TABLE, ManyOp, Node, Op, ScaledOp, primitive, shown, to_number
from autograd_lite.reverse import adjoints, graph_adjoints, products, reachable

__all__ = ["TABLE", "ManyOp", "Op", "ScaledOp", "Value", "gradients", "primitive", "wire"]

_next_order = itertools.count().__next__
_new = object.__new__
_V = TypeVar("_V", bound="Value")


# --- the node -------------------------------------------------------------------------------------------------------


class Value(Node):
    """A number that remembers how it was computed.

    Parameters
    ----------
    data : float
        The number; anything that is a real number is taken and stored as a float.
    label : str, optional
        Its name in pictures, steps and messages. May be set later.

    Attributes
    ----------
    data : float
        The number. Changing it later changes neither the nodes computed from it nor their gradients.
    grad : float
        The derivative of the last root that was swept by it. Leaves add up over sweeps until they are set to 0.
    op : Op or None
        The op that made the node; None for a leaf.
    requires_grad : bool
        False for a constant, and for what is made of constants alone.

    Raises
    ------
    OperandError
        If `data` is not a real number: text, None, complex, another Value.

    Examples
    --------
    >>> x, w, b = Value(2.0, "x"), Value(-0.5, "w"), Value(0.8, "b")
    >>> loss = ((w * x + b).tanh() - 1.0) ** 2
    >>> loss.backward()
    >>> round(loss.data, 4), round(w.grad, 4)
    (1.4337, -4.6029)
    """

    __slots__ = ("_a", "_b", "_da", "_data", "_db", "grad", "label", "op", "order", "requires_grad", "swept")

    has_number = True  # False for the traced Values of the compiler, which are graphs alone

    _data: float
    _a: Any
    _b: Value | None
    _da: Any
    _db: float | None
    grad: float
    label: str
    op: Op | None
    order: int
    requires_grad: bool
    swept: bool

    def __init__(self, data: float, label: str = "") -> None:
        self._data = data if type(data) is float else to_number(data)
        self.grad = 0.0
        self.label = label
        self.op = None
        self._a = self._da = ()
        self._b = self._db = None
        self.order = _next_order()
        self.requires_grad = True
        self.swept = False

    @property
    def data(self) -> float:
        """The number, a float."""
        return self._data

    @data.setter
    def data(self, number: float) -> None:
        self._data = number if type(number) is float else to_number(number, "data")

    @property
    def operands(self) -> tuple[Value, ...]:
        """What the node was computed from, in order; ``x * x`` has two operands, a leaf none."""
        return self._a if self._b is None else (self._a, self._b)

    @property
    def partials(self) -> tuple[float | None, ...]:
        """The derivative by each operand, as it was when the node was made; None where no gradient is needed."""
        return self._da if self._b is None else (self._da, self._db)

    @staticmethod
    def constant(number: float, label: str = "") -> Value:
        """Make a leaf that needs no gradient, as a plain number in an expression does.

        Examples
        --------
        >>> Value.constant(3.0).requires_grad
        False
        """
        v = Value(number, label)
        v.requires_grad = False
        return v

    @staticmethod
    def next_order() -> int:
        """Number a new node: later nodes have larger numbers."""
        return _next_order()

    # Reverse mode

    def backward(self, seed: float = 1.0) -> None:
        """Compute the gradient of this node by everything it was computed from, into their `grad`.

        Parameters
        ----------
        seed : float
            The adjoint of this node itself, 1 for its own gradient.

        Notes
        -----
        Each leaf's total is added to its `grad` once, so k calls add it k times (``zero_grad`` of a module, or
        ``x.grad = 0.0``, starts again). Nodes between show the last sweep only.

        Examples
        --------
        >>> a = Value(1.0)
        >>> b = a + a
        >>> c = b + b
        >>> c.backward()
        >>> a.grad
        4.0
        """
        for v, total in adjoints(self, float(seed)).items():
            v.grad = v.grad + total if v.op is None else total
            v.swept = False
        self.swept = True

    def is_stale(self) -> bool:
        """Whether the data that this node was computed from has changed since.

        Examples
        --------
        >>> x = Value(1.0)
        >>> y = x * x
        >>> x.data = 2.0
        >>> y.is_stale()
        True
        """
        if self.op is None:
            return False
        data = [u._data for u in self.operands]
        y, partials = self.op.evaluate(data, [u.requires_grad for u in self.operands])
        return not (_same(y, self._data) and all(map(_same, partials, self.partials)))

    def begin_sweep(self) -> None:
        """Hear that a sweep with Values starts here; a traced Value remembers it."""

    def pull_back(self, v_bar: Value, needs: Sequence[bool]) -> Sequence[Any]:
        """Hand the adjoint on: its product with each partial, as a graph, where an operand needs it."""
        return products(v_bar, self.symbolic_partials(needs))

    def symbolic_partials(self, needs: Sequence[bool]) -> Sequence[Any]:
        """Partials as graphs, asked of the rules: what a sweep needs that will be differentiated again."""
        op = self.op
        assert op is not None
        if self._data != self._data:
            return [math.nan] * len(needs)
        return op.differentiate(values, self, self.operands, needs)

    def record(self, op: Op, operands: Sequence[Any]) -> Value:
        """Make the node that `op` gives on `operands`, of which this is one; numbers become constants."""
        if len(operands) == 1 and type(self) is Value and not op.many:
            return _unary(op, self)
        nodes = tuple([x if isinstance(x, Value) else Value.constant(x) for x in operands])
        for v in nodes:
            if type(v) is not Value:
                return v.record(op, nodes)  # a traced Value decides for all
        return _make(op, nodes)

    @classmethod
    def made_by(cls, op: Op, operands: tuple[Value, ...]) -> Self:
        """Make a node of this class, with its number and its partials."""
        return _make(op, operands, cls)

    # Arithmetic; the ops themselves are rows of the table

    def __add__(self, other: Any) -> Any:
        return _binary(values.add, self, other)

    def __radd__(self, other: Any) -> Any:
        return _reflected(values.add, other, self)

    def __sub__(self, other: Any) -> Any:
        return _binary(values.sub, self, other)

    def __rsub__(self, other: Any) -> Any:
        return _reflected(values.sub, other, self)

    def __mul__(self, other: Any) -> Any:
        return _binary(values.mul, self, other)

    def __rmul__(self, other: Any) -> Any:
        return _reflected(values.mul, other, self)

    def __truediv__(self, other: Any) -> Any:
        return _binary(values.div, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _reflected(values.div, other, self)

    def __mod__(self, other: Any) -> Any:
        return _binary(values.remainder, self, other)

    def __rmod__(self, other: Any) -> Any:
        return _reflected(values.remainder, other, self)

    def __pow__(self, other: Any) -> Any:
        return _binary(values.pow, self, other)

    def __rpow__(self, other: Any) -> Any:
        return _reflected(values.pow, other, self)

    def __neg__(self) -> Any:
        return _unary(values.neg, self)

    def __pos__(self) -> Value:
        return self

    def __abs__(self) -> Any:
        return _unary(values.abs, self)

    # Comparisons go by data; equality stays identity, because nodes are keys of dictionaries

    def __lt__(self, other: Any) -> Any:
        return self._data < other._data if isinstance(other, Value) else self._data < other

    def __le__(self, other: Any) -> Any:
        return self._data <= other._data if isinstance(other, Value) else self._data <= other

    def __gt__(self, other: Any) -> Any:
        return self._data > other._data if isinstance(other, Value) else self._data > other

    def __ge__(self, other: Any) -> Any:
        return self._data >= other._data if isinstance(other, Value) else self._data >= other

    def __bool__(self) -> bool:
        return self._data != 0.0

    # What would drop the graph in silence is refused

    def __float__(self) -> NoReturn:
        self._refuse("float")

    def __int__(self) -> NoReturn:
        self._refuse("int")

    def __index__(self) -> NoReturn:  # noqa: PLE0305 - it never returns
        self._refuse("an index")

    def __complex__(self) -> NoReturn:
        self._refuse("complex")

    def _refuse(self, kind: str, /) -> NoReturn:
        raise OperandError(
            f"{self!r} cannot become {kind}, because its graph would be lost in silence. Use v.data for the number, "
            "or an op of autograd_lite (ag.exp, not math.exp) to stay in the graph."
        )

    # Every op of the table is a method too, under NumPy's name, so np.exp(array of Values) works

    def __getattr__(self, name: str) -> Callable[..., Any]:
        op = TABLE.get(name)
        if op is not None:
            return bind(op, self)
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(str(UnknownNameError.among("attribute or op", name, [*TABLE, "data", "grad", "label"])))

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *TABLE]

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self._data}, grad={self.grad}{label})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    # Copies and pickles are flat: no recursion, fresh order numbers, and leaves keep their identity

    def __reduce__(self) -> tuple[Any, ...]:
        if self.op is None:
            return _leaf, (self._data, self.label, self.grad, self.requires_grad)
        nodes = reachable([self])
        leaves = [v for v in nodes if v.op is None]
        return _rebuild, (_Recipe.of(nodes, leaves), leaves)


# --- copying --------------------------------------------------------------------------------------------------------


class _Recipe(tuple[Any, ...]):
    """The nodes of a graph above its leaves, by columns: (op, operands' places, data, partials, grad, label)."""

    __slots__ = ()

    @classmethod
    def of(cls, nodes: Sequence[Value], leaves: Sequence[Value]) -> _Recipe:
        inner = [v for v in nodes if v.op is not None]
        place = {v: i for i, v in enumerate([*leaves, *inner])}
        rows = [(v.op, tuple(place[u] for u in v.operands), v._data, v.partials, v.grad, v.label) for v in inner]
        return cls(zip(*rows, strict=True))

    def __deepcopy__(self, memo: Any) -> _Recipe:
        return self  # tuples of numbers: nothing to copy


def _leaf(data: float, label: str, grad: float, requires_grad: bool) -> Value:
    v = Value(data, label)
    v.grad, v.requires_grad = grad, requires_grad
    return v


def _rebuild(recipe: _Recipe, leaves: list[Value]) -> Value:
    nodes = list(leaves)
    for op, places, data, partials, grad, label in zip(*recipe, strict=True):
        operands = tuple([nodes[i] for i in places])
        v = wire(op, operands, data, partials, op.needs_grad([u.requires_grad for u in operands]), Value)
        v.grad, v.label = grad, label
        nodes.append(v)
    return nodes[-1]


# --- making nodes ---------------------------------------------------------------------------------------------------


def wire(  # noqa: PLR0917 - the slots of a node, by place: this runs once a node
    op: Op,
    operands: tuple[Value, ...],
    data: float,
    partials: tuple[float | None, ...],
    requires_grad: bool,
    kind: type[_V],
) -> _V:
    """Put a node together whose number and partials are known already.

    Examples
    --------
    >>> x = Value(3.0)
    >>> y = wire(TABLE["square"], (x,), 9.0, (6.0,), True, Value)
    >>> y.backward()
    >>> x.grad
    6.0
    """
    v = _new(kind)
    v._data = data
    if len(operands) == 2:
        v._a, v._b = operands
        v._da, v._db = partials
    else:
        v._a, v._da, v._b, v._db = operands, partials, None, None
    v.requires_grad = requires_grad
    v.op = op
    v.grad = 0.0
    v.label = ""
    v.swept = False
    v.order = _next_order()
    return v


def _make(op: Op, operands: tuple[Value, ...], kind: type[_V] = Value) -> _V:  # type: ignore[assignment]
    needs = [u.requires_grad for u in operands]
    data, partials = op.evaluate([u._data for u in operands], needs)
    return wire(op, operands, data, partials, op.needs_grad(needs), kind)


def _unary(op: Op, x: Value) -> Value:
    if type(x) is not Value:
        return x.record(op, (x,))
    data = x._data
    try:
        y = op.value(floats, data)
        partial = op.partials[0](floats, y, data) if x.requires_grad else None
    except (ArithmeticError, ValueError):
        return _make(op, (x,))
    if y != y:  # noqa: PLR0124 - where the value is NaN, so is the derivative
        return _make(op, (x,))
    v = _new(Value)
    v._data = y
    v._a = (x,)
    v._da = (partial,)
    v._b = v._db = None
    v.requires_grad = x.requires_grad and not op.piecewise_constant
    v.op = op
    v.grad = 0.0
    v.label = ""
    v.swept = False
    v.order = _next_order()
    return v


def _binary(op: Op, a: Value, b: Any) -> Any:
    if type(b) is Value:
        return _pair(op, a, b)
    other = _operand(b)
    return NotImplemented if other is None else _pair(op, a, other)


def _reflected(op: Op, a: Any, b: Value) -> Any:
    other = _operand(a)
    return NotImplemented if other is None else _pair(op, other, b)


def _pair(op: Op, a: Value, b: Value) -> Value:
    if type(a) is not Value or type(b) is not Value:
        return a.record(op, (a, b))
    x, z = a._data, b._data
    da = db = None
    try:
        y = op.value(floats, x, z)
        by_a, by_b = op.partials
        if a.requires_grad:
            da = by_a(floats, y, x, z)
        if b.requires_grad:
            db = by_b(floats, y, x, z)
    except (ArithmeticError, ValueError):
        return _make(op, (a, b))
    if y != y:  # noqa: PLR0124 - where the value is NaN, so is the derivative
        return _make(op, (a, b))
    v = _new(Value)
    v._data = y
    v._a = a
    v._b = b
    v._da = da
    v._db = db
    v.requires_grad = (a.requires_grad or b.requires_grad) and not op.piecewise_constant
    v.op = op
    v.grad = 0.0
    v.label = ""
    v.swept = False
    v.order = _next_order()
    return v


def _operand(x: Any) -> Value | None:
    """Make an operand of what stands beside a Value in an expression; None leaves it to the other side."""
    if isinstance(x, Value):
        return x
    if isinstance(x, np.ndarray):
        return None if x.ndim else Value.constant(x.item())
    return Value.constant(x)


def _same(a: float | None, b: float | None) -> bool:
    return a == b or (a != a and b != b)  # noqa: PLR0124 - NaN is the same as NaN here


# --- gradients ------------------------------------------------------------------------------------------------------


@overload
def gradients(loss: Value, wrt: Value, *, create_graph: bool = False) -> Any: ...
@overload
def gradients(loss: Value, wrt: Iterable[Value], *, create_graph: bool = False) -> list[Any]: ...
def gradients(loss: Value, wrt: Value | Iterable[Value], *, create_graph: bool = False) -> Any:
    """Compute derivatives of one Value by others, and leave every `grad` as it is.

    Parameters
    ----------
    loss : Value
        What to differentiate.
    wrt : Value or iterable of Value
        By what: leaves or nodes between.
    create_graph : bool
        Whether the derivatives are Values that can be differentiated again.

    Returns
    -------
    float or Value, or list of them
        The derivatives in the order of `wrt`; 0 where the loss does not depend on it.

    Raises
    ------
    StaleGraphError
        With ``create_graph=True``, if data changed since the graph was built.

    Examples
    --------
    >>> x = Value(2.0)
    >>> slope = gradients(x ** 3, x, create_graph=True)
    >>> slope.data, gradients(slope, x)
    (12.0, 12.0)
    """
    if not isinstance(loss, Value):
        raise OperandError(f"gradients needs the Value to differentiate, not {shown(loss)} ({type(loss).__name__}).")
    nodes = [wrt] if isinstance(wrt, Value) else list(_each_value(wrt))
    results: list[Any]
    if create_graph or not loss.has_number:
        by_node = graph_adjoints(loss, Value.constant(1.0), nodes)
        results = [by_node[v] if v in by_node else Value.constant(0.0) for v in nodes]
    else:
        totals = adjoints(loss)
        results = [totals.get(v, 0.0) for v in nodes]
    return results[0] if isinstance(wrt, Value) else results


def _each_value(wrt: Iterable[Any]) -> Iterator[Value]:
    for v in wrt:
        if not isinstance(v, Value):
            raise OperandError(f"gradients are taken by Values, not by {shown(v)} ({type(v).__name__}).")
        yield v

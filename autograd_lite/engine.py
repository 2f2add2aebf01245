r"""`Value`: a graph node with a number and its partial derivatives, and how an op makes one.

A `Value` holds a number, the op and the operands it was computed from, and one *partial* per operand: the number
:math:`\partial v / \partial u` that the chain rule needs. Applying an op computes the number and the partials at once
and stores them, so `Value.backward` is a loop of multiplications and additions.

Letters: a node of two operands keeps them in ``_a`` and ``_b``, and its partials in ``_da`` and ``_db``; any other node
keeps tuples in ``_a`` and ``_da``, and None in ``_b``. Two tuples less on most nodes is 40% of the memory, and half of
the work of Python's cyclic collector, which dominates large graphs. The operators and the ops of one operand have
kernels, which are `make` written out for one op (`kernels`); a law of the tests says that both make the same node.

Types: ``Any`` stands for what ops take and make: numbers, arrays, Values, or the nodes of the compiler.
"""

from __future__ import annotations

import math
import operator
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

import autograd_lite.ops  # noqa: F401 - fills the table
from autograd_lite.copying import Program, rebuild
from autograd_lite.errors import OperandError, ShapeError, StaleGraphError
from autograd_lite.guesses import ADVICE, MEANT, Misnamed, swapped
from autograd_lite.kernels import install
from autograd_lite.namespaces import values
from autograd_lite.node import Node
from autograd_lite.op import TABLE, ManyOp, Op, ScaledOp, current_tracer, next_order, shown, to_number
from autograd_lite.reverse import adjoints, graph_adjoints
from autograd_lite.sweep import sweep_into_grad

__all__ = ["TABLE", "ManyOp", "Op", "ScaledOp", "Value", "as_nodes", "gradients", "make", "number_of"]
__all__ += ["set_numbers", "wire"]

number_of = attrgetter("_data")  # the number of a Value, read faster than through the property `data`
_EXACT = 2**53  # smaller integers are floats
_new = object.__new__
_V = TypeVar("_V", bound="Value")


if TYPE_CHECKING:
    from autograd_lite.methods import Methods as _Base
else:
    _Base = Node

# --- the node -------------------------------------------------------------------------------------------------------


def _comparison(compare: Callable[[Any, Any], Any]) -> Any:
    def by_data(self: Value, other: Any) -> Any:
        if isinstance(other, Node):
            if not other.has_number:
                return NotImplemented  # the traced node records the comparison
            other = number_of(other)
        return compare(self._data, other)

    return by_data


class Value(_Base):
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
    swept : bool
        Whether it is the root of the last sweep.

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

    __slots__ = ("_a", "_b", "_da", "_data", "_db", "grad", "swept")

    has_number = True

    def __init__(self, data: float, label: str = "") -> None:
        self._data: float = data if type(data) is float else to_number(data)
        self.grad = 0.0
        self.label = label
        self.op = None
        self._a: Any = ()  # the first operand of two, or the tuple of operands
        self._b: Any = None
        self._da: Any = ()
        self._db: float | None = None
        self.order = next_order()
        self.requires_grad = True
        self.swept = False

    @property
    def data(self) -> float:
        """The number, a float; while a function is compiled, the number that it will have when the program runs."""
        tracer = current_tracer.get()
        if tracer is not None and (self.requires_grad or self.op is not None):
            return tracer.number_of(self)  # type: ignore[no-any-return]
        return self._data

    @data.setter
    def data(self, number: float) -> None:
        tracer = current_tracer.get()
        if tracer is not None:
            tracer.refuse_assignment(self)
        self._data = number if type(number) is float else to_number(number, "data")

    @property
    def operands(self) -> tuple[Value, ...]:
        """What the node was computed from, in order; ``x * x`` has two operands, a leaf none."""
        return self._a if self._b is None else (self._a, self._b)

    @property
    def partials(self) -> tuple[float | None, ...]:
        """Derivative by each operand when the node was made; None where no gradient is needed."""
        return self._da if self._b is None else (self._da, self._db)

    @staticmethod
    def constant(number: float, label: str = "") -> Value:
        """Make a leaf that needs no gradient, as a plain number in an expression does.

        Examples
        --------
        >>> Value.constant(3.0).requires_grad
        False
        """
        v = Value(float(number) if type(number) is int and -_EXACT < number < _EXACT else number, label)
        v.requires_grad = False
        return v

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
        sweep_into_grad(self, float(seed))

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

    def symbolic_partials(self, needs: Sequence[bool]) -> Sequence[Any]:
        """Evaluate the partials' rules on nodes; where the value is NaN, so are they."""
        if self.is_stale():
            name = repr(self.label) if self.label else f"a node of {self.op.name}"  # type: ignore[union-attr]
            raise StaleGraphError(
                f"The data of {name}, or of what it was computed from, changed after its graph was built; a second "
                "derivative would mix two points. Run the forward pass again, then differentiate."
            )
        partials = super().symbolic_partials(needs)
        if self._data == self._data:
            return partials
        return [p if p is None else values.where(0.0, p, math.nan) for p in partials]  # NaN, also differentiated again

    def record(self, op: Op, operands: Sequence[Any]) -> Any:
        """Make the node that `op` gives on `operands`, of which this is one; numbers become constants."""
        kernel = KERNELS.get(op)
        if kernel is not None and all([type(v) is Value for v in operands]):  # noqa: C419 - faster than a generator
            return kernel(*operands)
        nodes = as_nodes(operands)
        for v in nodes:
            if type(v) is not Value:
                return v.record(op, nodes)  # a subclass, or a traced node, decides for all
        return make(op, nodes)

    def __init_subclass__(cls) -> None:
        """Leave the kernels, which make plain Values, to plain Values: a subclass decides in `record`."""
        super().__init_subclass__()
        for name in GENERAL.keys() - vars(cls).keys():
            setattr(cls, name, GENERAL[name])

    # Comparisons and truth go by data

    __lt__, __le__, __gt__, __ge__ = map(_comparison, (operator.lt, operator.le, operator.gt, operator.ge))

    def __bool__(self) -> bool:
        return self._data != 0.0

    def refuse(self, how: str, /) -> NoReturn:
        """Raise the error for a use that would silently drop the graph."""
        if how == "used as an index":
            raise OperandError(f"{self!r} cannot be {how}. Write ag.take(table, index), or use v.data for the number.")
        raise OperandError(
            f"{self!r} cannot be {how}: that would silently drop its graph. Use v.data for the number, or an op of "
            "autograd_lite (ag.exp, not math.exp) to stay in the graph."
        )

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self._data}, grad={self.grad}{label})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    def __dir__(self) -> Iterable[str]:
        return [name for name in super().__dir__() if hasattr(Value, name)]  # without the misnamed

    def __reduce__(self) -> tuple[Any, ...]:
        if self.op is None:
            return _leaf, (self._data, self.label, self.grad, self.requires_grad)
        return rebuild, (wire, *Program.of(self))


# --- making nodes ---------------------------------------------------------------------------------------------------


def wire(  # noqa: PLR0917 - the slots of a node, by place: this runs once a node
    op: Op,
    operands: tuple[Value, ...],
    data: float,
    partials: tuple[float | None, ...],
    requires_grad: bool,
    kind: type[_V] = Value,  # type: ignore[assignment]
) -> _V:
    """Make a node from a known value and partials."""
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
    v.order = next_order()
    return v


def make(op: Op, operands: tuple[Value, ...], kind: type[_V] = Value) -> _V:  # type: ignore[assignment]
    """Evaluate an op and its partials, and make the node."""
    needs = [u.requires_grad for u in operands]
    data, partials = op.evaluate([u._data for u in operands], needs)
    return wire(op, operands, data, partials, op.needs_grad(needs), kind)


def set_numbers(leaves: Sequence[Value], numbers: Sequence[float]) -> None:
    """Assign floats to the data of leaves, all at once: Ctrl-C comes before all of them, or after."""
    if len(leaves) != len(numbers):
        raise ShapeError(f"There are {len(leaves)} leaves and {len(numbers)} numbers for them.")
    tracer = current_tracer.get()
    if tracer is not None and leaves:
        tracer.refuse_assignment(leaves[0])
    deque(map(_set_number, leaves, numbers), maxlen=0)


def _leaf(data: float, label: str, grad: float, requires_grad: bool) -> Value:
    v = Value(data, label)
    v.grad, v.requires_grad = grad, requires_grad
    return v


def as_nodes(operands: Iterable[Any]) -> tuple[Any, ...]:
    """Make constants of numbers; nodes stay as they are."""
    return tuple([x if isinstance(x, Node) else Value.constant(x) for x in operands])


def _same(a: float | None, b: float | None) -> bool:
    return a == b or (a != a and b != b)  # noqa: PLR0124 - NaN is the same as NaN here


def _answer_names(names: Iterable[str]) -> None:
    answers = {slip: f"Did you mean {name!r}?" for name in names for slip in swapped(name)}
    answers |= {slip: f"Did you mean {name!r}?" for slip, name in MEANT.items() if hasattr(Value, name)} | ADVICE
    for name, advice in answers.items():
        if not hasattr(Value, name):
            setattr(Value, name, Misnamed(name, advice))


_answer_names(["data", "grad", "label", "backward", *TABLE])
_set_number: Callable[[Value, float], None] = Value.__dict__["_data"].__set__
KERNELS, GENERAL = install(Value, make)  # by op, and by name what a subclass has in the place of a kernel


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
    nodes = [wrt] if isinstance(wrt, Value) else list(wrt)
    for v in (loss, *nodes):
        if not isinstance(v, Value):
            raise OperandError(f"gradients takes Values: a loss, and what to differentiate it by; not {shown(v)}.")
    symbolic = create_graph or not loss.has_number
    found: dict[Any, Any] = graph_adjoints(loss, Value.constant(1.0), nodes) if symbolic else adjoints(loss)
    zero = Value.constant if symbolic else float
    results = [found[v] if v in found else zero(0.0) for v in nodes]
    return results[0] if isinstance(wrt, Value) else results

"""`Node`: the base class of what ops make, with the operators and the methods that extend a graph.

Types: ``Any`` stands for what operators and rules see by design: floats, arrays or nodes.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial as bind
from typing import TYPE_CHECKING, Any, NoReturn, Self

import numpy as np

from autograd_lite.namespaces import values
from autograd_lite.op import OPERATORS, TABLE, Op, Recorder, next_order

__all__ = ["Node"]


def _comparison(name: str) -> Callable[[Node, Any], Any]:
    return lambda self, other: self.combine(TABLE[name], self, other)


class _Method:
    """An op of the table as a method of nodes, for as long as it is in the table."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, node: Node | None, owner: type) -> Callable[..., Any]:
        op = TABLE.get(self.name)
        if op is None:
            raise AttributeError(f"There is no op {self.name!r} any more.", name=self.name)
        return op if node is None else bind(op, node)


def _refusal(how: str) -> Callable[[Node], NoReturn]:
    return lambda self: self.refuse(how)


class Node(Recorder):
    """Base class of graph nodes: an op on operands, and the operators that extend the graph.

    An `engine.Value` has a number as well; a traced node of the compiler has none. Equality and hash are by identity,
    because nodes are keys of dictionaries. Every op of the table is a method too, under NumPy's name, so that
    ``np.exp`` works on arrays of nodes. (They are real methods: where a class has ``__getattr__``, Python reads each
    attribute of its objects four times slower.)

    Attributes
    ----------
    op : Op or None
        The op that made the node; None for a leaf.
    label : str
        Its name in pictures, steps and messages.
    order : int
        The creation number: a node's is larger than those of its operands.
    requires_grad : bool
        False for a constant, and for what is made of constants alone.
    """

    __slots__ = ("label", "op", "order", "requires_grad")

    has_number = False

    op: Op | None
    label: str
    order: int
    requires_grad: bool

    next_order = staticmethod(next_order)

    @property
    def operands(self) -> tuple[Any, ...]:
        """The nodes that this one was computed from, in order; ``x * x`` has two operands, a leaf none."""
        raise NotImplementedError

    def combine(self, op: Op, a: Any, b: Any) -> Any:
        """Make the node of an operator, whose other side may be anything; arrays apply it element by element."""
        other = b if a is self else a
        if isinstance(other, np.ndarray) and other.ndim:
            return NotImplemented
        return self.record(op, (a, b))

    # The differentiable reverse sweep

    def begin_sweep(self, wrt: Sequence[Any]) -> None:
        """Hook: called on the root before a differentiable reverse sweep."""

    def symbolic_partials(self, needs: Sequence[bool]) -> Sequence[Any]:
        """Evaluate the partials' rules on nodes, where they are needed; None elsewhere."""
        assert self.op is not None
        return self.op.differentiate(values, self, self.operands, needs)

    def pullback(self, v_bar: Any, needs: Sequence[bool]) -> Sequence[Any] | None:  # noqa: ARG002 - a hook's signature
        """Hook: what the operands' adjoints get, where this is not the adjoint times partials; else None."""
        return None

    def pull_back_together(
        self,
        v_bar: Any,  # noqa: ARG002 - a hook's signature, as are the others
        needs: Sequence[bool],  # noqa: ARG002
        uses: Mapping[Any, int],  # noqa: ARG002
        together: list[Any],  # noqa: ARG002
    ) -> tuple[tuple[Any, ...], Sequence[Any]] | None:
        """Hook: record the adjoints of leaves that only this node uses as one, and append the record to `together`.

        Returns the other operands and their terms; None if nothing was recorded, and `pullback` is to be asked.
        """
        return None

    def contributions(self, v_bar: Any, terms: Sequence[Any]) -> Sequence[Any]:  # noqa: ARG002 - a hook's signature
        """Hook: what the operands' adjoints get, given this node's adjoint times each partial."""
        return terms

    def element_of(self, table: Any) -> Any:  # noqa: ARG002 - a hook's signature
        """Hook: the element of a sequence that this node chooses, as its index."""
        self.refuse("used as an index")

    def pushforward(self, moved: Sequence[Any]) -> Any:  # noqa: ARG002 - a hook's signature
        """Hook: this node's tangent, given its operands', where it is not made of partials; None where one is 0."""
        return NotImplemented

    def tangent(self, terms: Sequence[Any]) -> Any:
        """Hook: this node's tangent in a forward sweep, given each partial times the operand's tangent."""
        return functools.reduce(operator.add, terms)

    # Operators; the rows of the table give the binary ones

    @classmethod
    def define_operator(cls, name: str, op: Op) -> None:
        """Give nodes a binary operator of Python, ``a + b``, and its reflection, for a number on the left."""

        def given(self: Node, other: Any) -> Any:
            return self.combine(op, self, other)

        def reflected(self: Node, other: Any) -> Any:
            return self.combine(op, other, self)

        OPERATORS[name] = op
        for kind in cls.__subclasses__():  # a kernel of the op that had the operator before
            for method in {f"__{name}__", f"__r{name}__"} & vars(kind).keys():
                delattr(kind, method)
        setattr(cls, f"__{name}__", given)
        setattr(cls, f"__r{name}__", reflected)

    @classmethod
    def define_method(cls, op: Op) -> None:
        """Make an op a method, unless nodes have an attribute of that name."""
        if not any(hasattr(kind, op.name) for kind in (cls, *cls.__subclasses__())):
            setattr(cls, op.name, _Method(op.name))
            for kind in cls.__subclasses__():
                if op.name in vars(kind):  # an error with advice, for a name that had no meaning yet
                    delattr(kind, op.name)

    def __neg__(self) -> Any:
        return self.record(TABLE["neg"], (self,))

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Any:
        return self.record(TABLE["abs"], (self,))

    __lt__, __le__, __gt__, __ge__ = map(_comparison, ("less", "less_equal", "greater", "greater_equal"))

    # Conversions that would drop the graph are refused

    def refuse(self, how: str, /) -> NoReturn:
        """Raise the error for a use that nodes do not offer, such as "converted to float"."""
        raise NotImplementedError

    if not TYPE_CHECKING:  # checkers refuse conversions, and find the methods in `methods.pyi`
        __float__ = _refusal("converted to float")
        __int__ = _refusal("converted to int")
        __index__ = _refusal("used as an index")
        __complex__ = _refusal("converted to complex")

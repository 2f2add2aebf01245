r"""Stage 1, trace: run the user's function once on Values that have no number yet.

A `Traced` Value records the op and the operands and nothing else. Differentiating inside the function needs no code
of its own: the reverse sweep with Values records more nodes of the same kind.

A mean over a batch is traced for one sample. Its nodes live on an *axis*, that of the batch. A Value u from outside
that meets one inside is the same for all samples, so its adjoint is the sum over them; the adjoint of a sum over the
samples is the same for all of them:

.. math:: \bar u = \sum_i \bar v_i \frac{\partial v_i}{\partial u}, \qquad \bar v_i = \bar s
   \text{ for } s = \sum_i v_i

Types: ``Any`` stands for what ops take: numbers, Values or traced nodes.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from autograd_lite.compiler.slopes import Slopes
from autograd_lite.engine import Value
from autograd_lite.errors import TraceError
from autograd_lite.namespaces import values
from autograd_lite.node import Node
from autograd_lite.op import ManyOp, Op, current_tracer, next_order
from autograd_lite.pytree import flatten
from autograd_lite.source_lines import users_line

__all__ = [
    "BATCH_DOT",
    "BATCH_SIZE",
    "BATCH_SUM",
    "ZSUMPROD",
    "Axis",
    "Structural",
    "Traced",
    "Tracer",
    "at_users_line",
    "batch_axis",
]
__all__ += ["current_tracer"]

_new = object.__new__


class Axis:
    """A batch axis; two batches of the same arguments share it."""

    __slots__ = ("arguments",)

    def __init__(self, arguments: tuple[int, ...]) -> None:
        self.arguments = arguments  # those whose leading axis it is, counted from 0


def batch_sum(xp: Any, x: Any) -> Any:
    """The sum over the samples. It exists only in traced graphs: of one number there is nothing to add up."""
    return x


BATCH_SUM = Op(batch_sum, {"x": 1.0}, symbol="Σ samples")
MANY = 16  # weights of a sum whose slopes are recorded as one
BATCH_SIZE = "size"  # the source of a leaf that holds the number of samples

NAN_STAYS = {  # ops that are NaN where any operand is
    *("abs", "add", "cos", "cosh", "div", "exp", "expm1", "fsum", "identity", "log", "log1p", "maximum", "minimum"),
    *("mul", "neg", "relu", "sigmoid", "sin", "sinh", "softplus", "sqrt", "square", "sub", "sumprod", "tan", "tanh"),
}


class Structural(Op):
    """An op that exists only in traced graphs; its derivatives are code, for its operands may be blocks of numbers."""

    gives_number = True  # not a block of them

    def pullback(self, v: Any, v_bar: Any, needs: Sequence[bool]) -> Sequence[Any]:
        """What the adjoints of a node's operands get."""
        raise NotImplementedError

    def pushforward(self, v: Any, moved: Sequence[Any]) -> Any:
        """The tangent of a node, given those of its operands; None where one does not move."""
        raise NotImplementedError


class _BatchDot(Structural):
    def pullback(self, v: Any, v_bar: Any, needs: Sequence[bool]) -> Sequence[Any]:
        products = zip(v.operands, v.operands[::-1], needs, strict=True)
        terms = [(u, values.zmul(v_bar, other) if need else None) for u, other, need in products]
        return [
            t if t is None or (type(u) is Traced and u.axis is v.static) else v.summed(t, u, v.static, of=v_bar)
            for u, t in terms
        ]

    def pushforward(self, v: Any, moved: Sequence[Any]) -> Any:
        terms = [values.zmul(x_dot, u) for x_dot, u in zip(moved, v.operands[::-1], strict=True) if x_dot is not None]
        return v.tracer.batch_sum(functools.reduce(operator.add, terms), v.static)


def batch_dot(xp: Any, a: Any, b: Any) -> Any:
    """The sum over the samples of a product: what a sweep makes of a parameter that all samples share."""
    return xp.zmul(a, b)


BATCH_DOT = _BatchDot(batch_dot, {"a": 1.0, "b": 1.0})  # static: the axis


def zsumprod(xp: Any, ws: Any, xs: Any) -> Any:
    """The sum of products by the sweep's rule for zero: what a sweep makes of the weights of second derivatives."""
    return xp.fsum([xp.zmul(w, x) for w, x in zip(ws, xs, strict=True)])


ZSUMPROD = ManyOp(zsumprod, {"ws": lambda xp, y, ws, xs: xs, "xs": lambda xp, y, ws, xs: ws})


class Traced(Node):
    """A graph node without a number: an instruction of the program that is being recorded.

    ``source`` says where a leaf's number will come from: (input, offset), or (BATCH_SIZE, axis); ``static`` what a
    structural op knows beside its operands. To the user's code it is a `Value`, also by isinstance; what needs a
    number is a `TraceError`.
    """

    __slots__ = ("_operands", "adjoint_of", "axis", "slope_of", "source", "static", "tracer")

    order: Any  # a loop that is found later stands between two whole numbers
    _operands: tuple[Any, ...]
    tracer: Tracer
    axis: Axis | None
    source: tuple[Any, Any] | None
    static: Any
    adjoint_of: Any  # None, or a node, for the names in the emitted source: whose adjoint this is,
    slope_of: Any  # or by whose op it is a partial

    constant = staticmethod(Value.constant)

    @property
    def operands(self) -> tuple[Any, ...]:
        """The nodes that this one is computed from, in order."""
        return self._operands

    if not TYPE_CHECKING:

        @property
        def __class__(self) -> type:
            return Value

        def __getattr__(self, name: str) -> Any:
            if hasattr(Value, name):  # grad, partials, swept
                self.refuse(f"asked for its {name}")
            raise AttributeError(f"A traced Value has no attribute {name!r}.")

    @property
    def data(self) -> Any:
        """The number that this node will have, as a node that has no gradient."""
        return self.tracer.number_of(self)

    @data.setter
    def data(self, number: float) -> None:  # noqa: ARG002 - the setter's signature
        self.tracer.refuse_assignment(self)

    def element_of(self, table: Any) -> Any:
        """The element of a sequence that this node chooses when the program runs."""
        return self.tracer.take(table, self)

    def record(self, op: Op, operands: Sequence[Any]) -> Node:
        """Record the node that `op` gives on `operands`."""
        return self.tracer.record(op, operands)

    def begin_sweep(self, wrt: Sequence[Any]) -> None:
        """Require this value to be finite: where it is NaN, so are its derivatives."""
        since = self.tracer.body_since
        if since >= 0 and any(v.requires_grad and v.order < since for v in wrt):
            raise TraceError(
                f"Inside a loop a gradient was taken with respect to a Value from outside{at_users_line()}, by wrt= or "
                "captured; earlier steps may depend on it too. Take the gradient of the whole loop, or hand the Value "
                "to the inner function as an argument and take ag.grad with respect to that."
            )
        if self.tracer.rolled and not self.tracer.rolled.keys().isdisjoint(wrt):
            self.tracer.unroll()
        self.tracer.sheltered.clear()
        self.tracer.must_be_finite.append(self if self.axis is None else self.tracer.batch_sum(self, self.axis))

    def symbolic_partials(self, needs: Sequence[bool]) -> Sequence[Any]:
        """Evaluate the partials' rules on nodes; an exact trace makes them NaN where the value is.

        Not where the adjoint is NaN or 0 then anyway, because all that this sweep came through is NaN too.
        """
        if self.op is BATCH_SUM:
            return [1.0]
        partials = super().symbolic_partials(needs)
        for p in partials:
            if type(p) is Traced and p.slope_of is None and p.adjoint_of is None and p.order > self.order:
                p.slope_of = self
        if not self.tracer.exact or self.tracer.sheltered.get(self, False):
            return partials
        sound = values.equal(self, self)
        return [None if p is None else values.where(sound, p, float("nan")) for p in partials]

    def pullback(self, v_bar: Any, needs: Sequence[bool]) -> Sequence[Any] | None:
        """What the operands of a structural op get; None for any other."""
        if self.op is values.sumprod:
            return self._products_of_sum(v_bar, needs)
        if not isinstance(self.op, Structural):
            return None
        self.tracer.sheltered.update(dict.fromkeys(self.operands, False))
        return self.op.pullback(self, v_bar, needs)

    def pull_back_together(
        self, v_bar: Any, needs: Sequence[bool], uses: Mapping[Any, int], together: list[Any]
    ) -> tuple[tuple[Any, ...], Sequence[Any]] | None:
        """Record the slopes of the weights of a sum of products as one; the inputs, and what they get.

        None if someone else uses a weight too.
        """
        axis, inside = self.axis, self.tracer.inside
        if self.op is not values.sumprod or axis is None or inside is not None or not self._is_plain_sum(v_bar):
            return None
        half = len(self._operands) // 2
        weights, inputs = self._operands[:half], self._operands[half:]
        are_leaves = {Value}.issuperset(map(type, weights)) and not any(map(attrgetter("op"), weights))
        if half < MANY or not (are_leaves and all(needs[:half])) or set(map(uses.__getitem__, weights)) != {1}:
            return None
        is_known = bool(together) and together[-1].axis is axis and together[-1].factors == inputs
        if not is_known and any([type(x) is not Traced or x.axis is not axis for x in inputs]):  # noqa: C419 - faster
            return None
        together.append(Slopes(weights, v_bar, inputs, axis))
        others = needs[half:]
        if not any(others):
            return (), ()
        return inputs, self.tracer.products(v_bar, zip(inputs, weights, others, strict=True), axis)

    def _products_of_sum(self, v_bar: Any, needs: Sequence[bool]) -> Sequence[Any] | None:
        """What the factors of a sum of products get, without asking its rule for each; None where that may differ."""
        if not self._is_plain_sum(v_bar):
            return None
        half = len(self._operands) // 2
        partners = self._operands[half:] + self._operands[:half]
        return self.tracer.products(v_bar, zip(self._operands, partners, needs, strict=True), self.axis)

    def _is_plain_sum(self, v_bar: Any) -> bool:
        """Whether each factor of this sum of products gets the adjoint times the factor beside it."""
        if self.tracer.exact or type(v_bar) is not Traced or v_bar.axis is not self.axis or not v_bar.requires_grad:
            return False
        if not all(map(attrgetter("requires_grad"), self._operands)):  # a constant factor 1 is left out
            return False
        if v_bar.adjoint_of is None:
            v_bar.adjoint_of = self
        return True

    def contributions(self, v_bar: Any, terms: Sequence[Any]) -> Sequence[Any]:
        """What the operands' adjoints get; one from outside the batch gets the sum over it."""
        if type(v_bar) is Traced and v_bar.adjoint_of is None:
            v_bar.adjoint_of = self
        if self.tracer.exact:
            self._shelter()
        axis = self.axis
        if axis is None:
            return terms
        return [
            term if term is None or (type(u) is Traced and u.axis is axis) else self.summed(term, u, axis, of=v_bar)
            for u, term in zip(self.operands, terms, strict=True)
        ]

    def pushforward(self, moved: Sequence[Any]) -> Any:
        """The tangent of the node of a structural op; NotImplemented for any other."""
        return self.op.pushforward(self, moved) if isinstance(self.op, Structural) else NotImplemented

    def tangent(self, terms: Sequence[Any]) -> Any:
        """The tangent of this node; that of a sum over the samples is the sum of the samples' tangents."""
        total = super().tangent(terms)
        return self.tracer.batch_sum(total, self.operands[0].axis) if self.op is BATCH_SUM else total

    def _shelter(self) -> None:
        """Note for each operand whether every user of it, as far as this sweep came, is NaN where the operand is."""
        sheltered = self.tracer.sheltered
        name = "" if self.op is None else self.op.name
        stays = sheltered.get(self, False) if self.op is BATCH_SUM else name in NAN_STAYS
        for u in self.operands:
            sheltered[u] = stays and sheltered.get(u, True)

    def summed(self, term: Any, u: Node, axis: Axis | None, *, of: Any = None) -> Any:
        """What an operand from outside the batch gets of a term: its sum over the samples.

        A term that is a product, made of the adjoint `of`, becomes one node with its sum.
        """
        is_product = of is not None and term is not of and type(term) is Traced and term.op is values.zmul
        if is_product and term.axis is axis and not self.tracer.exact:
            term.op, term.static, term.axis = BATCH_DOT, axis, None  # nobody else has seen the product
            total = self.tracer.noted_sum(term, axis)
        else:
            total = self.tracer.batch_sum_of_sweep(term, axis)
        if type(total) is Traced:
            total.adjoint_of = u
        return total

    def backward(self, seed: float = 1.0) -> NoReturn:  # noqa: ARG002 - the same call as of any Value
        """Refused: inside a compiled function gradients are results."""
        raise TraceError(
            f"backward() was called on a traced Value{at_users_line()}. While a function is compiled its Values have "
            "no numbers yet, and so no grad. Write the loss as a function and compile its gradient: "
            "ag.compile(ag.value_and_grad(f)), with wrt= for captured Values."
        )

    def __bool__(self) -> NoReturn:  # noqa: PLE0304 - it never returns
        self.refuse("used as a truth value, in `if`, `while`, `and`, `or`, `not`, `assert`, or by max, min or sorted")

    def __reduce__(self) -> NoReturn:
        self.refuse("copied or pickled")

    def __repr__(self) -> str:
        return f"Traced({self.label or (self.op.name if self.op else 'input')})"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def refuse(self, how: str, /) -> NoReturn:
        """Raise the error for a use that needs a number."""
        raise TraceError(
            f"A traced Value was {how}{at_users_line()}. While a function is compiled its Values have no numbers yet. "
            "Choose with ag.where(condition, a, b), compare for equality with ag.equal(a, b), take the largest and the "
            "smallest with ag.maximum and ag.minimum, an element with ag.take(table, index), or keep this part outside "
            "the compiled function."
        )


_NODES = {Value, Traced}


def batch_axis(v: Node) -> Axis:
    """The batch axis of a node that has one."""
    axis = v.axis if type(v) is Traced else None
    assert isinstance(axis, Axis)
    return axis


def at_users_line() -> str:
    """Where in the user's code we are, for a message."""
    line = users_line()
    return f" in the line ({line})" if line else ""


class Tracer:
    """State of one trace: node factory and batch axes.

    Parameters
    ----------
    exact : bool
        Whether derivatives follow the sweep's rules for zero adjoints and NaN to the letter. The plain program
        multiplies; it is right wherever the result is finite, and faster.
    take : callable, optional
        What takes an element of a sequence by a traced index.
    roll : callable, optional
        What makes loops of steps that repeat: ``roll(tracer, roots, since)``.
    """

    def __init__(
        self,
        *,
        exact: bool = False,
        take: Callable[[Any, Any], Any] | None = None,
        roll: Callable[[Tracer, Sequence[Any], int], None] | None = None,
    ) -> None:
        self.exact = exact
        self.take: Any = take
        self._roll = roll
        self.rolled: dict[Any, tuple[Any, ...]] = {}  # nodes that are results of loops now: what they were
        self.loops: list[tuple[int, int]] = []  # of these loops, how many steps of how many operations
        self.arguments: dict[int, tuple[int, list[Any]]] = {}  # first input of an argument, and its inputs' shapes
        self._axes: list[Axis] = []
        self.inside: Axis | None = None  # the axis of the batch_mean whose function is running
        self.summed_inside: set[Node] = set()  # adjoints that a sweep inside it summed over all of them
        self.must_be_finite: list[Node] = []  # what was differentiated
        self.checks: list[Any] = []  # NaN where the user's code would have raised an error: an index out of range
        self.told: dict[str, None] = {}  # what went wrong if one of them is NaN
        self.body_since = -1  # the creation number at which the innermost loop's body began
        self.blocks: dict[tuple[Any, ...], Traced] = {}  # numbers side by side, once each
        self.sheltered: dict[Node, bool] = {}  # of the reverse sweep that is running: is NaN only where its users are

    def axis(self, arguments: tuple[int, ...]) -> Axis:
        """The batch axis of these arguments."""
        met = [axis for axis in self._axes if not set(axis.arguments).isdisjoint(arguments)]
        if len(met) > 1:
            raise TraceError(
                f"A batch_mean takes the samples of arguments {', '.join(map(str, arguments))} together"
                f"{at_users_line()}, after means over each of them apart. Call the batch_mean over all of them first."
            )
        if met:
            met[0].arguments = tuple(sorted({*met[0].arguments, *arguments}))
            return met[0]
        self._axes.append(Axis(arguments))
        return self._axes[-1]

    def evaluated(self, results: Sequence[Any], inputs: Sequence[Any] = ()) -> None:
        """Make loops of steps that repeat, in what is going to be differentiated with respect to some inputs."""
        if self._roll is not None:
            since = max(map(attrgetter("order"), inputs), default=-1)  # nobody asks for derivatives by what is newer
            self._roll(self, [v for v in results if type(v) is Traced], since)

    def unroll(self) -> None:
        """Put back all steps of loops, because someone asks for derivatives by one of their numbers."""
        for v, (op, operands, static) in self.rolled.items():
            v.op, v._operands, v.static = op, operands, static
        self.rolled.clear()
        self.loops.clear()
        self._roll = None

    def end(self) -> list[Any]:
        """Let go of all nodes, which refer to this tracer: no cycles are left. Returns what was must_be_finite."""
        must_be_finite, self.must_be_finite = self.must_be_finite, []
        self.summed_inside.clear()
        self.blocks.clear()
        self.checks.clear()
        self.sheltered.clear()
        self.rolled.clear()
        return must_be_finite

    def has_traced(self, argument: Any) -> bool:
        """Whether something holds a traced Value."""
        if isinstance(argument, np.ndarray):
            return Traced in set(map(type, argument.flat))
        return Traced in set(map(type, flatten(argument)[0]))

    def leaf(self, source: tuple[Any, Any], axis: Axis | None = None, label: str = "") -> Any:
        """Make an input of the program."""
        v = self._node(None, (), axis)
        v.source, v.label = source, label
        return v

    def number_of(self, v: Node) -> Traced:
        """The number that a Value has at each call, without a gradient."""
        return self.record(values.stop, (v,))

    def refuse_assignment(self, v: Node) -> NoReturn:
        """Raise the error for a number that is assigned while a function is compiled."""
        raise TraceError(
            f"The data of {v!r} was assigned to{at_users_line()}. A function that is compiled runs once, and later "
            "only its program does, so this would happen once. Return the number, and assign it outside."
        )

    def structural(self, op: Op, operands: Sequence[Any], static: Any = None) -> Traced:
        """Make a node of a structural op."""
        v = self.record(op, operands)
        v.static = static
        return v

    def record(self, op: Op, operands: Sequence[Any]) -> Traced:
        """Make a node; it has the batch axis of its operands."""
        if _NODES.issuperset(map(type, operands)):
            nodes = tuple(operands)
        else:
            nodes = tuple([x if isinstance(x, Node) else Value.constant(x) for x in operands])
        if not self._axes:
            return self._node(op, nodes, None)
        axes = {v.axis for v in nodes if type(v) is Traced}
        axes.discard(None)
        if op is values.identity and self.inside is not None:
            axes.add(self.inside)  # an alias of a transform inside the batch: each sample has its own gradient
        if len(axes) > 1:
            raise TraceError(
                f"The op {op.name} met Values of two different batches{at_users_line()}. Samples of one batch have no "
                "partner in the other; take the mean of each first, or give both batches to one batch_mean."
            )
        return self._node(op, nodes, next(iter(axes), None))

    def again(self, v: Traced, operands: tuple[Any, ...]) -> Traced:
        """Make a node like another one, of other operands with the same batch axes."""
        made = _new(Traced)
        made.op, made._operands, made.axis, made.tracer, made.static = v.op, operands, v.axis, self, v.static
        made.source = made.adjoint_of = made.slope_of = None
        made.requires_grad, made.label, made.order = v.requires_grad, v.label, next_order()
        return made

    def _node(self, op: Op | None, operands: tuple[Any, ...], axis: Axis | None) -> Traced:
        v = _new(Traced)
        v.op, v._operands, v.axis, v.tracer = op, operands, axis, self
        v.source = v.adjoint_of = v.slope_of = v.static = None
        v.requires_grad = op is None or op.needs_grad(map(attrgetter("requires_grad"), operands))
        v.label, v.order = "", next_order()
        return v

    def products(self, v_bar: Traced, factors: Iterable[tuple[Any, Any, bool]], axis: Axis | None) -> list[Any]:
        """Multiply an adjoint by factors: what operands get, those from outside the batch summed over it.

        ``factors`` are (operand, the factor beside it, whether it needs an adjoint).
        """
        terms: list[Any] = []
        for u, other, need in factors:
            if not need:
                terms.append(None)
                continue
            if axis is not None and (type(u) is not Traced or u.axis is not axis):
                terms.append(self.noted_sum(self.batch_dot(v_bar, other, u, axis, next_order()), axis))
                continue
            v = _new(Traced)  # written out: this runs once for each weight
            v.tracer, v._operands, v.requires_grad, v.label, v.order = self, (v_bar, other), True, "", next_order()
            v.source = v.slope_of = v.static = v.adjoint_of = None
            v.op, v.axis = values.zmul, axis
            terms.append(v)
        return terms

    def sum_of_products(self, pairs: Iterable[tuple[Any, Any]]) -> Traced:
        """Add up adjoints times partials; a factor may be a number, such as 1."""
        left, right = zip(*pairs, strict=True)
        return self.record(ZSUMPROD, (*left, *right))

    def batch_dot(self, v_bar: Traced, other: Any, u: Any, axis: Axis, order: Any) -> Traced:
        """The sum over the samples of an adjoint times a factor, which is what an operand from outside gets."""
        v = _new(Traced)
        v.tracer, v._operands, v.requires_grad, v.label, v.order = self, (v_bar, other), True, "", order
        v.source = v.slope_of = None
        v.op, v.axis, v.static, v.adjoint_of = BATCH_DOT, None, axis, u
        return v

    def batch_sum(self, v: Node, axis: Axis | None) -> Node:
        """Sum a Value over a batch axis."""
        if type(v) is Traced and v.axis is axis:
            return self._node(BATCH_SUM, (v,), None)
        return self.record(values.mul, (v, self.leaf((BATCH_SIZE, axis))))  # the same for all samples

    def batch_sum_of_sweep(self, v_bar: Node, axis: Axis | None) -> Any:
        """Sum an adjoint over the rows; inside a batch_mean nothing that a sample computes may depend on it."""
        return self.noted_sum(self.batch_sum(v_bar, axis), axis)

    def noted_sum(self, total: Any, axis: Axis | None) -> Any:
        """Note a sum over all samples of the batch whose function is running."""
        if self.inside is axis:
            self.summed_inside.add(total)
        return total

    def batch_mean(self, v: Any, axis: Axis) -> Node:
        """Average a Value over a batch axis."""
        if not (type(v) is Traced and v.axis is axis):
            return v if isinstance(v, Node) else Value.constant(v)
        return self.record(values.div, (self.batch_sum(v, axis), self.leaf((BATCH_SIZE, axis))))

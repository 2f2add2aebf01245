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

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, NoReturn

import numpy as np

from autograd_lite.compiler.structural import BATCH_DOT, BATCH_SIZE, BATCH_SUM, ZSUMPROD, Axis
from autograd_lite.compiler.traced import Traced
from autograd_lite.engine import Value
from autograd_lite.errors import TraceError
from autograd_lite.namespaces import values
from autograd_lite.node import Node
from autograd_lite.op import Op, next_order
from autograd_lite.pytree import flatten
from autograd_lite.source_lines import at_users_line

__all__ = ["Tracer"]

_new = object.__new__
_NODES = {Value, Traced}


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

"""The node of a traced graph: a Value that has no number yet, and how a reverse sweep goes through it.

Types: ``Any`` stands for what ops take: numbers, Values or traced nodes; and for the tracer, which is above this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

from autograd_lite.compiler.slopes import Slopes
from autograd_lite.compiler.structural import BATCH_DOT, BATCH_SUM, Axis, Structural
from autograd_lite.engine import Value
from autograd_lite.errors import TraceError
from autograd_lite.namespaces import values
from autograd_lite.node import Node
from autograd_lite.op import Op
from autograd_lite.source_lines import at_users_line

__all__ = ["Traced", "batch_axis"]

MANY = 16  # weights of a sum whose slopes are recorded as one

NAN_STAYS = {  # ops that are NaN where any operand is
    *("abs", "add", "cos", "cosh", "div", "exp", "expm1", "fsum", "identity", "log", "log1p", "maximum", "minimum"),
    *("mul", "neg", "relu", "sigmoid", "sin", "sinh", "softplus", "sqrt", "square", "sub", "sumprod", "tan", "tanh"),
}


class Traced(Node):
    """A graph node without a number: an instruction of the program that is being recorded.

    ``source`` says where a leaf's number will come from: (input, offset), or (BATCH_SIZE, axis); ``static`` what a
    structural op knows beside its operands. To the user's code it is a `Value`, also by isinstance; what needs a
    number is a `TraceError`.
    """

    __slots__ = ("_operands", "adjoint_of", "axis", "slope_of", "source", "static", "tracer")

    order: Any  # a loop that is found later stands between two whole numbers
    _operands: tuple[Any, ...]
    tracer: Any  # the state of the trace, which makes nodes
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

    def record(self, op: Op, operands: Sequence[Any]) -> Any:
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
        terms: list[Any] = self.tracer.products(v_bar, zip(self._operands, partners, needs, strict=True), self.axis)
        return terms

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


def batch_axis(v: Node) -> Axis:
    """The batch axis of a node that has one."""
    axis = v.axis if type(v) is Traced else None
    assert isinstance(axis, Axis)
    return axis

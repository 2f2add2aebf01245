"""`scan`, `repeat` and `while_loop`: eager they are Python's loop, compiled they stay one.

Types: ``Any`` stands for what the user's functions take and return: numbers, arrays and containers of them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler.blocks import block, check
from autograd_lite.compiler.bodies import Body, closed
from autograd_lite.compiler.loops import LAST, OUT, project, record_loop
from autograd_lite.compiler.structural import Axis
from autograd_lite.compiler.trace import Tracer
from autograd_lite.compiler.traced import Traced
from autograd_lite.engine import as_nodes
from autograd_lite.errors import DomainError, OperandError, ShapeError
from autograd_lite.iterations import marked
from autograd_lite.namespaces import values
from autograd_lite.node import Node
from autograd_lite.op import current_tracer, shown
from autograd_lite.pytree import Structure, flatten
from autograd_lite.source_lines import at_users_line

__all__ = ["repeat", "scan", "while_loop"]


def scan(
    f: Callable[[Any, Any], Any], init: Any, xs: Any, length: int | None = None, *, checkpoint: bool = False
) -> tuple[Any, Any]:
    r"""Run a function along a sequence, handing a carry on: :math:`(c_{t+1}, y_t) = f(c_t, x_t)`.

    Eager it is the loop that it stands for. Under `compile` the body is traced once and stays a loop, as does its
    derivative; so the program is as small for a thousand steps as for one. It nests, batches, and differentiates to any
    order.

    Parameters
    ----------
    f : callable
        ``f(carry, x)`` returns the next carry, of the structure of `init`, and an output, which may be None.
    init : number, array or container
        The first carry.
    xs : sequence, array, or tuple or dict of them, or None
        The leading axis is that of the steps; an x is an element, or a tuple or dict of elements. None
        with a `length` hands None to every step.
    length : int, optional
        How many steps; needed where `xs` is None, else it must agree.
    checkpoint : bool
        Whether a compiled derivative stores carries only and computes the steps again: less memory, more time.

    Returns
    -------
    carry : like `init`
        The last carry.
    ys : array, or tuple or dict of them, or None
        The outputs, stacked along a leading axis; an empty array if there is no step.

    Raises
    ------
    ShapeError
        If sequences differ in length, or if a carry or an output changes its structure.
    OperandError
        If f does not return a pair, or `xs` is not a sequence.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> def step(total, x):
    ...     return total + x, total * x
    >>> scan(step, 0.0, [1.0, 2.0, 3.0])
    (6.0, array([0., 2., 9.]))
    >>> fast = ag.compile(ag.grad(lambda xs: scan(step, 0.0, xs)[0] ** 2))
    >>> fast(np.array([1.0, 2.0, 3.0]))
    array([12., 12., 12.])
    """
    count, element = _sequence(xs, length)
    if count == 0:
        return init, np.empty(0)
    carry, ys = _scanned("scan", f, f, init, (count, element), checkpoint=checkpoint)
    return carry, ys


def _scanned(
    name: str, body: Any, f: Any, init: Any, sequence: tuple[int, Callable[[int], Any]], *, checkpoint: bool
) -> tuple[Any, Any]:
    """Run a loop, called by its name and that of its body."""
    count, element = sequence
    tracer = current_tracer.get()
    if tracer is not None:
        recording = _Recording(tracer, f, init, count, element, checkpoint=checkpoint)
        if recording.first or recording.columns:
            return recording.run()
    carry, structure = init, flatten(init)[1]
    outputs = []
    for t in marked(name, body, range(count)):
        carry, y = _pair(f(carry, element(t)))
        carry = structure.rebuild(_alike(carry, structure, "carry", t))
        outputs.append(y)
    return carry, _stacked(outputs)


def repeat(f: Callable[[Any], Any], init: Any, n: int, *, checkpoint: bool = False) -> Any:
    """Apply a function again and again: ``f(f(... f(init)))``, n times.

    Parameters
    ----------
    f : callable
        Takes and returns what `init` is.
    init : number, array or container
        Where to start.
    n : int
        How often, at least 0.
    checkpoint : bool
        As for `scan`.

    Raises
    ------
    ShapeError
        If what f returns has another structure than `init`.
    DomainError
        If n is negative.

    Examples
    --------
    >>> round(repeat(lambda x: 0.5 * (x + 2.0 / x), 1.0, 5), 12)
    1.414213562373
    """
    count = _whole("n", n)
    if count == 0:
        return init
    steps = count, lambda _: None
    return _scanned("repeat", f, lambda carry, _: (f(carry), None), init, steps, checkpoint=checkpoint)[0]


def while_loop(
    cond: Callable[[Any], Any], f: Callable[[Any], Any], init: Any, max_steps: int, *, checkpoint: bool = False
) -> Any:
    """Apply a function as long as a condition holds, at most `max_steps` times.

    Compiled, the bound makes it a loop of fixed length, whose steps change nothing after the condition fails; so it can
    be differentiated in reverse.

    Parameters
    ----------
    cond : callable
        Takes a carry; returns a comparison, such as ``x > 1.0``.
    f : callable
        Takes and returns what `init` is.
    init : number, array or container
        Where to start.
    max_steps : int
        The bound, at least 0.
    checkpoint : bool
        As for `scan`.

    Raises
    ------
    DomainError
        If the condition still holds after `max_steps` steps; compiled, when the function is called.
    ShapeError
        If what f returns has another structure than `init`.

    Examples
    --------
    >>> while_loop(lambda x: x < 100.0, lambda x: 3.0 * x, 1.0, max_steps=10)
    243.0
    """
    bound = _whole("max_steps", max_steps)
    tracer = current_tracer.get()
    if tracer is not None:
        return _traced_while(tracer, cond, f, init, bound, checkpoint=checkpoint)
    carry, structure = init, flatten(init)[1]
    for t in marked("while_loop", f, range(bound)):
        if not cond(carry):
            return carry
        carry = structure.rebuild(_alike(f(carry), structure, "carry", t))
    if cond(carry):
        raise DomainError(
            f"while_loop took {bound} steps, its bound, and its condition still holds{at_users_line()}. Raise "
            "max_steps, or see why the loop does not end."
        )
    return carry


def _traced_while(tracer: Tracer, cond: Any, f: Any, init: Any, bound: int, *, checkpoint: bool) -> Any:
    told = f"A while_loop{at_users_line()} took {bound} steps, its bound, and its condition still holds"

    def step(state: Any, _: Any) -> Any:
        carry, running = state
        goes_on = running * values.where(cond(carry), 1.0, 0.0)
        before, structure = flatten(carry)
        after = _alike(f(carry), structure, "carry", 0)
        kept = [values.where(goes_on, new, old) for new, old in zip(after, before, strict=True)]
        return (structure.rebuild(kept), goes_on), None

    result = scan(step, (init, 1.0), None, bound, checkpoint=checkpoint)[0][0] if bound else init
    still = cond(result)
    if isinstance(still, Node):
        check(tracer, values.equal(still, 0.0), told)
    return result


# --- what is scanned --------------------------------------------------------------------------------------------------


def _whole(name: str, n: Any) -> int:
    try:
        count = operator.index(n)
    except (TypeError, OperandError):
        raise OperandError(f"{name} is {shown(n)}{at_users_line()}; it must be a whole number.") from None
    if count < 0:
        raise DomainError(f"{name} is {count}{at_users_line()}; it must be at least 0.")
    return count


def _sequence(xs: Any, length: int | None) -> tuple[int, Callable[[int], Any]]:
    """How many steps there are, and what gives the element of a step."""
    count = None if length is None else _whole("length", length)
    lengths = _lengths(xs)
    if count is None and not lengths:
        raise ShapeError(f"scan got no sequence{at_users_line()}. Give xs, or a length.")
    counts = {*lengths, *([] if count is None else [count])}
    if len(counts) > 1:
        raise ShapeError(
            f"scan got sequences of different lengths, {sorted(counts)}{at_users_line()}; they must agree."
        )
    return counts.pop(), lambda t: _element(xs, t)


def _lengths(xs: Any) -> list[int]:
    if xs is None:
        return []
    if isinstance(xs, dict):
        return [n for part in xs.values() for n in _lengths(part)]
    if isinstance(xs, tuple):
        return [n for part in xs for n in _lengths(part)]
    if isinstance(xs, str) or not hasattr(xs, "__len__") or np.ndim(xs if isinstance(xs, np.ndarray) else [0]) == 0:
        raise OperandError(f"scan needs sequences or arrays; it got {shown(xs)}{at_users_line()}.")
    return [len(xs)]


def _element(xs: Any, t: int) -> Any:
    if xs is None:
        return None
    if isinstance(xs, dict):
        return {name: _element(part, t) for name, part in xs.items()}
    if isinstance(xs, tuple):
        parts = [_element(part, t) for part in xs]
        return type(xs)(*parts) if hasattr(xs, "_fields") else tuple(parts)
    return xs[t]


def _pair(result: Any) -> tuple[Any, Any]:
    if not isinstance(result, tuple) or len(result) != 2:
        raise OperandError(
            f"The function of a scan returned {shown(result)}{at_users_line()}; it must return a pair, the next "
            "carry and an output: return carry, None."
        )
    return result


def _alike(tree: Any, structure: Structure, what: str, t: int) -> list[Any]:
    """The numbers of a carry or an output, which must be like those before."""
    leaves, found = flatten(tree)
    if not found.is_like(structure):
        raise ShapeError(
            f"The {what} changed its structure in step {t} of a loop{at_users_line()}: it was {_described(structure)}, "
            f"and is {_described(found)}. It must be the same in every step."
        )
    return leaves


def _described(structure: Structure) -> str:
    if structure.kind == "number":
        return "a number"
    if structure.kind == "array":
        return f"an array of shape {structure.detail}"
    if structure.kind == "static":
        return shown(structure.detail[1])
    names = (
        f" of {', '.join(map(str, structure.detail))}" if structure.kind == "dict" else f" of {len(structure.parts)}"
    )
    return f"a {structure.kind}{names} with {structure.size} numbers"


def _stacked(outputs: Sequence[Any]) -> Any:
    """Stack the outputs of steps."""
    structure = flatten(outputs[0])[1]
    rows = [_alike(y, structure, "output", t) for t, y in enumerate(outputs)]
    return _columns(structure, iter(list(zip(*rows, strict=True))), len(outputs))


def _columns(structure: Structure, columns: Iterator[Sequence[Any]], count: int) -> Any:
    """Stacked outputs of the numbers over all steps: an array, or a tuple or dict of them; lists are rows of arrays."""
    if structure.kind == "static":
        return structure.rebuild([])
    if structure.kind in ("tuple", "dict") or (structure.shape is None and structure.kind == "list"):
        return structure.assemble([_columns(part, columns, count) for part in structure.parts])
    taken = [next(columns) for _ in range(structure.size)]
    flat = [column[t] for t in range(count) for column in taken]
    shape = (count, *(structure.detail if structure.kind == "array" else structure.shape or ()))
    stacked: Any = np.empty(len(flat), dtype=object if any(isinstance(x, Node) for x in flat) else float)
    stacked[:] = flat
    return stacked.reshape(shape)


# --- while a function is compiled -------------------------------------------------------------------------------------


class _Recording:
    """Traces the body of one loop, and records the loop."""

    def __init__(
        self, tracer: Tracer, f: Any, init: Any, count: int, element: Callable[[int], Any], *, checkpoint: bool
    ) -> None:
        self.tracer, self.f, self.count, self.checkpoint = tracer, f, count, checkpoint
        leaves, self.structure = flatten(init)
        self.kinds: list[str] = []
        self.first = as_nodes(leaves)
        steps = [flatten(element(t)) for t in range(count)]
        self.of_element = steps[0][1]
        for t, (_, other) in enumerate(steps):
            if other != self.of_element:
                raise ShapeError(
                    f"Element {t} of the sequence of a loop is {_described(other)}{at_users_line()}; element 0 is "
                    f"{_described(self.of_element)}. Elements must be alike."
                )
        self.columns = [as_nodes(column) for column in zip(*[leaves for leaves, _ in steps], strict=True)]

    def run(self) -> tuple[Any, Any]:
        """Record the loop; returns its results."""
        axis = _common([*self.first, *[u for column in self.columns for u in column]])
        body, y, actual = self._body(axis)
        found = _common([*body.nexts, *body.outs, *body.fixed])
        if axis is None and found is not None:
            body, y, actual = self._body(found)  # what is fixed belongs to a batch, and so the carry does
        columns = [block(self.tracer, column, 1) for column in self.columns]
        first = [*self.first, *as_nodes([0.0] * len(self.kinds))]
        made = record_loop(self.tracer, body, first, columns, actual)
        carry = [project(LAST, made, j, v.axis) for j, v in enumerate(body.carry[: len(self.first)])]
        self._export(made, body)
        places = [body.output(v) for v in y[0]]
        axes = [v.axis if type(v) is Traced else None for v in y[0]]
        outs = [[project(OUT, made, (k, t), a) for t in range(self.count)] for k, a in zip(places, axes, strict=True)]
        return self.structure.rebuild(carry), _columns(y[1], iter(outs), self.count)

    def _body(self, axis: Axis | None) -> tuple[Body, tuple[list[Any], Structure], list[Any]]:
        tracer, before = self.tracer, (self.tracer.must_be_finite, self.tracer.checks, self.tracer.body_since)
        carry = [tracer.leaf(("formal", 0), axis, u.label) for u in self.first]
        items = [tracer.leaf(("formal", 0), _common(column)) for column in self.columns]
        tracer.must_be_finite, tracer.checks, tracer.body_since = [], [], Traced.next_order()
        since = tracer.body_since
        try:
            given = self.structure.rebuild(carry)
            result, y = _pair(self.f(given, self.of_element.rebuild(items)))
            nexts = as_nodes(_alike(result, self.structure, "carry", 0))
            outputs, of_outputs = flatten(y)
            extra = [tracer.must_be_finite, tracer.checks]
        finally:
            tracer.must_be_finite, tracer.checks, tracer.body_since = before
        sums = [tracer.leaf(("formal", 0)) for some in extra if some]
        totals = [leaf + values.fsum(some) for leaf, some in zip(sums, [s for s in extra if s], strict=True)]
        roots = [*nexts, *totals, *as_nodes(outputs)]
        roots, formal, actual = closed(roots, [*carry, *sums, *items], since)
        split = len(nexts) + len(totals)
        body = Body(
            [*carry, *sums],
            items,
            formal,
            roots[:split],
            [],
            self.count,
            False,
            self.checkpoint,
        )
        self.kinds = [kind for kind, some in zip(("must_be_finite", "checks"), extra, strict=True) if some]
        return body, (roots[split:], of_outputs), actual

    def _export(self, made: Any, body: Body) -> None:
        """Let the program look at what the body's steps must find finite."""
        for k, kind in enumerate(self.kinds, start=len(self.first)):
            getattr(self.tracer, kind).append(project(LAST, made, k, body.carry[k].axis))


def _common(nodes: Sequence[Any]) -> Axis | None:
    return next((u.axis for u in nodes if type(u) is Traced and u.axis is not None), None)

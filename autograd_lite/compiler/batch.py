"""The mean of a function over the rows of a batch."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from autograd_lite.compiler.batching import check_places, each_row, missing
from autograd_lite.compiler.signature import Rows, RowsFound, is_argument
from autograd_lite.compiler.trace import Tracer, current_tracer
from autograd_lite.engine import Value
from autograd_lite.errors import OperandError, ShapeError, TraceError
from autograd_lite.ops import mean
from autograd_lite.reverse import reachable
from autograd_lite.transforms.evaluation import scalar

__all__ = ["batch_mean"]


def batch_mean(f: Callable[..., Any], batch: Sequence[int] = (0,)) -> Callable[..., Any]:
    r"""Make the mean of a function over the leading axis of some arguments: :math:`\frac1n \sum_i f(p, x_i, y_i)`.

    Eagerly it loops over the rows. Under `compile` one row is traced, and the rows become an axis of the arrays.

    Parameters
    ----------
    f : callable
        Written for one row; returns one number.
    batch : sequence of int
        The places of the arguments that have rows: arrays with a leading axis, lists of rows, or tuples of them.

    Returns
    -------
    callable
        Takes what f takes, with rows in those arguments, and returns one number.

    Raises
    ------
    ShapeError
        In a call, if the arguments differ in their number of rows, or have none.
    TraceError
        Under `compile`, if a batched argument is not one of the compiled function's own, as it came.

    Examples
    --------
    >>> error = batch_mean(lambda w, x, y: (w * x - y) ** 2, batch=(1, 2))
    >>> error(2.0, [1.0, 2.0], [2.0, 5.0])
    0.5
    """
    places = check_places(batch)
    if not places:
        raise OperandError("batch_mean needs the places of the arguments that have rows: batch_mean(f, batch=(1, 2)).")

    @functools.wraps(f)
    def average(*args: Any, **named: Any) -> Any:
        if places[-1] >= len(args):
            raise ShapeError(missing(places, len(args)))
        if current_tracer.get() is not None and any(_is_traced(args[place]) for place in places):
            return _traced_mean(f, places, args, named)
        return mean([scalar(result, "batch_mean") for result in each_row(f, places, args, named)])

    average.batched_arguments = places  # type: ignore[attr-defined]
    return average


def _is_traced(argument: Any) -> bool:
    tracer = current_tracer.get()
    return isinstance(argument, Rows) or (tracer is not None and tracer.has_traced(argument))


def _traced_mean(f: Callable[..., Any], places: Sequence[int], args: Sequence[Any], named: dict[str, Any]) -> Any:
    tracer = current_tracer.get()
    assert tracer is not None
    lifted = [place for place in places if not isinstance(args[place], Rows)]
    found = {place: is_argument(args[place], tracer) for place in lifted}
    for place, argument in found.items():
        if argument is None:
            raise TraceError(
                f"Argument {place} of a batch_mean is not an argument of the compiled function as it came. Hand the "
                "compiled function's own argument on whole, without indexing, slicing or calculating first."
            )
    if found:
        raise RowsFound([argument for argument in found.values() if argument is not None])
    axis = tracer.axis(tuple(args[place].place for place in places))
    row = [argument.row(axis) if place in places else argument for place, argument in enumerate(args)]
    outer, tracer.inside = tracer.inside, axis
    start = Value.next_order()
    try:
        result = scalar(f(*row, **named), "batch_mean")
    finally:
        tracer.inside = outer
    if tracer.summed_inside and isinstance(result, Value):
        _check_inner_gradients(tracer, reachable([result], since=start))
    return tracer.row_mean(result, axis)


def _check_inner_gradients(tracer: Tracer, computed: Sequence[Value]) -> None:
    """Refuse a row's gradient by what all rows have in common: the sweep sums it over the rows."""
    if not tracer.summed_inside.isdisjoint(computed):
        raise TraceError(
            "Inside a batch_mean, a gradient was taken by a Value from outside, wrt= or a captured one; compiled, it "
            "would be that of all rows together. Hand the Value to the inner function as an argument, and take ag.grad "
            "by that."
        )

"""Batches: the mean of a function over its samples, and eager batching, which calls once per sample and stacks.

Types: ``Any`` stands for what users' functions take and return: numbers, arrays and containers of them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler.signature import BatchedArgument, BatchesFound, argument_of, sizes_of
from autograd_lite.compiler.trace import Tracer
from autograd_lite.compiler.unflatten import unflatten
from autograd_lite.engine import Value
from autograd_lite.errors import DomainError, OperandError, ShapeError, TraceError
from autograd_lite.op import current_tracer
from autograd_lite.ops import mean
from autograd_lite.pytree import flatten, has_values
from autograd_lite.reverse import reachable
from autograd_lite.text import counted, shown
from autograd_lite.transforms.evaluation import as_values as to_values
from autograd_lite.transforms.evaluation import scalar

__all__ = ["batch_mean", "check_batch", "each_sample", "missing", "stacked"]


def batch_mean(f: Callable[..., Any], batch: Sequence[int] = (0,)) -> Callable[..., Any]:
    r"""Make the mean of a function over the leading axis of some arguments: :math:`\frac1n \sum_i f(p, x_i, y_i)`.

    Eagerly it loops over the samples. Under `compile` one sample is traced, and the samples become an axis of the
    arrays.

    Parameters
    ----------
    f : callable
        Written for one sample; returns one number.
    batch : sequence of int
        Which arguments hold samples, counted from 0: arrays with a leading axis, lists of samples, or tuples of them.

    Returns
    -------
    callable
        Takes what f takes, with samples in those arguments, and returns one number.

    Raises
    ------
    ShapeError
        In a call, if the arguments differ in their number of samples, or have none.
    TraceError
        Under `compile`, if a batched argument is not one of the compiled function's own, as it came.

    Examples
    --------
    >>> error = batch_mean(lambda w, x, y: (w * x - y) ** 2, batch=(1, 2))
    >>> error(2.0, [1.0, 2.0], [2.0, 5.0])
    0.5
    """
    chosen = check_batch(batch)
    if not chosen:
        raise OperandError("batch_mean must be told which arguments hold samples: batch_mean(f, batch=(1, 2)).")

    @functools.wraps(f)
    def average(*args: Any, **named: Any) -> Any:
        if chosen[-1] >= len(args):
            raise ShapeError(missing(chosen, len(args)))
        if current_tracer.get() is not None and any(_is_traced(args[k]) for k in chosen):
            return _traced_mean(f, chosen, args, named)
        return mean([scalar(result, "batch_mean") for result in each_sample(f, chosen, args, named)])

    average.batched_arguments = chosen  # type: ignore[attr-defined]
    return average


# --- While tracing --------------------------------------------------------------------------------------------------


def _is_traced(argument: Any) -> bool:
    tracer = current_tracer.get()
    return isinstance(argument, BatchedArgument) or (tracer is not None and tracer.has_traced(argument))


def _traced_mean(f: Callable[..., Any], batch: Sequence[int], args: Sequence[Any], named: dict[str, Any]) -> Any:
    tracer = current_tracer.get()
    assert tracer is not None
    found = {k: argument_of(args[k], tracer) for k in batch if not isinstance(args[k], BatchedArgument)}
    for k, argument in found.items():
        if argument is None:
            raise TraceError(
                f"Argument {k} of a batch_mean is not an argument of the compiled function as it came. Hand the "
                "compiled function's own argument on whole, without indexing, slicing or calculating first."
            )
    if found:
        raise BatchesFound([argument for argument in found.values() if argument is not None])
    axis = tracer.axis(tuple(args[k].index for k in batch))
    sample = [argument.sample(axis) if k in batch else argument for k, argument in enumerate(args)]
    outer, tracer.inside = tracer.inside, axis
    start = Value.next_order()
    try:
        result = scalar(f(*sample, **named), "batch_mean")
    finally:
        tracer.inside = outer
    if tracer.summed_inside and isinstance(result, Value):
        _check_inner_gradients(tracer, reachable([result], since=start))
    return tracer.batch_mean(result, axis)


def _check_inner_gradients(tracer: Tracer, computed: Sequence[Value]) -> None:
    """Reject a sample's gradient with respect to values that all samples share: the sweep sums it over the batch."""
    if not tracer.summed_inside.isdisjoint(computed):
        raise TraceError(
            "Inside a batch_mean, a gradient was taken with respect to a Value from outside, by wrt= or captured; "
            "compiled, it would be that of all samples together. Hand the Value to the inner function as an argument, "
            "and take ag.grad with respect to that."
        )


# --- Eagerly: call per sample, stack the results --------------------------------------------------------------------


def check_batch(batch: Iterable[int]) -> tuple[int, ...]:
    """Check which arguments are batched; returns them in order, once each.

    Examples
    --------
    >>> check_batch([2, 0])
    (0, 2)
    """
    chosen: list[Any] = []
    try:
        chosen = sorted(set(batch))
        is_right = all(type(k) is int and k >= 0 for k in chosen)
    except TypeError:
        is_right = False
    if not is_right:
        raise OperandError(
            f"batch={shown(batch)} must say which arguments hold samples, counted from 0: batch=(0,), or batch=(1, 2) "
            "for the second and the third."
        )
    return tuple(chosen)


def each_sample(f: Callable[..., Any], batch: Sequence[int], args: Sequence[Any], named: dict[str, Any]) -> list[Any]:
    """Call a function once for each sample of the batched arguments.

    Raises
    ------
    ShapeError
        If an argument is missing or has no leading axis, if they differ in their number of samples, or have none.

    Examples
    --------
    >>> each_sample(lambda x, y: x * y, (0,), ([1.0, 2.0], 10.0), {})
    [10.0, 20.0]
    """
    if batch[-1] >= len(args):
        raise ShapeError(missing(batch, len(args)))
    sizes = {n for k in batch for n in _sizes(args[k], k)}
    if len(sizes) > 1:
        raise ShapeError(
            f"Batched arguments need equally many samples; they have {', '.join(map(str, sorted(sizes)))}."
        )
    if sizes == {0}:
        raise ShapeError("The batched arguments have no samples. Give at least one.")
    samples = range(sizes.pop())
    return [_of_sample(i, f, [_sample(x, i) if k in batch else x for k, x in enumerate(args)], named) for i in samples]


def _of_sample(i: int, f: Callable[..., Any], args: Sequence[Any], named: dict[str, Any]) -> Any:
    try:
        return f(*args, **named)
    except DomainError as error:
        raise DomainError(f"In sample {i}: {error}") from error


def stacked(results: Sequence[Any], *, as_values: bool = True) -> Any:
    """Stack the results of all samples: every number becomes an array over the samples.

    Parameters
    ----------
    results : sequence
        One for each sample, all of one structure.
    as_values : bool
        Whether the arrays are of Values in every case, or of floats where all results are.

    Examples
    --------
    >>> [v.data for v in stacked([1.0, 2.0])]
    [1.0, 2.0]
    """
    flat = [flatten(result) for result in results]
    structure = flat[0][1]
    if any(other != structure for _, other in flat):
        raise ShapeError("The function returned results of different shapes for different samples.")
    graphs = as_values or any(has_values(leaves) for leaves, _ in flat)
    columns = np.empty((structure.size, len(flat)), dtype=object if graphs else np.float64)
    for i, (leaves, _) in enumerate(flat):
        columns[:, i] = to_values(leaves) if graphs else leaves
    return unflatten(structure, batched=True)(columns)


def missing(batch: Sequence[int], count: int) -> str:
    """What to say where a batched argument is missing."""
    return (
        f"batch={tuple(batch)} names argument {batch[-1]}, but the call had {counted(count, 'positional argument')}. "
        "They are counted from 0; pass a batched argument by its position, not by its name."
    )


def _sizes(argument: Any, k: int) -> list[int]:
    try:
        return sizes_of(argument)
    except TypeError:
        raise ShapeError(
            f"Argument {k} is batched, so it needs a leading axis, as an array or a list of samples has; it is "
            f"{shown(argument)}."
        ) from None


def _sample(argument: Any, i: int) -> Any:
    if isinstance(argument, dict):
        return {name: _sample(part, i) for name, part in argument.items()}
    if isinstance(argument, tuple):
        parts = [_sample(part, i) for part in argument]
        return type(argument)(*parts) if hasattr(argument, "_fields") else tuple(parts)
    return argument[i]

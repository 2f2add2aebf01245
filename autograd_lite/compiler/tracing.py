"""The first stage: run a function once on traced Values.

Types: ``Any`` stands for arguments and results of users' functions: numbers, arrays and containers of them.
"""

from __future__ import annotations

import gc
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from autograd_lite.compiler.indexing import take
from autograd_lite.compiler.pipeline import Trace
from autograd_lite.compiler.signature import BatchedArgument, checked_batch, traced
from autograd_lite.compiler.trace import Axis, Tracer, current_tracer
from autograd_lite.engine import Value
from autograd_lite.errors import TraceError
from autograd_lite.node import Node
from autograd_lite.pytree import flatten
from autograd_lite.transforms.evaluation import keeping_values

__all__ = ["collector_paused", "trace"]


def trace(  # noqa: PLR0917 - a function and its call
    f: Callable[..., Any],
    batch: tuple[int, ...],
    batched: frozenset[int],
    args: Sequence[Any],
    named: dict[str, Any],
    exact: bool,
) -> Trace:
    """Run a function once on traced Values.

    Parameters
    ----------
    f : callable
        The user's function.
    batch : tuple of int
        The arguments that `compile` batches: f gets one sample of them.
    batched : frozenset of int
        All arguments with a batch axis; those that are not in `batch` reach f whole, for a `batch_mean`.
    args, named : sequence and dict
        Abstract values of the arguments.
    exact : bool
        Whether derivatives follow the sweep's rules for zero adjoints and NaN to the letter.
    """
    tracer = Tracer(exact=exact, take=take)
    shared = tracer.axis(batch) if batch else None
    shapes: list[Any] = []
    axes: dict[Any, Axis] = {}
    names: dict[Any, str] = {}
    parameters = _parameter_names(f)

    def leaf(source: int, k: int) -> Any:
        return tracer.leaf((source, k))

    def name_inputs(name: str, first: int) -> None:
        several = len(shapes) - first > 1
        names.update({b: f"{name}_{b - first}" if several else name for b in range(first, len(shapes))})

    inputs = []
    for k, argument in enumerate(args):
        first = len(shapes)
        if k in batched:
            whole = BatchedArgument(tracer, k, checked_batch(argument, k), first)
            sample = traced(whole.one(), leaf, shapes)
            inputs.append(sample if k in batch else whole)
            axes |= dict.fromkeys(range(first, len(shapes)), shared or Axis(()))
        else:
            inputs.append(traced(argument, leaf, shapes))
            tracer.arguments[k] = (first, shapes[first:])
        name_inputs(parameters[k] if k < len(parameters) else f"x{k}", first)
    by_name = {}
    for name, argument in named.items():
        first = len(shapes)
        by_name[name] = traced(argument, leaf, shapes)
        name_inputs(name, first)
    token = current_tracer.set(tracer)
    try:
        with keeping_values():
            result = f(*inputs, **by_name)
    except IndexError as error:
        if not str(error).startswith("only integers, slices"):
            raise
        raise TraceError(  # of an array that is not an argument: NumPy hides why it cannot be indexed by a Value
            "An array was indexed by something that is not an integer, perhaps a traced Value. Write ag.take(table, "
            "index) for that; only arguments of the compiled function itself can be indexed as they are."
        ) from error
    finally:
        current_tracer.reset(token)
    leaves, structure = flatten(result)
    roots: list[Any] = [v if isinstance(v, Node) else Value.constant(v) for v in leaves]
    checks = list(tracer.checks)
    return Trace(
        roots, tracer.end(), checks, list(tracer.told), structure, dict(enumerate(shapes)), axes if batch else {}, names
    )


def _parameter_names(f: Callable[..., Any]) -> list[str]:
    """The names of a function's positional parameters."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):  # a built-in, or a callable without a signature
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the cyclic collector from walking a growing graph that holds no cycles: a third of the time to compile."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()

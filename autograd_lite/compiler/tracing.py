"""The first stage: run a function once on traced Values.

Types: ``Any`` stands for arguments and results of users' functions: numbers, arrays and containers of them.
"""

from __future__ import annotations

import functools
import gc
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from autograd_lite.compiler.fingerprint import Sweep
from autograd_lite.compiler.indexing import take
from autograd_lite.compiler.pipeline import Trace
from autograd_lite.compiler.recurrences import Limits
from autograd_lite.compiler.rolling import roll
from autograd_lite.compiler.signature import BatchedArgument, checked_batch, traced
from autograd_lite.compiler.slopes import Slopes, gradients_of
from autograd_lite.compiler.structural import Axis
from autograd_lite.compiler.trace import Tracer
from autograd_lite.engine import Value
from autograd_lite.errors import TraceError
from autograd_lite.node import Node
from autograd_lite.op import current_tracer
from autograd_lite.pytree import Structure, flatten
from autograd_lite.transforms.derivatives import Swept, SweptTwice
from autograd_lite.transforms.evaluation import Sealed, keeping_values

__all__ = ["Tracing", "collector_paused", "trace"]


def trace(  # noqa: PLR0917 - a function and its call
    f: Callable[..., Any],
    batch: tuple[int, ...],
    batched: frozenset[int],
    args: Sequence[Any],
    named: dict[str, Any],
    exact: bool,
    rolls: Limits | None = None,
) -> Trace:
    """Run a function once on traced Values, as `Tracing` does, to the end."""
    return Tracing(f, batch, batched, args, named, exact, rolls).finish()


class Tracing:
    """A function that was run once on traced Values; a gradient that comes last is left for later.

    The reverse sweep is most of the work, and what it gives depends on the trace of the function alone. So where a
    program is found for that, nobody takes it.

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
    rolls : Limits, optional
        Which steps that repeat become loops; none by default.

    Attributes
    ----------
    trace : Trace
        What was recorded so far: with a sweep to come its roots are those of the function, and the structure is that
        of the result in the end.
    sweep : Sweep or None
        What `finish` will do.
    """

    def __init__(  # noqa: PLR0917 - as `trace`
        self,
        f: Callable[..., Any],
        batch: tuple[int, ...],
        batched: frozenset[int],
        args: Sequence[Any],
        named: dict[str, Any],
        exact: bool,
        rolls: Limits | None = None,
    ) -> None:
        self._tracer = Tracer(exact=exact, take=take, roll=None if rolls is None else functools.partial(roll, rolls))
        self._is_batched = bool(batch)
        self._inputs = _Inputs(self._tracer, self._tracer.axis(batch) if batch else None)
        given = self._inputs.read(_parameter_names(f), batch, batched, args)
        by_name = self._inputs.read_named(named)
        self.sweep: Sweep | None = None
        self._twice: SweptTwice | None = None
        start = Value.next_order()
        with self._running():
            if isinstance(f, SweptTwice) and not exact:
                self._twice, self._evaluation = f, f.evaluate(given, by_name)
                structure = flatten(f.outline(self._evaluation))[1]
                self.sweep = Sweep(f"{f.name}, {rolls}", self._evaluation.inputs, start)
                self.trace = self._recorded(flatten([self._evaluation.result, self._evaluation.aux])[0], structure)
            elif isinstance(f, Swept) and not isinstance(f, SweptTwice):
                self._sealed = Sealed(f.evaluate(given, by_name))
                self._leaves, structure, self._at = self._sealed.flatten(f.finish(self._sealed))
                self.sweep = Sweep(f.name, self._sealed.inputs, start)
                self.trace = self._recorded(flatten([self._sealed.result, self._sealed.aux])[0], structure)
            else:
                self.trace = self._recorded(*flatten(self._evaluated(f(*given, **by_name))))

    def _evaluated(self, result: Any) -> Any:
        """What a function returned, after loops were made of steps that repeat in it."""
        self._tracer.evaluated([*flatten(result)[0], *self._tracer.checks, *self._tracer.must_be_finite])
        return result

    def finish(self, *, together: bool = False) -> Trace:
        """Take the sweep, if one is to come; returns the whole trace.

        Parameters
        ----------
        together : bool
            Whether the slopes of many weights may be recorded as one.
        """
        if self.sweep is not None:
            with self._running():
                leaves = self._pushed_back() if self._twice is not None else self._swept(together=together)
            self.sweep, self.trace = None, self._recorded(leaves, self.trace.structure)
        self.end()
        return self.trace

    def _swept(self, *, together: bool) -> list[Any]:
        """The leaves of a result with gradients in it."""
        found = gradients_of(self._sealed, together=together)
        return [*self._leaves[: self._at], *found, *self._leaves[self._at + 1 :]]

    def _pushed_back(self) -> list[Any]:
        """The leaves of a Hessian."""
        assert self._twice is not None
        return flatten(self._evaluated(self._twice.finish(self._evaluation)))[0]

    def end(self) -> None:
        """Let go of all nodes, which refer to the tracer, as it does to them."""
        self._tracer.end()

    @contextmanager
    def _running(self) -> Iterator[None]:
        """Let ops be recorded."""
        token = current_tracer.set(self._tracer)
        try:
            with keeping_values():
                yield
        except IndexError as error:
            if not str(error).startswith("only integers, slices"):
                raise
            raise TraceError(  # of an array that is not an argument: NumPy hides why it cannot be indexed by a Value
                "An array was indexed by something that is not an integer, perhaps a traced Value. Write "
                "ag.take(table, index) for that; only arguments of the compiled function itself can be indexed as they "
                "are."
            ) from error
        finally:
            current_tracer.reset(token)

    def _recorded(self, leaves: Sequence[Any], structure: Structure) -> Trace:
        """The trace of some results."""
        tracer, inputs = self._tracer, self._inputs
        roots: list[Any] = [v if isinstance(v, (Node, Slopes)) else Value.constant(v) for v in leaves]
        must_be_finite: list[Any] = list(tracer.must_be_finite)
        return Trace(
            roots,
            must_be_finite,
            list(tracer.checks),
            list(tracer.told),
            structure,
            dict(enumerate(inputs.shapes)),
            inputs.axes if self._is_batched else {},
            inputs.names,
            tuple(tracer.loops),
        )


class _Inputs:
    """Traced Values in the place of arguments, and what they are like."""

    def __init__(self, tracer: Tracer, shared: Axis | None) -> None:
        self.tracer, self.shared = tracer, shared
        self.shapes: list[Any] = []
        self.axes: dict[Any, Axis] = {}
        self.names: dict[Any, str] = {}

    def read(
        self, parameters: Sequence[str], batch: tuple[int, ...], batched: frozenset[int], args: Sequence[Any]
    ) -> list[Any]:
        """The positional arguments."""
        given = []
        for k, argument in enumerate(args):
            first = len(self.shapes)
            if k in batched:
                whole = BatchedArgument(self.tracer, k, checked_batch(argument, k), first)
                sample = traced(whole.one(), self._leaf, self.shapes)
                given.append(sample if k in batch else whole)
                self.axes |= dict.fromkeys(range(first, len(self.shapes)), self.shared or Axis(()))
            else:
                given.append(traced(argument, self._leaf, self.shapes))
                self.tracer.arguments[k] = (first, self.shapes[first:])
            self._name(parameters[k] if k < len(parameters) else f"x{k}", first)
        return given

    def read_named(self, named: dict[str, Any]) -> dict[str, Any]:
        """The arguments by name."""
        given = {}
        for name, argument in named.items():
            first = len(self.shapes)
            given[name] = traced(argument, self._leaf, self.shapes)
            self._name(name, first)
        return given

    def _leaf(self, source: int, k: int) -> Any:
        return self.tracer.leaf((source, k))

    def _name(self, name: str, first: int) -> None:
        several = len(self.shapes) - first > 1
        self.names.update({b: f"{name}_{b - first}" if several else name for b in range(first, len(self.shapes))})


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

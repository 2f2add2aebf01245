"""The public face: `compile`, and the function that it returns."""

from __future__ import annotations

import functools
import gc
import inspect
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_lite.compiler.batching import check_places, each_row, missing, stacked
from autograd_lite.compiler.pipeline import Trace
from autograd_lite.compiler.runtime import Counts, Entry, LeafOrder, Program, common_count
from autograd_lite.compiler.signature import HasValues, Rows, RowsFound, batched, describe, lift, rows_of, specimen
from autograd_lite.compiler.trace import Axis, Tracer, current_tracer
from autograd_lite.engine import Value, number_of
from autograd_lite.errors import OperandError, ShapeError
from autograd_lite.op import shown
from autograd_lite.pytree import flatten
from autograd_lite.transforms.evaluation import graph_wanted, keeping_values

__all__ = ["CompiledFunction", "compile"]


def compile(f: Callable[..., Any], *, batch: Sequence[int] = ()) -> CompiledFunction:  # noqa: A001 - as in the design
    """Make a function that runs scalar code as array code.

    At its first call with arguments of a new structure the function is run once on Values without numbers; what it did
    becomes a program of array operations, or of float operations where that is faster. Later calls run the program.

    Parameters
    ----------
    f : callable
        Takes numbers, arrays, lists, tuples and dicts of numbers, which reach it as Values; may itself be a transform
        of a function, ``value_and_grad(loss)``. It must not branch on a Value: see `where`.
    batch : sequence of int, optional
        The arguments that get a leading axis of rows, while f is written for one row. Every number of the result
        gets that axis as well.

    Returns
    -------
    CompiledFunction
        Takes what f takes and returns what f returns, with floats and float64 arrays in place of Values. It has
        ``source``, the emitted Python, and ``program``, how much work it is, of the last call.

    Raises
    ------
    TraceError
        In a first call, if f uses a Value where Python needs a number: ``if``, ``float``, an index.
    ShapeError
        In a call, if batched arguments differ in their number of rows, or have none.
    OperandError
        If `batch` is not made of places, or a batched argument holds something else than numbers.

    Examples
    --------
    >>> import autograd_lite as ag
    >>> fast = ag.compile(ag.value_and_grad(lambda x: ag.fsum([v**2 for v in x])))
    >>> fast([1.0, 2.0, 3.0])
    (14.0, [2.0, 4.0, 6.0])
    >>> ag.compile(lambda x, w: w * x, batch=(0,))(np.array([1.0, 2.0]), 10.0)
    array([10., 20.])
    """
    return CompiledFunction(f, batch)


class CompiledFunction:
    """A function and its programs, one for each structure of arguments that it was called with."""

    def __init__(self, f: Callable[..., Any], batch: Sequence[int] = ()) -> None:
        if not callable(f):
            raise OperandError(f"compile takes a function, not {shown(f)} ({type(f).__name__}).")
        functools.update_wrapper(self, f, updated=())
        self._f = f
        self._batch = check_places(batch)
        self._rows = frozenset(self._batch) | frozenset(getattr(f, "batched_arguments", ()))
        self._programs: dict[Any, Entry] = {}
        self._lock = threading.RLock()
        self._last: Entry | None = None

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Run the program for arguments of this structure, compiled at the first call."""
        if graph_wanted():
            return self._original(args, named)
        try:
            entry, blocks, counts = self._find(args, named)
        except HasValues:
            return self._original(args, named)
        flat = entry.run([*blocks, list(map(number_of, entry.program.captured))], counts)
        return entry.pack(flat)

    def _original(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Run the function itself, row by row if it is batched: arguments are Values, or a transform is running."""
        if not self._batch:
            return self._f(*args, **named)
        return stacked(each_row(self._f, self._batch, args, named))

    @property
    def program(self) -> Program:
        """The program of the last call: ``instructions``, ``groups``, ``array_calls``, ``captured``."""
        return self._entry().program

    @property
    def source(self) -> str:
        """The emitted Python of the last call's program."""
        return self._entry().program.source

    def step(self, leaves: Iterable[Value]) -> Callable[..., Any]:
        """Make a function that takes the captured leaves' numbers as an array, for training without Values.

        Parameters
        ----------
        leaves : iterable of Value
            Such as ``model.parameters()``.

        Returns
        -------
        callable
            ``step(flat, *args)``, with ``flat`` of shape (number of leaves,); returns the flat results, a fresh array.

        Examples
        --------
        >>> import autograd_lite as ag
        >>> w = ag.Value(3.0)
        >>> step = ag.compile(ag.value_and_grad(lambda x: w * x, wrt=[w])).step([w])
        >>> step(np.array([5.0]), 2.0)
        array([10.,  2.])
        """
        order = {v: k for k, v in enumerate(leaves)}
        chosen: dict[Entry, LeafOrder] = {}

        def run(flat: Any, *args: Any) -> Any:
            try:
                entry, blocks, counts = self._find(args, {})
            except HasValues:
                raise OperandError("A step takes numbers and arrays, not Values; call the compiled function.") from None
            where = chosen.get(entry)
            if where is None:
                where = chosen[entry] = LeafOrder(entry.program.captured, order)
            result = np.asarray(entry.run([*blocks, where(flat)], counts))
            return result[: entry.program.structure.size]

        return run

    def _entry(self) -> Entry:
        if self._last is None:
            raise OperandError("Nothing is compiled yet: call the function once, then ask for its program or source.")
        return self._last

    def _find(self, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Entry, list[Any], Counts]:
        """The program for these arguments, the arguments as blocks, and how many rows each batched one has."""
        blocks: list[Any] = []
        counts: Counts = {}
        key: list[Any] = []
        batched_places = self._rows
        for place, argument in enumerate(args):
            if place in batched_places:
                argument = batched(argument, place)  # noqa: PLW2901 - lists become arrays
                counts[place] = rows_of(argument)
                start = len(blocks)
                describe(argument, blocks)
                key.append(("rows", _without_rows(argument), tuple(b.shape[1:] for b in blocks[start:])))
            else:
                key.append(describe(argument, blocks))
        if self._batch and self._batch[-1] >= len(args):
            raise ShapeError(missing(self._batch, len(args)))
        key += [(name, describe(argument, blocks)) for name, argument in named.items()]
        full = tuple(key)
        entry = self._programs.get(full)
        if entry is None:
            with self._lock:
                entry = self._programs.get(full)
                if entry is None:
                    found = self._compiled(args, named) if self._rows is batched_places else None
                    if found is None:  # another argument is batched: its key leaves the rows out
                        return self._find(args, named)
                    entry = self._programs[full] = found
        self._last = entry
        if self._batch:
            common_count(self._batch, counts)
        return entry, blocks, counts

    def _compiled(self, args: tuple[Any, ...], named: dict[str, Any]) -> Entry | None:
        alike = [specimen(argument, rows=place in self._rows) for place, argument in enumerate(args)]
        alike_named = {name: specimen(argument) for name, argument in named.items()}
        try:
            with _collector_paused():
                return Entry(functools.partial(_trace, self._f, self._batch, self._rows, alike, alike_named))
        except RowsFound as found:
            self._rows |= set(found.places)
            return None


def _trace(  # noqa: PLR0917 - a function and its call
    f: Callable[..., Any],
    batch: tuple[int, ...],
    rows_at: frozenset[int],
    args: Sequence[Any],
    named: dict[str, Any],
    guarded: bool,
) -> Trace:
    """Run the function once on traced Values; arguments at `rows_at` are batched, some of them (`batch`) by compile."""
    tracer = Tracer(guarded=guarded)
    blocks: list[Any] = []
    rows: dict[Any, Axis] = {}
    shared = tracer.axis(batch) if batch else None

    def leaf(block: int, k: int) -> Any:
        return tracer.leaf((block, k))

    lifted = []
    starts = []
    for place, argument in enumerate(args):
        first = len(blocks)
        starts.append(first)
        if place in rows_at:
            proxy = Rows(tracer, place, batched(argument, place), first)
            row = lift(proxy.one(), leaf, blocks)
            lifted.append(row if place in batch else proxy)
            rows |= dict.fromkeys(range(first, len(blocks)), shared or Axis(()))
        else:
            lifted.append(lift(argument, leaf, blocks))
            tracer.lifted[place] = (first, blocks[first:])
    for_names = {name: lift(argument, leaf, blocks) for name, argument in named.items()}
    token = current_tracer.set(tracer)
    try:
        with keeping_values():
            result = f(*lifted, **for_names)
    finally:
        current_tracer.reset(token)
    leaves, structure = flatten(result)
    roots = [v if isinstance(v, Value) else Value.constant(v) for v in leaves]
    names = _parameter_names(f, starts, len(blocks))
    watched = tracer.end()
    return Trace(roots, watched, structure, dict(enumerate(blocks)), rows if batch else {}, names)


def _parameter_names(f: Callable[..., Any], starts: Sequence[int], count: int) -> dict[Any, str]:
    """The name of the parameter that each block of positional arguments belongs to."""
    try:
        given = [
            p.name for p in inspect.signature(f).parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]
    except (TypeError, ValueError):  # a built-in, or a callable without a signature
        given = []
    names: dict[int, str] = {}
    for place, start in enumerate(starts):
        stop = starts[place + 1] if place + 1 < len(starts) else count
        name = given[place] if place < len(given) else f"x{place}"
        names |= {block: name if stop - start == 1 else f"{name}_{block - start}" for block in range(start, stop)}
    return names


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the cyclic collector from walking a growing graph that holds no cycles: a third of the time to compile."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _without_rows(argument: Any) -> Any:
    """What a batched argument looks like, apart from its arrays."""
    if isinstance(argument, dict):
        return tuple(argument), tuple(map(_without_rows, argument.values()))
    return (type(argument), *map(_without_rows, argument)) if isinstance(argument, tuple) else None

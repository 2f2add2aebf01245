"""The function that `compile` returns: it finds the program for its arguments, and runs it.

Types: ``Any`` stands for what users' functions take and return: numbers, arrays and containers of them.
"""

from __future__ import annotations

import functools
import inspect
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler.backends import BACKENDS
from autograd_lite.compiler.backends.native.calls import NativeCall
from autograd_lite.compiler.batching import check_batch, each_sample, missing, stacked
from autograd_lite.compiler.building import has_machine_code
from autograd_lite.compiler.direct import Direct
from autograd_lite.compiler.eager import run_eagerly
from autograd_lite.compiler.pickling import prepare, reduced
from autograd_lite.compiler.recurrences import Limits, limits
from autograd_lite.compiler.runtime import CheckFailedError, Counts, Entry, LeafOrder, Program, common_count
from autograd_lite.compiler.signature import BatchesFound, HasValues, abstract, checked_batch, describe, sizes_of
from autograd_lite.compiler.tracing import Tracing, collector_paused
from autograd_lite.engine import Value, number_of
from autograd_lite.errors import AutogradLiteError, DomainError, OperandError, ShapeError, UnknownNameError
from autograd_lite.text import counted, shown
from autograd_lite.transforms.evaluation import graph_wanted

__all__ = ["CHOICES", "CompiledFunction"]

CHOICES = ("auto", *BACKENDS)


class CompiledFunction:
    """A function and its programs, one for each structure of arguments that it was called with."""

    def __init__(
        self, f: Callable[..., Any], batch: Sequence[int] = (), backend: str = "auto", roll: bool | None = None
    ) -> None:
        if not callable(f):
            raise OperandError(f"compile takes a function, not {shown(f)} ({type(f).__name__}).")
        functools.update_wrapper(self, f, updated=())
        self._f = f
        prepare(f)
        if backend not in CHOICES:
            raise UnknownNameError.among("backend", backend, CHOICES)
        self._batch = check_batch(batch)
        self._backend = backend
        self._roll = roll
        self._batched = frozenset(self._batch) | frozenset(getattr(f, "batched_arguments", ()))
        self._programs: dict[Any, Entry] = {}
        self._lock = threading.RLock()
        self._last: Entry | None = None
        self._bound: dict[int, tuple[Any, CompiledFunction]] = {}
        self._direct = Direct(_weakly(self._run))

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Run the program for arguments of this structure, compiled at the first call."""
        if graph_wanted():
            return self._original(args, named)
        direct = self._direct.call
        return self._run(*args, **named) if named or direct is None else direct(*args)

    def _run(self, *args: Any, **named: Any) -> Any:
        """Find the program and run it; the next call with such arguments goes past this."""
        try:
            entry, inputs, counts = self._find(args, named)
        except HasValues:
            return self._original(args, named)
        inputs.append(list(map(number_of, entry.program.captured)))
        flat = entry.run_plain(inputs, counts)
        if flat is None and not self._batch and entry.is_for_eager(counts):
            flat = self._eagerly(entry, args, named)
        if flat is None:
            flat = self._exactly(entry, inputs, counts, args, named)
        result = entry.pack(flat)
        self._direct.bind(entry, None if named else args, self._batch, counts)
        return result

    def _eagerly(self, entry: Entry, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """The flat results of the function itself; None if it does not run as it is, as with E[token]."""
        try:
            return run_eagerly(self._f, args, named, entry.program.structure)
        except DomainError:
            raise
        except (AutogradLiteError, IndexError):
            if not entry.program.told:
                raise
            return None

    def _exactly(
        self, entry: Entry, inputs: list[Any], counts: Counts, args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        """The flat results of the exact program, or the error that the function itself raises."""
        try:
            return entry.run_exact(inputs, counts)
        except CheckFailedError as failed:
            return failed.settle(functools.partial(self._original, args, named))

    def __get__(self, instance: Any, owner: type | None = None) -> CompiledFunction:
        """As a method: the compiled function of one instance; its programs hold no reference to the instance."""
        if instance is None:
            return self
        key = id(instance)
        if key not in self._bound:
            batch = [k - 1 for k in self._batch]
            try:
                alive = weakref.ref(instance, functools.partial(_forget, self._bound, key))
            except TypeError:  # it has slots, and none for weak references
                return self._kept_with(instance)
            self._bound[key] = (alive, self._like(_Method(self._f, alive), batch))
        return _Bound.of(self._bound[key][1], instance)

    def _kept_with(self, instance: Any) -> CompiledFunction:
        """As a method that holds its instance."""
        return self._like(functools.partial(self._f, instance), [k - 1 for k in self._batch])

    def _like(self, f: Callable[..., Any], batch: Sequence[int]) -> CompiledFunction:
        """Compile another function as this one."""
        return CompiledFunction(f, batch, self._backend, self._roll)

    def __reduce__(self) -> str | tuple[Any, ...]:
        if isinstance(self._f, _Method):
            return _of_instance, (self._f.instance(), self._f.name)
        return reduced(self, CompiledFunction, self._f, self._batch, self._backend, self._roll)

    def _original(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Run the function itself, sample by sample if batched: arguments are Values, or a transform is running."""
        if not self._batch:
            return self._f(*args, **named)
        return stacked(each_sample(self._f, self._batch, args, named))

    @property
    def program(self) -> Program:
        """The program of the last call: ``ir``, ``instructions``, ``groups``, ``array_calls``, ``captured``."""
        return self._entry().program

    @property
    def source(self) -> str:
        """What the backend printed for the last call's program."""
        return self._entry().program.source

    @property
    def numpy_source(self) -> str:
        """The last call's program as Python that calls NumPy, whatever it runs on."""
        return self._entry().program.numpy_source

    def step(self, leaves: Iterable[Value], update: Callable[[Any, Any], Any] | None = None) -> Callable[..., Any]:
        """Make a function that takes the captured leaves' numbers as an array, for training without Values.

        Parameters
        ----------
        leaves : iterable of Value
            Such as ``model.parameters()``.
        update : callable, optional
            ``update(flat, gradient)`` gives the new numbers, as `Optimizer.update` does, or faster what `fast_update`
            of `nn` makes. The compiled function then returns a value and its gradient with respect to the leaves.

        Returns
        -------
        callable
            ``step(flat, *args)``, with ``flat`` of shape (number of leaves,); returns the flat results, a fresh array.
            With `update` it returns the value and the new numbers.

        Examples
        --------
        >>> import autograd_lite as ag
        >>> w = ag.Value(3.0)
        >>> step = ag.compile(ag.value_and_grad(lambda x: w * x, wrt=[w])).step([w])
        >>> step(np.array([5.0]), 2.0)
        array([10.,  2.])
        >>> train = ag.compile(ag.value_and_grad(lambda x: w * x, wrt=[w])).step([w], ag.nn.SGD(lr=0.5).update)
        >>> train(np.array([5.0]), 2.0)
        (10.0, array([4.]))
        """
        order = {v: k for k, v in enumerate(leaves)}
        chosen: dict[Entry, LeafOrder] = {}

        def run(flat: Any, *args: Any) -> Any:
            try:
                entry, inputs, counts = self._find(args, {})
            except HasValues:
                raise OperandError("A step takes numbers and arrays, not Values; call the compiled function.") from None
            where = chosen.get(entry)
            if where is None:
                where = chosen[entry] = LeafOrder(entry.program.captured, order)
            inputs.append(where(flat))
            found = entry.run_plain(inputs, counts)
            result = np.asarray(self._exactly(entry, inputs, counts, args, {}) if found is None else found)
            direct.bind(entry, args, self._batch, counts, where)
            return result[: entry.program.structure.size]

        direct = Direct(run)
        step = direct.stable(self._backend)
        return step if update is None else _with_update(step, update, len(order))

    def native_step(self, leaves: Sequence[Value], *args: Any) -> NativeCall | None:
        """Find the machine code for such arguments, compiled if need be.

        Parameters
        ----------
        leaves : sequence of Value
            Its last input; the inputs before it are the arguments.

        Returns
        -------
        NativeCall or None
            None if it runs on something else, or takes other leaves or these in another order.
        """
        entry = self._find(args, {})[0]
        is_same = LeafOrder(entry.program.captured, {v: k for k, v in enumerate(leaves)}).is_same
        return entry.program.native if is_same else None

    def _entry(self) -> Entry:
        if self._last is None:
            raise OperandError("Nothing is compiled yet: call the function once, then ask for its program or source.")
        return self._last

    def _find(self, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[Entry, list[Any], Counts]:
        """The program for these arguments, the arguments as inputs, and how many samples each batched one has."""
        inputs: list[Any] = []
        counts: Counts = {}
        key: list[Any] = []
        batched = self._batched
        for k, argument in enumerate(args):
            if k in batched:
                argument = checked_batch(argument, k)  # noqa: PLW2901 - lists become arrays
                counts[k] = sizes_of(argument)
                start = len(inputs)
                describe(argument, inputs)
                key.append(("batched", _containers(argument), tuple(b.shape[1:] for b in inputs[start:])))
            else:
                key.append(describe(argument, inputs))
        if self._batch and self._batch[-1] >= len(args):
            raise ShapeError(missing(self._batch, len(args)))
        key += [(name, describe(argument, inputs)) for name, argument in named.items()]
        full = tuple(key)
        entry = self._programs.get(full)
        if entry is None:
            with self._lock:
                entry = self._programs.get(full)
                if entry is None:
                    found = self._compiled(args, named) if self._batched is batched else None
                    if found is None:  # another argument is batched: its key leaves the number of samples out
                        return self._find(args, named)
                    entry = self._programs[full] = found
        self._last = entry
        if self._batch:
            common_count(self._batch, counts)
        return entry, inputs, counts

    def _limits(self) -> Limits | None:
        """Which steps become loops."""
        return limits(self._roll, self._backend, is_native=has_machine_code())

    def _compiled(self, args: tuple[Any, ...], named: dict[str, Any]) -> Entry | None:
        alike = [abstract(argument, batched=k in self._batched) for k, argument in enumerate(args)]
        alike_named = {name: abstract(argument) for name, argument in named.items()}
        try:
            with collector_paused():
                given = self._f, self._batch, self._batched, alike, alike_named
                start = functools.partial(Tracing, *given, rolls=self._limits())
                return Entry(start, self._backend)
        except BatchesFound as found:
            self._batched |= set(found.arguments)
            return None


class _Bound(CompiledFunction):
    """A compiled method with its instance: it shares all else with the function that holds the instance weakly."""

    __slots__ = ("_instance",)
    _instance: Any

    @classmethod
    def of(cls, function: CompiledFunction, instance: Any) -> _Bound:
        """Bind the function of an instance to it."""
        bound = cls.__new__(cls)
        bound.__dict__, bound._instance = function.__dict__, instance
        return bound


def _with_update(step: Callable[..., Any], update: Callable[[Any, Any], Any], count: int) -> Callable[..., Any]:
    """A step that returns the value, and the leaves' numbers after an update."""

    def both(flat: Any, *args: Any) -> tuple[float, Any]:
        result = step(flat, *args)
        if result.shape != (count + 1,):
            raise OperandError(
                f"A step with an update needs one value and {counted(count, 'slope')}, and got {result.size} numbers. "
                "Compile value_and_grad(loss, wrt=leaves), with the leaves of the step."
            )
        return result.item(0), update(flat, result[1:])

    return both


def _weakly(method: Callable[..., Any]) -> Callable[..., Any]:
    """A bound method that does not keep its instance alive."""
    found = weakref.WeakMethod(method)

    def run(*args: Any) -> Any:
        bound = found()
        assert bound is not None  # who calls this holds the instance
        return bound(*args)

    return run


class _Method:
    """A function bound to an instance that it does not keep alive."""

    def __init__(self, f: Callable[..., Any], alive: weakref.ref[Any]) -> None:
        functools.update_wrapper(self, f, updated=())
        self._f = f
        self._alive = alive
        self.name = getattr(f, "__name__", "")

    def __call__(self, *args: Any, **named: Any) -> Any:
        return self._f(self._alive(), *args, **named)

    def instance(self) -> Any:
        """What it is bound to; None if that is gone."""
        return self._alive()


def _of_instance(instance: Any, name: str) -> CompiledFunction:
    """The compiled method of an instance that came out of a pickle, where nothing else may hold it."""
    found: CompiledFunction = inspect.getattr_static(type(instance), name)
    return found._kept_with(instance)


def _forget(bound: dict[int, Any], key: int, _: object) -> None:
    bound.pop(key, None)


def _containers(argument: Any) -> Any:
    """What a batched argument looks like, apart from its arrays."""
    if isinstance(argument, dict):
        return tuple(argument), tuple(map(_containers, argument.values()))
    return (type(argument), *map(_containers, argument)) if isinstance(argument, tuple) else None

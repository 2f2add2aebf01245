"""`vmap`: a function of one sample, mapped over an axis of its arguments.

Eagerly it is a loop that stacks the results. Compiled as a whole, ``compile(vmap(f))``, the axis becomes one of arrays;
inside a compiled function the loop is traced, sample by sample.

Types: ``Any`` stands for what users' functions take and return: numbers, arrays and containers of them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any, TypeAlias

import numpy as np

from autograd_lite.compiler.batching import each_sample, stacked
from autograd_lite.engine import Value
from autograd_lite.errors import DomainError, OperandError, ShapeError
from autograd_lite.text import counted, shown
from autograd_lite.transforms.evaluation import Selection, evaluate

__all__ = ["Mapped", "vmap"]

Axis: TypeAlias = int | None


def vmap(f: Callable[..., Any], in_axes: Axis | Sequence[Axis] = 0, out_axes: Axis | Sequence[Axis] = 0) -> Mapped:
    """Make a function of many samples from a function of one.

    Parameters
    ----------
    f : callable
        Takes one sample: numbers, arrays or containers of them, which reach it as Values.
    in_axes : int, None or sequence of them
        The axis of each positional argument along which its samples lie, or one for all; None for an argument that
        all samples share. Lists of samples have axis 0; in a tuple or dict of arrays, each has the axis. Arguments
        given by name are shared.
    out_axes : int, None or sequence of them
        Where each number of the result gets the axis; a sequence has one for each part of a list or tuple that f
        returns. None for a result that is the same for all samples, which then appears once.

    Returns
    -------
    callable
        Takes what f takes, with samples along those axes. Results are arrays, of Values where an input was one. Maps
        nest, differentiate and compile: ``compile(vmap(f))`` turns the axis into one of arrays, and
        ``compile(f, batch=(0,))`` is short for ``compile(vmap(f, in_axes=(0, None, ...)))``.

    Raises
    ------
    OperandError
        If the axes are something else, or name no argument to map over.
    ShapeError
        In a call, if an argument has no such axis, if they differ in their number of samples or have none, or if f
        returns different shapes.
    DomainError
        In a call, if a result with ``out_axes=None`` differs between samples.

    Examples
    --------
    >>> vmap(lambda x, w: w * x**2, in_axes=(0, None))([1.0, 2.0, 3.0], 10.0)
    array([10., 40., 90.])
    >>> from autograd_lite import grad
    >>> vmap(grad(lambda x: x[0] * x[1]))(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[2., 1.],
           [4., 3.]])
    """
    return Mapped(f, in_axes, out_axes)


class Mapped:
    """A function mapped over axes of its arguments."""

    adapts_arguments = True  # called as it stands: a list is a list of samples

    def __init__(
        self, f: Callable[..., Any], in_axes: Axis | Sequence[Axis] = 0, out_axes: Axis | Sequence[Axis] = 0
    ) -> None:
        if not callable(f):
            raise OperandError(f"vmap takes a function, not {shown(f)} ({type(f).__name__}). Write ag.vmap(f)(xs).")
        self.in_axes, self.out_axes = _checked("in_axes", in_axes), _checked("out_axes", out_axes)
        if self.in_axes is None or (isinstance(self.in_axes, tuple) and set(self.in_axes) <= {None}):
            raise OperandError(
                f"vmap has nothing to map over: in_axes={shown(in_axes)}. Give one argument an axis, such as (0, None)."
            )
        functools.update_wrapper(self, f, updated=())
        self.f = f

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Call the function once for each sample, and stack the results."""
        axes = self.axes(len(args))
        chosen = tuple([k for k, axis in enumerate(axes) if axis is not None])
        return self.placed(stacked(each_sample(self._one, chosen, self.fronted(args), named), as_values=False))

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Bind to an instance, as a function does that is a method: the instance is not mapped over."""
        return self if instance is None else Mapped(MethodType(self.f, instance), self.in_axes, self.out_axes)

    def __repr__(self) -> str:
        return f"<vmap of {shown(self.f)}>"

    def _one(self, *sample: Any, **named: Any) -> Any:
        evaluation = evaluate(self.f, Selection(wrt=()), sample, named)
        return evaluation.numbers(evaluation.result)

    def axes(self, count: int) -> tuple[Axis, ...]:
        """The axis of each of so many arguments, None for those that are shared."""
        if not isinstance(self.in_axes, tuple):
            return (self.in_axes,) * count
        if len(self.in_axes) != count:
            raise ShapeError(
                f"in_axes={self.in_axes} has {counted(len(self.in_axes), 'part')}, and the call had "
                f"{counted(count, 'positional argument')}. Give one for each."
            )
        return self.in_axes

    def fronted(self, args: Sequence[Any]) -> list[Any]:
        """The arguments with the samples along their leading axes."""
        axes = self.axes(len(args))
        return [_fronted(x, axis, k) if axis else x for k, (x, axis) in enumerate(zip(args, axes, strict=True))]

    @property
    def is_axis(self) -> bool:
        """Whether the results' axes are known without looking at all samples."""
        return self.out_axes is not None and not (isinstance(self.out_axes, tuple) and None in self.out_axes)

    def placed(self, result: Any) -> Any:
        """Move the leading axis of stacked results to where it is wanted."""
        if not isinstance(self.out_axes, tuple):
            return _placed(result, self.out_axes)
        if not isinstance(result, (list, tuple)) or len(result) != len(self.out_axes):
            raise ShapeError(
                f"out_axes={self.out_axes} has one entry for each part of a list or tuple of "
                f"{len(self.out_axes)}; the function returned {shown(result)}."
            )
        parts = [_placed(part, axis) for part, axis in zip(result, self.out_axes, strict=True)]
        return _like(result, parts)


def _checked(name: str, axes: Any) -> Axis | tuple[Axis, ...]:
    entries = axes if isinstance(axes, (list, tuple)) else (axes,)
    if not all(axis is None or type(axis) is int for axis in entries):
        raise OperandError(f"{name}={shown(axes)} must be an axis such as 0, None, or a tuple with one for each part.")
    return tuple(axes) if isinstance(axes, (list, tuple)) else axes


def _fronted(argument: Any, axis: int, k: int) -> Any:
    if isinstance(argument, dict):
        return {name: _fronted(part, axis, k) for name, part in argument.items()}
    if isinstance(argument, tuple):
        return _like(argument, [_fronted(part, axis, k) for part in argument])
    try:
        return np.moveaxis(np.asarray(argument), axis, 0)
    except ValueError:  # no such axis, or a list of lists of different lengths
        raise ShapeError(f"Argument {k} of a vmap has no axis {axis}; it is {shown(argument)}.") from None


def _placed(result: Any, axis: int | None) -> Any:
    if isinstance(result, dict):
        return {name: _placed(part, axis) for name, part in result.items()}
    if isinstance(result, (list, tuple)):
        return _like(result, [_placed(part, axis) for part in result])
    if not isinstance(result, np.ndarray) or axis == 0:
        return result
    if axis is None:
        return _the_one(result)
    try:
        return np.moveaxis(result, 0, axis)
    except ValueError:
        raise ShapeError(f"out_axes has the axis {axis}; this result has the shape {result.shape}.") from None


def _the_one(result: Any) -> Any:
    """The first sample's result, if the others' are the same."""
    numbers = [x.data if isinstance(x, Value) else x for x in result.flat if not isinstance(x, Value) or x.has_number]
    table = np.array(numbers, dtype=float).reshape(len(result), -1)
    if not np.array_equal(table, np.broadcast_to(table[:1], table.shape), equal_nan=True):
        raise DomainError("out_axes=None is for a result that all samples share; this one differs. Give it an axis.")
    return result[0].copy() if result.ndim > 1 else result[0] if result.dtype == object else float(result[0])


def _like(given: Any, parts: list[Any]) -> Any:
    """A list, a tuple or a named tuple, as given."""
    if isinstance(given, list):
        return parts
    return type(given)(*parts) if hasattr(given, "_fields") else tuple(parts)

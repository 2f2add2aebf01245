"""Rows one by one: what a batch means where no program runs, because a graph is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler.signature import rows_of
from autograd_lite.compiler.unflatten import unflatten
from autograd_lite.errors import OperandError, ShapeError
from autograd_lite.op import shown
from autograd_lite.pytree import flatten
from autograd_lite.transforms.evaluation import as_values

__all__ = ["check_places", "each_row", "stacked"]


def check_places(batch: Iterable[int]) -> tuple[int, ...]:
    """Check the places of the arguments that have rows; returns them in order, once each.

    Examples
    --------
    >>> check_places([2, 0])
    (0, 2)
    """
    places: list[Any] = []
    try:
        places = sorted(set(batch))
        is_right = all(type(place) is int and place >= 0 for place in places)
    except TypeError:
        is_right = False
    if not is_right:
        raise OperandError(
            f"batch={shown(batch)} must be the places of the arguments that have rows, counted from 0: batch=(0,), or "
            "batch=(1, 2) for the second and the third."
        )
    return tuple(places)


def each_row(f: Callable[..., Any], places: Sequence[int], args: Sequence[Any], named: dict[str, Any]) -> list[Any]:
    """Call a function once for each row of the arguments at some places.

    Raises
    ------
    ShapeError
        If an argument is missing or has no leading axis, if they differ in their number of rows, or have none.

    Examples
    --------
    >>> each_row(lambda x, y: x * y, (0,), ([1.0, 2.0], 10.0), {})
    [10.0, 20.0]
    """
    if places[-1] >= len(args):
        raise ShapeError(missing(places, len(args)))
    counts = {n for place in places for n in _counts(args[place], place)}
    if len(counts) > 1:
        raise ShapeError(f"Batched arguments need equally many rows; they have {', '.join(map(str, sorted(counts)))}.")
    if counts == {0}:
        raise ShapeError("The batched arguments have no rows. Give at least one.")
    rows = range(counts.pop())
    return [f(*[_row(x, i) if k in places else x for k, x in enumerate(args)], **named) for i in rows]


def stacked(results: Sequence[Any]) -> Any:
    """Put the results of all rows together: every number becomes an object array of Values over the rows.

    Examples
    --------
    >>> [v.data for v in stacked([1.0, 2.0])]
    [1.0, 2.0]
    """
    flat = [flatten(result) for result in results]
    structure = flat[0][1]
    if any(other != structure for _, other in flat):
        raise ShapeError("The function returned results of different shapes for different rows.")
    columns = np.empty((structure.size, len(flat)), dtype=object)
    for i, (leaves, _) in enumerate(flat):
        columns[:, i] = as_values(leaves)
    return unflatten(structure, batched=True)(columns)


def missing(places: Sequence[int], count: int) -> str:
    """What to say where a batched argument is not there."""
    return (
        f"batch={tuple(places)} names argument {places[-1]}, but the call had {count} positional argument(s). They are "
        "counted from 0; pass a batched argument by its place, not by its name."
    )


def _counts(argument: Any, place: int) -> list[int]:
    try:
        return rows_of(argument)
    except TypeError:
        raise ShapeError(
            f"Argument {place} is batched, so it needs a leading axis, as an array or a list of rows has; it is "
            f"{shown(argument)}."
        ) from None


def _row(argument: Any, i: int) -> Any:
    if isinstance(argument, dict):
        return {name: _row(part, i) for name, part in argument.items()}
    if isinstance(argument, tuple):
        parts = [_row(part, i) for part in argument]
        return type(argument)(*parts) if hasattr(argument, "_fields") else tuple(parts)
    return argument[i]

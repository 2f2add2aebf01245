"""A call's arguments as blocks of numbers, with a key that says what they look like.

A block is a number, an array, or a list of numbers: what a program loads with one assignment. Arguments with equal keys
run the same program; how many rows a batched argument has is not part of its key.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from autograd_lite.compiler.trace import Axis, Traced, Tracer, at_users_line
from autograd_lite.engine import Value
from autograd_lite.errors import ShapeError, TraceError
from autograd_lite.op import Node, to_number
from autograd_lite.pytree import flatten, pack

__all__ = ["HasValues", "Rows", "RowsFound", "batched", "describe", "is_argument", "lift", "rows_of", "specimen"]

NUMBER = "number"
_FLOATS = {float}
_NUMBERS = {float, int}


class HasValues(Exception):  # noqa: N818 - no error, but a message to the caller: run the function itself
    """An argument holds a Value, so a graph is wanted and not a number."""


class RowsFound(Exception):  # noqa: N818 - no error: trace again, with these arguments kept whole
    """Arguments turned out to be handed to `batch_mean`."""

    def __init__(self, places: list[int]) -> None:
        super().__init__(places)
        self.places = places


def describe(argument: Any, blocks: list[Any]) -> Any:
    """Append the blocks of an argument, and return its key."""
    kind = type(argument)
    if kind is float:
        blocks.append(argument)
        return NUMBER
    if kind is np.ndarray and argument.dtype == np.float64 and argument.ndim:
        blocks.append(argument)
        return argument.shape
    if kind in (list, tuple):
        if argument and _NUMBERS.issuperset(kinds := set(map(type, argument))):
            blocks.append(argument if kinds == _FLOATS else list(map(to_number, argument)))
            return kind, len(argument)
        return kind, tuple([describe(part, blocks) for part in argument])
    if kind is dict:
        return kind, tuple(argument), tuple([describe(part, blocks) for part in argument.values()])
    return _describe_rarer(argument, blocks)


def _describe_rarer(argument: Any, blocks: list[Any]) -> Any:
    if isinstance(argument, Node):
        raise HasValues
    if isinstance(argument, dict):
        return describe(dict(argument), blocks)
    packed, structure = pack(argument)
    if structure.kind == "static":
        return structure
    for block in packed:
        if isinstance(block, Node) or (isinstance(block, np.ndarray) and block.dtype == object):
            raise HasValues
    if structure.kind == "number":
        blocks.append(packed[0])
        return NUMBER
    if structure.kind == "array":
        blocks.append(packed[0] if packed[0].ndim else float(packed[0]))
        return packed[0].shape
    return structure.detail, tuple([describe(part, blocks) for part in argument])  # a named tuple


def lift(argument: Any, leaf: Callable[[int, int], Value], blocks: list[Any]) -> Any:
    """Put traced Values in the place of an argument's numbers, block by block as `describe` does."""
    kind = type(argument)
    if kind in (list, tuple) and argument and _NUMBERS.issuperset(map(type, argument)):
        blocks.append(len(argument))
        return kind([leaf(len(blocks) - 1, k) for k in range(len(argument))])
    if isinstance(argument, (list, tuple)):
        parts = [lift(part, leaf, blocks) for part in argument]
        return parts if isinstance(argument, list) else _tuple_like(argument, parts)
    if isinstance(argument, dict):
        return {name: lift(part, leaf, blocks) for name, part in argument.items()}
    if isinstance(argument, np.ndarray) and argument.ndim:
        blocks.append(argument.shape)
        block = len(blocks) - 1
        lifted = np.fromiter((leaf(block, k) for k in range(argument.size)), dtype=object, count=argument.size)
        return lifted.reshape(argument.shape)
    if flatten(argument)[1].kind == "static":
        return argument
    blocks.append(None)
    number = leaf(len(blocks) - 1, 0)
    return np.array(number, dtype=object) if isinstance(argument, np.ndarray) else number


class Rows:
    """A batched argument while a function is traced: it can be handed to `batch_mean`, and nothing else.

    Callable only in name: what is callable passes through transforms as it is.
    """

    def __init__(self, tracer: Tracer, place: int, argument: Any, first: int) -> None:
        self.tracer = tracer
        self.place = place
        self.argument = argument
        self.first = first  # the number of its first block

    def one(self) -> Any:
        """Its first row."""
        return first_row(self.argument)

    def row(self, axis: Axis) -> Any:
        """One traced row of it."""
        return lift(self.one(), lambda block, k: self.tracer.leaf((self.first + block, k), axis), [])

    def __call__(self, *_: Any) -> Any:
        """Refuse: it is whole rows, not a function."""
        self._refuse()

    def __getitem__(self, _: Any) -> NoReturn:
        self._refuse()

    def __iter__(self) -> NoReturn:
        self._refuse()

    def __len__(self) -> NoReturn:  # noqa: PLE0303 - it never returns
        self._refuse()

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        self._refuse()

    def __repr__(self) -> str:
        return f"argument {self.place}, which only batch_mean can take"

    def _refuse(self, *_: Any) -> NoReturn:
        raise TraceError(
            f"Argument {self.place} was used{at_users_line()}. It is batched by batch_mean, so inside a compiled "
            "function it can only be handed to batch_mean as it came. Index or slice it before the call, "
            "or pass what you need as another argument."
        )

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __pow__ = __rpow__ = __matmul__ = __rmatmul__ = __neg__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse


def specimen(argument: Any, *, rows: bool = False) -> Any:
    """Something that looks like an argument and holds no memory: what a later trace needs of it.

    Examples
    --------
    >>> specimen([1.0, np.zeros((1000, 3))], rows=False)[1].shape, specimen(np.zeros((1000, 3)), rows=True).shape
    ((1000, 3), (1, 3))
    """
    if isinstance(argument, dict):
        return {name: specimen(part, rows=rows) for name, part in argument.items()}
    if isinstance(argument, tuple) or (isinstance(argument, list) and not rows):
        parts = [specimen(part, rows=rows) for part in argument]
        return type(argument)(*parts) if hasattr(argument, "_fields") else type(argument)(parts)
    array = np.asarray(argument) if rows else argument
    if isinstance(array, np.ndarray) and array.dtype != object:
        return np.broadcast_to(np.float64(0.0), (1, *array.shape[1:]) if rows else array.shape)
    return argument


def first_row(argument: Any) -> Any:
    """The first row of a batched argument: of an array, or of each array in a container."""
    if isinstance(argument, dict):
        return {name: first_row(part) for name, part in argument.items()}
    if isinstance(argument, tuple):
        return _tuple_like(argument, [first_row(part) for part in argument])
    return argument[0]  # a number stays NumPy's: each array is a block of its own, whatever its neighbours are


def batched(argument: Any, place: int) -> Any:
    """Check that an argument has a leading axis, and make arrays of lists.

    Raises
    ------
    ShapeError
        If it is a number, ragged, or has no rows.
    OperandError
        If it holds something else than numbers.
    """
    if isinstance(argument, dict):
        return {name: batched(part, place) for name, part in argument.items()}
    if isinstance(argument, tuple):
        return _tuple_like(argument, [batched(part, place) for part in argument])
    try:
        given = argument if isinstance(argument, np.ndarray) else np.asarray(argument)
    except ValueError:
        raise ShapeError(
            f"Argument {place} is batched, so it must be an array with a leading axis, or a list of equally long rows; "
            f"it is a {type(argument).__name__}, and its rows differ."
        ) from None
    (array,), _ = pack(given)
    if array.dtype == object:
        raise HasValues
    if not array.ndim:
        raise ShapeError(f"Argument {place} is batched, so it needs a leading axis; it is one number, {array!r}.")
    if not len(array):
        raise ShapeError(f"Argument {place} is batched, but it has no rows. Give at least one.")
    return array


def _tuple_like(given: tuple[Any, ...], parts: list[Any]) -> tuple[Any, ...]:
    """A tuple, or a named tuple of the same type."""
    return type(given)(*parts) if hasattr(given, "_fields") else tuple(parts)


def rows_of(argument: Any) -> list[int]:
    """How many rows each array of a batched argument has."""
    if isinstance(argument, dict):
        return [n for part in argument.values() for n in rows_of(part)]
    if isinstance(argument, tuple):
        return [n for part in argument for n in rows_of(part)]
    return [len(argument)]


def is_argument(thing: Any, tracer: Tracer) -> int | None:
    """The place of the argument that this is, whole and in order; None if it is something else."""
    leaves = flatten(thing)[0]
    for place, (first, sizes) in tracer.lifted.items():
        sources = [(first + b, k) for b, size in enumerate(sizes) for k in range(_count(size))]
        if len(leaves) == len(sources) and all(
            type(v) is Traced and v.source == s for v, s in zip(leaves, sources, strict=True)
        ):
            return place
    return None


def _count(size: Any) -> int:
    """How many numbers a block holds: a number one, a list its length, an array the product of its shape."""
    return 1 if size is None else size if isinstance(size, int) else math.prod(size)

"""A call's arguments as flat inputs, with a key that says what they look like.

An input is a number, an array, or a list of numbers: what a program loads with one assignment. Arguments with equal
keys run the same program; how many samples a batched argument has is not part of its key.

Types: ``Any`` stands for arguments of users' functions: numbers, arrays and containers of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from autograd_lite.compiler.structural import Axis
from autograd_lite.compiler.trace import Tracer
from autograd_lite.compiler.traced import Traced
from autograd_lite.engine import Value
from autograd_lite.errors import ShapeError, TraceError
from autograd_lite.indexed import INDEXED, IndexedArray
from autograd_lite.node import Node
from autograd_lite.op import to_number
from autograd_lite.pytree import flatten, pack
from autograd_lite.source_lines import at_users_line

__all__ = [
    "BatchedArgument",
    "BatchesFound",
    "HasValues",
    "abstract",
    "argument_of",
    "checked_batch",
    "describe",
    "sizes_of",
    "traced",
]

NUMBER = "number"
_FLOATS = {float}
_NUMBERS = {float, int}


class HasValues(Exception):  # noqa: N818 - no error, but no error: run the function itself
    """An argument holds a Value, so a graph is wanted and not a number."""


class BatchesFound(Exception):  # noqa: N818 - no error: trace again, with these arguments kept whole
    """Arguments turned out to be handed to `batch_mean`."""

    def __init__(self, arguments: list[int]) -> None:
        super().__init__(arguments)
        self.arguments = arguments


def describe(argument: Any, inputs: list[Any]) -> Any:
    """Append the inputs that an argument holds, and return its key."""
    kind = type(argument)
    if kind is float:
        inputs.append(argument)
        return NUMBER
    if kind is np.ndarray and argument.dtype == np.float64 and argument.ndim:
        inputs.append(argument)
        return argument.shape
    if kind in (list, tuple):
        if argument and _NUMBERS.issuperset(kinds := set(map(type, argument))):
            inputs.append(argument if kinds == _FLOATS else list(map(to_number, argument)))
            return kind, len(argument)
        return kind, tuple([describe(part, inputs) for part in argument])
    if kind is dict:
        return kind, tuple(argument), tuple([describe(part, inputs) for part in argument.values()])
    return _describe_rarer(argument, inputs)


def _describe_rarer(argument: Any, inputs: list[Any]) -> Any:
    if isinstance(argument, Node):
        raise HasValues
    if isinstance(argument, dict):
        return describe(dict(argument), inputs)
    packed, structure = pack(argument)
    if structure.kind == "static":
        return structure
    for part in packed:
        if isinstance(part, Node) or (isinstance(part, np.ndarray) and part.dtype == object):
            raise HasValues
    if structure.kind == "number":
        inputs.append(packed[0])
        return NUMBER
    if structure.kind == "array":
        inputs.append(packed[0] if packed[0].ndim else float(packed[0]))
        return packed[0].shape
    return structure.detail, tuple([describe(part, inputs) for part in argument])  # a named tuple


def traced(argument: Any, leaf: Callable[[int, int], Value], shapes: list[Any]) -> Any:
    """Replace an argument's numbers by traced Values, input by input as `describe` does."""
    kind = type(argument)
    if kind in (list, tuple) and argument and _NUMBERS.issuperset(map(type, argument)):
        shapes.append(len(argument))
        return INDEXED[kind]([leaf(len(shapes) - 1, k) for k in range(len(argument))])
    if isinstance(argument, (list, tuple)):
        parts = [traced(part, leaf, shapes) for part in argument]
        alike = parts if isinstance(argument, list) else _tuple_like(argument, parts)
        return INDEXED[kind](alike) if kind in INDEXED else alike
    if isinstance(argument, dict):
        return {name: traced(part, leaf, shapes) for name, part in argument.items()}
    if isinstance(argument, np.ndarray) and argument.ndim:
        shapes.append(argument.shape)
        source = len(shapes) - 1
        replaced = np.fromiter((leaf(source, k) for k in range(argument.size)), dtype=object, count=argument.size)
        return replaced.reshape(argument.shape).view(IndexedArray)
    if flatten(argument)[1].kind == "static":
        return argument
    shapes.append(None)
    number = leaf(len(shapes) - 1, 0)
    return np.array(number, dtype=object) if isinstance(argument, np.ndarray) else number


class BatchedArgument:
    """A batched argument while a function is traced: it can be handed to `batch_mean`, and nothing else.

    Callable only in name: what is callable passes through transforms as it is.
    """

    def __init__(self, tracer: Tracer, index: int, argument: Any, first: int) -> None:
        self.tracer = tracer
        self.index = index
        self.argument = argument
        self.first = first  # the index of its first input

    def one(self) -> Any:
        """Its first sample."""
        return first_sample(self.argument)

    def sample(self, axis: Axis) -> Any:
        """One traced sample of it."""
        return traced(self.one(), lambda i, k: self.tracer.leaf((self.first + i, k), axis), [])

    def __call__(self, *_: Any) -> Any:
        """Refused: it holds samples, and is not a function."""
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
        return f"argument {self.index}, which only batch_mean can take"

    def _refuse(self, *_: Any) -> NoReturn:
        raise TraceError(
            f"Argument {self.index} was used{at_users_line()}. It is batched by batch_mean, so inside a compiled "
            "function it can only be handed to batch_mean as it came. Index or slice it before the call, "
            "or pass what you need as another argument."
        )

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __pow__ = __rpow__ = __matmul__ = __rmatmul__ = __neg__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse


def abstract(argument: Any, *, batched: bool = False) -> Any:
    """Make the abstract value of an argument: its shape without data, kept for a later trace.

    Examples
    --------
    >>> abstract([1.0, np.zeros((1000, 3))])[1].shape, abstract(np.zeros((1000, 3)), batched=True).shape
    ((1000, 3), (1, 3))
    """
    if isinstance(argument, dict):
        return {name: abstract(part, batched=batched) for name, part in argument.items()}
    if isinstance(argument, tuple) or (isinstance(argument, list) and not batched):
        parts = [abstract(part, batched=batched) for part in argument]
        return type(argument)(*parts) if hasattr(argument, "_fields") else type(argument)(parts)
    array = np.asarray(argument) if batched else argument
    if isinstance(array, np.ndarray) and array.dtype != object:
        return np.broadcast_to(np.float64(0.0), (1, *array.shape[1:]) if batched else array.shape)
    return argument


def first_sample(argument: Any) -> Any:
    """The first sample of a batched argument: of an array, or of each array in a container."""
    if isinstance(argument, dict):
        return {name: first_sample(part) for name, part in argument.items()}
    if isinstance(argument, tuple):
        return _tuple_like(argument, [first_sample(part) for part in argument])
    return argument[0]  # a number stays NumPy's: each array is an input of its own, whatever its neighbours are


def checked_batch(argument: Any, k: int) -> Any:
    """Check that an argument has a leading axis, and make arrays of lists.

    Raises
    ------
    ShapeError
        If it is a number, ragged, or has no samples.
    OperandError
        If it holds something else than numbers.
    """
    if isinstance(argument, dict):
        return {name: checked_batch(part, k) for name, part in argument.items()}
    if isinstance(argument, tuple):
        return _tuple_like(argument, [checked_batch(part, k) for part in argument])
    try:
        given = argument if isinstance(argument, np.ndarray) else np.asarray(argument)
    except ValueError:
        raise ShapeError(
            f"Argument {k} is batched, so it must be an array with a leading axis, or a list of equally long samples; "
            f"it is a {type(argument).__name__}, and its samples differ."
        ) from None
    (array,), _ = pack(given)
    if array.dtype == object:
        raise HasValues
    if not array.ndim:
        raise ShapeError(f"Argument {k} is batched, so it needs a leading axis; it is one number, {array!r}.")
    if not len(array):
        raise ShapeError(f"Argument {k} is batched, but it has no samples. Give at least one.")
    return array


def _tuple_like(given: tuple[Any, ...], parts: list[Any]) -> tuple[Any, ...]:
    """A tuple, or a named tuple of the same type."""
    return type(given)(*parts) if hasattr(given, "_fields") else tuple(parts)


def sizes_of(argument: Any) -> list[int]:
    """How many samples each array of a batched argument has."""
    if isinstance(argument, dict):
        return [n for part in argument.values() for n in sizes_of(part)]
    if isinstance(argument, tuple):
        return [n for part in argument for n in sizes_of(part)]
    return [len(argument)]


def argument_of(thing: Any, tracer: Tracer) -> int | None:
    """Which argument this is, whole and in order; None if it is something else."""
    leaves = flatten(thing)[0]
    for k, (first, sizes) in tracer.arguments.items():
        sources = [(first + b, i) for b, size in enumerate(sizes) for i in range(_count(size))]
        if len(leaves) == len(sources) and all(
            type(v) is Traced and v.source == s for v, s in zip(leaves, sources, strict=True)
        ):
            return k
    return None


def _count(size: Any) -> int:
    """How many numbers an input holds: a number one, a list its length, an array the product of its shape."""
    return 1 if size is None else size if isinstance(size, int) else math.prod(size)

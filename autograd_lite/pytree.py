"""Arguments and results as flat lists of numbers, and back.

A transform or a compiled function takes numbers, arrays, lists, tuples, named tuples and dicts, in any nesting. Inside,
it works on the *leaves*: the numbers alone, in order. `flatten` takes an argument apart, and the `Structure` that it
returns beside the leaves puts others together in the same way: gradients, Values, traced Values.

What is not a number and holds none (text, True, False, None, functions) is *static*: part of the structure.

Types: ``Any`` stands for the user's containers, and for what they hold.
"""

from __future__ import annotations

import enum
import math
import sys
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import accumulate, islice
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.errors import OperandError, ShapeError
from autograd_lite.indexed import INDEXED, IndexedArray, is_traced
from autograd_lite.node import Node
from autograd_lite.op import shown, to_number

__all__ = ["NUMBER", "Structure", "flatten", "has_values", "pack"]


class Structure(NamedTuple):
    """Tree definition: the container without its leaves. Hashable; equal for arguments of the same form.

    Attributes
    ----------
    kind : str
        ``"number"``, ``"array"``, ``"list"``, ``"tuple"``, ``"dict"`` or ``"static"``.
    detail : tuple, type or None
        An array's shape, a dict's keys in order, a named tuple's type, or a static value with its type.
    parts : tuple of Structure
        The structures of what a container holds.
    size : int
        How many leaves there are.

    Examples
    --------
    >>> leaves, structure = flatten({"w": [1.0, 2.0], "act": "relu"})
    >>> leaves, structure.size
    ([1.0, 2.0], 2)
    >>> structure.rebuild([10.0, 20.0])
    {'w': [10.0, 20.0], 'act': 'relu'}
    """

    kind: str
    detail: Any
    parts: tuple[Structure, ...]
    size: int

    def rebuild(self, leaves: Iterable[Any]) -> Any:
        """Build the container from its leaves (unflatten).

        Parameters
        ----------
        leaves : iterable of float or Value, or ndarray of shape (size,)
            As many as `size`. Of a flat float64 array, the arrays in the result are views.

        Returns
        -------
        number or container
            With arrays of float64, or of objects where a leaf is a Value.

        Raises
        ------
        ShapeError
            If there are too few leaves or too many.
        """
        supply = _Supply(leaves)
        built = self._build(supply)
        if not supply.is_empty():
            raise ShapeError(f"More leaves were given than the {self.size} of this structure.")
        return built

    def _build(self, supply: _Supply) -> Any:
        if self.kind == "number":
            return supply.one()
        if self.kind == "array":
            return supply.array(self.detail)
        if self.kind == "static":
            return self.detail[1]
        is_flat = self.size == len(self.parts) == self.parts.count(NUMBER)
        parts = [supply.one() for _ in self.parts] if is_flat else [part._build(supply) for part in self.parts]
        built = self.assemble(parts)
        return INDEXED[type(built)](built) if supply.is_traced and type(built) in INDEXED else built

    def assemble(self, built: Sequence[Any]) -> Any:
        """Build this container from its rebuilt parts.

        Examples
        --------
        >>> flatten((1.0, [2.0]))[1].assemble(["first", "second"])
        ('first', 'second')
        """
        if self.kind == "dict":
            return dict(zip(self.detail, built, strict=True))
        if self.kind == "list":
            return list(built)
        return self.detail(*built) if callable(self.detail) else tuple(built)

    def grafted(self, k: int, whole: Structure) -> Structure:
        """Put a structure in the place of the k-th leaf.

        Examples
        --------
        >>> structure = flatten((1.0, [2.0, 3.0]))[1]
        >>> structure.grafted(1, structure).rebuild([1.0, 2.0, 3.0, 4.0, 5.0])
        (1.0, [(2.0, [3.0, 4.0]), 5.0])
        """
        if self.kind == "number":
            return whole
        starts = accumulate([part.size for part in self.parts], initial=0)
        parts = [
            part.grafted(k - start, whole) if start <= k < start + part.size else part
            for start, part in zip(starts, self.parts, strict=False)
        ]
        return self._replace(parts=tuple(parts), size=self.size - 1 + whole.size)

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape as one array: () for a number, (n,) for a list of n numbers; None for what is not regular.

        Lists and tuples count as arrays where they hold nothing but numbers, or such lists of one length.

        Examples
        --------
        >>> flatten([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])[1].shape
        (2, 3)
        >>> print(flatten([1.0, [2.0]])[1].shape)
        None
        """
        if self.kind == "number":
            return ()
        if self.kind == "array":
            return tuple(self.detail)
        if self.kind in ("dict", "static") or any(part.kind == "array" for part in self.parts):
            return None
        shapes = {part.shape for part in self.parts}
        if len(shapes) > 1 or None in shapes:
            return None
        return (len(self.parts), *(shapes.pop() or ())) if shapes else (0,)

    def is_like(self, other: Structure) -> bool:
        """Whether leaves match one by one: the same structure, or the same shape, as of a list and an array.

        Examples
        --------
        >>> flatten([1.0, 2.0])[1].is_like(flatten(np.zeros(2))[1])
        True
        """
        return self == other or (self.shape is not None and self.shape == other.shape)

    def names(self, name: str = "") -> Iterator[str]:
        """Name each leaf by its path, as Python would index it.

        Examples
        --------
        >>> list(flatten({"w": [1.0, 2.0], "b": 3.0})[1].names("p"))
        ["p['w'][0]", "p['w'][1]", "p['b']"]
        """
        if self.kind == "number":
            yield name
        elif self.kind == "array":
            for place in np.ndindex(self.detail):
                yield f"{name}[{', '.join(map(str, place))}]" if place else name
        else:
            keys = self.detail if self.kind == "dict" else range(len(self.parts))
            for key, part in zip(keys, self.parts, strict=False):
                yield from part.names(f"{name}[{key!r}]")


NUMBER = Structure("number", None, (), 1)


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """Flatten an argument into its leaves and its tree definition.

    Parameters
    ----------
    tree : number, Value, ndarray, list, tuple, dict, or something static
        Containers may be nested. Arrays give their numbers in C order, dicts in the order of their keys.

    Returns
    -------
    leaves : list of float or Value
        The numbers, as floats, and the Values as they are.
    structure : Structure
        Its ``rebuild`` makes the same of other leaves.

    Raises
    ------
    OperandError
        If something is neither a number, nor a container of numbers, nor static.

    Examples
    --------
    >>> import numpy as np
    >>> leaves, structure = flatten((1, np.array([[2.0, 3.0]])))
    >>> leaves
    [1.0, 2.0, 3.0]
    >>> structure.rebuild([x * 10.0 for x in leaves])
    (10.0, array([[20., 30.]]))
    """
    blocks, structure = pack(tree)
    if not any([issubclass(kind, np.ndarray) for kind in set(map(type, blocks))]):  # noqa: C419 - faster
        return blocks, structure
    leaves: list[Any] = []
    for block in blocks:
        if isinstance(block, np.ndarray):
            leaves += block.ravel().tolist()
        else:
            leaves.append(block)
    return leaves, structure


def pack(tree: Any) -> tuple[list[Any], Structure]:
    """Flatten an argument as `flatten` does, but keep arrays whole.

    Returns
    -------
    blocks : list of float, Value or ndarray
        Arrays are of float64, or of objects where they hold Values; a float64 array is the caller's own, not a copy.
    structure : Structure
        The same as from `flatten`.

    Examples
    --------
    >>> pack([1, np.array([2, 3])])[0]
    [1.0, array([2., 3.])]
    """
    blocks: list[Any] = []
    return blocks, _walk(tree, blocks.append)


def has_values(leaves: Iterable[Any]) -> bool:
    """Whether any leaf is a Value, so that results must be Values too.

    Examples
    --------
    >>> has_values([1.0, 2.0])
    False
    """
    return any(isinstance(leaf, Node) for leaf in leaves)


def _walk(tree: Any, add: Callable[[Any], None]) -> Structure:
    if type(tree) is float or isinstance(tree, Node):
        add(tree)
        return NUMBER
    if isinstance(tree, (list, tuple, dict)):
        return _container(tree, add)
    if isinstance(tree, np.ndarray):
        add(_numbers(tree))
        return Structure("array", tree.shape, (), tree.size)
    if _is_static(tree):
        return Structure("static", (type(tree), tree), (), 0)
    add(_number(tree))
    return NUMBER


def _container(tree: Any, add: Callable[[Any], None]) -> Structure:
    members = list(tree.values() if isinstance(tree, dict) else tree)
    if all([issubclass(kind, Node) for kind in set(map(type, members))]):  # noqa: C419 - faster than a generator
        for v in members:
            add(v)
        parts = (NUMBER,) * len(members)
    else:
        parts = tuple([_walk(part, add) for part in members])
    size = sum([part.size for part in parts])
    if isinstance(tree, dict):
        return Structure("dict", tuple(tree), parts, size)
    if isinstance(tree, list):
        return Structure("list", None, parts, size)
    return Structure("tuple", type(tree) if hasattr(tree, "_fields") else None, parts, size)


def _number(thing: Any) -> float:
    if hasattr(thing, "__float__") and not isinstance(thing, Iterable):
        return to_number(thing, "an argument or a result")
    if hasattr(thing, "__array__"):
        advice = "Make an array of it: np.asarray(...)."
    elif isinstance(thing, Iterable):
        advice = "Make a list of it: list(...)."
    else:
        advice = "Use it inside the function instead: lambda x: f(x, thing)."
    raise OperandError(
        f"{shown(thing)} ({type(thing).__name__}) is not a number, nor an array, list, tuple or dict of numbers. Only "
        f"text, True, False, None and functions may stand beside numbers. {advice}"
    )


def _numbers(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Check that an array holds real numbers or Values, and make it float64 where there are no Values."""
    if type(array) is not np.ndarray and _is_masked(array):
        raise OperandError("A masked array would lose its mask. Give array.filled(...) or array.compressed().")
    if array.dtype.kind in "fiub":
        return np.asarray(array, dtype=np.float64)
    numbers = [x if isinstance(x, Node) else to_number(x, "an element of an array") for x in array.ravel()]
    return _Supply(numbers).array(array.shape)


def _is_masked(array: np.ndarray[Any, Any]) -> bool:
    """Whether this is a masked array; nobody has one before its module is imported, which takes 10 ms."""
    return "numpy.ma" in sys.modules and isinstance(array, np.ma.MaskedArray)


def _is_static(thing: Any) -> bool:
    static = thing is None or isinstance(thing, (str, bytes, bool, np.bool_, enum.Enum)) or callable(thing)
    if static and not isinstance(thing, Hashable):
        raise OperandError(
            f"The argument {shown(thing)} ({type(thing).__name__}) cannot be hashed, so calls with it cannot be told "
            "apart. Use it inside the function instead: lambda x: f(x, thing)."
        )
    return static


class _Supply:
    """Iterator over leaves, one at a time or one array at a time."""

    def __init__(self, leaves: Iterable[Any]) -> None:
        self.flat = leaves if isinstance(leaves, np.ndarray) and leaves.dtype == np.float64 else None
        given = [] if self.flat is not None else leaves if isinstance(leaves, (list, tuple)) else list(leaves)
        self.is_traced = any(map(is_traced, given))
        self.rest = iter(given)
        self.used = 0

    def one(self) -> Any:
        if self.flat is None:
            for leaf in self.rest:
                return leaf
        elif self.used < len(self.flat):
            self.used += 1
            return float(self.flat[self.used - 1])
        raise ShapeError("Fewer leaves were given than the structure has.")

    def array(self, shape: Any) -> np.ndarray[Any, Any]:
        size = math.prod(shape)
        if self.flat is not None:
            taken: Any = self.flat[self.used : self.used + size]
            self.used += size
        else:
            taken = list(islice(self.rest, size))
        if len(taken) < size:
            raise ShapeError("Fewer leaves were given than the structure has.")
        if self.flat is not None:
            return taken.reshape(shape)  # type: ignore[no-any-return]
        kind = object if has_values(taken) else np.float64
        array = np.fromiter(taken, dtype=kind, count=size).reshape(shape)
        return array.view(IndexedArray) if self.is_traced else array

    def is_empty(self) -> bool:
        return self.used == len(self.flat) if self.flat is not None else next(self.rest, self) is self

"""Lists, tuples and arrays that a traced Value can index: the arguments of a function that is being compiled.

Types: ``Any`` stands for what they hold, and for what indexes them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.errors import OperandError
from autograd_lite.node import Node
from autograd_lite.op import shown

__all__ = ["INDEXED", "IndexedArray", "IndexedList", "IndexedTuple", "is_traced"]


def is_traced(thing: Any) -> bool:
    """Whether this is a node without a number."""
    return isinstance(thing, Node) and not thing.has_number


class IndexedList(list[Any]):
    """A list that takes a traced Value as an index."""

    def __getitem__(self, key: Any) -> Any:
        """The element, or the one that a traced Value chooses when the program runs."""
        return key.element_of(self) if is_traced(key) else super().__getitem__(key)


class IndexedTuple(tuple[Any, ...]):
    """A tuple that takes a traced Value as an index."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        """The element, or the one that a traced Value chooses when the program runs."""
        return key.element_of(self) if is_traced(key) else super().__getitem__(key)


class IndexedArray(np.ndarray[Any, Any]):
    """An array that takes traced Values as indices, behind any that are integers: ``E[token]``, ``E[0, token]``."""

    def __getitem__(self, key: Any) -> Any:
        """The elements, or those that a traced Value chooses when the program runs."""
        keys = key if isinstance(key, tuple) else (key,)
        at = next((k for k, one in enumerate(keys) if is_traced(one)), None)
        if at is None:
            return super().__getitem__(key)
        if not all(isinstance(one, (int, np.integer)) for one in keys[:at]):
            raise OperandError(
                f"An array was indexed by a traced Value behind {shown(keys[0])}. Use ag.take(table, index), which "
                "takes elements along the first axis."
            )
        row = keys[at].element_of(super().__getitem__(keys[:at]) if at else self)
        return row[keys[at + 1 :]] if keys[at + 1 :] else row

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """What arithmetic gives is an ordinary array, or a number."""
        return array[()] if return_scalar else np.asarray(array)


INDEXED: dict[type, Any] = {list: IndexedList, tuple: IndexedTuple}

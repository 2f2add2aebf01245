"""From the flat numbers of a program back to what the function returned.

Types: ``Any`` stands for a container of any kind, and for the names of emitted source.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.pytree import NUMBER, Structure

__all__ = ["unflatten"]


def unflatten(structure: Structure, *, batched: bool, arrays: bool = False) -> Callable[[Any], Any]:
    """Make the function that puts flat results into a structure: it is written once, as one expression.

    Arrays of the structure are views of a flat array, each of its own part.

    Parameters
    ----------
    structure : Structure
        Of the function's result.
    batched : bool
        Whether each number is an array over the samples.
    arrays : bool
        Whether the flat results always come as an array, which is then read faster; else they may be a list.

    Examples
    --------
    >>> from autograd_lite.pytree import flatten
    >>> pack = unflatten(flatten((1.0, [2.0, 3.0]))[1], batched=False)
    >>> pack(np.array([10.0, 20.0, 30.0]))
    (10.0, [20.0, 30.0])
    """
    names: dict[str, Any] = {"array": np.array, "empty": np.empty, "moveaxis": np.moveaxis}
    text = _Writer(names, batched=batched, arrays=arrays).write(structure, 0)
    return eval(f"lambda r: {text}", names)  # type: ignore[no-any-return]  # noqa: S307 - our own text


class _Writer:
    def __init__(self, names: dict[str, Any], *, batched: bool, arrays: bool) -> None:
        self.names = names
        self.batched = batched
        self.arrays = arrays

    def write(self, structure: Structure, start: int) -> str:  # noqa: PLR0911 - one line a kind of structure
        """The expression for a structure whose numbers begin at an index of the flat results."""
        stop = start + structure.size
        if structure.kind == "static":
            return self._name(structure.rebuild([]))
        if structure.kind == "number":
            return f"r[{start}]" if self.batched else f"r.item({start})" if self.arrays else f"float(r[{start}])"
        if structure.kind == "array":
            return self._array(structure.detail, start, stop)
        if structure.kind == "list" and not self.batched and structure.parts.count(NUMBER) == len(structure.parts):
            return f"r[{start}:{stop}].tolist()" if self.arrays else f"list(map(float, r[{start}:{stop}]))"
        parts = []
        for part in structure.parts:
            parts.append(self.write(part, start))
            start += part.size
        if structure.kind == "dict":
            return "{" + ", ".join(f"{self._name(k)}: {p}" for k, p in zip(structure.detail, parts, strict=True)) + "}"
        if structure.kind == "list":
            return f"[{', '.join(parts)}]"
        return (
            f"{self._name(structure.detail)}({', '.join(parts)})"
            if structure.detail
            else f"({''.join(p + ', ' for p in parts)})"
        )

    def _array(self, shape: tuple[int, ...], start: int, stop: int) -> str:
        if not self.batched:
            part = f"r[{start}:{stop}]" if self.arrays else f"array(r[{start}:{stop}])"
            return part if len(shape) == 1 else f"{part}.reshape({shape})"
        return f"moveaxis(r[{start}:{stop}].reshape(({''.join(f'{s}, ' for s in shape)}-1)), -1, 0)"

    def _name(self, thing: Any) -> str:
        name = f"k{len(self.names)}"
        self.names[name] = thing
        return name

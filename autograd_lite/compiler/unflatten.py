"""From the flat numbers of a program back to what the function returned.

Types: ``Any`` stands for a container of any kind, and for the names of emitted source.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.pytree import Structure

__all__ = ["unflatten"]


def unflatten(structure: Structure, *, batched: bool) -> Callable[[Any], Any]:
    """Make the function that puts flat results into a structure: it is written once, as one expression.

    Parameters
    ----------
    structure : Structure
        Of the function's result.
    batched : bool
        Whether each number is an array over the samples.

    Examples
    --------
    >>> from autograd_lite.pytree import flatten
    >>> pack = unflatten(flatten((1.0, [2.0, 3.0]))[1], batched=False)
    >>> pack(np.array([10.0, 20.0, 30.0]))
    (10.0, [20.0, 30.0])
    """
    names: dict[str, Any] = {"array": np.array, "empty": np.empty, "moveaxis": np.moveaxis}
    text = _Writer(names, batched=batched).write(structure, 0)
    return eval(f"lambda r: {text}", names)  # type: ignore[no-any-return]  # noqa: S307 - our own text


class _Writer:
    def __init__(self, names: dict[str, Any], *, batched: bool) -> None:
        self.names = names
        self.batched = batched

    def write(self, structure: Structure, start: int) -> str:  # noqa: PLR0911 - one line a kind of structure
        """The expression for a structure whose numbers begin at an index of the flat results."""
        stop = start + structure.size
        if structure.kind == "static":
            return self._name(structure.rebuild([]))
        if structure.kind == "number":
            return f"r[{start}]" if self.batched else f"float(r[{start}])"
        if structure.kind == "array":
            return self._array(structure.detail, start, stop)
        if structure.kind == "list" and not self.batched and all(p.kind == "number" for p in structure.parts):
            return f"list(map(float, r[{start}:{stop}]))"
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
            return f"array(r[{start}:{stop}]).reshape({shape})" if len(shape) != 1 else f"array(r[{start}:{stop}])"
        return f"moveaxis(r[{start}:{stop}].reshape(({''.join(f'{s}, ' for s in shape)}-1)), -1, 0)"

    def _name(self, thing: Any) -> str:
        name = f"k{len(self.names)}"
        self.names[name] = thing
        return name

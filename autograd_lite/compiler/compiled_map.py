"""A compiled `vmap`, whose mapped axes are a batch axis.

Types: ``Any`` stands for what users' functions take and return: numbers, arrays and containers of them.
"""

from __future__ import annotations

from typing import Any

from autograd_lite.compiler.compiled_function import CompiledFunction
from autograd_lite.compiler.mapping import Mapped
from autograd_lite.transforms.evaluation import graph_wanted

__all__ = ["CompiledMap"]


class CompiledMap(CompiledFunction):
    """A `vmap` and its programs: the mapped axes are the batch axis of arrays."""

    def __init__(self, f: Mapped, backend: str = "auto", roll: bool | None = None) -> None:
        super().__init__(f, (), backend, roll)
        self._mapped = f
        self._by_count: dict[int, CompiledFunction] = {}  # how many arguments are mapped may depend on the call

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Run the program for arguments of this structure, compiled at the first call."""
        if graph_wanted():
            return self._mapped(*args, **named)
        count = len(args)
        if count not in self._by_count:
            batch = [k for k, axis in enumerate(self._mapped.axes(count)) if axis is not None]
            self._by_count[count] = self._like(self._mapped.f, batch)
        fast = self._by_count[count]
        result = self._mapped.placed(fast(*self._mapped.fronted(args), **named))
        self._last = fast._last
        return result

    def __reduce__(self) -> tuple[Any, ...]:
        return CompiledMap, (self._mapped, self._backend, self._roll)

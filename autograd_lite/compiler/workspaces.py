"""Workspaces: all buffers of a program for one length of its batch axes, kept for the next call.

A workspace is taken from a free list for the time of a call, so nested and concurrent calls never share one, and a call
allocates nothing but its result. What is kept is bounded.

Types: ``Any`` stands for flat inputs and results: floats, lists of floats or arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["KEPT_BYTES", "Workspaces"]

KEPT_BYTES = 64 * 2**20  # of one program

Work = Callable[..., Any]


class Workspaces:
    """Makes workspaces by ``build(*sizes)``, and keeps them.

    Parameters
    ----------
    build : callable
        Makes the function that runs the program on buffers of its own.
    buffers : sequence of (int, int or None)
        For each buffer its members, and which of the sizes they are multiplied by.
    """

    def __init__(self, build: Callable[..., Work], buffers: Sequence[tuple[int, int | None]]) -> None:
        self._build = build
        self._buffers = buffers
        self._free: dict[tuple[int, ...], list[Work]] = {}  # the size that was used last comes last

    def run(self, inputs: Sequence[Any], sizes: Sequence[int]) -> Any:
        """Run on the inputs of a call; returns the flat results, an array that nothing else refers to."""
        key = tuple(sizes)
        free = self._free[key] = self._free.pop(key, [])  # now it comes last
        work = free.pop() if free else self._made(key)
        try:
            return work(*inputs).copy()
        finally:
            self._free.setdefault(key, []).append(work)

    def release(self) -> None:
        """Give back the memory that no call is using."""
        self._free.clear()

    def kept_bytes(self) -> int:
        """How many bytes the workspaces hold that no call is using."""
        return sum(self.bytes_of(key) * len(works) for key, works in list(self._free.items()))

    def bytes_of(self, sizes: Sequence[int]) -> int:
        """How many bytes one workspace holds."""
        return 8 * sum(n if k is None else n * sizes[k] for n, k in self._buffers)

    def _made(self, key: tuple[int, ...]) -> Work:
        """Make a workspace, and room for it: the least recently used sizes are forgotten."""
        oldest = list(self._free)
        while oldest and self.kept_bytes() + self.bytes_of(key) > KEPT_BYTES:
            self._free.pop(oldest.pop(0), None)
        return self._build(*key)

"""A native program as Python calls it: arguments of any layout, memory to work in, a fresh result.

Types: ``Any`` stands for arrays and for what a call hands over.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler.backends.native.machine import Code
from autograd_lite.compiler.backends.native.memory import Layout, padded
from autograd_lite.compiler.backends.native.text import LANES
from autograd_lite.compiler.ir import ArrayProgram
from autograd_lite.compiler.workspaces import KEPT_BYTES

__all__ = ["NativeCall", "work_array"]

KEPT = 8  # workspaces of one program, for nested and concurrent calls


def work_array(doubles: int) -> Any:
    """Memory for so many doubles, where a vector register likes it."""
    memory = np.zeros(doubles + LANES)
    start = -memory.ctypes.data // 8 % LANES
    return memory[start : start + doubles]


class NativeCall:
    """A compiled program, and the workspaces that no call is using.

    Parameters
    ----------
    program : ArrayProgram
        For its inputs and its result.
    layout : Layout
        Of its workspace.
    code : Code
        Holds the function ``run``.
    loops : ctypes array
        The inner loops of NumPy that it calls.
    """

    def __init__(self, program: ArrayProgram, layout: Layout, code: Code, loops: Any) -> None:
        self.program, self.layout, self.code, self.loops = program, layout, code, loops
        self.address = code.address("run")
        self.dims = program.dims
        self.result_dim = None if program.result.dim is None else self.dims.index(program.result.dim)
        self._run = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)(self.address)  # it lets other threads run
        self._free: list[Any] = []

    def doubles(self, sizes: Sequence[int]) -> int:
        """How large a workspace must be for some lengths of the batch axes."""
        return self.layout.total({dim: padded(n) for dim, n in zip(self.dims, sizes, strict=True)})

    def run(self, inputs: Sequence[Any], sizes: Sequence[int]) -> Any:
        """Run on the inputs of a call; returns the flat results, a fresh array."""
        blocks = [np.ascontiguousarray(x, dtype=float) for x in inputs]
        size = self.program.result.size
        result = np.empty(size if self.result_dim is None else (size, sizes[self.result_dim]))
        places = (ctypes.c_void_p * (len(blocks) + 1))(*[x.ctypes.data for x in blocks], result.ctypes.data)
        work = self._taken(self.doubles(sizes))
        try:
            self._run(work.ctypes.data, (ctypes.c_int64 * max(len(sizes), 1))(*sizes), self.loops, places)
        finally:
            if len(self._free) < KEPT and work.nbytes <= KEPT_BYTES // KEPT:
                self._free.append(work)
        return result

    def release(self) -> None:
        """Forget the workspaces."""
        self._free.clear()

    def _taken(self, doubles: int) -> Any:
        """A workspace, the last one that was used if it is large enough."""
        work = self._free.pop() if self._free else None
        return work if work is not None and work.size >= doubles else work_array(doubles)

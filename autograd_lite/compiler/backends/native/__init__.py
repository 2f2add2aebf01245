"""Native code: array programs as LLVM IR, made into machine code by llvmlite.

Elementwise functions give NumPy's bits, since they call its inner loops; sums are added up in a fixed order, with
fused multiply-adds and without any flag that allows reordering.

Types: ``Any`` stands for arrays and for what a call hands over.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.compiler import disk
from autograd_lite.compiler.backends.base import Executable
from autograd_lite.compiler.backends.native import machine
from autograd_lite.compiler.backends.native.kernel import Kernel, Module, why_not
from autograd_lite.compiler.backends.native.memory import Layout, padded
from autograd_lite.compiler.backends.native.text import LANES
from autograd_lite.compiler.ir import Array, ArrayProgram, Input, Map
from autograd_lite.compiler.workspaces import Workspaces
from autograd_lite.errors import MissingDependencyError, ProgramError
from autograd_lite.text import install_command

__all__ = ["NativeBackend", "missing"]


class NativeBackend:
    """Prints LLVM IR, and compiles it."""

    name = "native"

    def why_not(self, program: ArrayProgram) -> str:
        """Say why a program cannot run natively here; nothing if it can."""
        return missing() or why_not(program)

    def compile(self, program: ArrayProgram, kept: Any = None) -> Executable:
        """Print a program, and make it run.

        Raises
        ------
        MissingDependencyError
            If llvmlite is not installed.
        ProgramError
            If the program cannot run natively here.
        """
        if not machine.is_installed():
            raise MissingDependencyError(f"The backend native needs llvmlite: {install_command('native')}.")
        if told := self.why_not(program):
            raise ProgramError(f"The backend native cannot run this program: {told}. Choose numpy or auto.")
        return _executable(program, kept)


@functools.cache
def missing() -> str:
    """Say what this machine lacks for native code, by a self-test at last; nothing if it lacks nothing."""
    if told := machine.missing():
        return told
    x, y = Array("x", (9,), role="input"), Array("y", (9,), role="result")
    numbers = np.linspace(-2.0, 3.0, 9)
    found = _executable(ArrayProgram((Input(x, (9,)),), (Map(y.whole, "exp", (x.whole,)),), y)).run([numbers], ())
    return "" if found.tobytes() == np.exp(numbers).tobytes() else "the self-test gave other numbers than NumPy"


class Kept(NamedTuple):
    """What spares a later process the printing and the compiling: all but the address of NumPy's loops.

    Attributes
    ----------
    layout : Layout
        Where the arrays lie.
    staged : dict of Array to Array
        Where a call puts arguments that have a batch axis.
    loops : tuple of str
        The ufuncs whose inner loops are called.
    key : str
        The key of the object code on disk.
    """

    layout: Layout
    staged: dict[Array, Array]
    loops: tuple[str, ...]
    key: str


def _printed(program: ArrayProgram) -> tuple[Kernel, str]:
    kernel = Kernel(program, Module(machine.registers(), machine.attributes()), "run")
    kernel.print()
    return kernel, str(kernel.module)


def _executable(program: ArrayProgram, kept: Any = None) -> Executable:
    code = disk.load(kept.key) if isinstance(kept, Kept) else None
    if code is None:
        kernel, source = _printed(program)
        code, key = machine.object_code(source)
        kept = Kept(kernel.memory.layout, kernel.memory.staged, tuple(kernel.module.loops), key)
    loops = machine.loop_table(kept.loops)
    build = _Builder(program, kept, machine.function(code, "run"), loops)
    workspaces = Workspaces(build, build.buffers())
    return Executable(workspaces.run, lambda: _printed(program)[1], 0, workspaces.release, kept)


class _Builder:
    """Makes workspaces: memory, views of it for the arguments and the result, and the call.

    Parameters
    ----------
    program : ArrayProgram
        For its inputs and its result.
    kept : Kept
        Where its arrays lie.
    function : callable
        The compiled program.
    loops : ctypes array
        The inner loops of NumPy that it calls.
    """

    def __init__(self, program: ArrayProgram, kept: Kept, function: Callable[..., None], loops: Any) -> None:
        self.program = program
        self.layout = kept.layout
        self.staged = kept.staged
        self.function = function
        self.loops = loops

    def buffers(self) -> list[tuple[int, int | None]]:
        """The doubles of a workspace, as its bytes are counted; rows are padded by less than a vector."""
        batched = self.layout.batched.values()
        padding = (LANES - 1) * sum(batched) + LANES
        return [(self.layout.flat + padding, None), *[(n, k) for k, n in enumerate(batched)]]

    def __call__(self, *sizes: int) -> Callable[..., Any]:
        """Make a workspace for some lengths of the batch axes."""
        rows = {dim: padded(n) for dim, n in zip(self.program.dims, sizes, strict=True)}
        counts = dict(zip(self.program.dims, sizes, strict=True))
        memory = np.zeros(self.layout.total(rows) + LANES)
        start = -memory.ctypes.data // 8 % LANES
        work = memory[start : start + self.layout.total(rows)]
        targets = [self._target(given, work, rows, counts) for given in self.program.inputs]
        result = self._view(self.program.result, work, rows, counts)
        lengths = (ctypes.c_int64 * max(len(sizes), 1))(*sizes)
        function, loops, pointer = self.function, self.loops, ctypes.c_void_p(work.ctypes.data)

        def run(*blocks: Any) -> Any:
            for target, block in zip(targets, blocks, strict=True):
                if target is not None:
                    target[...] = block
            function(pointer, lengths, loops)
            return result

        return run

    def _view(self, array: Any, work: Any, rows: Any, counts: Any) -> Any:
        """An array in a workspace, without the padding."""
        start = self.layout.offset(array, rows)
        if array.dim is None:
            return work[start : start + array.size]
        row = rows[array.dim]
        return work[start : start + array.size * row].reshape(array.size, row)[:, : counts[array.dim]]

    def _target(self, given: Input, work: Any, rows: Any, counts: Any) -> Any:
        """A view of an argument's memory in the shape in which it is given."""
        if given.array is None:
            return None
        shape = given.given if isinstance(given.given, tuple) else () if given.given is None else (given.given,)
        if given.array.dim is None:
            return self._view(given.array, work, rows, counts).reshape(shape)
        start = self.layout.offset(self.staged.get(given.array, given.array), rows)
        count = counts[given.array.dim]
        return work[start : start + count * given.array.size].reshape(count, *shape)

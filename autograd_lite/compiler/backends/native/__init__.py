"""Native code: array programs as LLVM IR, made into machine code by llvmlite.

Elementwise functions give NumPy's bits, since they call its inner loops; sums are added up in a fixed order, with
fused multiply-adds and without any flag that allows reordering.

Types: ``Any`` stands for what an earlier process kept.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.compiler import disk
from autograd_lite.compiler.backends.base import Executable
from autograd_lite.compiler.backends.native import machine
from autograd_lite.compiler.backends.native.calls import NativeCall
from autograd_lite.compiler.backends.native.kernel import Kernel, Module, why_not
from autograd_lite.compiler.backends.native.lines import Lines
from autograd_lite.compiler.backends.native.memory import Layout
from autograd_lite.compiler.backends.native.text import LANES
from autograd_lite.compiler.ir import Array, ArrayProgram, Input, Map
from autograd_lite.errors import MissingDependencyError, ProgramError
from autograd_lite.text import install_command

__all__ = ["NativeBackend", "missing"]

PASSED = b"passed"


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
    """Say what this machine lacks for native code, by a self-test at last; nothing if it lacks nothing.

    That this processor passed the test is kept on disk, beside the code that relies on it.
    """
    if told := machine.missing():
        return told
    key = machine.key_of("self-test", machine.identity())
    if disk.load(key) == PASSED:
        return ""
    if told := _self_test():
        return told
    disk.save(key, PASSED)
    return ""


def _self_test() -> str:
    """Say what is wrong with a program that calls one of NumPy's loops; nothing if it gives NumPy's numbers."""
    x, y = Array("x", (LANES,), role="input"), Array("y", (LANES,), role="result")
    program = ArrayProgram((Input(x, (LANES,)),), (Map(y.whole, "exp", (x.whole,)),), y)
    numbers = np.linspace(-2.0, 3.0, LANES)
    source, layout, loops, _ = _printed(program)
    code = machine.Code(content=machine.compiled(source, machine.SOON))
    found = NativeCall(program, layout, code, machine.loop_table(loops)).run([numbers], ())
    return "" if found.tobytes() == np.exp(numbers).tobytes() else "the self-test gave other numbers than NumPy"


class Kept(NamedTuple):
    """What spares a later process the printing and the compiling: all but the address of NumPy's loops.

    Attributes
    ----------
    layout : Layout
        Where the arrays lie.
    loops : tuple of str
        The ufuncs whose inner loops are called.
    key : str
        The key of the object code on disk.
    processor : str
        The one that it is for: a home directory may be that of several machines.
    """

    layout: Layout
    loops: tuple[str, ...]
    key: str
    processor: str


class Printed(NamedTuple):
    """A program as LLVM text, and what has to be known of it."""

    source: str
    layout: Layout
    loops: tuple[str, ...]
    level: int


def _printed(program: ArrayProgram) -> Printed:
    if program.is_straight:
        lines = Lines(program, machine.attributes(), sines=machine.has_close_sines())
        return Printed(str(lines), lines.layout, tuple(lines.loops), lines.level)
    module = Module(machine.registers(), machine.attributes(), sines=machine.has_close_sines())
    kernel = Kernel(program, module, "run")
    kernel.print()
    return Printed(str(kernel.module), kernel.memory.layout, tuple(kernel.module.loops), machine.LEVEL)


def _executable(program: ArrayProgram, kept: Any = None) -> Executable:
    is_ours = isinstance(kept, Kept) and kept.processor == machine.identity()
    content = disk.load(kept.key) if is_ours else None
    if content is None:
        source, layout, loops, level = _printed(program)
        code = machine.Code(source, level=level)
        kept = Kept(layout, loops, code.key, machine.identity())
    else:
        code = machine.Code(content=content)
    call = NativeCall(program, kept.layout, code, machine.loop_table(kept.loops))
    return Executable(call.run, lambda: _printed(program).source, 0, call.release, call, kept)

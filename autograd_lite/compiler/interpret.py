"""What an array program means: the reference interpreter, instruction by instruction in plain NumPy.

It is an oracle for backends and the backend ``"interpreter"``: slow, without buffers that are shared, and without
matrix products whose order of addition depends on the machine.

Types: ``Any`` stands for numbers and arrays, which NumPy treats alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler.ir import (
    Array,
    ArrayProgram,
    Contract,
    Instruction,
    Literal,
    Loop,
    Map,
    Operand,
    Reduce,
    Scatter,
    SegmentReduce,
    Size,
    Slice,
    Take,
    Update,
)
from autograd_lite.compiler.layout import contiguous, index
from autograd_lite.compiler.primitives import on_arrays, word
from autograd_lite.compiler.rows import add_rows, take_rows

__all__ = ["interpret"]


def interpret(program: ArrayProgram, inputs: Sequence[Any], sizes: Sequence[int] = ()) -> Any:
    """Run a program.

    Parameters
    ----------
    program : ArrayProgram
        What to run. An array whose home is in the result is a part of it; that others share memory does not matter.
    inputs : sequence
        What a call hands over, one for each of ``program.inputs``.
    sizes : sequence of int
        The length of each batch axis, in the order of ``program.dims``.

    Returns
    -------
    numpy.ndarray
        The flat results, with the batch axis last if the result has one.
    """
    with np.errstate(all="ignore"):
        return _Interpreter(program, sizes).run(inputs)


class _Interpreter:
    def __init__(self, program: ArrayProgram, sizes: Sequence[int]) -> None:
        self.program = program
        self.length = dict(zip(program.dims, sizes, strict=True))
        self.memory: dict[Array, Any] = {program.result: self.empty(program.result)}

    def empty(self, array: Array) -> Any:
        return np.full((array.size, *([self.length[array.dim]] if array.dim else [])), np.nan)

    def run(self, inputs: Sequence[Any]) -> Any:
        for given, data in zip(self.program.inputs, inputs, strict=True):
            if given.array is not None:
                table = np.asarray(data, dtype=float)
                is_batched = given.array.dim is not None
                self.memory[given.array] = table.reshape(len(table), -1).T if is_batched else table.reshape(-1)
        for instruction in self.program.instructions:
            self.execute(instruction)
        return self.memory[self.program.result]

    def execute(self, i: Instruction) -> None:
        if isinstance(i, Loop):
            self.loop(i)
        elif isinstance(i, (Map, Update)):
            self.write(i.out, on_arrays(i.op)(*[self.broadcast(x, i.out) for x in i.operands]))
        elif isinstance(i, Contract):
            self.write(i.out, np.einsum(i.spec, self.read(i.a), self.read(i.b), optimize=False))
        elif isinstance(i, Reduce):
            axes = {"terms": len(i.x.shape) - 1, "batch": len(i.x.shape)}
            name = "add" if i.op == "nonfinite" else i.op
            total = getattr(np, word(name).ufunc).reduce(self.read(i.x), tuple(axes[axis] for axis in i.over))
            self.write(i.out, on_arrays(i.op)(total) if i.op == "nonfinite" else total)
        elif isinstance(i, (Take, Scatter)):
            sizes = [*i.out.shape, *([self.length[i.out.dim]] if i.out.dim else [])]
            out = np.empty(sizes)
            (take_rows if isinstance(i, Take) else add_rows)(self.read(i.x), self.read(i.index), out)
            self.write(i.out, out)
        elif isinstance(i, SegmentReduce):
            self.write(i.out, getattr(np, word(i.op).ufunc).reduceat(self.read(i.x), i.starts.indices, 0))

    def read(self, x: Operand) -> Any:
        if isinstance(x, Literal):
            return np.float64(x.value)
        if isinstance(x, Size):
            return np.float64(self.length[x.dim])
        memory: Any = x.array.numbers if x.array.role == "constant" else self.memory[x.array]
        return memory[x.index.indices]

    def broadcast(self, x: Operand, out: Slice) -> Any:
        value = self.read(x)
        return value[..., None] if isinstance(x, Slice) and out.dim is not None and x.dim is None else value

    def write(self, out: Slice, value: Any) -> None:
        if out.array not in self.memory:
            self.memory[out.array] = self.empty(out.array)
        self.memory[out.array][out.index.indices] = value
        home = self.program.homes.get(out.array)
        if home is not None and home.array.role != "local":  # a part of the result, or of a joined array
            if home.array not in self.memory:
                self.memory[home.array] = self.empty(home.array)
            self.memory[home.array][home.index.indices] = self.memory[out.array][contiguous(home.shape).indices]

    def loop(self, i: Loop) -> None:
        for carry in i.carry:
            self.memory[carry.array] = self.empty(carry.array)
            self.write(carry.array.whole, self.broadcast(carry.first, carry.array.whole))
        for k in reversed(range(i.length)) if i.reverse else range(i.length):
            for x in i.xs:
                self.write(x.array.whole, self.read(x.of)[k])
            for instruction in i.body:
                self.execute(instruction)
            for out in i.outs:
                rows = Slice(out.out.array, index(out.out.index.indices[k]))
                self.write(rows, self.broadcast(out.value, rows))
            after = [np.array(self.broadcast(carry.next, carry.array.whole)) for carry in i.carry]
            for carry, value in zip(i.carry, after, strict=True):
                self.write(carry.array.whole, value)

"""Loops of array programs: calls of a step, which is a function with its workspace inside the caller's."""

from __future__ import annotations

import math
from collections.abc import Sequence

from autograd_lite.compiler.backends.native.access import Access
from autograd_lite.compiler.backends.native.memory import Layout, Place
from autograd_lite.compiler.backends.native.text import Int
from autograd_lite.compiler.ir import Array, Loop, Slice
from autograd_lite.compiler.layout import contiguous

__all__ = ["write_loop"]


def write_loop(access: Access, i: Loop, step: str, layout: Layout) -> None:
    """Write a loop.

    Parameters
    ----------
    access : Access
        Writes into the caller.
    i : Loop
        The instruction.
    step : str
        The name of the step's function.
    layout : Layout
        Of the step's workspace.
    """
    _Writer(access, i, step, layout).write()


class _Writer:
    def __init__(self, access: Access, i: Loop, step: str, layout: Layout) -> None:
        self.access, self.i, self.step, self.starts = access, i, step, layout.starts
        self.work = access.memory.pointer(Array("step", (layout.total({}),)))
        arrays = [given.array for given in i.body.inputs]
        first, second = len(i.carry), len(i.carry) + len(i.xs)
        self.carried, self.items, self.fixed = arrays[:first], arrays[first:second], arrays[second:]

    def write(self) -> None:
        i, access = self.i, self.access
        for x, array in zip((*i.carry, *i.fixed), (*self.carried, *self.fixed), strict=True):
            self.copy(x.shape, access.memory.place(x), array)
        queues = [Array("queue", (math.prod(x.shape),)) for x in i.xs]
        for x, queue in zip(i.xs, queues, strict=True):
            access.copy(x.shape, access.memory.place(x), self.line(queue, x))
        made = Array("made", (math.prod(i.outs.shape) if i.outs is not None else 0,))
        access.each(0, i.length, 1, lambda k: self.turn(k, queues, made))
        access.copy(i.out.shape, self.inside(i.body.result, i.out.shape), access.memory.place(i.out))
        if i.outs is not None:
            access.copy(i.outs.shape, self.line(made, i.outs), access.memory.place(i.outs))

    def turn(self, k: Int, queues: Sequence[Array], made: Array) -> None:
        """Hand over the items of one step, call it, and keep its results."""
        i, access, text = self.i, self.access, self.access.text
        at = text.plus(i.length - 1, text.times(k, -1)) if i.reverse else k
        for queue, array in zip(queues, self.items, strict=True):
            self.copy((queue.size // i.length,), self.run_of(queue, at), array)
        text.do(f"call void @{self.step}(ptr {self.work}, ptr %sizes, ptr %loops, ptr null)")
        start = 0
        for x, array in zip(i.carry, self.carried, strict=True):
            shape = (math.prod(x.shape),)
            self.copy(shape, self.inside(i.body.result, shape, start), array)
            start += shape[0]
        if made.size:
            shape = (made.size // i.length,)
            access.copy(shape, self.inside(i.body.result, shape, start), self.run_of(made, at))

    def copy(self, shape: Sequence[int], source: Place, array: Array | None) -> None:
        """Copy members to an input of the step, if it has a use for them."""
        if array is not None:
            self.access.copy(shape, source, self.inside(array, shape))

    def inside(self, array: Array, shape: Sequence[int], start: int = 0) -> Place:
        """Members of one of the step's arrays."""
        return Place(self.work, self.starts[array] + start, contiguous(shape).steps, "", 1, has_samples=False)

    def line(self, array: Array, x: Slice) -> Place:
        """An array with the members of a slice one after the other."""
        return self.access.memory.place(array[contiguous(x.shape)])

    def run_of(self, array: Array, k: Int) -> Place:
        """The members of a sequence that belong to one step."""
        start = self.access.text.times(k, array.size // self.i.length)
        return Place(self.access.memory.pointer(array), start, (1,), "", 1, has_samples=False)

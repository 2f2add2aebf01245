"""Training steps in machine code: the tables that `steps_text` reads, and what comes back.

Types: ``Any`` stands for arrays and tables of ctypes.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from autograd_lite.compiler.backends.native import machine
from autograd_lite.compiler.backends.native.calls import NativeCall, work_array
from autograd_lite.compiler.backends.native.steps_text import FIELDS, steps_text

__all__ = ["Steps", "Taken"]

Array = npt.NDArray[np.float64]
POINTER = ctypes.sizeof(ctypes.c_void_p)


class Taken(NamedTuple):
    """What some steps gave.

    Attributes
    ----------
    steps : int
        How many were taken; fewer than wanted if a number of the next one is not finite.
    state, before : list of array
        The weights and what the optimizer remembers, after the last step and before it.
    loss, loss_before : float
        What the steps of the epoch add to its loss, likewise.
    gradient : array
        That of the last step.
    """

    steps: int
    state: list[Array]
    before: list[Array]
    loss: float
    loss_before: float
    gradient: Array


class Steps:
    """Steps on the batches of one epoch.

    Parameters
    ----------
    loss : NativeCall
        Gives the mean loss of a batch, then its gradient; its inputs are the parts of samples, then the weights.
    update : NativeCall
        Gives the new weights and arrays that are remembered; its inputs are the old ones, with the gradient after the
        weights, then a list of numbers.
    parts : sequence of array
        Of all samples; each is C-contiguous.
    batch : int
        How many samples a step takes; the last one takes what is left.
    """

    def __init__(self, loss: NativeCall, update: NativeCall, parts: Sequence[Array], batch: int) -> None:
        self._loss, self._update, self._parts, self._batch = loss, update, parts, batch
        self._fields = np.zeros(len(FIELDS), dtype=np.int64)
        self._sizes = np.zeros(1, dtype=np.int64)
        self._results, self._losses = np.zeros(loss.program.result.size), np.zeros(2)
        self._blocks = np.zeros(len(parts) + 2, dtype=np.int64)
        self._update_blocks = np.zeros(len(update.program.inputs) + 1, dtype=np.int64)
        self._works = work_array(loss.doubles([batch])), work_array(max(update.doubles([]), 1))
        self._rooms = [np.zeros((batch, *part.shape[1:])) for part in parts]
        blocks = self._blocks.ctypes.data
        rows = [
            (part.ctypes.data, part.itemsize * (part.size // len(part)), room.ctypes.data, blocks + POINTER * k)
            for k, (part, room) in enumerate(zip(parts, self._rooms, strict=True))
        ]
        self._rows = np.array(rows, dtype=np.int64)
        self._blocks[-1] = self._results.ctypes.data
        self._set(
            kernel=loss.address,
            work=self._works[0].ctypes.data,
            sizes=self._sizes.ctypes.data,
            loops=ctypes.addressof(loss.loops),
            blocks=blocks,
            weights_block=blocks + POINTER * len(parts),
            results=self._results.ctypes.data,
            result_count=self._results.size,
            update=update.address,
            update_work=self._works[1].ctypes.data,
            update_loops=ctypes.addressof(update.loops),
            update_blocks=self._update_blocks.ctypes.data,
            part_count=len(parts),
            parts=self._rows.ctypes.data,
            batch=batch,
            losses=self._losses.ctypes.data,
        )

    def take(
        self,
        state: Sequence[Array],
        loss: float,
        first: int,
        numbers: Sequence[Sequence[float]],
        *,
        samples: int,
        order: npt.NDArray[np.intp] | None = None,
    ) -> Taken:
        """Take some steps.

        Parameters
        ----------
        state : sequence of array
            The weights and what the optimizer remembers; they are left as they are.
        loss : float
            What the steps before add to the loss of the epoch.
        first : int
            The number of the first step in the epoch, from 0.
        numbers : sequence of sequence of float
            What the update needs in each step: as many steps are taken.
        samples : int
            How many samples the epoch has.
        order : array of int, optional
            Their indices.
        """
        here, there = np.array(state), np.empty((len(state), state[0].size))
        table = np.array(numbers, dtype=float).reshape(len(numbers), -1)
        order = None if order is None else np.ascontiguousarray(order, dtype=np.int64)
        self._losses[:] = loss
        self._set(
            state=here.ctypes.data,
            other=there.ctypes.data,
            arrays=len(state),
            bytes=here.strides[0],
            order=0 if order is None else order.ctypes.data,
            samples=samples,
            numbers=table.ctypes.data,
            number_bytes=table.strides[0],
        )
        count = int(_code().run(self._fields.ctypes.data, first, first + len(numbers))) - first
        after, before = (here, there) if count % 2 == 0 else (there, here)
        total, previous = self._losses.tolist()
        outputs = self._results[1 : 1 + state[0].size]
        return Taken(count, list(after), list(before), total, previous, outputs.copy())

    def _set(self, **fields: int) -> None:
        for name, number in fields.items():
            self._fields[FIELDS.index(name)] = number


class _Code:
    def __init__(self) -> None:
        self.code = machine.Code(steps_text(machine.attributes()))
        kinds = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64]
        self.run: Any = ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(self.code.address("steps"))  # lets threads run


@functools.cache
def _code() -> _Code:
    return _Code()

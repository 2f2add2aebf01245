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
from autograd_lite.compiler.backends.native.numpy_sums import LOOPS
from autograd_lite.compiler.backends.native.steps_text import FIELDS, PART, steps_text

__all__ = ["Adjustment", "Steps", "Taken"]

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


class Adjustment(NamedTuple):
    """What changes loss and gradient before the update: a penalty on the weights, and a largest length of the gradient.

    Attributes
    ----------
    call : NativeCall
        Takes weights and gradient; gives the gradient with that of the penalty, the terms of the penalty, and the
        gradient of which the length is taken.
    penalty : int
        0 without a penalty; `PRODUCT` if its terms are multiplied by the weights and added up, `SUM` if they are added.
    strength : float
        The factor of that sum.
    clip : float
        The largest length of a gradient; negative if there is none.
    scale_at : int
        Where the update takes the factor from that shortens the gradient: which of its numbers.
    """

    call: NativeCall
    penalty: int = 0
    strength: float = 0.0
    clip: float = -1.0
    scale_at: int = 0


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
    masks : int
        How many numbers the last part of a sample has that is drawn anew for each step; 0 if there is no such part.
    adjustment : Adjustment, optional
        What comes between loss and update.
    """

    def __init__(
        self,
        loss: NativeCall,
        update: NativeCall,
        parts: Sequence[Array],
        batch: int,
        *,
        masks: int = 0,
        adjustment: Adjustment | None = None,
    ) -> None:
        self._loss, self._update, self._parts, self._batch, self._masks = loss, update, parts, batch, masks
        self._fields = np.zeros(len(FIELDS), dtype=np.int64)
        self._losses = np.zeros(2)
        self._set(batch=batch, losses=self._losses.ctypes.data, clip=_bits(-1.0))
        self._set_parts([*[part.shape[1:] for part in parts], *([(masks,)] if masks else [])])
        self._set_loss()
        self._set_update()
        if adjustment is not None:
            self._adjust(adjustment)

    def _set_parts(self, shapes: Sequence[tuple[int, ...]]) -> None:
        """Where a batch of each part is gathered; the addresses of these, of the weights and of the results."""
        parts, batch = self._parts, self._batch
        self._blocks = np.zeros(len(shapes) + 2, dtype=np.int64)
        self._rooms = [np.zeros((batch, *shape)) for shape in shapes]
        self._rows = np.zeros((len(shapes), len(PART)), dtype=np.int64)
        blocks = self._blocks.ctypes.data
        for k, room in enumerate(self._rooms):
            data = parts[k].ctypes.data if k < len(parts) else 0
            self._rows[k, :4] = data, room.nbytes // batch, room.ctypes.data, blocks + POINTER * k
        weights_block = blocks + POINTER * len(shapes)
        self._set(part_count=len(shapes), parts=self._rows.ctypes.data, blocks=blocks, weights_block=weights_block)

    def _set_loss(self) -> None:
        loss = self._loss
        self._sizes, self._work = np.zeros(1, dtype=np.int64), work_array(loss.doubles([self._batch]))
        self._results = self._found = np.zeros(loss.program.result.size)
        self._blocks[-1] = self._results.ctypes.data
        self._set(
            kernel=loss.address,
            work=self._work.ctypes.data,
            sizes=self._sizes.ctypes.data,
            loops=ctypes.addressof(loss.loops),
            results=self._results.ctypes.data,
            result_count=self._results.size,
        )

    def _set_update(self) -> None:
        update = self._update
        self._update_work = work_array(max(update.doubles([]), 1))
        self._update_blocks = np.zeros(len(update.program.inputs) + 1, dtype=np.int64)
        self._set(
            update=update.address,
            update_work=self._update_work.ctypes.data,
            update_loops=ctypes.addressof(update.loops),
            update_blocks=self._update_blocks.ctypes.data,
        )

    def _adjust(self, adjustment: Adjustment) -> None:
        call, count = adjustment.call, adjustment.call.program.result.size // 3
        self._adjustment, self._sums = adjustment, machine.loop_table(LOOPS)
        self._adjust_work = work_array(max(call.doubles([]), 1))
        self._found = np.zeros(1 + 3 * count)
        gradient, found = (x.ctypes.data + x.itemsize for x in (self._results, self._found))
        self._adjust_blocks = np.array([0, gradient, 0, found], dtype=np.int64)  # the weights, and no numbers
        self._set(
            adjust=call.address,
            adjust_work=self._adjust_work.ctypes.data,
            adjust_loops=ctypes.addressof(call.loops),
            adjust_blocks=self._adjust_blocks.ctypes.data,
            adjusted=self._found.ctypes.data,
            sums=ctypes.addressof(self._sums),
            penalty=adjustment.penalty,
            strength=_bits(adjustment.strength),
            clip=_bits(adjustment.clip),
            scale_at=adjustment.scale_at,
            **{"count.weights": count},
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
        masks: Array | None = None,
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
        masks : array, optional
            The last part of the samples of these steps, one after the other.
        """
        here, there = np.array(state), np.empty((len(state), state[0].size))
        table = np.array(numbers, dtype=float).reshape(len(numbers), -1)
        order = None if order is None else np.ascontiguousarray(order, dtype=np.int64)
        self._losses[:] = loss
        self._rows[: len(self._parts), 4] = 0 if order is None else order.ctypes.data
        if masks is not None:
            self._rows[-1, 0] = masks.ctypes.data - first * self._batch * self._rows[-1, 1]
        self._set(
            state=here.ctypes.data,
            other=there.ctypes.data,
            arrays=len(state),
            bytes=here.strides[0],
            samples=samples,
            numbers=table.ctypes.data,
            number_bytes=table.strides[0],
        )
        code = _code()  # it is held until the call has ended
        count = int(code.run(self._fields.ctypes.data, first, first + len(numbers))) - first
        after, before = (here, there) if count % 2 == 0 else (there, here)
        total, previous = self._losses.tolist()
        outputs = self._found[1 : 1 + state[0].size]
        return Taken(count, list(after), list(before), total, previous, outputs.copy())

    def _set(self, **fields: int) -> None:
        for name, number in fields.items():
            self._fields[FIELDS.index(name)] = number


class _Code:
    def __init__(self) -> None:
        self.code = machine.Code(steps_text(machine.attributes()))
        kinds = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64]
        self.run: Any = ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(self.code.address("steps"))  # lets threads run


def _bits(x: float) -> int:
    """A number as the integer with its bits."""
    return int(np.float64(x).view(np.int64))


@functools.cache
def _code() -> _Code:
    return _Code()

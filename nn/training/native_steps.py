"""An epoch's steps in machine code, in slices of some milliseconds, between which Ctrl-C is heard.

The numbers are those of the steps that Python takes, to the bit: the same program of loss and gradient, and the rule of
the optimizer, traced. A step whose numbers are not finite is left to Python, which says what went wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from autograd_lite.compiler.backends import native
from autograd_lite.compiler.backends.native.steps import Steps, Taken

from ..kinds import Array
from ..optimizers.optimizer import Optimizer
from ..optimizers.traced import compiled_update, settings_of, traced_update
from .adjusting import adjustment, is_native
from .batch_loss import BatchLoss, CompiledLoss
from .history import History
from .solvers import TrainState

__all__ = ["NativeSteps"]

FEWEST = 30  # steps to come that are worth compiling an update
SLICE = 0.005  # seconds


class Trained(Protocol):
    """What these steps see of training: `Training`."""

    optimizer: Optimizer
    history: History
    epochs: int
    state: TrainState
    batch_loss: BatchLoss
    data: list[Array]

    @property
    def epoch(self) -> int:
        """The number of the epoch."""
        ...

    @property
    def size(self) -> int:
        """How many samples there are to train on."""
        ...

    @property
    def batch(self) -> int:
        """How many samples a step takes."""
        ...

    def order(self, rng: np.random.Generator) -> npt.NDArray[np.intp] | None:
        """The indices of the samples in an epoch."""
        ...

    def advance_by(self, taken: Taken) -> None:
        """Enter the state after several steps."""


@dataclass(eq=False)
class NativeSteps:
    """Steps for one kind of batches, and one optimizer with its settings.

    Attributes
    ----------
    steps : Steps
        The machine code.
    numbers : callable
        What the update needs of the learning rate and the number of the step.
    data, batch, settings
        What they were made for.
    """

    steps: Steps
    numbers: Callable[..., tuple[float, ...]]
    data: list[Array]
    batch: int
    settings: tuple[object, ...]
    _slice: int = 8

    @classmethod
    def of(cls, training: Trained) -> NativeSteps | None:
        """Compile them; None where Python has to take the steps, or there are only a few."""
        batches = -(-training.size // training.batch)
        if (training.epochs - training.history.epochs) * batches < FEWEST or native.missing():
            return None
        loss, data, weights = training.batch_loss, training.data, training.state.weights
        if not isinstance(loss, CompiledLoss) or not all(_is_plain(part) for part in data):
            return None
        if not is_native(loss.penalty, training.optimizer):
            return None
        formula = traced_update(training.optimizer, weights.size)
        if formula is None or any(m.shape != weights.shape for m in training.optimizer.memory.values()):
            return None
        call = loss.native_step(data)
        if call is None or len(call.dims) != 1:
            return None
        settings = settings_of(training.optimizer)
        steps = Steps(
            call,
            compiled_update(training.optimizer, formula),
            data,
            training.batch,
            masks=loss.objective.mask_size,
            adjustment=adjustment(loss.penalty, training.optimizer, formula, weights.size),
        )
        return cls(steps, formula.numbers, list(data), training.batch, settings)

    def fits(self, training: Trained) -> bool:
        """Whether they are still those of a training, whose callbacks may have changed something."""
        is_same_data = all(a is b for a, b in zip(self.data, training.data, strict=False))
        same = len(self.data) == len(training.data) and is_same_data and self.batch == training.batch
        return same and self.settings == settings_of(training.optimizer)

    def take(self, training: Trained) -> Array | None:
        """Take the steps of an epoch that are left, or those before one that is not finite; the last gradient."""
        rng = np.random.default_rng([training.history.seed, training.epoch])
        order, masks = training.order(rng), _masks(training, rng)
        end, gradient, optimizer = -(-training.size // training.batch), None, training.optimizer
        while (first := training.state.steps) < end:
            began, now = time.perf_counter(), training.state
            wanted = range(now.optimizer_steps, now.optimizer_steps + min(self._slice, end - first))
            zeros = np.zeros_like(now.weights)
            arrays = [now.weights, *[now.memory.get(name, zeros) for name in optimizer.remembers]]
            numbers = [self.numbers(optimizer.lr, t, 1.0) for t in wanted]
            drawn = masks(first, len(wanted))
            taken = self.steps.take(arrays, now.loss, first, numbers, samples=training.size, order=order, masks=drawn)
            if taken.steps:
                training.advance_by(taken)
                gradient = taken.gradient
            if taken.steps < len(wanted):
                break
            self._slice = _next_slice(self._slice, time.perf_counter() - began)
        return gradient


def _masks(training: Trained, rng: np.random.Generator) -> Callable[[int, int], Array | None]:
    """Return a function that draws the masks of some steps, in the order in which Python draws those of an epoch."""
    objective, size, batch = training.batch_loss.objective, training.size, training.batch
    drawn = 0

    def draw(first: int, count: int) -> Array | None:
        nonlocal drawn
        found: list[Array] = []
        while drawn < first + count:
            some = objective.draw_masks(rng, min(batch, size - drawn * batch))
            found += some if drawn >= first else []
            drawn += 1
        return np.concatenate(found) if found else None

    return draw


def _next_slice(steps: int, seconds: float) -> int:
    """How many steps to take at once, after so many took so long."""
    if seconds > SLICE:
        return max(1, steps // 2)
    return 2 * steps if seconds < SLICE / 2 else steps


def _is_plain(part: Array) -> bool:
    return part.flags.c_contiguous and part.dtype == np.float64

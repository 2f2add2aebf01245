"""Update rules as array programs: traced once, they run as machine code, with the same bits.

A rule is a formula on arrays. What it computes of the learning rate and the number of the step alone stays Python's.
"""

# Any: settings of several types
from __future__ import annotations

import copy
from collections.abc import Callable
from operator import attrgetter
from typing import Any

import numpy as np

from autograd_lite.compiler.backends import NativeBackend, native
from autograd_lite.compiler.backends.native.calls import NativeCall
from autograd_lite.compiler.backends.native.entry import Argument, Descriptor, Slot, available
from autograd_lite.compiler.elementwise import Elementwise, elementwise

from ..kinds import Array
from .adaptive import Adam, AdamW, RMSProp
from .optimizer import SGD, Optimizer

__all__ = ["compiled_update", "fast_update", "kept_code", "settings_of", "traced_update"]

TRACED = (SGD, RMSProp, Adam, AdamW)  # a class of the user's own may do anything in its rule
KEPT = 32  # formulas in machine code

Update = Callable[[Array, Array], Array]


def traced_update(optimizer: Optimizer, size: int) -> Elementwise | None:
    """The update of so many weights as an array program; None if Python has to do it.

    Its inputs are the weights, their gradient, the arrays that the optimizer remembers, and numbers, which are made of
    the learning rate, the steps that were taken, and the factor by which ``clip_norm`` scales the gradient; its results
    the new weights and these arrays.

    Examples
    --------
    >>> made = traced_update(SGD(momentum=0.5), 3)
    >>> made.numbers(0.1, 7, 1.0), len(made.program.instructions)
    ((0.1,), 4)
    >>> traced_update(SGD(clip_norm=2.0), 3).texts
    ('scale', 'lr')
    """
    settings = optimizer.settings()
    if type(optimizer) not in TRACED or optimizer.clip_value == 0.0:
        return None
    if any(type(x) not in (float, bool, type(None)) for name, x in settings.items() if name != "lr"):
        return None

    def rule(w: Any, g: Any, *rest: Any) -> list[Any]:
        *memory, lr, steps, scale = rest
        shadow = copy.copy(optimizer)
        shadow.lr, shadow.steps = lr, steps
        names = shadow.remembers
        weights, after = shadow.rule(w, shadow._prepared(g, w, scale), dict(zip(names, memory, strict=True)))
        return [weights, *[after[name] for name in names]]

    try:
        return elementwise(rule, 2 + len(optimizer.remembers), size, ["lr", "steps", "scale"])
    except TypeError:
        return None


def settings_of(optimizer: Optimizer) -> tuple[Any, ...]:
    """What an update is compiled for: the class, and all settings but the learning rate."""
    return type(optimizer), *[repr(x) for name, x in optimizer.settings().items() if name != "lr"]


def compiled_update(optimizer: Optimizer, formula: Elementwise) -> NativeCall:
    """The machine code of an update; what was compiled last is kept."""
    return kept_code((*settings_of(optimizer), formula.program.result.size), formula)


def kept_code(key: tuple[Any, ...], formula: Elementwise) -> NativeCall:
    """The machine code of a formula with some key; what was compiled last is kept."""
    if key not in _CODE:
        while len(_CODE) >= KEPT:
            _CODE.pop(next(iter(_CODE)), None)
        call = NativeBackend().compile(formula.program).native
        assert call is not None
        _CODE[key] = call
    return _CODE[key]


_CODE: dict[tuple[Any, ...], NativeCall] = {}


def fast_update(optimizer: Optimizer, size: int) -> Update:
    """Make a function that does what `Optimizer.update` does, for so many weights, as fast as this machine can.

    For the optimizers of this library that is machine code with the same bits, where there is llvmlite and the rule is
    a formula of each weight by itself; for others it is `update`. The optimizer has its memory and counts its steps
    either way.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rate may be changed between calls; other settings may too, which takes the longer way.
    size : int
        How many weights there are.

    Returns
    -------
    callable
        Takes weights and their gradient, float64 arrays of shape (size,); returns the new weights, a fresh array.

    Examples
    --------
    >>> update = fast_update(SGD(lr=0.5), 2)
    >>> update(np.array([1.0, 2.0]), np.array([1.0, -1.0])).tolist()
    [0.5, 2.5]
    """
    formula = None if native.missing() or not available() else traced_update(optimizer, size)
    return optimizer.update if formula is None else _native_update(optimizer, size, formula)


def _native_update(optimizer: Optimizer, size: int, formula: Elementwise) -> Update:
    arrays = [Argument("array", (size,))] * (2 + len(optimizer.remembers))
    count = len(formula.numbers(optimizer.lr, 0, 1.0))
    slot = Slot.made(lambda *_: None)  # of other arguments: `update` says what is wrong with them, or does it
    slot.bind(Descriptor(compiled_update(optimizer, formula), [*arrays, Argument("tuple", (count,))], [], []))
    run, read = slot.function(), attrgetter(*[name for name in optimizer.settings() if name != "lr"])
    settings, names, zeros, numbers = read(optimizer), optimizer.remembers, np.zeros(size), formula.numbers
    is_scaled = optimizer.clip_norm is not None
    parts = [slice(k * size, (k + 1) * size) for k in range(1, 1 + len(names))]

    def update(weights: Array, gradient: Array) -> Array:
        memory = optimizer.memory
        some = [memory.get(name, zeros) for name in names] if memory else [zeros] * len(names)
        flat: Array | None = None
        if read(optimizer) == settings:
            scale = optimizer.scale(optimizer.clipped(gradient)) if is_scaled else 1.0
            flat = run(weights, gradient, *some, numbers(optimizer.lr, optimizer.steps, scale))
        if flat is None:
            return optimizer.update(weights, gradient)
        after = {name: flat[part] for name, part in zip(names, parts, strict=True)}
        optimizer.memory, optimizer.steps = after, optimizer.steps + 1  # one statement, as in `Optimizer.update`
        return flat[:size]

    return update

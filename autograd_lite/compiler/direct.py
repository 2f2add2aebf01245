"""Calls that go past Python: after two calls of a native program, the next one like them goes to machine code at once.

Many functions are called once, so what a first call does for later ones is left to the second.

Types: ``Any`` stands for arguments of users' functions, and for what they return.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler.backends import native
from autograd_lite.compiler.backends.native.entry import Argument, Descriptor, Slot, available
from autograd_lite.compiler.ir import ArrayProgram, Instruction, Loop
from autograd_lite.compiler.runtime import Counts, Entry, LeafOrder, common_count

__all__ = ["Direct"]

LONGEST_LOOP = 10_000  # instructions
NUMBERS = 10  # instructions on numbers take as long as one on arrays
CONSTANTS = (type(None), bool, str)


class Direct:
    """The callable in front of a function that finds programs and runs them.

    Parameters
    ----------
    fallback : callable
        Takes any arguments; it calls `bind` when it has run a program.

    Attributes
    ----------
    call : callable or None
        The fastest way for the arguments of the last call, which for others is the fallback; None until there is one.
    """

    def __init__(self, fallback: Callable[..., Any]) -> None:
        self.call: Callable[..., Any] | None = None
        self._fallback: Callable[..., Any] | None = fallback
        self._slot: Callable[[], Slot | None] = lambda: None
        self._lock = threading.Lock()
        self._descriptors: dict[Entry, Descriptor | None] = {}  # of each program that was called

    def stable(self, backend: str) -> Callable[..., Any]:
        """Hand over a callable that stays the same, whatever it is bound to later, and that may hold this object."""
        fallback = self._fallback
        assert fallback is not None
        if backend in ("auto", "native") and not native.missing() and available():
            self._open()
        call, self.call, self._fallback = self.call or fallback, None, None  # no cycle is left for the collector
        return call

    def bind(
        self,
        entry: Entry,
        args: Sequence[Any] | None,
        batch: Sequence[int],
        counts: Counts,
        where: LeafOrder | None = None,
    ) -> None:
        """Let the next call with arguments like these run a program directly, if it can, and is called again.

        Parameters
        ----------
        entry : Entry
            The program of the last call.
        args : sequence or None
            The arguments, without the array of leaves; None if there were named ones.
        batch : sequence of int
            Arguments that must have equally many samples, beside those of each batch axis.
        counts : Counts
            How many samples they had.
        where : LeafOrder, optional
            How the numbers of captured leaves are taken from the first argument, which is an array.
        """
        if entry not in self._descriptors:
            descriptor = self._descriptors.setdefault(entry, None)
        else:
            descriptor = self._descriptors[entry] or self._described(entry, args, batch, counts, where)
        if descriptor is not None:
            descriptor.enlarge([common_count(arguments, counts) for arguments in entry.program.arguments])
        slot = self._slot()
        if slot is not None:
            slot.bind(descriptor)

    def _described(
        self,
        entry: Entry,
        args: Sequence[Any] | None,
        batch: Sequence[int],
        counts: Counts,
        where: LeafOrder | None,
    ) -> Descriptor | None:
        """The descriptor of a program, one for all threads; None if only Python can read such arguments, or run it."""
        call = entry.program.native
        if call is None or args is None or not available() or not _is_short(call.program):
            return None
        alike = _arguments(args, counts)
        if alike is None:
            return None
        flat = None if where is None else where.count
        pack, kept = (entry.pack_array, None) if where is None else _shortened(entry)
        groups = [*[dim.arguments for dim in call.dims], batch]
        leaves: Any = entry.program.captured if where is None else where.leaves
        check = not entry.program.is_exact
        made = Descriptor(call, alike, leaves, groups, flat=flat, check=check, pack=pack, kept=kept)
        with self._lock:
            descriptor = self._descriptors[entry] = self._descriptors[entry] or made  # and it stays
        self._open()
        return descriptor

    def _open(self) -> None:
        with self._lock:
            if self._fallback is not None and self.call is None:
                slot = Slot.made(self._fallback)
                self.call = slot.function()  # this holds the slot
                self._slot = weakref.ref(slot)


def _is_short(program: ArrayProgram) -> bool:
    """Whether loops end soon: a direct call does not let other threads run, or hear Ctrl-C."""
    return _turns(program.instructions) <= LONGEST_LOOP * (NUMBERS if program.is_straight else 1)


def _turns(instructions: Sequence[Instruction]) -> int:
    """How many instructions loops run."""
    return sum(i.length * (len(i.body) + _turns(i.body)) for i in instructions if isinstance(i, Loop))


def _shortened(entry: Entry) -> tuple[Callable[[Any], Any] | None, int | None]:
    """How to get the function's results from flat ones, behind which may be numbers that must be finite.

    With a batch axis a function takes them; else they are the first so many.
    """
    size, result = entry.program.structure.size, entry.program.ir.result
    if result.size == size:
        return None, None
    return (None, size) if result.dim is None and size else (lambda flat: flat[:size], None)


def _arguments(args: Sequence[Any], counts: Counts) -> list[Argument] | None:
    """What the arguments are like; None if they can only be read by Python."""
    found = [_argument(argument, batched=k in counts) for k, argument in enumerate(args)]
    alike = [argument for argument in found if argument is not None]
    return alike if len(alike) == len(found) else None


def _argument(argument: Any, *, batched: bool) -> Argument | None:
    kind = type(argument)
    if kind is np.ndarray and argument.dtype == np.float64 and argument.ndim:
        return Argument("array", (-1, *argument.shape[1:]) if batched else argument.shape)
    if batched:
        return None
    if kind in (float, np.float64):
        return Argument("number")
    if kind in (list, tuple) and argument and all(type(x) is float for x in argument):
        return Argument(kind.__name__, (len(argument),))
    return Argument("same", same=argument) if kind in CONSTANTS else None

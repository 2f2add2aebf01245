"""A bounded store of what is expensive to make: the same key is made once, whichever threads ask for it.

Types: ``Any`` stands for things of any kind.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

__all__ = ["Store"]

T = TypeVar("T")


class _Slot(Generic[T]):
    """A thing that is made, or being made by the thread that holds the lock."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.thing: T | None = None


class Store(Generic[T]):
    """Keeps the things used last.

    Parameters
    ----------
    most : int
        How many things are kept.
    heaviest : float
        What they may weigh together.
    weigh : callable
        The weight of a thing.

    Examples
    --------
    >>> store = Store[str](most=2)
    >>> [store.find(key, lambda: f"number {store.made}") for key in "aabca"]
    ['number 0', 'number 0', 'number 1', 'number 2', 'number 3']
    """

    def __init__(
        self, *, most: int, heaviest: float = float("inf"), weigh: Callable[[T], float] = lambda _: 0.0
    ) -> None:
        self.made = 0  # how many things were made in all
        self.most = most
        self.heaviest = heaviest
        self._weigh = weigh
        self._lock = threading.Lock()
        self._slots: dict[Hashable, _Slot[T]] = {}  # what was used last comes last
        _STORES.add(self)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._slots.clear()

    def __len__(self) -> int:
        return len(self._slots)

    def find(self, key: Hashable, make: Callable[[], T]) -> T:
        """The thing with this key; it is made if it is not there."""
        with self._lock:
            slot = self._slots[key] = self._slots.pop(key, _Slot())
        with slot.lock:  # others wait for the one who makes it
            if slot.thing is None:
                slot.thing = make()
                self.made += 1
                self._bound()
            return slot.thing

    def _bound(self) -> None:
        """Forget what was used longest ago; what is being made stays."""
        with self._lock:
            kept = [(key, slot.thing) for key, slot in self._slots.items() if slot.thing is not None]
            total = sum(self._weigh(thing) for _, thing in kept)
            excess = len(kept) - self.most
            for key, thing in kept[:-1]:
                if excess <= 0 and total <= self.heaviest:
                    break
                del self._slots[key]
                excess, total = excess - 1, total - self._weigh(thing)

    def start_in_child(self) -> None:
        """After a fork: locks may be held by threads that are not there."""
        self._lock = threading.Lock()
        self._slots = {key: slot for key, slot in self._slots.items() if slot.thing is not None}
        for slot in self._slots.values():
            slot.lock = threading.RLock()


_STORES: weakref.WeakSet[Store[Any]] = weakref.WeakSet()


def _after_fork() -> None:
    for store in list(_STORES):
        store.start_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

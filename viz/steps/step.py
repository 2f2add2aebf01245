"""A step of backprop that can be read: the record with its texts."""

from __future__ import annotations

from operator import attrgetter

from . import words
from .record import StepRecord

__all__ = ["Step"]


class Step(StepRecord):
    """One step of backprop; ``print(step)`` tells it in words. Its attributes are those of `StepRecord`."""

    __slots__ = ()

    # The earlier names
    giver, receiver = property(attrgetter("source")), property(attrgetter("target"))
    giver_place, receiver_place = property(attrgetter("source_index")), property(attrgetter("target_index"))

    @property
    def title(self) -> str:
        """The step in a few characters: ``L → d (use 2 of 2)``."""
        return words.title(self)

    @property
    def sentence(self) -> str:
        """The step in plain words."""
        return words.sentence(self)

    def __str__(self) -> str:
        return words.block(self)

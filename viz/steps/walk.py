"""Walk through the steps as in a debugger: on, back, to a number, or to a breakpoint."""

from __future__ import annotations

from collections.abc import Callable

from autograd_lite.errors import DomainError

from .sequence import StepSequence
from .step import Step

__all__ = ["Walk"]


class Walk:
    """A position among the steps, how many are done; `Steps.walk` makes it.

    Examples
    --------
    >>> from autograd_lite import Value, viz
    >>> a = Value(3.0, "a")
    >>> walk = viz.steps(a * a).walk()
    >>> walk.next().title, walk.run(until="a").total_after, walk.back().total_after
    ('Seed: ∂v1/∂v1 = 1', 6.0, 3.0)
    """

    def __init__(self, steps: StepSequence) -> None:
        self.steps = steps
        self.position = 0

    @property
    def step(self) -> Step | None:
        """The step that was done last; None before the first."""
        return self.steps[self.position - 1] if self.position else None

    def jump(self, number: int) -> Step:
        """Go to the step of that number, from 1.

        Raises
        ------
        DomainError
            If there is none.
        """
        if not 1 <= number <= len(self.steps):
            raise DomainError(f"There is no step {number}; the steps are numbered from 1 to {len(self.steps)}.")
        self.position = number
        return self.steps[number - 1]

    def next(self) -> Step:
        """Do one step."""
        return self.jump(self.position + 1)

    def back(self) -> Step:
        """Undo one step, and return the one before it."""
        return self.jump(self.position - 1)

    def run(self, *, until: str | None = None, when: Callable[[Step], bool] | None = None) -> Step:
        """Go on until the gradient of a node is complete, or until a condition holds; without either, to the end."""
        if until is None and when is None:
            return self.jump(len(self.steps))
        return self.jump(self.steps.find(until=until, when=when, start=self.position) + 1)

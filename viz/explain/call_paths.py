"""The chain rule by the calls of a function: along which boxes a gradient arrives, and how much along each way.

Along one way from a box to the root the gradient is the product of the transposed Jacobians of the boxes on it, applied
to 1; the ways' contributions add up to the gradient, as those of paths of scalars do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from autograd_lite.text import counted

from ..graphs.flows import Flows
from ..graphs.notation import slope_name
from ..graphs.vectors import numbers_text

__all__ = ["CallExplanation"]

MOST_READERS = 5


class Way(NamedTuple):
    """Boxes from the one that is asked for to the root, and what arrives along them."""

    boxes: tuple[int, ...]
    contribution: tuple[float, ...]

    @property
    def length(self) -> float:
        """The length of the contribution."""
        return math.hypot(*self.contribution)


class CallExplanation:
    """The gradient of a call's result or of an argument, by the calls that it passes; `explain` makes it.

    Attributes
    ----------
    name : str
        The box that is asked for.
    count : int
        How many ways there are.
    """

    def __init__(self, flows: Flows, box: int, limit: int) -> None:
        self._flows, self._box, self._limit = flows, box, limit
        self.view = flows.view
        self.name = self.view.names[box]

    @property
    def gradient(self) -> tuple[float, ...]:
        """The gradient by the reverse sweep, a number for each of the box's numbers."""
        return self._flows.gradient(self._box)

    @property
    def used_by(self) -> list[str]:
        """The boxes that read it; of many the first."""
        names = [self.view.names[k] for k in self._users[self._box]]
        return names if len(names) <= MOST_READERS else [*names[: MOST_READERS - 1], f"… {len(names)} in all"]

    @cached_property
    def _users(self) -> list[list[int]]:
        users: list[list[int]] = [[] for _ in self.view.names]
        for k in self.view.computed:
            for j in self.view.operands[k]:
                if self.view.needs[k]:
                    users[j].append(k)
        return users

    @cached_property
    def count(self) -> int:
        """How many ways lead from the box to the root or out of the call; 0 where boxes read each other."""
        ends, total = self._ends, [0] * len(self.view.names)
        for k in reversed(range(len(total))):
            if any(user <= k for user in self._users[k]):
                return 0
            total[k] = (k in ends) + sum(total[user] for user in self._users[k])
        return total[self._box]

    @cached_property
    def _ends(self) -> frozenset[int]:
        return frozenset(k for k in range(len(self.view.names)) if any(self._flows.from_outside(k)))

    @cached_property
    def ways(self) -> list[Way]:
        """All ways, the largest contribution first; none where there are too many."""
        if not 0 < self.count <= self._limit:
            return []
        found, waiting = list[Way](), list[tuple[int, ...]]([(self._box,)])
        while waiting:
            boxes = waiting.pop()
            if boxes[-1] in self._ends:
                found.append(Way(boxes, self._along(boxes)))
            waiting += [(*boxes, user) for user in self._users[boxes[-1]]]
        return sorted(found, key=lambda way: -way.length)

    def _along(self, boxes: Sequence[int]) -> tuple[float, ...]:
        """What arrives at the first of these boxes from outside of the last."""
        flows, passed = self._flows, self._flows.from_outside(boxes[-1])
        for user, box in zip(boxes[:0:-1], boxes[-2::-1], strict=True):
            passed = flows.through(user, box, dict(zip(flows.outputs[user], passed, strict=True)))
        return passed

    @cached_property
    def shares(self) -> list[tuple[str, tuple[float, ...]]]:
        """What arrives through each box that reads this one, and from outside; the largest first."""
        flows = self._flows
        found = [(f"through {self.view.names[k]}", flows.through(k, self._box)) for k in self._users[self._box]]
        outside = flows.from_outside(self._box)
        found += [("from outside", outside)] if any(outside) else []
        inside = flows.inside(self._box)
        found += [("inside of it", inside)] if any(inside) else []
        return sorted(found, key=lambda share: -math.hypot(*share[1]))

    # Text

    @property
    def slope(self) -> str:
        """The name of the gradient, ``∂loss/∂w``."""
        return slope_name(self.view.result_name, self.name)

    def _way(self, way: Way) -> str:
        last = "" if way.boxes[-1] == self.view.root else " → …"
        return " → ".join(self.view.names[k] for k in way.boxes) + last

    @cached_property
    def text(self) -> str:
        """The explanation as plain text."""
        if not self.gradient or not self.shares:
            return f"{self.slope} = 0: {self.name} does not change {self.view.result_name}."
        ways = f", {counted(self.count, 'way')} through the calls" if self.count else ""
        lines = [f"{self.slope} by calls: {counted(len(self.gradient), 'number')}{ways}"]
        for way in self.ways:
            lines += ["", self._way(way), f"  contributes {numbers_text(way.contribution)}"]
        if len(self.shares) > 1 or not self.ways:
            lines += ["", f"{self.name} is used by {counted(len(self.shares), 'box').replace('boxs', 'boxes')}:"]
            lines += [f"  {words}: {numbers_text(share)}" for words, share in self.shares[: self._limit]]
            rest = len(self.shares) - self._limit
            lines += [f"  and {rest} smaller"] * (rest > 0)
        total = [math.fsum(column) for column in zip(*(share for _, share in self.shares), strict=True)]
        largest = max(map(abs, self.gradient))
        same = all(
            math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9 * largest) for a, b in zip(total, self.gradient, strict=True)
        )
        sums = f"Sum: {numbers_text(total)}", f"Reverse sweep: {numbers_text(self.gradient)} {'✓' if same else '✗'}"
        return "\n".join([*lines, "", *sums])

    @property
    def markdown(self) -> str:
        """The explanation in Markdown."""
        return "\n".join(f"    {line}" if line else "" for line in self.text.splitlines()) + "\n"

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<explanation of {self.slope} by calls>"

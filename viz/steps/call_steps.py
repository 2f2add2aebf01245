"""Backprop by the calls of a function: a step for each box that hands gradients back to one that it reads.

The gradient of a box is that of its results, a number for each; a step adds to all of them at once. Between two scalars
it is the usual step, gradient times local derivative. Texts stand in `CALL_TEXTS`, for Python and for the page.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import overload

from autograd_lite.errors import DomainError, UnknownNameError
from autograd_lite.text import bracketed, counted, pretty_number

from ..graphs.flows import Flows
from ..graphs.notation import slope_name
from ..graphs.vectors import numbers_text
from ..graphs.view import GraphView

__all__ = ["CALL_TEXTS", "CallStep", "CallStepSequence"]

OUTSIDE = -1  # in place of a box: what is not shown
CALL_TEXTS = {
    "forward_title": "{target} = {formula}",
    "seed_title": "Seed: {target}",
    "outside_title": "From outside → {target}",
    "inside_title": "Inside of {target}",
    "backward_title": "{source} → {target}",
    "use_title": "{source} → {target} (use {use} of {uses})",
    "forward": "{target} = {after}",
    "seed": "{target}.grad = 1",
    "outside": "{target}.grad += from outside of this call: {contribution}",
    "inside": "{target}.grad += from uses inside of it: {contribution}",
    "scalar": "{target}.grad += {source}.grad · {slope} = {upstream} · {local} = {contribution}",
    "vector": "{target}.grad += through {source}: {contribution}",
    "total": "{target}.grad = {after}",
}


@dataclass(frozen=True, slots=True)
class CallStep:
    """One step: what one box contributes to the gradient of another.

    Attributes
    ----------
    number : int
        Place in the sequence, from 1.
    phase : str
        ``"forward"``, ``"seed"``, ``"outside"`` (what arrives from callers), ``"inside"`` (what a box that uses its own
        results, such as a loop, adds to their gradient) or ``"backward"``.
    source, target : str
        Names of the boxes, that which passes gradients back and that which gets them.
    use, uses : int
        This is contribution number `use` of `uses` to the target, of those that this call makes.
    formula : str
        How the target, in the phase forward, or the source is computed.
    upstream, local : float or None
        Between two scalars: the source's gradient and the local derivative.
    contribution, total_after : tuple of float
        One number for each result of the target: what is added to the gradient, and what it is then. In the phase
        forward `total_after` are the results.
    final : bool
        Whether the target's gradient is complete; what a call reads may get more from elsewhere.
    """

    number: int
    phase: str
    source: str
    target: str
    use: int = 1
    uses: int = 1
    formula: str = ""
    upstream: float | None = None
    local: float | None = None
    contribution: tuple[float, ...] = ()
    total_after: tuple[float, ...] = ()
    final: bool = True

    def _filled(self, template: str) -> str:
        return CALL_TEXTS[template].format(
            source=self.source,
            target=self.target,
            use=self.use,
            uses=self.uses,
            formula=self.formula,
            slope=slope_name(self.source, self.target),
            upstream=pretty_number(self.upstream or 0.0),
            local=bracketed(self.local or 0.0),
            contribution=numbers_text(self.contribution),
            after=numbers_text(self.total_after),
        )

    @property
    def title(self) -> str:
        """The step in a few characters."""
        return self._filled("use_title" if self.phase == "backward" and self.uses > 1 else f"{self.phase}_title")

    @property
    def lines(self) -> list[str]:
        """The arithmetic."""
        if self.phase in ("forward", "seed"):
            return [self._filled(self.phase) + (" ✓" if self.phase == "seed" and self.final else "")]
        backward = "vector" if self.local is None else "scalar"
        added = backward if self.phase == "backward" else self.phase
        last = " ✓" if self.final else " so far; more comes from elsewhere" if self.use == self.uses else ""
        return [self._filled(added), self._filled("total") + last]

    def __str__(self) -> str:
        phase = f"{self.phase}: " if self.phase in ("forward", "backward") else ""  # the other titles say it
        return "\n".join([f"{self.number}. {phase}{self.title}", *(f"   {line}" for line in self.lines)])


class CallStepSequence(Sequence[CallStep]):
    """The steps of backprop on a graph folded by calls: index, slice, loop, `find`."""

    def __init__(self, view: GraphView, *, forward: bool = False) -> None:
        self.view, self.forward = view, forward
        self._flows = Flows(view)

    @cached_property
    def _steps(self) -> list[CallStep]:
        found = [*(self._forward() if self.forward else []), *self._backward()]
        return [replace(step, number=number) for number, step in enumerate(found, 1)]

    def _forward(self) -> Iterator[CallStep]:
        view = self.view
        for k in view.computed:
            name = view.names[k]
            yield CallStep(0, "forward", name, name, formula=view.formula(k).pretty, total_after=self._numbers(k))

    def _backward(self) -> Iterator[CallStep]:
        view, flows, totals = self.view, self._flows, dict[int, tuple[float, ...]]()
        order = list(self._deliveries())
        arrivals, nth = Counter(target for _, target in order), Counter[int]()
        for source, target in order:
            phase, added = self._contribution(source, target)
            is_alone = phase != "backward"
            before = totals.get(target, (0.0,) * len(added))
            totals[target] = tuple(a + b for a, b in zip(before, added, strict=True))
            nth[target] += 1
            local = None if is_alone else self._local(source, target)
            yield CallStep(
                number=0,
                phase=phase,
                source=view.names[target if is_alone else source],
                target=view.names[target],
                use=nth[target],
                uses=arrivals[target],
                formula="" if is_alone else view.formula(source).pretty,
                upstream=None if local is None else flows.gradient(source)[0],
                local=local,
                contribution=added,
                total_after=totals[target],
                final=nth[target] == arrivals[target] and _same(totals[target], flows.gradient(target)),
            )

    def _numbers(self, box: int) -> tuple[float, ...]:
        return self._flows.data(box) or (self.view.data[box],)

    def _contribution(self, source: int, target: int) -> tuple[str, tuple[float, ...]]:
        """The phase of a delivery, and what is delivered."""
        flows = self._flows
        if source == OUTSIDE:
            return "seed" if flows.outputs[target] == [flows.graph.root] else "outside", flows.from_outside(target)
        return ("inside", flows.inside(target)) if source == target else ("backward", flows.through(source, target))

    def _deliveries(self) -> Iterator[tuple[int, int]]:
        """Source and target, from the last box on; first what arrives from outside.

        A box that uses its own results is its own source.
        """
        view, flows = self.view, self._flows
        for k in reversed(range(len(view.names))):
            if not view.leaf[k] and any(flows.from_outside(k)):
                yield OUTSIDE, k
        for k in reversed(view.computed):
            if any(flows.inside(k)):
                yield k, k
            for j in view.operands[k]:
                if view.needs[k] and flows.outputs[j]:
                    yield k, j

    def _local(self, source: int, target: int) -> float | None:
        """The local derivative between two scalars."""
        flows, graph = self._flows, self._flows.graph
        if [len(flows.members[k]) for k in (source, target)] != [1, 1]:
            return None
        (i,), (j,) = flows.members[source], flows.members[target]
        return graph.partials[i][graph.operands[i].index(j)] if graph.operands[i].count(j) == 1 else None

    # As a sequence

    def __len__(self) -> int:
        return len(self._steps)

    @overload
    def __getitem__(self, index: int) -> CallStep: ...
    @overload
    def __getitem__(self, index: slice) -> list[CallStep]: ...
    def __getitem__(self, index: int | slice) -> CallStep | list[CallStep]:
        return self._steps[index]

    def find(self, *, until: str) -> int:
        """The index of the step that completes the gradient of the box of that name.

        Raises
        ------
        UnknownNameError
            If there is no such box.
        DomainError
            If no step completes it, since it gets more from elsewhere.
        """
        if until not in self.view.names:
            raise UnknownNameError.among("box", until, self.view.names)
        for k, step in enumerate(self):
            if step.target == until and step.final and step.phase != "forward":
                return k
        raise DomainError(f"No step here completes the gradient of {until}.")

    def __str__(self) -> str:
        view = self.view
        lines = [f"Backprop by calls: {view.caption.partition(';')[0]}, {counted(len(self), 'step')}"]
        reads = [k for k, is_read in enumerate(view.leaf) if is_read]
        given = [f"{view.names[k]} = {numbers_text(self._numbers(k))}" for k in reads]
        done = [f"{view.names[k]} = {view.formula(k).pretty} = {numbers_text(self._numbers(k))}" for k in view.computed]
        lines += ["", *given, *done, *([] if not view.outdated else ["", view.outdated_note])]
        lines += [line for step in self for line in ("", str(step))]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<{counted(len(self), 'step')} of backprop by calls from {self.view.result_name}>"


def _same(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether two gradients agree; they are added up in different orders."""
    largest = max(map(abs, b), default=0.0)
    return all(x == y or math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-9 * largest) for x, y in zip(a, b, strict=True))

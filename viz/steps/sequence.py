r"""The steps of backprop as a sequence of records, made when they are asked for.

One step of the reverse sweep is one *use* of an operand: the node's gradient, times the local derivative, is added to
the operand's (Griewank & Walther, "Evaluating Derivatives", 2nd ed. 2008, section 3.2):

.. math:: \bar u \mathrel{+}= \bar v \; \frac{\partial v}{\partial u}.

Everything that is shown (text, page, terminal, LaTeX, frames) is made from these records. They hold the names of nodes,
and what one step adds; the numbers are those of the forward pass, and `grad` is neither read nor written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence, Sized
from functools import cached_property
from itertools import accumulate
from typing import Self, overload

from autograd_lite.errors import DomainError, GraphTooLargeError, UnknownNameError
from autograd_lite.text import counted

from ..graphs.finite_difference import recomputed
from ..graphs.levels import MOST_STEPS, at_level, check_size
from ..graphs.nonfinite import NonFinite, first_nonfinite
from ..graphs.view import GraphView
from .step import Step
from .sweeps import deliveries
from .updates import Optimizer, updates

__all__ = ["StepSequence"]


class StepSequence(Sequence[Step]):
    """The steps of backprop on one graph: index, slice, loop, `find`."""

    def __init__(
        self,
        graph: GraphView,
        *,
        forward: bool = False,
        lr: float | None = None,
        optimizer: Optimizer | None = None,
        mistake: str | None = None,
    ) -> None:
        self.graph = graph
        self.forward = forward
        self.lr = lr
        self.optimizer = optimizer
        self.mistake = mistake
        self._deliveries = deliveries(graph, mistake)
        self._computed = graph.computed if forward else []
        self._seeds = [graph.root] if graph.needs[graph.root] else []
        self._updated = updates(graph, lr, optimizer)
        parts: list[Sized] = [self._computed, self._seeds, self._deliveries, self._updated]
        self._starts = [0, *accumulate(map(len, parts))]

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> list[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | list[Step]:
        if isinstance(index, slice):
            return [self._step(k) for k in range(*index.indices(len(self)))]
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexError(f"There is no step {index}; there are {len(self)}, counted from 0 in Python.")
        return self._step(position)

    def __iter__(self) -> Iterator[Step]:
        return map(self._step, range(len(self)))

    @property
    def notes(self) -> list[str]:
        """Warnings: outdated data, and updates that are not shown."""
        graph, hidden = self.graph, 0
        if self.lr is not None or self.optimizer is not None:
            hidden = len(graph.scalars.parameters) - len(graph.parameters)
        inside = f"{counted(hidden, 'parameter')} inside the boxes; level='scalars' shows all."
        return [graph.outdated_note] * bool(graph.outdated) + [f"Not shown: the updates of {inside}"] * (hidden > 0)

    def readable(self) -> Self:
        """These steps if a picture can show them; else with neurons folded."""
        graph = at_level(self.graph)
        check_size(graph)
        if len(graph.uses) > MOST_STEPS:
            raise GraphTooLargeError(
                f"Backprop from {graph.root_name} takes {len(graph.uses):,} steps here; a page holds at most "
                f"{MOST_STEPS}. Take a smaller network, or a Value further inside; viz.draw shows large ones as layers."
            )
        return self if graph is self.graph else self._again(graph, self.mistake)

    def without_mistake(self) -> Self:
        """The same steps, done right."""
        return self if self.mistake is None else self._again(self.graph, None)

    def _again(self, graph: GraphView, mistake: str | None) -> Self:
        return type(self)(graph, forward=self.forward, lr=self.lr, optimizer=self.optimizer, mistake=mistake)

    def _step(self, k: int) -> Step:
        makers = (self._forward, self._seed, self._backward, self._update)
        phase = next(p for p in range(4) if k < self._starts[p + 1])
        return makers[phase](k + 1, k - self._starts[phase])

    # One maker a phase

    def _forward(self, number: int, k: int) -> Step:
        i, value = self._computed[k], self.graph.data[self._computed[k]]
        texts = self.graph.substituted(i), self._cause(value)
        return Step(*self._alone(number, "forward", i), total_after=value, substituted=texts[0], cause=texts[1])

    def _seed(self, number: int, _k: int) -> Step:
        return Step(*self._alone(number, "seed", self.graph.root), contribution=1.0, total_after=1.0)

    def _backward(self, number: int, k: int) -> Step:
        graph, delivery = self.graph, self._deliveries[k]
        use = delivery.use
        return Step(
            number=number,
            phase="backward",
            source=graph.names[use.node],
            target=graph.names[use.operand],
            source_index=use.node,
            target_index=use.operand,
            operand=use.position,
            use=delivery.nth,
            uses=delivery.of,
            formula=graph.formula(use.node).pretty,
            rule=graph.slope(use.node, use.position).pretty,
            upstream=delivery.upstream,
            local=use.local,
            contribution=delivery.contribution,
            total_before=delivery.before,
            total_after=delivery.after,
            final=delivery.final,
            mistake=delivery.mistake,
            through=graph.use_mark(use.node, use.position),
            cause=self._cause(delivery.after),
        )

    def _update(self, number: int, k: int) -> Step:
        update = self._updated[k]
        return Step(
            *self._alone(number, "update", update.parameter),
            rule=update.rule,
            upstream=self.graph.adjoints[update.parameter],
            local=None if update.lr is None else -update.lr,
            contribution=update.after - update.before,
            total_before=update.before,
            total_after=update.after,
            cause=self._cause(update.after),
            anew=self._anew if k == len(self._updated) - 1 else None,
            root=self.graph.root_name,
        )

    @cached_property
    def _anew(self) -> tuple[float, float]:
        """The root now, and in a forward pass with all parameters updated."""
        scalars, nodes = self.graph.scalars, self.graph.nodes
        changed = {scalars.index[nodes[u.parameter]]: u.after for u in self._updated}
        return scalars.data[scalars.root], recomputed(scalars, changed)

    def _alone(self, number: int, phase: str, i: int) -> tuple[int, str, str, str, int, int, int, int, int, str]:
        """What a step that concerns one node alone begins with."""
        name = self.graph.names[i]
        return number, phase, name, name, i, i, 0, 1, 1, self.graph.formula(i).pretty

    def _cause(self, result: float) -> str:
        return "" if math.isfinite(result) else self._nonfinite.words

    @cached_property
    def _nonfinite(self) -> NonFinite:
        return first_nonfinite(self.graph)

    # Finding a step

    def find(self, *, until: str | None = None, when: Callable[[Step], bool] | None = None, start: int = 0) -> int:
        """Return the index of a step: a breakpoint, as in a debugger.

        Parameters
        ----------
        until : str, optional
            The step after which the gradient of the node of that name or label is complete.
        when : callable, optional
            The first step for which this holds.
        start : int
            Where to begin to look.

        Raises
        ------
        UnknownNameError
            If no node of that name has a gradient.
        DomainError
            If there is no such step.

        Examples
        --------
        >>> from autograd_lite import Value, viz
        >>> a = Value(3.0, "a")
        >>> listed = viz.steps(a * a)
        >>> listed.find(until="a"), listed.find(when=lambda step: abs(step.total_after) > 2)
        (2, 1)
        """
        if until is not None:
            until = self.graph.name_of(until)
            self._check_has_gradient(until)
        for k in range(start, len(self)):
            step = self[k]
            reached = step.target == until and step.final and step.phase in ("seed", "backward")
            if reached or (when is not None and when(step)):
                return k
        raise DomainError(f"No step among numbers {start + 1} to {len(self)} is the one asked for.")

    def _check_has_gradient(self, name: str) -> None:
        known = {self.graph.names[i] for i in (self.graph.root, *(use.operand for use in self.graph.uses))}
        if name not in known:
            raise UnknownNameError.among("node with a gradient", name, known)

    def __repr__(self) -> str:
        wrong = {None: "", "order": ", in the wrong order", "overwrite": ", with = for +="}[self.mistake]
        return f"<{counted(len(self), 'step')} of backprop from {self.graph.root_name}{wrong}>"

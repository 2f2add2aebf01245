r"""Backprop one step at a time, as records.

One step of the reverse sweep is one *use* of an operand: the giver's gradient, times the local derivative, is added to
the receiver's (Griewank & Walther, "Evaluating Derivatives", 2nd ed. 2008, section 3.2):

.. math:: \bar u \mathrel{+}= \bar v \; \frac{\partial v}{\partial u}.

Everything that is shown (text, page, terminal, LaTeX, frames) is made from these records. They hold the names of nodes,
and what one step adds; the numbers are those of the forward pass, and `grad` is neither read nor written.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import overload

from autograd_lite.engine import Value
from autograd_lite.errors import DomainError, UnknownNameError

from . import step_text
from .files import write_whole
from .graph import Graph, product

__all__ = ["Step", "Steps", "steps"]

KINDS = (".txt",)


@dataclass(frozen=True, slots=True)
class Step:
    """What happens in one step; ``print(step)`` tells it in words.

    Attributes
    ----------
    number : int
        Place in the sequence, from 1.
    phase : str
        ``"forward"``, ``"seed"``, ``"backward"`` or ``"update"``.
    giver, receiver : str
        Names of the node that passes its gradient on and of the one that gets it; equal outside the backward phase.
    giver_place, receiver_place, operand : int
        Where they stand in the graph, and which operand of the giver the receiver is.
    use, uses : int
        This is the use-th of so many contributions to the receiver.
    formula : str
        How the giver was computed, ``w · x``.
    rule : str
        The local derivative as it is taught, ``1 − t²``.
    upstream, local, contribution : float or None
        The giver's gradient, the local derivative, and their product; None where the phase has none. An update has the
        gradient, minus the learning rate, and the change.
    total_before, total_after : float
        The receiver's gradient before and after the step; the number itself in the phases forward and update.
    final : bool
        Whether the receiver's gradient is complete now.
    """

    number: int
    phase: str
    giver: str
    receiver: str
    giver_place: int
    receiver_place: int
    operand: int
    use: int
    uses: int
    formula: str
    rule: str
    upstream: float | None
    local: float | None
    contribution: float | None
    total_before: float
    total_after: float
    final: bool

    @property
    def title(self) -> str:
        """The step in a few characters: ``L → d (use 2 of 2)``."""
        return step_text.title(self)

    @property
    def sentence(self) -> str:
        """The step in plain words."""
        return step_text.sentence(self)

    def __str__(self) -> str:
        return step_text.block(self)


def steps(
    root: Value, *, forward: bool = False, lr: float | None = None, parameters: Iterable[Value] | None = None
) -> Steps:
    """List the steps of backprop from a Value.

    Parameters
    ----------
    root : Value
        Where the reverse sweep starts, such as a loss.
    forward : bool
        Whether to begin with the forward pass, one step an op.
    lr : float, optional
        Learning rate: ends with one update ``p = p − lr · p.grad`` for each parameter. Nothing is really updated.
    parameters : iterable of Value, optional
        Which leaves are parameters; guessed from their labels (w1, b, ...) unless given.

    Returns
    -------
    Steps
        A lazy sequence of `Step` records.

    Raises
    ------
    OperandError
        If `root` is not a Value.

    Examples
    --------
    >>> a = Value(1.0, "a")
    >>> b = a + a
    >>> b.label = "b"
    >>> [step.total_after for step in steps(b)]
    [1.0, 1.0, 2.0]
    >>> print(steps(b)[2])
    3. backward: b → a (use 2 of 2)
       b = a + a, ∂b/∂a = 1
       a.grad += b.grad · ∂b/∂a = 1 · 1 = 1
       a.grad = 1 + 1 = 2 ✓
    """
    return Steps(Graph(root, parameters), forward=forward, lr=lr)


class Steps(Sequence[Step]):
    """The steps of backprop on one graph, made when they are asked for; `steps` builds it.

    Index it, slice it, loop over it, print it; ``until`` and ``when`` find a step.
    """

    def __init__(self, graph: Graph, *, forward: bool = False, lr: float | None = None) -> None:
        self.graph = graph
        self.lr = lr
        nodes = graph.nodes
        self._computed = [i for i, v in enumerate(nodes) if v.op is not None] if forward else []
        self._seeds = [graph.root] if nodes[graph.root].requires_grad else []
        self._updated = [] if lr is None else self._to_update()
        self._starts = [0, *_running_totals(self._computed, self._seeds, graph.uses, self._updated)]

    def _to_update(self) -> list[int]:
        graph = self.graph
        leaves = [i for i, v in enumerate(graph.nodes) if v.op is None and v.requires_grad]
        return graph.parameters or leaves

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> list[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | list[Step]:
        if isinstance(index, slice):
            return [self._step(k) for k in range(*index.indices(len(self)))]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"There is no step {index}; there are {len(self)}, counted from 0 in Python.")
        return self._step(place)

    def __iter__(self) -> Iterator[Step]:
        return map(self._step, range(len(self)))

    def _step(self, k: int) -> Step:
        makers = (self._forward, self._seed, self._backward, self._update)
        phase = next(p for p in range(4) if k < self._starts[p + 1])
        return makers[phase](k + 1, k - self._starts[phase])

    # One maker a phase

    def _forward(self, number: int, k: int) -> Step:
        i = self._computed[k]
        return self._about(number, "forward", i, after=self.graph.data[i])

    def _seed(self, number: int, _k: int) -> Step:
        return self._about(number, "seed", self.graph.root, after=1.0, contribution=1.0)

    def _backward(self, number: int, k: int) -> Step:
        graph = self.graph
        use = graph.uses[k]
        nth, uses, before = self._received[k]
        upstream = graph.adjoints[use.giver]
        contribution = product(upstream, use.local)
        return Step(
            number=number,
            phase="backward",
            giver=graph.names[use.giver],
            receiver=graph.names[use.receiver],
            giver_place=use.giver,
            receiver_place=use.receiver,
            operand=use.operand,
            use=nth,
            uses=uses,
            formula=graph.formula(use.giver).pretty,
            rule=graph.slope(use.giver, use.operand).pretty,
            upstream=upstream,
            local=use.local,
            contribution=contribution,
            total_before=before,
            total_after=before + contribution,
            final=nth == uses,
        )

    def _update(self, number: int, k: int) -> Step:
        i, lr = self._updated[k], self.lr or 0.0
        grad, before = self.graph.adjoints[i], self.graph.data[i]
        change = -lr * grad
        return self._about(
            number, "update", i, upstream=grad, local=-lr, contribution=change, before=before, after=before + change
        )

    def _about(
        self,
        number: int,
        phase: str,
        i: int,
        *,
        after: float,
        before: float = 0.0,
        upstream: float | None = None,
        local: float | None = None,
        contribution: float | None = None,
    ) -> Step:
        """Make a step that concerns one node alone."""
        name, formula = self.graph.names[i], self.graph.formula(i).pretty
        numbers = (upstream, local, contribution, before, after)
        return Step(number, phase, name, name, i, i, 0, 1, 1, formula, "", *numbers, final=True)

    @cached_property
    def _received(self) -> list[tuple[int, int, float]]:
        """For each use: the how-many-th of how many it is for its receiver, and the receiver's gradient before it."""
        graph = self.graph
        uses, so_far = [0] * len(graph.nodes), [0] * len(graph.nodes)
        for use in graph.uses:
            uses[use.receiver] += 1
        totals = [0.0] * len(graph.nodes)
        received = []
        for use in graph.uses:
            u = use.receiver
            so_far[u] += 1
            received.append((so_far[u], uses[u], totals[u]))
            totals[u] += product(graph.adjoints[use.giver], use.local)
        return received

    # Finding a step

    def until(self, name: str) -> int:
        """The place of the step after which the gradient of that node is complete.

        Examples
        --------
        >>> a = Value(1.0, "a")
        >>> steps(a * a).until("a")
        2
        """
        found = [k for k, step in enumerate(self) if step.receiver == name and step.phase in ("seed", "backward")]
        if not found:
            known = {self.graph.names[i] for i in (self.graph.root, *(use.receiver for use in self.graph.uses))}
            raise UnknownNameError.among("node with a gradient", name, known)
        return found[-1]

    def when(self, condition: Callable[[Step], bool]) -> int:
        """The place of the first step for which the condition holds.

        Raises
        ------
        DomainError
            If it holds for none.

        Examples
        --------
        >>> a = Value(3.0, "a")
        >>> steps(a * a).when(lambda step: abs(step.total_after) > 5)
        2
        """
        for k, step in enumerate(self):
            if condition(step):
                return k
        raise DomainError(f"The condition holds for none of the {len(self)} steps.")

    # Showing

    def transcript(self) -> str:
        """All steps as plain text, the graph's formulas first."""
        return step_text.transcript(self)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the steps to a file; the ending decides: .txt for the transcript.

        Raises
        ------
        UnknownNameError
            For another ending.
        OutputError
            If the file cannot be written; nothing is left half-written.
        """
        kind = Path(path).suffix.lower()
        if kind not in KINDS:
            raise UnknownNameError.among("kind of transcript", kind or Path(path).name, KINDS)
        return write_whole(path, self.transcript())

    def __str__(self) -> str:
        return self.transcript()

    def __repr__(self) -> str:
        return f"<{len(self)} steps of backprop from {self.graph.names[self.graph.root]}>"


def _running_totals(*parts: Sequence[object]) -> list[int]:
    totals, total = [], 0
    for part in parts:
        total += len(part)
        totals.append(total)
    return totals

r"""Backprop one step at a time, as records.

One step of the reverse sweep is one *use* of an operand: the giver's gradient, times the local derivative, is added to
the receiver's (Griewank & Walther, "Evaluating Derivatives", 2nd ed. 2008, section 3.2):

.. math:: \bar u \mathrel{+}= \bar v \; \frac{\partial v}{\partial u}.

Everything that is shown (text, page, terminal, LaTeX, frames) is made from these records. They hold the names of nodes,
and what one step adds; the numbers are those of the forward pass, and `grad` is neither read nor written.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from itertools import accumulate
from pathlib import Path
from typing import overload

from autograd_lite.engine import Value
from autograd_lite.errors import DomainError, GraphTooLargeError, UnknownNameError

from . import step_text
from .digits import counted
from .files import write_whole
from .graph import Graph
from .latex import steps_document
from .layers import LayerGraph
from .levels import MOST_STEPS, at_level, check_size
from .markdown import steps_markdown
from .player import play
from .step import Step
from .style import theme_named
from .sweeps import deliveries
from .updates import Optimizer, updates
from .walk import Walk

__all__ = ["Steps", "steps"]


def steps(
    root: Value,
    *,
    forward: bool = False,
    lr: float | None = None,
    optimizer: Optimizer | None = None,
    parameters: Iterable[Value] | None = None,
    mistake: str | None = None,
    level: str | None = None,
    focus: str = "",
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
    optimizer : object, optional
        In place of `lr`, an optimiser of nn such as ``nn.SGD(lr=0.1, momentum=0.9)``; it is left as it is.
    parameters : iterable of Value, optional
        Which leaves are parameters; guessed from their labels (w1, b, ...) unless given.
    mistake : str, optional
        Do it wrong on purpose: ``"order"`` passes gradients on by naive recursion, ``"overwrite"`` writes ``=`` for
        ``+=``.
    level, focus : str, optional
        As in `draw`: ``"neurons"`` takes every neuron as one node. By itself a page folds what is too large for it,
        the records and texts do not.

    Returns
    -------
    Steps
        A lazy sequence of `Step` records.

    Raises
    ------
    OperandError
        If `root` is not a Value.
    GraphTooLargeError
        If naive recursion would take more than 400 steps.

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
    graph = at_level(Graph(root, parameters), level or (None if focus else "scalars"), focus)
    if isinstance(graph, LayerGraph):
        raise UnknownNameError.among("level for steps", level, ("scalars", "neurons"))
    return Steps(graph, forward=forward, lr=lr, optimizer=optimizer, mistake=mistake)


class Steps(Sequence[Step]):
    """The steps of backprop on one graph, made when they are asked for; `steps` builds it.

    Index it, slice it, loop over it, print it; `find` a step, or `walk` through.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        forward: bool = False,
        lr: float | None = None,
        optimizer: Optimizer | None = None,
        mistake: str | None = None,
    ) -> None:
        self.graph = graph
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
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"There is no step {index}; there are {len(self)}, counted from 0 in Python.")
        return self._step(place)

    def __iter__(self) -> Iterator[Step]:
        return map(self._step, range(len(self)))

    def readable(self) -> Steps:
        """These steps if a picture can show them; else with neurons folded.

        Raises
        ------
        GraphTooLargeError
            If there is nothing to fold, or too much is left.
        """
        graph = at_level(self.graph)
        check_size(graph)
        if len(graph.uses) > MOST_STEPS:
            raise GraphTooLargeError(
                f"Backprop from {graph.names[graph.root]} takes {len(graph.uses):,} steps here; a page holds at most "
                f"{MOST_STEPS}. Take a smaller network, or a Value further inside; viz.draw shows large ones as layers."
            )
        return self if graph is self.graph else self._again(graph, self.mistake)

    def without_mistake(self) -> Steps:
        """The same steps, done right."""
        return self if self.mistake is None else self._again(self.graph, None)

    def _again(self, graph: Graph, mistake: str | None) -> Steps:
        forward = bool(self._computed)
        return Steps(graph, forward=forward, lr=self.lr, optimizer=self.optimizer, mistake=mistake)

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
        delivery = self._deliveries[k]
        use = delivery.use
        return Step(
            number=number,
            phase="backward",
            giver=graph.names[use.giver],
            receiver=graph.names[use.receiver],
            giver_place=use.giver,
            receiver_place=use.receiver,
            operand=use.operand,
            use=delivery.nth,
            uses=delivery.of,
            formula=graph.formula(use.giver).pretty,
            rule=graph.slope(use.giver, use.operand).pretty,
            upstream=delivery.upstream,
            local=use.local,
            contribution=delivery.contribution,
            total_before=delivery.before,
            total_after=delivery.after,
            final=delivery.final,
            mistake=delivery.mistake,
        )

    def _update(self, number: int, k: int) -> Step:
        update = self._updated[k]
        return self._about(
            number,
            "update",
            update.place,
            upstream=self.graph.adjoints[update.place],
            local=None if update.lr is None else -update.lr,
            contribution=update.after - update.before,
            before=update.before,
            after=update.after,
            rule=update.rule,
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
        rule: str = "",
    ) -> Step:
        """Make a step that concerns one node alone."""
        name, formula = self.graph.names[i], self.graph.formula(i).pretty
        numbers = (upstream, local, contribution, before, after)
        return Step(number, phase, name, name, i, i, 0, 1, 1, formula, rule, *numbers, final=True)

    # Finding a step

    def find(self, *, until: str | None = None, when: Callable[[Step], bool] | None = None, start: int = 0) -> int:
        """The place of a step: a breakpoint, as in a debugger.

        Parameters
        ----------
        until : str, optional
            The step after which the gradient of the node of that name is complete.
        when : callable, optional
            The first step for which this holds.
        start : int
            Where to begin to look.

        Raises
        ------
        UnknownNameError
            If no node of that name receives a gradient.
        DomainError
            If there is no such step.

        Examples
        --------
        >>> a = Value(3.0, "a")
        >>> steps(a * a).find(until="a"), steps(a * a).find(when=lambda step: abs(step.total_after) > 2)
        (2, 1)
        """
        if until is not None:
            self._check_receives(until)
        for k in range(start, len(self)):
            step = self[k]
            reached = step.receiver == until and step.final and step.phase in ("seed", "backward")
            if reached or (when is not None and when(step)):
                return k
        raise DomainError(f"No step among numbers {start + 1} to {len(self)} is the one asked for.")

    def _check_receives(self, name: str) -> None:
        known = {self.graph.names[i] for i in (self.graph.root, *(use.receiver for use in self.graph.uses))}
        if name not in known:
            raise UnknownNameError.among("node with a gradient", name, known)

    def walk(self) -> Walk:
        """Begin to walk: next, back, jump, run to a breakpoint."""
        return Walk(self)

    # Showing

    def play(self, *, until: str | None = None, when: Callable[[Step], bool] | None = None, all: bool = False) -> None:  # noqa: A002 - the name of the option on the command line
        """Step through in a terminal, by keys; without a terminal, or with ``all=True``, print the transcript.

        Parameters
        ----------
        until, when : str, callable, optional
            A breakpoint to start at, as in `find`.
        all : bool
            Whether to print everything at once.
        """
        start = 0 if until is None and when is None else self.find(until=until, when=when) + 1
        play(self, start=start, everything=all)

    def transcript(self, *, until: str | None = None, when: Callable[[Step], bool] | None = None) -> str:
        """The steps as plain text, the graph's formulas first; up to a breakpoint, as in `find`, if one is given."""
        end = len(self) if until is None and when is None else self.find(until=until, when=when) + 1
        return step_text.transcript(self, self[:end])

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the steps to a file; the ending decides: .html for the page, .md, .tex, .txt for the transcript.

        Raises
        ------
        UnknownNameError
            For another ending.
        OutputError
            If the file cannot be written; nothing is left half-written.
        MissingDependencyError
            If a page is asked for and there is no Graphviz.
        """
        kind = Path(path).suffix.lower()
        if kind not in WRITERS:
            raise UnknownNameError.among("kind of transcript", kind or Path(path).name, WRITERS)
        return write_whole(path, WRITERS[kind](self))

    def frames(self, folder: str | os.PathLike[str], *, theme: str = "light") -> list[Path]:
        """Draw every step as an SVG file, for slides: ``frame_000.svg`` before the first step, and so on.

        Parameters
        ----------
        folder : str or path
            Where to; it is made if it is not there.
        theme : str
            ``"light"`` or ``"dark"``.

        Returns
        -------
        list of Path
            The files, in order.

        Raises
        ------
        OutputError
            If a file cannot be written.
        MissingDependencyError
            If there is no Graphviz.
        GraphTooLargeError
            If there are more than 999 steps.
        """
        from .frames import frames  # noqa: PLC0415 - the frames are built on the steps

        return frames(self, folder, theme_named(theme))

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        """What a notebook shows: the page in a frame of its own, a picture, and the transcript."""
        from .notebook import mime_bundle  # noqa: PLC0415 - the page is built on the steps

        return mime_bundle(self)

    def __str__(self) -> str:
        return self.transcript()

    def __repr__(self) -> str:
        wrong = {None: "", "order": ", in the wrong order", "overwrite": ", with = for +="}[self.mistake]
        return f"<{counted(len(self), 'step')} of backprop from {self.graph.names[self.graph.root]}{wrong}>"


def _page(steps: Steps) -> str:
    from .page import page  # noqa: PLC0415 - the page is built on the steps, and few programs need it

    return page(steps)


WRITERS: dict[str, Callable[[Steps], str]] = {
    ".html": _page,
    ".md": steps_markdown,
    ".tex": steps_document,
    ".txt": Steps.transcript,
}

"""Backprop one step at a time: the steps of a graph, and every way to show them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from autograd_lite.atomic_files import write_whole
from autograd_lite.engine import Value
from autograd_lite.errors import UnknownNameError

from .graphs.course import course_view
from .graphs.levels import at_level
from .page.notebook import mime_bundle
from .page.page import page
from .steps.sequence import StepSequence
from .steps.step import Step
from .steps.transcript import transcript
from .steps.updates import Optimizer
from .steps.walk import Walk
from .theme import theme_named
from .writers.frames import frames
from .writers.latex import steps_document
from .writers.markdown import steps_markdown
from .writers.terminal import play

__all__ = ["Steps", "steps"]

WRITERS: dict[str, Callable[[StepSequence], str]] = {
    ".html": page,
    ".md": steps_markdown,
    ".tex": steps_document,
    ".txt": transcript,
}


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
    sample: int = 1,
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
    sample : int
        Of a batch of samples through a network, the one to show, from 1; its neurons are folded.

    Returns
    -------
    Steps
        A lazy sequence of `Step` records.

    Raises
    ------
    OperandError
        If `root` is not a Value.
    DomainError
        If the learning rate is negative or NaN, or there is no such sample.
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
       b = a + a, ∂b/∂a₂ = 1
       a.grad += b.grad · ∂b/∂a₂ = 1 · 1 = 1
       a.grad = 1 + 1 = 2 ✓
    """
    graph = at_level(
        course_view(root, parameters), level or (None if focus or sample > 1 else "scalars"), focus, sample=sample
    )
    if graph.level == "layers":
        raise UnknownNameError.among("level for steps", level, ("scalars", "neurons"))
    return Steps(graph, forward=forward, lr=lr, optimizer=optimizer, mistake=mistake)


class Steps(StepSequence):
    """The steps of backprop on one graph, made when they are asked for; `steps` builds it.

    Index it, slice it, loop over it, print it; `find` a step, or `walk` through.
    """

    def walk(self) -> Walk:
        """Begin to walk: next, back, jump, run to a breakpoint."""
        return Walk(self)

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
        return transcript(self, self[:end])

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

        Raises
        ------
        OutputError
            If a file cannot be written.
        MissingDependencyError
            If there is no Graphviz.
        GraphTooLargeError
            If there are more than 999 steps.
        """
        return frames(self, folder, theme_named(theme))

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        """Notebook view: the page in a frame, a picture, and the transcript."""
        return mime_bundle(self)

    def __str__(self) -> str:
        return self.transcript()

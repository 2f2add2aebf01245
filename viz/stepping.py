"""Backprop one step at a time: the steps of a graph, and every way to show them."""

# Any: what a user's function takes
from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, overload

from autograd_lite.atomic_files import write_whole
from autograd_lite.engine import Value
from autograd_lite.errors import OperandError, UnknownNameError

from .graphs.calls import Call
from .graphs.course import course_view
from .graphs.functions import functions_view
from .graphs.known_calls import recorded_calls, value_of
from .graphs.levels import at_level
from .graphs.view import GraphView
from .page.calls import calls_bundle, calls_page
from .page.notebook import mime_bundle
from .page.page import page
from .steps.call_steps import CallStepSequence
from .steps.sequence import StepSequence
from .steps.step import Step
from .steps.transcript import transcript
from .steps.updates import Optimizer
from .steps.walk import Walk
from .theme import theme_named
from .writers.frames import frames
from .writers.latex import steps_document
from .writers.markdown import code_block, steps_markdown
from .writers.terminal import play

__all__ = ["CallSteps", "Steps", "steps"]

WRITERS: dict[str, Callable[[StepSequence], str]] = {
    ".html": page,
    ".md": steps_markdown,
    ".tex": steps_document,
    ".txt": transcript,
}


@overload
def steps(
    root: Value | Callable[..., Any],
    args: Sequence[Any] = (),
    *,
    level: Literal["functions"],
    focus: str = "",
    forward: bool = False,
) -> CallSteps: ...
@overload
def steps(
    root: Value | Callable[..., Any],
    args: Sequence[Any] = (),
    *,
    forward: bool = False,
    lr: float | None = None,
    optimizer: Optimizer | None = None,
    parameters: Iterable[Value] | None = None,
    mistake: str | None = None,
    level: Literal["scalars", "neurons", "layers"] | None = None,
    focus: str = "",
    sample: int = 1,
) -> Steps: ...
def steps(
    root: Value | Callable[..., Any],
    args: Sequence[Any] = (),
    *,
    forward: bool = False,
    lr: float | None = None,
    optimizer: Optimizer | None = None,
    parameters: Iterable[Value] | None = None,
    mistake: str | None = None,
    level: str | None = None,
    focus: str = "",
    sample: int = 1,
) -> Steps | CallSteps:
    """List the steps of backprop from a Value.

    Parameters
    ----------
    root : Value or callable
        Where the reverse sweep starts, such as a loss; or a function, which is run on `args`.
    args : sequence
        Arguments of the function, as in `draw`.
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
        the records and texts do not. With ``"functions"`` each call of a function, and each loop of the library, is
        one box, and `focus` the path of the call to open, as in `draw`.
    sample : int
        Of a batch of samples through a network, the one to show, from 1; its neurons are folded.

    Returns
    -------
    Steps or CallSteps
        A lazy sequence of `Step` records; with ``level="functions"`` of `CallStep` records, whose gradients have a
        number for each result of a call.

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
    if level == "functions":
        options = {"lr": lr, "optimizer": optimizer, "mistake": mistake, "parameters": parameters}
        refused = [name for name, given in options.items() if given is not None] + ["sample"] * (sample != 1)
        if refused:
            raise OperandError(f"Steps by calls take no {', '.join(refused)}; with level='scalars' they do.")
        return CallSteps(*recorded_calls(root, args), focus, forward=forward)
    if args or (not isinstance(root, Value) and callable(root)):
        root = value_of(root, args)
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


CALL_KINDS = (".html", ".md", ".txt")


class CallSteps(CallStepSequence):
    """The steps of backprop by calls; ``steps(f, args, level="functions")`` builds it.

    Index it, slice it, loop over it, print it; `find` a step; `save` a page on which calls are opened down to scalars.
    """

    def __init__(self, graph: GraphView, outermost: Call, focus: str = "", *, forward: bool = False) -> None:
        super().__init__(functions_view(graph, outermost, focus), forward=forward)
        self._graph, self._outermost, self._opened = graph, outermost, outermost.find(focus)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the steps to a file; the ending decides: .html for the page, .md, .txt for the transcript.

        Raises
        ------
        UnknownNameError
            For another ending.
        OutputError
            If the file cannot be written; nothing is left half-written.
        """
        kind = Path(path).suffix.lower()
        if kind not in CALL_KINDS:
            raise UnknownNameError.among("kind of transcript by calls", kind or Path(path).name, CALL_KINDS)
        text = f"{self}\n"
        if kind == ".html":
            text = calls_page(self._graph, self._outermost, self._opened, start=True)
        return write_whole(path, code_block(text.splitlines()) + "\n" if kind == ".md" else text)

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        """Notebook view: the page in a frame, and the transcript."""
        page = calls_page(self._graph, self._outermost, self._opened, start=True)
        return calls_bundle(page, self._outermost, str(self))

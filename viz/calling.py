"""A function's graph by the calls that made it: as a page that opens them, as pictures, as text."""

# Any: a user's function and its arguments
from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from autograd_lite.atomic_files import write_whole
from autograd_lite.engine import Value
from autograd_lite.errors import UnknownNameError
from autograd_lite.text import counted

from .drawing.draw import Drawing
from .graphs.calls import Call
from .graphs.functions import functions_view
from .graphs.known_calls import recorded_calls
from .graphs.levels import check_size
from .graphs.view import GraphView
from .page.calls import calls_bundle, calls_page, outline
from .theme import theme_named

__all__ = ["Calls", "calls"]

KINDS = (".html", ".txt")


def calls(f: Callable[..., Any] | Value, args: Sequence[Any] = ()) -> Calls:
    """Run a function and take its graph apart by the functions that it calls.

    Parameters
    ----------
    f : callable or Value
        A function of your own that returns one Value; or a Value whose calls were recorded: its leaves are `located`,
        or a loop such as `scan` made it.
    args : sequence
        Its arguments. Numbers with a point become Values, in lists, dicts and arrays too; whole numbers stay.

    Returns
    -------
    Calls
        ``save("calls.html")`` is a page on which a click opens a call, down to its scalars.

    Raises
    ------
    OperandError
        If the result is not a Value, or if no call is known that made it.

    Examples
    --------
    >>> def square(x):
    ...     return x * x
    >>> def f(x):
    ...     return square(x) + square(x + 1.0)
    >>> print(calls(f, [3.0]))
    f: 4 nodes
      square[1]: 1 node
      square[2]: 1 node
    """
    return Calls(*recorded_calls(f, args))


class Calls:
    """A graph by its calls; `calls` makes it.

    Attributes
    ----------
    root : Value
        The result of the function.
    """

    def __init__(self, graph: GraphView, outermost: Call) -> None:
        self.root = graph.nodes[graph.root]
        self._graph, self._outermost = graph, outermost

    @property
    def paths(self) -> list[str]:
        """The paths of all calls, such as ``block[2].softmax``, in the order in which they were made."""
        return [call.path for call in self._outermost.all()]

    def draw(self, path: str = "", *, direction: str = "LR", theme: str = "auto") -> Drawing:
        """Draw one call: what it calls and computes as boxes.

        Parameters
        ----------
        path : str
            Which; the outermost unless given.
        direction, theme : str
            As in `viz.draw`.

        Raises
        ------
        UnknownNameError
            If there is no such call.
        """
        view = functions_view(self._graph, self._outermost, path)
        check_size(view)
        return Drawing(view, direction, theme_named(theme))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the calls to a file; the ending decides: .html for the page, .txt for an outline.

        Raises
        ------
        UnknownNameError
            For another ending.
        OutputError
            If the file cannot be written; nothing is left half-written.
        """
        kind = Path(path).suffix.lower()
        if kind not in KINDS:
            raise UnknownNameError.among("kind of file for calls", kind or Path(path).name, KINDS)
        return write_whole(path, calls_page(self._graph, self._outermost) if kind == ".html" else f"{self}\n")

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        """Notebook view: the page in a frame, and the outline."""
        return calls_bundle(calls_page(self._graph, self._outermost), self._outermost, str(self))

    def __str__(self) -> str:
        return outline(self._graph, self._outermost)

    def __repr__(self) -> str:
        return f"<{counted(len(self.paths), 'call')} of {self._outermost.name}>"

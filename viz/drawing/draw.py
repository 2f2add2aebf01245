"""The graph as a picture: boxes with data and gradient, and on each edge the local derivative.

Graphviz gives the coordinates, `picture` paints. The graph in Graphviz's own language is complete without Graphviz; a
picture needs the program `dot` or the extra ``autograd-lite[dot]``.
"""

# Any: what a user's function takes
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from autograd_lite.engine import Value
from autograd_lite.errors import OperandError, UnknownNameError
from autograd_lite.text import counted

from ..graphs.calls import Call
from ..graphs.course import course_view
from ..graphs.functions import functions_view
from ..graphs.known_calls import calls_of, known_calls, recorded_calls
from ..graphs.levels import FOLDED, MOST, at_level, check_size
from ..graphs.neighbours import neighbour_view
from ..graphs.nonfinite import first_nonfinite
from ..graphs.recording import without_collector
from ..graphs.view import GraphView
from ..theme import Theme, theme_named
from .boxes import state_now
from .digraph import digraph_of
from .still import SavedPicture, still_picture

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphviz import Digraph

__all__ = ["Drawing", "draw"]


def draw(
    root: Value | Callable[..., Any],
    args: Sequence[Any] = (),
    *,
    parameters: Iterable[Value] | None = None,
    direction: str = "LR",
    theme: str = "auto",
    level: str | None = None,
    focus: str | Value = "",
    sample: int = 1,
    limit: int = MOST,
) -> Drawing:
    """Draw the graph that a Value was computed by.

    A box shows the op, the name, the data and the gradient (``?`` until ``root.backward()``); an edge shows the local
    derivative that the chain rule multiplies by. Dashed means that the gradient is unknown, a thick line a parameter,
    grey a constant, dotted that the data are old, since something they depend on changed. Where a NaN or an
    infinity came up, the node that made it is marked, with its operands. Above 150 boxes they are compact.

    Parameters
    ----------
    root : Value or callable
        What to draw, such as a loss; or a function, which is run on `args`.
    args : sequence
        Arguments of the function. Numbers with a point become Values, in lists, dicts and arrays too; whole numbers,
        such as indices, stay.
    parameters : iterable of Value, optional
        Which leaves are parameters; guessed from their labels (w1, b, ...) unless given.
    direction : str
        ``"LR"``, left to right, or ``"TB"``, top to bottom.
    theme : str
        ``"light"``, ``"dark"``, or ``"auto"``: an SVG that is dark for readers who set their system so.
    level : str, optional
        ``"scalars"``, ``"neurons"``, ``"layers"`` or ``"functions"``: each call of a function is a box, and each loop
        of `scan`, `repeat` or `while_loop`. The calls behind a Value are known if its leaves are `located`. From 40
        nodes on what has calls is folded by them, unless it is a network of nn. Large networks whose parameters are
        called like ``layer1.neuron2.w3`` are folded to neurons above 40 nodes, to layers above 200 neurons.
    focus : str or Value
        A neuron or layer, ``"layer1.neuron2"``, that stays open while the rest is folded; a node, to draw only what
        is near it; or the path of a call, ``"block[2].softmax"``, to look into it.
    sample : int
        Of a batch of samples through a network, the one to show, from 1.
    limit : int
        The most boxes to draw.

    Returns
    -------
    Drawing
        Shown by a notebook; ``.svg``, ``.png(scale)``, ``.dot``, ``.digraph`` and ``.save(path)`` elsewhere.

    Raises
    ------
    OperandError
        If `root` is not a Value, or `focus` a node of another graph.
    DomainError
        If there is no such sample.
    GraphTooLargeError
        If there are more boxes than the limit.

    Examples
    --------
    >>> x = Value(3.0, "x")
    >>> y = x * x
    >>> print(draw(y).dot.count("n0 -> n1"))
    2
    """
    if direction not in ("LR", "TB"):
        raise UnknownNameError.among("direction", direction, ("LR", "TB"))
    if not isinstance(root, Value) and callable(root):
        view = _function_view(root, args, level, focus)
        check_size(view, limit)
        return Drawing(view, direction, theme_named(theme))
    if args:
        raise OperandError("draw got a Value and arguments; arguments go with a function: draw(f, args).")
    view = _value_view(course_view(root, parameters), level, focus, sample)
    check_size(view, limit)
    return Drawing(view, direction, theme_named(theme))


def _value_view(whole: GraphView, level: str | None, focus: str | Value, sample: int) -> GraphView:
    """A graph that is there already; by the calls and loops that made it where that is asked for or large."""
    if level == "functions":
        return functions_view(whole, known_calls(whole), _path(focus))
    if isinstance(focus, Value):
        return neighbour_view(whole, focus)
    view = at_level(whole, level, focus, layers=True, sample=sample)
    if view is whole and level is None and len(whole.nodes) > FOLDED:
        call = calls_of(whole)
        return functions_view(whole, call) if call.calls else view
    return view


def _path(focus: str | Value) -> str:
    if isinstance(focus, Value):
        raise OperandError("With level='functions', focus is the path of a call, such as 'block[2].softmax'.")
    return focus


def _function_view(f: Callable[..., Any], args: Sequence[Any], level: str | None, focus: str | Value) -> GraphView:
    """Run a function, and read what it computed, by its calls where that is asked for or large."""
    with without_collector():
        return _view_of_calls(*recorded_calls(f, args), level, focus)


def _view_of_calls(graph: GraphView, call: Call, level: str | None, focus: str | Value) -> GraphView:
    if level == "functions" or (level is None and call.calls and len(graph.nodes) > FOLDED and isinstance(focus, str)):
        return functions_view(graph, call, _path(focus))
    return neighbour_view(graph, focus) if isinstance(focus, Value) else at_level(graph, level, focus, layers=True)


class Drawing(SavedPicture):
    """A drawn graph; `draw` makes it."""

    kinds: ClassVar[tuple[str, ...]] = (".dot", ".gv", ".pdf", ".png", ".svg")

    def __init__(self, view: GraphView, direction: str, theme: Theme) -> None:
        self._view, self._direction, self._theme = view, direction, theme
        self._state = state_now(view)
        self._warning = " ".join(filter(None, (first_nonfinite(view).words, view.outdated_note)))

    @cached_property
    def svg(self) -> str:
        """The picture as SVG: scalable, with a title and a description."""
        return still_picture(self._view, self._state, self._direction, self._theme, warning=self._warning)

    @cached_property
    def digraph(self) -> Digraph:
        """The graph as an object of the package graphviz, to be styled further."""
        caption = self._warning or self._view.caption
        return digraph_of(self._view, self._state, self._direction, self._theme, caption, alarm=bool(self._warning))

    @cached_property
    def dot(self) -> str:
        """The graph in Graphviz's language; needs no Graphviz."""
        return str(self.digraph.source)

    def _written(self, kind: str, scale: float) -> str | bytes:
        return self.dot if kind in (".dot", ".gv") else super()._written(kind, scale)

    def __repr__(self) -> str:
        return f"<drawing of {self._view.root_name}: {counted(len(self._view.nodes), 'node')}>"

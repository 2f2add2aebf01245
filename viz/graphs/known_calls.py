"""The calls that made a graph: of a function that is run for it, or of a graph that is there already.

The calls of the latter are known by its located Values, and by the loops that made it.
"""

# Any: a user's function and its arguments

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import Any

from autograd_lite.engine import Value
from autograd_lite.errors import OperandError
from autograd_lite.op import next_order
from autograd_lite.source_lines import Located, UserCall

from .calls import Call
from .course import course_view
from .functions import functions_view
from .looping import fold_loops
from .recording import is_library, recorded, without_collector
from .view import GraphView

__all__ = ["call_view", "calls_of", "known_calls", "recorded_calls", "value_of"]


def value_of(root: Value | Callable[..., Any], args: Sequence[Any] = ()) -> Value:
    """A Value, or the result of a function that is run on arguments.

    Raises
    ------
    OperandError
        If there are arguments without a function.
    """
    if not isinstance(root, Value) and callable(root):
        return recorded(root, args)[0]
    if args:
        raise OperandError("A Value takes no arguments; arguments go with a function.")
    return root


def recorded_calls(root: Value | Callable[..., Any], args: Sequence[Any] = ()) -> tuple[GraphView, Call]:
    """The graph of a function that is run on arguments, or of a Value, and the calls that made it.

    Raises
    ------
    OperandError
        If there are arguments without a function, or no call is known.
    """
    with without_collector():
        if not isinstance(root, Value) and callable(root):
            result, call = recorded(root, args)
            return course_view(result), call
        graph = course_view(value_of(root, args))
    return graph, known_calls(graph)


def call_view(root: Value | Callable[..., Any], args: Sequence[Any] = (), focus: str = "") -> GraphView:
    """The same graph, folded by calls, with one of them open."""
    graph, call = recorded_calls(root, args)
    return functions_view(graph, call, focus)


def known_calls(graph: GraphView) -> Call:
    """The calls that made a graph.

    Raises
    ------
    OperandError
        If none is known.
    """
    found = calls_of(graph)
    if not found.calls:
        raise OperandError(
            f"level='functions' needs the calls that made {graph.root_name}, and none was recorded. Give the function "
            "itself, as in viz.draw(f, args); or make the leaves by ag.located(number, label), which records calls. "
            "Loops by ag.scan, ag.repeat and ag.while_loop are always recorded."
        )
    return found


def calls_of(graph: GraphView) -> Call:
    """The calls that made a graph; without located Values and loops, one that calls nothing.

    Examples
    --------
    >>> from autograd_lite import located
    >>> from .view import scalar_view
    >>> def square(x):
    ...     return x * x
    >>> x = located(3.0, "x")
    >>> [call.path for call in calls_of(scalar_view(square(x) + square(x + 1.0))).all()][1:]
    ['square[1]', 'square[2]']
    """
    chains = {v.order: _chain(v.call) for v in graph.nodes if isinstance(v, Located) and v.op is not None}
    common = _common(list(chains.values()))
    outermost = _made_by(common[-1], graph.orders[0]) if common else Call(graph.root_name, "", None, graph.orders[0])
    outermost.stop = next_order()
    if _is_module(outermost.function):
        outermost.function = graph.root_name
    made: dict[UserCall, Call] = {}
    inner: dict[Call, list[Call]] = {}
    for order, chain in sorted(chains.items()):
        parent = outermost
        for user in chain[len(common) :]:
            if user not in made:
                made[user] = _made_by(user, order)
                inner.setdefault(parent, []).append(made[user])
            parent = made[user]
            parent.stop = order + 1
    for parent, calls in inner.items():
        parent.adopt(calls)
    fold_loops(outermost)
    return outermost


def _is_module(function: str) -> bool:
    """Whether that is the name of no function: of a module or a notebook's cell."""
    return function.startswith("<")


def _made_by(user: UserCall, start: int) -> Call:
    return Call(user.function, user.file, None, start, marks=list(user.marks))


def _chain(innermost: UserCall | None) -> list[UserCall]:
    """The calls of the user's own functions around a node, the outermost first."""

    def outwards() -> Iterator[UserCall]:
        call = innermost
        while call is not None:
            yield call
            call = call.caller

    return [call for call in outwards() if not is_library(call.file)][::-1]


def _common(chains: list[list[UserCall]]) -> list[UserCall]:
    """The calls that all nodes were made in."""
    level = takewhile(lambda calls: len(set(calls)) == 1, zip(*chains, strict=False))
    return [calls[0] for calls in level]

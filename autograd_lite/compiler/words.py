"""What the rules of ops see while a trace is simplified: operands that record words, and the namespace of words.

Types: ``Any`` stands for what rules are polymorphic in: numbers and nodes.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from autograd_lite.namespaces import floats

__all__ = ["Ref", "Words"]


class Recorder(Protocol):
    """What makes nodes of words: a `graph.Graph`."""

    def call(self, word: str, *operands: Any) -> Ref:
        """Make the node of a word on nodes and numbers."""
        ...

    def sum(self, terms: Sequence[tuple[Any, ...]]) -> Ref:
        """Make the node of a sum of numbers and products of two."""
        ...


class Ref:
    """A node of a graph, as an operand that the rules can calculate with."""

    __slots__ = ("graph", "i")

    def __init__(self, graph: Recorder, i: int) -> None:
        self.graph = graph
        self.i = i

    def __add__(self, other: Any) -> Ref:
        return self.graph.call("add", self, other)

    def __radd__(self, other: Any) -> Ref:
        return self.graph.call("add", other, self)

    def __sub__(self, other: Any) -> Ref:
        return self.graph.call("sub", self, other)

    def __rsub__(self, other: Any) -> Ref:
        return self.graph.call("sub", other, self)

    def __mul__(self, other: Any) -> Ref:
        return self.graph.call("mul", self, other)

    def __rmul__(self, other: Any) -> Ref:
        return self.graph.call("mul", other, self)

    def __truediv__(self, other: Any) -> Ref:
        return self.graph.call("div", self, other)

    def __rtruediv__(self, other: Any) -> Ref:
        return self.graph.call("div", other, self)

    def __pow__(self, other: Any) -> Ref:
        return self.graph.call("pow", self, other)

    def __neg__(self) -> Ref:
        return self.graph.call("neg", self)


class Words:
    """The namespace of a graph: a base word makes a node, any other op is expanded by its rule."""

    pi = math.pi

    def __init__(self, graph: Recorder) -> None:
        self._graph = graph

    def __getattr__(self, name: str) -> Callable[..., Any]:
        known = getattr(floats, name)
        if isinstance(known, functools.partial):  # an op that is composed of words: `primitive` bound its rule
            word: Callable[..., Any] = functools.partial(known.func, self)
        else:
            word = functools.partial(self._graph.call, name)
        self.__dict__[name] = word
        return word

    def fsum(self, xs: Iterable[Any]) -> Ref:
        """Sum of many."""
        return self._graph.sum([(x,) for x in xs])

    def sumprod(self, ws: Iterable[Any], xs: Iterable[Any]) -> Ref:
        """Sum of products."""
        return self._graph.sum(list(zip(ws, xs, strict=True)))

    def maximum(self, *xs: Any) -> Any:
        """Largest of many."""
        return self._chain("maximum", list(xs))

    def minimum(self, *xs: Any) -> Any:
        """Smallest of many."""
        return self._chain("minimum", list(xs))

    def hypot(self, *xs: Any) -> Any:
        """Length of many coordinates."""
        return self._chain("hypot", [*xs, 0.0][: max(2, len(xs))])

    def stop(self, x: Any) -> Any:
        """Nothing is left to stop: the derivatives are in the graph already."""
        return x

    def _chain(self, word: str, xs: list[Any]) -> Any:
        total = xs[0]
        for x in xs[1:]:
            total = self._graph.call(word, total, x)
        return total

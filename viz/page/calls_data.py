"""A function's graph and its calls as data for the page of calls: every node in a few bytes, every call as an interval.

The page computes all numbers from those of the leaves, by the rules of the op table, and folds a call when it is
opened.
"""

from __future__ import annotations

import base64
import math
import struct
from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator

from autograd_lite.op import Op

from ..graphs.calls import Call
from ..graphs.functions import place_name, stem
from ..graphs.names import is_automatic, showable
from ..graphs.view import GraphView
from .op_table import op_key

__all__ = ["calls_data", "printed_ops"]

LEAF, CONSTANT, OPS = 0, 1, 2  # a node begins with: a leaf, one without a gradient, or the number of its op


class _Table:
    """Distinct things, numbered as they come."""

    def __init__(self) -> None:
        self.index: dict[Hashable, int] = {}

    def __call__(self, thing: Hashable) -> int:
        return self.index.setdefault(thing, len(self.index))


def printed_ops(graph: GraphView) -> dict[str, tuple[Op, int]]:
    """The ops of a graph by their keys, but for those whose numbers are stored."""
    ops = {(v.op, len(v.operands)) for v, leaf in zip(graph.nodes, graph.leaf, strict=True) if v.op and not leaf}
    return {op_key(op, n): (op, n) for op, n in sorted(ops, key=lambda o: (o[0].name, o[1])) if not op.black_box}


def calls_data(graph: GraphView, outermost: Call) -> dict[str, object]:
    """The graph and its calls."""
    ops, numbers, stems, lines = _Table(), _Table(), _Table(), _Table()
    stream: list[int] = []
    for i, v in enumerate(graph.nodes):
        if v.op is None or graph.leaf[i]:
            kind = LEAF if graph.needs[i] else CONSTANT
            name = showable(stem(outermost.given.get(v, graph.names[i])))
            stream += (kind, numbers(struct.pack("<d", graph.data[i])), stems(name))
        else:
            op = ops((op_key(v.op, len(v.operands)), v.op.symbol, v.op.name))
            stream += (OPS + op, len(v.operands), *(i - j for j in graph.operands[i]))
    calls = [call for call in outermost.all() if graph.computed_between(call.start, call.stop)]
    index = {call: k for k, call in enumerate(calls)}
    return {
        "root": graph.root,
        "ops": list(ops.index),
        "stems": list(stems.index),
        "numbers": _coded(b"".join(map(bytes, numbers.index))),  # type: ignore[arg-type]
        "stream": _coded(bytes(_varints(stream))),
        "names": _names(graph, outermost),
        "stored": _stored(graph, frozenset() if outermost.recorded else graph.outdated),
        "calls": [
            [call.name, call.function, -1 if call.parent is None else index[call.parent], *_interval(graph, call)]
            for call in calls
        ],
        "marks": [_marks(graph, call, lines) for call in calls],
        "lines": list(lines.index),
    }


def _coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _varints(numbers: Iterable[int]) -> Iterator[int]:
    """Whole numbers in seven bits a byte, low ones first; the eighth says that more follow."""
    for number in numbers:
        rest = number
        while rest > 127:
            yield rest & 127 | 128
            rest >>= 7
        yield rest


def _names(graph: GraphView, outermost: Call) -> dict[int, str]:
    """The names that the page cannot give by itself."""
    named = {i: name for i, name in enumerate(graph.names) if graph.nodes[i].label or not is_automatic(name)}
    named |= {graph.index[v]: place_name(place) for v, place in outermost.given.items() if v in graph.index}
    return {i: name for i, name in named.items() if not (graph.is_number(i) and name == graph.names[i])}


def _stored(graph: GraphView, outdated: frozenset[int]) -> dict[int, object]:
    """Numbers and partials that the page cannot compute: of black boxes, and of what is older than its operands."""

    def number(x: float | None) -> float | str | None:
        return x if x is None or math.isfinite(x) else repr(x)

    kept = [i for i in graph.computed if i in outdated or getattr(graph.nodes[i].op, "black_box", False)]
    return {i: [number(graph.data[i]), [number(p) for p in graph.partials[i]]] for i in kept}


def _interval(graph: GraphView, call: Call) -> tuple[int, int]:
    return bisect_left(graph.orders, call.start), bisect_left(graph.orders, call.stop)


def _marks(graph: GraphView, call: Call, lines: _Table) -> list[int]:
    """Where lines of the call's own begin to make nodes: pairs of how many nodes later, and the line's number."""
    flat, before, last = [], 0, -1
    at = _interval(graph, call)[0]
    gaps = [*((inner.start, inner.stop) for inner in call.calls), (call.stop, call.stop)]
    for start, stop in gaps:
        end = bisect_left(graph.orders, start)
        for i in range(at, end):
            mark = call.mark(graph.orders[i])
            if mark != last and not graph.leaf[i]:
                line = call.marks[mark][1] if mark >= 0 else 0
                flat += [i - before, lines((line, showable(call.source(line), 200)))]
                before, last = i, mark
        at = max(at, bisect_left(graph.orders, stop))
    return flat

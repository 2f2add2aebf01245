"""Graphs by the functions that made them: each call is a box, with its inputs, its outputs and their gradients.

One call is shown at a time, the outermost first: what it calls are boxes, what its own lines compute is a box a line,
or every scalar where there are few. What it reads from elsewhere stands on the left.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import NamedTuple

from autograd_lite.errors import OperandError
from autograd_lite.formulas import Expr
from autograd_lite.text import counted, pretty_number

from .calls import Call
from .names import is_automatic, showable
from .view import FoldedBox, GraphView

__all__ = ["functions_view", "place_name", "stem"]

KEYED = re.compile(r"^.*\['(.*?)'\]")  # the last key of a place in dictionaries
FEW = 16  # scalars of a call's own lines, or times that they ran, that are all shown


class _Key(NamedTuple):
    """What is one box: an inner call, a line (once or always), a node, leaves of one name, or another call."""

    kind: str
    what: Call | str | int


def functions_view(graph: GraphView, outermost: Call, call: Call | str = "") -> GraphView:
    """Fold a graph by calls, and show one, given or found by its path.

    Examples
    --------
    >>> from .recording import recorded
    >>> from .view import scalar_view
    >>> def square(x):
    ...     return x * x
    >>> def f(x):
    ...     return square(x) + square(x + 1.0)
    >>> root, call = recorded(f, [3.0])
    >>> functions_view(scalar_view(root), call).names
    ['x', 'square[1]', 'v1', 'square[2]', 'v2']
    """
    return _Folding(graph, outermost.find(call) if isinstance(call, str) else call, outermost).view()


def place_name(place: str) -> str:
    """The name of an argument's number by its place, without the keys around.

    Examples
    --------
    >>> place_name("p['query'][3]"), place_name("x[0]")
    ('query[3]', 'x[0]')
    """
    return showable(KEYED.sub(r"\1", place))


class _Folding:
    """The nodes of one call, by the box that they are in."""

    def __init__(self, graph: GraphView, call: Call, outermost: Call) -> None:
        self.graph, self.call, self.outermost = graph, call, outermost
        orders, inside = graph.orders, graph.computed_between(call.start, call.stop)
        if not inside:
            raise OperandError(f"{call.path} computes nothing that {graph.root_name} depends on.")
        inner = {i: call.inside(orders[i]) for i in inside}
        own = {i: call.mark(orders[i]) for i in inside if inner[i] is None}
        kind = "node" if len(own) <= FEW else "line" if len(set(own.values())) <= FEW else "lines"
        self.members: dict[_Key, list[int]] = {}
        self._last: _Key | None = None
        self._list: list[int] = []
        self.of: dict[int, _Key] = {}
        for i in inside:
            within = inner[i]
            what = i if kind == "node" else own.get(i, -1) if kind == "line" else self._line(own.get(i, -1))
            self._put(i, kind if within is None else "call", what if within is None else within)
        for j in dict.fromkeys(j for i in inside for j in graph.operands[i]):
            if j not in self.of and (graph.needs[j] or not graph.is_number(j)):
                self._put(j, *self._outside(j))
        self._local = self._local_names()

    def _line(self, mark: int) -> int:
        return self.call.marks[mark][1] if mark >= 0 else 0

    def _put(self, i: int, kind: str, what: Call | str | int) -> None:
        """Put a node into a box; most nodes belong to the same as the one before."""
        key = self._last
        if key is None or key.what != what or key.kind != kind:
            key = self._last = _Key(kind, what)
            self._list = self.members.setdefault(key, [])
        self.of[i] = key
        self._list.append(i)

    def _outside(self, j: int) -> tuple[str, Call | str]:
        """The box of what is read: leaves by their names without indices, other nodes by the call that made them."""
        if self.graph.leaf[j]:
            return "leaves", stem(self.outermost.given.get(self.graph.nodes[j], self.graph.names[j]))
        order, around = self.graph.nodes[j].order, self.call.parent
        while around is not None and not around.start <= order < around.stop:
            around = around.parent
        return "from", (around and around.inside(order)) or around or self.outermost

    def _local_names(self) -> dict[int, str]:
        """Names of the scalars that are shown: v1, v2, ... for those without a label."""
        nodes = [key.what for key in self.members if key.kind == "node" and isinstance(key.what, int)]
        labelled = {i: self.graph.names[i] for i in nodes if not is_automatic(self.graph.names[i])}
        fresh = (name for name in map("v{}".format, count(1)) if name not in labelled.values())
        return {i: labelled.get(i) or next(fresh) for i in nodes}

    # The boxes

    def view(self) -> GraphView:
        """The boxes in the order of their last nodes."""
        graph = self.graph
        keys = sorted(self.members, key=lambda key: self.members[key][-1])
        box_of = {key: k for k, key in enumerate(keys)}
        edges = [self._operands(key, box_of) for key in keys]
        outputs = [self._outputs(key) for key in keys]
        needs = [any(graph.needs[i] for i in out) for out in outputs]
        folded = {k: self._box(key, outputs[k]) for k, key in enumerate(keys)}
        for k, key in enumerate(keys):
            if key.kind == "call" and isinstance(key.what, Call):
                arguments = ", ".join(folded[j].name for j in edges[k])
                folded[k] = folded[k]._replace(formula=Expr(showable(f"{key.what.function} of {arguments}", 80)))
        is_read = [key.kind in ("leaves", "from") for key in keys]
        inside = [k for k, read in enumerate(is_read) if not read]
        view = GraphView(
            nodes=[graph.nodes[out[-1]] for out in outputs],
            names=[box.name for box in folded.values()],
            data=[graph.data[out[-1]] for out in outputs],
            operands=[list(read) for read in edges],
            partials=[[float(n) if needs[j] else None for j, n in read.items()] for read in edges],
            leaf=is_read,
            needs=needs,
            root=box_of[self.of[graph.root]] if graph.root in self.of else inside[-1],
            parameters=[k for k, key in enumerate(keys) if key.kind == "leaves" and needs[k]],
            index={graph.nodes[i]: box_of[key] for i, key in self.of.items()},
            level="functions",
            caption=self._caption(),
            whole=graph,
            folded=folded,
            calls={k: key.what for k, key in enumerate(keys) if key.kind == "call" and isinstance(key.what, Call)},
            function=self.outermost.name if self.outermost.recorded else "",
            lines={k: self.members[key] for k, key in enumerate(keys) if key.kind in ("line", "lines")},
            edge_texts={
                (k, n): self._edge_text(keys[k], keys[j], m)
                for k, c in enumerate(edges)
                for n, (j, m) in enumerate(c.items())
            },
        )
        if self.outermost.recorded:
            view.__dict__["outdated"] = frozenset()  # it has just been computed
        return view

    def _operands(self, key: _Key, box_of: dict[_Key, int]) -> Counter[int]:
        """The boxes that a box reads, and how many numbers of each."""
        if key.kind in ("leaves", "from"):
            return Counter()
        read = dict.fromkeys(j for i in self.members[key] for j in self.graph.operands[i])
        return Counter(box_of[self.of[j]] for j in read if j in self.of and self.of[j] != key)

    def _outputs(self, key: _Key) -> list[int]:
        """The nodes of a box that are used outside of it; of what is read, all."""
        members = self.members[key]
        if key.kind in ("leaves", "from"):
            return members
        users, of = self.graph.users, self.of
        return [i for i in members if i == self.graph.root or any(of.get(u) != key for u in users[i])] or members[-1:]

    def _edge_text(self, key: _Key, operand: _Key, size: int) -> str:
        """How many numbers pass along an edge; between two scalars the local derivative."""
        i = self.members[key][0]
        if key.kind == "node" and len(self.members[operand]) == 1:
            k = self.graph.operands[i].index(self.members[operand][0])
            local = self.graph.partials[i][k]
            return "" if local is None else f"×{pretty_number(local)}"
        return counted(size, "number")

    def _box(self, key: _Key, outputs: Sequence[int]) -> FoldedBox:
        """Texts of a box: its name, how it is computed, its outputs and the length of their gradient."""
        graph, first = self.graph, outputs[0]
        numbers, slopes = [graph.data[i] for i in outputs], [graph.adjoints[i] for i in outputs]
        single = len(outputs) == 1
        data = pretty_number(numbers[0]) if single else counted(len(outputs), "value")
        grad = pretty_number(slopes[0]) if single else f"‖·‖ {pretty_number(math.hypot(*slopes))}"
        name, formula, symbol = self._texts(key, first)
        return FoldedBox(showable(name), Expr(showable(formula, 80)), symbol, _no_slope, data, grad)

    def _texts(self, key: _Key, first: int) -> tuple[str, str, str]:
        graph, what = self.graph, key.what
        if key.kind == "node":
            return self._local[first], self._formula(first), graph.symbol(first)
        if isinstance(what, int):
            line = what if key.kind == "lines" else self._line(what)
            source = self.call.source(line)
            return self._numbered(key, source or f"line {line}"), f"line {line}: {source}", "≡"
        if key.kind == "leaves":
            return self._leaves_name(key), str(what), "par" if graph.needs[first] else "in"
        call = what if isinstance(what, Call) else self.call
        return call.name, call.name, "ƒ" if key.kind == "call" else "from"

    def _formula(self, i: int) -> str:
        """A scalar in terms of what it reads: other scalars, numbers, or the boxes that they come from."""
        graph, op = self.graph, self.graph.nodes[i].op
        if op is None:
            return ""
        return op.formula(*(self._name_of(graph.index[u]) for u in graph.nodes[i].operands)).pretty

    def _name_of(self, j: int) -> Expr:
        if j in self._local:
            return Expr(self._local[j])
        key = self.of.get(j)
        if key is None:
            return Expr(self.graph.data[j])
        if isinstance(key.what, Call):
            return Expr(key.what.name)
        place = self.outermost.given.get(self.graph.nodes[j])
        if place:
            return Expr(place_name(place))
        without_label = key.kind == "leaves" and is_automatic(self.graph.names[j])  # v7 may be the name of a node here
        return Expr(self._leaves_name(key) if without_label else self.graph.names[j])

    def _leaves_name(self, key: _Key) -> str:
        several = len(self.members[key]) > 1 and key.what == "v"  # leaves without a label
        return "parameters" if several else str(key.what)

    def _numbered(self, key: _Key, source: str) -> str:
        """A line's text, numbered where it ran several times."""
        line = self._line(key.what) if isinstance(key.what, int) and key.kind == "line" else 0
        same = [k for k in self.members if k.kind == "line" and isinstance(k.what, int) and self._line(k.what) == line]
        return f"[{same.index(key) + 1}] {source}" if line and len(same) > 1 else source

    def _caption(self) -> str:
        inner = [key.what for key in self.members if key.kind == "call" and isinstance(key.what, Call)]
        boxes = sum(key.kind not in ("leaves", "from") for key in self.members)
        size = f"{self.call.path}: {boxes} box{'es' * (boxes != 1)}"
        opened = f" Each call is one box. Open one with focus={inner[0].path!r}." if inner else ""
        return f"{size} of {len(self.graph.nodes):,} nodes; ‖·‖ is the length of a gradient.{opened}"


@lru_cache(10_000)
def stem(name: str) -> str:
    """A name without indices: that of a matrix for its entries.

    Examples
    --------
    >>> stem("p['query'][3][1]"), stem("xs[2]"), stem("w12"), stem("layer1.neuron2.w3")
    ('query', 'xs', 'w', 'layer1')
    """
    keys = re.findall(r"\['(.*?)'\]", name)
    head = keys[-1] if keys else name.partition("[")[0].partition(".neuron")[0]
    return head if keys or ".neuron" in name else head.rstrip("0123456789_") or head


def _no_slope(_operand: int) -> Expr:
    raise OperandError("A box of a function has no single slope; open it by focus=.")

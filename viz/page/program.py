"""A graph as the page computes it: nodes with their ops, boxes where neurons are folded, and the texts of its steps."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from pathlib import Path

from autograd_lite.op import Op
from autograd_lite.source_lines import Located

from ..graphs.course import is_named
from ..graphs.names import showable
from ..graphs.neurons import firings, neuron_of
from ..graphs.notation import PREACTIVATION
from ..graphs.view import GraphView
from ..steps.texts import ANSWERS, LINES, TEXTS
from .op_table import op_key, printed_table
from .text import script_json
from .update_rule import Recorded

__all__ = ["computing", "engine", "fold_data", "graph_data", "ops_of", "script"]

SCRIPTS = Path(__file__).parent / "scripts"
ENGINE = ("formulas", "graph", "steps", "named")


def graph_data(graph: GraphView) -> dict[str, object]:
    """The graph for ``graph.js``: scalars by index, operands first."""
    scalars = graph.scalars
    parameters = {scalars.index[graph.nodes[i]] for i in graph.parameters} | set(scalars.parameters)
    nodes = [_node(scalars, i, i in parameters) for i in range(len(scalars.nodes))]
    return {"nodes": nodes, "root": scalars.root}


def fold_data(graph: GraphView) -> dict[str, object]:
    """The neurons of a folded graph for ``fold.js``, and which of them and which sample are shown."""
    scalars = graph.scalars
    turns: dict[str, list[object]] = {}
    for firing in firings(scalars):
        kind = firing.has_bias + 2 * firing.has_activation
        turns.setdefault(firing.neuron, []).append([kind, *_range(firing.nodes)])
    parameters: dict[str, list[int]] = {name: [] for name in turns}
    for i in scalars.leaves:
        if (neuron := neuron_of(scalars.nodes[i].label)) in parameters:
            parameters[neuron].append(i)
    folded = {box.name for box in graph.folded.values()}
    return {
        "neurons": [{"name": n, "parameters": _range(parameters[n]), "turns": t} for n, t in turns.items()],
        "sample": graph.sample[0],
        "samples": graph.sample[1],
        "open": [name for name in turns if name not in folded],
    }


def _range(indices: list[int]) -> list[object]:
    """The first and the last of indices that follow each other; else all, in a list."""
    first, last = indices[:1], indices[-1:]
    return [*first, *last] if indices and indices == list(range(first[0], last[0] + 1)) else [indices]


def ops_of(graph: GraphView) -> dict[str, tuple[Op, int]]:
    """The ops of a graph by their keys, but for black boxes."""
    ops = ((v.op, len(v.operands)) for v in graph.scalars.nodes if v.op is not None and not v.op.black_box)
    return {op_key(op, n): (op, n) for op, n in ops}


def engine(ops: dict[str, tuple[Op, int]], update: Recorded | None = None) -> str:
    """What computes and words: the ops and the optimiser's rule, the texts, and the scripts that read them."""
    texts = f"const TEXTS={script_json(TEXTS)},LINES={script_json(LINES)},ANSWERS={script_json(ANSWERS)};"
    return computing(ops, texts, *map(script, ENGINE[1:]), update=update)


def computing(ops: dict[str, tuple[Op, int]], *more: str, update: Recorded | None = None) -> str:
    """The ops and the optimiser's rule, what writes numbers and formulas, and further scripts."""
    names = f'const PREACTIVATION=new RegExp({script_json(f"^{PREACTIVATION.pattern}$")},"u");'
    rest = "\n".join([printed_table(ops.values(), update), names, script(ENGINE[0]), *more])
    return f"{_words_in(rest)}\n{rest}"


def _words_in(text: str) -> str:
    """The algorithms that a script calls, and those that these call."""
    parts = re.split(r"\n(?=function|const)", _file("words"))
    functions = {part.split("(", 1)[0].split()[1]: _stripped(part) for part in parts[1:]}
    kept: dict[str, str] = {}
    while found := [name for name in functions if name not in kept and re.search(rf"\b{name}\b", text)]:
        kept |= {name: functions[name] for name in found}
        text = "\n".join(functions[name] for name in found)
    return "\n".join(kept.values())


@lru_cache
def script(name: str) -> str:
    """One of the page's scripts, without indentation and comments."""
    return _stripped(_file(name))


def _file(name: str) -> str:
    return (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")


def _stripped(text: str) -> str:
    lines, comment = [], False
    for line in text.splitlines():
        stripped = line.strip()
        comment = comment or stripped.startswith("/*")
        if stripped and not comment:
            lines.append(re.sub(r" // .*$", "", stripped))
        comment = comment and not stripped.endswith("*/")
    return "\n".join(lines)


def _number(x: float) -> float | str:
    return x if math.isfinite(x) else repr(x)


def _node(graph: GraphView, i: int, is_parameter: bool) -> dict[str, object]:
    v = graph.nodes[i]
    node: dict[str, object] = {"n": graph.names[i]}
    if v.op is None or graph.leaf[i]:
        variable = "p" if is_parameter else ""
        kind = "#" if graph.is_number(i) else variable if graph.needs[i] else "c"
        return node | {"x": _number(graph.data[i]), "f": kind}
    if not is_named(graph, i):
        node["u"] = 1
    if isinstance(v, Located) and v.line:
        node["l"] = showable(v.line, 200)
    node |= {"o": v.op.name if v.op.black_box else op_key(v.op, len(v.operands)), "a": graph.operands[i]}
    stored = {"x": _number(graph.data[i]), "p": [None if p is None else _number(p) for p in graph.partials[i]]}
    if v.op.black_box:
        slopes = [graph.slope(i, k).pretty for k in range(len(v.operands))]
        return node | stored | {"s": v.op.symbol, "slopes": slopes}
    return node | stored if graph.outdated else node

"""Large networks at a readable size: every neuron becomes one box.

The box stands for the neuron's output. Its edge to an input has the slope of the output with respect to that input, the
sum over the paths inside the box; so the sweep over boxes gives the same gradients as the sweep over all nodes. Weights
and biases are inside the boxes; one neuron, or one layer, can stay open.
"""

from __future__ import annotations

from collections.abc import Container
from functools import partial, reduce
from typing import NamedTuple

from autograd_lite.errors import UnknownNameError
from autograd_lite.formulas import Expr

from .course import course_named
from .inputs import gathered
from .neurons import Firing, firings, neuron_of
from .samples import one_sample
from .view import FoldedBox, GraphView, Use, product

__all__ = ["fold"]


class _Input(NamedTuple):
    """Input of a box: the node's index in the whole graph, its position among the operands, and the slope."""

    source: int
    operand: int
    local: float | None


def fold(graph: GraphView, focus: str = "", sample: int = 1) -> GraphView:
    """Fold the neurons that labels like ``layer1.neuron2.w3`` name, but for the neuron or layer in focus.

    Of a batch one sample is shown, the first unless another is given; many inputs are one box.
    """
    graph = course_named(graph)
    found, later, samples = one_sample(graph, firings(graph), sample)
    names = {f.neuron for f in found}
    kept = [f for f in found if not (focus and (f.neuron == focus or f.neuron.startswith(f"{focus}.")))]
    if focus and len(kept) == len(found):
        layers = {name.rpartition(".")[0] for name in names} - {""}
        raise UnknownNameError.among("neuron or layer to focus on", focus, names | layers)
    return gathered(_folded(graph, kept, later, (sample, samples))) if kept else graph


def _folded(graph: GraphView, neurons: list[Firing], later: set[int], sample: tuple[int, int]) -> GraphView:
    """The view in which neurons are boxes, without the nodes of later samples."""
    firing_of = {f.nodes[-1]: f for f in neurons}
    gone = {i for f in neurons for i in f.nodes} | later
    gone |= _used_inside_only(graph, gone, {f.neuron for f in neurons})
    shown = [i for i in range(len(graph.nodes)) if i in firing_of or i not in gone]
    box_of = {i: k for k, i in enumerate(shown)}
    inputs = [_inputs_of(graph, i, firing_of.get(i), box_of) for i in shown]
    kept = {
        k: [entry.operand for entry in inputs[k]]
        for k, i in enumerate(shown)
        if i not in firing_of and len(inputs[k]) < len(graph.operands[i])
    }
    index = {graph.nodes[i]: k for i, k in box_of.items()}
    index |= {graph.nodes[j]: box_of[i] for i, f in firing_of.items() for j in f.nodes}
    batch = f"Showing sample {sample[0]} of {sample[1]} and its share of the gradients. " if sample[1] > 1 else ""
    return GraphView(
        nodes=[graph.nodes[i] for i in shown],
        names=[graph.names[i] for i in shown],
        data=[graph.data[i] for i in shown],
        operands=[[box_of[entry.source] for entry in entries] for entries in inputs],
        partials=[[entry.local for entry in entries] for entries in inputs],
        leaf=[graph.leaf[i] for i in shown],
        needs=[graph.needs[i] for i in shown],
        root=box_of[graph.root],
        parameters=[box_of[i] for i in graph.parameters if i in box_of],
        index=index,
        level="neurons",
        sample=sample,
        caption=f"{batch}Each of the {len(neurons)} neurons is one box (weights hidden). "
        f"Open one with focus={neurons[0].neuron!r}.",
        whole=graph,
        folded={box_of[i]: _box(graph, f, inputs[box_of[i]]) for i, f in firing_of.items()},
        kept=kept,
    )


def _inputs_of(graph: GraphView, i: int, firing: Firing | None, shown: Container[int]) -> list[_Input]:
    """Inputs of a box among the nodes that are shown."""
    if firing is not None:
        slopes = _slopes_inside(graph, firing)
        return [_Input(j, 0, slopes[j] if graph.needs[j] else None) for j in sorted(slopes) if j in shown]
    entries = enumerate(zip(graph.operands[i], graph.partials[i], strict=True))
    return [_Input(j, k, local) for k, (j, local) in entries if j in shown]


def _box(graph: GraphView, firing: Firing, inputs: list[_Input]) -> FoldedBox:
    """Texts of a neuron: its short formula and its activation's sign."""
    weighted = Expr("Σ w·x + b") if firing.has_bias else Expr("Σ w·x")
    op = graph.nodes[firing.nodes[-1]].op if firing.has_activation else None
    formula, symbol = (weighted, "Σ") if op is None else (op.formula(weighted), op.symbol)
    return FoldedBox(firing.neuron, formula, symbol, partial(_slope_inside, graph, firing, inputs))


def _slope_inside(graph: GraphView, firing: Firing, inputs: list[_Input], operand: int) -> Expr:
    """Derivative with respect to an input as a formula, or the number of paths if there are several."""
    paths = _paths_inside(graph, firing, inputs[operand].source)
    if len(paths) != 1:
        return Expr(f"[{len(paths)} paths inside]")
    factors = [graph.slope(use.node, use.position) for use in paths[0]]
    factors = [f for f in factors if f.head != 1.0] or [Expr(1.0)]
    return reduce(lambda total, factor: factor * total, factors)


def _used_inside_only(graph: GraphView, gone: set[int], neurons: set[str]) -> set[int]:
    """Parameters of folded neurons that no visible node uses."""
    used = {graph.root} | {j for i in graph.computed if i not in gone for j in graph.operands[i]}
    return {i for i in graph.leaves if neuron_of(graph.nodes[i].label) in neurons and i not in used}


def _slopes_inside(graph: GraphView, firing: Firing) -> dict[int, float]:
    """Derivative of a neuron's output with respect to each of its inputs and parameters."""
    inside, total = set(firing.nodes), {firing.nodes[-1]: 1.0}
    outside: dict[int, float] = {}
    for i in reversed(firing.nodes):
        for k, j in enumerate(graph.operands[i]):
            target = total if j in inside else outside
            target[j] = target.get(j, 0.0) + product(total.get(i, 0.0), graph.partials[i][k])
    return outside


def _paths_inside(graph: GraphView, firing: Firing, source: int) -> list[list[Use]]:
    """All paths from the output down to one input, as uses."""
    inside = set(firing.nodes)
    done: list[list[Use]] = []
    open_paths: list[tuple[int, list[Use]]] = [(firing.nodes[-1], [])]
    while open_paths:
        i, path = open_paths.pop()
        for k, j in enumerate(graph.operands[i]):
            use = Use(i, k, j, graph.partials[i][k])
            if j == source:
                done.append([*path, use])
            elif j in inside:
                open_paths.append((j, [*path, use]))
    return done

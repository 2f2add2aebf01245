"""Steps as plain text: how each node was computed, then every step, then the gradients."""

from __future__ import annotations

from collections.abc import Sequence

from autograd_lite.text import counted, pretty_number

from ..graphs.notation import short, slope_name
from ..graphs.view import GraphView
from .sequence import StepSequence
from .step import Step

__all__ = ["given_and_computed", "gradients", "transcript"]


def given_and_computed(graph: GraphView) -> list[str]:
    """How every node got its number: the leaves, then the formulas."""
    leaves = [i for i, is_leaf in enumerate(graph.leaf) if is_leaf and not graph.is_number(i)]
    lines = [f"{graph.names[i]} = {pretty_number(graph.data[i])}" for i in leaves]
    return lines + [
        f"{graph.names[i]} = {short(graph.formula(i).pretty)} = {pretty_number(graph.data[i])}"
        + " (outdated)" * (i in graph.outdated)
        for i in graph.computed
    ]


def gradients(graph: GraphView) -> list[str]:
    """The gradient with respect to every leaf."""
    return [f"{slope_name(graph.root_name, graph.names[i])} = {pretty_number(graph.adjoints[i])}" for i in graph.leaves]


def transcript(steps: StepSequence, shown: Sequence[Step] | None = None) -> str:
    """The steps as plain text, all of them unless given."""
    shown = steps[:] if shown is None else shown
    graph = steps.graph
    size = f"{counted(len(graph.computed), 'op')}, {counted(len(steps), 'step')}"
    lines = [f"Backprop from {graph.root_name}: {size}", ""]
    lines += given_and_computed(graph)
    lines += [line for note in steps.notes for line in ("", note)]
    lines += [line for step in shown for line in ("", str(step))]
    if graph.leaves and len(shown) == len(steps):
        lines += ["", "Gradients in the right order" if steps.mistake else "Gradients", *gradients(graph)]
    return "\n".join(lines) + "\n"

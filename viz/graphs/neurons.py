"""Group the nodes of each evaluation of a neuron, by the labels of its parameters.

A neuron's parameters are called ``layer1.neuron2.w3`` and ``layer1.neuron2.b``. The products with its weights, their
sum, the bias and the activation belong to it; the next neuron begins where its own weights are used. A neuron that
fires once per sample is one group per sample.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .view import GraphView

__all__ = ["Firing", "firings", "neuron_of"]

NEURON = re.compile(r"((?:.*\.)?neuron\d+)\.[^.]+")
BIAS = re.compile(r".*\.b(ias)?\d*")


@dataclass
class Firing:
    """Nodes of one evaluation of a neuron, in order; the last is its output."""

    neuron: str
    nodes: list[int] = field(default_factory=list)
    has_bias: bool = False
    has_activation: bool = False


def neuron_of(label: str) -> str | None:
    """The neuron that a parameter belongs to, by its label.

    Examples
    --------
    >>> neuron_of("layer1.neuron2.w3"), neuron_of("w3")
    ('layer1.neuron2', None)
    """
    match = NEURON.fullmatch(label)
    return match.group(1) if match else None


def firings(graph: GraphView) -> list[Firing]:
    """All firings with exactly one output, in order of their outputs."""
    users = [0] * len(graph.nodes)
    for operands in graph.operands:
        for j in set(operands):
            users[j] += 1
    owner: dict[int, Firing] = {}
    for i in graph.computed:
        firing = _joined(graph, i, owner) or _activated(graph, i, owner, users)
        if firing is not None:
            firing.nodes.append(i)
            owner[i] = firing
    found = list({id(f): f for f in owner.values()}.values())
    return sorted((f for f in found if _is_neuron(graph, f)), key=lambda f: f.nodes[-1])


def _joined(graph: GraphView, i: int, owner: dict[int, Firing]) -> Firing | None:
    """The firing of a node that uses a neuron's parameters, or sums what does."""
    labels = [graph.nodes[j].label for j in graph.operands[i] if graph.leaf[j] and graph.needs[j]]
    own = [name for name in map(neuron_of, labels) if name]
    open_firings = [owner[j] for j in graph.operands[i] if j in owner and not owner[j].has_bias]
    if own:
        parts = [f for f in open_firings if f.neuron == own[0]]
    else:
        others = [j for j in graph.operands[i] if graph.needs[j]]
        if not others or len(open_firings) != len(others) or len({f.neuron for f in open_firings}) > 1:
            return None
        parts = open_firings
    merged = parts[0] if parts else Firing(own[0])
    for part in parts[1:]:
        if part is not merged:
            merged.nodes += part.nodes
            owner.update(dict.fromkeys(part.nodes, merged))
    merged.nodes.sort()
    merged.has_bias = merged.has_bias or any(neuron_of(label) and BIAS.fullmatch(label) for label in labels)
    return merged


def _activated(graph: GraphView, i: int, owner: dict[int, Firing], users: list[int]) -> Firing | None:
    """The firing whose activation this node is: the only use of its sum, an op of one operand."""
    operands = graph.operands[i]
    firing = owner.get(operands[0]) if len(operands) == 1 and users[operands[0]] == 1 else None
    if firing is None or not firing.has_bias or firing.has_activation:
        return None
    firing.has_activation = True
    return firing


def _is_neuron(graph: GraphView, firing: Firing) -> bool:
    """Whether the group reads an input, unlike a penalty on weights, and has one output, its last node."""
    inside = set(firing.nodes)
    read = {j for i in firing.nodes for j in graph.operands[i] if j not in inside}
    used_outside = {j for i in graph.computed if i not in inside for j in graph.operands[i] if j in inside}
    outputs = used_outside | (inside & {graph.root})
    has_input = any(neuron_of(graph.nodes[j].label) != firing.neuron for j in read)
    return has_input and outputs == {firing.nodes[-1]}

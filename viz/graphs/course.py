"""Names of the nodes of a network as courses write them: z₁⁽¹⁾, a₁⁽¹⁾, w₁₂⁽¹⁾, b₁⁽¹⁾.

They are made of labels such as ``layer1.neuron2.w3``, which stay what they are on the Values and in files. The index of
a weight is the neuron's and the input's, the number above is the layer's; [2] is the second sample, or time step.

Letters: w a weight, b a bias, x an input, p = w x a product, s the weighted sum, z = s + b, a the activation of z, and
δ the gradient with respect to z (Bishop, "Pattern Recognition and Machine Learning", 2006, section 5.3.1).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from autograd_lite.engine import Value

from .names import readable_names, showable
from .neurons import Firing, firings, neuron_of
from .view import GraphView, scalar_view

__all__ = ["course_name", "course_named", "course_view", "is_named", "layer_rows", "symbol"]

SUBSCRIPTS, SUPERSCRIPTS = (str.maketrans("0123456789", digits) for digits in ("₀₁₂₃₄₅₆₇₈₉", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
OF_A_NEURON = re.compile(r"([axz])([₀-₉]+)(⁽[⁰¹²³⁴-⁹]+⁾)?(\[\d+\])?")
LABEL = re.compile(
    r"(?P<before>(?:.*?\.)??)(?:layer(?P<layer>\d{1,4})\.)?neuron(?P<neuron>\d{1,6})"
    r"(?:\.(?P<letter>[^\W\d_])(?P<input>\d{0,6}))?"
)


def symbol(letter: str, indices: Iterable[int], layer: str = "") -> str:
    """A letter with indices, and with its layer above."""
    numbers = [str(k) for k in indices]
    joined = ("," if any(len(k) > 1 for k in numbers) else "").join(numbers).translate(SUBSCRIPTS)
    return letter + joined + (f"⁽{layer.translate(SUPERSCRIPTS)}⁾" if layer else "")


def course_name(label: str, letter: str = "", *more: int) -> str:
    """The name of a parameter by its label; or of a node of a neuron by the neuron's, its letter and further indices.

    Examples
    --------
    >>> course_name("layer1.neuron2.w3"), course_name("layer2.neuron1.b"), course_name("layer1.neuron12.w3")
    ('w₂₃⁽¹⁾', 'b₁⁽²⁾', 'w₁₂,₃⁽¹⁾')
    >>> course_name("layer1.neuron2", "z"), course_name("encoder.neuron2", "a"), course_name("gain")
    ('z₂⁽¹⁾', 'encoder.a₂', 'gain')
    """
    found = LABEL.fullmatch(label)
    if found is None:
        return label
    given = found["input"] or ""
    indices = (int(found["neuron"]), *more, *([int(given)] if given else ()))
    return (found["before"] or "") + symbol(letter or found["letter"], indices, found["layer"] or "")


def course_view(root: Value, parameters: Iterable[Value] | None = None) -> GraphView:
    """Read the graph below a root, its network named as in a course; without one as `scalar_view` does."""
    return course_named(scalar_view(root, parameters))


def course_named(graph: GraphView) -> GraphView:
    """The graph with the names of a course, where labels name its neurons; labels of other nodes stay.

    Examples
    --------
    >>> w, b, x = Value(2.0, "layer1.neuron1.w1"), Value(1.0, "layer1.neuron1.b"), Value(3.0)
    >>> course_view((w * x + b).tanh()).names
    ['w₁₁⁽¹⁾', 'b₁⁽¹⁾', 'x₁', 'p₁₁⁽¹⁾', 'z₁⁽¹⁾', 'a₁⁽¹⁾']
    """
    if not any(neuron_of(graph.nodes[i].label) for i in graph.leaves):
        return graph
    leaves = [i for i, is_leaf in enumerate(graph.leaf) if is_leaf and graph.nodes[i].label]
    named = {i: course_name(showable(graph.nodes[i].label)) for i in leaves}
    named |= {i: showable(graph.nodes[i].label) for i in graph.computed if graph.nodes[i].label}
    turns = Counter[str]()
    for firing in firings(graph):
        turns[firing.neuron] += 1
        turn = f"[{turns[firing.neuron]}]" if turns[firing.neuron] > 1 else ""
        for i, name in _inside(graph, firing).items():
            named.setdefault(i, name + turn)
    labels = [named.get(i, "") for i in range(len(graph.nodes))]
    ends = {v for v, is_leaf in zip(graph.nodes, graph.leaf, strict=True) if is_leaf and v.op is not None}
    return replace(graph, names=readable_names(graph.nodes, labels, ends))


def _inside(graph: GraphView, firing: Firing) -> dict[int, str]:
    """Names of the nodes of one firing, and of its inputs without a label."""
    own, last = firing.neuron, firing.nodes[-1]
    z = graph.operands[last][0] if firing.has_activation else last
    names = {z: course_name(own, "z")} | ({last: course_name(own, "a")} if firing.has_activation else {})
    sums = 0
    for i in firing.nodes:
        weights = [j for j in graph.operands[i] if neuron_of(graph.nodes[j].label) == own]
        others = [j for j in graph.operands[i] if j not in weights]
        inputs = [_input_of(graph.nodes[j].label) for j in weights]
        if len(weights) == len(others):
            xs = zip(inputs, others, strict=True)
            names |= {j: symbol("x", [k]) for k, j in xs if k and graph.leaf[j] and not graph.nodes[j].label}
        if i in names:
            continue
        if len(weights) == 1 == len(others) and inputs[0]:
            names[i] = course_name(own, "p", inputs[0])
        elif i in graph.operands[z]:
            names[i] = course_name(own, "s")
        else:
            sums += 1
            names[i] = course_name(own, "s", sums + 1)
    return names


def is_named(graph: GraphView, i: int) -> bool:
    """Whether a node has a label, or a course's name: the sum or the activation of a neuron, an input."""
    return bool(graph.nodes[i].label or i in graph.folded or OF_A_NEURON.fullmatch(graph.names[i]))


def layer_rows(names: Sequence[str]) -> list[list[int]]:
    """The indices of the nodes that have the same letter, layer and turn, in the order of their neurons.

    Examples
    --------
    >>> layer_rows(["x₂", "x₁", "a₁⁽¹⁾", "a₁₀⁽¹⁾", "a₂⁽¹⁾", "a₁⁽²⁾", "E"])
    [[1, 0], [2, 4, 3]]
    """
    rows: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for i, name in enumerate(names):
        found = OF_A_NEURON.fullmatch(name)
        if found is not None:
            rows.setdefault((found[1], *found.groups("")[2:]), []).append((int(found[2].translate(PLAIN)), i))
    return [[i for _, i in sorted(row)] for row in rows.values() if len(row) > 1]


def _input_of(label: str) -> int:
    """The index of the input that a weight belongs to; 0 for a bias."""
    found = LABEL.fullmatch(showable(label))
    return int((found and found["input"]) or 0)

"""How much of a graph to show: every number, a box per neuron, or a box per layer.

Up to 40 nodes all are shown. Above that the neurons are folded, if the labels of the parameters name them; above 200
neurons, a picture shows layers. What has no such labels is drawn compactly from 150 to 500 nodes, and refused above.
"""

from __future__ import annotations

from autograd_lite.errors import GraphTooLargeError, UnknownNameError

from .fold import fold
from .layers import layer_view
from .view import GraphView

__all__ = ["FULL", "LEVELS", "MOST", "MOST_STEPS", "at_level", "check_size"]

LEVELS = ("scalars", "neurons", "layers")
FOLDED, FULL, MOST, MOST_NEURONS, MOST_STEPS = 40, 150, 500, 200, 800


def at_level(
    graph: GraphView, level: str | None = None, focus: str = "", *, layers: bool = False, sample: int = 1
) -> GraphView:
    """The graph at a level of detail, by size unless one is given; `layers` says whether size may choose layers."""
    if level is not None and level not in LEVELS:
        raise UnknownNameError.among("level", level, LEVELS)
    is_small = level is None and not focus and sample == 1 and len(graph.nodes) <= FOLDED
    if level == "scalars" or is_small or graph.level != "scalars":
        return graph
    folded = fold(graph, focus, sample)
    if folded is graph:
        if level is None and sample == 1:
            return graph
        raise GraphTooLargeError(
            "No parameter is called like 'layer1.neuron2.w3', so there are no neurons to fold. Networks of nn get such "
            "labels by model.label_parameters() before the forward pass."
        )
    too_many = layers and level is None and not focus and len(folded.folded) > MOST_NEURONS
    return layer_view(folded) if level == "layers" or too_many else folded


def check_size(graph: GraphView, limit: int = MOST) -> None:
    """Reject graphs that are too large to read."""
    if len(graph.nodes) > limit:
        raise GraphTooLargeError(
            f"The graph of {graph.root_name} has {len(graph.nodes):,} nodes; a picture of more than {limit:,} "
            "cannot be read. Show a part of it: a Value further inside, or viz.draw(..., focus=v) for what is near v. "
            "Or let the labels of the parameters name their neurons, as model.label_parameters() does, so that neurons "
            "become boxes. Text works at any size: print(viz.steps(...)), viz.explain(...)."
        )

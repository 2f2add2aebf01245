"""Pictures of gradient graphs, and backprop one step at a time.

`draw` shows the graph that a Value was computed by; `steps` goes through backprop on it, as text, in a browser, a
notebook or a terminal; `explain` takes one gradient apart by the chain rule; `plot_history` draws a training run.
"""

from __future__ import annotations

from .drawing import Drawing, draw
from .explaining import explain
from .explanation import Explanation
from .history import plot_history
from .leaf_table import Explanations
from .step import Step
from .stepping import Steps, steps
from .walk import Walk

__all__ = [
    "Drawing",
    "Explanation",
    "Explanations",
    "Step",
    "Steps",
    "Walk",
    "draw",
    "explain",
    "plot_history",
    "steps",
]

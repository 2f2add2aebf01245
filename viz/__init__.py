"""Pictures of gradient graphs, and backprop one step at a time.

`draw` shows the graph that a Value was computed by; `steps` goes through backprop on it, as text, in a browser, a
notebook or a terminal; `explain` takes one gradient apart by the chain rule. With matplotlib, `plot_history` draws a
training run, and the other plots what courses draw: decision boundaries, descent, Taylor polynomials, activations, and
gradients by layer.
"""

from __future__ import annotations

from .drawing import Drawing, draw
from .explaining import explain
from .explanation import Explanation
from .history import plot_history
from .leaf_table import Explanations
from .plots import plot_decision_boundary, plot_descent
from .plots_curves import plot_activation, plot_taylor
from .plots_flow import plot_gradient_flow
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
    "plot_activation",
    "plot_decision_boundary",
    "plot_descent",
    "plot_gradient_flow",
    "plot_history",
    "plot_taylor",
    "steps",
]

"""Pictures of gradient graphs, and backprop one step at a time.

`draw` shows the graph that a Value was computed by; `steps` goes through backprop on it, as text, in a browser, a
notebook or a terminal; `play` opens a page in which formulas are typed, and `record` shows a training in one; `explain`
takes one gradient apart by the chain rule. With matplotlib, `plot_history` draws a training run, and the other plots
what courses draw: decision boundaries, descent, Taylor polynomials, activations, and gradients by layer.
"""

from __future__ import annotations

from .calling import Calls, calls
from .drawing.draw import Drawing, draw
from .drawing.network import NetworkPicture, network
from .explain.call_paths import CallExplanation
from .explain.call_table import CallExplanations
from .explain.explain import explain
from .explain.explanation import Explanation
from .explain.table import Explanations
from .page.play import Playground, play
from .page.record import Recording, record
from .plots.curves import plot_activation, plot_taylor
from .plots.fields import plot_direction, plot_gradient_field, plot_loss_surface
from .plots.functions import plot_function
from .plots.gradient_flow import plot_gradient_flow
from .plots.history import plot_history
from .plots.planes import plot_decision_boundary, plot_descent
from .stepping import CallSteps, Steps, steps
from .steps.call_steps import CallStep
from .steps.step import Step
from .steps.walk import Walk

__all__ = [
    "CallExplanation",
    "CallExplanations",
    "CallStep",
    "CallSteps",
    "Calls",
    "Drawing",
    "Explanation",
    "Explanations",
    "NetworkPicture",
    "Playground",
    "Recording",
    "Step",
    "Steps",
    "Walk",
    "calls",
    "draw",
    "explain",
    "network",
    "play",
    "plot_activation",
    "plot_decision_boundary",
    "plot_descent",
    "plot_direction",
    "plot_function",
    "plot_gradient_field",
    "plot_gradient_flow",
    "plot_history",
    "plot_loss_surface",
    "plot_taylor",
    "record",
    "steps",
]

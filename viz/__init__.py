"""Pictures of gradient graphs, and backprop one step at a time."""

from __future__ import annotations

from .drawing import Drawing, draw
from .explanation import Explanation, explain
from .history import plot_history
from .stepping import Step, Steps, steps

__all__ = ["Drawing", "Explanation", "Step", "Steps", "draw", "explain", "plot_history", "steps"]

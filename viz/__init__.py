"""Pictures of gradient graphs, and backprop one step at a time."""

from __future__ import annotations

from .drawing import Drawing, draw
from .explaining import explain
from .explanation import Explanation
from .history import plot_history
from .leaf_table import Explanations
from .step import Step
from .stepping import Steps, steps

__all__ = ["Drawing", "Explanation", "Explanations", "Step", "Steps", "draw", "explain", "plot_history", "steps"]

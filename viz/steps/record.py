"""The record of one step of backprop: what one use of an operand adds, and to what."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["StepRecord"]


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What happens in one step.

    Attributes
    ----------
    number : int
        Place in the sequence, from 1.
    phase : str
        ``"forward"``, ``"seed"``, ``"backward"`` or ``"update"``.
    source, target : str
        Names of the edge's ends in the reverse sweep, the node and its operand; equal outside the backward phase.
    source_index, target_index, operand : int
        Their indices in the graph, and the position of the operand.
    use, uses : int
        This is contribution number `use` of `uses` to the operand.
    formula : str
        The node in terms of its operands, ``w · x``.
    rule : str
        The local derivative as it is taught, ``1 − t²``; in an update, the optimiser.
    upstream, local, contribution : float or None
        The node's gradient, the local derivative, and their product; None where the phase has none. An update has the
        gradient, minus the learning rate (None with an optimiser), and the change.
    total_before, total_after : float
        The operand's gradient before and after the step; the number itself in the phases forward and update.
    final : bool
        Whether the operand's gradient is complete now.
    mistake : str
        In a sweep that is done wrong on purpose: what goes wrong in this step.
    through : str
        Subscript of the partial through this use, where it is not the total derivative.
    substituted : str
        In the forward phase: the formula with numbers, ``−0.5 · 2``.
    cause : str
        Where a number is NaN or infinite: what made it so.
    anew : (float, float) or None
        In the last update: the root before all updates, and after them in a new forward pass.
    root : str
        The root's name.
    """

    number: int
    phase: str
    source: str
    target: str
    source_index: int
    target_index: int
    operand: int
    use: int
    uses: int
    formula: str
    rule: str = ""
    upstream: float | None = None
    local: float | None = None
    contribution: float | None = None
    total_before: float = 0.0
    total_after: float = 0.0
    final: bool = True
    mistake: str = ""
    through: str = ""
    substituted: str = ""
    cause: str = ""
    anew: tuple[float, float] | None = None
    root: str = ""

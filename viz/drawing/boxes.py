"""Box model of a picture, read by both painters: DOT in `draw`, SVG in `Picture`.

What changes from step to step, the numbers and how far they are known, is a `NodeState`.
"""

from __future__ import annotations

from typing import NamedTuple

from ..graphs.levels import FULL
from ..graphs.names import showable
from ..graphs.nonfinite import first_nonfinite
from ..graphs.view import GraphView
from ..steps.states import FINAL, UNKNOWN, NodeState, State

__all__ = ["Box", "BoxModel", "Edge", "state_now"]

KINDS = {"in": "input", "par": "parameter", "const": "constant"}


class Box(NamedTuple):
    """One node as a box: its texts, and what kind of node it is."""

    symbol: str
    name: str
    formula: str  # empty for a leaf
    needs: bool  # a gradient
    constant: bool  # a leaf without a gradient
    number: bool  # a constant that is called by its number
    parameter: bool

    def describe(self, shown: NodeState) -> str:
        """The box in words, for those who cannot see it."""
        kind = self.formula or KINDS.get(self.symbol, self.symbol)
        words = [self.name, showable(kind, 80), f"data {shown.data}" + ", outdated" * shown.outdated]
        if self.needs:
            known = {UNKNOWN: "unknown", FINAL: f"{shown.grad}, final"}.get(shown.status, f"{shown.grad} so far")
            words.append(f"gradient {known}")
        return ", ".join(words)


class Edge(NamedTuple):
    """One use of an operand by a node, as `Use`, with its text; `local` is None where no gradient passes."""

    node: int
    position: int
    operand: int
    local: float | None
    text: str

    @property
    def tooltip(self) -> str:
        """What the text means."""
        return f"local derivative {self.text[1:]}" if self.text.startswith("×") else self.text


class BoxModel:
    """The boxes and edges of a view; `compact` where there are so many that each is one line."""

    def __init__(self, view: GraphView) -> None:
        self.view = view
        self.compact = len(view.nodes) > FULL
        parameters = set(view.parameters)
        self.boxes = [
            Box(
                symbol=view.symbol(i),
                name=name,
                formula="" if view.leaf[i] else view.formula(i).pretty,
                needs=view.needs[i],
                constant=view.leaf[i] and not view.needs[i],
                number=view.is_number(i),
                parameter=i in parameters,
            )
            for i, name in enumerate(view.names)
        ]
        self.edges = [
            Edge(i, k, j, view.partials[i][k] if view.needs[i] else None, view.edge_text(i, k))
            for i, operands in enumerate(view.operands)
            for k, j in enumerate(operands)
        ]


def state_now(view: GraphView) -> State:
    """Current data of the nodes, their gradients if the last sweep started at the root, and what is not finite."""
    scalars = view.scalars
    swept = bool(view.function) or scalars.nodes[scalars.root].swept
    bad = first_nonfinite(view)
    return State(
        [
            NodeState(
                data=view.data_text(i),
                grad=view.grad_text(i) if swept else "?",
                status=FINAL if swept else UNKNOWN,
                wrong=i == bad.box,
                outdated=i in view.outdated,
                is_cause=i in bad.operands,
            )
            for i in range(len(view.nodes))
        ]
    )

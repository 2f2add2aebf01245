"""The gradients of all that a call reads, in one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from autograd_lite.errors import UnknownNameError

from ..graphs.flows import Flows
from ..graphs.vectors import numbers_text
from ..graphs.view import GraphView
from .call_paths import CallExplanation
from .table import markdown_table, text_table

__all__ = ["CallExplanations", "explain_calls"]

HEADINGS = ("read", "numbers", "gradient", "used by")


def explain_calls(view: GraphView, wrt: str | None, limit: int) -> CallExplanation | CallExplanations:
    """Explain one box of a graph folded by calls, or all that it reads."""
    flows = Flows(view)
    if wrt is None:
        read = [k for k, is_leaf in enumerate(view.leaf) if is_leaf and flows.outputs[k]]
        return CallExplanations([CallExplanation(flows, k, limit) for k in read], view.result_name)
    if wrt not in view.names:
        raise UnknownNameError.among("box to explain", wrt, view.names)
    return CallExplanation(flows, view.names.index(wrt), limit)


class CallExplanations(Sequence[CallExplanation]):
    """The gradients of all that a call reads; ``explain(f, args=..., level="functions")`` makes it."""

    def __init__(self, explanations: Sequence[CallExplanation], root: str) -> None:
        self._explanations, self._root = list(explanations), root

    @overload
    def __getitem__(self, index: int) -> CallExplanation: ...
    @overload
    def __getitem__(self, index: slice) -> list[CallExplanation]: ...
    def __getitem__(self, index: int | slice) -> CallExplanation | list[CallExplanation]:
        return self._explanations[index]

    def __len__(self) -> int:
        return len(self._explanations)

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The cells as text."""
        return [
            (e.name, str(len(e.gradient)), numbers_text(e.gradient), ", ".join(name for name in e.used_by))
            for e in self._explanations
        ]

    @property
    def text(self) -> str:
        """The table as plain text."""
        return (
            f"Gradients of {self._root}, by the calls that read what it depends on\n{text_table(HEADINGS, self.rows)}"
        )

    @property
    def markdown(self) -> str:
        """The table in Markdown."""
        return markdown_table(HEADINGS, self.rows)

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __str__(self) -> str:
        return self.text

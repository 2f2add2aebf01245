"""The gradients of all leaves in one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from autograd_lite.text import pretty_number

from ..graphs.notation import markdown_text, prose_latex
from .explanation import Explanation

__all__ = ["HEADINGS", "Explanations", "markdown_table", "text_table"]

LONGEST_WAY = 8
HEADINGS = ("leaf", "gradient", "paths", "largest path", "contributes")


class Explanations(Sequence[Explanation]):
    """The gradients of all leaves, each with its largest path; ``explain(loss)`` makes it.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> from autograd_lite.viz import explain
    >>> x, w = Value(2.0, "x"), Value(-0.5, "w")
    >>> loss = (w * x) ** 2
    >>> loss.label = "loss"
    >>> print(explain(loss))
    Gradients of loss, each with its largest path
    leaf  gradient  paths  largest path   contributes
    w     −4        1      w → v1 → loss  −4
    x     1         1      x → v1 → loss  1
    """

    def __init__(self, explanations: Sequence[Explanation], root: str) -> None:
        self._explanations = list(explanations)
        self._root = root

    @overload
    def __getitem__(self, index: int) -> Explanation: ...
    @overload
    def __getitem__(self, index: slice) -> list[Explanation]: ...
    def __getitem__(self, index: int | slice) -> Explanation | list[Explanation]:
        return self._explanations[index]

    def __len__(self) -> int:
        return len(self._explanations)

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The cells as text, under `HEADINGS`; the largest gradient first."""
        ordered = sorted(self._explanations, key=lambda e: -abs(e.gradient))
        return [_row(e) for e in ordered]

    @property
    def text(self) -> str:
        """The table as plain text."""
        return f"Gradients of {self._root}, each with its largest path\n{text_table(HEADINGS, self.rows)}"

    @property
    def markdown(self) -> str:
        """The table in Markdown."""
        return markdown_table(HEADINGS, self.rows)

    @property
    def latex(self) -> str:
        """The table in LaTeX."""
        rows = [" & ".join(map(prose_latex, row)) for row in (HEADINGS, *self.rows)]
        return "\\begin{tabular}{lrrlr}\n" + " \\\\\n".join(rows) + "\n\\end{tabular}"

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<explanations of {len(self)} gradient{'s' * (len(self) != 1)} of {self._root}>"


def text_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under their headings, in columns."""
    lines = [headings, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = (zip(row, widths, strict=True) for row in lines)
    return "\n".join("  ".join(cell.ljust(width) for cell, width in row).rstrip() for row in padded)


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under their headings, in Markdown; the cells are escaped."""
    lines = [headings, ("---",) * len(headings), *(tuple(map(markdown_text, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines) + "\n"


def _row(e: Explanation) -> tuple[str, ...]:
    largest = e.paths[0] if e.paths else None
    way = e.way(largest) if largest else []
    shortened = way if len(way) <= LONGEST_WAY else [*way[:3], "…", *way[-2:]]
    product_text = pretty_number(largest.product) if largest else ""
    return e.name, pretty_number(e.gradient), f"{e.count:,}", " → ".join(shortened), product_text

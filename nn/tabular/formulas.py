"""Text in a table that a spreadsheet takes for a formula, and may run: it begins with ``=``, ``+``, ``-`` or ``@``."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from autograd_lite.text import plain, shown_path

__all__ = ["FormulaFields"]

STARTS = ("=", "+", "-", "@")


class FormulaFields:
    """Finds such fields in the rows that are written; with `escape`, puts an apostrophe before each.

    Examples
    --------
    >>> fields = FormulaFields(["name", "cost"], escape=True)
    >>> fields.checked(2, ["=1+1", "-5"])
    ["'=1+1", '-5']
    """

    def __init__(self, columns: Sequence[str], *, escape: bool) -> None:
        self.columns = columns
        self.escape = escape
        self.count = 0
        self.first = ""

    def checked(self, line: int, fields: list[object]) -> list[object]:
        """A row as it is to be written."""
        for k, field in enumerate(fields):
            if isinstance(field, str) and field.startswith(STARTS) and not _is_number(field):
                self.count += 1
                self.first = self.first or f"line {line}, column {plain(self.columns[k])!r}: {plain(field)!r}"
                if self.escape:
                    fields[k] = f"'{field}"
        return fields

    def warn(self, path: str) -> None:
        """Name what was written unescaped."""
        if self.count and not self.escape:
            warnings.warn(
                f"{shown_path(path)} holds text that a spreadsheet takes for a formula, {self.count} times (the first: "
                f"{self.first}). With spreadsheet=True (--spreadsheet) an apostrophe is put before it.",
                stacklevel=3,
            )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

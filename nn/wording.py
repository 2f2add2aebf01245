"""Text that comes from files, made fit to be shown: cut to a readable length, and no control characters."""

from __future__ import annotations

import os
from collections.abc import Sequence

__all__ = ["listed", "plain", "shown_path"]

LONGEST = 60  # characters


def plain(text: str) -> str:
    r"""A text for a terminal: short, and with escapes for what cannot be printed.

    Examples
    --------
    >>> plain("red\x1b[31m")
    'red\\x1b[31m'
    """
    text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return text if text.isprintable() else repr(text)[1:-1]


def listed(names: Sequence[str]) -> str:
    """The first names, in a readable number.

    Examples
    --------
    >>> listed(["red", "blue"])
    'red, blue'
    """
    return ", ".join(map(plain, names[:8])) + (f", ... ({len(names)} in all)" if len(names) > 8 else "")


def shown_path(path: str | os.PathLike[str]) -> str:
    """A path for a message."""
    return repr(os.fspath(path))

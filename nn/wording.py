"""Names that moved to `autograd_lite.text`."""

from __future__ import annotations

from autograd_lite.text import listed, plain, shown_path

__all__ = ["listed", "plain", "shown_path"]

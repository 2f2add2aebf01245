"""Names that moved to `autograd_lite.atomic_files`."""

from __future__ import annotations

from autograd_lite.atomic_files import write_whole

__all__ = ["write_whole"]

"""Names that moved to `autograd_lite.atomic_files`."""

from __future__ import annotations

from autograd_lite.atomic_files import check_writable, writing_atomically

__all__ = ["check_writable", "writing_atomically"]

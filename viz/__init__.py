"""Pictures of gradient graphs, and backprop one step at a time."""

from __future__ import annotations

__all__: list[str] = []

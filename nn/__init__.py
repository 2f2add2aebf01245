"""Neurons, layers, losses and training, on networks of scalars."""

from __future__ import annotations

__all__: list[str] = []

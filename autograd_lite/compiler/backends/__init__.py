"""Backends: each prints an array program in a language of its own, and makes it run."""

from __future__ import annotations

from autograd_lite.compiler.backends.base import Backend, Executable
from autograd_lite.compiler.backends.floats import FloatsBackend
from autograd_lite.compiler.backends.numpy import NumpyBackend

__all__ = ["Backend", "Executable", "FloatsBackend", "NumpyBackend"]

"""Backends: each prints an array program in a language of its own, and makes it run."""

from __future__ import annotations

from autograd_lite.compiler.backends.base import Backend, Executable
from autograd_lite.compiler.backends.floats import FloatsBackend
from autograd_lite.compiler.backends.interpreter import InterpreterBackend
from autograd_lite.compiler.backends.native import NativeBackend
from autograd_lite.compiler.backends.numpy import NumpyBackend

__all__ = ["BACKENDS", "Backend", "Executable", "FloatsBackend", "InterpreterBackend", "NativeBackend", "NumpyBackend"]

_ALL: list[Backend] = [FloatsBackend(), InterpreterBackend(), NativeBackend(), NumpyBackend()]

BACKENDS = {backend.name: backend for backend in _ALL}
"""All backends by name."""

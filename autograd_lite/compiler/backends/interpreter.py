"""The reference interpreter as a backend: slow, and by definition right.

Types: ``Any`` stands for what a backend keeps.
"""

from __future__ import annotations

import functools
from typing import Any

from autograd_lite.compiler.backends.base import Executable
from autograd_lite.compiler.interpret import interpret
from autograd_lite.compiler.ir import ArrayProgram

__all__ = ["InterpreterBackend"]


class InterpreterBackend:
    """Prints a program as it reads, and interprets it."""

    name = "interpreter"

    def compile(self, program: ArrayProgram, kept: Any = None) -> Executable:  # noqa: ARG002 - Python compiles fast
        """Print a program, and make it run."""
        return Executable(functools.partial(interpret, program), str(program), 0)

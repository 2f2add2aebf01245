"""From scalar code to array code, a file per stage: trace, simplify (graph, sums), group, emit, run."""

from __future__ import annotations

from autograd_lite.compiler.api import CompiledFunction, compile  # noqa: A004 - the name of the design
from autograd_lite.compiler.batch import batch_mean
from autograd_lite.compiler.runtime import Program

__all__ = ["CompiledFunction", "Program", "batch_mean", "compile"]

"""From scalar code to array code, a file per stage: trace, simplify, sums, group, lower, plan, print."""

from __future__ import annotations

from autograd_lite.compiler.api import CompiledFunction, compile  # noqa: A004 - the name of the design
from autograd_lite.compiler.batching import batch_mean
from autograd_lite.compiler.indexing import take
from autograd_lite.compiler.mapping import vmap
from autograd_lite.compiler.runtime import Program
from autograd_lite.compiler.scanning import repeat, scan, while_loop

__all__ = ["CompiledFunction", "Program", "batch_mean", "compile", "repeat", "scan", "take"]
__all__ += ["vmap", "while_loop"]

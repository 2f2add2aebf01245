"""The public face: `compile`.

Types: ``Any`` stands for what users' functions take and return: numbers, arrays and containers of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd_lite.compiler.compiled_function import CompiledFunction
from autograd_lite.compiler.compiled_map import CompiledMap
from autograd_lite.compiler.mapping import Mapped

__all__ = ["CompiledFunction", "compile"]


def compile(  # noqa: A001 - as in the design
    f: Callable[..., Any], *, batch: Sequence[int] = (), backend: str = "auto", roll: bool | None = None
) -> CompiledFunction:
    """Make a function that runs scalar code as array code.

    At its first call with arguments of a new structure the function is run once on Values without numbers; what it did
    becomes a program of array operations, or of float operations where that is faster. Later calls run the program.

    Parameters
    ----------
    f : callable
        Takes numbers, arrays, lists, tuples and dicts of numbers, which reach it as Values; may itself be a transform
        of a function, ``value_and_grad(loss)``, a `vmap`, a method, or a `functools.partial`. It must not branch on a
        Value: see `where`.
    batch : sequence of int, optional
        The arguments that get a leading batch axis, while f is written for one sample. Every number of the result
        gets that axis as well: short for a `vmap` with axis 0 for these, and None for the others.
    backend : {"auto", "native", "numpy", "floats", "interpreter"}, optional
        What runs the program: machine code (the extra ``native``), NumPy, Python floats (for functions without a
        batch), or the reference interpreter. "auto" takes machine code; where llvmlite is missing, or a program calls
        Python or would take long to compile, floats for small functions of numbers, and NumPy for the others.
        ``fast.program.backend`` says which, ``fast.program.why_not_native`` why.
    roll : bool, optional
        Whether the steps of a Python loop in f, as far as they are alike and build on each other, become a loop of the
        program, as those of a `scan` do: compiled sooner, in less room. With None they do where it takes no time at
        calls: in machine code from 20 steps on, elsewhere for large programs; with True from 8 steps on; with False
        each step is compiled. The rows of a Jacobian share what the steps compute, and so do those of a Hessian that
        one sweep gives; there they become a loop only if they are very many. ``print(fast.program)`` says what was
        rolled.

    Returns
    -------
    CompiledFunction
        Takes what f takes and returns what f returns, with floats and float64 arrays in place of Values. It has
        ``source``, what the backend printed, ``numpy_source``, and ``program``, the array program and how much work it
        is, of the last call. Copies and pickles hold f and the options, and compile anew.

    Raises
    ------
    TraceError
        In a first call, if f uses a Value where Python needs a number: ``if``, ``float``, an index.
    ShapeError
        In a call, if batched arguments differ in their number of samples, or have none.
    OperandError
        If `batch` does not count arguments, or a batched argument holds something else than numbers.
    UnknownNameError
        If there is no such backend.
    ProgramError
        In a first call, if that backend cannot run the program.
    MissingDependencyError
        In a first call, if the package that it needs is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> import autograd_lite as ag
    >>> fast = ag.compile(ag.value_and_grad(lambda x: ag.fsum([v**2 for v in x])))
    >>> fast([1.0, 2.0, 3.0])
    (14.0, [2.0, 4.0, 6.0])
    >>> ag.compile(lambda x, w: w * x, batch=(0,))(np.array([1.0, 2.0]), 10.0)
    array([10., 20.])
    """
    if isinstance(f, Mapped) and f.is_axis and not batch:
        return CompiledMap(f, backend, roll)
    return CompiledFunction(f, batch, backend, roll)

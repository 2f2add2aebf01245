"""What a backend is.

Types: ``Any`` stands for flat inputs and results (floats, lists of floats or arrays), and for what a backend keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from autograd_lite.compiler.ir import ArrayProgram

if TYPE_CHECKING:
    from autograd_lite.compiler.backends.native.calls import NativeCall

__all__ = ["Backend", "Executable"]


@dataclass(frozen=True, slots=True)
class Executable:
    """A program that can be run.

    Attributes
    ----------
    run : callable
        ``run(inputs, sizes)``: what a call hands over, and the length of each of ``program.dims``; returns the flat
        results, an array or a list that nothing else refers to. An input is a float, a list of floats or a float64
        array with any strides, of the shape that ``Input.given`` says, behind the batch axis if its array has one; the
        caller has checked that. It may raise ArithmeticError or ValueError where a number is not finite.
    printed : str or callable
        What was printed, or how to print it again.
    calls : int
        How many array functions one run calls.
    release : callable
        Gives back memory that is kept for the next call. The program can still be run.
    kept : object
        What spares a later process most of the work, if it compiles the same program: something to be pickled.
    native : NativeCall or None
        The machine code behind `run`, for calls that go past Python.
    """

    run: Callable[[Sequence[Any], Sequence[int]], Any]
    printed: str | Callable[[], str]
    calls: int
    release: Callable[[], None] = lambda: None
    native: NativeCall | None = None
    kept: Any = None

    @property
    def source(self) -> str:
        """What was printed."""
        return self.printed if isinstance(self.printed, str) else self.printed()


class Backend(Protocol):
    """Prints array programs in one language."""

    @property
    def name(self) -> str:
        """What users call it."""
        ...

    def compile(self, program: ArrayProgram, kept: Any = None) -> Executable:
        """Print a program, and make it run.

        Parameters
        ----------
        program : ArrayProgram
        kept : object, optional
            What an earlier process kept of an equal program.

        Raises
        ------
        ProgramError
            If this backend cannot run it: names the instruction.
        """
        ...

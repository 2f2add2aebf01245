"""The errors of autograd_lite, as one tree.

Each is also the built-in error that a Python user would catch::

    AutogradLiteError
    ├── OperandError            TypeError      not a number where a number is needed
    ├── OpDefinitionError       TypeError      a row of the op table that cannot work
    ├── TraceError              TypeError      Python control flow on a traced Value
    ├── ShapeError              ValueError     a wrong length, width or number of rows
    ├── DomainError             ValueError     a number outside its range, such as a target of 2
    ├── UnknownNameError        ValueError     an unknown activation, loss, op, ...; the nearest is offered
    ├── ExpressionError         ValueError     an expression that cannot be parsed, with the position marked
    ├── GraphTooLargeError      ValueError     a picture that nobody could read, or that would never end
    ├── ProgramError            ValueError     an array program that is not well formed, or that a backend cannot run
    ├── StaleGraphError         RuntimeError   data changed between the forward pass and a second derivative
    ├── UserCodeError           RuntimeError   the user's own file failed; says in which line
    ├── NonFiniteError          ArithmeticError  NaN or infinity where training must stop
    ├── OutputError             OSError        a file that cannot be written
    ├── ModelFileError          ValueError     a damaged or foreign model file
    ├── TableError              ValueError     a CSV file that cannot be used, with the line and the column
    └── MissingDependencyError  ImportError    a package or program that is not installed, and how to get it
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from inspect import signature
from typing import ParamSpec, TypeVar

from autograd_lite.guesses import ADVICE, nearest

__all__ = [
    "AutogradLiteError",
    "DomainError",
    "ExpressionError",
    "GraphTooLargeError",
    "MissingDependencyError",
    "ModelFileError",
    "NonFiniteError",
    "OpDefinitionError",
    "OperandError",
    "OutputError",
    "ProgramError",
    "ShapeError",
    "StaleGraphError",
    "TableError",
    "TraceError",
    "UnknownNameError",
    "UserCodeError",
]  # and `checked_names`, which is not public


class AutogradLiteError(Exception):
    """Base of all errors that this library raises on purpose."""


class OperandError(AutogradLiteError, TypeError):
    """Something that is not a real number was given where one is needed."""


class OpDefinitionError(AutogradLiteError, TypeError):
    """An op is defined wrongly, twice, or not at all; the message says what to write."""


class TraceError(AutogradLiteError, TypeError):
    """A traced Value has no number yet, so Python cannot branch on it or index with it."""


class ShapeError(AutogradLiteError, ValueError):
    """A sequence, layer or batch has the wrong length or width."""


class DomainError(AutogradLiteError, ValueError):
    """A number lies outside the range in which it has a meaning."""


class UnknownNameError(AutogradLiteError, ValueError):
    """A name is not one of those known; the message offers the nearest."""

    @classmethod
    def among(cls, kind: str, given: object, known: Iterable[str], *, ours: bool = False) -> UnknownNameError:
        """The error for an unknown name, with the nearest known one, or with advice where the name would be ours.

        Examples
        --------
        >>> print(UnknownNameError.among("activation", "rleu", ["relu", "tanh"]))
        There is no activation 'rleu'. Did you mean 'relu'? Known: relu, tanh.
        """
        names = sorted(known)
        near = nearest(str(given), names)
        hint = (
            f" Did you mean {near!r}?"
            if near
            else f" {ADVICE[given]}"
            if ours and isinstance(given, str) and given in ADVICE
            else ""
        )
        shown = [*names[:100], "..."] if len(names) > 100 else names
        listed = f" Known: {', '.join(shown)}." if len(names) <= 40 or not hint else ""
        return cls(f"There is no {kind} {given!r}.{hint}{listed}")


P = ParamSpec("P")
R = TypeVar("R")


def checked_names(function: Callable[P, R]) -> Callable[P, R]:
    """Decorator: answer an argument's unknown name with the right one.

    Examples
    --------
    >>> @checked_names
    ... def descend(lr=0.1): ...
    >>> descend(eta=0.1)
    Traceback (most recent call last):
    autograd_lite.errors.OperandError: There is no argument of descend: 'eta'. Did you mean 'lr'? Known: lr.
    """
    known = signature(function).parameters.keys()

    @wraps(function)
    def checked(*args: P.args, **named: P.kwargs) -> R:
        for unknown in named.keys() - known:
            raise OperandError(
                str(UnknownNameError.among(f"argument of {function.__name__}:", unknown, known, ours=True))
            )
        return function(*args, **named)

    return checked


class ExpressionError(AutogradLiteError, ValueError):
    """An expression typed on the command line cannot be understood; the position is marked."""


class GraphTooLargeError(AutogradLiteError, ValueError):
    """A graph has too many nodes for the requested picture."""


class ProgramError(AutogradLiteError, ValueError):
    """An array program is not well formed, or the backend that was asked for cannot run it."""


class StaleGraphError(AutogradLiteError, RuntimeError):
    """A node's data changed after its graph was built, so second derivatives would mix two points."""


class UserCodeError(AutogradLiteError, RuntimeError):
    """The user's own file, which a command was asked to run, failed; the message says in which line."""


class NonFiniteError(AutogradLiteError, ArithmeticError):
    """NaN or infinity appeared where the work cannot go on."""


class OutputError(AutogradLiteError, OSError):
    """A file cannot be written; nothing was left half-written."""


class ModelFileError(AutogradLiteError, ValueError):
    """A model file is damaged, truncated, or not ours."""


class TableError(AutogradLiteError, ValueError):
    """A table in a file cannot be read, or does not hold what is needed; the message names the line and the column."""


class MissingDependencyError(AutogradLiteError, ImportError):
    """A package or program is missing; the message has the line that installs it."""

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

import difflib
from collections.abc import Iterable

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
]


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
    def among(cls, kind: str, given: object, known: Iterable[str]) -> UnknownNameError:
        """The error for an unknown name, with the nearest known one.

        Examples
        --------
        >>> print(UnknownNameError.among("activation", "rleu", ["relu", "tanh"]))
        There is no activation 'rleu'. Did you mean 'relu'? Known: relu, tanh.
        """
        names = sorted(known)
        near = difflib.get_close_matches(str(given), names, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        shown = [*names[:100], "..."] if len(names) > 100 else names
        listed = f" Known: {', '.join(shown)}." if len(names) <= 40 or not near else ""
        return cls(f"There is no {kind} {given!r}.{hint}{listed}")


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

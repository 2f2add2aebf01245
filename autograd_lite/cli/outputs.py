"""The files that a command writes: writable, and none of them an input or another one, before any work is done."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from os import PathLike

from autograd_lite.atomic_files import check_writable, is_same_file
from autograd_lite.errors import OperandError
from autograd_lite.text import shown_path

__all__ = ["check_outputs"]

Paths = Mapping[str, str | PathLike[str]]


def check_outputs(outputs: Paths, inputs: Paths) -> None:
    """Refuse outputs that would replace an input or each other, or that cannot be written.

    Parameters
    ----------
    outputs, inputs : mapping of str to path
        What each file is, as the message calls it, and its path.

    Raises
    ------
    OperandError
        If two paths lead to one file, of which one is an output.
    OutputError
        If an output cannot be written.
    """
    for (one, path), (other, other_path) in combinations([*inputs.items(), *outputs.items()], 2):
        if other in outputs and is_same_file(path, other_path):
            raise OperandError(
                f"{other.capitalize()} would replace {one}: both are {shown_path(path)}. Name another file."
            )
    for path in outputs.values():
        check_writable(path)

"""What counts as a number, and the advice where something does not.

Types: ``Any`` stands for whatever a user may give.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, SupportsFloat, runtime_checkable

import numpy as np

from autograd_lite.errors import OperandError
from autograd_lite.text import shown

__all__ = ["to_number"]


@runtime_checkable
class _Node(Protocol):
    operands: Any


_ADVICE: tuple[tuple[Any, str], ...] = (
    (_Node, "Use it as it is, or its .data for the number alone."),
    (complex, "Complex numbers are not supported; give the real and the imaginary part as two Values."),
    (str, "Convert text yourself, float('2.5'), so that a typing mistake shows."),
    ((Sequence, np.ndarray), "Make one Value per number: [Value(x) for x in numbers]."),
    (SupportsFloat, "Convert it yourself with float(...)."),
    (object, "Give an int or a float."),
)


def to_number(data: Any, what: str = "a Value") -> float:
    """Convert a real number to float.

    Raises
    ------
    OperandError
        If it is not, with advice.

    Examples
    --------
    >>> to_number(3)
    3.0
    """
    if isinstance(data, (int, float, np.floating, np.integer, np.bool_)):
        try:
            return float(data)
        except OverflowError:
            raise OperandError(
                f"The integer given for {what} has more than 308 digits; a float cannot hold it."
            ) from None
    if isinstance(data, np.ndarray) and data.ndim == 0 and data.dtype.kind in "iufb":
        return float(data)
    advice = next(text for kinds, text in _ADVICE if isinstance(data, kinds))
    raise OperandError(f"A real number is needed for {what}, not {shown(data)} ({type(data).__name__}). {advice}")

"""Several numbers in a line of text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from autograd_lite.text import pretty_number

__all__ = ["numbers_text"]

MOST = 4


def numbers_text(numbers: Sequence[float]) -> str:
    """One number as it is; several in brackets, of many the first and their length.

    Examples
    --------
    >>> numbers_text([0.5]), numbers_text([3.0, -4.0])
    ('0.5', '(3, −4)')
    >>> numbers_text([3.0, 4.0, 0.0, 0.0, 0.0])
    '(3, 4, 0, …), ‖·‖ = 5'
    """
    if len(numbers) == 1:
        return pretty_number(numbers[0])
    listed = [pretty_number(x) for x in numbers[: MOST if len(numbers) <= MOST else MOST - 1]]
    if len(numbers) <= MOST:
        return f"({', '.join(listed)})"
    return f"({', '.join(listed)}, …), ‖·‖ = {pretty_number(math.hypot(*numbers))}"

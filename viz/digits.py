"""Names that moved to `autograd_lite.text`."""

from __future__ import annotations

from autograd_lite.text import DIGITS, agreeing_digits, bracketed, changing_digits, counted, times

__all__ = ["DIGITS", "agreeing_digits", "bracketed", "changing_digits", "counted", "times"]

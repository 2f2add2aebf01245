"""Standard streams that are closed, full, or read by nobody: what is said there never ends the work."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TextIO

from autograd_lite.text import printable

__all__ = ["discard", "finish", "open_closed", "say"]


def open_closed() -> None:
    """Let a closed stream lead nowhere, and take its number, so that no file that is opened later gets it."""
    for number, (name, mode) in enumerate([("stdin", "r"), ("stdout", "w"), ("stderr", "w")]):
        if getattr(sys, name) is None:
            try:
                os.fstat(number)
            except OSError:
                os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - for as long as we run


def say(text: str) -> None:
    """Write a message to standard error, if that takes it; nothing in it commands a terminal."""
    with contextlib.suppress(OSError, ValueError):
        print(printable(text, keep="\n"), file=sys.stderr, flush=True)


def finish() -> None:
    """Flush standard error; what it cannot take is dropped, or Python would end with an error of its own."""
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        discard(sys.stderr)


def discard(stream: TextIO) -> None:
    """Lead a stream that cannot be written to nowhere."""
    with contextlib.suppress(OSError, ValueError, io.UnsupportedOperation):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())

"""Ctrl-C while the command line is still being imported: one line and exit code 130, as at any later time.

The package imports this before anything else. It does nothing unless the program is ``autograd-lite`` or
``python -m autograd_lite``, since in anyone else's program Ctrl-C is not ours.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

__all__ = ["INTERRUPTED", "STOPPED", "hand_over", "ignored"]

INTERRUPTED = 130  # the exit code of what Ctrl-C ended
STOPPED = "autograd-lite: stopped."


def _catch_while_importing() -> None:
    """Let Ctrl-C end the command without a traceback until `hand_over`."""
    if _is_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        with contextlib.suppress(ValueError):  # not the main thread
            signal.signal(signal.SIGINT, _stop)


def hand_over() -> None:
    """Let Ctrl-C raise `KeyboardInterrupt` again, for those who are ready to catch it."""
    if signal.getsignal(signal.SIGINT) is _stop:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextlib.contextmanager
def ignored() -> Iterator[None]:
    """Ignore Ctrl-C for the moment in which something is saved."""
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # not the main thread, which alone gets signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _is_command() -> bool:
    if sys.argv and sys.argv[0] == "-m":  # so Python says while it imports the package that it will run
        return "autograd_lite" in sys.orig_argv
    return bool(sys.argv) and Path(sys.argv[0]).stem == "autograd-lite"


def _stop(_number: int, _frame: FrameType | None) -> None:
    with contextlib.suppress(OSError):
        os.write(2, f"{STOPPED}\n".encode())
    os._exit(INTERRUPTED)


_catch_while_importing()

"""The command line: ``autograd-lite COMMAND``, or ``python -m autograd_lite COMMAND``.

A command is one file here: ``add_to(commands)`` adds its parser, and sets ``run``, which takes the parsed arguments and
returns the exit code. Commands hold no logic of their own: they call the engine, the networks and the pictures.

Exit codes: 0 it worked; 1 it failed (a file cannot be written, a package is missing, a gradient is wrong); 2 the input
is wrong; 130 Ctrl-C.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import autograd_lite
from autograd_lite import interrupts
from autograd_lite.errors import (
    AutogradLiteError,
    MissingDependencyError,
    NonFiniteError,
    OutputError,
    UnknownNameError,
    UserCodeError,
)

from . import check, demo, doctor, draw, grade, play, predict, quiz, show, step, streams, train, verify

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

__all__ = ["main"]

COMMANDS = (demo, draw, step, play, check, train, predict, show, verify, grade, quiz, doctor)
FAILURES = (MissingDependencyError, NonFiniteError, OutputError, UserCodeError)  # the input was right
FAILED, WRONG_INPUT = 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process unless given.

    Returns
    -------
    int
        The exit code. An error of the project is one message on standard error, never a traceback.

    Examples
    --------
    >>> main(["draw", "tanh(a +", "a=1"])
    2
    """
    streams.open_closed()
    with contextlib.suppress(AttributeError):  # a terminal that cannot show a letter gets "?", not a traceback
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        interrupts.hand_over()
        code = _run(argv)
        sys.stdout.flush()  # a full disk shows here, not when Python ends
    except AutogradLiteError as error:
        streams.say(f"autograd-lite: {error}")
        code = FAILED if isinstance(error, FAILURES) else WRONG_INPUT
    except KeyboardInterrupt:
        streams.say(interrupts.STOPPED)
        code = interrupts.INTERRUPTED
    except OSError as error:
        if not isinstance(error, BrokenPipeError):  # a reader such as `head` that has seen enough is no mistake
            place = f": {error.filename}" if error.filename else " (where the output goes)"
            streams.say(f"autograd-lite: {error.strerror or error}{place}")
        streams.discard(sys.stdout)
        code = FAILED
    streams.finish()
    return code


def _run(argv: Sequence[str] | None) -> int:
    try:
        arguments = _parsed(argv)
        return int(arguments.run(arguments))
    except SystemExit as stop:  # argparse: 0 after --help, 2 after a wrong option
        return int(stop.code or 0)
    except RuntimeError as error:  # so Python 3.11 reports a Ctrl-C while a class is made, as in an import
        if isinstance(error.__cause__, KeyboardInterrupt):
            raise error.__cause__ from None
        raise


class _Parser(argparse.ArgumentParser):
    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Write help, which fails on a full disk, or an error, which never fails; argparse differs between Pythons."""
        if file is not None and file is sys.stdout:
            file.write(message)
        else:
            streams.say(message.removesuffix("\n"))


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(
        prog="autograd-lite", description="See backprop happen on numbers, draw its graph, train small networks."
    )
    parser.add_argument("--version", action="version", version=f"autograd-lite {autograd_lite.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_to(commands)
    argv = sys.argv[1:] if argv is None else argv
    if not argv:
        argv = ["--help"]
    if not argv[0].startswith("-") and argv[0] not in commands.choices:
        raise UnknownNameError.among("command", argv[0], commands.choices)
    arguments, left = parser.parse_known_args(argv)
    if hasattr(arguments, "numbers"):  # argparse leaves over the NAME=NUMBER that stand behind an option
        arguments.numbers += [text for text in left if not text.startswith("-")]
        left = [text for text in left if text.startswith("-")]
    if left:
        parser.error(
            f"unrecognized arguments: {' '.join(left)} (a formula that begins with '-' needs brackets: '(-a)')"
        )
    return arguments

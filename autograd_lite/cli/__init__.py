"""The command line: ``autograd-lite COMMAND``, or ``python -m autograd_lite COMMAND``.

A command is one file here: ``add_to(commands)`` describes it to argparse, and sets ``run``, which takes the parsed
arguments and returns the exit code. Commands glue the engine, the networks and the pictures together; what they do
is done there.

Exit codes: 0 it worked; 1 it failed (a file cannot be written, a package is missing, a gradient is wrong); 2 the input
is wrong; 130 Ctrl-C.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence

import autograd_lite
from autograd_lite.errors import AutogradLiteError, MissingDependencyError, NonFiniteError, OutputError, UserCodeError

from . import check, demo, doctor, draw, predict, show, step, train

__all__ = ["main"]

COMMANDS = (demo, draw, step, check, train, predict, show, doctor)
FAILURES = (MissingDependencyError, NonFiniteError, OutputError, UserCodeError)  # the input was right
FAILED, WRONG_INPUT, INTERRUPTED = 1, 2, 130


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
    with contextlib.suppress(AttributeError):  # a terminal that cannot show a letter gets "?", not a traceback
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        return _run(_parsed(argv))
    except SystemExit as stop:  # argparse: 0 after --help, 2 after a wrong option
        return int(stop.code or 0)
    except AutogradLiteError as error:
        print(f"autograd-lite: {error}", file=sys.stderr)
        return FAILED if isinstance(error, FAILURES) else WRONG_INPUT
    except KeyboardInterrupt:
        print("autograd-lite: stopped.", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        if not isinstance(error, BrokenPipeError):  # a reader such as `head` that has seen enough is no mistake
            place = f": {error.filename}" if error.filename else " (where the output goes)"
            print(f"autograd-lite: {error.strerror or error}{place}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would try again at its end
        return FAILED


def _run(arguments: argparse.Namespace) -> int:
    try:
        code = int(arguments.run(arguments))
    except RuntimeError as error:  # so Python 3.11 reports a Ctrl-C while a class is made, as in an import
        if isinstance(error.__cause__, KeyboardInterrupt):
            raise error.__cause__ from None
        raise
    sys.stdout.flush()  # a full disk shows here, not when Python ends
    return code


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="autograd-lite", description="See backprop happen on numbers, draw its graph, train small networks."
    )
    parser.add_argument("--version", action="version", version=f"autograd-lite {autograd_lite.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_to(commands)
    arguments, left = parser.parse_known_args(argv)
    if hasattr(arguments, "numbers"):  # argparse leaves over the NAME=NUMBER that stand behind an option
        arguments.numbers += [text for text in left if not text.startswith("-")]
        left = [text for text in left if text.startswith("-")]
    if left:
        parser.error(
            f"unrecognized arguments: {' '.join(left)} (a formula that begins with '-' needs brackets: '(-a)')"
        )
    return arguments

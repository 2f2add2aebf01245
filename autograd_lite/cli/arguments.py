"""Arguments that commands share: the expression or function of a graph, and the numbers of its variables."""

from __future__ import annotations

import argparse
import keyword
import math
import textwrap
import unicodedata
from collections.abc import Sequence
from typing import TypeAlias

from autograd_lite.engine import TABLE, Value
from autograd_lite.errors import ExpressionError
from autograd_lite.text import shown

from .expression import evaluate
from .user_code import called, is_function

__all__ = ["Commands", "add_command", "add_numbers", "add_root", "numbers_of", "root_of", "source_of"]

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # argparse has no public name for it


def add_command(
    commands: Commands, name: str, *, summary: str, description: str, examples: str = ""
) -> argparse.ArgumentParser:
    """Add a command; its help wraps the description and prints the examples verbatim."""
    return commands.add_parser(
        name,
        help=summary,
        description=textwrap.fill(description, 80),
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_root(parser: argparse.ArgumentParser) -> None:
    """Give a command the arguments EXPR and NAME=NUMBER, which describe a graph; its help lists the ops."""
    ops = textwrap.fill(", ".join(sorted(TABLE)), 78, initial_indent="  ", subsequent_indent="  ")
    parser.epilog = f"{parser.epilog}\nops, besides + - * / % ** and comparisons:\n{ops}"
    parser.add_argument(
        "expression",
        metavar="EXPR",
        help="a formula; several with names, 'b = a + a; c = b + b'; or a function in a file of your own, "
        "file.py:function, which is run",
    )
    add_numbers(parser)


def add_numbers(parser: argparse.ArgumentParser) -> None:
    """Give a command the arguments NAME=NUMBER."""
    parser.add_argument("numbers", metavar="NAME=NUMBER", nargs="*", help="a number for each name, such as w=-0.5")


def root_of(arguments: argparse.Namespace) -> Value:
    """Build the graph that the arguments describe."""
    numbers = numbers_of(arguments.numbers)
    if is_function(arguments.expression):
        return called(arguments.expression, numbers)
    return evaluate(arguments.expression, numbers)


def source_of(arguments: argparse.Namespace) -> dict[str, str]:
    """The file of the user's function, if the graph comes from one."""
    target = arguments.expression
    return {"the file of the function": target.rpartition(":")[0]} if is_function(target) else {}


def numbers_of(given: Sequence[str]) -> dict[str, float]:
    """Read NAME=NUMBER arguments.

    Raises
    ------
    ExpressionError
        If one is no such pair, its number is not finite, or its name is given twice.

    Examples
    --------
    >>> numbers_of(["w=-0.5", "x=2"])
    {'w': -0.5, 'x': 2.0}
    """
    numbers: dict[str, float] = {}
    for text in given:
        name, equals, number = text.partition("=")
        name = unicodedata.normalize("NFKC", name.strip())  # as Python's parser writes the names of a formula
        if not equals or not name.isidentifier() or keyword.iskeyword(name):
            raise ExpressionError(f"{shown(text)} is not a name with its number. Write NAME=NUMBER, such as w=-0.5.")
        if name in numbers:
            raise ExpressionError(f"{name!r} is given twice: {name}={numbers[name]:g} and {shown(text)}.")
        numbers[name] = _number(number, text)
    return numbers


def _number(number: str, text: str) -> float:
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ExpressionError(f"{shown(text)} needs a finite number after '=', such as 2, -0.5 or 1e-3.")
    return value

"""``autograd-lite check``: compare the gradient of a function with difference quotients."""

from __future__ import annotations

import argparse

from autograd_lite.checks import check_gradients
from autograd_lite.errors import ExpressionError

from .arguments import Commands, add_command, add_numbers, numbers_of
from .user_code import by_position, checked_names, load

__all__ = ["add_to"]

EXAMPLES = """example:
  autograd-lite check model.py:loss w=-0.5 b=0.8

where model.py holds, for instance:
  from autograd_lite import tanh

  def loss(w, b):
      return (tanh(2.0 * w + b) - 1.0) ** 2
"""


def add_to(commands: Commands) -> None:
    """Describe the command to argparse."""
    parser = add_command(
        commands,
        "check",
        summary="check the gradients of your own function",
        description="Compare the gradient of a function with difference quotients, parameter by parameter. "
        "The exit code is 0 if all agree, else 1. The file is executed: check only code that you trust.",
        examples=EXAMPLES,
    )
    parser.add_argument("function", metavar="FILE.py:FUNCTION", help="a function of numbers that returns one Value")
    add_numbers(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the report."""
    function = load(arguments.function)
    numbers = numbers_of(arguments.numbers)
    names = checked_names(function, numbers)
    if not names:
        raise ExpressionError(
            f"{arguments.function} needs at least one parameter to check; add one to the command, such as w=0.5."
        )
    report = check_gradients(by_position(function, names), *[numbers[name] for name in names])
    print(report)
    return 0 if report else 1

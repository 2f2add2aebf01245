"""``autograd-lite play``: a page in which formulas are typed, drawn, stepped through and trained."""

from __future__ import annotations

import argparse

from autograd_lite import viz
from autograd_lite.text import printable

from .arguments import Commands, add_command, add_numbers, numbers_of
from .expression import evaluate
from .outputs import check_outputs

__all__ = ["add_to"]

EXAMPLES = """examples:
  autograd-lite play
  autograd-lite play 'L = (tanh(w*x + b) - y)**2' w=-0.5 x=2 b=0.8 y=1
  autograd-lite play --html playground.html
"""


def add_to(commands: Commands) -> None:
    """Describe the command to argparse."""
    parser = add_command(
        commands,
        "play",
        summary="type formulas in a page that computes, in the browser",
        description="Open a page in which a formula is typed, drawn, stepped through, changed number by number and "
        "trained. The page is one file that needs no network and no Python; with --html it is only written.",
        examples=EXAMPLES,
    )
    parser.add_argument("expression", metavar="EXPR", nargs="?", default="", help="the formula to begin with")
    add_numbers(parser)
    parser.add_argument("--html", "-o", metavar="FILE", dest="output", help="write the page, and open nothing")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the page, and open it unless a file was named."""
    numbers = numbers_of(arguments.numbers)
    if arguments.expression:
        evaluate(arguments.expression, numbers)  # says what is wrong here, not in the browser
    if arguments.output:
        check_outputs({"the page": arguments.output}, {})
    playground = viz.play(arguments.expression, numbers)
    path = playground.save(arguments.output) if arguments.output else playground.open()
    print(f"The playground is in {printable(str(path))}")
    return 0

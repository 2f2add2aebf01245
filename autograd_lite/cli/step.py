"""``autograd-lite step``: backprop on a formula, one contribution at a time."""

from __future__ import annotations

import argparse

from autograd_lite import viz

from .arguments import Commands, add_expression, expression_of

__all__ = ["add_to"]

EXAMPLES = """examples:
  autograd-lite step 'tanh(w*x + b)' w=-0.5 x=2 b=0.8
  autograd-lite step 'b = a + a; c = b + b' a=3
"""


def add_to(commands: Commands) -> None:
    """Describe the command to argparse."""
    parser = commands.add_parser(
        "step",
        help="print backprop on a formula, step by step",
        description="Print every step of backprop: who gives how much of the gradient to whom, and why.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_expression(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the transcript."""
    print(viz.steps(expression_of(arguments)))
    return 0

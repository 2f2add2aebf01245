"""``autograd-lite step``: backprop on a formula, one contribution at a time."""

from __future__ import annotations

import argparse
import sys

from autograd_lite import viz
from autograd_lite.text import printable

from .arguments import Commands, add_command, add_root, root_of, source_of
from .outputs import check_outputs

__all__ = ["add_to"]

EXAMPLES = """examples:
  autograd-lite step 'tanh(w*x + b)' w=-0.5 x=2 b=0.8
  autograd-lite step 'b = a + a; c = b + b' a=3 --all
  autograd-lite step '(w*x - y)**2' w=0.5 x=2 y=3 --html steps.html
  autograd-lite step model.py:loss w=-0.5 b=0.8
"""


def add_to(commands: Commands) -> None:
    """Describe the command to argparse."""
    parser = add_command(
        commands,
        "step",
        summary="go through backprop on a formula, step by step",
        description="Go through backprop step by step: which node passes which gradient to which operand, and why. "
        "In a terminal one step per key; elsewhere, or with --all, as a transcript; with --html as a page that works "
        "offline.",
        examples=EXAMPLES,
    )
    add_root(parser)
    parser.add_argument("--forward", action="store_true", help="begin with the forward pass")
    parser.add_argument("--lr", type=float, metavar="RATE", help="end with one update of the parameters at this rate")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--all", action="store_true", help="print everything at once")
    shown.add_argument("--html", "-o", metavar="FILE", dest="output", help="write a page; or .md, .tex or .txt")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Play, print or write the steps."""
    if arguments.output:
        check_outputs({"the steps": arguments.output}, source_of(arguments))
    steps = viz.steps(root_of(arguments), forward=arguments.forward, lr=arguments.lr)
    if arguments.output:
        steps.save(arguments.output)
        print(f"The steps are in {printable(arguments.output)}")
    elif arguments.all or not sys.stdout.isatty():
        print(str(steps).rstrip())
    else:
        steps.play()
    return 0

"""``autograd-lite draw``: the gradient graph of a formula, as a picture."""

from __future__ import annotations

import argparse

from autograd_lite import viz
from autograd_lite.text import printable

from .arguments import Commands, add_command, add_root, root_of, source_of
from .outputs import check_outputs

__all__ = ["add_to"]

EXAMPLES = """examples:
  autograd-lite draw 'tanh(w*x + b)' w=-0.5 x=2 b=0.8
  autograd-lite draw 'b = a + a; c = b + b' a=3 -o sums.png
  autograd-lite draw '(w*x - y)**2' w=0.5 x=2 y=3 --no-gradients -o before.svg
  autograd-lite draw model.py:loss w=-0.5 b=0.8 -o loss.svg
"""


def add_to(commands: Commands) -> None:
    """Describe the command to argparse."""
    parser = add_command(
        commands,
        "draw",
        summary="draw the gradient graph of a formula",
        description="Draw a formula as a graph: data and gradient in each box, the local derivative on each edge.",
        examples=EXAMPLES,
    )
    add_root(parser)
    parser.add_argument(
        "-o", "--output", metavar="FILE", default="graph.svg", help=".svg (graph.svg), .png, .pdf, .dot"
    )
    parser.add_argument("--no-gradients", action="store_true", help="show the forward pass only; gradients are '?'")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Draw the graph and print the path of the picture."""
    check_outputs({"the picture": arguments.output}, source_of(arguments))
    root = root_of(arguments)
    if not arguments.no_gradients:
        root.backward()
    viz.draw(root).save(arguments.output)
    print(f"The graph is in {printable(arguments.output)}")
    return 0

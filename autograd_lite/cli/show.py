"""``autograd-lite show``: what is in a model file."""

from __future__ import annotations

import argparse

from autograd_lite import nn

from .arguments import Commands, add_command

__all__ = ["add_to"]

EXAMPLES = """examples:
  autograd-lite show model.npz
"""


def add_to(commands: Commands) -> None:
    """Describe the command to argparse."""
    parser = add_command(
        commands,
        "show",
        summary="show what a model file holds",
        description="Show the network in a model file, the columns that it was trained on, and its scores.",
        examples=EXAMPLES,
    )
    parser.add_argument("model", metavar="MODEL.npz", help="a model file")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Describe the file."""
    print(nn.describe_model_file(arguments.model))
    return 0

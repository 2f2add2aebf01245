"""``autograd-lite demo``: backprop by hand, XOR from scalars, and a network for real data, with their pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from .arguments import Commands, add_command
from .demo_parts import iris, worked_example, xor
from .demo_parts.files import Files

__all__ = ["add_to"]

EXAMPLES = """examples:
  autograd-lite demo
  autograd-lite demo --quick --out demo-output
"""
PARTS = (worked_example, xor, iris)


def add_to(commands: Commands) -> None:
    """Describe the command to argparse."""
    parser = add_command(
        commands,
        "demo",
        summary="work an example of backprop by hand, train XOR, classify iris",
        description="Work one example of backprop by hand, train XOR from scalars, and classify iris flowers. The "
        "pictures, the page and the transcript are written to a folder.",
        examples=EXAMPLES,
    )
    parser.add_argument(
        "--out",
        metavar="FOLDER",
        type=Path,
        default=Path("autograd-lite-demo"),
        help="where to write (autograd-lite-demo)",
    )
    parser.add_argument(
        "--quick", action="store_true", help="train for a few epochs only, as a check of the installation"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the three parts and list the files that they wrote."""
    files = Files(arguments.out)
    for number, part in enumerate(PARTS, start=1):
        title = f"{number}. {part.TITLE}"
        print(title, "=" * len(title), sep="\n")
        part.show(files, quick=arguments.quick)
        print()
    files.report()
    return 0

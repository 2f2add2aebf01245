"""``autograd-lite demo``: backprop by hand, XOR from scalars, and a network for real data, with their pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from .arguments import Commands, add_command
from .demo_parts import iris, worked_example, xor
from .demo_parts.files import Files

__all__ = ["add_to"]

PARTS = (worked_example, xor, iris)


def add_to(commands: Commands) -> None:
    """Describe the command to argparse."""
    parser = add_command(
        commands,
        "demo",
        summary="show what it does: a worked example, XOR, iris",
        description="Work one example of backprop by hand, train XOR from scalars, and classify iris flowers.",
    )
    parser.add_argument("--out", metavar="FOLDER", type=Path, default=Path("autograd-lite-demo"), help="where to write")
    parser.add_argument("--quick", action="store_true", help="train for a moment only, to see that everything works")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the three parts, and say where their files are."""
    files = Files(arguments.out)
    for number, part in enumerate(PARTS, start=1):
        title = f"{number}. {part.TITLE}"
        print(title, "=" * len(title), sep="\n")
        part.show(files, quick=arguments.quick)
        print()
    files.report()
    return 0

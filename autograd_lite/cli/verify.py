"""``autograd-lite verify``: find the wrong line of a worked example or of a derivation."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from autograd_lite.atomic_files import writing_atomically
from autograd_lite.errors import ExpressionError
from autograd_lite.lessons.derivations import DerivationReport, verify_derivation
from autograd_lite.lessons.errata import errata_markdown, reports
from autograd_lite.lessons.examples import ExampleReport, verify_example
from autograd_lite.lessons.records import record
from autograd_lite.text import shown_path

from .arguments import Commands, add_command

__all__ = ["add_to"]

EXAMPLES = """examples:
  autograd-lite verify example.toml
  autograd-lite verify derivation.txt
  autograd-lite verify --notes                 the slips of a set of course notes
  autograd-lite verify --notes --markdown errata.md

example.toml holds, for instance:
  lines = ["z = 0.5*2 + 0.1 = 1.1", "dL/dw = 2*1.1*2 = 4.5", "w_new = 0.5 - 0.1*4.4 = 0.06"]
  [given]
  w = 0.5
  x = 2
  b = 0.1
  eta = 0.1
  [graph]
  z = "w x + b"
  L = "z^2"
  w_new = "w - eta dL/dw"

derivation.txt:
  let s = 1/(1 + e^-z)
  ds/dz = e^-z/(1 + e^-z)^2
        = s(1 + s)

in a derivation:
  = FORMULA at the beginning of a line goes on from the line above
  let s = FORMULA, let f(x) = FORMULA    names; d/dx (...), ds/dz, f'(x) differentiate
  for 0 < a < 1, beta > 0, t in {0, 1}   where names lie
  sum_i((f_i - y_i)^2), for terms = 2    sums of three terms, or of as many as you say
  let f_i = w x_i + b                    a name with an index: one formula for every term
  function f, g(x, y)                    any smooth functions
  --- forgets all of these; # begins a remark, and above a derivation it is the title
"""


def add_to(commands: Commands) -> None:
    """Describe the command to argparse."""
    parser = add_command(
        commands,
        "verify",
        summary="find the wrong line of a worked example or a derivation",
        description="Check a worked example (a .toml file) number by number, or a derivation (any other text file) "
        "line by line. The exit code is 0 if every line is right, else 1. The files are read, never executed.",
        examples=EXAMPLES,
    )
    parser.add_argument("file", metavar="FILE", nargs="?", type=Path, help="example.toml or derivation.txt")
    parser.add_argument("--notes", action="store_true", help="check the worked examples that come with the package")
    parser.add_argument("--json", action="store_true", help="print the verdicts as JSON")
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="with --notes: write the list of slips as a page")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the verdicts."""
    if arguments.notes == (arguments.file is not None):
        raise ExpressionError("verify needs one file, example.toml or derivation.txt, or --notes instead of it.")
    if arguments.markdown and not arguments.notes:
        raise ExpressionError("--markdown writes the slips of the notes; use it with --notes.")
    if arguments.notes:
        return _notes(arguments)
    report = _report(arguments.file)
    print(json.dumps(record(report), indent=1) if arguments.json else report)
    return 0 if report else 1


def _notes(arguments: argparse.Namespace) -> int:
    found = reports()
    if arguments.markdown:
        with writing_atomically(arguments.markdown) as file:
            file.write(errata_markdown().encode())
        print(f"Written to {arguments.markdown}.")
    elif arguments.json:
        print(json.dumps({name: record(report) for name, report in found.items()}, indent=1))
    else:
        print("\n\n".join(f"{name}\n{report}" for name, report in found.items()))
    return 0


def _report(path: Path) -> ExampleReport | DerivationReport:
    if not path.is_file():
        raise ExpressionError(f"There is no file {shown_path(path)} here.")
    try:
        return verify_example(path) if path.suffix == ".toml" else verify_derivation(path)
    except UnicodeDecodeError:
        raise ExpressionError(f"{shown_path(path)} is not text in UTF-8.") from None

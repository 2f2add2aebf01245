"""``autograd-lite predict``: add a trained network's predictions to a CSV file."""

from __future__ import annotations

import argparse
import warnings

from autograd_lite import nn
from autograd_lite.text import printable

from . import streams
from .arguments import Commands, add_command
from .outputs import check_outputs

__all__ = ["add_to"]

EXAMPLES = """examples:
  autograd-lite predict model.npz new.csv -o answers.csv
  autograd-lite predict model.npz comments.csv -o answers.csv --spreadsheet
"""


def add_to(commands: Commands) -> None:
    """Describe the command to argparse."""
    parser = add_command(
        commands,
        "predict",
        summary="predict a column of a CSV file with a trained network",
        description="Copy a CSV file, with a column of predictions added. The file needs the columns that the network "
        "was trained on, in any order, and may be larger than the memory.",
        examples=EXAMPLES,
    )
    parser.add_argument("model", metavar="MODEL.npz", help="what autograd-lite train wrote")
    parser.add_argument("data", metavar="DATA.csv", help="the rows to predict for")
    parser.add_argument("-o", "--output", default="predictions.csv", metavar="FILE", help="(predictions.csv)")
    parser.add_argument(
        "--spreadsheet",
        action="store_true",
        help="put an apostrophe before text that a spreadsheet would take for a formula, such as =1+1",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Predict and print the path of the predictions."""
    check_outputs({"the predictions": arguments.output}, {"the model": arguments.model, "the data": arguments.data})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rows = nn.predict_csv(arguments.model, arguments.data, arguments.output, spreadsheet=arguments.spreadsheet)
    for warning in caught:
        streams.say(f"autograd-lite: warning: {warning.message}")
    print(f"{rows} predictions are in {printable(arguments.output)}")
    return 0

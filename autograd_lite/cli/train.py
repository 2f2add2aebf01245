"""``autograd-lite train``: a network learns to predict one column of a CSV file from the others."""

from __future__ import annotations

import argparse
from pathlib import Path

from autograd_lite import interrupts, nn, viz
from autograd_lite.atomic_files import writing_atomically
from autograd_lite.errors import DomainError, MissingDependencyError
from autograd_lite.text import printable

from . import streams
from .arguments import Commands, add_command
from .outputs import check_outputs

__all__ = ["add_to"]

EXAMPLES = """examples:
  autograd-lite train iris.csv --target species
  autograd-lite train houses.csv --target price --hidden 32,16 --epochs 500 -o houses.npz
  autograd-lite train people.csv --target income --ignore name --ignore id --drop-missing
"""


def add_to(commands: Commands) -> None:
    """Describe the command to argparse."""
    parser = add_command(
        commands,
        "train",
        summary="train a network on a CSV file",
        description="Train a network to predict one column of a CSV file from the others, score it on held-out rows, "
        "and save it. Columns may hold numbers or categories; the first line names them.",
        examples=EXAMPLES,
    )
    parser.add_argument("data", metavar="DATA.csv", help="the file, with a header line")
    parser.add_argument("--target", required=True, metavar="COLUMN", help="the column to predict")
    parser.add_argument("--hidden", default="16,16", metavar="N,N", help="neurons in each hidden layer (16,16)")
    parser.add_argument(
        "--task",
        default="auto",
        metavar="TASK",
        help="classification, regression, or auto: classes if the column holds text, or few whole numbers",
    )
    parser.add_argument("--epochs", type=int, default=200, metavar="N", help="maximum number of epochs (200)")
    parser.add_argument("--lr", type=float, default=0.005, metavar="RATE", help="learning rate of Adam (0.005)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of all randomness (0)")
    parser.add_argument(
        "--held-out", type=float, default=0.25, metavar="SHARE", help="share of the rows to score on (0.25)"
    )
    parser.add_argument("--ignore", action="append", default=[], metavar="COLUMN", help="leave a column out")
    parser.add_argument("--drop-missing", action="store_true", help="leave out rows with a missing value")
    parser.add_argument("-o", "--output", default="model.npz", metavar="FILE", help="the model file (model.npz)")
    parser.add_argument("--loss-picture", metavar="FILE", type=Path, help="a .png (model.loss.png)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train, save, draw the loss, and report the scores; after Ctrl-C too, with what was learned so far."""
    picture = arguments.loss_picture or Path(arguments.output).with_suffix(".loss.png")
    check_outputs({"the model": arguments.output, "the picture of the loss": picture}, {"the data": arguments.data})
    why_none = _why_no_picture()
    if why_none:
        streams.say(f"No picture of the loss: {why_none}")
    table = nn.train_on_csv(
        arguments.data,
        arguments.target,
        hidden=_sizes(arguments.hidden),
        task=arguments.task,
        epochs=arguments.epochs,
        lr=arguments.lr,
        held_out=arguments.held_out,
        seed=arguments.seed,
        ignore=arguments.ignore,
        drop_missing=arguments.drop_missing,
        callbacks=[nn.Progress()],
    )
    with interrupts.ignored():
        table.save(arguments.output)
    print(table.describe())
    print(f"The model is in {printable(arguments.output)}")
    if table.history is not None and table.history.stopped == "interrupted":
        streams.say(f"autograd-lite: stopped; the model so far is in {arguments.output}")
        return interrupts.INTERRUPTED
    if not why_none:
        _draw_loss(table, picture)
    return 0


def _sizes(text: str) -> list[int]:
    sizes = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() for part in sizes):
        raise DomainError(f"--hidden {text} is not a list of layer sizes; write whole numbers, such as 16,16.")
    return [int(part) for part in sizes]


def _why_no_picture() -> str:
    """Why no picture can be drawn; empty if one can."""
    try:
        viz.plot_history([1.0])
    except MissingDependencyError as error:
        return str(error)
    return ""


def _draw_loss(table: nn.TableModel, path: Path) -> None:
    axes = viz.plot_history(table.history)
    with writing_atomically(path, durable=False) as file:
        axes.figure.savefig(file, format="png", dpi=120)  # type: ignore[union-attr]
    print(f"The loss is in {printable(str(path))}")

"""A network trained on a data file: saving, loading, description."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

from autograd_lite.errors import ModelFileError
from autograd_lite.text import listed, plain, shown, shown_path

from ..networks.layers import MLP
from ..saving.archive import expect, open_archive
from ..saving.model_files import load_checkpoint, save
from ..training.history import History
from .columns import Column, Encoding

__all__ = ["Scores", "TableModel", "describe_model_file", "load_table_model"]

PARTS = ("training", "held out", "dropped")


@dataclass
class Scores:
    """How good the predictions for the held-out rows are, beside two simple ways to predict.

    Attributes
    ----------
    measure : str
        "accuracy" (the share of right classes) or "R²".
    model, linear, constant : float
        Of the network; of the same training without hidden layers; of always the most frequent class, or the mean.
    error : float or None
        Root of the mean squared error of the network, in the units of the target; None for classes.
    """

    measure: str
    model: float
    linear: float
    constant: float
    error: float | None = None


@dataclass
class TableModel:
    """A network together with the encoding of a data file's columns.

    Attributes
    ----------
    model : MLP
    encoding : Encoding
    history : History or None
    scores : Scores or None
    rows : dict of str to int
        Numbers of rows for "training", "held out" and "dropped".
    """

    model: MLP
    encoding: Encoding
    history: History | None
    scores: Scores | None
    rows: dict[str, int]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save everything in one model file."""
        notes = {
            "table": self.encoding.as_dict(),
            "rows": self.rows,
            "scores": None if self.scores is None else vars(self.scores),
        }
        save(self.model, path, history=self.history, notes=notes)

    def describe(self) -> str:
        """A description in some lines."""
        target = self.encoding.target
        kind = f"one of {listed(self.encoding.classes)}" if self.encoding.classes else "a number"
        lines = [repr(self.model), f"predicts {shown(target.name)}, {kind}, from:"]
        for column in self.encoding.inputs:
            of = f"one of {listed(column.categories)}" if column.kind == "category" else _span(column)
            lines.append(f"  {plain(column.name)}: {of}")
        if self.history is not None:
            lines.append(f"trained on {self.rows['training']} rows: {self.history}")
        if self.scores is not None:
            lines.append(f"on {self.rows['held out']} held-out rows: {report(self.scores)}")
        return "\n".join(lines)


def report(scores: Scores) -> str:
    """The scores in a line, and in words which of the three predictions is the best."""
    error = "" if scores.error is None else f" (root mean squared error {scores.error:.4g})"
    simple = f"linear model {scores.linear:.3f}, constant {scores.constant:.3f}"
    return f"{plain(scores.measure)} {scores.model:.3f}{error}; {simple}.\n{_comparison(scores)}"


def _comparison(scores: Scores) -> str:
    """The best of network, linear model and constant, and advice where it is not the network."""
    ways = {"network": scores.model, "linear model": scores.linear, "constant": scores.constant}
    best = max(ways, key=lambda way: ways[way])  # the network, where it equals the others
    if best == "network":
        other = max(scores.linear, scores.constant)
        way = "linear model" if scores.linear == other else "constant"
        if scores.model == other:
            return f"The network is as good as the {way}."
        return f"The network is the best of the three, {scores.model - other:.3f} above the {way}."
    advice = "Try smaller layers (--hidden 4), another seed, or more rows."
    if best == "constant":
        advice = "The other columns say little about it: try other columns, or more rows."
    return f"The {best} is the best of the three, {ways[best] - scores.model:.3f} above the network. {advice}"


def _span(column: Column) -> str:
    return f"number, mean {column.mean:.4g}, standard deviation {column.spread:.4g}"


def load_table_model(path: str | os.PathLike[str]) -> TableModel:
    """Load what `TableModel.save` wrote.

    Raises
    ------
    ModelFileError
        If the file is damaged, not a model file, or a model without columns.
    """
    saved = load_checkpoint(path)
    if "table" not in saved.notes:
        raise ModelFileError(f"{shown_path(path)} holds a model without columns; it was not trained on a data file.")
    try:
        encoding = Encoding.from_dict(saved.notes["table"])
        scores = None if saved.notes["scores"] is None else Scores(**saved.notes["scores"])
        rows = {part: expect(saved.notes["rows"][part], int, "a number of rows") for part in PARTS}
        table = TableModel(saved.model, encoding, saved.history, scores, rows)
        table.describe()  # a wrong type is found here
    except ModelFileError as error:
        raise ModelFileError(f"{shown_path(path)} {error}") from None
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(f"{shown_path(path)} is not a model of this version with columns ({error}).") from error
    if encoding.width != saved.model.n_in or max(len(encoding.classes), 1) != len(saved.model.layers[-1].neurons):
        raise ModelFileError(f"{shown_path(path)} is damaged: its columns do not fit its network.")
    return table


def describe_model_file(path: str | os.PathLike[str]) -> str:
    """A description of any model file, in some lines.

    Raises
    ------
    ModelFileError
        If the file is damaged or not a model file.
    """
    with open_archive(path) as archive:
        contents = archive.contents
        kind, is_table = plain(expect(contents["model"], str, "its name")), "table" in contents["notes"]
        built_by_user, weights = contents["architecture"] is None, math.prod(archive.shapes["weights"])
    if is_table:
        return load_table_model(path).describe()
    if built_by_user:
        return f"{kind} with {weights} parameters"
    saved = load_checkpoint(path)
    lines = [repr(saved.model)]
    if saved.history is not None:
        lines += [f"trained: {saved.history}"]
    if saved.optimizer is not None:
        lines += [f"with {saved.optimizer!r}, after {saved.optimizer.steps} steps"]
    return "\n".join(lines)

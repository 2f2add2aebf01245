"""From a CSV file to a trained model, and from a model and another CSV file to predictions."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_lite.errors import ModelFileError, OperandError
from autograd_lite.op import shown

from .adaptive import Adam
from .archive import expect, open_archive
from .callbacks import Callback, StopWhen
from .csv_file import CsvFile, Row
from .encoding import Encoding, encode_rows
from .files import writing_atomically
from .fitting import fit
from .history import History
from .layers import MLP
from .metrics import accuracy_of_classes, r2, rmse
from .prediction import Predictor
from .saving import load_checkpoint, save
from .tables import Split, split_table
from .weights import write_weights
from .wording import listed, plain, shown_path

__all__ = ["Scores", "TableModel", "describe_model_file", "load_table_model", "predict_csv", "train_on_csv"]

Array = npt.NDArray[np.float64]

CHUNK = 10_000  # rows of a file that are in memory at once
CELLS = 1_000_000  # fields of a file that are in memory at once
FEW = 400  # epochs for the linear baseline, at least; after Ctrl-C, at most
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
    """A network together with how the columns of a table become its inputs.

    Attributes
    ----------
    model : MLP
    encoding : Encoding
    history : History or None
    scores : Scores or None
    rows : dict of str to int
        How many rows were used for "training", were "held out", and were "dropped".
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
        """What a person wants to know of the model, in some lines."""
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
    """The scores in a line."""
    error = "" if scores.error is None else f" (root mean squared error {scores.error:.4g})"
    simple = f"linear model {scores.linear:.3f}, constant {scores.constant:.3f}"
    return f"{plain(scores.measure)} {scores.model:.3f}{error}; {simple}"


def _span(column: Any) -> str:
    return f"number, mean {column.mean:.4g}, standard deviation {column.spread:.4g}"


def train_on_csv(
    path: str | os.PathLike[str],
    target: str,
    *,
    hidden: Sequence[int] = (16, 16),
    task: str = "auto",
    epochs: int = 200,
    lr: float = 0.005,
    batch_size: int = 32,
    held_out: float = 0.25,
    seed: int = 0,
    ignore: Sequence[str] = (),
    drop_missing: bool = False,
    callbacks: Iterable[Callback] = (),
) -> TableModel:
    r"""Train a network on a CSV file and judge it by rows that it has not seen.

    Parameters
    ----------
    path : path
    target : str
        The column to predict.
    hidden : sequence of int
        Neurons in each hidden layer.
    task : str
        "classification", "regression" or "auto".
    epochs : int
        At most so many; training stops earlier when the loss on a tenth of the training rows no longer falls.
    lr, batch_size
        Of Adam.
    held_out : float
        Share of the rows to judge by.
    seed : int
        Of everything random.
    ignore, drop_missing
        As in `tables.split_table`.
    callbacks : iterable of Callback

    Returns
    -------
    TableModel
        Also after Ctrl-C, with what was learned so far.

    Raises
    ------
    TableError, UnknownNameError, DomainError, ShapeError
        If the file or the settings cannot be used.
    KeyboardInterrupt
        After Ctrl-C in the first epoch.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "fruit.csv"
    >>> rows = [f"{100 + i},{'round' if i % 2 else 'long'},{'apple' if i % 2 else 'banana'}" for i in range(40)]
    >>> _ = path.write_text("weight,shape,fruit\n" + "\n".join(rows))
    >>> trained = train_on_csv(path, "fruit", hidden=[4], epochs=50, lr=0.05)
    >>> trained.scores.model
    1.0
    """
    split = split_table(
        CsvFile(path), target, task=task, held_out=held_out, seed=seed, ignore=ignore, drop_missing=drop_missing
    )
    settings: dict[str, Any] = {"epochs": epochs, "batch_size": batch_size, "seed": seed}
    model, history = _fitted(split, hidden, lr, callbacks, settings)
    if not history.epochs:
        raise KeyboardInterrupt
    linear = _linear(split, settings | ({"epochs": FEW} if history.stopped == "interrupted" else {}))
    scores = _scores(split, model, linear)
    rows = {"training": len(split.inputs), "held out": len(split.held_inputs), "dropped": split.dropped}
    return TableModel(model, split.encoding, history, scores, rows)


def _fitted(
    split: Split, hidden: Sequence[int], lr: float, callbacks: Iterable[Callback], settings: dict[str, Any]
) -> tuple[MLP, History]:
    encoding = split.encoding
    model = MLP(encoding.width, [*hidden, max(len(encoding.classes), 1)], seed=settings["seed"])
    enough = len(split.inputs) >= 30
    stop = StopWhen(patience=max(10, settings["epochs"] // 10), keep_best=True)
    history = fit(
        model,
        split.inputs,
        _standardised(split.targets, encoding),
        loss="cross_entropy" if encoding.classes else "mean_squared_error",
        optimizer=Adam(lr),
        validation=0.1 if enough else None,
        callbacks=[*callbacks, *([stop] if enough else [])],
        **settings,
    )
    return model, history


def _linear(split: Split, settings: dict[str, Any]) -> MLP:
    """The best model without hidden neurons, trained to the end even where the network is not: a fair baseline."""
    if split.encoding.classes:
        return _fitted(split, (), 0.05, (), settings | {"epochs": max(settings["epochs"], FEW)})[0]
    model = MLP(split.encoding.width, [1], seed=settings["seed"])
    inputs = np.column_stack([split.inputs, np.ones(len(split.inputs))])
    solution = np.linalg.lstsq(inputs, _standardised(split.targets, split.encoding), rcond=None)[0]
    write_weights(model.parameters(), solution.astype(float))
    return model


def _standardised(targets: Array, encoding: Encoding) -> Array:
    return targets if encoding.classes else (targets - encoding.target.mean) / encoding.target.spread


def _scores(split: Split, model: MLP, linear: MLP) -> Scores:
    encoding, truth = split.encoding, split.held_targets
    ours, theirs = (Predictor(m, compile=True)(split.held_inputs) for m in (model, linear))
    if encoding.classes:
        most = np.bincount(split.targets.astype(int)).argmax()
        constant = float(np.mean(truth == most))
        return Scores("accuracy", accuracy_of_classes(ours, truth), accuracy_of_classes(theirs, truth), constant)
    ours, theirs = (o * encoding.target.spread + encoding.target.mean for o in (ours, theirs))
    constant = r2(np.full_like(truth, encoding.target.mean), truth)
    return Scores("R²", r2(ours, truth), r2(theirs, truth), constant, rmse(ours, truth))


def load_table_model(path: str | os.PathLike[str]) -> TableModel:
    """Load what `TableModel.save` wrote.

    Raises
    ------
    ModelFileError
        If the file is damaged, not a model file, or not of a table.
    """
    saved = load_checkpoint(path)
    if "table" not in saved.notes:
        raise ModelFileError(f"{shown_path(path)} holds a model without columns; it was not trained on a table.")
    try:
        encoding = Encoding.from_dict(saved.notes["table"])
        scores = None if saved.notes["scores"] is None else Scores(**saved.notes["scores"])
        rows = {part: expect(saved.notes["rows"][part], int, "a number of rows") for part in PARTS}
        table = TableModel(saved.model, encoding, saved.history, scores, rows)
        table.describe()  # whatever is not of its kind shows here
    except ModelFileError as error:
        raise ModelFileError(f"{shown_path(path)} {error}") from None
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(f"{shown_path(path)} is not a table's model of this version ({error}).") from error
    if encoding.width != saved.model.n_in or max(len(encoding.classes), 1) != len(saved.model.layers[-1].neurons):
        raise ModelFileError(f"{shown_path(path)} is damaged: its columns do not fit its network.")
    return table


def describe_model_file(path: str | os.PathLike[str]) -> str:
    """What a model file holds, in some lines, also if it is not of a table.

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


def predict_csv(
    model: TableModel | str | os.PathLike[str], data: str | os.PathLike[str], out: str | os.PathLike[str]
) -> int:
    """Add a column of predictions to a CSV file, chunk by chunk: the file may be larger than the memory.

    Parameters
    ----------
    model : TableModel or path
    data : path
        A CSV file with the columns of training, in any order; more columns are copied.
    out : path
        The file to write. The new column is named after the target: "predicted price".

    Returns
    -------
    int
        The number of rows.

    Raises
    ------
    TableError, UnknownNameError
        If the file cannot be used, or the network has no finite answer to a row; nothing is written then.
    ModelFileError
        If the model cannot be used.
    OutputError
        If the result cannot be written.
    """
    table = model if isinstance(model, TableModel) else load_table_model(model)
    file = CsvFile(data)
    if os.path.realpath(data) == os.path.realpath(out):
        raise OperandError(f"The predictions would replace their own input, {str(data)!r}; name another file.")
    for column in table.encoding.inputs:
        file.place_of(column.name)  # also where there are no rows
    predictor = Predictor(table.model, compile=True)
    count = 0
    with writing_atomically(out) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*file.columns, f"predicted {table.encoding.target.name}"])
        for rows in _chunks(file.rows(), min(CHUNK, max(1, CELLS // len(file.columns)))):
            outputs = predictor(encode_rows(rows, file, table.encoding))
            if not np.isfinite(outputs).all():
                wrong = int(np.argwhere(~np.isfinite(outputs))[0][0])
                raise file.error(rows[wrong][0], "the network has no finite answer to these numbers")
            answers = _answers(outputs, table.encoding)
            writer.writerows([*fields, answer] for (_, fields), answer in zip(rows, answers, strict=True))
            count += len(rows)
        text.flush()
        text.detach()
    return count


def _chunks(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, size)):
        yield chunk


def _answers(outputs: Array, encoding: Encoding) -> list[Any]:
    if encoding.classes:
        return [encoding.classes[i] for i in outputs.argmax(axis=1)]
    numbers: list[float] = (outputs * encoding.target.spread + encoding.target.mean).tolist()
    return numbers

"""Predictions for the rows of a CSV file."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from itertools import islice

import numpy as np

from autograd_lite.atomic_files import is_same_file, writing_atomically
from autograd_lite.errors import OperandError

from ..kinds import Array
from ..training.prediction import Predictor
from .columns import Encoding, encode_rows
from .csv_file import CsvFile, Row
from .formulas import FormulaFields
from .table_model import TableModel, load_table_model

__all__ = ["predict_csv"]


CHUNK = 10_000  # rows of a file that are in memory at once
CELLS = 1_000_000  # fields of a file that are in memory at once


def predict_csv(
    model: TableModel | str | os.PathLike[str],
    data: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    spreadsheet: bool = False,
) -> int:
    """Add a column of predictions to a CSV file, chunk by chunk: the file may be larger than the memory.

    Parameters
    ----------
    model : TableModel or path
    data : path
        A CSV file with the columns of training, in any order; more columns are copied.
    out : path
        The file to write. The new column is named after the target: "predicted price".
    spreadsheet : bool
        Whether to put an apostrophe before text that a spreadsheet takes for a formula; otherwise a warning names it.

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
    for source in (data, *([] if isinstance(model, TableModel) else [model])):
        if is_same_file(source, out):
            raise OperandError(f"The predictions would replace their own input, {str(source)!r}; name another file.")
    for column in table.encoding.inputs:
        file.index_of(column.name)  # also where there are no rows
    predictor = Predictor(table.model, compile=True)
    columns = [*file.columns, f"predicted {table.encoding.target.name}"]
    formulas = FormulaFields(columns, escape=spreadsheet)
    count = 0
    with writing_atomically(out) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(formulas.checked(1, list(columns)))
        for rows in _chunks(file.rows(), min(CHUNK, max(1, CELLS // len(file.columns)))):
            outputs = predictor(encode_rows(rows, file, table.encoding))
            if not np.isfinite(outputs).all():
                wrong = int(np.argwhere(~np.isfinite(outputs))[0][0])
                raise file.error(rows[wrong][0], "the network's output for these numbers is not finite")
            answers = _answers(outputs, table.encoding)
            writer.writerows(
                formulas.checked(line, [*fields, answer]) for (line, fields), answer in zip(rows, answers, strict=True)
            )
            count += len(rows)
        text.flush()
        text.detach()
    formulas.warn(str(out))
    return count


def _chunks(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, size)):
        yield chunk


def _answers(outputs: Array, encoding: Encoding) -> list[str] | list[float]:
    if encoding.classes:
        return [encoding.classes[i] for i in outputs.argmax(axis=1)]
    numbers: list[float] = (outputs * encoding.target.spread + encoding.target.mean).tolist()
    return numbers

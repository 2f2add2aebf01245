"""Data files as arrays: a training part and a held-out part.

A file is read several times, row by row; arrays that are too large for memory are kept in a temporary file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from autograd_lite.errors import UnknownNameError
from autograd_lite.text import plain, shown

from ..kinds import Array
from ..training.data import count_held_out
from .columns import Column, Encoding, finite_number, is_missing
from .csv_file import CsvFile

__all__ = ["Scan", "Split", "scan", "split_table"]


MOST_CATEGORIES = 200
IN_MEMORY = 50_000_000  # numbers: beyond 400 MB the arrays live in a temporary file
CHUNK = 10_000  # rows


@dataclass
class Split:
    """A data file as arrays: the training part, and the part held out to judge the result.

    Attributes
    ----------
    encoding : Encoding
    inputs, targets : float64 array
        Of the training part: (n, width) and (n,); classes are numbers from 0.
    held_inputs, held_targets : float64 array
        Of the held-out part.
    dropped : int
        How many rows were left out because a value is missing.
    """

    encoding: Encoding
    inputs: Array
    targets: Array
    held_inputs: Array
    held_targets: Array
    dropped: int


@dataclass
class Scan:
    """The result of reading a file once.

    Attributes
    ----------
    encoding : Encoding
        Without means and spreads.
    groups : list of int
        A number of the class of each usable row; empty if the target is a number.
    rows, dropped : int
        How many rows are usable, and how many have a missing value.
    """

    encoding: Encoding
    groups: list[int]
    rows: int
    dropped: int


def scan(
    file: CsvFile, target: str, *, task: str = "auto", ignore: Sequence[str] = (), drop_missing: bool = False
) -> Scan:
    """Read a file once and find the kinds of its columns.

    Raises
    ------
    TableError
        If a value is missing (the line and the column are named), a column mixes text and numbers, a text column has
        too many different texts, there are fewer than two rows, or fewer than two classes.
    UnknownNameError
        If there is no such column.
    """
    target_index = file.index_of(target)
    left_out = {file.index_of(name) for name in ignore} | {target_index}
    seen = {
        i: _Seen(name, grouped=i == target_index)
        for i, name in enumerate(file.columns)
        if i not in left_out or i == target_index
    }
    rows = dropped = 0
    for line, fields in file.rows():
        lacking = [i for i in seen if is_missing(fields[i])]
        if lacking and drop_missing:
            dropped += 1
            continue
        if lacking:
            raise file.error(
                line,
                f"the value of column {shown(file.columns[lacking[0]])} is missing; fill it in, leave out such rows "
                "(--drop-missing), or leave out the column (--ignore)",
            )
        rows += 1
        for i, column in seen.items():
            column.add(fields[i].strip(), line)
    if rows < 2:
        raise file.error(1, f"there are {rows} usable rows; at least 2 are needed")
    inputs = [column.as_input(file) for i, column in seen.items() if i != target_index]
    if not inputs:
        raise file.error(1, f"there is no column besides {target!r} to learn from")
    encoding = Encoding(inputs, seen[target_index].as_target(file, task))
    return Scan(encoding, seen[target_index].groups if encoding.classes else [], rows, dropped)


class _Seen:
    """Running statistics of one column."""

    def __init__(self, name: str, *, grouped: bool) -> None:
        self.name = name
        self.grouped = grouped  # whether to keep the text of each row, by number
        self.texts: dict[str, int] = {}
        self.groups: list[int] = []
        self.first_text: tuple[int, str] | None = None
        self.whole = True
        self.numbers = self.values = 0

    def add(self, text: str, line: int) -> None:
        number = finite_number(text)
        self.values += 1
        if number is None:
            self.first_text = self.first_text or (line, text)
        else:
            self.numbers += 1
            self.whole = self.whole and number.is_integer()
        if len(self.texts) <= MOST_CATEGORIES:
            group = self.texts.setdefault(text, len(self.texts))
            if self.grouped:
                self.groups.append(group)

    def as_input(self, file: CsvFile) -> Column:
        if self.first_text is None:
            return Column(self.name, "number")
        if self.numbers > 0.5 * self.values:
            line, text = self.first_text
            raise file.error(
                line, f"column {shown(self.name)} holds {shown(text)} among numbers; correct it, or ignore the column"
            )
        return self._categories(file)

    def as_target(self, file: CsvFile, task: str) -> Column:
        if task not in ("auto", "classification", "regression"):
            raise UnknownNameError.among("task", task, ["auto", "classification", "regression"])
        if task == "auto":
            task = "classification" if self.first_text or (self.whole and len(self.texts) <= 20) else "regression"
        if task == "regression":
            if self.first_text:
                line, text = self.first_text
                raise file.error(line, f"column {shown(self.name)} holds {shown(text)}; regression needs numbers")
            return Column(self.name, "number")
        column = self._categories(file)
        if column.width < 2:
            only = f"one class only, {shown(column.categories[0])}"
            raise file.error(1, f"column {shown(self.name)} holds {only}; there is nothing to tell apart")
        return column

    def _categories(self, file: CsvFile) -> Column:
        if len(self.texts) > MOST_CATEGORIES:
            raise file.error(
                1,
                f"column {shown(self.name)} holds more than {MOST_CATEGORIES} different texts, too many for "
                f"categories; leave it out (--ignore {plain(self.name)})",
            )
        as_numbers = self.first_text is None
        ordered = sorted(self.texts, key=float) if as_numbers else sorted(self.texts)
        return Column(self.name, "category", ordered)


def split_table(
    file: CsvFile,
    target: str,
    *,
    task: str = "auto",
    held_out: float = 0.25,
    seed: int = 0,
    ignore: Sequence[str] = (),
    drop_missing: bool = False,
) -> Split:
    """Read a file into arrays, with a random part held out; numbers are standardised by the training part alone.

    Parameters
    ----------
    file : CsvFile
    target : str
        The column to predict.
    task : str
        "classification", "regression", or "auto": classes if the column holds text, or at most 20 whole numbers.
    held_out : float
        The share of rows to hold out, in (0, 1).
    seed : int
        Of the random choice.
    ignore : sequence of str
        Columns to leave out.
    drop_missing : bool
        Whether rows with a missing value are left out; otherwise they are an error.

    Raises
    ------
    TableError, UnknownNameError, DomainError
        As `scan`; and if the share leaves no row on one side.
    """
    found = scan(file, target, task=task, ignore=ignore, drop_missing=drop_missing)
    encoding, rows, count = found.encoding, found.rows, count_held_out(held_out, found.rows)
    chosen = _chosen(found, count, np.random.default_rng(seed))
    train, test = parts = [_array((rows - count, encoding.width + 1)), _array((count, encoding.width + 1))]
    filled = [0, 0]
    indices = [file.index_of(column.name) for column in [*encoding.inputs, encoding.target]]
    whole = (row for row in file.rows() if not (drop_missing and any(is_missing(row[1][i]) for i in indices)))
    for (line, fields), held in zip(whole, chosen.tolist(), strict=True):
        parts[held][filled[held]] = _encoded([fields[i] for i in indices], line, file, encoding)
        filled[held] += 1
    _measure(encoding, train)
    for part in parts:
        for start in range(0, len(part), CHUNK):
            encoding.standardise(part[start : start + CHUNK, :-1])
    return Split(encoding, train[:, :-1], train[:, -1], test[:, :-1], test[:, -1], found.dropped)


def _chosen(found: Scan, count: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Choose rows at random, stratified by class."""
    order = rng.permutation(found.rows)
    if found.groups:
        order = order[np.argsort(np.array(found.groups)[order], kind="stable")]
    chosen = np.zeros(found.rows, dtype=bool)
    chosen[order[((np.arange(count) + 0.5) * found.rows / count).astype(int)]] = True
    return chosen


def _encoded(fields: list[str], line: int, file: CsvFile, encoding: Encoding) -> list[float]:
    """The fields of the inputs, then of the target, as one row of numbers."""
    *given, last = fields
    numbers = [
        x for column, text in zip(encoding.inputs, given, strict=True) for x in column.numbers_of(text, file, line)
    ]
    target = encoding.target.numbers_of(last, file, line)
    return [*numbers, float(target.index(1.0)) if encoding.classes else target[0]]


def _measure(encoding: Encoding, train: Array) -> None:
    """Set the mean and spread of each column of numbers, from the training part."""
    start = 0
    for column in [*encoding.inputs, encoding.target]:
        if column.kind == "number":
            numbers = train[:, start]
            column.mean = float(numbers.mean())
            column.spread = (float(numbers.std()) or 1.0) if numbers.min() < numbers.max() else 1.0
        start += column.width if column is not encoding.target else 1


def _array(shape: tuple[int, int]) -> Array:
    if shape[0] * shape[1] <= IN_MEMORY:
        return np.empty(shape)
    with tempfile.TemporaryFile() as file:  # the array keeps it open; it vanishes with the array
        return np.memmap(file, dtype=np.float64, mode="w+", shape=shape)

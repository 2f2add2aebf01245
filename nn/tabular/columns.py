"""Encoding of the columns of a data file as numbers.

A column of numbers is standardised by the mean and spread of the training part; a column of categories becomes one
column of 0 and 1 per category ("one-hot").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from autograd_lite.errors import ModelFileError
from autograd_lite.text import listed, shown

from ..kinds import Array, Json
from ..saving.archive import expect
from .csv_file import MISSING, CsvFile

__all__ = ["Column", "Encoding", "encode_rows", "finite_number", "is_missing"]


LARGEST = 1e100  # beyond it, squares and their sums overflow


@dataclass
class Column:
    """A column and its encoding.

    Attributes
    ----------
    name : str
    kind : str
        "number" or "category".
    categories : list of str
        In alphabetical order.
    mean, spread : float
        Of the numbers of the training part.
    """

    name: str
    kind: str
    categories: list[str] = field(default_factory=list)
    mean: float = 0.0
    spread: float = 1.0

    @property
    def width(self) -> int:
        """The number of inputs it becomes."""
        return len(self.categories) if self.kind == "category" else 1

    def numbers_of(self, text: str, file: CsvFile, line: int) -> list[float]:
        """Encode one field; numbers are not yet standardised."""
        text = text.strip()
        if is_missing(text):
            raise file.error(line, f"the value of column {self.name!r} is missing; fill it in, or drop such rows")
        if self.kind == "category":
            if text not in self.categories:
                known = listed(self.categories)
                raise file.error(line, f"column {self.name!r} holds {shown(text)}; known categories: {known}")
            return [float(text == category) for category in self.categories]
        number = finite_number(text)
        if number is None:
            raise file.error(line, f"column {self.name!r} holds {shown(text)}; a number is needed, not beyond 1e100")
        return [number]


@dataclass
class Encoding:
    """Encoding of rows as inputs and a target.

    Attributes
    ----------
    inputs : list of Column
    target : Column
        Of kind "category" for classes.
    """

    inputs: list[Column]
    target: Column

    @property
    def width(self) -> int:
        """The number of inputs of the network."""
        return sum(column.width for column in self.inputs)

    @property
    def classes(self) -> list[str]:
        """The names of the classes; empty if the target is a number."""
        return self.target.categories

    def standardise(self, inputs: Array) -> None:
        """Shift and scale the columns of numbers, in place."""
        means, spreads = self._scales()
        inputs -= means
        inputs /= spreads

    def _scales(self) -> tuple[Array, Array]:
        means = [m for c in self.inputs for m in ([c.mean] if c.kind == "number" else [0.0] * c.width)]
        spreads = [s for c in self.inputs for s in ([c.spread] if c.kind == "number" else [1.0] * c.width)]
        return np.array(means), np.array(spreads)

    def as_dict(self) -> Json:
        """As JSON types, for a model file."""
        return asdict(self)

    @staticmethod
    def from_dict(described: Json) -> Encoding:
        """Back from `as_dict`.

        Raises
        ------
        ModelFileError
            If a column is invalid.
        """
        encoding = Encoding([Column(**c) for c in described["inputs"]], Column(**described["target"]))
        for column in [*encoding.inputs, encoding.target]:
            expect(column.name, str, "the name of a column")
            names = [expect(name, str, "a category") for name in expect(column.categories, list, "categories")]
            expect(column.mean, float, "a mean")
            if column.kind != ("category" if names else "number") or expect(column.spread, float, "a spread") <= 0.0:
                raise ModelFileError(f"is damaged: it holds the column {shown(column)}.")
        return encoding


def encode_rows(rows: Sequence[tuple[int, list[str]]], file: CsvFile, encoding: Encoding) -> Array:
    """Encode rows of another file, by its column names; it need not have the target.

    Raises
    ------
    TableError
        If a value is missing, not a number, a category unknown in training, or too large beside the numbers of
        training.
    UnknownNameError
        If a column is missing.
    """
    columns = [(column, file.index_of(column.name)) for column in encoding.inputs]
    inputs = np.array(
        [[x for column, i in columns for x in column.numbers_of(fields[i], file, line)] for line, fields in rows]
    )
    with np.errstate(over="ignore"):
        encoding.standardise(inputs)
    bad = np.flatnonzero(~np.isfinite(inputs).all(axis=1))
    if len(bad):
        raise file.error(rows[bad[0]][0], "a number is too large beside those of training")
    return inputs


def is_missing(text: str) -> bool:
    """Whether a field is a missing value."""
    return text.strip().lower() in MISSING


def finite_number(text: str) -> float | None:
    """The number in a field; None if there is none, or it is infinite or too large to be squared."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) <= LARGEST and "_" not in text else None

"""Reading CSV files row by row, so that a file may be larger than the memory."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

from autograd_lite.errors import TableError, UnknownNameError

__all__ = ["MISSING", "CsvFile", "Row"]

Row = tuple[int, list[str]]
"""The line in the file, counted from 1, and the fields."""

MISSING = frozenset({"", "na", "n/a", "nan", "null", "?"})
"""What stands for a value that is not there, in lower case."""

LIMIT = 1_000_000  # characters of one field: more is a missing quotation mark


class CsvFile:
    r"""A CSV file with a header line: its columns, and its rows as often as they are asked for.

    The delimiter is a comma, a semicolon or a tab, whichever the header has most of.

    Parameters
    ----------
    path : path

    Attributes
    ----------
    columns : list of str
        The names in the header.

    Raises
    ------
    TableError
        If there is no such file, it is empty, not text in UTF-8, or the header has an empty or repeated name.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "data.csv"
    >>> _ = path.write_text("size,colour\n1.5,red\n2.0,blue\n")
    >>> CsvFile(path).columns, list(CsvFile(path).rows())
    (['size', 'colour'], [(2, ['1.5', 'red']), (3, ['2.0', 'blue'])])
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        with self._reading() as lines:
            header = next(lines, (1, []))[1]
        self.columns = [name.strip() for name in header]
        if not any(self.columns):
            raise self.error(1, "the file is empty; the first line must name the columns")
        for i, name in enumerate(self.columns):
            if not name:
                raise self.error(1, f"column {i + 1} has no name")
            if name in self.columns[:i]:
                raise self.error(1, f"two columns are named {name!r}")

    def place_of(self, column: str) -> int:
        """Which field a column is.

        Raises
        ------
        UnknownNameError
            If there is no such column; the nearest name is offered.
        """
        if column not in self.columns:
            raise UnknownNameError.among("column", column, self.columns)
        return self.columns.index(column)

    def rows(self) -> Iterator[Row]:
        """Give all rows, with their lines; empty lines are left out.

        Raises
        ------
        TableError
            If a row has more or fewer fields than the header, or the file breaks off.
        """
        with self._reading() as lines:
            next(lines)
            for line, fields in lines:
                if not fields:
                    continue
                if len(fields) != len(self.columns):
                    raise self.error(
                        line, f"there are {len(fields)} fields; the header names {len(self.columns)} columns"
                    )
                yield line, fields

    def error(self, line: int, what: str) -> TableError:
        """The error that names the file and the line."""
        return TableError(f"{str(self.path)!r}, line {line}: {what}.")

    def _reading(self) -> _Lines:
        return _Lines(self)


class _Lines:
    """The lines of a file while it is open, as fields; what Python says of a bad one becomes a `TableError`."""

    def __init__(self, file: CsvFile) -> None:
        self.file = file

    def __enter__(self) -> Iterator[Row]:
        try:
            self.stream = self.file.path.open(encoding="utf-8-sig", newline="")
        except OSError as error:
            raise TableError(f"{str(self.file.path)!r} cannot be read: {error.strerror or error}.") from error
        return self._fields()

    def __exit__(self, *_: object) -> None:
        self.stream.close()

    def _fields(self) -> Iterator[Row]:
        line = 0
        try:
            first = self.stream.readline()
            self.stream.seek(0)
            reader = csv.reader(self.stream, delimiter=max(",;\t", key=first.count), strict=True)
            csv.field_size_limit(LIMIT)
            for fields in reader:
                line = reader.line_num
                yield line, fields
        except UnicodeDecodeError as error:
            raise self.file.error(line + 1, f"this is not text in UTF-8 ({error.reason})") from error
        except csv.Error as error:
            raise self.file.error(line + 1, f"this is not CSV ({error})") from error
        except OSError as error:
            raise TableError(f"{str(self.file.path)!r} cannot be read: {error.strerror or error}.") from error

"""CSV files, read row by row: a file may be larger than the memory."""

from __future__ import annotations

import contextlib
import csv
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from autograd_lite.errors import TableError, UnknownNameError
from autograd_lite.text import plain, shown, shown_path

__all__ = ["MISSING", "CsvFile", "Row"]

Row = tuple[int, list[str]]
"""The line in the file, counted from 1, and the fields."""

MISSING = frozenset({"", "na", "n/a", "nan", "null", "?"})
"""Spellings of a missing value, in lower case."""

LONGEST_ROW = 2_000_000  # characters


class CsvFile:
    r"""A CSV file with a header line: its columns, and any number of passes over its rows.

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
        If there is no such file, it is empty, not text in UTF-8, or the header has an empty or repeated name. A file is
        read several times, so it must be a regular one, not a pipe.

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
        self._indices: dict[str, int] = {}
        for i, name in enumerate(self.columns):
            if not name:
                raise self.error(1, f"column {i + 1} has no name")
            if self._indices.setdefault(name, i) != i:
                raise self.error(1, f"two columns are named {shown(name)}")

    def index_of(self, column: str) -> int:
        """The index of a column.

        Raises
        ------
        UnknownNameError
            If there is no such column; the nearest name is offered.
        """
        if column not in self._indices:
            raise UnknownNameError.among("column", column, map(plain, self.columns))
        return self._indices[column]

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
        """The error, with the file and the line."""
        return TableError(f"{shown_path(self.path)}, line {line}: {what}.")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Iterator[Row]]:
        """The rows of the file while it is open; an `OSError` becomes a `TableError`."""
        try:
            if not self._is_regular():
                raise TableError(f"{shown_path(self.path)} cannot be read: it is not a regular file.")
            with self.path.open(encoding="utf-8-sig", newline="") as stream:
                yield self._fields(stream)
        except OSError as error:
            raise TableError(f"{shown_path(self.path)} cannot be read: {error.strerror or error}.") from error

    def _is_regular(self) -> bool:
        try:
            return stat.S_ISREG(self.path.stat().st_mode)
        except ValueError:  # NUL in the name
            return False

    def _fields(self, stream: TextIO) -> Iterator[Row]:
        line = 0
        try:
            first = stream.readline(LONGEST_ROW)
            stream.seek(0)
            lines = _Lines(stream)
            reader = csv.reader(lines, delimiter=max(",;\t", key=first.count), strict=True)
            for fields in reader:
                line, lines.length = reader.line_num, 0
                yield line, fields
        except UnicodeDecodeError as error:
            raise self.error(line + 1, f"this is not text in UTF-8 ({error.reason})") from error
        except csv.Error as error:
            raise self.error(line + 1, f"this is not CSV ({error})") from error


class _Lines:
    """The lines of a file; a row over the limit is an error."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.length = 0  # of the row, so far

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.stream.readline(LONGEST_ROW - self.length + 1)
        self.length += len(line)
        if not line:
            raise StopIteration
        if self.length > LONGEST_ROW:
            raise csv.Error(f"a row has more than {LONGEST_ROW} characters; a quotation mark may be missing")
        if "\0" in line:
            raise csv.Error("there is a NUL character")
        return line

"""The files that the demo writes, and the reasons for those that it skips."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from autograd_lite.atomic_files import write_whole
from autograd_lite.errors import MissingDependencyError, OutputError

from .first_page import first_page

__all__ = ["Files"]


class Files:
    """A folder, what was written into it, and what was skipped and why."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"The folder {str(folder)!r} cannot be created: {error.strerror}. Name another with --out FOLDER."
            ) from error
        self.folder = folder
        self.written: list[tuple[Path, str]] = []
        self.skipped: list[str] = []
        self.reasons: set[str] = set()

    def add(self, name: str, what: str, save: Callable[[Path], object]) -> None:
        """Write one file; skip it if what it needs is not installed."""
        path = self.folder / name
        try:
            save(path)
        except MissingDependencyError as error:
            self.skip(what, error)
        else:
            self.written.append((path, what))

    def skip(self, what: str, error: MissingDependencyError) -> None:
        """Print what is skipped, and each reason once."""
        reason = str(error)
        print(f"Skipped: {what}. {'(See above.)' if reason in self.reasons else reason}")
        self.reasons.add(reason)
        self.skipped.append(what)

    def report(self) -> None:
        """Write the page that says what to open first, and list the files."""
        if self.written:
            page = write_whole(self.folder / "index.html", first_page(self.written))
            self.written.insert(0, (page, "open this first: the files below, and what they show"))
        print(f"In {self.folder.resolve()}:" if self.written else "No files were written.")
        for path, what in self.written:
            print(f"  {path.name:<28} {what}")
        for what in self.skipped:
            print(f"  {'(skipped, see above)':<28} {what}")

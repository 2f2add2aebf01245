"""Writing files so that at any time, even after a power cut, there is the old file or the new one, whole."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from autograd_lite.errors import AutogradLiteError, OutputError

__all__ = ["check_writable", "writing_atomically"]

_next_number = itertools.count(1).__next__  # threads may write the same file


@contextlib.contextmanager
def writing_atomically(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a temporary file beside the target; at the end flush it to the disk and rename it.

    After an error in between, the target is as it was. Of several threads that write the same file the last one wins.

    Raises
    ------
    OutputError
        If it cannot be written: no such folder, no permission, a full disk. The old file is then still there.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "greeting"
    >>> with writing_atomically(path) as file:
    ...     _ = file.write(b"hello")
    >>> path.read_bytes()
    b'hello'
    """
    _check_kind(path)
    target = Path(os.path.realpath(path))  # a link stays one
    _sweep(target)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.{_next_number()}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        if isinstance(error, AutogradLiteError):
            raise
        raise OutputError(
            f"{str(path)!r} cannot be written: {error.strerror or error}. Nothing has changed; name another place."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Find out before long work whether its result can be written.

    Raises
    ------
    OutputError
        If there is no such folder, or no permission to write there, or the path is a folder.
    """
    target = Path(path)
    if target.is_dir() or not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
        reason = "it is a folder" if target.is_dir() else f"no folder {str(target.parent)!r} to write to"
        raise OutputError(f"{str(target)!r} cannot be written: {reason}. Name another place.")
    _check_kind(path)


def _check_kind(path: str | os.PathLike[str]) -> None:
    """Refuse to put a file in the place of a device or a pipe, or under a name that no file can have."""
    target = Path(path)
    if "\0" in str(target) or (target.exists() and not (target.is_file() or target.is_dir())):
        raise OutputError(f"{str(target)!r} cannot be written: it is no regular file. Name another place.")


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself last, where the system lets a folder be opened."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(target: Path) -> None:
    """Remove what a killed process left behind while it wrote the same file."""
    if sys.platform == "win32":
        return
    prefix = f".{target.name}."
    with contextlib.suppress(OSError):
        for leftover in target.parent.iterdir():
            if leftover.name.startswith(prefix) and leftover.suffix == ".tmp":
                process = leftover.name[len(prefix) : -len(".tmp")].partition(".")[0]
                if process.isdigit() and not _is_running(int(process)):
                    leftover.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True

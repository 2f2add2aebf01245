"""Write files so that at any time, even after a power cut, there is the old file or the new one, whole.

The bytes go to a temporary file beside the target, under a random name that no other program can prepare, and that file
takes the target's name. A link is followed: what it points to is replaced, and it stays a link. The new file has the
permissions of the one that it replaces.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from autograd_lite.errors import AutogradLiteError, OutputError

__all__ = ["check_writable", "is_same_file", "write_whole", "writing_atomically"]

StrPath = str | os.PathLike[str]
CREATE = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
STEM = 50  # characters of the target's name in the temporary one, which may not be longer than the system allows


@contextlib.contextmanager
def writing_atomically(path: StrPath, *, durable: bool = True) -> Iterator[BinaryIO]:
    """Open a temporary file beside the target; at the end it takes the target's place.

    After an error in between, the target is as it was. Of several threads that write the same file the last one wins.

    Parameters
    ----------
    path : str or path
        Where to; an existing file is replaced, and its permissions are kept.
    durable : bool
        Whether to wait until the disk has the file, so that it outlasts a power cut.

    Raises
    ------
    OutputError
        If it cannot be written: no such folder, no permission, a read-only file, a full disk. The old file is then
        still there.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "greeting"
    >>> with writing_atomically(path) as file:
    ...     _ = file.write(b"hello")
    >>> path.read_bytes()
    b'hello'
    """
    check_writable(path)
    target = Path(os.path.realpath(path))  # a link stays one
    _remove_leftovers(target)
    temporary = target.with_name(f"{_prefix(target)}{os.getpid()}.{os.urandom(8).hex()}.tmp")
    try:
        with _created(temporary, target) as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(target)
        if durable:
            _sync_folder(target.parent)
    except OSError as error:
        if isinstance(error, AutogradLiteError):
            raise
        raise _refusal(path, error.strerror or str(error)) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_whole(path: StrPath, content: bytes | str) -> Path:
    """Write a file that is there whole or not at all; it need not outlast a power cut.

    Parameters
    ----------
    path : str or path
        Where to; an existing file is replaced.
    content : bytes or str
        The whole file; text is written as UTF-8.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        If it cannot be written; nothing is left behind.
    """
    with writing_atomically(path, durable=False) as file:
        file.write(content.encode("utf-8", "replace") if isinstance(content, str) else content)
    return Path(path)


def check_writable(path: StrPath) -> None:
    """Find out before long work whether its result can be written.

    Raises
    ------
    OutputError
        If there is no such folder, or no permission to write there; if the path is a folder, a device, a pipe, a link
        to itself or a read-only file; if no file can have such a name.
    """
    target, found = _located(path)
    if found is not None:
        _check_replaceable(path, found)
    elif not target.parent.is_dir():
        raise _refusal(path, f"No such folder: {str(target.parent)!r}")
    if not os.access(target.parent, os.W_OK):
        raise _refusal(path, "Permission denied in its folder")


def _located(path: StrPath) -> tuple[Path, os.stat_result | None]:
    """The file that a path leads to, and what is there now."""
    try:
        target = Path(os.path.realpath(path))
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            return target, target.lstat()
    except (OSError, ValueError) as error:  # a name that is too long; a NUL in it
        raise _refusal(path, getattr(error, "strerror", None) or "no file can have this name") from error
    return target, None


def is_same_file(path: StrPath, other: StrPath) -> bool:
    """Whether two paths lead to one file; if not both exist, whether they would.

    Examples
    --------
    >>> is_same_file("answers.csv", "./answers.csv"), is_same_file("answers.csv", "data.csv")
    (True, False)
    """
    try:
        return Path(path).samefile(other)
    except OSError:
        return os.path.normcase(os.path.realpath(path)) == os.path.normcase(os.path.realpath(other))
    except ValueError:  # no file can have such a name
        return False


def _check_replaceable(path: StrPath, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise _refusal(path, "Is a directory")
    if not stat.S_ISREG(found.st_mode):
        raise _refusal(path, "it is not a regular file")
    if not found.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(path, os.W_OK):
        raise _refusal(path, "it is read-only")


def _refusal(path: StrPath, reason: str) -> OutputError:
    return OutputError(
        f"Cannot write {os.fspath(path)!r}: {reason}. Nothing has changed. Give a file in a folder that exists and "
        "that you may write to."
    )


def _created(temporary: Path, target: Path) -> BinaryIO:
    """Create the temporary file: new, no link, and with the permissions of the file that it will replace."""
    mode = stat.S_IMODE(target.stat().st_mode) & 0o777 if target.exists() else None
    descriptor = os.open(temporary, CREATE, 0o666 if mode is None else 0o600)
    if mode is not None and sys.platform != "win32":
        os.fchmod(descriptor, mode)
    return os.fdopen(descriptor, "wb")


def _prefix(target: Path) -> str:
    return f".{target.name[:STEM]}."


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself last, where the system lets a folder be opened."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_leftovers(target: Path) -> None:
    """Remove what a killed process left behind while it wrote the same file."""
    if sys.platform == "win32":
        return
    prefix = _prefix(target)
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

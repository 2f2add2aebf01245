"""Compiled code kept on disk, so that the next process need not compile it again.

A file holds one thing under the SHA-256 of all that went into making it, this library's own source included, and
begins with the SHA-256 of its content: a damaged file is as good as none. Since files hold machine code, nothing is
read from a folder or a file that is a link, belongs to somebody else, or that somebody else can write to. Whatever
fails here, code is compiled anew; no call fails because of it.

Types: ``Any`` stands for what `marshal` writes: numbers, text and containers of them.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import marshal
import os
import platform
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

__all__ = ["State", "clear", "folder", "key_of", "load", "problem", "save", "state"]

VARIABLE = "AUTOGRAD_LITE_CACHE"
OFF = ("", "0", "off", "none", "false")
LARGEST = 256 * 2**20  # bytes in all; the files that were used longest ago go first
KEPT = 0.75  # how much of it stays when they do
ABANDONED = 3600.0  # seconds after which a file that nobody finished writing is removed
HEAD = b"autograd-lite 1\n"
SUFFIX = ".code"
OTHERS = stat.S_IWGRP | stat.S_IWOTH
READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
PLAIN = 2  # the version of marshal that writes equal things equally


class State(NamedTuple):
    """What is on disk: where (None if nothing is kept), what speaks against using it, how many files, bytes in all."""

    path: Path | None
    problem: str
    files: int
    size: int


def folder() -> Path | None:
    """Where code is kept: what AUTOGRAD_LITE_CACHE says, else the user's folder for such things; None for nowhere."""
    given = os.environ.get(VARIABLE)
    if given is not None:
        return None if given.strip().lower() in OFF else Path(given)
    system = {"darwin": ("", "~/Library/Caches"), "win32": ("LOCALAPPDATA", "~/AppData/Local")}
    variable, usual = system.get(sys.platform, ("XDG_CACHE_HOME", "~/.cache"))
    root = Path(os.environ.get(variable, ""))
    root = root if root.is_absolute() else Path(os.path.expanduser(usual))  # noqa: PTH111 - Path's own raises without a home
    return root / "autograd_lite" if root.is_absolute() else None


def problem(path: Path) -> str:
    """Say why a folder is not used; nothing if it is, or can be made."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:  # no file can have such a name
        return getattr(error, "strerror", None) or str(error)
    return "it is not a folder" if stat.S_ISREG(found.st_mode) else _mistrust(found, stat.S_ISDIR(found.st_mode))


def _mistrust(found: os.stat_result, is_right: bool) -> str:
    """Say why a file or folder is not to be trusted."""
    if not is_right:
        return "it is a link" if stat.S_ISLNK(found.st_mode) else "it is of another kind"
    if hasattr(os, "geteuid"):
        if found.st_uid != os.geteuid():
            return "it belongs to another user"
        if found.st_mode & OTHERS:
            return "other users can write to it"
    return ""


def key_of(*parts: Any) -> str:
    """The name of what is made of these numbers and texts, by this library on this machine.

    Examples
    --------
    >>> key_of("object code", 1.0) == key_of("object code", 1.0) != key_of("object code", 2.0)
    True
    """
    return _digest(marshal.dumps([_surroundings(), *parts], PLAIN))


@functools.cache
def _surroundings() -> list[str]:
    """What code depends on besides the program: our source, and the versions below it."""
    ours = _source(Path(__file__).parent.parent)
    return [ours, sys.version, sys.implementation.name, np.__version__, platform.machine(), sys.byteorder]


def _source(package: Path) -> str:
    """The SHA-256 of our source, kept under the sizes and times of its files, which are found sooner."""
    files = sorted([*_modules(package), *_modules(package / "compiler", below=True)])
    key = _digest(marshal.dumps(["source", *files], PLAIN))
    known = load(key)
    if known is None:
        whole = hashlib.sha256()
        for path, *_ in files:
            content = _content(path)
            whole.update(f"{path.removeprefix(str(package))} {len(content)} ".encode())
            whole.update(content)
        known = whole.hexdigest().encode()
        save(key, known)
    return known.decode()


def _modules(folder: Path, *, below: bool = False) -> Iterator[tuple[str, int, int, int, int]]:
    """The modules of a folder, and of those below it: path, size, when content and entry changed, number."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:  # it may lie in an archive
        for entry in entries:
            if entry.name.endswith(".py"):
                found = entry.stat()
                yield entry.path, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino
            elif below and entry.name != "__pycache__" and entry.is_dir():
                yield from _modules(Path(entry.path), below=True)


def _content(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - Path's own way takes twice as long
        return file.read()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def load(key: str) -> bytes | None:
    """What is kept under a key; None if nothing is, or nothing that can be trusted."""
    path = _usable()
    if path is None:
        return None
    try:
        handle = os.open(path / f"{key}{SUFFIX}", READ)
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            if _mistrust(found, stat.S_ISREG(found.st_mode)):
                return None
            whole = file.read()
        with contextlib.suppress(OSError):
            os.utime(path / f"{key}{SUFFIX}")  # used now
    except OSError:
        return None
    content = whole[len(HEAD) + 32 :]
    return content if whole == _framed(content) else None


def save(key: str, content: bytes) -> None:
    """Keep something, if that is possible: a file is there whole or not at all."""
    path = _usable()
    if path is None:
        return
    with contextlib.suppress(OSError):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(mode=0o700, exist_ok=True)
        handle, temporary = tempfile.mkstemp(suffix=".tmp", dir=path)  # for its owner alone
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_framed(content))
            Path(temporary).replace(path / f"{key}{SUFFIX}")
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _bound(path)


def state() -> State:
    """Say what is on disk."""
    path = folder()
    if path is None:
        return State(None, "", 0, 0)
    if told := problem(path):
        return State(path, told, 0, 0)
    files = list(_files(path))
    told = "" if os.access(path if path.exists() else _existing(path), os.W_OK) else "it cannot be written to"
    return State(path, told, len(files), sum(found.st_size for _, found in files))


def clear() -> int:
    """Remove all files of ours; returns how many there were.

    Raises
    ------
    OSError
        If one of them cannot be removed.
    """
    path = _usable()
    files = [] if path is None else list(_files(path))
    for file, _ in files:
        file.unlink(missing_ok=True)
    return len(files)


def _usable() -> Path | None:
    path = folder()
    return None if path is None or problem(path) else path


def _existing(path: Path) -> Path:
    """The nearest folder above that is there."""
    return next(above for above in path.absolute().parents if above.exists())


def _framed(content: bytes) -> bytes:
    return HEAD + hashlib.sha256(content).digest() + content


def _files(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """All files of ours in a folder, finished or not."""
    with contextlib.suppress(OSError), os.scandir(path) as entries:
        for entry in entries:
            if entry.name.endswith((SUFFIX, ".tmp")) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError):  # another process may have removed it
                    yield path / entry.name, entry.stat(follow_symlinks=False)


def _bound(path: Path) -> None:
    """Remove what was used longest ago if there is too much, and what nobody finished writing."""
    files = sorted(_files(path), key=lambda pair: pair[1].st_mtime)
    total = sum(found.st_size for _, found in files)
    most = LARGEST if total <= LARGEST else KEPT * LARGEST
    for file, found in files:
        is_abandoned = file.suffix == ".tmp" and found.st_mtime < time.time() - ABANDONED
        if is_abandoned or total > most:
            file.unlink(missing_ok=True)
            total -= found.st_size

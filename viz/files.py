"""Writing a file so that it is there whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from autograd_lite.errors import OutputError

__all__ = ["write_whole"]


def write_whole(path: str | os.PathLike[str], content: bytes | str) -> Path:
    """Write a file through a temporary one beside it, which then takes its name.

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
    target = Path(path)
    raw = content.encode("utf-8", "replace") if isinstance(content, str) else content
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(target)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise OutputError(
            f"Cannot write {str(target)!r}: {reason}. Give a file in a folder that exists and that you may write to."
        ) from error
    return target


def _umask() -> int:
    """The permissions that new files must not get; a temporary file has none for others."""
    mask = os.umask(0)
    os.umask(mask)
    return mask

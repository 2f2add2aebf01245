"""Container of a model file: a NumPy .npz with a JSON manifest. Everything in it is checked before it is used.

Members are stored, not compressed, so their sizes are bounded by that of the file before any memory is taken. The
manifest has the SHA-256 and shape of each array, and ``manifest.sha256`` that of the manifest. An array is read on
demand, after checks of its size, header and checksum. Nothing is unpickled or evaluated. ``numpy.load`` opens such
a file too.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import math
import os
import stat
import struct
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from autograd_lite.atomic_files import writing_atomically
from autograd_lite.errors import ModelFileError, OperandError
from autograd_lite.text import shown, shown_path

from ..kinds import Array, Json

__all__ = ["Archive", "expect", "open_archive", "write_archive"]


FORMAT = "autograd_lite model"
VERSION = 1
MANIFEST, CHECKSUM = "manifest.json", "manifest.sha256"
EPOCH = (1980, 1, 1, 0, 0, 0)  # constant, so that the same model gives the same bytes

LARGEST = 2**27  # bytes of a file: five million weights with the state of Adam, which as Values take a gigabyte
LARGEST_MANIFEST = 2**21  # bytes: JSON takes up to thirty times as much memory
LARGEST_INDEX = 2**18  # bytes of the zip's list of members
CHUNK = 2**20  # bytes

END = struct.Struct("<4s4H2LH")  # the last record of a zip: signature, disks, members, size and offset of the index
HEADER = "{{'descr': '<f8', 'fortran_order': False, 'shape': {}, }}"  # what NumPy writes, before it adds blanks


def write_archive(path: str | os.PathLike[str], contents: Json, arrays: Mapping[str, Array]) -> None:
    """Write a model file, atomically.

    Raises
    ------
    OutputError
        If it cannot be written; an old file is then still there.
    OperandError
        If the contents cannot be written as JSON, or are too long, or the file would be too large to be read again.
    """
    members = {f"{name}.npy": _npy(array) for name, array in arrays.items()}
    listed = {
        name: {"sha256": _sha256(members[f"{name}.npy"]), "shape": list(array.shape)} for name, array in arrays.items()
    }
    members[MANIFEST] = _json({"format": FORMAT, "version": VERSION, **contents, "arrays": listed})
    members[CHECKSUM] = _sha256(members[MANIFEST]).encode()
    with ThreadPoolExecutor(1) as worker:  # zipfile loses a Ctrl-C while it writes; only the main thread receives one
        content = worker.submit(_zipped, members).result()
    if len(content) > LARGEST:
        raise OperandError(f"The model file would have {len(content)} bytes; at most {LARGEST} are read again.")
    with writing_atomically(path) as file:
        file.write(content)


def _zipped(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content)
    return buffer.getvalue()


def _json(manifest: Json) -> bytes:
    try:
        text = json.dumps(manifest, sort_keys=True, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise OperandError(
            f"The notes cannot be saved: {error}. Use finite numbers, text, lists, and dicts whose keys are text."
        ) from error
    if len(text) > LARGEST_MANIFEST:
        raise OperandError(
            f"The notes and names make {len(text)} bytes of JSON; a model file holds {LARGEST_MANIFEST}. Keep long "
            "notes in a file of their own."
        )
    return text


@contextlib.contextmanager
def open_archive(path: str | os.PathLike[str]) -> Iterator[Archive]:
    """Open a model file for reading.

    Raises
    ------
    ModelFileError
        If there is no such file, or it is damaged, truncated, or not a model file; also if that is found
        inside the ``with``, where its contents are used.
    """
    try:
        with _opened(Path(path)) as members:
            yield Archive(members)
    except ModelFileError as error:
        advice = " Use a copy, or save the model again." if str(error).startswith("is damaged") else ""
        raise ModelFileError(f"{shown_path(path)} {error}{advice}") from None
    except OSError as error:
        raise ModelFileError(f"{shown_path(path)} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # whatever a damaged file does to a parser
        raise ModelFileError(
            f"{shown_path(path)} is damaged, or not a model file of this version ({shown(str(error))})."
        ) from error


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip file after checking its size and its list of members."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ModelFileError("cannot be read: it is not a regular file.")
    if status.st_size > LARGEST:
        raise ModelFileError(f"is not a model file: it has {status.st_size} bytes; such files have at most {LARGEST}.")
    with path.open("rb") as file:
        file.seek(max(0, status.st_size - END.size))
        end = file.read()
        if len(end) != END.size or not end.startswith(b"PK\5\6"):
            raise ModelFileError("is damaged, or not a model file: it does not end as a zip file does.")
        _, *counts, size, offset, comment = END.unpack(end)
        if size > LARGEST_INDEX or offset + size + END.size != status.st_size or comment:
            raise ModelFileError("is damaged, or not a model file: its list of members is not where it should be.")
        with zipfile.ZipFile(file) as members:
            if counts != [0, 0, len(members.namelist()), len(members.namelist())]:
                raise ModelFileError("is damaged: it has other members than it says.")
            yield members


class Archive:
    """A model file that is open.

    Attributes
    ----------
    contents : dict
        The manifest without its list of arrays.
    shapes : dict of str to tuple of int
        Shape of each array.
    """

    def __init__(self, members: zipfile.ZipFile) -> None:
        self._members = members
        infos = members.infolist()
        self._sizes = {info.filename: info.file_size for info in infos}
        if any(info.compress_type != zipfile.ZIP_STORED for info in infos):
            raise ModelFileError("is not a model file: its members are compressed.")
        if len(self._sizes) != len(infos):
            raise ModelFileError("is damaged: two of its members have one name.")
        if not {MANIFEST, CHECKSUM} <= set(self._sizes):
            raise ModelFileError("is not a model file: it has no manifest.")
        if self._sizes[MANIFEST] > LARGEST_MANIFEST or self._sizes[CHECKSUM] != hashlib.sha256().digest_size * 2:
            raise ModelFileError("is damaged: its manifest is too long.")
        text = members.read(MANIFEST)
        if _sha256(text).encode() != members.read(CHECKSUM):
            raise ModelFileError("is damaged: the manifest does not have its checksum.")
        self.contents = _parsed(text)
        if self.contents["format"] != FORMAT:
            raise ModelFileError(f"is not a model file: its format is {shown(self.contents['format'])}.")
        if self.contents["version"] != VERSION:
            version = shown(self.contents["version"])
            raise ModelFileError(f"has version {version} of the format; this program reads version {VERSION}.")
        self._listed = self.contents.pop("arrays")
        if {*self._sizes} != {MANIFEST, CHECKSUM, *[f"{name}.npy" for name in self._listed]}:
            raise ModelFileError("is damaged: the manifest lists other arrays than there are.")
        self.shapes = {name: _shape(listed["shape"]) for name, listed in self._listed.items()}

    def array(self, name: str) -> Array:
        """Read an array, after all checks.

        Raises
        ------
        ModelFileError
            If it is not what the manifest says.
        """
        shape = self.shapes[name]
        size = 8 * math.prod(shape)
        if not size < self._sizes[f"{name}.npy"] < size + CHUNK:
            raise ModelFileError(f"is damaged: the array {name} has another size than the manifest says.")
        with self._members.open(f"{name}.npy") as stream:
            digest = hashlib.sha256()
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
        if digest.hexdigest() != self._listed[name]["sha256"]:
            raise ModelFileError(f"is damaged: the array {name} does not have its checksum.")
        with self._members.open(f"{name}.npy") as stream:
            magic, length = stream.read(8), int.from_bytes(stream.read(2), "little")
            header, data = stream.read(length), stream.read()
        if magic != b"\x93NUMPY\1\0" or header.rstrip() != HEADER.format(shape).encode() or len(data) != size:
            raise ModelFileError(f"is damaged: the array {name} is not what the manifest says.")
        return np.frombuffer(data, dtype="<f8").reshape(shape).astype(np.float64)


def expect(found: object, kind: type, what: str) -> Any:  # of that kind
    """Return what was found if it has the expected type; a bool is not a number.

    Raises
    ------
    ModelFileError
        If it is something else.
    """
    if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
        raise ModelFileError(f"is damaged: {what} is {shown(found)}.")
    return found


def _parsed(text: bytes) -> Json:
    """Parse strict JSON: no NaN, no repeated name in an object."""
    found = json.loads(text, object_pairs_hook=_each_once, parse_constant=_no_number, parse_float=_finite)
    if not isinstance(found, dict):
        raise ModelFileError("is not a model file: its manifest is not a JSON object.")
    return found


def _each_once(pairs: list[tuple[str, object]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ModelFileError("is damaged: the manifest has one name twice.")
    return found


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _no_number(text: str) -> float:
    raise ModelFileError(f"is damaged: the manifest holds {shown(text)} where a number should be.")


def _shape(listed: object) -> tuple[int, ...]:
    if not isinstance(listed, list) or not all(type(n) is int and n >= 0 for n in listed):
        raise ModelFileError(f"is damaged: the manifest holds the shape {shown(listed)}.")
    return tuple(listed)


def _npy(array: Array) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array, dtype="<f8"), version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

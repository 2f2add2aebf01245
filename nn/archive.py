"""The container of a model file: a NumPy .npz with a JSON manifest, in which every byte is accounted for.

Members are stored, not compressed, so their sizes are bounded by that of the file before any memory is taken. The
manifest has the SHA-256 and shape of each array, and ``manifest.sha256`` that of the manifest. Nothing is unpickled.
``numpy.load`` opens such a file too.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_lite.errors import ModelFileError

from .files import writing_atomically

__all__ = ["read_archive", "write_archive"]

Array = npt.NDArray[np.float64]

FORMAT = "autograd_lite model"
VERSION = 1
MANIFEST, CHECKSUM = "manifest.json", "manifest.sha256"
EPOCH = (1980, 1, 1, 0, 0, 0)  # no time of writing: the same model is the same bytes


def write_archive(path: str | os.PathLike[str], contents: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write a model file, atomically.

    Raises
    ------
    OutputError
        If it cannot be written; an old file is then still there.
    """
    members = {f"{name}.npy": _npy(array) for name, array in arrays.items()}
    listed = {
        name: {"sha256": _sha256(members[f"{name}.npy"]), "shape": list(array.shape)} for name, array in arrays.items()
    }
    manifest = {"format": FORMAT, "version": VERSION, **contents, "arrays": listed}
    members[MANIFEST] = json.dumps(manifest, indent=1, sort_keys=True).encode()
    members[CHECKSUM] = _sha256(members[MANIFEST]).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content)
    with writing_atomically(path) as file:
        file.write(buffer.getvalue())


def read_archive(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Array]]:
    """Read a model file: the manifest's contents, and the arrays.

    Raises
    ------
    ModelFileError
        If there is no such file, or it is damaged, truncated, or not a model file.
    """
    try:
        return _read(Path(path))
    except ModelFileError as error:
        raise ModelFileError(f"{str(path)!r} {error} Use a copy, or save the model again.") from None
    except OSError as error:
        raise ModelFileError(f"{str(path)!r} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # whatever a damaged file does to a parser
        raise ModelFileError(f"{str(path)!r} is damaged, or not a model file ({error}).") from error


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    size = path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        if any(i.compress_type != zipfile.ZIP_STORED or i.file_size != i.compress_size for i in infos):
            raise ModelFileError("is not a model file: its members are compressed.")
        if sum(i.file_size for i in infos) > size:
            raise ModelFileError("is damaged: it promises more than the file holds.")
        members = {i.filename: archive.read(i) for i in infos}
    text = members.pop(MANIFEST, None)
    checksum = members.pop(CHECKSUM, None)
    if text is None or checksum is None:
        raise ModelFileError("is not a model file: it has no manifest.")
    if _sha256(text).encode() != checksum:
        raise ModelFileError("is damaged: the manifest does not have its checksum.")
    manifest = json.loads(text)
    if manifest["format"] != FORMAT or manifest["version"] != VERSION:
        raise ModelFileError(f"has version {manifest['version']} of the format; this program reads version {VERSION}.")
    listed = manifest.pop("arrays")
    if sorted(members) != sorted(f"{name}.npy" for name in listed):
        raise ModelFileError("is damaged: the manifest lists other arrays than there are.")
    return manifest, {name: _array(name, members[f"{name}.npy"], listed[name]) for name in listed}


def _npy(array: Array) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array, dtype="<f8"), version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def _array(name: str, content: bytes, listed: Mapping[str, Any]) -> Array:
    if _sha256(content) != listed["sha256"]:
        raise ModelFileError(f"is damaged: the array {name} does not have its checksum.")
    buffer = io.BytesIO(content)
    version = np.lib.format.read_magic(buffer)
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(buffer)
    rest = content[buffer.tell() :]
    if version != (1, 0) or fortran or dtype != np.dtype("<f8") or list(shape) != listed["shape"]:
        raise ModelFileError(f"is damaged: the array {name} is not what the manifest says.")
    return np.frombuffer(rest, dtype="<f8").reshape(shape).astype(np.float64)  # fails unless it is as long as it says


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

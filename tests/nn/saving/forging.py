"""Model files that nobody wrote by accident: members, sizes and manifests changed, with all checksums made right."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import warnings
import zipfile
import zlib

import numpy as np

CENTRAL, LOCAL, END = b"PK\1\2", b"PK\3\4", b"PK\5\6"


def unzipped(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members, compression=zipfile.ZIP_STORED):
    """A zip of (name, content) pairs, names repeated as they are given."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", compression) as archive:
        warnings.simplefilter("ignore", UserWarning)  # names that come twice
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=compression)
    return buffer.getvalue()


def rewritten(content, change, compression=zipfile.ZIP_STORED, stale=()):
    """The archive with one member changed and all checksums but the stale ones made right: an attack, no accident."""
    members = unzipped(content)
    manifest = json.loads(members["manifest.json"])
    change(members, manifest)
    for name, listed in manifest["arrays"].items():
        if f"{name}.npy" in members and name not in stale:
            listed["sha256"] = hashlib.sha256(members[f"{name}.npy"]).hexdigest()
    if "manifest" in stale:
        members["manifest.json"] = json.dumps(manifest).encode()
    else:
        sign(members, json.dumps(manifest).encode())
    return zipped(members.items(), compression)


def sign(members, manifest):
    members["manifest.json"] = manifest
    members["manifest.sha256"] = hashlib.sha256(manifest).hexdigest().encode()


def with_manifest(content, change):
    """The archive with the text of its manifest changed, and its checksum made right."""
    members = unzipped(content)
    sign(members, change(members["manifest.json"]))
    return zipped(members.items())


def header(shape, descr="<f8", order="False", version=1):
    """The header of an array, with a shape and a type of any text."""
    text = f"{{'descr': {descr!r}, 'fortran_order': {order}, 'shape': {shape}, }}".encode() + b" " * 64 + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + len(text).to_bytes(2 if version == 1 else 4, "little") + text


def fields_changed(content, signature, offset, layout, change):
    """The bytes with one field of each record of a zip replaced."""
    raw, place = bytearray(content), -1
    while (place := raw.find(signature, place + 1)) >= 0:
        changed = change(*struct.unpack_from(layout, raw, place + offset))
        struct.pack_into(layout, raw, place + offset, *(changed if isinstance(changed, tuple) else (changed,)))
    return bytes(raw)


def bomb(size):
    """Zeros of a size, deflated without being there: the same block again and again."""
    block = 2**20
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packer.compress(bytes(block))
    packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    return again * (size // block)


def deflated_member(name, packed, size):
    """A zip with one member that says it is deflated, and how large it is."""
    zeros = zlib.crc32(b"")
    sizes = struct.pack("<LLL", zeros, len(packed), size)
    local = LOCAL + struct.pack("<5H", 20, 0, 8, 0, 33) + sizes + struct.pack("<HH", len(name), 0) + name
    central = CENTRAL + struct.pack("<6H", 20, 20, 0, 8, 0, 33) + sizes
    central += struct.pack("<5HLL", len(name), 0, 0, 0, 0, 0, 0) + name
    start = len(local) + len(packed)
    return local + packed + central + END + struct.pack("<4H2LH", 0, 0, 1, 1, len(central), start, 0)


def many_members(count):
    """A zip whose index is longer than a model's could be."""
    names = [b"%d" % i for i in range(count)]
    index = b"".join(CENTRAL + bytes(24) + struct.pack("<5HLL", len(name), 0, 0, 0, 0, 0, 0) + name for name in names)
    return index + END + struct.pack("<4H2LH", 0, 0, count & 0xFFFF, count & 0xFFFF, len(index), 0, 0)


def padded(content, name, size):
    """The archive with zeros before the index, up to a size, as members of that name; written as holes in a file."""
    members = [(other, text) for other, text in unzipped(content).items() if other != name]
    whole = zipped([*members, (name, b"")])
    info = zipfile.ZipFile(io.BytesIO(whole)).getinfo(name)
    start = info.header_offset + 30 + len(name)
    count, grown = len(members) + 1, size - len(whole)
    end = bytearray(whole[start:])
    last = end.rfind(CENTRAL)
    struct.pack_into("<LL", end, last + 20, *[min(grown, 2**32 - 1)] * 2)
    place = start + grown
    struct.pack_into("<4H2L", end, end.rfind(END) + 4, 0, 0, count, count, len(end) - 22, min(place, 2**32 - 1))
    return whole[:start], place, bytes(end)


def write_sparse(path, head, place, end):
    """A file with a hole in it."""
    with path.open("wb") as file:
        file.write(head)
        file.seek(place)
        file.write(end)


def floats(*numbers):
    """The bytes of an array."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.array(numbers, dtype="<f8"), version=(1, 0))
    return buffer.getvalue()

"""A table of model files made to do harm: forged arrays and manifests, zips that lie, files that are none."""

from __future__ import annotations

import os
import struct
import zipfile

from tests.support import forging
from tests.support.forging import CENTRAL, LOCAL, fields_changed, header, rewritten, with_manifest, zipped


def set_array(content, shape=None, name="weights"):
    def change(members, manifest):
        members[f"{name}.npy"] = content
        if shape is not None:
            manifest["arrays"][name]["shape"] = shape

    return change


def declared(shape):
    return set_array(header(tuple(shape) if isinstance(shape, list) else shape) + bytes(8), shape)


def at(*path, value):
    """Change one entry of the manifest."""

    def change(members, manifest):
        *way, last = path
        for key in way:
            manifest = manifest[key]
        manifest[last] = value

    return change


def column(place, **changes):
    def change(members, manifest):
        table = manifest["notes"]["table"]
        (table["target"] if place is None else table["inputs"][place]).update(changes)

    return change


SIZE = 64  # the bytes of the eight weights
FORGED = {  # with every checksum made right
    "a huge array": declared([10**12]),
    "a product beyond 64 bits": declared([2**33, 2**33]),
    "many dimensions": declared([1] * 20_000),
    "a negative size": declared([-8]),
    "sizes whose product is right": declared([-2, -4]),
    "a size that is no number": at("arrays", "weights", "shape", value=["ten"]),
    "a size that is true": at("arrays", "weights", "shape", value=[True]),
    "a shape that is no list": at("arrays", "weights", "shape", value="8"),
    "objects, which would be unpickled": set_array(header("(8,)", "|O") + b"\x80\x04K\x01." + bytes(59)),
    "records": set_array(header("(8,)", [("a", "<f8")]) + bytes(SIZE)),
    "items of no size": set_array(header("(8,)", "|V0") + bytes(SIZE)),
    "items of a gigabyte": set_array(header("(8,)", "|V1073741824") + bytes(SIZE)),
    "single precision": set_array(header("(16,)", "<f4") + bytes(SIZE)),
    "big-endian": set_array(header("(8,)", ">f8") + bytes(SIZE)),
    "Fortran order": set_array(header("(8,)", order="True") + bytes(SIZE)),
    "a program in the header": set_array(header("__import__('os').system('true')") + bytes(SIZE)),
    "a deep header": set_array(header("(" * 5000 + ")" * 5000) + bytes(SIZE)),
    "a header of the next version": set_array(header("(8,)", version=2) + bytes(SIZE)),
    "a header of another format": set_array(b"\x94" + header("(8,)")[1:] + bytes(SIZE)),
    "a header longer than the file": set_array(b"\x93NUMPY\1\0\xff\xff" + bytes(SIZE + 60)),
    "an array cut short": set_array(header("(8,)") + bytes(SIZE - 8)),
    "an array too long": set_array(header("(8,)") + bytes(SIZE + 8)),
    "not an array": set_array(b"hello"),
    "an array that is not there": lambda m, j: m.pop("weights.npy"),
    "an array that is not listed": lambda m, j: m.update({"more.npy": header("(0,)")}),
    "a path out of the folder": lambda m, j: m.update({"../../x": b"x"}),
    "a path from the root": lambda m, j: m.update({"/etc/passwd": b"x"}),
    "a name of a megabyte": lambda m, j: j["arrays"].update({"x" * 1_000_000: {"sha256": "", "shape": []}}),
    "a zip in the zip": lambda m, j: m.update({"weights.npy": zipped([("weights.npy", bytes(1000))])}),
    "a huge network": at("architecture", "sizes", value=[10**9, 1]),
    "negative layers": at("architecture", "sizes", value=[-3, 1]),
    "layers of halves": at("architecture", "sizes", value=[1.5, 1]),
    "a hundred thousand layers": at("architecture", "sizes", value=[1] * 100_000),
    "no layers": at("architecture", "sizes", value=[]),
    "an unknown activation": at("architecture", "activation", value="os.system"),
    "an unknown word": at("architecture", "colour", value="red"),
    "an architecture of another kind": at("architecture", value=[1, 2]),
    "no architecture": lambda m, j: j.pop("architecture"),
    "another version": at("version", value=99),
    "another format": at("format", value="theirs"),
    "a name of another kind": at("model", value=["MLP"]),
    "notes of another kind": at("notes", value=[1]),
    "an unknown optimizer": at("optimizer", "kind", value="eval"),
    "a rate that is text": at("optimizer", "settings", "lr", value="0.1"),
    "a negative rate": at("optimizer", "settings", "lr", value=-0.1),
    "an unknown setting": at("optimizer", "settings", "file", value="x"),
    "steps that are text": at("optimizer", "steps", value="5"),
    "steps below zero": at("optimizer", "steps", value=-5),
    "a state of other weights": set_array(header("(1,)") + bytes(8), [1], "optimizer.mean"),
    "a state by other names": lambda m, j: (
        m.update({"optimizer.x.npy": m.pop("optimizer.mean.npy")}),
        j["arrays"].update({"optimizer.x": j["arrays"].pop("optimizer.mean")}),
    ),
    "a history of nonsense": at("history", value={"a": 1}),
    "a seed below zero": at("history", "seed", value=-1),
    "a reason that is a number": at("history", "stopped", value=5),
    "metrics that are not there": at("history", "metrics", value=["r2"]),
    "a history in a square": set_array(header("(1, 1)") + bytes(8), [1, 1], "history.loss"),
    "more rates than epochs": set_array(forging.floats(1.0, 2.0, 3.0, 4.0), [4], "history.lr"),
    "a column without a name": column(0, name=None),
    "a column of another kind": column(0, kind="date"),
    "a column without spread": column(0, spread=0.0),
    "a spread that is text": column(0, spread="1.0"),
    "a mean that is true": column(0, mean=True),
    "categories that are numbers": column(1, categories=[1, 2]),
    "a category too many": column(1, categories=["blue", "red", "green"]),
    "a class too many": column(None, categories=["no", "yes", "perhaps"]),
    "scores that are text": at("notes", "scores", "model", value="good"),
    "no scores": lambda m, j: j["notes"].pop("scores"),
    "rows that are text": at("notes", "rows", "training", value="many"),
    "rows that are not there": at("notes", "rows", value={}),
}


def text_replaced(old, new):
    def change(text):
        assert old in text
        return text.replace(old, new, 1)

    return change


WRITTEN = {  # manifests that no writer of JSON makes, each with its checksum
    "a hundred thousand brackets": lambda text: b"[" * 100_000 + b"]" * 100_000,
    "a hundred thousand objects": lambda text: b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a number of a million digits": text_replaced(b'"version": 1', b'"version": ' + b"9" * 1_000_000),
    "a fraction of a million digits": text_replaced(b'"version": 1', b'"version": 1.' + b"9" * 1_000_000),
    "a text of a megabyte": text_replaced(b'"version": 1', b'"version": "' + b"x" * 1_000_000 + b'"'),
    "a million names": lambda text: b"{" + b",".join(b'"%d":1' % i for i in range(170_000)) + b"}",
    "a million lists": lambda text: b"[" + b"[]," * 690_000 + b"[]]",
    "ten megabytes": lambda text: b" " * 10_000_000 + text,
    "NaN": text_replaced(b'"version": 1', b'"version": NaN'),
    "NaN in the notes": text_replaced(b'"mean": 0.0', b'"mean": NaN'),
    "infinity in the notes": text_replaced(b'"mean": 0.0', b'"mean": -Infinity'),
    "infinity by its exponent": text_replaced(b'"mean": 0.0', b'"mean": 1e999'),
    "a name twice": text_replaced(b'"version": 1', b'"version": 1, "version": 1'),
    "a weight's name twice": text_replaced(b'"arrays": {', b'"arrays": {"weights": {"sha256": "", "shape": []}, '),
    "not UTF-8": text_replaced(b'"version": 1', b'"version\xff": 1'),
    "half of it": lambda text: text[: len(text) // 2],
    "a list": lambda text: b"[]",
    "a number": lambda text: b"7",
    "nothing": lambda text: b"",
}


def end_changed(content, **fields):
    names = ("disk", "disks", "here", "count", "size", "place", "comment")
    raw = bytearray(content)
    values = dict(zip(names, struct.unpack_from("<4H2LH", raw, len(raw) - 18), strict=True)) | fields
    struct.pack_into("<4H2LH", raw, len(raw) - 18, *values.values())
    return bytes(raw)


def overlapping(content):
    """Every member of the index points at the first one."""
    return fields_changed(content, CENTRAL, 42, "<L", lambda place: 0)


ZIPS = {
    "empty": lambda content: b"",
    "text": lambda content: b"hello",
    "the beginning of a zip": lambda content: content[:4],
    "the end of a zip": lambda content: content[-22:],
    "ten gigabytes of zeros, deflated": lambda content: forging.deflated_member(
        b"weights.npy", forging.bomb(10 * 2**30), 2**32 - 2
    ),
    "deflated": lambda content: rewritten(content, lambda m, j: None, zipfile.ZIP_DEFLATED),
    "lzma": lambda content: rewritten(content, lambda m, j: None, zipfile.ZIP_LZMA),
    "sizes that the index makes larger": lambda content: fields_changed(
        content, CENTRAL, 24, "<L", lambda size: size + 2**31 - 10**6
    ),
    "both sizes of the index larger": lambda content: fields_changed(
        content, CENTRAL, 20, "<Q", lambda sizes: 2**31 * (2**32 + 1)
    ),
    "sizes that the index makes smaller": lambda content: fields_changed(content, CENTRAL, 20, "<Q", lambda sizes: 0),
    "another name at the member": lambda content: content.replace(b"weights.npy", b"weighty.npy", 1),
    "members that overlap": overlapping,
    "members beyond the file": lambda content: fields_changed(content, CENTRAL, 42, "<L", lambda place: 2**31),
    "encrypted": lambda content: fields_changed(content, CENTRAL, 8, "<H", lambda flags: flags | 1),
    "encrypted, as the members say": lambda content: fields_changed(
        fields_changed(content, CENTRAL, 8, "<H", lambda flags: flags | 1), LOCAL, 6, "<H", lambda flags: flags | 1
    ),
    "a patch": lambda content: fields_changed(content, CENTRAL, 8, "<H", lambda flags: flags | 0x20),
    "a name twice": lambda content: zipped([*forging.unzipped(content).items()] * 2),
    "no name": lambda content: zipped([*forging.unzipped(content).items(), ("", b"x")]),
    "70,000 members": lambda content: forging.many_members(70_000),
    "a count of 65,535": lambda content: end_changed(content, here=0xFFFF, count=0xFFFF),
    "zip64": lambda content: (
        content[:-22]
        + struct.pack("<4sLQ4s", b"PK\6\6", 44, 0, b"")
        + struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
        + end_changed(content, count=0xFFFF, place=0xFFFFFFFF)[-22:]
    ),
    "an index of four gigabytes": lambda content: end_changed(content, size=2**32 - 1),
    "an index before the file": lambda content: end_changed(content, place=2**32 - 1),
    "a comment": lambda content: end_changed(content, comment=5) + b"hello",
    "a program before it": lambda content: b"#!/bin/sh\n" + content,
    "bytes after it": lambda content: content + b"x",
    "two ends": lambda content: content + content[-22:],
}
SPARSE = {  # an array that is made of zeros, and the size of the file
    "ten gigabytes of zeros, stored": ("weights", 10 * 2**30),
    "two gigabytes of zeros, stored": ("weights", 2 * 2**30),
    "as many zeros as a file may have, in weights": ("weights", 2**27 - 1),
    "as many zeros as a file may have, in the history": ("history.loss", 2**27 - 1),
}
PLACES = ("a folder", "a pipe", "zeros without end", "a link to itself", "a name that is not there", "NUL in the name")


def make_place(name, path):
    if name == "a folder":
        path.mkdir()
    elif name == "a pipe":
        os.mkfifo(path)
    elif name == "zeros without end":
        path.symlink_to("/dev/zero")
    elif name == "a link to itself":
        path.symlink_to(path)
    return f"{path}\0" if name == "NUL in the name" else str(path)


def hostile_models(sound, folder):
    """Write all of them; their paths by name."""
    content = sound.read_bytes()
    made = {name: rewritten(content, change) for name, change in FORGED.items()}
    made |= {f"manifest: {name}": with_manifest(content, change) for name, change in WRITTEN.items()}
    made |= {f"zip: {name}": change(content) for name, change in ZIPS.items()}
    paths = {}
    for i, (name, forged) in enumerate(made.items()):
        path = folder / f"{i}.npz"
        path.write_bytes(forged)
        paths[name] = str(path)
    for i, (name, (array, size)) in enumerate(SPARSE.items()):
        path = folder / f"sparse{i}.npz"
        longer = rewritten(content, at("arrays", array, "shape", value=[size // 8 - 1000]))
        forging.write_sparse(path, *forging.padded(longer, f"{array}.npy", size))
        paths[f"zip: {name}"] = str(path)
    return paths | {name: make_place(name, folder / f"place{i}") for i, name in enumerate(PLACES)}


REASONS = {  # of some, the check that stands before those that would find them as well, later or at more cost
    "a negative size": "holds the shape",
    "sizes whose product is right": "holds the shape",
    "a size that is no number": "holds the shape",
    "a size that is true": "holds the shape",
    "a shape that is no list": "holds the shape",
    "not an array": "another size",
    "an array cut short": "not what the manifest says",
    "zip: 70,000 members": "list of members",
    "zip: two gigabytes of zeros, stored": "such files have at most",
}
MODELS = [*FORGED, *(f"manifest: {name}" for name in WRITTEN), *(f"zip: {name}" for name in [*ZIPS, *SPARSE]), *PLACES]

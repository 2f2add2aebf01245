"""Files are replaced whole: permissions kept, links followed, what is planted not obeyed, what is read-only refused."""

from __future__ import annotations

import os
import stat
import sys

import pytest

from autograd_lite import OutputError, Value, nn, viz
from autograd_lite.atomic_files import check_writable, is_same_file, write_whole, writing_atomically

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="permissions and links of POSIX")

WRITERS = {
    "write_whole": lambda path: write_whole(path, b"new"),
    "writing_atomically": lambda path: _write(path, b"new"),
    "save": lambda path: nn.save(nn.MLP(1, [1]), path),
    "draw": lambda path: viz.draw(Value(1.0, "x") * 2.0).save(path),
    "steps": lambda path: viz.steps(Value(1.0, "x") * 2.0).save(path),
}
ENDINGS = {"draw": ".dot", "steps": ".txt"}


def _write(path, content):
    with writing_atomically(path) as file:
        file.write(content)


@pytest.fixture(params=WRITERS)
def written(request, tmp_path):
    """Something that writes a file, and the path to it."""
    return WRITERS[request.param], tmp_path / f"file{ENDINGS.get(request.param, '')}"


def files_beside(path):
    return sorted(file.name for file in path.parent.iterdir())


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o666, 0o200])
def test_the_permissions_of_what_is_replaced_are_kept(written, mode):
    write, path = written
    path.write_bytes(b"old")
    path.chmod(mode)
    write(path)
    assert mode_of(path) == mode
    path.chmod(0o600)
    assert path.read_bytes() != b"old"


def test_a_new_file_has_the_permissions_that_the_system_gives(written):
    write, path = written
    before = os.umask(0o027)
    try:
        write(path)
    finally:
        os.umask(before)
    assert mode_of(path) == 0o640


def test_what_is_read_only_is_refused_before_any_work(written):
    write, path = written
    path.write_bytes(b"old")
    path.chmod(0o444)
    for refused in (write, check_writable):
        with pytest.raises(OutputError, match="read-only"):
            refused(path)
    assert path.read_bytes() == b"old"
    assert files_beside(path) == [path.name]


def test_a_link_stays_a_link_and_its_target_is_replaced(written):
    write, path = written
    target = path.with_name(f"target{path.suffix}")
    target.write_bytes(b"old")
    path.symlink_to(target.name)
    write(path)
    assert path.is_symlink()
    assert target.read_bytes() != b"old"
    assert len(files_beside(path)) == 2


def test_a_link_to_nothing_makes_its_target(written):
    write, path = written
    path.symlink_to("target")
    write(path)
    assert path.is_symlink()
    assert path.with_name("target").is_file()


def test_a_link_that_was_planted_is_not_written_through(written, monkeypatch):
    """Even where the random name is known, a file or link of that name is refused, and its target is as it was."""
    write, path = written
    victim = path.with_name("victim")
    victim.write_bytes(b"precious")
    monkeypatch.setattr(os, "urandom", bytes)
    planted = path.with_name(f".{path.name}.{os.getpid()}.{'0' * 16}.tmp")
    planted.symlink_to(victim)
    with pytest.raises(OutputError):
        write(path)
    assert victim.read_bytes() == b"precious"


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "loop", "nul", "long", "nowhere", "file as folder"])
def test_what_cannot_be_replaced_is_refused(written, kind):
    write, path = written
    ending = path.suffix
    places = {"folder": "place", "nul": "a\0b", "long": "x" * 300, "nowhere": "missing/x", "file as folder": "place/x"}
    place = path.parent / (places.get(kind, "place") + ending)
    make = {
        "folder": place.mkdir,
        "pipe": lambda: os.mkfifo(place),
        "device": lambda: place.symlink_to("/dev/null"),
        "loop": lambda: place.symlink_to(place.name),
        "file as folder": lambda: path.with_name("place").write_bytes(b""),
    }
    make.get(kind, lambda: None)()
    before = files_beside(path)
    for refused in (write, check_writable):
        with pytest.raises(OutputError, match=r"(?s)Cannot write .* Nothing has changed"):
            refused(place)
    assert files_beside(path) == before


@pytest.mark.parametrize("name", ["x" * 250, "é" * 120, "😀" * 60])
def test_the_longest_names_can_be_written(written, name):
    write, path = written
    path = path.with_name(name + path.suffix)
    check_writable(path)
    write(path)
    assert files_beside(path) == [path.name]


def test_one_file_under_two_paths_is_recognised(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "hard").hardlink_to("a")
    (tmp_path / "b").write_bytes(b"")
    for other in ("a", "./a", tmp_path / "a", "link", "hard"):
        assert is_same_file("a", other)
    assert is_same_file("new", tmp_path / "new")
    for other in ("b", "new", "nul\0"):
        assert not is_same_file("a", other)

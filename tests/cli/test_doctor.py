"""``autograd-lite doctor`` on the compiled code that is kept on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograd_lite.cli import main
from autograd_lite.compiler import disk


def line(capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["doctor"]) == 0
    (found,) = [text for text in capsys.readouterr().out.splitlines() if text.startswith("Compiled code")]
    return found


def test_where_compiled_code_is_and_how_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "cache\n\x1b[31m"
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", str(folder))
    disk.save("one", bytes(2**20))
    disk.save("two", b"")
    found = line(capsys)
    assert "files (1.0 MB)" in found
    assert repr(str(folder)) in found
    files = disk.state().files
    assert main(["doctor", "--clear-cache"]) == 0
    assert capsys.readouterr().out == f"Removed {files} files from {str(folder)!r}.\n"
    assert disk.state().files == 0


def test_compiled_code_can_be_switched_off(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", "off")
    assert line(capsys) == "Compiled code  is not kept on disk"
    assert main(["doctor", "--clear-cache"]) == 0
    assert capsys.readouterr().out == "No compiled code is kept on disk.\n"


def test_a_link_is_named_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "real" / "a.code").write_bytes(b"")
    try:
        (tmp_path / "link").symlink_to(tmp_path / "real")
    except OSError:
        pytest.skip("this system lets nobody make links")
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", str(tmp_path / "link"))
    assert "it is a link; make it a folder that only you can write to" in line(capsys)
    assert main(["doctor", "--clear-cache"]) == 1
    assert "is left as it is: it is a link" in capsys.readouterr().err
    assert (tmp_path / "real" / "a.code").exists()

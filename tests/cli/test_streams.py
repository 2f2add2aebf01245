"""Streams that are closed or full: no traceback, no work lost, and an exit code that says what was not written."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.skipif(shutil.which("sh") is None, reason="no sh here"),
    pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here"),
]
COMMANDS = {  # one of each kind: what argparse prints, what a command prints, files, and work that takes its time
    "help": "draw --help",
    "step": "step a*a a=1",
    "draw": "draw a*a a=1 -o g.dot",
    "train": "train d.csv --target y --hidden 2 --epochs 11",
}
WRONG = {"a wrong option": "draw a*a --colour", "a wrong formula": "step a* a=1"}  # said by argparse, and by us


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path_factory.getbasetemp() / "matplotlib"))  # its fonts are listed once
    Path("d.csv").write_text("x,y\n" + "".join(f"{i},{2 * i}\n" for i in range(40)), encoding="utf-8")


def run(arguments: str, redirected: str) -> subprocess.CompletedProcess[str]:
    quoted = " ".join(f"'{argument}'" for argument in arguments.split())
    command = f"'{sys.executable}' -m autograd_lite {quoted} {redirected}"
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=120, check=False)  # noqa: S603, S607 - written here


@pytest.mark.parametrize(
    ("command", "unbuffered"),
    [*itertools.product(COMMANDS.values(), ["", "1"]), ("--help", ""), ("--version", ""), ("doctor", "")],
)
def test_a_full_standard_output_is_a_failure_of_one_line(command, unbuffered, monkeypatch):
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    done = run(command, ">/dev/full")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "autograd-lite: No space left on device (where the output goes)"
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_closed_standard_output_is_silence(command):
    done = run(command, ">&-")
    assert done.returncode == 0
    assert "Error" not in done.stderr
    assert "ignored" not in done.stderr


@pytest.mark.parametrize("redirected", ["2>/dev/full", "2>&-"])
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_what_cannot_be_said_ends_nothing(command, redirected):
    done = run(command, redirected)
    assert done.returncode == 0
    assert done.stdout or "draw" in command
    assert Path("model.npz").is_file() == ("train" in command)


@pytest.mark.parametrize("redirected", ["2>/dev/full", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", WRONG.values(), ids=WRONG)
def test_wrong_input_is_exit_code_2_also_where_it_cannot_be_said(command, redirected):
    done = run(command, redirected)
    assert done.returncode == 2
    assert done.stdout == ""


def test_all_streams_closed_and_the_files_are_whole():
    assert run(COMMANDS["train"], "<&- >&- 2>&-").returncode == 0
    assert run("show model.npz", "").stdout.startswith("MLP(1 → 2")
    assert os.stat("d.csv").st_size == len("x,y\n" + "".join(f"{i},{2 * i}\n" for i in range(40)))  # noqa: PTH116

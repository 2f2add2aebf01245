"""No command replaces what it reads, or one of its results by another; what cannot be written is found at once."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograd_lite import nn
from autograd_lite.cli import main

posix = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A table and a model of it."""
    folder = tmp_path_factory.mktemp("trained")
    with (folder / "d.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["x", "y"])
        table.writerows([[i, 2 * i] for i in range(40)])
    nn.train_on_csv(folder / "d.csv", "y", hidden=[2], epochs=2).save(folder / "m.npz")
    return folder


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch, trained):
    monkeypatch.chdir(tmp_path)
    for name in ("d.csv", "m.npz"):
        shutil.copy(trained / name, name)
    Path("f.py").write_text("def f(a):\n    return a * a\n", encoding="utf-8")
    Path("houses.png").write_bytes(b"precious")
    os.link("d.csv", "hard.csv")
    Path("soft.csv").symlink_to("d.csv")


TRAIN = ["train", "d.csv", "--target", "y", "--hidden", "2", "--epochs", "2"]
REFUSED = {
    "the data by the model": [*TRAIN, "-o", "d.csv"],
    "the data under another path": [*TRAIN, "-o", "./d.csv"],
    "the data through a link": [*TRAIN, "-o", "soft.csv"],
    "the data under a second name": [*TRAIN, "-o", "hard.csv"],
    "the data by the picture": [*TRAIN, "-o", "n.npz", "--loss-picture", "d.csv"],
    "the model by the picture": [*TRAIN, "-o", "x.png", "--loss-picture", "x.png"],
    "the model by the predictions": ["predict", "m.npz", "d.csv", "-o", "m.npz"],
    "the data by the predictions": ["predict", "m.npz", "d.csv", "-o", "d.csv"],
    "the data by the predictions, through a link": ["predict", "m.npz", "d.csv", "-o", "soft.csv"],
    "a function's file by its picture": ["draw", "f.py:f", "a=1", "-o", "f.py"],
    "a function's file by its steps": ["step", "f.py:f", "a=1", "-o", "./f.py"],
}


@posix
@pytest.mark.parametrize("arguments", REFUSED.values(), ids=REFUSED)
def test_what_would_be_lost_is_refused_before_any_work(arguments, capsys, monkeypatch):
    monkeypatch.setattr(nn, "train_on_csv", None)
    monkeypatch.setattr(nn, "predict_csv", None)
    before = {path.name: path.read_bytes() for path in Path().iterdir()}
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert "would replace" in said.err
    assert said.out == ""
    assert {path.name: path.read_bytes() for path in Path().iterdir()} == before


def test_the_picture_of_the_loss_has_a_name_of_its_own(capsys):
    assert main([*TRAIN, "-o", "houses.npz"]) == 0
    assert Path("houses.png").read_bytes() == b"precious"
    assert Path("houses.loss.png").is_file()
    assert "The loss is in houses.loss.png" in capsys.readouterr().out
    assert main([*TRAIN, "-o", "x.png"]) == 0
    assert isinstance(nn.load("x.png"), nn.MLP)


NOT_WRITABLE = {
    "too long a name": [*TRAIN, "-o", "x" * 300],
    "too long a name of the picture": [*TRAIN, "-o", "x" * 250],
    "no such folder for the picture": [*TRAIN, "--loss-picture", "nowhere/x.png"],
    "predictions nowhere": ["predict", "m.npz", "d.csv", "-o", "nowhere/p.csv"],
    "too long a name of predictions": ["predict", "m.npz", "d.csv", "-o", "x" * 300],
    "too long a name of a picture": ["draw", "a * a", "a=1", "-o", "x" * 300 + ".svg"],
    "too long a name of steps": ["step", "a * a", "a=1", "-o", "x" * 300 + ".txt"],
}


@pytest.mark.parametrize("arguments", NOT_WRITABLE.values(), ids=NOT_WRITABLE)
def test_what_cannot_be_written_is_found_before_any_work(arguments, capsys, monkeypatch):
    monkeypatch.setattr(nn, "train_on_csv", None)
    monkeypatch.setattr(nn, "predict_csv", None)
    before = sorted(Path().iterdir())
    assert main(arguments) == 1
    said = capsys.readouterr()
    assert "Cannot write" in said.err
    assert said.out == ""
    assert sorted(Path().iterdir()) == before


def test_the_longest_name_that_the_system_allows_is_written():
    name = "x" * 240 + ".npz"
    assert main([*TRAIN, "-o", name]) == 0
    assert Path(name).is_file()


def test_a_matplotlib_that_cannot_start_is_named_before_training():
    done = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-m", "autograd_lite", *TRAIN],
        env={**os.environ, "MPLBACKEND": "nonsense"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.startswith("No picture of the loss: matplotlib cannot start: ")
    assert "MPLBACKEND" in done.stderr.splitlines()[0]
    assert "The model is in model.npz" in done.stdout
    assert Path("model.npz").is_file()
    assert not Path("model.loss.png").exists()

"""Training from CSV files: repeatable, and what files get that are not what they say."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from autograd_lite.cli import main


@pytest.fixture(autouse=True)
def _in_a_folder_with_a_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Path("plants.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["height", "colour", "kind"])
        table.writerows([[1.0 + i % 5, "red", "rose"] for i in range(30)])
        table.writerows([[11.0 + i % 5, "green", "tree"] for i in range(30)])
    Path("holes.csv").write_text("a,b\n1,2\n,3\n4,5\n", encoding="utf-8")
    Path("ragged.csv").write_text("a,b\n1,2\n3\n", encoding="utf-8")
    Path("fake.npz").write_bytes(b"PK\x03\x04 not a model")


def train() -> int:
    return main(["train", "plants.csv", "--target", "kind", "--hidden", "4", "--epochs", "60", "-o", "model.npz"])


def test_the_same_seed_gives_the_same_model(capsys):
    assert train() == 0
    first = capsys.readouterr().out
    assert train() == 0
    assert capsys.readouterr().out == first


def test_without_matplotlib_the_model_is_saved_and_the_picture_is_not(capsys, monkeypatch):
    for module in ("matplotlib.figure", "matplotlib.backends.backend_agg"):
        monkeypatch.setitem(sys.modules, module, None)
    assert train() == 0
    out, err = capsys.readouterr()
    assert "The model is in model.npz" in out
    assert "No picture of the loss: " in err
    assert 'pip install -e ".[plot]"' in err
    assert not Path("model.loss.png").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["train", "plants.csv", "--target", "kind", "--task", "clasification"], 2, "classification"),
        (["train", "holes.csv", "--target", "b"], 2, "row"),
        (["train", "ragged.csv", "--target", "b"], 2, "line 3"),
        (["show", "fake.npz"], 2, "fake.npz"),
        (["predict", "fake.npz", "plants.csv", "-o", "out.csv"], 2, "fake.npz"),
    ],
)
def test_wrong_files_get_one_message_and_leave_none_behind(arguments, code, says, capsys):
    before = sorted(Path().iterdir())
    assert main(arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert "Traceback" not in err
    assert sorted(Path().iterdir()) == before

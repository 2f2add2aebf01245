"""From a CSV file to a network and back, as a newcomer types it; and what wrong files get."""

from __future__ import annotations

import csv
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


def train(*more: str) -> int:
    return main(
        ["train", "plants.csv", "--target", "kind", "--hidden", "4", "--epochs", "60", "-o", "model.npz", *more]
    )


def test_train_show_predict(capsys):
    assert train() == 0
    trained = capsys.readouterr()
    assert "one of rose, tree" in trained.out
    assert "The model is in model.npz" in trained.out
    assert main(["show", "model.npz"]) == 0
    assert "predicts 'kind'" in capsys.readouterr().out
    assert main(["predict", "model.npz", "plants.csv", "-o", "out.csv"]) == 0
    with Path("out.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 60
    assert all(row["predicted kind"] == row["kind"] for row in rows)


def test_the_same_seed_gives_the_same_model(capsys):
    assert train() == 0
    first = capsys.readouterr().out
    assert train() == 0
    assert capsys.readouterr().out == first


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["train", "missing.csv", "--target", "kind"], 2, "'missing.csv' cannot be read"),
        (["train", "plants.csv", "--target", "knd"], 2, "Did you mean 'kind'?"),
        (["train", "plants.csv"], 2, "--target"),
        (["train", "plants.csv", "--target", "kind", "--hidden", "x"], 2, "--hidden x"),
        (["train", "plants.csv", "--target", "kind", "--task", "clasification"], 2, "classification"),
        (["train", "plants.csv", "--target", "kind", "-o", "no/model.npz"], 1, "no/model.npz"),
        (["train", "holes.csv", "--target", "b"], 2, "row"),
        (["train", "ragged.csv", "--target", "b"], 2, "line 3"),
        (["show", "missing.npz"], 2, "missing.npz"),
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

"""The commands train, predict and show, as a newcomer types them."""

from __future__ import annotations

import csv

import pytest
from sklearn.datasets import load_wine

from autograd_lite.cli import main


@pytest.fixture
def wine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = load_wine()
    with (tmp_path / "wine.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*data.feature_names, "class"])
        writer.writerows([*map(str, x), f"kind {t}"] for x, t in zip(data.data.tolist(), data.target, strict=True))
    return tmp_path


def test_train_show_predict(wine, capsys):
    assert main(["train", "wine.csv", "--target", "class", "--hidden", "8", "--epochs", "30"]) == 0
    said = capsys.readouterr()
    assert "MLP(13 → 8 relu → 3 linear, 139 parameters)" in said.out
    assert "held-out rows: accuracy" in said.out
    assert "epoch 30/30" in said.err
    assert (wine / "model.loss.png").read_bytes().startswith(b"\x89PNG")
    assert main(["show", "model.npz"]) == 0
    assert capsys.readouterr().out.splitlines()[1] in said.out
    assert main(["predict", "model.npz", "wine.csv", "-o", "answers.csv"]) == 0
    assert "178 predictions are in answers.csv" in capsys.readouterr().out
    header, *rows = csv.reader((wine / "answers.csv").read_text(encoding="utf-8").splitlines())
    assert header[-1] == "predicted class"
    assert sum(row[-1] == row[-2] for row in rows) > 160
    assert sorted(p.name for p in wine.iterdir()) == ["answers.csv", "model.loss.png", "model.npz", "wine.csv"]


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("train none.csv --target class", 2, "'none.csv' cannot be read"),
        ("train wine.csv --target clas", 2, "Did you mean 'class'"),
        ("train wine.csv --target class --hidden 8,x", 2, "whole numbers, such as 16,16"),
        ("train wine.csv --target class --epochs 0", 2, "epochs is 0"),
        ("train wine.csv --target class --task regression", 2, "regression needs numbers"),
        ("train wine.csv --target class --held-out 2", 2, "share"),
        ("train wine.csv --target class -o nowhere/model.npz", 1, "nowhere"),
        ("predict wine.csv wine.csv", 2, "not a model file"),
        ("predict none.npz wine.csv", 2, "'none.npz' cannot be read"),
        ("show wine.csv", 2, "not a model file"),
        ("train wine.csv", 2, "--target"),
    ],
)
def test_wrong_input_is_one_message(command, code, words, wine, capsys):
    assert main(command.split()) == code
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said
    assert [p.name for p in wine.iterdir()] == ["wine.csv"]

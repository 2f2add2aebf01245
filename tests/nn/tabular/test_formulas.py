"""Text that a spreadsheet would run is named in a warning or written with an apostrophe; other data are unchanged."""

from __future__ import annotations

import csv
import warnings

import pytest

from autograd_lite import nn
from autograd_lite.cli import main
from autograd_lite.nn.tabular.formulas import FormulaFields

HARMLESS = ["1", "-5", "+1e3", "-.5", "-inf", "a=b", " =1", "", "'=1", "x"]
FORMULAS = ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-1+1", "=", "-", "--5", "+a", '=HYPERLINK("x")']


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "train.csv"
    rows = [f"{i},{'red' if i % 2 else 'blue'}" for i in range(30)]
    path.write_text("x,kind\n" + "\n".join(rows), encoding="utf-8")
    return nn.train_on_csv(path, "kind", hidden=[], epochs=1)


def written(path, notes):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([["x", "note"], *([i, text] for i, text in enumerate(notes))])
    return path


def notes_in(path):
    with path.open(newline="", encoding="utf-8") as file:
        return [row[1] for row in csv.reader(file)][1:]


def test_numbers_and_other_text_are_not_touched(table, tmp_path):
    data = written(tmp_path / "new.csv", HARMLESS)
    for spreadsheet in (False, True):
        nn.predict_csv(table, data, tmp_path / "out.csv", spreadsheet=spreadsheet)
        assert notes_in(tmp_path / "out.csv") == HARMLESS


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_named_and_data_are_unchanged(text, table, tmp_path):
    data = written(tmp_path / "new.csv", ["fine", text, text])
    with pytest.warns(UserWarning, match=r"2 times \(the first: line 3, column 'note'") as caught:
        nn.predict_csv(table, data, tmp_path / "out.csv")
    assert len(caught) == 1
    assert notes_in(tmp_path / "out.csv") == ["fine", text, text]


@pytest.mark.parametrize("text", FORMULAS)
def test_for_a_spreadsheet_it_gets_an_apostrophe(text, table, tmp_path):
    nn.predict_csv(table, written(tmp_path / "new.csv", ["fine", text]), tmp_path / "out.csv", spreadsheet=True)
    assert notes_in(tmp_path / "out.csv") == ["fine", f"'{text}"]


def test_predictions_and_names_of_columns_count_too(tmp_path):
    path = tmp_path / "train.csv"
    path.write_text("x,=kind\n" + "\n".join(f"{i},@{i % 2}" for i in range(30)), encoding="utf-8")
    model = nn.train_on_csv(path, "=kind", hidden=[], epochs=1)
    with pytest.warns(UserWarning, match=r"61 times \(the first: line 1, column '=kind': '=kind'\)"):
        nn.predict_csv(model, path, tmp_path / "out.csv")


def test_the_command_warns_or_writes_for_a_spreadsheet(table, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    table.save("m.npz")
    written(tmp_path / "new.csv", ["=1\x1b[31m+1"])
    assert main(["predict", "m.npz", "new.csv"]) == 0
    said = capsys.readouterr().err
    assert said.startswith(
        "autograd-lite: warning: 'predictions.csv' holds text that a spreadsheet takes for a formula"
    )
    assert "\x1b" not in said
    assert main(["predict", "m.npz", "new.csv", "--spreadsheet"]) == 0
    assert capsys.readouterr().err == ""
    assert notes_in(tmp_path / "predictions.csv") == ["'=1\x1b[31m+1"]


def test_nothing_is_said_where_there_is_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FormulaFields(["a"], escape=False).warn("x.csv")

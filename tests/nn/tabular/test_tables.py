"""CSV files: what is read, what is refused and where, training, predictions in chunks."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris

from autograd_lite import nn
from autograd_lite.errors import (
    DomainError,
    ModelFileError,
    OperandError,
    OutputError,
    ShapeError,
    TableError,
    UnknownNameError,
)
from autograd_lite.nn.tabular import csv_file, prediction, splitting, training
from autograd_lite.nn.tabular.csv_file import CsvFile
from autograd_lite.nn.tabular.splitting import scan, split_table

GOOD = [["size", "colour", "price"], *[[str(i), "red" if i % 3 else "blue", str(2.5 * i)] for i in range(20)]]


def written(path, rows, delimiter=","):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def read(path):
    return list(csv.reader(path.read_text(encoding="utf-8").splitlines()))


def iris(path):
    data = load_iris()
    names = data.target_names[data.target]
    rows = [[*map(str, numbers), name] for numbers, name in zip(data.data.tolist(), names, strict=True)]
    return written(path, [[*data.feature_names, "species"], *rows])


# --- Reading --------------------------------------------------------------------------------------------------------


def test_columns_are_numbers_or_categories(tmp_path):
    found = scan(CsvFile(written(tmp_path / "a.csv", GOOD)), "price")
    assert [(c.name, c.kind, c.categories) for c in found.encoding.inputs] == [
        ("size", "number", []),
        ("colour", "category", ["blue", "red"]),
    ]
    assert (found.encoding.width, found.rows, found.dropped) == (3, 20, 0)


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["0", "1"], "auto", ["0", "1"]),
        (["10", "9", "1"], "auto", ["1", "9", "10"]),
        (["yes", "no"], "auto", ["no", "yes"]),
        (["0.5", "1.5"], "auto", []),
        ([str(i) for i in range(21)], "auto", []),
        (["0", "1"], "regression", []),
        (["0.5", "1.5"], "classification", ["0.5", "1.5"]),
    ],
)
def test_the_task_goes_by_the_target(values, task, classes, tmp_path):
    path = written(tmp_path / "a.csv", [["x", "y"], *[[str(i), v] for i, v in enumerate(values)]])
    assert scan(CsvFile(path), "y", task=task).encoding.classes == classes


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_quotes_and_byte_order_marks(delimiter, tmp_path):
    path = tmp_path / "a.csv"
    written(path, [[f"a {delimiter} b", "c"], ["1", "two\nlines"], ["2", 'a "quote"']], delimiter)
    path.write_bytes("\ufeff".encode() + path.read_bytes() + b"\r\n\r\n")
    file = CsvFile(path)
    assert file.columns == [f"a {delimiter} b", "c"]
    assert list(file.rows()) == [(3, ["1", "two\nlines"]), (4, ["2", 'a "quote"'])]


def test_numbers_are_standardised_by_the_training_part_alone(tmp_path):
    split = split_table(CsvFile(written(tmp_path / "a.csv", GOOD)), "price", held_out=0.25, seed=3)
    assert split.inputs.shape == (15, 3)
    assert split.held_inputs.shape == (5, 3)
    assert split.inputs[:, 0].mean() == pytest.approx(0.0, abs=1e-12)
    assert split.inputs[:, 0].std() == pytest.approx(1.0)
    size = split.encoding.inputs[0]
    raw = np.concatenate([split.inputs, split.held_inputs])[:, 0] * size.spread + size.mean
    assert sorted(raw.round(9)) == list(range(20))
    assert set(np.unique(split.inputs[:, 1:])) == {0.0, 1.0}
    assert (split.inputs[:, 1:].sum(axis=1) == 1.0).all()


def test_a_column_that_never_changes_has_no_spread_to_divide_by(tmp_path):
    rows = [[*row, "0.1"] for row in GOOD[1:]]  # the mean of 15 numbers 0.1 is not 0.1
    split = split_table(CsvFile(written(tmp_path / "a.csv", [["size", "colour", "price", "same"], *rows])), "price")
    same = split.encoding.inputs[2]
    assert (same.name, same.spread) == ("same", 1.0)
    assert np.abs(split.inputs[:, -1]).max() < 1e-15


def test_each_class_is_held_out_in_proportion(tmp_path):
    split = split_table(CsvFile(iris(tmp_path / "iris.csv")), "species", held_out=0.2)
    assert np.bincount(split.held_targets.astype(int)).tolist() == [10, 10, 10]
    again = split_table(CsvFile(tmp_path / "iris.csv"), "species", held_out=0.2)
    assert np.array_equal(split.inputs, again.inputs)
    other = split_table(CsvFile(tmp_path / "iris.csv"), "species", held_out=0.2, seed=1)
    assert not np.array_equal(split.inputs, other.inputs)


def test_arrays_in_a_temporary_file_are_the_same(tmp_path, monkeypatch):
    path = iris(tmp_path / "iris.csv")
    in_memory = split_table(CsvFile(path), "species")
    monkeypatch.setattr(splitting, "IN_MEMORY", 0)
    monkeypatch.setattr(splitting, "CHUNK", 7)
    on_disk = split_table(CsvFile(path), "species")
    assert isinstance(on_disk.inputs, np.memmap)
    np.testing.assert_array_equal(on_disk.inputs, in_memory.inputs)


def test_a_row_may_not_be_long_but_a_file_may(tmp_path, monkeypatch):
    path = iris(tmp_path / "iris.csv")
    monkeypatch.setattr(csv_file, "LONGEST_ROW", 100)
    assert len(list(CsvFile(path).rows())) == 150
    path.write_text(path.read_text() + f'"{"x" * 99}",1,1,1,setosa\n')
    with pytest.raises(TableError, match=r"line 152: this is not CSV \(a row has more than 100"):
        list(CsvFile(path).rows())


def with_cell(row, column, text):
    rows = [list(r) for r in GOOD]
    rows[row][column] = text
    return rows


BAD_FILES = {
    "missing": (with_cell(3, 0, ""), TableError, r"line 4: the value of column 'size' is missing.*--drop-missing"),
    "missing word": (with_cell(5, 2, " NaN "), TableError, "line 6: the value of column 'price' is missing"),
    "text": (with_cell(7, 0, "big"), TableError, "line 8: column 'size' holds 'big' among numbers"),
    "infinite": (with_cell(7, 0, "inf"), TableError, "column 'size' holds 'inf'"),
    "Python's underscore": (with_cell(7, 0, "1_0"), TableError, "column 'size' holds '1_0'"),
    "text target": (with_cell(7, 2, "dear"), TableError, "line 8.*'dear'; regression needs numbers"),
    "too few fields": ([*GOOD, ["1"]], TableError, "line 22: there are 1 fields; the header names 3"),
    "repeated name": ([["a", "price", "a"], ["1", "2", "3"]], TableError, "two columns are named 'a'"),
    "no name": ([["", "price"], ["1", "2"]], TableError, "column 1 has no name"),
    "no rows": (GOOD[:1], TableError, "0 usable rows"),
    "empty": ([], TableError, "empty"),
    "nothing to learn from": ([["price"], ["1"], ["2"]], TableError, "no column besides 'price'"),
    "no target": ([["a", "prize"], ["1", "2"]], UnknownNameError, "Did you mean 'prize'"),
    "many texts": (
        [["name", "price"], *[[f"n{i}", str(i / 2)] for i in range(300)]],
        TableError,
        "more than 200 different texts.*--ignore name",
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files_are_named_by_line_and_column(case, tmp_path):
    rows, error, words = BAD_FILES[case]
    path = written(tmp_path / "a.csv", rows)
    with pytest.raises(error, match=words):
        split_table(CsvFile(path), "price", task="regression")


def test_one_class_only(tmp_path):
    path = written(tmp_path / "a.csv", [["x", "y"], ["1", "a"], ["2", "a"]])
    with pytest.raises(TableError, match="one class only, 'a'"):
        scan(CsvFile(path), "y")


@pytest.mark.parametrize("content", [b"a,b\n1,\xff\n", b'a,b\n1,"open\n', b"\xff\xfe\x00"])
def test_what_is_not_text_or_not_csv(content, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(TableError, match=r"a\.csv"):
        list(CsvFile(path).rows())
    with pytest.raises(TableError, match="cannot be read"):
        CsvFile(tmp_path / "none.csv")
    with pytest.raises(TableError, match="cannot be read"):
        CsvFile(tmp_path)


def test_rows_with_missing_values_can_be_dropped(tmp_path):
    rows = with_cell(3, 0, "?")
    rows[5][1] = ""
    split = split_table(CsvFile(written(tmp_path / "a.csv", rows)), "price", drop_missing=True)
    assert split.dropped == 2
    assert len(split.inputs) + len(split.held_inputs) == 18


@pytest.mark.parametrize("share", [0.0, 1.0, 0.001, -1.0])
def test_both_parts_need_rows(share, tmp_path):
    with pytest.raises(DomainError, match="share"):
        split_table(CsvFile(written(tmp_path / "a.csv", GOOD)), "price", held_out=share)


# --- Training and predicting ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def flowers(tmp_path_factory):
    path = iris(tmp_path_factory.mktemp("iris") / "iris.csv")
    return path, nn.train_on_csv(path, "species", hidden=[8], epochs=60, lr=0.02)


def test_classes_are_learned_and_scored(flowers):
    _, table = flowers
    assert table.scores.model >= 0.9
    assert table.scores.linear >= 0.8
    assert table.scores.constant == pytest.approx(1 / 3, abs=0.03)
    assert table.rows == {"training": 112, "held out": 38, "dropped": 0}
    assert "predicts 'species', one of setosa, versicolor, virginica" in table.describe()


def test_numbers_are_learned_and_scored(tmp_path):
    inputs, targets = load_diabetes(return_X_y=True)
    rows = [[*map(str, x), str(t)] for x, t in zip(inputs.tolist(), targets.tolist(), strict=True)]
    path = written(tmp_path / "d.csv", [[*"abcdefghij", "progression"], *rows])
    table = nn.train_on_csv(path, "progression", hidden=[8], epochs=30)
    assert table.scores.measure == "R²"
    assert 0.3 < table.scores.model < 0.7
    assert abs(table.scores.constant) < 0.05
    assert 40 < table.scores.error < 75


class Interrupted(nn.Callback):
    def __init__(self, epoch):
        self.epoch = epoch

    def before_epoch(self, training):
        if training.epoch == self.epoch:
            raise KeyboardInterrupt


def test_ctrl_c_ends_training_and_the_baseline_takes_no_longer(tmp_path, monkeypatch):
    path, epochs, fit = iris(tmp_path / "iris.csv"), [], training.fit
    monkeypatch.setattr(training, "fit", lambda *data, **kw: epochs.append(kw["epochs"]) or fit(*data, **kw))
    table = nn.train_on_csv(path, "species", hidden=[4], epochs=10**6, callbacks=[Interrupted(4)])
    assert (table.history.epochs, table.history.stopped) == (3, "interrupted")
    assert epochs == [10**6, training.FEW]
    with pytest.raises(KeyboardInterrupt):  # nothing was learned
        nn.train_on_csv(path, "species", hidden=[4], callbacks=[Interrupted(1)])


def test_predictions_are_added_in_chunks(flowers, tmp_path, monkeypatch):
    path, table = flowers
    table.save(tmp_path / "iris.npz")
    shuffled = [row[::-1] for row in read(path)]
    new = written(tmp_path / "new.csv", [[*row[1:], "a, b"] for row in shuffled])  # other order, no target, one more
    assert nn.predict_csv(tmp_path / "iris.npz", new, tmp_path / "whole.csv") == 150
    monkeypatch.setattr(prediction, "CHUNK", 11)
    nn.predict_csv(table, new, tmp_path / "chunks.csv")
    assert (tmp_path / "whole.csv").read_bytes() == (tmp_path / "chunks.csv").read_bytes()
    header, *answers = read(tmp_path / "whole.csv")
    assert header[-2:] == ["a, b", "predicted species"]
    assert answers[0][-2] == "a, b"
    right = [answer[-1] == row[-1] for answer, row in zip(answers, read(path)[1:], strict=True)]
    assert np.mean(right) > 0.9


def test_a_bad_row_leaves_no_half_written_predictions(flowers, tmp_path):
    path, table = flowers
    rows = read(path)
    rows[100][0] = "long"
    (tmp_path / "out.csv").write_text("old")
    with pytest.raises(TableError, match="line 101: column 'sepal length \\(cm\\)' holds 'long'"):
        nn.predict_csv(table, written(tmp_path / "new.csv", rows), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["new.csv", "out.csv"]
    with pytest.raises(OperandError, match="own input"):
        nn.predict_csv(table, tmp_path / "new.csv", tmp_path / "new.csv")
    with pytest.raises(OutputError, match="Cannot write"):
        nn.predict_csv(table, path, tmp_path / "nowhere" / "out.csv")


def test_no_prediction_is_made_of_numbers_beyond_all(flowers, tmp_path):
    path, table = flowers
    table.save(tmp_path / "iris.npz")
    rows = read(path)
    rows[7][0] = "1e90"
    far = written(tmp_path / "far.csv", rows)
    model = nn.load_table_model(tmp_path / "iris.npz")
    assert nn.predict_csv(model, far, tmp_path / "out.csv") == 150
    model.encoding.inputs[0].spread = 1e-300
    with pytest.raises(TableError, match="line 8: a number is too large"):
        nn.predict_csv(model, far, tmp_path / "new.csv")
    model = nn.load_table_model(tmp_path / "iris.npz")
    model.model.parameters()[0].data = 1e300
    with pytest.raises(TableError, match="line 8: the network's output for these numbers is not finite"):
        nn.predict_csv(model, far, tmp_path / "new.csv")
    assert not (tmp_path / "new.csv").exists()


def test_the_file_says_what_it_holds(flowers, tmp_path):
    _, table = flowers
    table.save(tmp_path / "iris.npz")
    loaded = nn.load_table_model(tmp_path / "iris.npz")
    assert loaded.describe() == table.describe() == nn.describe_model_file(tmp_path / "iris.npz")
    nn.save(nn.MLP(2, [1]), tmp_path / "plain.npz", optimizer=nn.SGD(0.1))
    assert nn.describe_model_file(tmp_path / "plain.npz").startswith("MLP(2 → 1 linear, 3 parameters)\nwith SGD(lr=0.1")
    with pytest.raises(ModelFileError, match="not trained on a data file"):
        nn.load_table_model(tmp_path / "plain.npz")


def test_bad_settings(tmp_path):
    path = written(tmp_path / "a.csv", GOOD)
    with pytest.raises(UnknownNameError, match="Did you mean 'classification'"):
        nn.train_on_csv(path, "price", task="clasification")
    with pytest.raises(ShapeError, match="at least 1"):
        nn.train_on_csv(path, "price", hidden=[0])
    with pytest.raises(DomainError, match="epochs is 0"):
        nn.train_on_csv(path, "price", epochs=0)
    with pytest.raises(UnknownNameError, match="column 'colou'"):
        nn.train_on_csv(path, "price", ignore=["colou"])

"""Files made to do harm: each is refused with one clear error, soon, and before it takes memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import islice

import pytest

from autograd_lite import nn
from autograd_lite.nn.tabular.csv_file import CsvFile
from tests.support.forging import LOCAL, fields_changed, zipped
from tests.support.hostile_models import FORGED, MODELS, PLACES, REASONS, SIZE, hostile_models, make_place

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")

PROBE = """
import json, pathlib, sys, time
from autograd_lite import nn
from autograd_lite.errors import AutogradLiteError, ModelFileError, TableError
from autograd_lite.nn.tabular.csv_file import CsvFile
from autograd_lite.nn.tabular.splitting import split_table

def model(path):
    nn.load_table_model(path)

def described(path):
    nn.describe_model_file(path)

def table(path):
    split = split_table(CsvFile(path), "y")
    return [float(split.inputs.sum()), split.encoding.target.categories]

def predicted(path):
    nn.predict_csv(sys.argv[1], path, path + ".out")

def memory(what):
    status = pathlib.Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(status.partition(what + ":")[2].split()[0])

def measured(way, path):
    pathlib.Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak is counted anew
    before, started = memory("VmRSS"), time.perf_counter()
    try:
        said = ["", way(path)]
    except Exception as error:
        said = [type(error).__name__, str(error)[:2000]]
    return [*said, memory("VmHWM") - before, time.perf_counter() - started]

WAYS = {"forged": [model, described], "model": [model], "table": [table, predicted]}
for way in WAYS["table"]:  # the first run compiles, and takes its memory
    way(sys.argv[2])
for line in sys.stdin:
    kind, path = json.loads(line)
    for way in WAYS[kind]:
        print(json.dumps(measured(way, path)), flush=True)
"""


# --- Tables ---------------------------------------------------------------------------------------------------------

ROWS = "".join(f"{i},{'red' if i % 2 else 'blue'},{'yes' if i % 3 else 'no'}\n" for i in range(40))
GOOD = "x,z,y\n" + ROWS
TABLES = {  # what is refused, with a word of the reason
    "a line of a gigabyte": (b"x,z,y\n" + b"1" * 3_000_000, "a row has more than"),
    "a header of a gigabyte": (b"x" * 3_000_000, "a row has more than"),
    "a quotation that never ends": (b'x,z,y\n1,"' + b"ab\n" * 1_000_000, "not CSV"),
    "a row that never ends": (b'x,z,y\n"' + b'","\n' * 1_000_000, "a row has more than"),
    "a million columns": (",".join(map(str, range(1_000_000))).encode(), "a row has more than"),
    "two hundred thousand columns": (b",".join(b"%x" % i for i in range(200_000)) + b"\n", "no column 'y'"),
    "NUL": (GOOD.replace("5,red", "5,r\0d").encode(), "NUL"),
    "only NUL": (bytes(100_000), "NUL"),
    "UTF-16": (GOOD.encode("utf-16"), "UTF-8"),
    "UTF-16 without a mark": (GOOD.encode("utf-16-le"), "NUL"),
    "UTF-32": (GOOD.encode("utf-32"), "UTF-8"),
    "Latin": (GOOD.replace("red", "röt").encode("latin-1"), "UTF-8"),
    "a zip": (zipped([("a.csv", GOOD.encode())]), "UTF-8"),
    "a number of a million digits": (GOOD.replace("\n7,", "\n" + "9" * 1_000_000 + ",").encode(), "field larger"),
    "a number of a hundred thousand digits": (GOOD.replace("\n7,", "\n" + "9" * 100_000 + ",").encode(), "999..."),
    "a number beyond all": (GOOD.replace("\n7,", "\n1e400,").encode(), "1e400"),
    "a number that has no square": (GOOD.replace("\n7,", "\n1e200,").encode(), "1e200"),
    "a formula among numbers": (GOOD.replace("\n7,", "\n=cmd|' /C calc'!A0,").encode(), "=cmd"),
    "a name that writes on the terminal": (GOOD.replace("x,z,y", "x,\x1b[31mz,w").encode(), r"\x1b[31mz"),
    "columns of one name": (b"y" + b",y" * 500_000, "two columns are named 'y'"),
    "no names": (b"," * 1_000_000, "empty"),
    "only line ends": (b"\n" * 3_000_000, "empty"),
    "a million short rows": (b"x,z,y\n" + b"1\n" * 1_000_000, "line 2: there are 1 fields"),
}


def hostile_tables(folder):
    paths = {}
    for i, (name, (content, _)) in enumerate(TABLES.items()):
        path = folder / f"{i}.csv"
        path.write_bytes(content)
        if "gigabyte" in name:
            os.truncate(path, 2**30)  # the rest is a hole
        paths[name] = str(path)
    return paths | {name: make_place(name, folder / f"place{i}.csv") for i, name in enumerate(PLACES)}


# --- All of them, in one process that watches itself ------------------------------------------------------------------


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A model of a table, with everything that a file can hold."""
    folder = tmp_path_factory.mktemp("sound")
    (folder / "good.csv").write_text(GOOD, encoding="utf-8")
    table = nn.train_on_csv(folder / "good.csv", "y", hidden=[], epochs=3)
    notes = {"table": table.encoding.as_dict(), "rows": table.rows, "scores": vars(table.scores)}
    notes["table"]["inputs"][0]["mean"] = 0.0
    optimizer = nn.Adam(0.1)
    data = {"X": [[0.0, 0.0, 1.0]], "y": [1.0], "loss": "cross_entropy"}
    history = nn.fit(table.model, **data, optimizer=optimizer, epochs=3, seed=1)
    nn.save(table.model, folder / "good.npz", optimizer=optimizer, history=history, notes=notes)
    return folder / "good.npz"


@pytest.fixture(scope="module")
def outcomes(sound, tmp_path_factory):
    """What loading, describing, training and predicting said of each file, what memory it took, and how long."""
    folder = tmp_path_factory.mktemp("hostile")
    models = hostile_models(sound, folder).items()
    asked = [("forged" if name in FORGED else "model", name, path) for name, path in models]
    asked += [("table", name, path) for name, path in hostile_tables(folder).items()]
    program = [sys.executable, "-W", "error", "-c", PROBE, str(sound), str(sound.with_name("good.csv"))]
    lines = "".join(json.dumps([kind, path]) + "\n" for kind, _, path in asked)
    done = subprocess.run(program, input=lines, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - our own
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    said = iter(answers)
    outcomes = {(kind == "table", name): list(islice(said, 1 + (kind != "model"))) for kind, name, _ in asked}
    assert len(answers) == sum(map(len, outcomes.values())) == 2 * len(asked) - len(models) + len(FORGED), done.stderr
    return outcomes


def test_the_file_that_they_are_made_of_is_sound(sound):
    model = nn.load_table_model(sound).model
    assert (model.n_in, 8 * len(model.parameters())) == (3, SIZE)
    assert nn.load_checkpoint(sound).optimizer.steps == 3
    assert nn.describe_model_file(sound).startswith("MLP(3")
    assert nn.load_table_model(sound).history.epochs == 3


def test_sizes_that_stand_at_the_members_are_not_believed(sound, tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(fields_changed(sound.read_bytes(), LOCAL, 18, "<LL", lambda packed, size: (2**31, 5)))
    right, found = nn.load_checkpoint(sound), nn.load_checkpoint(path)
    assert [p.data for p in found.model.parameters()] == [p.data for p in right.model.parameters()]


def check(answers, kinds):
    for kind, message, memory, _ in answers:
        assert kind in kinds, message
        assert memory < 100e6
        assert len(message) < 1000
        assert message.isprintable()


@pytest.mark.parametrize("name", MODELS)
def test_hostile_models(name, outcomes):
    check(outcomes[False, name], {"ModelFileError"})
    assert REASONS.get(name, "") in outcomes[False, name][0][1]


@pytest.mark.parametrize("name", [*TABLES, *PLACES])
def test_hostile_tables(name, outcomes):
    check(outcomes[True, name], {"TableError", "UnknownNameError"})
    word = TABLES[name][1] if name in TABLES else "cannot be read"
    assert word in outcomes[True, name][0][1]


def test_formulas_are_text(sound, tmp_path):
    """A category is copied as it is, whatever a spreadsheet would make of it."""
    path = tmp_path / "a.csv"
    path.write_text(GOOD.replace("red", "=cmd|' /C calc'!A0").replace("yes", "@SUM(1+1)"), encoding="utf-8")
    table = nn.train_on_csv(path, "y", hidden=[], epochs=1)
    assert table.encoding.inputs[1].categories == ["=cmd|' /C calc'!A0", "blue"]
    with pytest.warns(UserWarning, match="takes for a formula"):
        nn.predict_csv(table, path, tmp_path / "out.csv")
    assert set(CsvFile(tmp_path / "out.csv").columns) == {"x", "z", "y", "predicted y"}

"""The demo: its numbers, its files, and that a missing extra skips a part and no more."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from autograd_lite import nn
from autograd_lite.cli import main
from autograd_lite.cli.demo_parts import iris, worked_example
from autograd_lite.cli.demo_parts.first_page import first_page
from autograd_lite.viz.drawing import graphviz_engine

WRITTEN = ["1-after.svg", "1-before.svg", "1-steps.html", "1-transcript.txt", "2-xor.svg", "3-iris-loss.png"]


def test_quick_demo_writes_its_files_and_says_where(tmp_path, capsys):
    assert main(["demo", "--quick", "--out", str(tmp_path / "new" / "folder")]) == 0
    printed = capsys.readouterr().out
    written = sorted(path.name for path in (tmp_path / "new" / "folder").iterdir())
    for name in WRITTEN:
        assert name in written or "Skipped" in printed
        assert name in printed or "Skipped" in printed
    assert str(tmp_path / "new" / "folder") in printed
    page = (tmp_path / "new" / "folder" / "index.html").read_text(encoding="utf-8")
    assert set(re.findall('href="([^"]+)"', page)) == set(written) - {"index.html"}


def test_the_first_page_escapes_names_and_texts():
    page = first_page([(Path("<b>&.svg"), 'a <script>"x"</script>')])
    assert "<script>" not in page
    assert "<b>" not in page
    assert 'src="%3Cb%3E%26.svg"' in page


def hide(monkeypatch, *modules):
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)


def test_without_any_extra_the_demo_says_what_is_skipped_and_how_to_get_it(tmp_path, capsys, monkeypatch):
    hide(monkeypatch, "tqdm", "sklearn.datasets", "matplotlib.figure", "matplotlib.backends.backend_agg")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(graphviz_engine.importlib.util, "find_spec", lambda name: None)
    assert main(["demo", "--quick", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert 'pip install -e ".[dot]"' in printed
    assert 'pip install -e ".[sklearn]"' in printed
    assert "h_out               0.587829538483" in printed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1-transcript.txt", "index.html"]


def test_without_matplotlib_only_the_loss_curve_is_skipped(tmp_path, capsys, monkeypatch):
    pytest.importorskip("sklearn")
    hide(monkeypatch, "matplotlib.figure", "matplotlib.backends.backend_agg")
    assert main(["demo", "--quick", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert 'pip install -e ".[plot]"' in printed
    assert "of the held-out flowers" in printed


# --- The worked example ---------------------------------------------------------------------------------------------

EXACT = {  # computed with plain floats, apart from this project
    "h_in": 0.355,
    "h_out": 0.587829538483,
    "y_in": 0.493983747699,
    "y_out": 0.621044451438,
    "E": 0.016012544181,
    "dE/dy_out": -0.178955548562,
    "dy_out/dy_in": 0.235348240776,
    "dh_out/dh_in": 0.242285972170,
    "dE/dwh": -0.024757542330,
    "dE/dw1": -0.001683714062,
    "dE/dw2": -0.003704170936,
    "dE/db1": -0.003367428124,
    "dE/db2": -0.042116873531,
    "w1 - eta dE/dw1": 0.250420928515,
    "w2 - eta dE/dw2": 0.300926042734,
    "b1 - eta dE/db1": -0.099158142969,
    "wh - eta dE/dwh": 0.336189385583,
    "b2 - eta dE/db2": 0.310529218383,
}
WRONG_IN_THE_NOTES = {"y_in", "E", "dE/dw2", "w2 - eta dE/dw2"}
CUT_IN_THE_NOTES = {"h_out", "dE/dwh", "dE/dw1"}


@pytest.fixture(scope="module")
def rows():
    net = worked_example.build(w1=0.25, w2=0.3, b1=-0.1, wh=0.33, b2=0.3)
    net.error.backward()
    return worked_example.rows_of(net)


def test_every_number_of_the_worked_example(rows):
    assert {row.name: round(row.ours, 12) for row in rows} == EXACT


def test_the_verdicts_on_the_notes(rows):
    verdicts = {row.name: row.verdict for row in rows}
    assert {name for name, said in verdicts.items() if said == "differs"} == WRONG_IN_THE_NOTES
    assert {name for name, said in verdicts.items() if said == "cut"} == CUT_IN_THE_NOTES
    assert all(bool(row.remark) == (row.name in WRONG_IN_THE_NOTES) for row in rows)


def test_the_remarks_are_what_the_checker_found(rows):
    remarks = {row.name: row.remark for row in rows}
    assert "h_out = 0.58783 belongs" in remarks["y_in"]
    assert "1.25 in place of 1.1" in remarks["dE/dw2"]
    assert "w2 = 0.3 belongs" in remarks["w2 - eta dE/dw2"]
    assert "follows from the rounded numbers" in remarks["E"]


def test_after_the_step():
    net = worked_example.build(w1=0.25, w2=0.3, b1=-0.1, wh=0.33, b2=0.3)
    net.error.backward()
    after = worked_example.build(*[p.data - 0.25 * p.grad for p in net.parameters])
    assert after.y_out.data == pytest.approx(0.624412543772, abs=5e-13)
    assert after.error.data == pytest.approx(0.015415477392, abs=5e-13)


# --- Training -------------------------------------------------------------------------------------------------------


def test_the_whole_demo_solves_xor_and_iris(tmp_path, capsys):
    pytest.importorskip("sklearn")
    assert main(["demo", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    answers = [float(x) for x in re.findall(r"the network says ([\d.]+)", printed)]
    assert [round(x) for x in answers] == [0, 1, 1, 0]
    assert all(min(x, 1.0 - x) < 0.05 for x in answers)
    accuracy = re.search(r"Right on (\d+)% of the held-out flowers", printed)
    assert accuracy
    assert int(accuracy[1]) >= 93


def test_iris_holds_out_a_third_that_training_never_sees():
    pytest.importorskip("sklearn")
    training, held_out = iris.load()
    assert (len(training.rows), len(held_out.rows)) == (100, 50)
    columns = list(zip(*training.rows, strict=True))
    assert [nn.rmse(column, [0.0] * 100) for column in columns] == pytest.approx([1.0] * 4)
    assert [sum(column) / 100 for column in columns] == pytest.approx([0.0] * 4, abs=1e-12)


def test_ctrl_c_in_training_ends_the_whole_demo(tmp_path, capsys, monkeypatch):
    def interrupted(self, running):
        raise KeyboardInterrupt

    monkeypatch.setattr(nn.Progress, "after_epoch", interrupted)
    assert main(["demo", "--quick", "--out", str(tmp_path)]) == 130
    out, err = capsys.readouterr()
    assert "2. XOR" in out
    assert "3. Real data" not in out
    assert err == "autograd-lite: stopped.\n"

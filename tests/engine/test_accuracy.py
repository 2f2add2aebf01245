"""The script that measures digits: its arithmetic, its page, and what it makes of bad arguments."""

from __future__ import annotations

import math

import numpy as np
import pytest
from flint import arb

from autograd_lite import TABLE
from tests import accuracy
from tests.support.leeway import leeway_of


def test_errors_are_counted_in_units_in_the_last_place():
    truth = accuracy.Truth()
    for x in (1.0, 1.0, 1e308, 5e-324, 0.0):
        truth.add(arb(x), 0.0, normal=True)
    assert truth.error(np.array([1.0, 1.0, 1e308, 5e-324, 0.0])) == (0.0, 0)
    assert truth.error(np.array([1.0, 1.0 + 3 * 2.0**-52, 1e308, 5e-324, 0.0])) == (3.0, 1)
    assert truth.error(np.array([1.0, 1.0, 1e308, 1e-323, 0.0])) == (1.0, 3)
    assert truth.error(np.array([1.0, 1.0, 1e308, 1e-323, 0.0]), normal=True)[0] == 0.0
    assert truth.error(np.array([math.nan, 1.0, 1e308, 5e-324, 0.0])) == (math.inf, 0)
    assert truth.error(np.array([1.0, 1.0, math.inf, 5e-324, 0.0]))[0] > 1e15


def test_overflow_is_right_where_the_truth_is_beyond_floats():
    truth = accuracy.Truth()
    truth.add(arb(2) ** 1024, 0.0, normal=True)
    assert truth.error(np.array([math.inf]))[0] == 0.0
    assert truth.error(np.array([1e308]))[0] > 1e15


@pytest.mark.parametrize("name", ["tanh", "pow", "logsumexp", "sumprod", "gelu"])
def test_ours_keeps_the_promise_eager_and_compiled(name):
    for what, *cells in accuracy.measure(TABLE[name], 300, 1, accuracy.OURS):
        for cell in cells[1:]:
            assert cell.endswith("¹") or float(cell) <= 4.0, f"{name} {what} {cells}"


def test_blocks_of_points_are_merged(monkeypatch):
    whole = accuracy.measure(TABLE["tan"], 90, 3, accuracy.OURS)
    monkeypatch.setattr(accuracy, "BLOCK", 20)
    assert accuracy.measure(TABLE["tan"], 90, 3, accuracy.OURS) == whole


def test_the_page_is_written_whole(tmp_path, capsys):
    page = tmp_path / "docs" / "digits.md"
    assert accuracy.main(["tanh", "--points", "50", "--no-peers", "--output", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert "| tanh | value | " in text
    assert "|  | by x | " in text
    assert [p.name for p in page.parent.iterdir()] == ["digits.md"]
    assert "[1/1] tanh" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["tnah"], ["--points", "0"], ["--points", "many"]])
def test_bad_arguments_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        accuracy.main(arguments)
    assert stopped.value.code == 2
    assert "error" in capsys.readouterr().err


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name, op in TABLE.items() if not op.piecewise_constant])
def test_a_million_points_keep_the_promise(name):
    op = TABLE[name]
    for _, what, *cells in accuracy.measure(op, 1_000_000, 2, accuracy.OURS):
        limit = max(4.0, leeway_of(op, what.removeprefix("by ")).ulps)
        for cell in cells:
            assert cell.endswith("¹") or float(cell) <= limit, f"{name} {what} {cells}"

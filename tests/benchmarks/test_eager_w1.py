"""The contenders of the benchmark compute the same numbers; how fast they are is not asserted."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture
def benchmark():
    path = Path(__file__).with_name("eager_w1.py")
    spec = importlib.util.spec_from_file_location("eager_w1", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_all_contenders_compute_the_same_losses(benchmark, capsys):
    benchmark.check(benchmark.contenders(), steps=1)
    assert "All compute the same losses" in capsys.readouterr().out


def test_a_contender_that_computes_something_else_is_found(benchmark):
    with pytest.raises(SystemExit, match="nothing to compare"):
        benchmark.check({"one": lambda: 1.0, "two": lambda: 1.0 + 1e-6})


def test_a_missing_peer_is_left_out_and_said_so(benchmark, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "micrograd.engine", None)
    assert len(benchmark.contenders()) == 2
    assert "micrograd is not installed" in capsys.readouterr().out

"""The contenders of the benchmark compute the same numbers; how fast they are is not asserted."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture
def benchmark():
    path = Path(__file__).with_name("eager_gpt.py")
    spec = importlib.util.spec_from_file_location("eager_gpt", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_all_contenders_compute_the_same_loss_and_gradient(benchmark):
    benchmark.NAME = benchmark.NAME[:3]
    found = benchmark.contenders()
    assert {name: len(contenders) for name, contenders in found.items()} == {"GPT step": 2, "MLP 16-16-16-1": 2}
    for contenders in found.values():
        benchmark.check(contenders)


def test_a_contender_that_computes_something_else_is_found(benchmark):
    with pytest.raises(SystemExit, match="nothing to compare"):
        benchmark.check({"one": lambda: (1.0, 0.0), "two": lambda: (1.0, 1e-6)})

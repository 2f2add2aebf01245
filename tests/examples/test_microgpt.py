"""The GPT in scalars: eager and compiled train alike, and the command prints names."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
PATH = ROOT / "examples" / "microgpt.py"


@pytest.fixture(scope="module")
def microgpt() -> Any:
    spec = importlib.util.spec_from_file_location("microgpt", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_its_size(microgpt: Any) -> None:
    assert len(microgpt.MicroGPT(0).weights) == 4192
    assert microgpt.as_inputs("ab", 4) == [[26.0, 0.0, 1.0, 0.0], [0.0, 1.0, 26.0, 0.0], [1.0, 1.0, 1.0, 0.0]]


def test_eager_and_compiled_train_alike(microgpt: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Names of several lengths, one longer than the context, all in one program."""
    names = ["al", "eva", "abcdefghijklmnopqrs"]
    found = []
    for how in ({"eager": True}, {"eager": False}):
        model = microgpt.MicroGPT(1)
        losses = microgpt.train(model, names, len(names), **how)
        found.append([*losses, *[w.data for w in model.weights]])
    assert np.allclose(*found, rtol=1e-9, atol=1e-12)
    assert "3/3 names" in capsys.readouterr().err
    written = [list(microgpt.invent(model, 2, 0, **how)) for how in ({"eager": True}, {"eager": False})]
    assert written[0] == written[1]


def test_the_command_explains_itself_and_invents_names() -> None:
    def printed(*options: str) -> str:
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, str(PATH), *options]
        return subprocess.run(command, capture_output=True, text=True, env=env, check=True).stdout  # noqa: S603 - ours

    assert "python examples/microgpt.py --steps 2000" in printed("--help")
    assert len(printed("--steps", "0").split("\n")) == 22

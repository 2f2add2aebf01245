"""What type checkers make of a user's script: a right one is clean, each mistake of a wrong one is caught."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import printed_methods

ROOT = Path(__file__).parents[2]

RIGHT = """
import numpy as np
import numpy.typing as npt

from autograd_lite import Value


def f(a: Value, b: Value) -> Value:
    return a.tanh() * b


def g(x: Value) -> Value:
    y = 2.0 * x + 1 - x / 3.0 + x**2 - np.float64(2.0) * x
    return -abs(y.clip(0.0, x).sigmoid(beta=2.0)).leaky_relu() + x.exp() + x.maximum(y, 0.0)


def h(x: Value, row: npt.NDArray[np.float64]) -> npt.NDArray[np.object_]:
    return x * row


def number(x: Value) -> float:
    x.label = "x"
    x.backward()
    return x.data + x.grad


total: Value = sum((Value(float(i)) for i in range(3)), Value(0.0))
larger: bool = bool(total > 1.0)
"""
WRONG = """
from autograd_lite import Value


def f(x: Value) -> float:
    x.nope
    x.tanhh()
    "text" + x
    x * "text"
    x.exp(2.0)
    x.grad = "zero"
    y: float = x * 2.0
    return x.tanh()
"""


CHECKERS = {
    "mypy": ["--strict", "--no-incremental", f"--cache-dir={os.devnull}"],
    "pyright": ["--pythonpath", sys.executable],
}


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_right_script_is_clean_and_every_mistake_of_a_wrong_one_is_caught(checker, tmp_path):
    if importlib.util.find_spec(checker) is None:
        pytest.skip(f"{checker} is not installed")
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(RIGHT, encoding="utf-8")
    wrong.write_text(WRONG, encoding="utf-8")
    command = [sys.executable, "-m", checker, *CHECKERS[checker], str(right), str(wrong)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    errors = [line for line in done.stdout.splitlines() if re.search(r":\d+.* error: ", line) or " - error: " in line]
    assert not [line for line in errors if right.name in line], done.stdout
    found = {int(n) for line in errors for n in re.findall(rf"{wrong.name}:(\d+)", line)}
    assert found == set(range(6, 14)), done.stdout + done.stderr


def test_the_methods_that_checkers_see_are_those_of_the_table():
    assert printed_methods.FILE.read_text(encoding="utf-8") == printed_methods.printed()

"""Functions of the user's own files: found, called, checked; and one message that names the line where they fail."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from autograd_lite.cli import main

FILES = {
    "model.py": """\
import math
import beside
from dataclasses import dataclass
from autograd_lite import Value, nn, tanh

@dataclass
class Point:
    x: float

def loss(w, b, power=2, kind="plain"):
    return (1.0 - tanh(beside.TWO * w + b)) ** power

def ready():
    model = nn.MLP(2, [2, 1], activation="tanh")
    error = nn.mean_squared_error([model([1.0, 2.0])], [0.5])
    error.label = "error"
    return error

def leak(w):
    return w * math.sin(w.data)

def number():
    return 3.0

def breaks(w):
    doubled = w * 2.0
    return beside.breaks(doubled)

def drops(w):
    return math.sin(w)

def leaves():
    raise SystemExit(0)
""",
    "beside.py": "TWO = 2.0\n\ndef breaks(x):\n    return x / [0][1]\n",
    "broken.py": "x = (\n",
    "deep.py": "x = " + "-" * 100_000 + "1\n",
    "needs.py": "import a_package_that_nobody_has\n",
}


@pytest.fixture(autouse=True)
def _in_a_folder_with_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name, text in FILES.items():
        Path(name).write_text(text, encoding="utf-8")
    yield
    for name in [name for name in sys.modules if name.startswith("autograd_lite_user_") or name == "beside"]:
        del sys.modules[name]


def test_check_agrees(capsys):
    assert main(["check", "model.py:loss", "w=-0.5", "b=0.8"]) == 0
    assert "2 of 2 gradients agree" in capsys.readouterr().out


def test_check_finds_a_lost_dependence(capsys):
    assert main(["check", "model.py:leak", "w=1"]) == 1
    assert "0 of 1 gradients agree" in capsys.readouterr().out


def test_a_parameter_with_a_default_is_checked_only_if_it_is_given(capsys):
    assert main(["check", "model.py:loss", "b=0.8", "w=-0.5", "power=3"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].startswith("3 of 3 gradients agree")
    assert [row.split()[0] for row in rows[2:]] == ["w", "b", "power"]


def test_step_and_draw_run_the_users_function(capsys):
    assert main(["step", "model.py:ready"]) == 0
    assert "∂error/∂w₁₁⁽¹⁾" in capsys.readouterr().out
    assert main(["draw", "model.py:loss", "w=-0.5", "b=0.8", "-o", "loss.dot"]) == 0
    assert "tanh" in Path("loss.dot").read_text(encoding="utf-8")


def test_the_search_path_is_put_back():
    before = list(sys.path)
    main(["step", "model.py:ready"])
    main(["step", "model.py:breaks", "w=1"])
    assert sys.path == before


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["check", "model.py:lost", "w=1"], 2, "Did you mean 'loss'?"),
        (["check", "model.py:tanh", "w=1"], 2, "no function in model.py"),
        (["check", "model.py:loss", "w=1"], 2, "loss also needs b; add b=0.5 to the command"),
        (["check", "model.py:loss", "w=1", "b=1", "powr=2"], 2, "Did you mean 'power'?"),
        (["check", "model.py:number"], 2, "needs at least one parameter to check"),
        (["check", "a * b", "a=1"], 2, "is not of the form file.py:function"),
        (["check", "missing.py:loss"], 2, "There is no file 'missing.py'"),
        (["step", "model.py:number"], 2, "returned 3.0 (float); a Value is needed"),
        (["step", "model.py:breaks", "w=1"], 1, "model.py, line 27, in breaks: IndexError: list index out of range"),
        (["step", "model.py:drops", "w=1"], 1, "model.py, line 30, in drops: Value(data=1.0"),
        (["check", "model.py:drops", "w=1"], 1, "model.py, line 30, in drops: Value(data=1.0"),
        (["step", "model.py:leaves"], 1, "model.py, line 33, in leaves: SystemExit: 0"),
        (["step", "broken.py:loss"], 1, "broken.py, line 1: '(' was never closed"),
        (["step", "deep.py:loss"], 1, "deep.py: "),
        (["step", "needs.py:loss"], 1, "needs.py, line 1, in <module>: ModuleNotFoundError"),
    ],
)
def test_mistakes_are_one_message(arguments, code, says, capsys):
    assert main(arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert err.startswith("autograd-lite: ")
    assert "Traceback" not in err

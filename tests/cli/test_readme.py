"""The README: its commands are there as they must stand, its picture shows its numbers, its files exist."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

from autograd_lite.cli import check, draw, main, step
from autograd_lite.viz.drawing import graphviz_engine

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = """\
python3 -m venv .venv && .venv/bin/pip install -q -e ".[all]" && .venv/bin/autograd-lite demo     # the main job
python3 -m venv .venv && .venv/bin/pip install -q -e ".[test]" && .venv/bin/python -m pytest      # the tests
"""


def test_the_two_commands():
    assert COMMANDS in README
    assert "With uv: `uv run --extra all autograd-lite demo`, `uv run --extra test pytest`" in README


@pytest.mark.skipif(graphviz_engine.engine_name() is None, reason="no Graphviz here")
@pytest.mark.parametrize(
    "text", [README, *[command.EXAMPLES for command in (check, draw, step)]], ids=["README", "check", "draw", "step"]
)
def test_the_command_lines_that_are_shown_work(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = re.search(r"```python\n(from autograd_lite import tanh.*?)```", README, flags=re.DOTALL)
    Path("model.py").write_text(model[1], encoding="utf-8")
    rows = [f"{x},{x * x % 7},{3 * x + 1}" for x in range(40)]
    Path("data.csv").write_text("\n".join(["width,height,price", *rows]), encoding="utf-8")
    lines = re.findall(r"^ *autograd-lite (.*)$", text, flags=re.MULTILINE)
    assert lines
    for line in lines:
        assert main(shlex.split(line, comments=True)) == 0, line


def test_the_picture_shows_the_numbers_of_the_example():
    beginning = README.split("![The gradient graph", 1)[0]
    example = doctest.DocTestParser().get_doctest(beginning, {}, "README", "README.md", 0)
    assert doctest.DocTestRunner().run(example, clear_globs=False).failed == 0
    names = example.globs
    picture = (ROOT / "docs" / "graph.svg").read_text(encoding="utf-8")
    shown = re.findall(r"<text[^>]*>([^<]*)</text>", picture)
    for node in ("x", "w", "b", "y", "loss"):
        value = names[node]
        assert node in shown
        assert f"{value.data:.4g}".replace("-", "\u2212") in shown
        assert f"{value.grad:.4g}".replace("-", "\u2212") in shown


def test_every_file_that_is_named_exists():
    for name in re.findall(r"^\| `([^`]+)` \|", README, flags=re.MULTILINE):
        assert (ROOT / name).exists(), name
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_op_that_is_shown_is_the_op_of_the_table():
    source = (ROOT / "autograd_lite" / "ops.py").read_text(encoding="utf-8")
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    definition = re.search(r"```python\n(@primitive.*?)```", text, flags=re.DOTALL)
    assert definition
    assert definition[1] in source

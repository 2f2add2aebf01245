"""The examples of every docstring and of the README are true."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def modules() -> list[str]:
    """Every module under its real name: what stands in ``nn/`` is imported as ``autograd_lite.nn``."""
    names = []
    for folder in ("autograd_lite", "nn", "viz"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            parts = parts if parts[0] == "autograd_lite" else ("autograd_lite", *parts)
            names.append(".".join(p for p in parts if p != "__init__"))
    return [name for name in names if not name.endswith("__main__")]


@pytest.mark.parametrize("name", modules())
def test_docstrings(name, tmp_path, monkeypatch):
    module = importlib.import_module(name)
    monkeypatch.chdir(tmp_path)  # an example may write a file
    found = doctest.testmod(module, optionflags=FLAGS)
    assert found.failed == 0


@pytest.mark.parametrize("path", [p.name for p in sorted(ROOT.glob("*.md"))])
def test_pages(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = doctest.testfile(str(ROOT / path), module_relative=False, optionflags=FLAGS, encoding="utf-8")
    assert found.failed == 0


def test_there_are_examples():
    """Examples are found on functions, on classes, and on ops."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    with_examples = [
        test.name
        for name in modules()
        if name.startswith("autograd_lite.") and name.count(".") == 1
        for test in finder.find(importlib.import_module(name))
        if test.examples
    ]
    assert len(with_examples) > 15
    assert "autograd_lite.engine.Value" in with_examples
    assert "autograd_lite.ops.softmax" in with_examples


def test_a_false_example_is_seen():
    examples = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "false", None, 0)
    assert doctest.DocTestRunner(verbose=False).run(examples, out=lambda _: None).failed == 1

"""The examples of every docstring are true."""

from __future__ import annotations

import doctest
import importlib

import pytest

from tests.support.source_files import module_name, source_files

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
MODULES = [name for name in map(module_name, source_files()) if not name.endswith("__main__")]


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name, tmp_path, monkeypatch):
    module = importlib.import_module(name)
    monkeypatch.chdir(tmp_path)  # an example may write a file
    found = doctest.testmod(module, optionflags=FLAGS)
    assert found.failed == 0


def test_there_are_examples():
    """Examples are found on functions, on classes, and on ops."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    with_examples = [
        test.name
        for name in MODULES
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

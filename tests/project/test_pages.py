"""The pages: their examples are true, and what they link to and name is there."""

from __future__ import annotations

import doctest
import re

import pytest

from autograd_lite.viz.drawing.graphviz_engine import engine_name
from tests.support.source_files import ROOT

PAGES = [path.relative_to(ROOT).as_posix() for folder in (ROOT, ROOT / "docs") for path in sorted(folder.glob("*.md"))]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
USERS = {"model.py", "search.py"}  # files of the reader's own, in examples
NAMES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if "/." not in path.as_posix())


@pytest.mark.parametrize("page", PAGES)
def test_examples_are_true(page, tmp_path, monkeypatch):
    if ">>> picture = viz.draw(" in (ROOT / page).read_text(encoding="utf-8") and engine_name() is None:
        pytest.skip("neither dot nor pygraphviz is installed")
    monkeypatch.chdir(tmp_path)
    found = doctest.testfile(str(ROOT / page), module_relative=False, optionflags=FLAGS, encoding="utf-8")
    assert found.failed == 0


@pytest.mark.parametrize("page", PAGES)
def test_what_is_linked_and_named_exists(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / page).parent.joinpath(target).exists(), target
    for name in re.findall(r"`([\w./]+(?:\.py|/))`", text):
        assert name in USERS or is_there(name), name


def is_there(name: str) -> bool:
    """Whether some file or folder ends in this name, as prose shortens it: ``engine/test_laws.py``."""
    return any(f"/{path}".endswith(f"/{name.rstrip('/')}") for path in NAMES)


def test_what_is_missing_is_seen():
    assert is_there("engine/test_laws.py")
    assert is_there("autograd_lite/cli/")
    assert not is_there("engine/test_lores.py")
    assert not is_there("gine/test_laws.py")

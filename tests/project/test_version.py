"""The version stands in one place: the build reads it there, and nothing repeats it."""

from __future__ import annotations

import re
import tomllib

import autograd_lite
from tests.support.source_files import ROOT, source_files

DEFINITION = re.compile(r"^(?:__)?version(?:__)?\s*[:=]\s*[\"']?\d", flags=re.MULTILINE)


def test_the_build_reads_the_version_of_the_package():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in settings["project"]
    assert settings["project"]["dynamic"] == ["version"]
    assert settings["tool"]["hatch"]["version"] == {"path": "autograd_lite/__init__.py"}


def test_the_version_stands_in_one_file():
    files = [*source_files(), ROOT / "pyproject.toml", ROOT / "CITATION.cff"]
    found = [path for path in files if DEFINITION.search(path.read_text(encoding="utf-8"))]
    assert found == [ROOT / "autograd_lite" / "__init__.py"]


def test_the_version_is_semantic_and_the_last_in_the_changelog():
    assert re.fullmatch(r"\d+\.\d+\.\d+", autograd_lite.__version__)
    released = re.findall(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert released == [] or released[0] == autograd_lite.__version__

"""The chapters of the guide and the other pages with code: every cell runs, every answer is checked."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.docs.cells import cells
from tests.support.source_files import ROOT

DOCS = ROOT / "docs"
CHAPTERS = sorted((DOCS / "guide").glob("[0-9]*.md"))
EVERY_TIME = {"00-engine.md", "05-by-hand.md"}  # they need no plots; the others are run by the long profile
PAGES = [page for page in sorted(DOCS.rglob("*.md")) if cells(page)]


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, id=page.stem, marks=[] if page.name in EVERY_TIME else [pytest.mark.long]) for page in PAGES],
)
def test_every_cell_runs(page, tmp_path):
    if page.name not in EVERY_TIME:
        pytest.importorskip("matplotlib")
        pytest.importorskip("sklearn")
    paths = [ROOT, DOCS / "guide", os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(  # noqa: S603 - our own pages
        [sys.executable, "-W", "error", ROOT / "tests" / "docs" / "cells.py", page],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-3000:]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda page: page.stem)
def test_a_chapter_has_steps_and_exercises_with_checked_answers(chapter):
    text = chapter.read_text(encoding="utf-8")
    number = int(chapter.name[:2])
    exercises = re.findall(rf"^\*\*{number}\.(\d)\*\*", text, re.MULTILINE)
    assert exercises == [str(k + 1) for k in range(len(exercises))]
    assert len(exercises) >= 3
    answers = re.findall(r"^:tags: \[hide-cell\]\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(answers) == len(exercises)
    assert all("assert " in answer for answer in answers)
    assert "viz.steps(" in text


def test_chapters_are_in_the_contents():
    contents = (DOCS / "guide" / "index.md").read_text(encoding="utf-8")
    assert all(f"\n{chapter.stem}\n" in contents for chapter in CHAPTERS)

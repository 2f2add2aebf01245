"""The plan of mutation testing names files, tests and ops that are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograd_lite import TABLE
from tests.mutation.plan import PLAN, ROWS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("path", PLAN)
def test_what_is_planned_is_there(path):
    assert (ROOT / path).is_file()
    for planned in {test for stage in PLAN[path] for test in stage}:
        file, _, name = planned.partition("::")
        assert (ROOT / file).exists()
        assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text(encoding="utf-8") if name else True
    assert ROWS.get(path, set()) <= set(TABLE)

"""Every program that these tests compile is made anew, and checked for being well formed before and after planning."""

from __future__ import annotations

import pytest

from autograd_lite.compiler import pipeline
from autograd_lite.compiler.building import PROGRAMS
from autograd_lite.compiler.verify import verify


@pytest.fixture(autouse=True)
def _well_formed(monkeypatch: pytest.MonkeyPatch) -> None:
    PROGRAMS.clear()
    plan, lower_scalars = pipeline.plan, pipeline.lower_scalars
    monkeypatch.setattr(pipeline, "plan", lambda program: verify(plan(verify(program))))
    monkeypatch.setattr(pipeline, "lower_scalars", lambda *stages: verify(lower_scalars(*stages)))

"""Reports as plain data, for JSON."""

from __future__ import annotations

import math

from autograd_lite.lessons.derivations import DerivationReport, Step
from autograd_lite.lessons.examples import ExampleReport, LineReport

__all__ = ["record"]


def record(report: ExampleReport | DerivationReport) -> dict[str, object]:
    """A report as dictionaries, lists, texts and numbers.

    Examples
    --------
    >>> from autograd_lite.lessons import verify_derivation
    >>> record(verify_derivation("2a = a + a"))["derivations"][0]["lines"][1]["verdict"]
    'right'
    """
    if isinstance(report, ExampleReport):
        return {"title": report.title, "right": bool(report), "lines": [_line(line) for line in report.lines]}
    chains = [
        {"title": chain.title, "right": bool(chain), "lines": [_step(step) for step in chain.steps]}
        for chain in report.chains
    ]
    return {"right": bool(report), "derivations": chains}


def _line(line: LineReport) -> dict[str, object]:
    return {
        "id": line.claim.id,
        "text": line.claim.text,
        "note": line.claim.note,
        "exact": _finite(line.exact),
        "printed": line.claim.printed,
        "against_exact": line.value_verdict,
        "against_factors": line.factors_verdict,
        "wrong": line.wrong,
        "mismatches": list(map(str, line.mismatches)),
        "formulas": list(line.formulas),
        "candidates": list(line.candidates),
    }


def _step(step: Step) -> dict[str, object]:
    found: dict[str, object] = {"line": step.number, "text": step.text, "verdict": step.verdict}
    if step.broken is not None:
        broken = step.broken
        mends = [{"formula": edit.tree.text, "changed": edit.what} for edit in broken.mends]
        broken_at: dict[str, object] = {
            "point": broken.point,
            "expected": _finite(broken.expected),
            "found": _finite(broken.found),
        }
        found["break"] = broken_at | {"ratio": broken.ratio, "mends": mends}
    return found


def _finite(x: float) -> float | None:
    """A number that JSON has a word for."""
    return x if math.isfinite(x) else None

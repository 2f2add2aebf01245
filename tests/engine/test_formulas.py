"""How each row of the table is written: as people write it and in LaTeX, compared byte for byte with a golden file."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograd_lite import TABLE

GOLDEN = Path(__file__).parents[1] / "golden" / "engine" / "formulas.txt"


def names_of(op):
    """Names for the operands; two in each group of a many-operand op."""
    return [f"{name}{i}" for name in op.operand_names for i in (1, 2)] if op.many else list(op.operand_names)


def sheet() -> str:
    """The table as a sheet of formulas: each op, and its slope by each operand in the form that is taught."""
    lines = []
    for op in TABLE.values():
        names = names_of(op)
        formula = op.formula(*names)
        lines += [f"{op.name}  [{op.symbol}]", f"    v = {formula.pretty}", f"        {formula.latex}"]
        for i, name in enumerate(names):
            slope = op.slope(i, "v", *names)
            lines += [f"    dv/d{name} = {slope.pretty}", f"        {slope.latex}"]
    return "\n".join(lines) + "\n"


def test_formulas_are_the_golden_ones(request):
    if request.config.getoption("--update-golden"):
        GOLDEN.write_text(sheet(), encoding="utf-8")
    assert sheet() == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("op", TABLE.values(), ids=list(TABLE))
def test_formulas_are_well_formed(op):
    names = names_of(op)
    for shown in [op.formula(*names), *(op.slope(i, "v", *names) for i in range(len(names)))]:
        compile(shown.text, op.name, "eval")
        for pair in ("()", "{}", "[]"):
            assert shown.latex.count(pair[0]) == shown.latex.count(pair[1])
        assert shown.latex.count(r"\left") == shown.latex.count(r"\right") or r"\leftarrow" in shown.latex
        assert str(shown) == shown.pretty

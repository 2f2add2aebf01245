"""`verify_example`: the lines of a worked example against the exact numbers, and against the numbers they print."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from autograd_lite.formulas import Expr
from autograd_lite.lessons.alignment import Mismatch, Numbers, mismatches, stands_for
from autograd_lite.lessons.causes import RATES, candidates, fits, short_factors, short_multiples
from autograd_lite.lessons.chain_rule import formulas_for
from autograd_lite.lessons.edits import edits
from autograd_lite.lessons.evaluation import Scope
from autograd_lite.lessons.example_text import Claim, Example, example_of
from autograd_lite.lessons.notation import DERIVATIVE, SLOPE
from autograd_lite.lessons.printed import agreement, is_printed_number, number_of, significant, unit
from autograd_lite.text import counted, pretty_number, printable

__all__ = ["ExampleReport", "LineReport", "verify_example"]

SAME = 1e-12  # relative: two exact numbers that are one
NOT_PRINTED = "none printed"
FOLLOWS, FOLLOWS_CUT, CARRIED, NOT = "follows", "follows, cut", "follows from earlier lines", "does not follow"
MOST_MENDS = 3
FEWEST_DIGITS = 2  # of a printed number from which something is concluded


@dataclass(frozen=True)
class LineReport:
    """The verdicts on one line.

    Attributes
    ----------
    claim : Claim
        The line.
    exact : float
        The number that is right.
    value_verdict : str
        Of the printed number against the exact one: exact, rounded, cut, differs, none printed.
    factors_verdict : str
        Of the printed number against the printed factors: follows; follows, cut; follows from earlier lines (no factors
        are printed, but the numbers printed before give it); does not follow; none printed.
    mismatches : tuple of Mismatch
        Printed factors that are not those of the graph.
    formulas : tuple of str
        What is wrong with the formulas in names, a sentence each.
    candidates : tuple of str
        What may have led to a wrong number; several may fit, and none is a fact.
    """

    claim: Claim
    exact: float
    value_verdict: str
    factors_verdict: str
    mismatches: tuple[Mismatch, ...] = ()
    formulas: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()

    @property
    def wrong(self) -> bool:
        """Whether it differs and does not follow, or its factors or formulas are not those of the graph."""
        unfounded = self.value_verdict == "differs" and self.factors_verdict in (NOT, NOT_PRINTED)
        return unfounded or bool(self.mismatches or self.formulas)

    def __str__(self) -> str:
        name = f"{printable(self.claim.id)}  " if self.claim.id else ""
        lines = [f"{'✗' if self.wrong else '✓'} {name}{printable(self.claim.text)}"]
        lines.append(
            f"    exact {pretty_number(self.exact, 12)}: {self.value_verdict}; factors: {self.factors_verdict}"
        )
        lines += [f"    {mismatch}" for mismatch in self.mismatches]
        lines += [f"    {sentence}" for sentence in self.formulas]
        lines += [f"    candidate: {candidate}" for candidate in self.candidates]
        return "\n".join(lines)


@dataclass(frozen=True)
class ExampleReport:
    """The verdicts on all lines of a worked example; true if none is wrong."""

    title: str
    lines: tuple[LineReport, ...]

    def __bool__(self) -> bool:
        return not any(line.wrong for line in self.lines)

    def __str__(self) -> str:
        wrong = sum(line.wrong for line in self.lines)
        summary = f"{counted(len(self.lines), 'line')}, {wrong or 'none'} wrong."
        return "\n".join([*([printable(self.title)] if self.title else []), *map(str, self.lines), summary])


def verify_example(source: str | Path | Mapping[str, object]) -> ExampleReport:
    """Check the numbers of a worked example, line by line.

    Parameters
    ----------
    source : str, Path or mapping
        TOML text, a file of it, or the table that it means: ``given`` numbers, a ``graph`` of named formulas, and
        ``lines`` such as ``"dL/dw = 2*1.1*2 = 4.4"``: what the line is about, optionally its formula in names and in
        printed numbers, and the printed result.

    Returns
    -------
    ExampleReport
        For each line one verdict against the exact number and one against the printed factors. A wrong line gets
        candidates for the cause: single slips that give the printed number. True if no line is wrong.

    Raises
    ------
    ExpressionError
        If the example cannot be understood; says where.

    Examples
    --------
    >>> report = verify_example({
    ...     "given": {"w": 0.5, "x": 2.0, "b": 0.1, "eta": 0.1},
    ...     "graph": {"z": "w x + b", "L": "z^2", "w_new": "w - eta dL/dw"},
    ...     "lines": ["z = 0.5*2 + 0.1 = 1.1", "dL/dw = 2*1.1*2 = 4.4", "w_new = -3.9"],
    ... })
    >>> [(line.value_verdict, line.factors_verdict) for line in report.lines]
    [('exact', 'follows'), ('exact', 'follows'), ('differs', 'none printed')]
    >>> report.lines[2].candidates[0]
    'without the learning rate eta'
    """
    example = example_of(source)
    checker = _Checker(example)
    return ExampleReport(example.title, tuple(map(checker.checked, example.claims)))


class _Checker:
    """State of one example: the numbers that its lines have printed so far."""

    def __init__(self, example: Example) -> None:
        self.scope: Scope = example.scope
        self.printed: list[tuple[Claim, float, float]] = []  # the line, its exact number, its printed number

    def checked(self, claim: Claim) -> LineReport:
        exact = self.scope.number(claim.about)
        value = agreement(claim.printed, exact) if claim.printed else NOT_PRINTED
        factors = self._factors_verdict(claim)
        wrong_formulas = tuple(said for formula in claim.formulas if (said := self._formula_mistake(formula, exact)))
        strange = () if claim.figures is None else self._strange(claim, claim.figures)
        found: tuple[str, ...] = ()
        if value == "differs" and factors in (NOT, NOT_PRINTED) and not wrong_formulas:
            found = self._candidates(claim)
        if claim.printed:
            self.printed.append((claim, exact, float(number_of(claim.printed))))
        return LineReport(claim, exact, value, factors, strange, wrong_formulas, found)

    # The two verdicts

    def _factors_verdict(self, claim: Claim) -> str:
        if not claim.printed:
            return NOT_PRINTED
        if claim.figures is not None:
            said = agreement(claim.printed, self.scope.number(claim.figures))
            return {"differs": NOT, "cut": FOLLOWS_CUT}.get(said, FOLLOWS)
        carried = [self._carried(formula) for formula in self._formulas(claim)]
        exact = self.scope.number(claim.about)
        if agreement(claim.printed, exact) == "differs" and any(fits(claim.printed, x) for x in carried):
            return CARRIED
        return NOT_PRINTED

    def _formulas(self, claim: Claim) -> list[Expr]:
        exact = self.scope.number(claim.about)
        right = [formula for formula in claim.formulas if _same(self.scope.number(formula), exact)]
        return [*right, *formulas_for(claim.about, self.scope.definitions)]

    def _earlier(self, exact: float) -> float | None:
        """The number that an earlier line printed for the thing with this exact magnitude."""
        return next((shown for _, x, shown in reversed(self.printed) if _same(abs(x), abs(exact))), None)

    def _carried(self, formula: Expr) -> float:
        """The value of a formula with the numbers printed earlier in it."""
        return self.scope.number(self._with_earlier(formula))

    def _with_earlier(self, tree: Expr) -> Expr:
        if tree.args and tree.head not in (SLOPE, DERIVATIVE):
            return Expr(tree.head, tuple(map(self._with_earlier, tree.args)))
        earlier = self._earlier(self.scope.number(tree)) if isinstance(tree.head, str) else None
        return tree if earlier is None else Expr(earlier)

    # What is wrong

    def _strange(self, claim: Claim, figures: Expr) -> tuple[Mismatch, ...]:
        numbers = Numbers(self.scope.number, self._earlier)
        forms = [*self._formulas(claim), *claim.formulas]
        found = [mismatches(figures, formula, numbers) for formula in forms]
        best = min((f for f in found if f is not None), key=len, default=None)
        if best is None:
            return self._other_formula(claim, figures)
        return tuple(self._recognised(mismatch) for mismatch in best)

    def _other_formula(self, claim: Claim, figures: Expr) -> tuple[Mismatch, ...]:
        """Figures that are built unlike any form of the formula: fine where they come to the same."""
        exact, found = self.scope.number(claim.about), self.scope.number(figures)
        step = unit(claim.printed) if claim.printed else SAME * abs(exact)
        near = [exact, *map(self._carried, self._formulas(claim))]
        if any(abs(found - x) <= step for x in near):
            return ()
        return (Mismatch(figures.pretty, self._formulas(claim)[0].pretty, exact),)

    def _recognised(self, mismatch: Mismatch) -> Mismatch:
        """Say what else the number that stands there is."""
        digits = mismatch.printed.replace("−", "").strip("()")
        if not mismatch.wanted or not is_printed_number(digits):
            return mismatch
        known = [*self.scope.numbers, *self.scope.definitions]
        values = {name: abs(self.scope.number(Expr(name))) for name in known}
        names = [name for name in known if stands_for(digits, values[name])]
        names.sort(key=lambda name: agreement(digits, values[name]))  # exact before rounded
        told = f"{mismatch.printed} (which is {', '.join(names[:3])})" if names else mismatch.printed
        if not names and agreement(digits, abs(mismatch.value)) == "cut":
            told = f"{mismatch.printed} (cut, not rounded)"
        return mismatch._replace(printed=told)

    def _formula_mistake(self, formula: Expr, exact: float) -> str:
        value = self.scope.number(formula)
        if _same(value, exact):
            return ""
        names = [*self._rates(), *self.scope.numbers, *self.scope.definitions]
        mends = [e for e in edits(formula, names, RATES) if _same(self.scope.number(e.tree), exact)][:MOST_MENDS]
        hint = f"; right would be {' or '.join(e.tree.pretty for e in mends)}" if mends else ""
        return f"{formula.pretty} is {pretty_number(value, 6)}, not {pretty_number(exact, 6)}{hint}"

    def _rates(self) -> list[str]:
        return [name for name in RATES if name in self.scope.numbers]

    def _candidates(self, claim: Claim) -> tuple[str, ...]:
        names = [*self.scope.numbers, *self.scope.definitions]
        formulas = self._formulas(claim)[:2]
        found: dict[str, None] = {}
        if significant(claim.printed) >= FEWEST_DIGITS:
            printed = partial(fits, claim.printed)
            found |= dict.fromkeys(candidates(formulas, self.scope.number, printed, names))
            found |= dict.fromkeys(candidates(formulas, self._carried, printed, names))
            if claim.figures is not None:
                known = [*self.scope.numbers.values(), *(x for _, _, x in self.printed)]
                found |= dict.fromkeys(candidates([claim.figures], self.scope.number, printed, known))
        if not found:
            if claim.figures is not None:
                found |= dict.fromkeys(short_factors(claim.printed, claim.figures, self.scope.number))
            found |= dict.fromkeys(short_multiples(claim.printed, self._results()))
        return tuple(found)

    def _results(self) -> list[tuple[str, float]]:
        """Derivatives of earlier lines: exact, as printed, and from their printed factors."""
        found = []
        for claim, exact, shown in self.printed:
            if claim.about.head == SLOPE:
                own = [] if claim.figures is None else [self.scope.number(claim.figures)]
                found += [(claim.about.pretty, x) for x in (*own, exact, shown)]
        return found


def _same(a: float, b: float) -> bool:
    return math.isfinite(a) and abs(a - b) <= SAME * max(abs(a), abs(b))

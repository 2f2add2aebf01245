"""The checker of derivations: it finds the wrong lines of the notes, and passes every right one."""

from __future__ import annotations

import collections
import dataclasses
import json
import re
from pathlib import Path

import pytest

import autograd_lite as ag
from autograd_lite.lessons.derivation_text import chains_of
from autograd_lite.lessons.derivations import checked
from autograd_lite.lessons.edits import edits
from autograd_lite.lessons.errata import DERIVATIONS, NOTES, errata, errata_markdown, reports
from autograd_lite.lessons.records import record

GOLDEN = Path(__file__).parents[1] / "golden" / "lessons"
RIGHT = Path(__file__).with_name("right_derivations.txt")
WRONG = {
    "sigmoid_neuron.txt": ["A-1b", "A-3", "A-5b", "A-7b", "A-7c"],
    "worked_networks.txt": ["B-1", "B-7"],
    "cross_entropy.txt": ["C-4", "C-17", "C-8"],
    "multilayer_perceptron.txt": ["D-25", "D-11", "D-13", "D-20", "D-27", "D-27"],
}


@pytest.fixture(scope="module", params=DERIVATIONS)
def noted(request):
    return request.param, ag.verify_derivation(NOTES / request.param)


def test_the_wrong_lines_of_the_notes_and_no_others(noted):
    name, report = noted
    assert [chain.title.split(":")[0] for chain in report.chains if not chain] == WRONG[name]
    assert all(sum(step.broken is not None for step in chain.steps) == 1 for chain in report.chains if not chain)


def test_golden_reports(noted, request):
    name, report = noted
    path = GOLDEN / f"{name}"
    if request.config.getoption("--update-golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{report}\n", encoding="utf-8")
    assert f"{report}\n" == path.read_text(encoding="utf-8")
    assert json.loads(json.dumps(record(report)))["right"] is False


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_the_verdicts_do_not_depend_on_the_points(noted, seed):
    name, report = noted
    again = ag.verify_derivation(NOTES / name, seed=seed)
    assert [[s.verdict for s in c.steps] for c in again.chains] == [[s.verdict for s in c.steps] for c in report.chains]


@pytest.mark.parametrize("seed", [0])
def test_right_derivations_pass(seed):
    report = ag.verify_derivation(RIGHT, seed=seed)
    assert len(report.chains) >= 50
    assert [str(chain) for chain in report.chains if not chain] == []


def diagnosis(name, number):
    report = ag.verify_derivation(NOTES / name)
    chain = next(chain for chain in report.chains if chain.title.startswith(f"{number}:") and not chain)
    broken = chain.first_break.broken
    return broken.ratio, [edit.tree.pretty for edit in broken.mends]


@pytest.mark.parametrize(
    ("name", "number", "ratio", "mend"),
    [
        ("sigmoid_neuron.txt", "A-3", "", "3 · b²"),
        ("sigmoid_neuron.txt", "A-5b", "1/eta: a factor eta is missing", "K · cos(beta) · eta"),
        ("sigmoid_neuron.txt", "A-7b", "−1: a sign", "e^(−z) / (1 + e^(−z))² · x"),
        ("sigmoid_neuron.txt", "A-7c", "f: a factor f too many", "1 / (1 + e^(−z)) · e^(−z) / (1 + e^(−z)) · x"),
        ("worked_networks.txt", "B-1", "", "(1 + e^(−x)) / (1 + e^(−x))² − 1 / (1 + e^(−x))²"),
        ("cross_entropy.txt", "C-4", "", "e^(−x) / (1 + e^(−x))²"),
        ("cross_entropy.txt", "C-8", "", "−t / a + (1 − t) / (1 − a)"),
        ("cross_entropy.txt", "C-17", "", "s · (1 − s)"),
        ("multilayer_perceptron.txt", "D-11", "", "1 / (1 + e^(−z))"),
        ("multilayer_perceptron.txt", "D-13", "−1: a sign", "a − y"),
        ("multilayer_perceptron.txt", "D-20", "−1: a sign", "y − t"),
        ("multilayer_perceptron.txt", "D-25", "", "dC/dy1 · a1"),
        ("multilayer_perceptron.txt", "D-27", "1/beta: a factor beta is missing", "(t − y) · y · (1 − y) · beta"),
    ],
)
def test_what_is_wrong_and_what_mends_it(name, number, ratio, mend):
    found, mends = diagnosis(name, number)
    assert found == ratio
    assert mend in mends


def verdicts(text):
    return [step.verdict for step in ag.verify_derivation(text).chains[0].steps]


def test_lines_after_a_break():
    assert verdicts("x(x + 1)\n= x^2 + 1\n= 1 + x^2\n= x^2 + x\n= x + x^2\n") == [
        "right",
        "breaks",
        "follows from a wrong line",
        "right again",
        "right",
    ]
    assert verdicts("x = 2x = 3x") == ["right", "breaks", "breaks"]


def test_domains():
    assert not ag.verify_derivation("sqrt(x^2) = x")
    assert ag.verify_derivation("for x > 0\nsqrt(x^2) = x")
    assert ag.verify_derivation("ln(x^2) = 2 ln x")  # where both are defined
    assert verdicts("for x < -1\nln(x^2) = 2 ln x")[1] == "no common domain"
    assert ag.verify_derivation("for t in {0, 1}\nt^2 = t")
    assert not ag.verify_derivation("t^2 = t")
    assert ag.verify_derivation("for 0 < a_i < 1\nsum_i(sqrt(a_i^2)) = sum_i(a_i)")


def test_a_name_with_an_index_is_one_formula_for_every_term():
    named = "for terms = 4\nlet z_i = w x_i + b\nlet f_i = tanh(z_i)\nlet L = sum_k((f_k - y_k)^2)\n"
    assert ag.verify_derivation(named + "dL/dw = 2 sum_i((f_i - y_i) (1 - f_i^2) x_i)")
    assert ag.verify_derivation(named + "dL/dz_3 = 2 (f_3 - y_3) (1 - f_3^2)")
    assert ag.verify_derivation(named + "df_j/dw = 0\n\ndf_i/dw = (1 - f_i^2) x_i").chains[1]
    assert not ag.verify_derivation(named + "dL/dw = 2 sum_i((f_i - y_i) x_i)")
    assert ag.verify_derivation("let w_h = 2\nw_1 w_h = 2 w_1")  # not an index: nothing else has it
    assert ag.verify_derivation("let f_i = x_i^2\nlet f_2 = 0\nf_1 + f_2 + f_3 = x_1^2 + x_3^2")


def test_a_few_points_of_a_domain_do_not_count():
    assert verdicts("x^x = (-x)^x")[1] == "no common domain"  # both are defined for even numbers, and equal there


def test_a_slip_too_small_for_one_point_is_found():
    assert not ag.verify_derivation("x + 0.0000001 = x")
    assert ag.verify_derivation("(x + 1)^2 - x^2 - 2x = 1")


@pytest.mark.parametrize("factor", ["2", "-1", "1/2", "3", "-1/2"])
def test_ratios(factor):
    broken = ag.verify_derivation(f"sin x = {factor} sin x").chains[0].first_break.broken
    assert broken.ratio.partition(":")[0].replace("−", "-") == factor


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no derivation here"),
        ("x + 1", "stands alone"),
        ("= x", "no formula above"),
        ("x\n\n= x", "Line 3: .*no formula above"),
        ("let 2 = x", "not of the form let"),
        ("let f(x) x^2", "not of the form let"),
        ("for x", "not a range"),
        ("for 2 < x < 1", "no number in this range"),
        ("function 2", "not of the form function"),
        ("x = $", r"Line 1: '\$' has no meaning"),
        ("let f(x) = x\nf(x, x) = x", "Line 2: .*f takes x"),
        ("let p = p + 1\np = 2", "defined by itself"),
        ("x = " + "1 + " * 600 + "1", "at most 2,000"),
        ("x\n" * 150_000, "at most 200,000"),
    ],
)
def test_each_mistake_is_one_clear_error(text, message):
    with pytest.raises(ag.ExpressionError, match=message):
        ag.verify_derivation(text)


def test_the_errata_name_every_slip_once_found():
    found = {slip.id for slip in errata()}
    assert {"A-7b", "A-7c", "B-1", "B-12", "B-13", "B-26", "B-27", "C-4", "C-8", "C-17", "D-11", "D-13"} <= found
    assert {"D-20", "D-27", "A-11", "B-33", "C-16", "D-24", "D-25", "D-26"} <= found
    page = errata_markdown()
    assert all(line.count("|") - line.count("\\|") == 5 for line in page.splitlines() if line.startswith("|"))


# --- What is missing in a line ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("(a + b)^2 = a^2 + 2a b", "with the term b²"),
        ("(a - b)(a + b) = a^2", "with the term b²"),
        ("a + b^x sin b = a + 0", "with the term b^x · sin(b)"),
        ("x e^x + e^x = e^x", "with the term x · e^x"),
        ("function f, g\nd/dx (f(x) g(x)) = f'(x) + f(x) g'(x)", "with the factor g(x)"),
        ("function f, g\nd/dx (f(g(x))) = f'(g(x))", "with the factor g'(x)"),
        ("d/dx (e^(3x)) = 3", "with the factor e^(3 · x)"),
        ("for 0 < a < 1\n-t/a + (1 - t)/(1 - a) = a - t", "with the divisor a · (1 − a)"),
        ("let s = 1/(1 + e^-z)\nlet C = (s - t)^2\ndC/dz = 2 (s - t)", "with the factor s · (1 − s)"),
        ("for terms = 2\nsum_i((w x_i - y_i) x_i) = sum_i(w x_i - y_i x_i)", "x_i squared"),
        ("for terms = 2\nsum_i(w x_i y_i) = sum_i(w x_i)", "w · x_i times y_i"),
        ("a b + c = a + c", "a times b"),
        ("2 x y = 2 - x y", "times in place of minus before x · y"),
        ("(a + b) c = a + b c", "brackets around a + b"),
        ("a + b c = (a + b) c", "no brackets around a + b"),
        ("d/dx (x^3) = 4 x^3", "the power rule: 3 · x² in place of 4 · x³"),
    ],
)
def test_what_is_put_back(text, what):
    broken = ag.verify_derivation(text).chains[0].first_break.broken
    assert what in [edit.what for edit in broken.mends]


def right_chains():
    for name in DERIVATIONS:
        chains = chains_of((NOTES / name).read_text(encoding="utf-8"))
        yield from (chain for chain, report in zip(chains, reports()[name].chains, strict=True) if report)
    yield from chains_of(RIGHT.read_text(encoding="utf-8"))


def planted(every):
    """Right chains with a slip in the last line: of each kind of slip the first two."""
    slips = []
    for chain in right_chains():
        kinds = collections.Counter()
        for edit in edits(chain.lines[-1].tree, chain.names()):
            kind = re.sub(r"[^a-z ]| [a-z]\b", "", edit.what)
            kinds[kind] += 1
            if kinds[kind] <= 2:
                wrong = [*chain.lines[:-1], chain.lines[-1]._replace(tree=edit.tree)]
                slips.append(dataclasses.replace(chain, lines=wrong))
    return slips[::every]


@pytest.mark.parametrize(("every", "share"), [(100, 0.15), pytest.param(1, 0.08, marks=pytest.mark.long)])
def test_planted_slips_are_found_and_nearly_all_are_mended(every, share):
    verdicts = collections.Counter()
    for chain in planted(every):
        broken = [step.broken for step in checked(chain).steps if step.broken]  # some slips change nothing
        verdicts["mended" if broken and broken[0].mends else "not mended" if broken else "the same"] += 1
    assert verdicts.total() > 2000 // every
    assert verdicts["not mended"] <= share * verdicts["mended"]
    assert verdicts["the same"] <= share * verdicts["mended"]

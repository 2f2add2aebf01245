"""The checker of worked examples: both verdicts on every row of the notes, the slips that it names, its errors."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import pytest

import autograd_lite as ag
from autograd_lite.formulas import Expr
from autograd_lite.lessons.alignment import stands_for
from autograd_lite.lessons.chain_rule import formulas_for
from autograd_lite.lessons.edits import edits
from autograd_lite.lessons.errata import EXAMPLES, NOTES
from autograd_lite.lessons.evaluation import Scope
from autograd_lite.lessons.notation import SLOPE, read
from autograd_lite.lessons.printed import agreement
from autograd_lite.lessons.quiz import questions
from autograd_lite.lessons.quiz.templates import TOPICS
from autograd_lite.lessons.records import record

GOLDEN = Path(__file__).parents[1] / "golden" / "lessons"
WRONG = {  # each line of the notes that is wrong, by its number; every other line is right
    "network_2_1_1.toml": ["B-4", "B-12", "B-13"],
    "network_3_2_1.toml": ["B-24", "B-26", "B-27"],
    "printed_values.toml": ["A-3", "C-4", "C-8", "C-8", "D-13"],
    "sigmoid_neuron.toml": [],
}
CUT = {
    "network_2_1_1.toml": ["B-3", "B-9", "B-11"],
    "network_3_2_1.toml": ["B-34", "B-28"],
    "printed_values.toml": ["C-1", "C-2", "C-3"],
    "sigmoid_neuron.toml": [],
}


@pytest.fixture(scope="module", params=EXAMPLES)
def checked(request):
    return request.param, report_of(request.param)


def test_the_wrong_lines_of_the_notes_and_no_others(checked):
    name, report = checked
    assert [line.claim.id for line in report.lines if line.wrong] == WRONG[name]
    cut = [line.claim.id for line in report.lines if line.value_verdict == "cut"]
    assert sorted(cut) == sorted(CUT[name])
    assert bool(report) is (not WRONG[name])


def test_golden_reports(checked, request):
    name, report = checked
    path = GOLDEN / f"{name}.txt"
    if request.config.getoption("--update-golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{report}\n", encoding="utf-8")
    assert f"{report}\n" == path.read_text(encoding="utf-8")
    assert json.loads(json.dumps(record(report)))["right"] is (not WRONG[name])


def test_a_derivative_by_a_name_with_a_number_of_its_own_and_printed_before():
    """The name by which is differentiated stays a name, although its number is printed, and comes from no input."""
    lines = ["w = ln 6 = 1.791759", "d^2/dw^2 (L) = 6 w = 10.75056", "dL/dw = 3 w^2 = 9.631206"]
    assert ag.verify_example({"graph": {"w": "ln 6", "L": "w^3"}, "lines": lines})


@functools.cache
def report_of(name):
    return ag.verify_example(NOTES / name)


def line_of(name, number):
    return next(line for line in report_of(name).lines if line.claim.id == number)


def test_what_is_said_of_the_wrong_ones():
    said = {k: str(line_of("network_2_1_1.toml", k)) for k in ("B-4", "B-12", "B-13")}
    assert "0.58 (cut, not rounded) stands where h_out" in said["B-4"]
    assert "1.25 in place of 1.1" in said["B-12"]
    assert "2.5 times dE/dw1" in said["B-12"]
    assert "0.25 (which is w1, eta, w1_new) stands where w2 = 0.3 belongs" in said["B-13"]
    assert "the sign: −0.25 · 0.004223" in said["B-13"]
    said = {k: str(line_of("network_3_2_1.toml", k)) for k in ("B-24", "B-26", "B-27")}
    assert "stands where 1 − y_out = 0.526111 belongs" in said["B-24"]
    assert "0.332 (which is h1) stands where w_h1 = −0.3 belongs" in said["B-26"]
    assert "right would be w11 − dE/dw11 · eta" in said["B-27"]


def test_both_verdicts_where_rounding_is_carried():
    lines = {line.claim.id: line for line in report_of("network_2_1_1.toml").lines}
    assert (lines["B-6"].value_verdict, lines["B-6"].factors_verdict) == ("differs", "follows")
    assert (lines["B-31"].value_verdict, lines["B-31"].factors_verdict) == ("rounded", "follows, cut")
    assert (lines["B-32"].value_verdict, lines["B-32"].factors_verdict) == ("rounded", "does not follow")


# --- Candidates -----------------------------------------------------------------------------------------------------

NEURON = {
    "given": {"w": 0.7, "x": 1.3, "b": -0.2, "y": 0.9, "eta": 0.3},
    "graph": {
        "z": "w x + b",
        "a": "sigmoid(z)",
        "E": "1/2 (a - y)^2",
        "w_new": "w - eta dE/dw",
        "z_new": "w_new x + b",
    },
}
SLIPS = [  # the line with a slip in it, and what is found
    ("dE/dw = {-(a - y) a (1 - a) x}", "the sign of"),
    ("dE/dw = {(a - y) a (1 - a)}", "without the factor x"),
    ("dE/dw = {(a - y) a x}", "without the factor 1 − a"),
    ("dE/dw = {(a - y) a (1 - a) x^2}", "x squared"),
    ("dE/dw = {2 (a - y) a (1 - a) x}", "doubled"),
    ("dE/dw = {(a - y) a (1 - a) w}", "w in place of x"),
    ("w_new = {w - dE/dw}", "without the learning rate eta"),
    ("w_new = {w + eta dE/dw}", "the sign of eta · dE/dw"),
    ("z_new = {w x + b}", "w in place of w_new"),
    ("a = {sigmoid(-z)}", "the sign of z"),
]


def number(formula):
    known = {*NEURON["given"], *NEURON["graph"]}
    definitions = {name: read(text, known) for name, text in NEURON["graph"].items()}
    return Scope(NEURON["given"], definitions).number(read(formula, known))


@pytest.mark.parametrize(("line", "slip"), SLIPS)
def test_a_slip_is_among_the_candidates(line, slip):
    about, formula = line[:-1].split(" = {")
    report = ag.verify_example(NEURON | {"lines": [f"{about} = {number(formula):.6f}"]})
    assert not report
    assert any(slip in candidate for candidate in report.lines[0].candidates)


@pytest.mark.parametrize("line", SLIPS)
@pytest.mark.parametrize("digits", [2, 4, 8])
def test_a_right_number_is_right_to_any_number_of_digits(line, digits):
    about = line[0].split(" = ")[0]
    assert ag.verify_example(NEURON | {"lines": [f"{about} = {number(about):.{digits}f}"]})


def test_several_paths_are_one_sum():
    example = {
        "given": {"x": 2.0},
        "graph": {"p": "3x", "q": "x^2", "L": "p q"},
        "lines": ["dL/dx = dL/dp dp/dx + dL/dq dq/dx = 4*3 + 6*4 = 36", "dL/dx = 4*3 = 12"],
    }
    first, second = ag.verify_example(example).lines
    assert (first.wrong, first.factors_verdict, first.mismatches) == (False, "follows", ())
    assert second.wrong or second.value_verdict == "differs"


def test_numbers_are_carried_from_line_to_line():
    lines = ["a = 0.67", "E = 0.0265"]  # 0.0265 = (0.67 - 0.9)^2/2; exactly it is 0.02634
    report = ag.verify_example(NEURON | {"lines": lines})
    assert [line.value_verdict for line in report.lines] == ["rounded", "differs"]
    assert report.lines[1].factors_verdict == "follows from earlier lines"
    assert report


@pytest.mark.parametrize(
    ("printed", "value", "said"),
    [
        ("0.5", 0.5, "exact"),
        ("0.50", 0.504, "rounded"),
        ("-0.024", -0.02475, "cut"),
        ("−0.024", -0.02475, "cut"),
        ("0.025", 0.0245, "rounded"),
        ("0.024", 0.0245, "rounded"),
        ("12", 12.4, "rounded"),
        ("12", 12.9, "cut"),
        ("0.01", -0.01, "differs"),
        ("1e-3", 0.00104, "rounded"),
        ("1.5e3", 1540.0, "rounded"),
        ("0", 0.3, "rounded"),
        ("1", float("nan"), "differs"),
        ("1", float("inf"), "differs"),
        ("0.5", 1e300, "differs"),
    ],
)
def test_agreement(printed, value, said):
    assert agreement(printed, value) == said


def test_a_factor_without_decimals_is_exact():
    assert stands_for("2", 2.0)
    assert not stands_for("2", 1.9)


# --- Laws over many examples: the questions of the quiz, worked with rounded numbers ---------------------------------


def in_figures(tree, printed, scope):
    """A formula with the numbers printed so far in place of its names and derivatives."""
    if tree.args and tree.head != SLOPE:
        return Expr(tree.head, tuple(in_figures(part, printed, scope) for part in tree.args))
    if not isinstance(tree.head, str):
        return tree
    x = printed.get(tree.text, float(f"{scope.number(tree):.3g}"))
    return Expr(x) if x >= 0.0 else Expr("neg", (Expr(-x),))


def worked(question, digits):
    """Every line of a question, from figures that were rounded in the lines before."""
    scope, printed, lines = question.scope, dict(question.scope.numbers), []
    asked = [Expr(name) for name in scope.definitions if name != question.about.text]
    for about in [*asked, question.about]:
        figures = in_figures(next(iter(formulas_for(about, scope.definitions))), printed, scope)
        shown = f"{Scope({}).number(figures):.{digits}f}"
        printed[about.text] = float(shown)
        lines.append(f"{about.pretty} = {figures.text} = {shown}")
    return {"given": dict(scope.numbers), "graph": dict(question.template.graph), "lines": lines}


@pytest.mark.parametrize("digits", [3, *(pytest.param(n, marks=pytest.mark.long) for n in (2, 5))])
@pytest.mark.parametrize("topic", TOPICS)
def test_no_false_alarm_where_rounding_is_carried(topic, digits):
    for question in questions(12, topic=topic, seed=digits):
        report = ag.verify_example(worked(question, digits))
        assert [str(line) for line in report.lines if line.wrong] == []


@pytest.mark.parametrize("topic", TOPICS)
def test_planted_slips_are_found_and_most_are_named(topic):
    named = tried = 0
    for question in questions(5, topic=topic, seed=1):
        for edit in list(edits(question.formula, question.scope.numbers, ["eta"]))[:6]:
            value = question.scope.number(edit.tree)
            if not abs(value - question.answer) > 0.02 * abs(question.answer) or abs(value) > 1e6:
                continue
            line = f"{question.about.pretty} = {value:.6f}"
            (found,) = ag.verify_example(worked(question, 5) | {"lines": [line]}).lines
            assert found.wrong
            tried, named = tried + 1, named + (edit.what in found.candidates)
    assert tried > 10
    assert named >= 0.8 * tried


# --- Errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("title = ", "not TOML"),
        ({"gven": {}}, "Did you mean 'given'"),
        ({"lines": []}, "nothing to check"),
        ({"given": {"w": "x"}, "lines": ["w = 1"]}, "a finite number is needed"),
        ({"given": {"w": True}, "lines": ["w = 1"]}, "a finite number is needed"),
        ({"given": 3, "lines": ["w = 1"]}, "a table is needed"),
        ({"given": {"2w": 1.0}, "lines": ["w = 1"]}, "is not a name"),
        ({"given": {"w": 1}, "graph": {"w": "1"}, "lines": ["w = 1"]}, "only one of them"),
        ({"graph": {"z": 3}, "lines": ["z = 3"]}, "write it in quotes"),
        ({"graph": {"z": "q + 1"}, "lines": ["z = 3"]}, "graph, z: There is no name 'q'"),
        ({"given": {"w": 1}, "lines": ["w"]}, "line 1: 'w' claims nothing"),
        ({"given": {"w": 1}, "lines": [3]}, "line 1: 3 claims nothing"),
        ({"given": {"w": 1}, "lines": [{"id": "Q-1", "line": "v = 1"}]}, "line Q-1: There is no name 'v'"),
        ({"given": {"w": 1}, "lines": [{"lin": "w = 1"}]}, "Did you mean 'line'"),
        ({"given": {"w": 1}, "lines": ["w = $"]}, "has no meaning in a formula"),
    ],
)
def test_each_mistake_is_one_clear_error(source, message):
    with pytest.raises(ag.AutogradLiteError, match=message):
        ag.verify_example(source)

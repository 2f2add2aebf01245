"""The grader: it names the misconception of each wrong engine, passes right ones, and survives what runs away."""

from __future__ import annotations

import json
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import autograd_lite as ag
from autograd_lite.cli import main
from autograd_lite.lessons.grading import GradeReport, grade
from autograd_lite.lessons.grading.engine_under_test import load_engine
from autograd_lite.lessons.grading.laws import FAILED, LAWS, MISSING, TASKS, graded
from autograd_lite.lessons.grading.programs import OPERATIONS, Program, Step

pytest.importorskip("hypothesis")

MICROGRAD = Path(__file__).parent / "engines" / "micrograd_style.py"

RIGHT = """
import math

TAPE = []

class Value:
    def __init__(self, data, operands=(), partials=()):
        self.data, self.grad = float(data), 0.0
        self.operands, self.partials = operands, partials

    def __add__(self, other):
        other = wrapped(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __sub__(self, other):
        other = wrapped(other)
        return Value(self.data - other.data, (self, other), (1.0, -1.0))

    def __mul__(self, other):
        other = wrapped(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __truediv__(self, other):
        other = wrapped(other)
        return Value(self.data / other.data, (self, other), (1 / other.data, -self.data / other.data**2))

    def __neg__(self):
        return Value(-self.data, (self,), (-1.0,))

    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t * t,))

    def order(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((u, False) for u in node.operands)
        return order[::-1]

    def push(self):
        for u, p in zip(self.operands, self.partials):
            u.grad += p * self.grad

    def backward(self):
        order = self.order()
        for node in order:
            if node.operands:
                node.grad = 0.0
        self.grad = 1.0
        for node in order:
            node.push()


def wrapped(x):
    return x if isinstance(x, Value) else Value(x)


def exp(x):
    y = math.exp(x.data)
    return Value(y, (x,), (y,))
"""

RECURSIVE = """    def order(self):
        order, seen = [], set()
        def visit(node):
            if node not in seen:
                seen.add(node)
                for u in node.operands:
                    visit(u)
                order.append(node)
        visit(self)
        return order[::-1]
"""
BREADTH_FIRST = """    def order(self):
        order = [self]
        for node in order:
            order += [u for u in dict.fromkeys(node.operands) if u not in order]
        return order
"""
DEPTH_FIRST = """    def backward(self, first=True):
        if first:
            self.grad = 1.0
        self.push()
        for u in self.operands:
            u.backward(False)
"""
ORDER = RIGHT[RIGHT.index("    def order") : RIGHT.index("    def push")]
BACKWARD = RIGHT[RIGHT.index("    def backward") : RIGHT.index("\n\ndef wrapped")]
PUSH = "u.grad += p * self.grad"

WRONG = {  # name: the edits of the right engine, the misconception, the law that shows it
    "assigns": ([(PUSH, "u.grad = p * self.grad")], "= for +=", "the same operand twice"),
    "depth first": (
        [
            (
                BACKWARD,
                DEPTH_FIRST,
            )
        ],
        "no order",
        "results that are used again",
    ),
    "breadth first": (
        [
            (
                ORDER,
                BREADTH_FIRST,
            )
        ],
        "no order",
        "results that are used again",
    ),
    "inner kept": ([("node.grad = 0.0", "pass")], "inner gradients kept", "two sweeps add up"),
    "set": (
        [("zip(self.operands, self.partials)", "dict(zip(self.operands, self.partials)).items()")],
        "operands in a set",
        "the same operand twice",
    ),
    "tape": (
        [
            ("        self.operands, self", "        TAPE.append(self)\n        self.operands, self"),
            ("        return order[::-1]", "        return TAPE[::-1]"),
            ("            if node.operands:\n                node.grad = 0.0", "            pass"),
        ],
        "not zeroed",
        "a second graph on the same leaves",
    ),
    "begins at 1": ([("float(data), 0.0", "float(data), 1.0")], "not zeroed", "gradients begin at 0"),
    "sign": ([("(self, other), (1.0, -1.0)", "(self, other), (1.0, 1.0)")], "wrong sign", "rule of a - b"),
    "recursive": ([(ORDER, RECURSIVE)], "recursion limit", "a chain of 5,000"),
    "tanh": ([("1 - t * t", "1 - t")], "wrong rule", "rule of a.tanh()"),
    "own factor": ([("(other.data, self.data)", "(self.data, other.data)")], "wrong rule", "rule of a * b"),
    "value": ([("self.data / other.data,", "self.data // other.data,")], "wrong value", "rule of a / b"),
    "no seed": ([("        self.grad = 1.0\n", "")], "no seed", "rule of a + b"),
    "no chain": ([(PUSH, "u.grad += p")], "no factor from above", "the chain rule"),
    "forwards": ([("return order[::-1]", "return order")], "order not reversed", "the chain rule"),
    "resets leaves": (
        [("            if node.operands:\n                node.grad", "            node.grad")],
        "gradients overwritten",
        "two sweeps add up",
    ),
}


def report_on(path: Path, task: str = "") -> GradeReport:
    """Grade in this process."""
    return GradeReport(path.name, tuple(graded(load_engine(path), task)), task=task)


def edited(edits):
    text = RIGHT
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return text


REPORTS: dict[str, GradeReport] = {}


def report_on_edited(edits):
    text = edited(edits)
    if text not in REPORTS:
        with tempfile.TemporaryDirectory() as folder:
            REPORTS[text] = report_on(written(Path(folder), text))
    return REPORTS[text]


@pytest.fixture
def engine(tmp_path):
    return lambda *edits: written(tmp_path, edited(edits))


def test_a_right_engine_keeps_every_law(engine):
    report = report_on(engine())
    assert [r.law for r in report.results if r.status == FAILED] == []
    assert report.score == 100
    assert {"rule of a.relu()", "rule of 2 + a"} <= {r.law for r in report.results if r.status == MISSING}
    assert "rule of a.exp()" in {r.law for r in report.results if r.status == "passed"}  # a function of the file


def test_the_library_itself_keeps_every_law(tmp_path):
    path = tmp_path / "ours.py"
    path.write_text("from autograd_lite import Value\n", encoding="utf-8")
    report = report_on(path)
    assert {r.status for r in report.results} == {"passed"}


def test_micrograd_passes_on_what_it_supports():
    report = report_on(MICROGRAD)
    assert report
    failed = {r.law: r.misconception for r in report.results if r.status == FAILED}
    assert failed == {"two sweeps add up": "inner gradients kept", "a chain of 5,000": "recursion limit"}
    assert not report_on(MICROGRAD, "robust")


@pytest.mark.parametrize("name", WRONG)
def test_the_misconception_is_named(name):
    edits, misconception, law = WRONG[name]
    report = report_on_edited(edits)
    failed = {r.law: r for r in report.results if r.status == FAILED}
    assert failed[law].misconception == misconception
    assert report.misconceptions[0] == misconception
    assert {r.misconception for r in failed.values() if r.core} <= {misconception}
    assert failed[law].advice or misconception == "wrong value"
    assert bool(report) == (not any(r.core for r in failed.values()))


@pytest.mark.parametrize("name", ["assigns", "set", "depth first", "breadth first", "no chain"])
def test_the_program_is_small(name):
    edits, _, law = WRONG[name]
    failed = next(r for r in report_on_edited(edits).results if r.law == law)
    assert len(failed.program.split("\n")) <= 5
    assert "should be" in failed.picture


@pytest.mark.parametrize("name", ["inner kept", "resets leaves", "tape"])
def test_the_program_of_several_sweeps_is_the_smallest(name):
    edits, _, law = WRONG[name]
    failed = next(r for r in report_on_edited(edits).results if r.law == law)
    steps = {"inner kept": 2, "resets leaves": 1, "tape": 1}[name]
    assert failed.program.startswith("a = Value(2.0)\nb = a * a\n")
    assert len(failed.program.split(".backward()")[0].split("\n")) == 1 + steps + 1


def test_a_rule_is_tried_at_zero_too(engine):
    partials = "(self, other), (other.data, self.data)"
    report = report_on(engine((partials, partials.replace("other.data,", "self.data * other.data / self.data,"))))
    failed = next(r for r in report.results if r.status == FAILED)
    assert failed.law == "rule of a * b"
    assert "ZeroDivisionError" in failed.message


@pytest.mark.parametrize("task", TASKS)
def test_tasks(task, engine):
    report = report_on(engine(), task)
    missing = {r.law for r in report.results if r.status == FAILED}
    needed = set(TASKS[task].operations) - load_engine(engine()).operations.keys()
    assert len(missing) == len(needed)
    assert bool(report) == (not needed)
    assert set(TASKS[task].laws) <= LAWS.keys()
    assert set(TASKS[task].operations) <= OPERATIONS.keys()


def test_pictures():
    program = Program((3.0, 2.0), (Step("+", (0, 0)), Step("*", (2, 1))))
    assert program.picture([2.0, None], [4.0, 6.0]) == (
        "d = c * b\n"
        "├─ c = a + a\n"
        "│  ├─ a = Value(3.0)   grad 2, should be 4\n"
        "│  └─ a   (the same)\n"
        "└─ b = Value(2.0)   grad missing, should be 6"
    )


# --- The child process ------------------------------------------------------------------------------------------------


def test_the_command(engine, tmp_path, capsys):
    path, junit = engine(*WRONG["assigns"][0]), tmp_path / "report.xml"
    assert main(["grade", str(path), "--task", "sharing", "--junit", str(junit)]) == 1
    printed = capsys.readouterr().out
    assert "Likely: = for +=." in printed
    assert "a.grad is 1, should be 2" in printed
    suite = ET.fromstring(junit.read_text(encoding="utf-8"))  # noqa: S314 - our own
    assert int(suite.get("failures")) == len(suite.findall("testcase/failure")) > 0
    assert int(suite.get("tests")) == len(suite.findall("testcase"))


def test_json(capsys):
    assert main(["grade", str(MICROGRAD), "--task", "product", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["score"], record["task"], record["stopped"]) == (100, "product", "")


def written(tmp_path, text):
    path = tmp_path / "engine.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_loop_without_end_is_stopped(tmp_path):
    text = RIGHT.replace("self.grad = 1.0\n", "self.grad = 1.0\n        __import__('time').sleep(600)\n")
    report = grade(written(tmp_path, text), timeout=3.0)
    assert "more than 3 seconds" in report.stopped
    assert not report
    assert "Stopped: it took more than 3 seconds" in str(report)


@pytest.mark.skipif(sys.platform == "win32", reason="memory is not limited there")
def test_memory_is_limited(tmp_path):
    text = RIGHT.replace("self.grad = 1.0\n", "self.grad = 1.0\n        self.much = bytearray(8 << 30)\n")
    report = grade(written(tmp_path, text), memory=1024, task="sum")
    assert not report
    assert "MemoryError" in str(report)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("def f(:", ag.UserCodeError, "engine.py, line 1"),
        ("1/0", ag.UserCodeError, "ZeroDivisionError"),
        ("import sys; sys.exit(3)", ag.UserCodeError, "cannot be executed"),
        ("x = 1", ag.UserCodeError, "no class with a method backward"),
        (RIGHT + "\nclass Other(Value): pass\nA = Value\ndel Value", ag.ExpressionError, "Name one: --class"),
    ],
)
def test_files_that_cannot_be_graded(text, error, message, tmp_path):
    with pytest.raises(error, match=message):
        load_engine(written(tmp_path, text))


def test_a_file_that_ends_its_process(tmp_path):
    with pytest.raises(ag.UserCodeError, match="exit code 3"):
        grade(written(tmp_path, "import os; os._exit(3)"))
    with pytest.raises(ag.UserCodeError, match="no class with a method backward"):
        grade(written(tmp_path, "x = 1"))


def test_settings_that_mean_nothing(tmp_path):
    path = written(tmp_path, RIGHT)
    with pytest.raises(ag.ExpressionError, match="There is no file"):
        grade(tmp_path / "missing.py")
    with pytest.raises(ag.UnknownNameError, match="Did you mean 'sharing'"):
        grade(path, task="shering")
    with pytest.raises(ag.DomainError, match="at least 256 MiB"):
        grade(path, timeout=0.0)
    with pytest.raises(ag.UnknownNameError, match="Did you mean 'Value'"):
        load_engine(path, "Valu")


def test_without_hypothesis_one_clear_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ag.MissingDependencyError, match="pip install hypothesis"):
        next(graded(load_engine(MICROGRAD)))

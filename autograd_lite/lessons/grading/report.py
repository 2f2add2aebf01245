"""The verdicts on an engine, as text, JSON and JUnit."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import asdict, dataclass
from textwrap import indent

from autograd_lite.lessons.grading.laws import FAILED, MISSING, NOTHING, PASSED, Result
from autograd_lite.text import printable

__all__ = ["GradeReport"]

RULE = "rule of "
MARKS = {PASSED: "✓", FAILED: "✗", MISSING: "·"}


@dataclass(frozen=True)
class GradeReport:
    """The verdicts on all laws, and how the grading ended.

    Attributes
    ----------
    name : str
        The file.
    results : tuple of Result
        A verdict for each law that was tried.
    stopped : str
        Why the grading ended early: out of time, or the process died; "" if it did not.
    task : str
        The exercise, or "".
    """

    name: str
    results: tuple[Result, ...]
    stopped: str = ""
    task: str = ""

    @property
    def counted(self) -> tuple[Result, ...]:
        """What counts for the score: laws of the core that apply."""
        return tuple(result for result in self.results if result.core and result.status != MISSING)

    @property
    def score(self) -> int:
        """Laws of the core that are kept, in percent; rounded down, so that 100 means all."""
        kept = sum(result.status == PASSED for result in self.counted)
        return 100 * kept // (len(self.counted) + bool(self.stopped)) if self.counted else 0

    def __bool__(self) -> bool:
        return self.score == 100

    @property
    def misconceptions(self) -> tuple[str, ...]:
        """The likely misconceptions, each once, in order of appearance."""
        return tuple(dict.fromkeys(r.misconception for r in self.results if r.misconception))

    def __str__(self) -> str:
        lines = [f"{printable(self.name)}{f', task {self.task}' if self.task else ''}"]
        for result in self.results:
            lines.append(f"{MARKS[result.status]} {printable(result.law)}{_note(result)}")
            lines += [indent(text, "    ") for text in _explained(result)] if result.status == FAILED else []
        absent = [printable(r.law).removeprefix(RULE) for r in self.results if r.status == MISSING and _is_rule(r)]
        lines += [f"· The engine has no {', '.join(absent)}; that costs nothing."] if absent else []
        lines += [f"Stopped: {printable(self.stopped)}"] if self.stopped else []
        kept = sum(result.status == PASSED for result in self.counted)
        return "\n".join([*lines, f"Score: {self.score} of 100 ({kept} of {len(self.counted)} laws)."])

    def record(self) -> dict[str, object]:
        """The report as plain data, for JSON."""
        return {
            "name": self.name,
            "task": self.task,
            "score": self.score,
            "stopped": self.stopped,
            "misconceptions": list(self.misconceptions),
            "laws": [asdict(result) for result in self.results],
        }

    def junit(self) -> str:
        """The report as JUnit XML, a test case for each law."""
        failures = sum(result.status == FAILED and result.core for result in self.results)
        suite = ET.Element(
            "testsuite",
            name=printable(f"autograd-lite grade {self.name}"),
            tests=str(len(self.results) + bool(self.stopped)),
            failures=str(failures),
            errors=str(int(bool(self.stopped))),
            skipped=str(sum(result.status == MISSING or not result.core for result in self.results)),
        )
        for result in self.results:
            case = ET.SubElement(suite, "testcase", classname="engine", name=printable(result.law))
            if result.status == FAILED and result.core:
                failure = ET.SubElement(case, "failure", message=printable(result.message))
                failure.text = printable("\n".join(_explained(result)), keep="\n")
            elif result.status != PASSED or not result.core:
                ET.SubElement(case, "skipped", message=printable(result.message or result.status))
        if self.stopped:
            case = ET.SubElement(suite, "testcase", classname="engine", name="the grading")
            ET.SubElement(case, "error", message=printable(self.stopped))
        ET.indent(suite)
        return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _is_rule(result: Result) -> bool:
    return result.law.startswith(RULE)


def _note(result: Result) -> str:
    """What stands behind a law that does not count, or was not tried."""
    if result.status == FAILED and not result.core:
        return "   (beyond the core: does not count)"
    if result.status == MISSING and not _is_rule(result):
        return f"   (not tried: {printable(result.message or NOTHING)})"
    return ""


def _explained(result: Result) -> list[str]:
    """The message, the likely misconception, the program and its picture."""
    parts = [printable(result.message)]
    if result.misconception:
        parts.append(f"Likely: {result.misconception}. {result.advice}".strip())
    parts += [indent(result.program, "  ")] if result.program else []
    parts += [indent(result.picture, "  ")] if result.picture and "grad" in result.picture else []
    return parts

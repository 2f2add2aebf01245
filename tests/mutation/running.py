"""Runs tests on mutants: each in a process of its own, until the first test fails."""

from __future__ import annotations

import itertools
import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# The same on every machine: fixed examples, no plugins that happen to be there, and no threads before a fork.
os.environ |= {"CI": "1", "OPENBLAS_NUM_THREADS": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

import flint  # noqa: F401 - imported once, before processes divide
import hypothesis
import mpmath  # noqa: F401 - as above
import numpy as np  # noqa: F401 - as above
import pytest

from tests.mutation.mutants import ROOT, Mutant, plant
from tests.mutation.plan import PLAN, ROWS

OPTIONS = ["-x", "-q", "--tb=no", "--no-header", "-p", "no:cacheprovider", "-p", "_hypothesis_pytestplugin"]
OPTIONS += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # what was imported before a fork is not rewritten


@dataclass(frozen=True)
class Result:
    """What became of a mutant: the first test that failed, or "" if none did."""

    killer: str
    seconds: float

    @property
    def survived(self) -> bool:
        return not self.killer


# --- One mutant, in this process ------------------------------------------------------------------------------------


class Plugin:
    """Asks the laws about some ops only, leaves failing examples as large as they are, and notes the first failure."""

    def __init__(self, rows: set[str]) -> None:
        self.rows = rows
        self.killer = ""

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        default = hypothesis.settings.get_profile("default")
        phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
        hypothesis.settings.register_profile("mutation", default, phases=phases)
        hypothesis.settings.load_profile("mutation")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if self.concerns(item)]

    def concerns(self, item: pytest.Item) -> bool:
        if item.path.name != "test_laws.py":
            return True
        parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        return "law" in parameters and parameters["op"].name in self.rows

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.note(report)

    def note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.failed and not self.killer:
            self.killer = report.nodeid


def rows_of(mutant: Mutant) -> set[str]:
    """The op whose row of the table was changed; elsewhere the ops that the file has most to do with."""
    lines = (ROOT / mutant.path).read_text(encoding="utf-8").split("\n")
    in_table = mutant.path.endswith("ops.py") and "# --- Arithmetic" in "".join(lines[: mutant.line])
    below = (line.removeprefix("def ").partition("(")[0] for line in lines[mutant.line - 1 :] if line[:4] == "def ")
    return {next(below, "")} if in_table else ROWS.get(mutant.path, set())


def examine(path: str, mutant: Mutant | None, folder: Path) -> Result:
    """Run the planned tests of a file until the first one fails, on a mutant of it or on the file as it is."""
    plugin = Plugin(rows_of(mutant) if mutant else ROWS.get(path, set()))
    started = time.monotonic()
    try:
        if mutant:
            plant(mutant)
        for stage in PLAN[path]:
            code = pytest.main([*OPTIONS, f"--basetemp={folder}", *stage], plugins=[plugin])
            if code:
                plugin.killer = plugin.killer or f"pytest ends with {code!r}"
                break
    except BaseException as error:  # noqa: BLE001 - whatever a mutant breaks, it is found
        plugin.killer = f"{type(error).__name__}: {error}"
    return Result(plugin.killer, round(time.monotonic() - started, 1))


# --- Many mutants, each in a process of its own ---------------------------------------------------------------------


def start(path: str, mutant: Mutant | None, folder: Path) -> int:
    """Examine in a process of its own, which leaves its result in a file; the number of the process."""
    if pid := os.fork():
        return pid
    os.setsid()
    log = os.open(folder / "log", os.O_RDWR | os.O_CREAT)
    for stream in range(3):
        os.dup2(log, stream)
    result = examine(path, mutant, folder / "pytest")
    (folder / "result.json").write_text(json.dumps([result.killer, result.seconds]), encoding="utf-8")
    os._exit(0)


def finished(folder: Path) -> Result:
    """The result of a process that ended; one that left none ran for too long, or died."""
    path = folder / "result.json"
    return Result(*json.loads(path.read_text(encoding="utf-8"))) if path.exists() else Result("no end, or a crash", 0.0)


def run(mutants: Sequence[Mutant], jobs: int, timeout: float) -> Iterator[tuple[Mutant, Result]]:
    """Examine mutants, so many at a time, each for so many seconds at most; results as they come."""
    waiting = iter(mutants)
    running: dict[int, tuple[Mutant, Path, float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        while True:
            for mutant in itertools.islice(waiting, jobs - len(running)):
                folder = Path(tempfile.mkdtemp(dir=scratch))
                running[start(mutant.path, mutant, folder)] = (mutant, folder, time.monotonic() + timeout)
            if not running:
                return
            time.sleep(0.02)
            for pid, (mutant, folder, deadline) in list(running.items()):
                if time.monotonic() > deadline:
                    os.kill(pid, signal.SIGKILL)
                if os.waitpid(pid, os.WNOHANG)[0]:
                    del running[pid]
                    yield mutant, finished(folder)


def healthy(path: str) -> str:
    """Run the planned tests of a file as it is; the end of what pytest printed if one fails, else nothing."""
    with tempfile.TemporaryDirectory() as scratch:
        os.waitpid(start(path, None, Path(scratch)), 0)
        failed = not finished(Path(scratch)).survived
        return (Path(scratch) / "log").read_text(encoding="utf-8")[-2000:] if failed else ""

"""`grade`: an engine in a file is graded in a process of its own, within limits of time and memory."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograd_lite import errors
from autograd_lite.errors import DomainError, ExpressionError, UnknownNameError, UserCodeError
from autograd_lite.lessons.grading.laws import TASKS, Result
from autograd_lite.lessons.grading.report import GradeReport
from autograd_lite.text import printable, shown_path

__all__ = ["grade"]

TIME, MEMORY = 60.0, 2048


def grade(
    path: str | Path, *, task: str = "", class_name: str = "", timeout: float = TIME, memory: int = MEMORY
) -> GradeReport:
    """Grade an engine: a class with ``.data``, ``.grad``, ``.backward()`` and operators.

    The file is executed in a child process with the rights of the user. Limits of time and memory stop what runs away;
    they are not a sandbox: grade only files that may run on your machine.

    Parameters
    ----------
    path : str or Path
        The Python file.
    task : str
        An exercise: sum, product, sharing, engine, operators or robust. By default everything that is there is graded.
    class_name : str
        Which class, if the file has several engines.
    timeout : float
        Seconds, wall clock.
    memory : int
        Mebibytes of address space; not limited on Windows.

    Returns
    -------
    GradeReport
        For each law a verdict; for a broken one the smallest program that shows it, its picture, and the likely
        misconception. True if the score is 100.

    Raises
    ------
    ExpressionError
        If there is no such file, or it holds several engines.
    UnknownNameError
        If there is no such task or class.
    UserCodeError
        If the file cannot be executed, or holds no engine.
    MissingDependencyError
        If Hypothesis is not installed.
    """
    path = Path(path)
    if task and task not in TASKS:
        raise UnknownNameError.among("task", task, TASKS)
    if not path.is_file():
        raise ExpressionError(f"There is no file {shown_path(path)} here.")
    if not timeout > 0.0 or memory < 256:
        raise DomainError(f"Got timeout={timeout:g} and memory={memory}; at least 256 MiB and some seconds are needed.")
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results"
        results.touch()
        stopped = _run([str(path), class_name, task, str(results), str(memory)], timeout)
        lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
    return _report(path, task, lines, stopped)


def _run(arguments: list[str], timeout: float) -> str:
    """Run the child; returns why it ended early, or ""."""
    command = [sys.executable, "-P", "-m", "autograd_lite.lessons.grading.child", *arguments]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env=environment,
            start_new_session=True,
        )
        try:
            code = child.wait(timeout)
        except subprocess.TimeoutExpired:
            return f"it took more than {timeout:g} seconds. Does a loop never end? --timeout gives it longer."
        finally:
            _end(child)
        if code == 0:
            return ""
        said.seek(0)
        last = (said.read()[-2000:].decode(errors="replace").strip().splitlines() or ["no message"])[-1]
        return f"its process ended with exit code {code}: {printable(last)[:300]}"


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child and what it has started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
    child.wait()


def _report(path: Path, task: str, lines: list[Mapping[str, Any]], stopped: str) -> GradeReport:  # as JSON has it
    results = []
    for line in lines:
        fields = {key: x for key, x in line.items() if key != "kind"}
        if line["kind"] == "error":
            kind = getattr(errors, fields["name"], UserCodeError)
            raise kind(fields["message"])
        if line["kind"] == "result":
            results.append(Result(**fields))
    if not stopped and not (lines and lines[-1]["kind"] == "end"):
        stopped = "the file ended the process."
    if not lines:
        raise UserCodeError(f"{path.name} could not be loaded: {stopped}")
    return GradeReport(path.name, tuple(results), stopped, task)

"""The process that grades: it executes the user's file, tries the laws, and writes each verdict as a line of JSON.

``python -m autograd_lite.lessons.grading.child FILE CLASS TASK RESULTS MEMORY``; started by `session` alone.
"""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from autograd_lite.errors import AutogradLiteError
from autograd_lite.lessons.grading.engine_under_test import load_engine
from autograd_lite.lessons.grading.laws import graded

__all__: list[str] = []


def _limit_memory(mebibytes: int) -> None:
    """Limit the memory of this process, where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # not on Windows
        import resource  # noqa: PLC0415 - POSIX alone has it

        resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20, mebibytes << 20))


def _main(path: str, class_name: str, task: str, results: str, memory: str) -> None:
    _limit_memory(int(memory))
    with Path(results).open("a", encoding="utf-8") as file:

        def write(kind: str, **fields: object) -> None:
            file.write(json.dumps({"kind": kind, **fields}) + "\n")
            file.flush()

        try:
            engine = load_engine(Path(path), class_name)
            write("engine", name=engine.make.__name__)
            for result in graded(engine, task):
                write("result", **asdict(result))
            write("end")
        except AutogradLiteError as error:
            write("error", name=type(error).__name__, message=str(error))


if __name__ == "__main__":
    _main(*sys.argv[1:])

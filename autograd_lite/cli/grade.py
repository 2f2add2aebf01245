"""``autograd-lite grade``: grade an engine that somebody wrote."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from autograd_lite.atomic_files import writing_atomically
from autograd_lite.lessons.grading.laws import TASKS
from autograd_lite.lessons.grading.session import MEMORY, TIME, grade

from .arguments import Commands, add_command

__all__ = ["add_to"]

EXAMPLES = """examples:
  autograd-lite grade engine.py
  autograd-lite grade engine.py --task sharing
  autograd-lite grade engine.py --json
  autograd-lite grade engine.py --junit report.xml

tasks:
{tasks}

An engine is a class with .data, .grad, .backward() and operators:
  class Value:
      def __init__(self, data): ...
      def __add__(self, other): ...
      def backward(self): ...
"""


def add_to(commands: Commands) -> None:
    """Describe the command to argparse."""
    parser = add_command(
        commands,
        "grade",
        summary="grade an engine of your own",
        description="Try laws of autograd on a class Value in a file: the rules of its operations, the chain rule, "
        "what is used twice, several graphs. For a law that it breaks, show the smallest program, its graph and the "
        "likely misconception. The exit code is 0 if the score is 100, else 1. The file is executed with your rights, "
        "in a process with limits of time and memory; that is not a sandbox: grade only code that may run here.",
        examples=EXAMPLES.format(tasks="\n".join(f"  {name:<10} {task.about}" for name, task in TASKS.items())),
    )
    parser.add_argument("file", metavar="FILE.py", type=Path, help="the file with the class")
    parser.add_argument("--task", metavar="NAME", default="", help="one exercise; everything that is there by default")
    parser.add_argument(
        "--class", metavar="NAME", dest="class_name", default="", help="the class, if there are several"
    )
    parser.add_argument("--timeout", metavar="SECONDS", type=float, default=TIME, help="(60)")
    parser.add_argument("--memory", metavar="MIB", type=int, default=MEMORY, help="(2048); not limited on Windows")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--junit", metavar="FILE", type=Path, help="write the report as JUnit XML too")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the report."""
    report = grade(
        arguments.file,
        task=arguments.task,
        class_name=arguments.class_name,
        timeout=arguments.timeout,
        memory=arguments.memory,
    )
    if arguments.junit:
        with writing_atomically(arguments.junit) as file:
            file.write(report.junit().encode())
    print(json.dumps(report.record(), indent=1) if arguments.json else report)
    return 0 if report else 1

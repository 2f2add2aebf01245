"""Run Graphviz: the program `dot` on the PATH, else the package pygraphviz.

Graphviz cannot be interrupted and may need minutes for a large graph, so it always runs in a process of its own that is
ended after `TIME_LIMIT` seconds.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from autograd_lite.errors import GraphTooLargeError, MissingDependencyError, OutputError
from autograd_lite.text import install_command

__all__ = ["TIME_LIMIT", "engine_command", "engine_name", "render"]

TIME_LIMIT = 10.0
CHILD = Path(__file__).parent / "pygraphviz_child.py"
ADVICE = (
    "Drawing needs Graphviz, and none was found. Either install the package that brings it along: "
    f"{install_command('dot')}, or the program: apt install graphviz (brew install graphviz, "
    "winget install graphviz). The .dot text and all printed steps work without it."
)


def engine_name() -> str | None:
    """Which Graphviz is used: ``"dot"``, ``"pygraphviz"``, or None."""
    if shutil.which("dot"):
        return "dot"
    return "pygraphviz" if importlib.util.find_spec("pygraphviz") else None


def engine_command(kind: str) -> list[str]:
    """The command that reads DOT text and writes a picture of that kind."""
    engine = engine_name()
    if engine == "dot":
        return [str(shutil.which("dot")), f"-T{kind}"]
    if engine == "pygraphviz":
        return [sys.executable, "-P", str(CHILD), kind]  # -P: this folder must not stand on the child's path
    raise MissingDependencyError(ADVICE)


def render(dot: str, kind: str) -> bytes:
    """Let Graphviz turn DOT text into ``svg``, ``png``, ``pdf`` or ``json``.

    Raises
    ------
    MissingDependencyError
        If there is no Graphviz.
    GraphTooLargeError
        If it takes longer than the limit.
    OutputError
        If Graphviz fails.
    """
    command = engine_command(kind)
    try:
        done = subprocess.run(  # noqa: S603 - a program found on the PATH, or this Python; the text goes to its stdin
            command, input=dot.encode("utf-8", "replace"), capture_output=True, timeout=TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        raise GraphTooLargeError(
            f"Graphviz needed more than {TIME_LIMIT:g} s for this graph. Draw a part of it, with focus=, or save the "
            ".dot text and lay it out elsewhere."
        ) from None
    if done.returncode != 0 or not done.stdout:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        complaint = next((line for line in lines if line.startswith("Error:")), lines[-1])
        raise OutputError(f"Graphviz ({command[0]}) could not make the {kind}: {complaint}")
    return done.stdout

"""``autograd-lite doctor``: what is installed, what it is for, and how to get what is missing."""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import autograd_lite
from autograd_lite.text import install_command

from .arguments import Commands, add_command

__all__ = ["add_to"]


class Extra(NamedTuple):
    """An optional part: its name for pip, the package behind it, and what it is for."""

    name: str
    package: str
    purpose: str


EXTRAS = (
    Extra("dot", "pygraphviz", "draws pictures where Graphviz itself is not installed"),
    Extra("plot", "matplotlib", "loss curves"),
    Extra("sklearn", "scikit-learn", "the iris data of the demo, estimators"),
    Extra("progress", "tqdm", "progress bars"),
)


def add_to(commands: Commands) -> None:
    """Describe the command to argparse."""
    parser = add_command(
        commands,
        "doctor",
        summary="say what is installed and what is missing",
        description="Say which Python, NumPy, Graphviz and extras are here, what each is for, and how to get it.",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; what is missing is no failure."""
    print(f"autograd-lite  {autograd_lite.__version__} in {Path(autograd_lite.__file__).parent}")
    print(f"Python         {platform.python_version()} on {platform.system()} {platform.machine()}")
    print(f"NumPy          {_version('numpy')}")
    print(f"Graphviz       {_graphviz()}")
    print("Extras")
    for extra in EXTRAS:
        print(f"  {extra.name:<10} {_found(extra):<24} {extra.purpose}")
    missing = [extra.name for extra in EXTRAS if _version(extra.package) is None]
    if missing:
        print(f"To get what is missing:  {install_command(*missing)}")
    return 0


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _found(extra: Extra) -> str:
    version = _version(extra.package)
    return f"{extra.package} {version}" if version else f"{extra.package} is missing"


def _graphviz() -> str:
    """Say what draws the pictures, in the order in which it is looked for."""
    dot = shutil.which("dot")
    if dot:
        answer = subprocess.run([dot, "-V"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 - found on the PATH
        return f"{dot}: {answer.stderr.strip()}"
    if _version("pygraphviz"):
        return "no dot on the PATH; the extra dot (pygraphviz) draws the pictures"
    return f"missing: install Graphviz (apt install graphviz), or {install_command('dot')}"

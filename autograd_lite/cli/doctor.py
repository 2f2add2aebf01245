"""``autograd-lite doctor``: list what is installed, its purpose, and how to install what is missing."""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import autograd_lite
from autograd_lite.compiler import disk
from autograd_lite.compiler.backends import native
from autograd_lite.errors import OutputError
from autograd_lite.text import counted, install_command, shown_path

from .arguments import Commands, add_command

__all__ = ["add_to"]


EXAMPLES = """examples:
  autograd-lite doctor
  autograd-lite doctor --clear-cache
"""


ADVICE = "make it a folder that only you can write to, or set AUTOGRAD_LITE_CACHE to another one"


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
    Extra("native", "llvmlite", "compiled functions as machine code"),
)


def add_to(commands: Commands) -> None:
    """Describe the command to argparse."""
    parser = add_command(
        commands,
        "doctor",
        summary="list what is installed and what is missing",
        description="List the versions of Python, NumPy, Graphviz and the extras, the purpose of each extra, how to "
        "install what is missing, and where compiled code is kept. AUTOGRAD_LITE_CACHE is the folder for it, or off.",
        examples=EXAMPLES,
    )
    parser.add_argument("--clear-cache", action="store_true", help="remove the compiled code that is kept on disk")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; a missing extra is not a failure."""
    if arguments.clear_cache:
        return _clear_cache()
    print(f"autograd-lite  {autograd_lite.__version__} in {Path(autograd_lite.__file__).parent}")
    print(f"Python         {platform.python_version()} on {platform.system()} {platform.machine()}")
    print(f"NumPy          {_version('numpy')}")
    print(f"Graphviz       {_graphviz()}")
    print(f"Compiling      {_compiling()}")
    print(f"Compiled code  {_kept()}")
    print("Extras")
    for extra in EXTRAS:
        print(f"  {extra.name:<10} {_found(extra):<24} {extra.purpose}")
    missing = [extra.name for extra in EXTRAS if _version(extra.package) is None]
    if missing:
        print(f"To install what is missing:  {install_command(*missing)}")
    return 0


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _found(extra: Extra) -> str:
    version = _version(extra.package)
    return f"{extra.package} {version}" if version else f"{extra.package} is missing"


def _compiling() -> str:
    """Say which backends there are, and why one is not."""
    if lacking := native.missing():
        return f"to NumPy or Python floats, whichever is faster; not native: {lacking}"
    return "to machine code (AUTOGRAD_LITE_NATIVE=off: none), NumPy or Python floats, whichever suits the program"


def _kept() -> str:
    """Say where compiled code is kept from one process to the next, and how much."""
    found = disk.state()
    if found.path is None:
        return "is not kept on disk"
    if found.problem:
        return f"is not kept: {shown_path(found.path)}: {found.problem}; {ADVICE}"
    return f"{counted(found.files, 'file')} ({found.size / 2**20:.1f} MB) in {shown_path(found.path)}"


def _clear_cache() -> int:
    found = disk.state()
    if found.path is None:
        print("No compiled code is kept on disk.")
        return 0
    if found.problem:
        raise OutputError(f"{shown_path(found.path)} is left as it is: {found.problem}.")
    try:
        print(f"Removed {counted(disk.clear(), 'file')} from {shown_path(found.path)}.")
    except OSError as error:
        raise OutputError(f"Cannot remove compiled code from {shown_path(found.path)}: {error.strerror}.") from error
    return 0


def _graphviz() -> str:
    """The program or package that draws the pictures, in the order of preference."""
    dot = shutil.which("dot")
    if dot:
        answer = subprocess.run([dot, "-V"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 - found on the PATH
        return f"{dot}: {answer.stderr.strip()}"
    if _version("pygraphviz"):
        return "no dot on the PATH; the extra dot (pygraphviz) draws the pictures"
    return f"missing: install Graphviz (apt install graphviz), or {install_command('dot')}"

"""The mutants that mutmut makes of a file, and how one is imported in place of that file."""

from __future__ import annotations

import difflib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

import mutmut

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Mutant:
    """One change to one file: ``path:line``, and a number among the changes to that line."""

    path: str
    line: int
    index: int

    @property
    def name(self) -> str:
        """Its name in reports: file, line (from 1) and number."""
        return f"{self.path}:{self.line}:{self.index}"

    @property
    def module(self) -> str:
        """The import name of the file."""
        name = self.path.removesuffix(".py").replace("/", ".")
        return name if name.startswith("autograd_lite.") else f"autograd_lite.{name}"

    def source(self) -> str:
        """The text of the whole file with the change in it."""
        text = (ROOT / self.path).read_text(encoding="utf-8")
        line = text.split("\n")[self.line - 1]
        where = mutmut.RelativeMutationID(line=line, index=self.index, line_number=self.line - 1, filename=self.path)
        changed, count = mutmut.mutate(mutmut.Context(source=text, mutation_id=where, filename=self.path))
        if count != 1:
            raise LookupError(f"{self.name} changes {count} places; the file is not the one that was listed.")
        return changed

    def difference(self) -> list[str]:
        """The lines that the change takes away and puts in their place."""
        before = (ROOT / self.path).read_text(encoding="utf-8").splitlines()
        lines = difflib.unified_diff(before, self.source().splitlines(), lineterm="", n=0)
        return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def mutants_of(path: str) -> list[Mutant]:
    """All mutants of a file, in its order."""
    text = (ROOT / path).read_text(encoding="utf-8")
    found = mutmut.list_mutations(mutmut.Context(source=text, filename=path))
    return [Mutant(path, m.line_number + 1, m.index) for m in found]


class Finder(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Finds one module, and gives it another text than the file's; nothing on the disk is changed."""

    def __init__(self, mutant: Mutant) -> None:
        super().__init__(mutant.module, str(ROOT / mutant.path))
        self.text = mutant.source()

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """The module, if it is the one that was changed."""
        return (
            importlib.util.spec_from_file_location(fullname, self.path, loader=self) if fullname == self.name else None
        )

    def get_code(self, _: str) -> CodeType:
        """The changed text, compiled."""
        return compile(self.text, self.path, "exec", dont_inherit=True)


def plant(mutant: Mutant) -> None:
    """Let this process import the mutant in place of the file."""
    sys.meta_path.insert(0, Finder(mutant))

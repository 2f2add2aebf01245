"""`Any` switches a type checker off, so it has a reason: a comment on its line, or one for the file in its header.

Files older than this rule have a ceiling, the lines without a reason that are left; a ceiling can only fall.
"""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

import pytest

from tests.support.source_files import ROOT, source_files

CEILINGS = {  # of a file, or of all files of a folder
    "autograd_lite/__init__.py": 1,
}


def unexplained(source: str) -> list[int]:
    """The lines with an `Any` that nothing explains."""
    if "Any" not in source:
        return []
    tree = ast.parse(source)
    comments = {
        token.start[0]: token.string
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    first = next((node.lineno for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))), 0)
    header = [text for line, text in comments.items() if line < first]
    if any("Any" in text for text in [ast.get_docstring(tree) or "", *header]):
        return []
    used = {node.lineno for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "Any"}
    return sorted(line for line in used if not _is_reason(comments.get(line, "")))


def _is_reason(comment: str) -> bool:
    return bool(comment) and not comment.startswith(("# type:", "# noqa", "# pyright:"))


def ceiling_of(path: str) -> str:
    """The entry of the table that a file falls under, the file's own before its folder's."""
    return max((entry for entry in CEILINGS if path == entry or path.startswith(f"{entry}/")), key=len, default="")


FILES: dict[str, list[Path]] = {}
for file in source_files():
    name = file.relative_to(ROOT).as_posix()
    FILES.setdefault(ceiling_of(name) or name, []).append(file)


@pytest.mark.parametrize("entry", FILES)
def test_any_has_a_reason(entry):
    count = sum(len(unexplained(file.read_text(encoding="utf-8"))) for file in FILES[entry])
    assert count <= CEILINGS.get(entry, 0), "say why on the line, or name a type"


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("from typing import Any\nx: Any = 1\n", [2]),
        ("from typing import Any\nx: Any = 1  # noqa: F841\n", [2]),
        ("from typing import Any\nx: Any = 1  # SciPy has no types\n", []),
        ('"""A file. ``Any`` stands for what users give."""\nfrom typing import Any\nx: Any = 1\n', []),
        ("# Any: what users give\nfrom typing import Any\nx: Any = 1\n", []),
        ("from typing import Any\ndef f(\n    a: Any,  # a tree\n    b: list[Any],\n) -> Any: ...\n", [4, 5]),
    ],
)
def test_what_counts_as_a_reason(source, lines):
    assert unexplained(source) == lines

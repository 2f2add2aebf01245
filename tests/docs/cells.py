"""The code cells of a page, and a program that runs them one after the other, as a notebook does."""

from __future__ import annotations

import ast
import linecache
import re
import sys
from pathlib import Path

CELL = re.compile(r"^```\{code-cell\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OPTION = re.compile(r"^:\w+:.*\n", re.MULTILINE)


def cells(page: Path) -> list[str]:
    """The text of each code cell, without its options."""
    return [OPTION.sub("", found[1]) for found in CELL.finditer(page.read_text(encoding="utf-8"))]


def run(page: Path) -> None:
    """Run all cells in one namespace; what a cell's last line gives is shown as a notebook would."""
    names = {"__name__": "__main__"}
    for number, text in enumerate(cells(page)):
        name = f"<cell {number}>"
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        tree = ast.parse(text)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), names)
        if isinstance(last, ast.Expr):
            shown = eval(compile(ast.Expression(last.value), name, "eval"), names)
            print(shown if shown is not None else "")


if __name__ == "__main__":
    run(Path(sys.argv[1]))

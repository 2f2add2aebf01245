"""The source files of the three packages, the names under which Python imports them, and what they import."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("autograd_lite", "nn", "viz")


def source_files(root: Path = ROOT) -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((root / folder).rglob("*.py"))]


def module_name(path: Path, root: Path = ROOT) -> str:
    """The real name of a file's module: what stands in ``nn/`` is imported as ``autograd_lite.nn``."""
    parts = path.relative_to(root).with_suffix("").parts
    parts = parts if parts[0] == "autograd_lite" else ("autograd_lite", *parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(root: Path = ROOT) -> dict[str, set[str]]:
    """For each module the modules that its text imports: at the top, in functions, and for annotations only.

    A name of a package, as in ``from autograd_lite import Value``, counts as an import of the package.
    """
    modules = {module_name(path, root): path for path in source_files(root)}
    return {name: _imported(name, path, modules.keys()) - {name} for name, path in modules.items()}


def _imported(name: str, path: Path, modules) -> set[str]:
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            names = {f"{source}.{alias.name}" for alias in node.names}
            found |= {name if name in modules else source for name in names}
    return found

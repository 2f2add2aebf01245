"""The source files of the three packages, and the names under which Python imports them."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("autograd_lite", "nn", "viz")


def source_files() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


def module_name(path: Path, root: Path = ROOT) -> str:
    """The real name of a file's module: what stands in ``nn/`` is imported as ``autograd_lite.nn``."""
    parts = path.relative_to(root).with_suffix("").parts
    parts = parts if parts[0] == "autograd_lite" else ("autograd_lite", *parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

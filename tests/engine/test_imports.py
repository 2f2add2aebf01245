"""Imports run one way: every file's imports, read from its text, are held against the layers of the house."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("autograd_lite", "nn", "viz")
LAYERS = [  # a file imports from the layers above its own in this list, and from its own package
    ["errors", "special"],
    ["formulas"],
    ["namespaces"],
    ["op"],
    ["definition"],
    ["ops", "reverse"],
    ["engine"],
    ["source_lines"],
    ["pytree"],
    ["transforms"],
    ["checks"],
    ["compiler"],
    ["nn", "viz"],
    ["cli"],
    ["__main__"],
]
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
HEAVY = {"matplotlib", "sklearn", "graphviz", "pygraphviz", "tqdm", "IPython", "scipy", "pandas", "joblib"}


def files():
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts if parts[0] == "autograd_lite" else ("autograd_lite", *parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> set[str]:
    """The absolute names of the modules that a file imports, except for annotations only."""
    name, found = module_name(path), set()
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in _run_time_nodes(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            found |= {source} if source != "autograd_lite" else {f"{source}.{alias.name}" for alias in node.names}
    return found


def _run_time_nodes(tree: ast.AST):
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)):
            stack.extend(ast.iter_child_nodes(node))


def part(module: str) -> str:
    """The layer that a module belongs to: ``autograd_lite.nn.layers`` to ``nn``."""
    pieces = module.split(".")
    return pieces[1] if len(pieces) > 1 else "autograd_lite"


def test_every_file_is_seen():
    assert len(files()) > 20
    unknown = {part(module_name(path)) for path in files()} - set(RANK) - {"autograd_lite"}
    assert not unknown, f"no layer is declared for {unknown}"


@pytest.mark.parametrize("path", files(), ids=module_name)
def test_imports_point_down(path):
    here = part(module_name(path))
    if here == "autograd_lite":
        return  # the package itself gathers the public names
    for name in imported(path):
        if name.split(".")[0] != "autograd_lite":
            assert name.split(".")[0] not in ("nn", "viz", "tests"), f"{name} is not how the package is called"
            continue
        there = part(name)
        if there not in RANK:
            assert RANK[here] > RANK["engine"], f"{module_name(path)} imports the public name {name}"
        else:
            assert there == here or RANK[there] < RANK[here], f"{module_name(path)} imports upward: {name}"


def test_networks_and_pictures_do_not_know_each_other():
    for path in files():
        here, others = part(module_name(path)), {"nn": "viz", "viz": "nn"}
        if here in others:
            assert others[here] not in {part(name) for name in imported(path) if name.startswith("autograd_lite")}


def test_an_upward_import_is_seen(tmp_path, monkeypatch):
    bad = tmp_path / "autograd_lite" / "namespaces.py"
    bad.parent.mkdir()
    bad.write_text("def f():\n    from .engine import Value\n    import autograd_lite.nn.layers\n")
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert imported(bad) == {"autograd_lite.engine", "autograd_lite.nn.layers"}
    with pytest.raises(AssertionError, match="imports upward"):
        test_imports_point_down(bad)


@pytest.mark.parametrize("module", ["autograd_lite", "autograd_lite.nn", "autograd_lite.viz", "autograd_lite.cli"])
def test_importing_is_light(module):
    code = f"import sys, {module}; print(*sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert done.stdout.split() == []


def test_importing_the_engine_does_not_import_networks_or_pictures():
    code = "import sys, autograd_lite; print(*{'autograd_lite.nn', 'autograd_lite.viz'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert done.stdout.split() == []

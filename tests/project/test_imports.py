"""Imports run one way: those of every file, read from its text, are held against the layers of the house."""

from __future__ import annotations

import functools
import graphlib
import subprocess
import sys

import pytest

from tests.support.source_files import imports, module_name, source_files

# In each package the rooms, files or folders, from the ground up. A room imports from the layers below its own; rooms
# of one layer do not know each other. A room that is named here may be missing.
LAYERS = {
    "autograd_lite": [
        ["guesses", "special", "interrupts"],
        ["errors"],
        ["text"],
        ["atomic_files", "real_numbers"],
        ["formulas"],
        ["namespaces"],
        ["op"],
        ["node"],
        ["definition"],
        ["ops", "reverse"],
        ["copying", "forward", "iterations", "kernels", "sweep"],
        ["engine"],
        ["source_lines"],
        ["indexed"],
        ["pytree", "calling", "distributions"],
        ["transforms"],
        ["checks", "lessons"],
        ["compiler"],
        ["nn", "viz"],
        ["cli"],
        ["__main__"],
    ],
    "autograd_lite.transforms": [
        ["evaluation"],
        ["edge_pushing", "sharing"],
        ["derivatives", "products"],
        ["series", "critical"],
        ["minimizing", "searching"],
    ],
    "autograd_lite.checks": [
        ["quotients", "wording"],
        ["nonfinite", "gradient_check", "lint_graph"],
        ["lint_units"],
        ["lint_numbers", "lint_paths", "lint_training"],
        ["linting"],
    ],
    "autograd_lite.lessons": [
        ["notation", "printed"],
        ["edits", "evaluation"],
        ["chain_rule", "derivation_text", "example_text", "missing_parts"],
        ["alignment", "points"],
        ["causes", "derivations"],
        ["examples"],
        ["errata", "records"],
        ["grading", "quiz"],
    ],
    "autograd_lite.lessons.quiz": [["templates"], ["questions"], ["marking", "sheets"]],
    "autograd_lite.lessons.grading": [
        ["programs"],
        ["flaws", "engine_under_test", "search"],
        ["laws"],
        ["child", "report"],
        ["session"],
    ],
    "autograd_lite.compiler": [
        [
            "disk",
            "eager",
            "layout",
            "pickling",
            "primitives",
            "repetitions",
            "rows",
            "slopes",
            "store",
            "structural",
            "words",
            "workspaces",
        ],
        ["members", "traced"],
        ["trace"],
        ["blocks", "bodies", "operands", "recurrences", "rewrites"],
        ["ir"],
        ["loops", "nodes"],
        ["carries", "cost", "finite", "graph", "in_place", "interpret", "plan", "rolling", "verify"],
        ["elementwise", "sums"],
        ["parts"],
        ["groups"],
        ["naming"],
        ["builder"],
        ["contractions", "lookups", "lower_loops", "straight"],
        ["lower"],
        ["backends"],
        ["pipeline"],
        ["fingerprint", "indexing", "scanning", "unflatten"],
        ["signature"],
        ["tracing"],
        ["building"],
        ["runtime"],
        ["batching", "direct"],
        ["compiled_function", "mapping"],
        ["compiled_map"],
        ["api"],
    ],
    "autograd_lite.nn": [
        ["kinds", "registry"],
        ["networks"],
        ["losses", "optimizers"],
        ["training"],
        ["saving"],
        ["tabular", "sklearn"],
        ["models"],
    ],
    "autograd_lite.viz": [
        ["theme"],
        ["graphs", "plots"],  # plots take plain data
        ["steps"],
        ["explain"],
        ["drawing"],
        ["writers", "page"],
        ["calling", "stepping"],
    ],
}
STILL_TO_MOVE: set[str] = set()  # a file whose own imports, or a package whose inner ones, point up
PUBLIC_FROM = "source_lines"  # from here on a file may import public names, ``from autograd_lite import Value``
HEAVY = {"matplotlib", "sklearn", "graphviz", "pygraphviz", "tqdm", "IPython", "scipy", "pandas", "joblib"}

found_imports = functools.cache(imports)


def complaint(here: str, there: str) -> str | None:
    """What is wrong with one file's import of another, if anything is."""
    package, room, other = _where_they_part(here, there)
    if package not in LAYERS or {here, package} & STILL_TO_MOVE or not room:
        return None  # the package itself gathers the public names
    rank = {name: i for i, layer in enumerate(LAYERS[package]) for name in layer}
    if room not in rank:
        return f"{package} has no layer for {room}"
    if not other:
        fine = package == "autograd_lite" and rank[room] >= rank[PUBLIC_FROM]
        return None if fine else f"{here} imports the public names of {package}"
    if rank.get(other, len(rank)) >= rank[room]:
        return f"{here} imports {there}, which is not below it"
    return None


def _where_they_part(here: str, there: str) -> tuple[str, str, str]:
    """The package that two modules share, and the room of each in it; "" for the package itself."""
    a, b = here.split("."), there.split(".")
    n = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return ".".join(a[:n]), ".".join(a[n : n + 1]), ".".join(b[n : n + 1])


def circle(graph: dict[str, set[str]]) -> list[str]:
    """The modules of one import circle, in order; none if there is no circle."""
    held = {here: {there for there in found if _is_held(here, there)} for here, found in graph.items()}
    try:
        graphlib.TopologicalSorter(held).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def _is_held(here: str, there: str) -> bool:
    return not {here, _where_they_part(here, there)[0]} & STILL_TO_MOVE


@pytest.mark.parametrize("here", [module_name(file) for file in source_files()])
def test_imports_point_down(here):
    found = found_imports()
    for there in found[here]:
        assert there.split(".")[0] not in ("nn", "viz", "tests"), f"{there} is not how the package is called"
    known = [there for there in found[here] if there in found]
    assert [wrong for there in sorted(known) if (wrong := complaint(here, there))] == []


def test_there_are_no_circles():
    assert circle(found_imports()) == []


def test_every_room_has_a_layer():
    found = found_imports()
    assert len(found) > 100
    for package in LAYERS.keys() - STILL_TO_MOVE:
        rooms = {name[len(package) + 1 :].split(".")[0] for name in found if name.startswith(f"{package}.")}
        assert rooms <= {room for layer in LAYERS[package] for room in layer}


@pytest.mark.parametrize(
    ("here", "text", "wrong"),
    [
        ("autograd_lite/op.py", "def f():\n    from .engine import Value\n", "imports autograd_lite.engine"),
        ("autograd_lite/op.py", "if TYPE_CHECKING:\n    from autograd_lite.nn import layers\n", "autograd_lite.nn"),
        ("autograd_lite/op.py", "from autograd_lite import Value\n", "imports the public names"),
        ("autograd_lite/checks/nonfinite.py", "from .gradient_check import f\n", "which is not below it"),
        ("nn/training/fit.py", "from autograd_lite.viz import graphs\n", "which is not below it"),
        ("autograd_lite/attic.py", "from autograd_lite import errors\n", "no layer for attic"),
    ],
)
def test_an_import_that_points_up_is_seen(here, text, wrong, tmp_path):
    names = [
        "autograd_lite/__init__",
        "autograd_lite/engine",
        "autograd_lite/errors",
        "autograd_lite/checks/gradient_check",
    ]
    files = dict.fromkeys([f"{name}.py" for name in [*names, "nn/layers", "viz/graphs"]], "")
    for name, content in (files | {here: text}).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    graph = imports(tmp_path)
    found = [said for a, bs in graph.items() for b in bs if b in graph and (said := complaint(a, b))]
    assert len(found) == 1
    assert wrong in found[0]


def test_a_circle_is_seen():
    pictures = {
        "autograd_lite.checks.a": {"autograd_lite.checks.b"},
        "autograd_lite.checks.b": {"autograd_lite.checks"},
    }
    assert circle(pictures) == []
    assert len(circle(pictures | {"autograd_lite.checks": {"autograd_lite.checks.a"}})) == 4


@pytest.mark.parametrize("module", ["autograd_lite", "autograd_lite.nn", "autograd_lite.viz", "autograd_lite.cli"])
def test_importing_is_light(module):
    late = HEAVY | ({"autograd_lite.nn", "autograd_lite.viz"} if module == "autograd_lite" else set())
    code = f"import sys, {module}; print(*sorted({late!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert done.stdout.split() == []

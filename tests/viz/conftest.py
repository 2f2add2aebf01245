"""Graphs that the tests of pictures and steps share, and the golden files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.viz.drawing.graphviz_engine import engine_name

GOLDEN = Path(__file__).parents[1] / "golden" / "viz"
HOSTILE = [
    "<script>alert(1)</script>",
    'a"b',
    "a'b&amp;",
    "]]>",
    "a\\N\\l\\",
    "\u202eevil",
    "😀👩\u200d🔬",
    "\x00\x1b[31m",
]


def named(value: Value, label: str) -> Value:
    value.label = label
    return value


def two_one_one() -> tuple[Value, dict[str, Value]]:
    """The worked 2-1-1 network: half the squared error of a sigmoid of a sigmoid."""
    numbers = {"x1": 0.5, "x2": 1.1, "w1": 0.25, "w2": 0.3, "w_h": 0.33, "b1": -0.1, "b2": 0.3}
    v = {name: Value(number, name) for name, number in numbers.items()}
    h_in = named(v["w1"] * v["x1"] + v["w2"] * v["x2"] + v["b1"], "h_in")
    h_out = named(ag.sigmoid(h_in), "h_out")
    y_in = named(v["w_h"] * h_out + v["b2"], "y_in")
    y_out = named(ag.sigmoid(y_in), "y_out")
    return named((Value.constant(0.8, "y") - y_out) ** 2 / 2, "E"), v


def squared() -> tuple[Value, dict[str, Value]]:
    """The square of tanh(x w + b) - y, written as d * d."""
    v = {name: Value(number, name) for name, number in {"x": 2.0, "w": -0.5, "b": 0.8, "y": 1.0}.items()}
    t = named(named(named(v["x"] * v["w"], "p") + v["b"], "s").tanh(), "t")
    d = named(t - v["y"], "d")
    return named(d * d, "L"), v


def three_two_one() -> tuple[Value, dict[str, Value]]:
    """The 3-2-1 network of Han and Kamber, "Data Mining", with its first sample."""
    weights = {"w14": 0.2, "w15": -0.3, "w24": 0.4, "w25": 0.1, "w34": -0.5, "w35": 0.2, "w46": -0.3, "w56": -0.2}
    v = {name: Value(number, name) for name, number in (weights | {"b4": -0.4, "b5": 0.2, "b6": 0.1}).items()}
    x = [Value.constant(number, f"x{i}") for i, number in enumerate((1.0, 0.0, 1.0), start=1)]
    h4 = named(ag.sigmoid(ag.sumprod([v["w14"], v["w24"], v["w34"]], x) + v["b4"]), "h4")
    h5 = named(ag.sigmoid(ag.sumprod([v["w15"], v["w25"], v["w35"]], x) + v["b5"]), "h5")
    y = named(ag.sigmoid(v["w46"] * h4 + v["w56"] * h5 + v["b6"]), "y")
    return named((Value.constant(1.0, "t") - y) ** 2 / 2, "E"), v


def shared() -> tuple[Value, dict[str, Value]]:
    """The most asked question about backprop: b = a + a; c = b + b."""
    a = Value(1.0, "a")
    b = named(a + a, "b")
    return named(b + b, "c"), {"a": a}


GRAPHS = {"two_one_one": two_one_one, "three_two_one": three_two_one, "squared": squared, "shared": shared}


@pytest.fixture
def example() -> Callable[[str], tuple[Value, dict[str, Value]]]:
    """A graph by name, with its leaves."""
    return lambda name: GRAPHS[name]()


@pytest.fixture
def hostile_labels() -> list[str]:
    return HOSTILE


@pytest.fixture(params=HOSTILE, ids=["script", "quote", "entity", "cdata", "backslash", "rtl", "emoji", "control"])
def hostile(request) -> str:
    return request.param


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare text byte for byte with a file of tests/golden/viz; UPDATE_GOLDEN=1 writes it instead."""

    def compare(name: str, text: str) -> None:
        file = GOLDEN / name
        if os.environ.get("UPDATE_GOLDEN"):
            file.write_bytes(text.encode())
        assert text.encode() == file.read_bytes(), f"{name} differs; look at it, then UPDATE_GOLDEN=1"

    return compare


def chromium_path() -> str | None:
    """Where a browser is: CHROMIUM_PATH, else the usual names and places."""
    named_so = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome", "chrome")]
    places = [os.environ.get("CHROMIUM_PATH"), *named_so, "/usr/bin/chromium", "/snap/bin/chromium"]
    return next((place for place in places if place and Path(place).exists()), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium; skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium: install Debian's chromium, or set CHROMIUM_PATH")
    with playwright.sync_playwright() as running:
        launched = running.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def kept_tabs() -> list[Any]:
    """What tests leave behind for others: a new tab is a process, and costs more than most tests do in it."""
    return []


@pytest.fixture
def open_file(browser, kept_tabs) -> Iterator[Callable[..., Any]]:
    """Open a file in a tab; at the end there must be no error and no request in its log."""
    opened = []

    def open_in_tab(file: Path, *, fragment: str = "", size: tuple[int, int] = (1400, 900), dark: bool = False) -> Any:
        tab = kept_tabs.pop() if kept_tabs else browser.new_page()
        tab.set_viewport_size({"width": size[0], "height": size[1]})
        tab.emulate_media(media="screen", color_scheme="dark" if dark else "light", reduced_motion="reduce")
        tab.mouse.move(0, 0)
        log: list[str] = []
        notes = {
            "console": lambda message: log.append(message.text),
            "pageerror": lambda error: log.append(str(error)),
            "request": lambda request: None if request.url.startswith(file.as_uri()) else log.append(request.url),
        }
        for event, note in notes.items():
            tab.on(event, note)
        opened.append((tab, notes, log))
        tab.goto(file.as_uri() + fragment)
        return tab

    yield open_in_tab
    for tab, notes, _ in opened:
        for event, note in notes.items():
            tab.remove_listener(event, note)
        tab.goto("about:blank")
        kept_tabs.append(tab)
    assert [line for *_, log in opened for line in log] == []


@pytest.fixture(scope="session")
def in_node() -> Callable[[str, Any], Any]:
    """Run JavaScript in node: a text that finds its input as `given` and prints JSON; skips where there is none."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("no node: install Debian's nodejs")

    def run(script: str, given: Any = None) -> Any:
        text = f'"use strict";const given=JSON.parse(require("fs").readFileSync(0,"utf8"));\n{script}'
        with tempfile.NamedTemporaryFile("w", suffix=".js", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            done = subprocess.run(  # noqa: S603 - node, on our own text
                [program, file.name], input=json.dumps(given), capture_output=True, text=True, timeout=100, check=False
            )
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    return run


@pytest.fixture
def without_graphviz(monkeypatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)


@pytest.fixture(params=["dot", "pygraphviz"])
def engine(request, monkeypatch, tmp_path_factory) -> str:
    """Each Graphviz that is installed: the program, then the package with the program hidden."""
    if request.param == "pygraphviz":
        monkeypatch.setenv("PATH", str(tmp_path_factory.mktemp("no_programs")))
    if engine_name() != request.param:
        pytest.skip(f"{request.param} is not installed")
    return request.param


@pytest.fixture
def stub_dot(monkeypatch, tmp_path_factory) -> Callable[[str], None]:
    """Put a program `dot` on the PATH that runs the given Python text."""

    def install(program: str) -> None:
        folder = tmp_path_factory.mktemp("programs")
        stub = folder / "dot"
        stub.write_text(f"#!{sys.executable} -P\nimport sys\n{program}\n")
        stub.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))

    return install

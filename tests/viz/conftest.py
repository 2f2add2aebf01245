"""Graphs that the tests of pictures and steps share, and the golden files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import autograd_lite as ag
from autograd_lite import Value

GOLDEN = Path(__file__).parent.parent / "golden" / "viz"
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


@pytest.fixture
def example() -> Callable[[str], tuple[Value, dict[str, Value]]]:
    """A graph by name, with its leaves."""
    return lambda name: {"two_one_one": two_one_one, "squared": squared}[name]()


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


@pytest.fixture
def without_graphviz(monkeypatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

"""Nodes with a number and nodes without: siblings, which a user's code cannot tell apart."""

from __future__ import annotations

import ast
import copy
import pickle
from pathlib import Path

import pytest

import autograd_lite as ag
from autograd_lite import TraceError, Value
from autograd_lite.compiler.traced import Traced
from autograd_lite.node import Node

ROOT = Path(__file__).parents[2]
SLOTS = {"_data", "_a", "_b", "_da", "_db"}
OWNERS = {"autograd_lite/engine.py", "autograd_lite/sweep.py", "autograd_lite/compiler/traced.py"}


def met_while_compiling(look):
    """What a user's function sees of its argument while it is compiled."""
    seen = []

    def f(x):
        seen.append(look(x))
        return x * 2.0

    assert ag.compile(f)(3.0) == 6.0
    return seen


def test_a_traced_node_is_a_value_to_the_users_code():
    assert all(met_while_compiling(lambda x: isinstance(x, Value)))
    assert all(met_while_compiling(lambda x: isinstance(x * 2.0 + 1.0, Value)))


def test_the_two_classes_are_siblings():
    assert issubclass(Value, Node)
    assert issubclass(Traced, Node)
    assert not issubclass(Traced, Value)
    assert all(met_while_compiling(lambda x: type(x) is Traced and isinstance(x, Node)))


@pytest.mark.parametrize(
    "use",
    [
        float,
        int,
        complex,
        bool,
        lambda x: [1, 2][x],
        lambda x: x.data + x if x.data else x,
        lambda x: x.grad,
        lambda x: x.partials,
        lambda x: setattr(x, "data", 1.0),
        lambda x: x.backward(),
        copy.copy,
        copy.deepcopy,
        pickle.dumps,
        ag.Value,
    ],
)
def test_what_needs_a_number_is_refused_while_compiling(use):
    def f(x):
        use(x)
        return x

    with pytest.raises(ag.OperandError if use is ag.Value else TraceError) as caught:
        ag.compile(f)(1.0)
    assert str(caught.value).endswith(".")


def test_a_comparison_of_both_kinds_is_recorded():
    threshold = Value(2.0)
    for f in (lambda x: ag.where(threshold < x, 1.0, 0.0), lambda x: ag.where(x > threshold, 1.0, 0.0)):
        run = ag.compile(f)
        assert [run(x) for x in (1.0, 3.0)] == [0.0, 1.0]


def private_slots(text: str) -> set[str]:
    """The private slots of a node that a file reads or writes, except those of its own objects."""
    if not any(slot in text for slot in SLOTS):
        return set()
    return {
        node.attr
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute)
        and node.attr in SLOTS
        and not (isinstance(node.value, ast.Name) and node.value.id == "self")
    }


def test_only_the_engine_touches_the_private_slots_of_a_node():
    for folder in ("autograd_lite", "nn", "viz"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.relative_to(ROOT).as_posix() not in OWNERS:
                assert not private_slots(path.read_text(encoding="utf-8")), path


def test_a_private_slot_is_seen():
    assert private_slots("numbers = [v._data for v in nodes]\nself._data = 1") == {"_data"}
    assert {"_data", "_a", "_b", "_da", "_db"} == private_slots((ROOT / "autograd_lite/sweep.py").read_text()) | {
        "_data"
    }

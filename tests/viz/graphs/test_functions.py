"""Any scalar code folds by its own functions: each call is a box with the numbers that the scalars have."""

from __future__ import annotations

import gc
import math
import sys

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.errors import GraphTooLargeError, OperandError, UnknownNameError
from autograd_lite.viz import draw
from autograd_lite.viz.graphs.functions import functions_view
from autograd_lite.viz.graphs.recording import recorded
from autograd_lite.viz.graphs.view import scalar_view
from tests.support.call_programs import W, X, block, by_lines, linear, program, softmax


def view(path="", f=program, args=(X, W)):
    root, call = recorded(f, args)
    return functions_view(scalar_view(root), call, path)


def test_calls_are_boxes_and_loops_are_numbered():
    folded = view()
    assert folded.names == ["x", "w", "block[1]", "block[2]", "block[3]", "v1", "v2"]
    assert folded.formula(folded.names.index("v1")).pretty == "log(block[3])"
    assert "Open one with focus='block[1]'" in folded.caption
    assert [folded.names[i] for i in folded.parameters] == ["x", "w"]


def test_leaves_without_a_label_are_called_by_their_box():
    a, b = Value(2.0), Value(3.0)
    folded = view(f=lambda x: a * x + b, args=(0.5,))
    assert [folded.formula(i).pretty for i in folded.computed] == ["parameters · x", "v1 + parameters"]


def test_a_call_is_opened_down_to_its_scalars():
    assert view("block[2]").names == ["w", "block[1]", "linear", "softmax"]
    inside = view("block[2].softmax")
    assert inside.names[0] == "linear"
    formulas = [inside.formula(i).pretty for i in inside.computed]
    assert formulas[:2] == ["exp(linear)", "exp(linear)"]
    assert "v4 / v5" not in formulas
    assert formulas[-1] == "v2 / v4"
    assert view("block.softmax").caption.startswith("block[1].softmax"), "a bare name is the first call"


def test_boxes_hold_the_numbers_and_gradients_of_the_scalars():
    root, call = recorded(program, (X, W))
    graph = scalar_view(root)
    for path in ("", "block[2]", "block[3].linear"):
        folded = functions_view(graph, call, path)
        for i, v in enumerate(folded.nodes):
            assert folded.data[i] == v.data
            if folded.data_text(i).endswith("values"):
                assert folded.grad_text(i).startswith("‖·‖")
    whole = functions_view(graph, call)
    slopes = [ag.gradients(root, [v for v in call.given if call.given[v].startswith(name)]) for name in ("x", "w")]
    for name, expected in zip(("x", "w"), slopes, strict=True):
        shown = whole.grad_text(whole.names.index(name)).removeprefix("‖·‖ ").replace("−", "-")
        assert float(shown) == pytest.approx(math.hypot(*expected), rel=1e-3)


def test_every_scalar_is_in_exactly_one_call():
    root, call = recorded(program, (X, W))
    for v in scalar_view(root).nodes:
        if v.op is not None:
            assert call.start < v.order < call.stop
            assert sum(inner.start <= v.order < inner.stop for inner in call.calls) <= 1
    assert [inner.path for inner in call.all()][:4] == ["program", "block[1]", "block[1].linear", "block[1].softmax"]


def test_lines_stand_for_many_scalars_numbered_by_turn():
    names = view(f=by_lines, args=([1.0, 2.0, 3.0],)).names
    lines = [name for name in names if "tanh" in name]
    assert [name[:3] for name in lines] == ["[1]", "[2]", "[3]"]
    assert sum(name.startswith("activated[") for name in names) == 9


def test_arguments_become_values_and_whole_numbers_stay():
    seen = []

    def f(i, x, table, row, key):
        seen.append((i, key, type(row)))
        return x * table[i] * row[0] * table[1]

    root, call = recorded(f, [1, 2.0, {1: 3.0}, np.array([4.0]), "k"])
    assert seen == [(1, "k", np.ndarray)]
    assert root.data == 72.0
    assert sorted(call.given.values()) == ["row[0]", "table[1]", "x"]


def test_values_that_are_given_stay_themselves():
    w = Value(3.0, "w")
    root, call = recorded(lambda w, x: w * x, [w, 2.0])
    assert root.operands[0] is w
    assert call.given[w] == "w"
    assert w.grad == 0.0


def test_a_function_is_drawn_by_its_calls_and_small_ones_by_scalars(without_graphviz):
    del without_graphviz
    assert "block[1]" in draw(program, (X, W)).dot
    assert "block[1]" not in draw(program, (X, W), level="scalars").dot
    assert "block[1]" not in draw(softmax_first, (X,)).dot
    assert "linear" in draw(program, (X, W), focus="block[2]").dot
    assert ">?<" not in draw(program, (X, W)).dot, "gradients are shown without a sweep"


def softmax_first(x):
    return softmax(x)[0]


def test_a_network_of_nn_in_a_function_is_drawn_as_one():
    model = nn.MLP(2, [8, 1])
    assert "a₁⁽¹⁾" in draw(lambda a, b: model([a, b]), (0.5, 1.0)).dot


def test_an_error_of_the_function_passes_and_no_tracer_is_left():
    def broken(x):
        return block([x], [[1.0, 2.0]])

    before = sys.gettrace()
    with pytest.raises(ValueError, match="zip"):
        recorded(broken, [1.0])
    assert sys.gettrace() is before
    assert gc.isenabled()


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(OperandError, match=r"f returned \[.*\(list\); a picture needs one Value"):
        draw(lambda x: [x], (1.0,))
    with pytest.raises(UnknownNameError, match=r"no call inside program 'blok'\. Known: block"):
        draw(program, (X, W), focus="blok", level="functions")
    with pytest.raises(OperandError, match="arguments go with a function"):
        draw(Value(1.0), (1.0,))
    with pytest.raises(OperandError, match="none was recorded"):
        draw(Value(1.0) * 2.0, level="functions")


def test_recursion_and_generators_are_followed():
    def power(x, n):
        return x if n == 0 else x * power(x, n - 1)

    def powers(x):
        yield from (power(x, n) for n in range(3))

    def f(x):
        return sum(powers(x))

    root, call = recorded(f, [2.0])
    assert root.data == 2.0 + 4.0 + 8.0
    assert {inner.function for inner in call.all()} == {"f", "power"}


def test_a_hundred_thousand_nodes_are_folded():
    w = [[0.01 * (i + j) for j in range(40)] for i in range(40)]
    deep = [0.01 * i for i in range(40)]

    def f(x, w):
        for _ in range(30):
            x = softmax(linear(x, w))
        return x[0]

    drawing = draw(f, (deep, w))
    assert "of 102,431 nodes" in drawing.dot
    assert drawing.dot.count("[label=<") == 2 + 60
    with pytest.raises(GraphTooLargeError):
        draw(f, (deep, w), level="scalars")

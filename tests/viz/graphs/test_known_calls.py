"""Graphs that are there already fold by the calls and loops that made them: located Values, and the library's loops."""

from __future__ import annotations

import gc
import weakref

import pytest

import autograd_lite as ag
from autograd_lite import Value, located, nn, viz
from autograd_lite.errors import OperandError, UnknownNameError
from autograd_lite.viz.graphs.functions import functions_view
from autograd_lite.viz.graphs.known_calls import calls_of, recorded_calls
from autograd_lite.viz.graphs.view import scalar_view
from tests.support.call_programs import PROGRAMS, W, X, program, recurrent


def located_program():
    x, w = [located(x, f"x{k}") for k, x in enumerate(X, 1)], [[located(w, "w") for w in row] for row in W]
    return program(x, w)


def paths(root, args=()):
    return [call.path for call in recorded_calls(root, args)[1].all()][1:]


def test_located_values_know_the_calls_that_a_function_makes():
    loss = located_program()
    assert paths(loss) == paths(program, (X, W))
    recorded, known = recorded_calls(program, (X, W)), recorded_calls(loss)
    for path in ("", "block[2]", "block[3].softmax"):
        expected, found = (functions_view(*both, path) for both in (recorded, known))
        assert found.names == expected.names
        assert found.operands == expected.operands
        assert [found.data_text(i) for i in found.computed] == [expected.data_text(i) for i in expected.computed]


def test_calls_of_one_function_in_a_row_are_told_apart():
    def twice(x):
        return x * 2.0

    x = located(1.0)
    for _ in range(3):
        x = twice(x)
    assert paths(x) == ["twice[1]", "twice[2]", "twice[3]"]


def test_located_graphs_and_the_frames_that_made_them_are_freed():
    class Kept:
        pass

    def f():
        kept = Kept()
        seen.append(weakref.ref(kept))
        return located(1.0) * 2.0

    seen = []
    f()
    gc.collect()
    assert seen[0]() is None


@pytest.mark.parametrize("args", [PROGRAMS["recurrent"][1]])
def test_loops_are_boxes_with_numbered_iterations(args):
    assert paths(recurrent, args) == [
        *("scan", "scan.step[1]", "scan.step[1].activated", "scan.step[2]", "scan.step[2].activated", "scan.step[3]"),
        *("scan.step[3].activated", "repeat", "repeat.step[1]", "repeat.step[2]"),
    ]
    plain = recurrent([Value(x) for x in args[0]], Value(args[1]), Value(args[2]))
    assert paths(plain) == [path for path in paths(recurrent, args) if "activated" not in path], "without located"


def test_loops_nest_and_while_loops_count_what_ran():
    inner = lambda y, a: ag.repeat(lambda u: u * a + 1.0, y, 2)  # noqa: E731 - a body without a name
    assert paths(lambda a: ag.repeat(lambda y: inner(y, a), a, 2), (2.0,))[:4] == [
        *("repeat", "repeat.step[1]", "repeat.step[1].repeat", "repeat.step[1].repeat.step[1]"),
    ]
    made = viz.calls(lambda a: ag.while_loop(lambda y: y < 100.0, lambda y: y * a, a, 30), (2.0,))
    assert made.paths[1:3] == ["while_loop", "while_loop.step[1]"]
    assert str(made).count("step") == 6


def test_long_loops_are_grouped_and_still_found_by_their_number():
    graph, call = recorded_calls(lambda a: ag.repeat(lambda y: 0.5 * y + a, a, 1000), (2.0,))
    loop = functions_view(graph, call, "repeat")
    assert len(loop.calls) <= 60
    assert loop.names[1] == "step[1] … step[18]"
    assert loop.names[-1] == "step[991] … step[1000]"
    assert len(functions_view(graph, call, "repeat.step[1] … step[18]").calls) == 18
    assert [loop.formula(i).pretty for i in functions_view(graph, call, "repeat.step[500]").computed]


def test_large_graphs_with_loops_are_drawn_folded(without_graphviz):
    del without_graphviz
    h = ag.scan(lambda h, x: (ag.tanh(h * 0.5 + x), h), Value(0.1, "h"), [Value(float(k), f"x{k}") for k in range(14)])[
        0
    ]
    assert repr(viz.draw(h)) == "<drawing of scan: 3 nodes>"
    assert ">?<" in viz.draw(h).dot, "no gradient is known before a sweep"
    assert repr(viz.draw(h, level="scalars")).endswith(": 71 nodes>")
    model = nn.MLP(1, [8, 8, 1])
    assert "a₁⁽¹⁾" in viz.draw(ag.repeat(lambda x: model([x]), Value(0.5), 1)).dot, "networks fold by neurons"


def test_what_is_not_known_is_said():
    plain = Value(2.0, "x") * 3.0
    assert calls_of(scalar_view(plain)).calls == []
    for show in (viz.draw, viz.steps, viz.explain):
        with pytest.raises(
            OperandError, match=r"needs the calls that made v1, and none was recorded\. Give the function itself"
        ):
            show(plain, level="functions")
    with pytest.raises(OperandError, match="arguments go with a function"):
        viz.steps(plain, (1.0,), level="functions")
    with pytest.raises(OperandError, match="take no lr, sample; with level='scalars'"):
        viz.steps(program, (X, W), level="functions", lr=0.1, sample=2)
    with pytest.raises(UnknownNameError, match="no box to explain 'z'"):
        viz.explain(program, "z", args=(X, W))
    with pytest.raises(UnknownNameError, match="level for explanations"):
        viz.explain(plain, level="neurons")
    with pytest.raises(OperandError, match="wrt is the name of a box"):
        viz.explain(program, plain, args=(X, W))
    with pytest.raises(OperandError, match="takes no `through`"):
        viz.explain(program, args=(X, W), through="all")
    with pytest.raises(OperandError, match="go with a function"):
        viz.explain(plain, args=(1.0,))

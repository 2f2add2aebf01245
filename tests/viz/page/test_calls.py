"""The page of calls: the same boxes and steps as Python's, opened call by call down to scalars, in a browser."""

from __future__ import annotations

import math

import pytest

import autograd_lite as ag
from autograd_lite import TABLE, Value, located, viz
from autograd_lite.errors import OperandError, UnknownNameError
from autograd_lite.namespaces import arrays, floats, values
from autograd_lite.viz.graphs.functions import functions_view
from autograd_lite.viz.graphs.known_calls import recorded_calls
from autograd_lite.viz.page.calls_data import calls_data, printed_ops
from autograd_lite.viz.page.program import computing, script
from autograd_lite.viz.page.text import script_json
from autograd_lite.viz.steps.call_steps import CALL_TEXTS, CallStepSequence
from tests.support.call_programs import PROGRAMS, WIDE, W, X, block, program

ARGS = (*WIDE, 2)
OPENED = """
const graph = new CallGraph(given.data);
console.log(JSON.stringify(graph.calls.map((call, k) => {
  const view = graph.fold(k);
  const shown = (box) => [box.name, box.symbol, box.formula, box.data, box.grad, box.read, box.kind === "call"];
  const boxes = view.boxes.map(shown);
  const edges = view.edges.map((edge) => edge.join(" ")).sort();
  return {boxes, edges, steps: graph.steps(view).map((step) => [...graph.stepTexts(step)].join("\\n"))};
})));
"""


def opened(graph, outermost, in_node):
    code = [computing(printed_ops(graph)), f"const CALL_TEXTS={script_json(CALL_TEXTS)};", script("call_graph"), OPENED]
    return in_node("\n".join(code), {"data": calls_data(graph, outermost)})


def check_is_same(graph, outermost, in_node):
    """Every call has in the page the boxes, edges and steps that it has in Python."""
    calls = [call for call in outermost.all() if graph.computed_between(call.start, call.stop)]
    for call, found in zip(calls, opened(graph, outermost, in_node), strict=True):
        view = functions_view(graph, outermost, call)
        grads = [view.folded[i].grad if view.needs[i] else "" for i in range(len(view.names))]
        assert found["boxes"] == [
            [name, view.symbol(i), view.formula(i).pretty, view.data_text(i), grads[i], view.leaf[i], i in view.calls]
            for i, name in enumerate(view.names)
        ]
        pairs = ((i, k, j) for i, operands in enumerate(view.operands) for k, j in enumerate(operands))
        assert found["edges"] == sorted(f"{j} {i} {view.edge_text(i, k)}" for i, k, j in pairs)
        assert found["steps"] == ["\n".join([step.title, *step.lines]) for step in CallStepSequence(view)]


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_page_folds_and_steps_as_python_does(name, in_node):
    check_is_same(*recorded_calls(*PROGRAMS[name]), in_node)


def test_numbers_that_the_page_cannot_compute_are_stored(in_node):
    x, w = [located(x, f"x{k}") for k, x in enumerate(X, 1)], [[located(w) for w in row] for row in W]
    loss = program(x, w)
    x[0].data = 5.0
    graph, outermost = recorded_calls(loss)
    assert len(graph.outdated) > 10
    check_is_same(graph, outermost, in_node)


def test_black_boxes_are_stored_too(in_node):
    @ag.primitive(partials={"x": lambda xp, y, x: 1.0}, black_box=True)
    def tenths(x):
        """Round down to tenths."""
        return math.floor(10.0 * x) / 10.0

    try:
        graph, outermost = recorded_calls(lambda x: tenths(x * x).tanh(), (0.7,))
    finally:
        del TABLE["tenths"]
        for namespace in (floats, arrays, values):
            vars(namespace).pop("tenths", None)
    check_is_same(graph, outermost, in_node)


def test_a_node_takes_some_bytes_and_no_call_is_left_out(tmp_path):
    w = [[0.01 * (i + j) for j in range(20)] for i in range(20)]
    made = viz.calls(program, ([0.01 * i for i in range(20)], w, 10))
    size = len(made._graph.nodes)
    assert size > 8_000
    assert made.save(tmp_path / "calls.html").stat().st_size < 40_000 + 8 * size
    assert len(made.paths) == 1 + 3 * 10


def test_calls_are_opened_by_click_and_key(open_file, tmp_path):
    file = viz.calls(program, ARGS).save(tmp_path / "calls.html")
    tab = open_file(file, size=(390, 800))
    tab.locator("g.opens", has_text="block[2]").click()
    assert tab.locator("#trail button").all_inner_texts() == ["program", "block[2]"]
    tab.locator('g.opens[aria-label^="Open linear"]').press("Enter")
    tab.locator("g.opens").click()
    assert tab.locator("g.box").count() == 2 + 2 * 16, "a line opens to its scalars"
    for _ in range(3):
        tab.keyboard.press("Escape")
    assert tab.locator("#trail [aria-current]").inner_text() == "program"
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_backprop_goes_through_the_open_call(open_file, tmp_path):
    steps = viz.steps(program, ARGS, level="functions", focus="block[1].softmax")
    tab = open_file(steps.save(tmp_path / "steps.html"))
    assert tab.locator("#trail [aria-current]").inner_text() == "softmax"
    assert tab.locator("g.box .grad").all_text_contents() == ["?"] * len(steps.view.names)
    for step in steps[:3]:
        tab.keyboard.press("ArrowRight")
        assert tab.locator("#title").inner_text() == f"{step.number}. {step.title}"
        assert tab.locator("#step p").all_inner_texts() == step.lines
    tab.keyboard.press("End")
    assert tab.locator("g.box .grad").all_text_contents() == [box.grad for box in steps.view.folded.values()]


def test_long_lines_are_listed_some_hundred_at_a_time(open_file, tmp_path):
    file = viz.calls(lambda x: sum(a * b for a in x for b in x), ([0.1 * i for i in range(16)],)).save(
        tmp_path / "c.html"
    )
    tab = open_file(file)
    tab.locator("g.opens").first.click()
    assert tab.locator("#scalars tr").count() == 200
    assert tab.locator("#scalars td").first.inner_text() == "v1 = x[0] · x[0]"
    tab.locator("#scalars button").click()
    assert tab.locator("#scalars tr").count() == 400


def test_no_name_stands_for_two_numbers(open_file, tmp_path):
    weights = [Value(0.1 * i) for i in range(60)]  # without labels; those of a picture are called v1, v2, ...
    file = viz.calls(lambda x: sum(w * x for w in weights), (0.5,)).save(tmp_path / "c.html")
    tab = open_file(file)
    tab.locator("g.opens").first.click()
    rows = tab.locator("#scalars td:first-child").all_inner_texts()
    assert rows[:3] == ["v1 = parameter · x", "v2 = 0 + v1", "v3 = parameter · x"]


def test_calls_are_drawn_and_listed(tmp_path):
    made = viz.calls(program, ARGS)
    assert made.paths[:3] == ["program", "block[1]", "block[1].linear"]
    assert "block[1]" in made.draw().dot
    assert "linear" in made.draw("block[2]").dot
    assert str(made).splitlines()[:2] == ["program: 87 nodes", "  block[1]: 44 nodes"]
    assert made.save(tmp_path / "calls.txt").read_text() == f"{made}\n"
    assert repr(made) == "<7 calls of program>"
    bundle = made._repr_mimebundle_()
    assert 'sandbox="allow-scripts"' in bundle["text/html"]
    assert bundle["text/plain"] == str(made)


def test_what_cannot_be_is_refused(tmp_path):
    made = viz.calls(program, ARGS)
    with pytest.raises(UnknownNameError, match=r"kind of file for calls '.png'"):
        made.save(tmp_path / "calls.png")
    with pytest.raises(UnknownNameError, match="call inside program"):
        made.draw("blocks")
    with pytest.raises(OperandError, match="a picture needs one Value"):
        viz.calls(block, WIDE)
    assert list(tmp_path.iterdir()) == []

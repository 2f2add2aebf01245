from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from autograd_lite import Value
from autograd_lite.errors import (
    GraphTooLargeError,
    MissingDependencyError,
    OperandError,
    OutputError,
    UnknownNameError,
)
from autograd_lite.viz import draw
from autograd_lite.viz.drawing import graphviz_engine

needs_graphviz = pytest.mark.usefixtures("engine")


@pytest.mark.parametrize("name", ["two_one_one", "squared"])
@pytest.mark.parametrize("swept", [False, True])
def test_dot_text_is_golden(name, swept, example, golden):
    root, _ = example(name)
    if swept:
        root.backward()
    golden(f"{name}_{'after' if swept else 'before'}.dot", draw(root).dot)


def test_a_node_used_twice_has_two_edges():
    x = Value(3.0, "x")
    assert draw(x * x).dot.count("n0 -> n1") == 2


def test_gradients_are_unknown_until_a_sweep_from_that_root():
    x = Value(3.0, "x")
    y = x * 2.0
    z = y * 5.0
    y.backward()
    assert ">?<" in draw(z).dot
    assert ">?<" not in draw(y).dot
    z.backward()
    assert ">?<" in draw(y).dot, "the last sweep was not from y"
    assert ">12<" in draw(z).dot, "a leaf adds up over sweeps"


def test_line_styles_tell_unknown_final_parameter_and_constant(example):
    root, _ = example("two_one_one")
    before = draw(root).dot
    root.backward()
    after = draw(root).dot
    assert "dashed" in before
    assert "dashed" not in after
    assert len(re.findall("penwidth=2.4", after)) == 5  # three weights, two biases
    assert len(re.findall('fillcolor="#eef1f4"', after)) == 3  # y, and twice the number 2


def test_parameters_may_be_given():
    x, y = Value(1.0, "x"), Value(2.0, "y")
    assert draw(x * y).dot.count("penwidth=2.4") == 0
    assert draw(x * y, parameters=[x]).dot.count("penwidth=2.4") == 1


def test_edges_show_the_local_derivative():
    x = Value(3.0, "x")
    assert " ×6 " in draw(x**2).dot


def test_a_small_gradient_is_not_shown_as_zero():
    x = Value(1.0, "x")
    y = x * 1e-9
    y.backward()
    assert ">1e−9<" in draw(y).dot


def test_large_graphs_are_compact_then_refused():
    v = Value(1.0, "x")
    for _ in range(200):
        v = v.tanh()
    assert "grad" not in draw(v).dot.replace("gradients", "")
    for _ in range(400):
        v = v.tanh()
    with pytest.raises(GraphTooLargeError, match=r"601 nodes.*Show a part of it"):
        draw(v)
    assert draw(v, limit=700).dot


@pytest.mark.parametrize("thing", [3.0, None, "x", [Value(1.0)]])
def test_what_is_no_value_is_refused(thing):
    with pytest.raises(OperandError, match="A Value is needed"):
        draw(thing)


def test_unknown_words_are_refused():
    x = Value(1.0)
    with pytest.raises(UnknownNameError, match="Known: LR, TB"):
        draw(x, direction="down")
    with pytest.raises(UnknownNameError, match="'dark'"):
        draw(x, theme="drak")
    with pytest.raises(UnknownNameError, match=r"kind of picture '.svgg'.*'.svg'"):
        draw(x).save("picture.svgg")


@needs_graphviz
def test_hostile_labels_are_shown_not_obeyed(hostile):
    root = Value(2.0, hostile) * Value(3.0, "x")
    root.label = hostile
    svg = draw(root).svg
    ET.fromstring(svg)  # noqa: S314 - our own picture; that it parses is what is tested
    assert "<script" not in svg
    assert "\x1b" not in svg


@needs_graphviz
def test_the_svg_has_a_box_per_node_and_an_edge_per_use(example):
    root, _ = example("squared")
    svg = draw(root).svg
    assert svg.count('<g class="node') == 9
    assert svg.count('<g class="edge') == 9


@needs_graphviz
@pytest.mark.parametrize(
    ("kind", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("dot", b"digr")]
)
def test_pictures_are_saved_in_every_format(kind, start, tmp_path, example):
    root, _ = example("squared")
    file = draw(root).save(tmp_path / f"graph.{kind}")
    assert file.read_bytes().startswith(start)
    assert [f.name for f in tmp_path.iterdir()] == [file.name]


def test_an_unwritable_file_leaves_nothing_behind(tmp_path):
    with pytest.raises(OutputError, match=r"Cannot write .*missing.*Give a file in a folder that exists"):
        draw(Value(1.0)).save(tmp_path / "missing" / "graph.dot")
    (tmp_path / "folder.dot").mkdir()
    with pytest.raises(OutputError):
        draw(Value(1.0)).save(tmp_path / "folder.dot")
    assert [f.name for f in tmp_path.iterdir()] == ["folder.dot"]


@pytest.mark.usefixtures("without_graphviz")
def test_without_graphviz_the_error_names_both_ways_and_text_still_works(tmp_path):
    drawing = draw(Value(1.0, "x").tanh())
    with pytest.raises(MissingDependencyError, match=r'pip install -e "\.\[dot\]".*apt install graphviz'):
        drawing.save(tmp_path / "graph.svg")
    assert drawing.save(tmp_path / "graph.dot").read_text().startswith("digraph")
    assert "pip install" in drawing._repr_mimebundle_()["text/plain"]
    assert [f.name for f in tmp_path.iterdir()] == ["graph.dot"]


@needs_graphviz
def test_a_layout_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr("autograd_lite.viz.drawing.graphviz_engine.TIME_LIMIT", 1e-4)
    with pytest.raises(GraphTooLargeError, match="needed more than"):
        draw(Value(1.0, "x").tanh()).svg  # noqa: B018 - asking for the picture draws it


@pytest.mark.parametrize("dot", ["digraph {", "digraph { a [label=<<B>x]; }"], ids=["graph", "label"])
def test_what_graphviz_cannot_read_is_its_own_complaint_in_one_line(dot, engine):
    with pytest.raises(OutputError, match=r"^Graphviz \(.*\) could not make the svg: .*syntax error[^\n]*$"):
        graphviz_engine.render(dot, "svg")


def test_the_complaint_is_the_first_error_among_warnings_and_remarks(stub_dot):
    stub_dot("sys.exit('Warning: a font\\nError: bad label\\nError: giving up\\nin line 1')")
    with pytest.raises(OutputError, match=r"could not make the svg: Error: bad label$"):
        graphviz_engine.render("digraph {}", "svg")


@pytest.mark.parametrize(("program", "complaint"), [("sys.exit('crashed')", "crashed"), ("", "no message")])
def test_a_failure_without_an_error_line_gives_the_last_line(program, complaint, stub_dot):
    stub_dot(program)
    with pytest.raises(OutputError, match=f"could not make the png: {complaint}$"):
        graphviz_engine.render("digraph {}", "png")


def test_dot_on_the_path_gets_the_format_and_the_text(stub_dot):
    stub_dot("print(sys.argv[1:], sys.stdin.read())")
    assert graphviz_engine.render("digraph {}", "png").decode().strip() == "['-Tpng'] digraph {}"


@needs_graphviz
def test_a_notebook_gets_the_picture(example):
    root, _ = example("squared")
    bundle = draw(root)._repr_mimebundle_(include=None, exclude=None)
    assert "<svg" in bundle["image/svg+xml"]
    assert bundle["text/plain"] == "<drawing of L: 9 nodes>"


def test_pictures_and_texts_do_not_depend_on_the_hash_seed():
    program = (
        "from autograd_lite import Value, viz\n"
        "xs = [Value(float(i), f'w{i}') for i in range(9)]\n"
        "r = xs[0]\n"
        "for x in xs: r = r * x + xs[3] * r\n"
        "print(viz.draw(r).dot, viz.steps(r), viz.explain(r, xs[3], limit=5))\n"
    )
    outputs = {
        subprocess.run(  # noqa: S603 - this Python, a fixed program
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(outputs) == 1

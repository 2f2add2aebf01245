"""The views inside a real notebook, run by nbclient and exported by nbconvert."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys

import pytest

from autograd_lite.viz import steps
from autograd_lite.viz.drawing.graphviz_engine import engine_name

needs_graphviz = pytest.mark.skipif(engine_name() is None, reason="neither dot nor pygraphviz is installed")

PLOTS = [
    "viz.plot_history({'loss': [0.9, 0.4]})",
    "viz.plot_decision_boundary(lambda x: x[0] - x[1], [[0.0, 0.0], [1.0, 2.0]], [0, 1])",
    "viz.plot_descent(lambda w, b: w**2 + b**2, [(2.0, 2.0), (1.0, 1.0)])",
    "viz.plot_taylor(lambda x: x**3, 1.0, 2)",
    "viz.plot_activation('tanh')",
    "viz.plot_gradient_flow({'layer 1': [0.1], 'layer 2': [0.2]})",
]
PROGRAM = f"""PLOTS = {PLOTS}
import sys, nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook
cells = [
    "from autograd_lite import Value, viz\\na = Value(1.0, 'a')\\nb = a + a\\nc = b + b\\n"
    "b.label, c.label = 'b', 'c'",
    "viz.steps(c)", "viz.draw(c)", "viz.explain(c, a)", "viz.explain(c)", "c",
    *PLOTS,
]
notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[1] + "/n.ipynb")
html, _ = HTMLExporter().from_notebook_node(notebook)
open(sys.argv[1] + "/n.html", "w", encoding="utf-8").write(html)
"""


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """An executed notebook and its HTML export; apart from this process, since both run event loops."""
    pytest.importorskip("nbclient")
    pytest.importorskip("nbconvert")
    folder = tmp_path_factory.mktemp("notebook")
    places = {name: str(folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    environment = {**os.environ, **places, "PYTHONWARNINGS": "ignore", "JUPYTER_PLATFORM_DIRS": "1"}
    subprocess.run(  # noqa: S603 - this Python, a fixed program
        [sys.executable, "-c", PROGRAM, str(folder)], check=True, env=environment, capture_output=True
    )
    return folder


def outputs(folder):
    cells = json.loads((folder / "n.ipynb").read_text(encoding="utf-8"))["cells"]
    return [cell["outputs"][0]["data"] for cell in cells[1:]]


@needs_graphviz
def test_a_notebook_holds_page_picture_and_text(notebook):
    listed, drawn, explained, table, value = outputs(notebook)[:5]
    assert set(listed) == {"text/html", "image/svg+xml", "text/plain"}
    assert "".join(listed["text/plain"]).startswith("Backprop from c: 2 ops, 5 steps")
    assert "image/svg+xml" in drawn
    assert "\\frac{\\partial c}{\\partial {b}_{1}}" in "".join(explained["text/markdown"])
    assert "| leaf |" in "".join(table["text/markdown"])
    assert list(value) == ["text/plain"], "a Value prints one line and draws nothing"


def test_every_plotting_cell_shows_a_picture(notebook):
    pytest.importorskip("matplotlib")
    plots = outputs(notebook)[5:]
    assert len(plots) == len(PLOTS)
    assert all(base64.b64decode(plot["image/png"]).startswith(b"\x89PNG") for plot in plots)


@needs_graphviz
def test_the_page_works_inside_the_sandboxed_frame(notebook, browser):
    tab = browser.new_page(viewport={"width": 1200, "height": 1000})
    errors = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.route(re.compile("^https?:"), lambda route: route.abort())
    tab.goto((notebook / "n.html").as_uri())
    frame = tab.frame_locator("iframe[srcdoc]").first
    frame.locator("#next").click()
    frame.locator("#next").click()
    assert frame.locator("#title").text_content() == "c → b (use 1 of 2)"
    assert frame.locator("#count").text_content() == "2 / 5"
    frame.locator("#order").click()
    frame.locator("#last").click()
    assert "a.grad ends at 6" in frame.locator("#mistake").text_content()
    assert [e for e in errors if "MathJax" not in e and "require" not in e] == []
    tab.close()


@needs_graphviz
def test_where_frames_are_removed_the_picture_is_left(example):
    html = steps(example("shared")[0])._repr_mimebundle_()["text/html"]
    cleaned = re.sub(r"<iframe.*?</iframe>", "", html, flags=re.DOTALL)
    picture = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', cleaned)
    assert picture is not None
    assert base64.b64decode(picture.group(1)).startswith(b"<svg")
    assert 'sandbox="allow-scripts"' in html


@pytest.mark.usefixtures("without_graphviz")
def test_without_graphviz_a_notebook_gets_the_transcript_and_the_advice(example):
    bundle = steps(example("shared")[0])._repr_mimebundle_()
    assert list(bundle) == ["text/plain"]
    assert 'pip install -e ".[dot]"' in bundle["text/plain"]

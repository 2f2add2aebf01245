"""The page of calls: opened call by call down to scalars, in a browser, with the numbers of the graph."""

from __future__ import annotations

import json
import re

import pytest

from autograd_lite import viz
from autograd_lite.errors import OperandError, UnknownNameError
from autograd_lite.text import pretty_number


def linear(x, w):
    return [sum(w_i * x_i for w_i, x_i in zip(row, x, strict=True)) for row in w]


def softmax(z):
    terms = [z_i.exp() for z_i in z]
    total = sum(terms)
    return [term / total for term in terms]


def block(x, w):
    return softmax(linear(x, w))


def program(x, w):
    for _ in range(2):
        x = block(x, w)
    return -x[0].log()


ARGS = [0.5, -1.0, 0.3, 0.1], [[0.1 * i - 0.2 * j for j in range(4)] for i in range(4)]


def data_of(file):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', file.read_text())[1])


def test_the_page_holds_every_call_once(tmp_path):
    made = viz.calls(program, ARGS)
    views = data_of(made.save(tmp_path / "calls.html"))
    assert [view["name"] for view in views] == [
        *("program", "block[1]", "block[2]", "linear", "softmax", "linear", "softmax"),
    ]
    assert [view["parent"] for view in views] == [-1, 0, 0, 1, 1, 2, 2]
    opened = [box["opens"] for view in views for box in view["boxes"] if "opens" in box]
    assert sorted(opened) == [1, 2, 3, 4, 5, 6], "every call but the outermost is opened from one box"
    for view in views:
        assert all(0 <= a < len(view["boxes"]) > b >= 0 for a, b, _ in view["edges"])
    last = views[0]["boxes"][-1]
    assert (last["data"], last["grad"]) == (pretty_number(made.root.data), "1")


def test_lines_list_their_scalars(tmp_path):
    views = data_of(viz.calls(program, ARGS).save(tmp_path / "calls.html"))
    (line,) = (box for box in views[3]["boxes"] if "rows" in box)
    assert line["name"].startswith("return [sum(w_i * x_i")
    assert line["size"] == 4 * (4 + 4)
    assert len(line["rows"]) == 24
    assert line["rows"][0][:2] == ["v1 = w[0][0] · x[0]", "0"]
    assert line["rows"][1][0] == "v2 = 0 + v1"


def test_calls_are_opened_by_click_and_key(browser, tmp_path):
    file = viz.calls(program, ARGS).save(tmp_path / "calls.html")
    tab = browser.new_page(viewport={"width": 390, "height": 800})
    log = []
    tab.on("console", lambda message: log.append(message.text))
    tab.on("pageerror", lambda error: log.append(str(error)))
    tab.on("request", lambda request: None if request.url == file.as_uri() else log.append(request.url))
    tab.goto(file.as_uri())
    tab.locator("g.opens", has_text="block[2]").click()
    assert tab.locator("#trail button").all_inner_texts() == ["program", "block[2]"]
    tab.locator("g.opens", has_text="linear").press("Enter")
    tab.locator("g.opens").first.click()
    assert tab.locator("#scalars tr").count() == 24
    tab.keyboard.press("Escape")
    tab.keyboard.press("Escape")
    assert tab.locator("#trail [aria-current]").inner_text() == "program"
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    assert log == []
    tab.close()


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
        viz.calls(block, ARGS)
    assert list(tmp_path.iterdir()) == []

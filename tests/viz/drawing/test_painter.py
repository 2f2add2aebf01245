"""One painter: a drawing is the page's boxes, as SVG, PNG and PDF."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ET

import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.errors import DomainError
from autograd_lite.viz import draw, steps
from autograd_lite.viz.drawing import raster
from autograd_lite.viz.drawing.picture import Picture
from autograd_lite.viz.steps.states import state_after, widest_texts
from autograd_lite.viz.theme import DARK, LIGHT, dark_rules

needs_graphviz = pytest.mark.usefixtures("engine")
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[tuple[str, str]]:
    return re.findall(r'<text class="([\w -]+)"[^>]*>([^<]*)</text>', svg)


@needs_graphviz
@pytest.mark.parametrize("name", ["two_one_one", "squared", "shared"])
def test_a_drawing_has_the_boxes_of_the_page(name, example):
    root, _ = example(name)
    root.backward()
    listed = steps(root)
    final = state_after(listed, len(listed))
    final.active = None
    page = Picture(listed.graph, widest_texts(listed)).svg(final)
    assert texts(draw(root).svg) == texts(page)


@needs_graphviz
def test_the_symbol_of_an_op_is_apart_from_the_name(example):
    root, _ = example("squared")
    seen = texts(draw(root).svg)
    assert ("symbol", "−") in seen
    assert ("name", "d") in seen


@needs_graphviz
def test_no_line_crosses_the_numbers_on_edges(example):
    picture = ET.fromstring(draw(example("two_one_one")[0]).svg)  # noqa: S314 - our own picture
    kinds = [(group.get("class") or "").split()[:1] for group in picture.iterfind(f"{SVG}g")]
    assert kinds == sorted(kinds, key=[["edge"], ["label"], ["node"]].index)


@needs_graphviz
def test_in_a_notebook_it_fits_unless_it_would_be_too_small(example):
    drawing = draw(example("squared")[0])
    width = float(re.search(r'<svg [^>]*? width="([\d.]+)"', drawing.svg)[1])
    shown = drawing._repr_mimebundle_()["text/html"]
    assert f'style="max-width:100%;min-width:{0.6 * width:.0f}px;height:auto"' in shown


@needs_graphviz
def test_an_svg_says_what_it_shows_and_is_no_wider_than_its_place(example):
    root, _ = example("squared")
    picture = ET.fromstring(draw(root).svg)  # noqa: S314 - our own picture
    assert picture.find(f"{SVG}title").text == "Gradient graph of L"
    described = picture.find(f"{SVG}desc").text
    assert "with x = 2, w = −0.5" in described
    assert "9 nodes" in described
    assert picture.get("role") == "img"
    assert "max-width:100%" in picture.get("style")
    assert not list(picture.iterfind(".//*[@tabindex]")), "nothing in a still picture takes the focus"
    assert not list(picture.iterfind(".//*[@display]")), "nothing is hidden"


@needs_graphviz
def test_an_svg_follows_dark_mode_unless_a_theme_is_given(example):
    root, _ = example("squared")
    adaptive, light, dark = (draw(root, theme=theme).svg for theme in ("auto", "light", "dark"))
    assert "prefers-color-scheme: dark" in adaptive
    assert "<style>" not in light + dark
    assert DARK.data in dark
    assert LIGHT.data not in dark
    elements = adaptive[adaptive.index("</style>") :]
    rules = dark_rules("g")
    for colour in set(re.findall(r'(?:fill|stroke)="(#\w+)"', elements)):
        assert f'"{colour}"' in rules, "a colour that stays light in the dark"


@needs_graphviz
def test_two_drawings_fit_into_one_document(example):
    idents = [re.findall(r' id="(\w+)"', draw(example(name)[0]).svg)[0] for name in ("squared", "shared")]
    assert len(set(idents)) == 2


@needs_graphviz
def test_what_is_not_finite_is_marked():
    svg = draw(ag.log(Value(0.0, "p")) * 3.0, theme="light").svg
    assert svg.count(f'stroke="{LIGHT.alarm}" stroke-width="3"') == 1
    assert svg.count(f'stroke="{LIGHT.alarm}"') == 2, "the node and its operand"
    assert "forward: log(p = 0) gave −∞" in svg


@needs_graphviz
@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_a_png_has_so_many_pixels_to_one_of_the_svg(scale, tmp_path, example):
    drawing = draw(example("shared")[0])
    width = float(re.search(r' width="([\d.]+)"', drawing.svg)[1])
    file = drawing.save(tmp_path / "graph.png", scale=scale)
    assert struct.unpack(">I", file.read_bytes()[16:20])[0] == pytest.approx(scale * width, abs=2)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), 1e6])
def test_a_scale_that_gives_no_picture_is_refused(scale):
    with pytest.raises(DomainError, match=r"scale is .*; a picture of 100 by 50 pixels takes a positive number, at mo"):
        raster.rasterised('<svg width="100" height="50"/>', "png", scale)


def test_every_element_becomes_a_command(monkeypatch):
    sent: list[str] = []
    monkeypatch.setattr(raster, "render", lambda dot, _kind: sent.append(dot) or b"")
    raster.rasterised(
        '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50"><title>no</title>'
        '<rect x="0" y="0" width="10" height="10" rx="2" fill="#ffffff" stroke="#000000" stroke-dasharray="5 3"/>'
        '<g opacity="0.5"><circle cx="5" cy="5" r="5" fill="#ff0000"/></g><g display="none"><line/></g>'
        '<line x1="0" y1="50" x2="9" y2="40" stroke="#00ff00" stroke-width="2"/>'
        '<path d="M0,0 L1,1 C2,2 3,3 4,4" stroke="#0000ff" fill="none"/><polygon points="0,0 1,0 1,1" fill="#0000ff"/>'
        '<text x="1" y="10" font-size="12" fill="#123456">a "b" ∂\\</text></svg>',
        "png",
    )
    text = sent[0].replace('\\"', "'")
    for command in ("b 25 ", "S 6 -dashed", "C 9 -#ff000080", "L 2 0 0 9 10", "B 7 0 50 ", "P 3 ", "-a 'b' ∂∖"):
        assert command in text, command
    assert "T 1 40 -1" in text
    assert f" {len('a _b_ ∂∖'.encode())} -a" in text

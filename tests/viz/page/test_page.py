"""The page in a real browser: every button and key, on the graphs that learners bring."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
import zlib

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import TABLE, Value, nn
from autograd_lite.definition import primitive
from autograd_lite.namespaces import arrays, floats, values
from autograd_lite.viz import steps
from autograd_lite.viz.drawing.graphviz_engine import engine_name
from autograd_lite.viz.page.page import page

pytestmark = pytest.mark.skipif(engine_name() is None, reason="neither dot nor pygraphviz is installed")


@pytest.fixture
def shown(open_file, tmp_path):
    """Open the page of a graph."""
    names = (f"page{number}.html" for number in itertools.count())

    def show(root, *, size=(1440, 900), dark=False, **options):
        tab = open_file(steps(root, **options).save(tmp_path / next(names)), size=size, dark=dark)
        tab.wait_for_selector("html.scripts")
        return tab

    return show


def press(tab, *keys):
    for key in keys:
        tab.keyboard.press(key)


def node(tab, name):
    """What a box shows: its class, data and gradient."""
    group = tab.locator(f'#figure g.node:has(text.name:text-is("{name}"))')
    return (
        group.get_attribute("class").split(),
        group.locator(".data").text_content(),
        group.locator(".grad").text_content(),
    )


def title(tab):
    return tab.locator("#title").text_content()


def count(tab):
    return tab.locator("#count").text_content()


def test_it_begins_before_the_first_step_and_steps_on_and_back(shown, example):
    tab = shown(example("squared")[0])
    assert count(tab) == "0 / 10"
    assert node(tab, "d")[2] == "?"
    assert "unknown" in node(tab, "d")[0]
    press(tab, "ArrowRight", "ArrowRight")
    assert title(tab) == "L → d (use 1 of 2)"
    classes, _, grad = node(tab, "d")
    assert grad == "−1.197"
    assert {"partial", "target"} <= set(classes)
    assert "source" in node(tab, "L")[0]
    tab.click("#next")
    classes, _, grad = node(tab, "d")
    assert grad == "−2.395"
    assert "final" in classes
    press(tab, "ArrowLeft")
    assert node(tab, "d")[2] == "−1.197"
    tab.click("#back")
    assert node(tab, "d")[2] == "?"


def test_ends_digits_whole_nodes_slider_and_list(shown, example):
    tab = shown(example("squared")[0])
    press(tab, "End")
    assert count(tab) == "10 / 10"
    assert node(tab, "w")[2] == "−4.603"
    assert tab.locator('#figure g.node:has(text.name:text-is("w")) .tick').text_content() == "≈✓"
    press(tab, "Home")
    assert count(tab) == "0 / 10"
    press(tab, "1", "0", "Enter")
    assert count(tab) == "10 / 10"
    press(tab, "2", "Enter", "Shift+ArrowRight")
    assert title(tab) == "L → d (use 2 of 2)"
    press(tab, "Shift+ArrowLeft")
    assert count(tab) == "0 / 10"
    tab.locator("#slider").focus()
    press(tab, "ArrowRight", "ArrowRight", "ArrowRight")
    assert count(tab) == "3 / 10"
    assert tab.locator("#slider").get_attribute("aria-valuetext") == "3 of 10: L → d (use 2 of 2)"
    tab.click("#list li:nth-child(6) button")
    assert title(tab) == "t → s"
    assert tab.locator("#list [aria-current]").text_content() == "6. t → s"
    tab.click("#first")
    tab.click("#last")
    assert count(tab) == "10 / 10"


def test_play_and_pause(shown, example):
    tab = shown(example("squared")[0])
    press(tab, " ")
    assert tab.locator("#play").get_attribute("aria-pressed") == "true"
    tab.locator("#count", has_text="2 / 10").wait_for()
    press(tab, " ")
    assert tab.locator("#play").get_attribute("aria-pressed") == "false"


def test_the_formula_panel_is_typeset(shown, example):
    tab = shown(example("squared")[0])
    press(tab, "3", "Enter")
    fraction = tab.locator("#math mfrac").first.bounding_box()
    assert fraction["height"] > 30
    assert "d.grad" in tab.locator("#math").text_content()
    assert "−1.1974+(−1.1974)=−2.3948" in re.sub(r"\s", "", tab.locator("#math").text_content())
    assert tab.locator("#rule").text_content() == "L = d · d, ∂L/∂d₂ = d = −1.197"


def test_predicting_right_and_wrong_in_each_named_way(shown, example):
    tab = shown(example("squared")[0])

    def answer(text):
        tab.fill("#answer", text)
        press(tab, "Enter")
        return tab.locator("#verdict").text_content()

    press(tab, "1", "Enter", "p")
    assert tab.locator("#asked").text_content() == "L → d: what does L contribute to d.grad?"
    assert answer("1.197").startswith("The sign")
    assert answer("") == "Type a number or arithmetic, such as -0.25, 1/2 or -0.5*0.45."
    assert answer("alert(1)") == "Type a number or arithmetic, such as -0.25, 1/2 or -0.5*0.45."
    assert answer("99").startswith("Not that")
    assert count(tab) == "1 / 10", "the step is not shown before it is right"
    assert "Hint: L.grad · ∂L/∂d₁ = 1 · −1.197." in answer("98")
    assert answer("-2.394/2").startswith("Right")
    assert count(tab) == "2 / 10"
    press(tab, "ArrowRight")
    assert "was −1.197" in tab.locator("#asked").text_content()
    assert answer("-1.197").startswith("Overwrote instead of added")
    assert answer("-0.197").startswith("Forgot the local derivative")
    assert answer("-2.395").startswith("Right")
    press(tab, "6", "Enter", "ArrowRight")
    assert answer("0.961").startswith("Not that")
    tab.click("#reveal")
    assert count(tab) == "7 / 10"
    press(tab, "5", "Enter", "ArrowRight")
    assert answer("0.961").startswith("Forgot the upstream gradient")
    press(tab, "ArrowRight")
    assert count(tab) == "5 / 10", "keys are off while an answer is typed"
    press(tab, "Escape")
    assert tab.locator("#question").is_hidden()
    assert tab.locator("#predict").get_attribute("aria-pressed") == "false"


def test_the_wrong_order_switch_gives_six_and_marks_where(shown, example):
    tab = shown(example("shared")[0])
    press(tab, "w", "End")
    classes, _, grad = node(tab, "a")
    assert grad == "6"
    assert "wrong" in classes
    assert "a.grad ends at 6; the correct value is 4." in tab.locator("#mistake").text_content()
    assert tab.locator("#list .bad").count() == 4
    press(tab, "3", "Enter")
    assert tab.locator("#mistake").text_content().startswith("Too early: b passes its gradient on")
    tab.click("#order")
    press(tab, "End")
    assert node(tab, "a")[2] == "4"
    assert "wrong" not in node(tab, "a")[0]


def test_the_overwriting_switch(shown, example):
    tab = shown(example("shared")[0])
    tab.click("#overwrite")
    press(tab, "3", "Enter")
    assert tab.locator("#mistake").text_content().startswith("= overwrites: the 1 that had arrived at b is lost.")
    press(tab, "End")
    assert node(tab, "a")[2] == "1"
    press(tab, "=", "End")
    assert node(tab, "a")[2] == "4"


def test_steps_done_wrong_open_the_page_that_way(shown, example):
    tab = shown(example("shared")[0], mistake="order")
    assert tab.locator("#order").get_attribute("aria-pressed") == "true"
    press(tab, "w", "End")
    assert node(tab, "a")[2] == "4"


def test_where_the_wrong_order_does_no_harm_it_says_so(shown, example):
    tab = shown(example("two_one_one")[0])
    press(tab, "w")
    assert "happens to work here" in tab.locator("#note").text_content()
    assert tab.locator("#order").get_attribute("aria-pressed") == "false"


def test_a_node_tells_its_rule_its_uses_its_paths_and_the_finite_difference(shown, example):
    tab = shown(example("squared")[0])
    tab.click('#figure g.node:has(text.name:text-is("w"))')
    panel = tab.locator("#node")
    assert "Used once" in panel.text_content()
    assert "−4.603 ✓ the same" in panel.text_content()
    panel.get_by_text("Show the paths").click()
    assert "w → p → s → t → d → L" in panel.text_content()
    assert "Reverse sweep:  −4.60292 ✓" in panel.text_content()
    assert tab.locator("#figure g.edge.lit").count() == 6
    panel.locator("button.path").first.click()
    assert tab.locator("#figure g.edge.lit").count() == 5
    panel.get_by_text("Close").click()
    assert tab.locator("g.lit").count() == 0
    tab.click('#figure g.node:has(text.name:text-is("t"))')
    assert "∂t/∂s = 1 − t² = 0.961" in panel.text_content()
    panel.get_by_text("Go to the step that completes it").click()
    assert title(tab) == "d → t"


def test_a_node_has_its_line_of_code(shown):
    x = ag.located(0.5, "x")
    product = x * 3.0
    product.label = "p"
    tab = shown(product.tanh())
    tab.click('#figure g.node:has(text.name:text-is("p"))')
    assert "product = x * 3.0" in tab.locator("#node .source-line").text_content()


def test_paths_lead_through_named_nodes_or_through_every_op(shown, example):
    tab = shown(example("two_one_one")[0])
    tab.click('#figure g.node:has(text.name:text-is("w1"))')
    panel = tab.locator("#node")
    panel.locator("button.path").click()
    assert panel.locator("button.path").text_content().splitlines() == [
        "w1 → h_in → h_out → y_in → y_out → E",
        "  ∂E/∂y_out · ∂y_out/∂y_in · ∂y_in/∂h_out · ∂h_out/∂h_in · ∂h_in/∂w1",
        "  = (−(y − y_out)) · (y_out · (1 − y_out)) · w_h · (h_out · (1 − h_out)) · x1",
        "  = (−0.179)(0.2353)(0.33)(0.2423)(0.5)",
        "  = −0.001684",
    ]
    assert tab.locator("#figure g.edge.lit").count() == 10
    panel.get_by_text("Through every op").click()
    assert "w1 → v1 → v3 → h_in → h_out → v4 → y_in → y_out → v5 → v6 → E" in panel.text_content()
    panel.get_by_text("Through named nodes only").click()
    assert "1 path to the root through named nodes" in panel.text_content()


def test_tab_walks_the_nodes_and_enter_goes_to_the_finishing_step(shown, example):
    tab = shown(example("squared")[0])
    tab.locator("#figure g.node").first.focus()
    label = tab.evaluate("document.activeElement.getAttribute('aria-label')")
    assert label == "x, input, data 2, gradient unknown"
    press(tab, "Enter")
    assert title(tab) == "p → x"
    label = tab.evaluate("document.activeElement.getAttribute('aria-label')")
    assert label == "x, input, data 2, gradient 1.151, final"
    assert tab.locator("#live").text_content().startswith("p → x. ")


def test_help_and_forward_steps_and_updates(shown, example):
    tab = shown(example("squared")[0], forward=True, lr=0.1)
    press(tab, "?")
    assert tab.locator("#keys").is_visible()
    press(tab, "Escape")
    assert tab.locator("#keys").is_hidden()
    assert node(tab, "p")[1] == "?"
    press(tab, "ArrowRight")
    assert node(tab, "p")[1] == "−1"
    press(tab, "End")
    assert (node(tab, "w")[1], node(tab, "b")[1]) == ("−0.03971", "1.03")


@pytest.mark.parametrize("dark", [False, True])
def test_text_has_contrast_and_buttons_are_large_enough(shown, example, dark):
    tab = shown(example("squared")[0], dark=dark)
    press(tab, "3", "Enter")
    measured = tab.evaluate(
        """() => {
          const rgb = (c) => c.match(/[\\d.]+/g).slice(0, 3).map(Number);
          const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
          const light = (c) => rgb(c).map((v) => linear(v / 255))
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          const of = (s) => document.querySelector(s);
          const fill = (s) => getComputedStyle(of(s)).fill;
          const paper = light(fill('#figure g.node.final:not(.target) .frame'));
          const card = light(getComputedStyle(of('.card')).backgroundColor);
          const color = (s) => light(getComputedStyle(of(s)).color);
          return {
            texts: ['.data', '.grad', '.symbol', '.name']
              .map((s) => ratio(light(fill('#figure g.node.final ' + s)), paper)),
            words: ['#words', '#phase', '#list button'].map((s) => ratio(color(s), card)),
            sizes: [...document.querySelectorAll('.player button, .zoom button')].filter((b) => b.offsetWidth)
              .map((b) => b.getBoundingClientRect().height),
          };
        }"""
    )
    assert min(measured["texts"] + measured["words"]) >= 4.5
    assert min(measured["sizes"]) >= 36


def test_a_phone_shows_the_graph_from_top_to_bottom_and_nothing_sticks_out(shown, example):
    tab = shown(example("two_one_one")[0], size=(390, 844))
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tab.click("#next")
    tab.click("#next")
    boxes = [tab.locator(f'#figure g.node:has(text.name:text-is("{name}"))').bounding_box() for name in ("E", "h_in")]
    assert boxes[0]["y"] > boxes[1]["y"]
    for part in ("#figure g.node.target", "#math", "#next"):
        place = tab.locator(part).bounding_box()
        assert place["y"] >= 0, part
        assert place["y"] + place["height"] <= 844, part


def test_the_active_node_is_moved_into_view_and_stays_there(shown, example):
    tab = shown(example("two_one_one")[0], size=(1000, 800))

    def sides():
        active = tab.locator("#figure g.node.target").bounding_box()
        figure = tab.locator("#figure").bounding_box()
        return active["x"] - figure["x"], figure["x"] + figure["width"] - active["x"] - active["width"]

    for key in ("ArrowRight", "End"):
        press(tab, key)
        assert min(sides()) >= 0
    tab.set_viewport_size({"width": 960, "height": 800})
    tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")  # the figure has noticed
    assert min(sides()) >= 0


@pytest.mark.parametrize("size", [(390, 844), (1400, 900), (1920, 1000)])
def test_graph_player_and_explanation_are_seen_together(shown, example, size):
    tab = shown(example("two_one_one")[0], size=size)
    press(tab, "3", "Enter")
    for part in ("#figure", "#next", "#title", "#math"):
        place = tab.locator(part).bounding_box()
        assert place["y"] >= 0, part
        assert place["y"] + place["height"] <= size[1], part
    assert tab.locator("main").bounding_box()["width"] == size[0]


def test_on_a_phone_the_zoom_buttons_cover_no_box_and_numbers_are_not_cut(shown, example):
    tab = shown(example("two_one_one")[0], size=(390, 844), forward=True)
    press(tab, "End")
    bottom, top = tab.evaluate(
        "['.zoom', '#figure'].map((name) => document.querySelector(name).getBoundingClientRect())"
        ".map((box, k) => (k ? box.top : box.bottom))"
    )
    assert bottom <= top
    assert tab.evaluate("(({scrollWidth, clientWidth}) => scrollWidth <= clientWidth)(document.querySelector('#math'))")


def test_paper_has_the_whole_picture_and_no_controls(shown, example):
    tab = shown(example("two_one_one")[0], size=(800, 1000))
    press(tab, "ArrowRight", "ArrowRight")
    tab.emulate_media(media="print")
    tab.wait_for_selector('#figure svg[viewBox^="0 0 "]')
    assert not any(
        tab.locator(f"{name}:visible").count() for name in (".player", ".zoom", "input[type=range]", "#train")
    )


def test_zoom_by_keys_wheel_and_buttons_pan_and_fit(shown, example):
    tab = shown(example("squared")[0])

    def width():
        return tab.locator('#figure g.node:has(text.name:text-is("d")) .frame').bounding_box()["width"]

    first = width()
    press(tab, "+")
    assert width() == pytest.approx(1.25 * first, rel=0.02)
    press(tab, "f")
    assert width() == pytest.approx(first, rel=0.02)
    tab.mouse.move(700, 300)
    tab.mouse.wheel(0, -400)
    tab.wait_for_function(
        "x => document.querySelector('#figure g.node .frame').getBoundingClientRect().width > x", arg=first
    )
    before = tab.locator("#figure g.node").first.bounding_box()["x"]
    tab.mouse.down()
    tab.mouse.move(760, 300)
    tab.mouse.up()
    assert tab.locator("#figure g.node").first.bounding_box()["x"] == pytest.approx(before + 60, abs=3)
    tab.click("#fit")
    assert width() == pytest.approx(first, rel=0.02)


def test_no_label_or_box_overlaps_another(shown, example):
    for name in ("three_two_one", "shared"):
        tab = shown(example(name)[0])
        overlapping = tab.evaluate(
            """() => {
              const boxes = [...document.querySelectorAll('#figure g.node > .frame, #figure g.pill > .frame')]
                .map((r) => r.getBoundingClientRect());
              const apart = (a, b) => a.right - 1 <= b.left || a.bottom - 1 <= b.top;
              const hit = (a, b) => !apart(a, b) && !apart(b, a);
              return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => hit(a, b))).length;
            }"""
        )
        assert overlapping == 0, name
        cut = tab.evaluate(
            """() => [...document.querySelectorAll('#figure g.node')].filter((g) => {
              const frame = g.querySelector('.frame').getBoundingClientRect();
              return [...g.querySelectorAll('text')].some((t) => {
                const r = t.getBoundingClientRect();
                return r.width && (r.left < frame.left - 1 || r.right > frame.right + 1);
              });
            }).map((g) => g.textContent)"""
        )
        assert cut == [], name


def test_hostile_labels_are_shown_not_obeyed(shown, hostile_labels):
    root = ag.fsum([Value(2.0, label) * Value(3.0, "x") for label in hostile_labels])
    root.label = "</script><img src=x onerror=alert(1)>"
    tab = shown(root, lr=0.1)
    press(tab, "End")
    for k in range(len(hostile_labels)):
        tab.locator("#figure g.node").nth(2 * k).focus()
        press(tab, " ")
    assert tab.locator("main img, main script").count() == 0
    assert "\x1b" not in tab.content()
    assert "<script>alert(1)</script>" in tab.locator("pre").text_content()


def test_without_javascript_the_picture_and_the_transcript_stand_there(browser, example, tmp_path):
    file = steps(example("squared")[0]).save(tmp_path / "page.html")
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(file.as_uri())
    assert tab.locator("#figure svg").is_visible()
    assert tab.locator("#next").is_hidden()
    tab.locator(".transcript summary").click()
    assert "x.grad += p.grad" in tab.locator("pre").text_content()
    context.close()


def test_two_pages_side_by_side_share_no_id(example):
    first, second = page(steps(example("squared")[0])), page(steps(example("shared")[0]))
    ids = [set(re.findall(r'id="(g[0-9a-f]{8}-[^"]+)"', html)) for html in (first, second)]
    assert all(ids)
    assert not ids[0] & ids[1]


def test_two_pages_in_one_document_step_apart(browser, example):
    views = [steps(example(name)[0])._repr_mimebundle_()["text/html"] for name in ("squared", "shared")]
    tab = browser.new_page()
    tab.set_content("".join(views))
    first, second = tab.frame_locator("iframe").nth(0), tab.frame_locator("iframe").nth(1)
    first.locator("#next").click()
    first.locator("#next").click()
    second.locator("#last").click()
    assert first.locator("#count").text_content() == "2 / 10"
    assert second.locator("#count").text_content() == "5 / 5"
    tab.close()


def test_the_page_is_one_file_without_links(example):
    html = page(steps(example("two_one_one")[0]))
    assert "default-src 'none'" in html
    assert not re.search(r"(src|href)=", html)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", html)
    assert html == page(steps(example("two_one_one")[0])), "the same bytes each time"


def test_the_policy_allows_the_styles_and_scripts_of_the_page_and_no_other(example):
    html = page(steps(example("two_one_one")[0]))
    packed = json.loads(zlib.decompress(base64.b64decode(re.search(r'id="packed">([^<]*)<', html)[1])))
    parts = [*re.findall(r"<(style|script)>(.*?)</", html, re.DOTALL), *packed]
    assert [tag for tag, _ in parts] == ["style", "script", "style", "script"]
    hashes = {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for _, text in parts}
    allowed = re.search(r'Policy" content="([^"]*)"', html)[1]
    assert set(re.findall(r"'sha256-([^']*)'", allowed)) == hashes
    assert "unsafe" not in allowed


def test_pages_are_small(example):
    network = nn.MLP(64, [16, 10], activation="tanh", seed=0)
    network.label_parameters()
    digits = nn.cross_entropy(network([0.1 * i for i in range(64)]), 3)
    for root, most in ((example("two_one_one")[0], 80_000), (digits, 600_000)):
        assert len(page(steps(root)).encode()) < most


# --- What if ---------------------------------------------------------------------------------------------------------


def test_a_number_that_is_typed_changes_everything(shown, example):
    tab = shown(example("two_one_one")[0], forward=True, lr=0.5)
    press(tab, "End")
    tab.fill("#leaf2", "1/2 + 0.4")
    press(tab, "Enter")
    leaves = example("two_one_one")[1]
    leaves["w1"].data = 0.9
    again = steps(_recomputed(leaves), forward=True, lr=0.5)
    assert tab.locator("#outcome").text_content() == "E from 0.01601 to 0.01498"
    assert node(tab, "E")[1] == "0.01498"
    assert tab.locator("#words").text_content() == again[-1].sentence
    assert "w1 = 0.9" in tab.locator("#formula").text_content()
    tab.locator("#list button").first.evaluate("b => b.click()")
    assert tab.locator("#words").text_content() == again[0].sentence == "v1 = 0.9 · 0.5 = 0.45."
    tab.click("#reset")
    assert tab.locator("#outcome").text_content() == "E = 0.01601"


def _recomputed(v):
    """The 2-1-1 network once more, on leaves that have changed."""
    h_in = v["w1"] * v["x1"] + v["w2"] * v["x2"] + v["b1"]
    h_in.label = "h_in"
    h_out = ag.sigmoid(h_in)
    h_out.label = "h_out"
    y_in = v["w_h"] * h_out + v["b2"]
    y_in.label = "y_in"
    y_out = ag.sigmoid(y_in)
    y_out.label = "y_out"
    loss = (Value.constant(0.8, "y") - y_out) ** 2 / 2
    loss.label = "E"
    return loss


def test_a_leaf_can_be_dragged_and_nudged_and_nonsense_is_refused(shown, example):
    tab = shown(example("squared")[0])
    press(tab, "End")
    row = tab.locator(".leaf", has_text="w").first
    row.locator("input[type=range]").evaluate("r => { r.value = 0.25; r.dispatchEvent(new Event('input')); }")
    assert node(tab, "w")[1] == "0.25"
    row.get_by_text("nudge").click()
    quotient = row.locator(".quotient").text_content()
    assert "w + 0.001: L from" in quotient
    assert "the gradient is" in quotient
    tab.fill("#leaf1", "<img src=x onerror=alert(1)>")
    press(tab, "Enter")
    assert tab.locator("#leaf1").get_attribute("aria-invalid") == "true"
    assert node(tab, "w")[1] == "0.25"


def test_a_black_box_is_said_not_to_be_recomputed(shown):
    @primitive(partials={"x": lambda xp, y, x: 2.0}, black_box=True)
    def doubled_elsewhere(x):
        """Twice x."""
        return 2.0 * x

    try:
        tab = shown(doubled_elsewhere(Value(1.5, "x")) * Value(2.0, "w"))
        tab.fill("#leaf0", "3")
        press(tab, "Enter")
        assert "a black box, not recomputed here" in tab.locator("#note").text_content()
        assert "outdated" in node(tab, "v1")[0]
        tab.emulate_media(color_scheme="dark")  # there is no training to be painted anew
    finally:
        del TABLE["doubled_elsewhere"]
        for namespace in (floats, arrays, values):
            vars(namespace).pop("doubled_elsewhere", None)


def test_predicting_the_slope_first_hides_it_and_a_score_is_kept(shown, example):
    tab = shown(example("squared")[0], forward=True, lr=0.1)
    press(tab, "p")
    assert tab.locator("#asked").text_content() == "p = x · w. What number is it?"
    tab.fill("#answer", "2*-0.5")
    press(tab, "Enter")
    assert count(tab) == "1 / 17"
    press(tab, "Escape", "6", "Enter", "s")
    assert tab.locator("#asked").text_content() == "L = d · d. What is the local derivative ∂L/∂d₁, as a number?"
    assert tab.locator("#figure g.edge.asked .local").text_content() == "×?"
    tab.fill("#answer", "-1.197")
    press(tab, "Enter")
    assert tab.locator("#asked").text_content() == "L → d: what does L contribute to d.grad?"
    assert tab.locator("#score").text_content() == "2 / 2"


def test_nothing_is_shown_before_it_is_known(shown, example):
    tab = shown(example("squared")[0], forward=True)
    pills = tab.locator("#figure g.pill text.local")
    assert title(tab) == "The inputs are known, nothing is computed yet"
    assert set(pills.all_text_contents()) == {"×?"}
    press(tab, "ArrowRight")
    assert set(pills.all_text_contents()) == {"×?", "×2", "×−0.5"}
    press(tab, "5", "Enter")
    assert "×?" not in pills.all_text_contents()
    assert title(shown(example("squared")[0])) == "Every number is known, no gradient yet"


def test_a_nan_is_red_and_has_its_cause(shown):
    tab = shown(ag.log(Value(-1.0, "a")) * Value(2.0, "w"), forward=True)
    press(tab, "End")
    assert "log needs x > 0; it got −1." in tab.locator("#mistake").text_content()
    assert "✓" not in tab.locator("#math").text_content()
    assert "wrong" in node(tab, "a")[0]
    ticks = tab.locator("#figure g.node.wrong .tick").all_text_contents()
    assert "✗" in ticks
    assert "≈✓" not in ticks


def test_old_numbers_are_marked_after_an_update_and_after_a_change(shown, example):
    tab = shown(example("squared")[0], lr=0.1)
    assert tab.locator("g.outdated").count() == 0
    press(tab, "End")
    captions = tab.locator("#figure g.node .data-caption").all_text_contents()
    assert captions.count("old") == 5
    press(tab, "6", "Enter")
    frame = tab.locator('#figure g.node:has(text.name:text-is("L")) .frame').first
    assert frame.evaluate("frame => getComputedStyle(frame).strokeDasharray") == "none", "the static picture has dots"
    x = Value(2.0, "x")
    y = x * x
    x.data = 5.0
    tab = shown(y)
    assert (
        "Data changed after v1 was computed: run the forward pass again."
        in tab.locator(".caption").first.text_content()
    )
    assert tab.locator("#figure g.outdated").count() == 1


def test_a_partial_through_one_use_has_its_index(shown, example):
    tab = shown(example("shared")[0])
    press(tab, "3", "Enter")
    assert tab.locator("#math msub").first.text_content() == "b2"
    tab.click('#figure g.node:has(text.name:text-is("b"))')
    assert "c.grad · ∂c/∂b₂" in tab.locator("#node").text_content()
    assert "∂b/∂a₁ = 1" in tab.locator("#node").text_content()


def test_the_layer_of_the_step_stands_beside_it_as_matrices(shown):
    model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    model.label_parameters()
    loss = (model([0.5, -1.0]) - 1.0) ** 2
    loss.label = "L"
    listed = steps(loss, forward=True)
    tab = shown(loss, forward=True)
    tab.evaluate("document.getElementById('matrix').open = true")

    def matrices():
        return tab.evaluate(
            """() => [...document.querySelectorAll('#matrices mtable')].map((t) =>
              [...t.querySelectorAll('mtr')].map((r) => [...r.querySelectorAll('mtd')].map((d) => d.textContent)))"""
        )

    assert matrices()[0] == [["?"]]
    press(tab, *str(1 + listed.find(until="w₂₁⁽¹⁾")), "Enter")
    (z, w, x, b), (delta, turned, above, slope), (dw, again, row) = matrices()[:4], matrices()[4:8], matrices()[8:]
    numbers = [np.array([[float(text.replace("−", "-")) for text in line] for line in m]) for m in (z, w, x, b)]
    np.testing.assert_allclose(numbers[0], numbers[1] @ numbers[2] + numbers[3], rtol=2e-3)
    weights, up, prime = (
        np.array([[float(t.replace("−", "-")) for t in line] for line in m]) for m in (turned, above, slope)
    )
    np.testing.assert_allclose((weights @ up) * prime, [[float(d[0].replace("−", "-"))] for d in delta], rtol=2e-3)
    assert row == [[line[0] for line in x]]
    assert again == delta
    assert dw[0] == ["?", "?"] or dw[2] == ["?", "?"], "nothing is shown before it is known"
    assert tab.locator("#matrices .marked").count() == 1
    assert tab.locator("#matrices .marked").text_content() == dw[1][0]


# --- Folded neurons --------------------------------------------------------------------------------------------------


def test_a_folded_neuron_opens_folds_again_and_the_sample_changes(shown):
    model = nn.MLP(2, [3, 2, 1], activation="tanh", seed=0)
    model.label_parameters()
    rows = [[0.5, -1.0], [0.1, 0.2], [-0.3, 0.9]]
    losses = [(model(row) - 1.0) ** 2 for row in rows]
    root = ag.fsum(losses) / 3.0
    root.label = "L"
    tab = shown(root, lr=0.1)
    assert "Click one to open it." in tab.locator("p.caption").text_content()
    boxes = tab.locator("#figure g.node").count()
    press(tab, *["ArrowRight"] * 4)
    before = title(tab)
    tab.locator('#figure g.node:has(text.name:text-is("a₂⁽¹⁾"))').press(" ")
    assert {node(tab, name)[2] for name in ("w₂₁⁽¹⁾", "b₂⁽¹⁾", "z₂⁽¹⁾")} == {"?"}
    assert tab.locator("#node h2").text_content().startswith("a₂⁽¹⁾ = tanh(z₂⁽¹⁾) = ")
    assert title(tab) == before
    press(tab, "End")
    weight = model.layers[0].neurons[1].w[0]
    first = ag.gradients(losses[0] / 3.0, weight)  # the share of the first sample
    assert float(node(tab, "w₂₁⁽¹⁾")[2].replace("−", "-")) == pytest.approx(first, rel=1e-3)
    tab.locator("#sample").fill("3")
    tab.locator("#sample").press("Enter")
    third = ag.gradients(losses[2] / 3.0, weight)
    assert float(node(tab, "w₂₁⁽¹⁾")[2].replace("−", "-")) == pytest.approx(third, rel=1e-3)
    assert "Showing sample 3 of 3" in tab.locator("p.caption").text_content()
    tab.click("#refold")
    assert tab.locator("#figure g.node").count() == boxes
    assert tab.locator("#refold").is_hidden()


def test_hostile_names_of_neurons_are_shown_not_obeyed(shown, hostile_labels):
    outputs = []
    for k, label in enumerate(hostile_labels):
        neuron = f"{label.replace('.', '')}.neuron{k}"
        outputs.append((Value(0.5, f"{neuron}.w1") * 2.0 + Value(0.1, f"{neuron}.b")).tanh())
    tab = shown(ag.fsum(outputs), level="neurons")
    for k in range(2):
        folded = [i for i in range(tab.locator("#figure g.node").count()) if "tanh(Σ w·x + b)" in label_of(tab, i)]
        assert len(folded) == len(hostile_labels) - k
        tab.locator("#figure g.node").nth(folded[0]).press(" ")
        assert "again" in tab.locator("#node").text_content()
    assert tab.locator("main img, main script").count() == 0


def label_of(tab, i):
    return tab.locator("#figure g.node").nth(i).get_attribute("aria-label")

"""The guide's curves with sliders, moved in a browser that has no Python."""

from __future__ import annotations

import importlib.util

import pytest

from tests.support.source_files import ROOT


@pytest.fixture
def figure():
    spec = importlib.util.spec_from_file_location("sliders", ROOT / "docs" / "guide" / "sliders.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Sliders(
        lambda m, c: {"line": [(0, c), (1, m + c)]},
        x=(0, 1),
        y=(-2, 2),
        note=lambda m, c: f"ends at {m + c:g}",
        m=[-1, 0, 1],
        c=[0, 1],
    )


def test_sliders_choose_the_computed_picture(browser, figure):
    page = browser.new_page()
    page.set_content(f"<main>{figure._repr_html_()}</main>")
    curve, m, c = page.locator("[data-curve]"), *page.locator("input").all()
    assert curve.get_attribute("d") == figure.frames[1 * 2 + 1][0]
    m.focus()
    page.keyboard.press("ArrowRight")
    c.focus()
    page.keyboard.press("Home")
    assert curve.get_attribute("d") == figure.frames[2 * 2 + 0][0]
    assert page.get_by_role("status").inner_text() == "ends at 1"
    assert m.get_attribute("aria-valuetext") == "1"
    assert m.evaluate("input => input.labels[0].innerText").startswith("m")
    page.close()


def test_without_scripts_the_first_picture_is_there(browser, figure):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.set_content(figure._repr_html_())
    assert page.locator("[data-curve]").get_attribute("d") == figure.frames[3][0]
    page.context.close()

"""The site: what its pages lead to, what the reference lists, and that it is built without a warning."""

from __future__ import annotations

import doctest
import importlib.util
import re
import subprocess
import sys

import pytest

import autograd_lite as ag
from autograd_lite import nn, viz
from tests.support.source_files import ROOT

DOCS = ROOT / "docs"
ROW = re.compile(r"\[([ABCD]-\d+[abc]?)\]\(#([abcd]-\d+[abc]?)\)")
TARGET = re.compile(r"^\(([abcd]-\d+[abc]?)\)=$", re.MULTILINE)


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_row_of_the_course_is_found_by_its_number():
    rows = ROW.findall(text_of("numbers.md"))
    targets = [found for page in (DOCS / "guide").glob("*.md") for found in TARGET.findall(page.read_text("utf-8"))]
    assert [name.lower() for name, _ in rows] == [target for _, target in rows]
    assert sorted(target for _, target in rows) == sorted(targets)
    assert len(set(targets)) == len(targets) == 90


@pytest.mark.parametrize("what", ["draw", "step", "train"])
def test_two_links_from_the_start_page_lead_to_the_code(what):
    page, anchor = re.search(rf"\]\(([\w.]+)#({what})\)", text_of("index.md")).groups()
    section = text_of(page).split(f"({anchor})=\n")[1].split("\n(")[0]
    assert f"autograd-lite {what} " in section
    assert "```{code-cell}" in section


def listed(directive: str, module: str = "") -> list[str]:
    """The names under a directive in all pages of the reference."""
    pages = "\n".join(page.read_text("utf-8") + "\nend" for page in (DOCS / "api").glob("*.rst"))
    blocks = re.findall(rf"^\.\. {directive}:: ?{module}\n\n((?:   .*\n)+)", pages, re.MULTILINE)
    return " ".join(blocks).split()


@pytest.mark.parametrize("package", [ag, nn, viz], ids=lambda package: package.__name__)
def test_the_reference_lists_every_public_name_once(package):
    names = listed("names", re.escape(package.__name__)) + (listed("ops") if package is ag else [])
    modules = {"nn", "viz"} if package is ag else set()
    assert len(names) == len(set(names))
    ops = {name for name in listed("ops") if package is ag}
    public = set(package.__all__) - ops - modules | estimators(package)
    assert public <= set(names), f"not on a page of docs/api: {sorted(public - set(names))}"
    assert set(names) - ops == public


def estimators(package) -> set[str]:
    """What needs scikit-learn, and is therefore not in ``__all__``."""
    return {"MLPClassifier", "MLPRegressor"} if package is nn else set()


def test_the_reference_lists_every_op_once():
    ours = {name for name in ag.TABLE if name in ag.__all__}
    assert sorted(listed("ops")) == sorted(ours)


def test_links_that_lead_out_have_the_form_of_one():
    pages = [*DOCS.rglob("*.md"), *DOCS.rglob("*.rst"), *ROOT.glob("*.md"), *(ROOT / "examples").rglob("*.md")]
    links = {link for page in pages for link in re.findall(r"\bhttps?:[^\s<>()\"'`\]]*", page.read_text("utf-8"))}
    assert links
    for link in links:
        assert re.fullmatch(r"https://(?:[a-z0-9-]+\.)+[a-z]{2,}(?:/[\w.~%#?&=+-]*)*", link.rstrip(".,;:")), link


def sliders():
    spec = importlib.util.spec_from_file_location("sliders", DOCS / "guide" / "sliders.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_sliders_show_every_position():
    figure = sliders().Sliders(lambda m, c: {"y": [(0, c), (1, m + c)]}, x=(0, 1), y=(-2, 2), m=[0, 1], c=[-1, 0, 1])
    assert len(figure.frames) == 6
    assert figure.frames[1] != figure.frames[0]
    assert figure._repr_html_().count('type="range"') == 2


def test_sliders_show_labels_as_text():
    bad = "</script><script>alert(1)</script>"
    shown = (
        sliders()
        .Sliders(lambda **_: {bad: [(0, 0), (1, 1)]}, x=(0, 1), y=(0, 1), note=lambda **_: bad, **{bad: [1.0, 2.0]})
        ._repr_html_()
    )
    assert "alert" in shown
    assert "<script>alert" not in shown
    assert shown.count("</script>") == 2


@pytest.mark.parametrize("name", ["sliders", "my_engine", "worked_examples"])
def test_the_examples_of_the_guides_modules_are_true(name):
    spec = importlib.util.spec_from_file_location(name, DOCS / "guide" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert doctest.testmod(module).failed == 0


def test_formulas_have_a_thin_space_beside_functions_and_nowhere_else():
    for package in ("sphinx", "latex2mathml"):
        pytest.importorskip(package)
    spec = importlib.util.spec_from_file_location("mathml", DOCS / "_ext" / "mathml.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert doctest.testmod(module).failed == 0
    spaces = {r"K\cos\beta": 2, r"1 - \tanh^2 x": 1, r"\log_2 p": 1, r"\ln(x)": 0, r"e_{\max}": 0, r"2 x y": 0}
    assert {formula: module.mathml(formula, "inline").count("mspace") for formula in spaces} == spaces


@pytest.mark.long
def test_the_site_is_built_without_a_warning(tmp_path):
    for package in ("sphinx", "myst_nb", "furo", "numpydoc", "latex2mathml", "matplotlib", "sklearn"):
        pytest.importorskip(package)
    built = subprocess.run(  # noqa: S603 - our own pages
        [sys.executable, "-m", "sphinx", "-W", "-q", "-d", tmp_path / "doctrees", DOCS, tmp_path / "site"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr.decode("utf-8", "replace")[-3000:]
    assert "http" not in "".join(
        re.findall(
            r'<(?:script|link|img|iframe)[^>]*(?:src|href)="([^"]*)"',
            (tmp_path / "site" / "index.html").read_text("utf-8"),
        )
    )

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from autograd_lite import Value
from autograd_lite.errors import GraphTooLargeError, OutputError
from autograd_lite.viz import explain, steps

needs_graphviz = pytest.mark.usefixtures("engine")


@pytest.mark.parametrize("kind", ["md", "tex"])
def test_written_steps_are_golden(kind, example, golden, tmp_path):
    root, _ = example("squared")
    file = steps(root, forward=True, lr=0.1).save(tmp_path / f"steps.{kind}")
    golden(f"squared.{kind}", file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["two_one_one", "three_two_one", "shared"])
def test_explanations_are_golden(name, example, golden):
    root, leaves = example(name)
    last = next(iter(leaves.values()))
    e = explain(root, last)
    table = explain(root)
    golden(f"{name}_explained.txt", "\n\n".join([str(e), e.latex, e.markdown, str(table), table.markdown, table.latex]))


def test_markdown_shows_hostile_labels_as_they_are(hostile, tmp_path):
    text = steps(Value(2.0, hostile) * Value(3.0, "```")).save(tmp_path / "s.md").read_text(encoding="utf-8")
    outside_code = re.sub(r"(`{3,})text\n.*?\n\1(?!`)", "", text, flags=re.DOTALL)
    assert "<script" not in outside_code
    assert "\x1b" not in text


def test_latex_shows_hostile_labels_as_they_are(tmp_path):
    root = Value(2.0, r"\input{/etc/passwd} $x$ 50% a_b & #1 ~ ^ {") * Value(3.0, "x")
    text = steps(root).save(tmp_path / "s.tex").read_text(encoding="utf-8")
    assert r"\input" not in text
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    body = text[text.index(r"\begin{document}") :]
    assert not re.search(r"(?<!\\)[%#]", body)


@needs_graphviz
def test_a_frame_per_step(example, tmp_path):
    root, _ = example("squared")
    files = steps(root).frames(tmp_path / "frames")
    assert [f.name for f in files] == [f"frame_{k:03}.svg" for k in range(11)]
    sizes = set()
    for file in files:
        drawn = ET.fromstring(file.read_text(encoding="utf-8"))  # noqa: S314 - our own picture
        sizes.add((drawn.get("width"), drawn.get("height")))
        assert all(text.get("fill") for text in drawn.iter("{http://www.w3.org/2000/svg}text"))
    assert len(sizes) == 1
    assert "3. backward: L → d (use 2 of 2)" in files[3].read_text(encoding="utf-8")


@needs_graphviz
def test_frames_that_cannot_be_written(example, tmp_path):
    root, _ = example("squared")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="Cannot make the folder"):
        steps(root).frames(tmp_path / "file" / "frames")


def test_more_frames_than_anyone_would_look_at():
    v = Value(1.0, "x")
    for _ in range(1200):
        v = v + 1.0
    with pytest.raises(GraphTooLargeError, match="at most 999"):
        steps(v).frames("frames")


def test_updates_by_an_optimiser_leave_it_as_it_is(example):
    class Halving:
        calls = 0

        def update(self, weights, _gradient):
            self.calls += 1
            return weights / 2

        def __repr__(self):
            return "Halving()"

    root, _ = example("squared")
    rule = Halving()
    last = steps(root, optimizer=rule)[-1]
    assert (last.phase, last.total_before, last.total_after, last.rule) == ("update", 0.8, 0.4, "Halving()")
    assert str(last).splitlines()[1] == "   b = b + Δb = 0.8 + (−0.4) = 0.4"
    assert "a new forward pass takes L from 1.434 to 1.209." in str(last)
    assert rule.calls == 0

"""The page of steps: backprop in a browser, as one file that computes and needs no network.

The page holds the graph as data, the op table printed as JavaScript, the texts that Python fills too, and the places
of boxes and edges. The picture and the transcript for readers without JavaScript are Python's. Labels are escaped in
the JSON, in the SVG and in the HTML; the policy of the page allows its own script and style by their hash, and nothing
else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from html import escape
from pathlib import Path
from string import Template

from ..drawing.picture import Picture
from ..graphs.formula import whole_formula
from ..graphs.names import showable
from ..graphs.nonfinite import first_nonfinite
from ..steps.sequence import StepSequence
from ..steps.states import state_after, widest_texts
from ..steps.transcript import transcript
from .minify import minified
from .program import engine, graph_data, ops_of, script
from .text import policy, script_json

__all__ = ["asset", "filled_page", "page", "page_data"]

FOLDER = Path(__file__).parent
PHONE = "TB"
SCRIPTS = ("arithmetic", "paint", "page")
TRAINING = "beginnings.push(beginTraining);listenToTraining();"
MATRICES = 'beginnings.push(findLayers);hooks.push(drawMatrix);byId("matrix").addEventListener("toggle",draw);'
START = 'show(JSON.parse(document.getElementById("data").textContent));listen();'
STYLED = re.compile(  # what the page's style says
    r' (?:font-family|font-size|font-weight|fill|stroke|stroke-width|stroke-dasharray|opacity|display)="[^"]*"'
)


def page(steps: StepSequence, more: Mapping[str, object] | None = None) -> str:
    """The whole page as HTML; `more` is what else its scripts are told, such as a training that was recorded."""
    mode = steps.mistake
    steps = steps.readable().without_mistake()
    graph = steps.graph
    pictures = {direction: Picture(graph, widest_texts(steps), direction) for direction in ("LR", PHONE)}
    final = state_after(steps, len(steps))
    final.active = None
    data = page_data(steps, pictures, mode) | dict(more or {})
    layered = any(name.startswith("z") and name.endswith("⁾") for name in graph.names)
    caption = filter(None, (first_nonfinite(graph).words or graph.caption, *steps.notes))
    return filled_page(
        title=f"Backprop from {graph.root_name}",
        heading="Backprop, step by step",
        formula=showable(whole_formula(graph), 400),
        caption=" ".join(caption),
        picture=_slim(pictures["LR"].svg(final, prefix=_prefix(data))),
        transcript=transcript(steps),
        data=data,
        parts=asset("train.html") + asset("matrix.html") * layered,
        script=page_script(
            engine(ops_of(graph)), ["train"] + ["matrix"] * layered, TRAINING + MATRICES * layered + START
        ),
    )


def page_script(computes: str, more: Sequence[str], start: str) -> str:
    """The page's one script: the engine, the page, further parts, and what begins."""
    return minified("\n".join(["(()=>{", '"use strict";', computes, *map(script, [*SCRIPTS, *more]), start, "})();"]))


def _slim(picture: str) -> str:
    """A picture without what the page's style says, and without the arrows that only a step shows."""
    return STYLED.sub("", re.sub(r'<g class="back".*?</g>', "", picture))


def page_data(steps: StepSequence, pictures: dict[str, Picture], mode: str | None = None) -> dict[str, object]:
    """What ``scripts/page.js`` shows: the graph, the places, and how the steps were asked for."""
    graph = steps.graph
    data: dict[str, object] = {
        "graph": graph_data(graph),
        "layouts": {direction: _places(picture) for direction, picture in pictures.items()},
        "forward": steps.forward,
    }
    if mode:
        data["mode"] = mode
    if steps.lr is not None:
        data["lr"] = steps.lr
    if steps.optimizer is not None:
        data["updates"] = [
            {"i": s.target_index, "before": s.total_before, "after": s.total_after, "rule": s.rule}
            for s in steps
            if s.phase == "update"
        ]
    if graph.outdated:
        data["outdated"] = sorted(graph.outdated)
    cause = first_nonfinite(graph).words
    if cause:
        data["cause"] = cause
    return data


def _places(picture: Picture) -> dict[str, object]:
    layout = picture.layout
    flat = [" ".join(f"{x:g}" for point in (c.start, *c.points, c.end) for x in point) for c in layout.curves]
    return {
        "size": [layout.width, layout.height],
        "boxes": [list(box) for box in layout.boxes],
        "curves": flat,
        "pills": [[round(p.x + p.width / 2, 1), round(p.y + p.height / 2, 1)] for p in picture.pills],
    }


def filled_page(
    *, script: str, data: object, picture: str = "", transcript: str = "", top: str = "", parts: str = "", **texts: str
) -> str:
    """The page around its parts; texts are escaped, `picture`, `top` and `parts` are HTML."""
    style = re.sub(r"\s*([{};,])\s*|(:) ", r"\1\2", asset("page.css"))
    return Template(asset("page.html")).substitute(
        policy=policy(style, script),
        style=style,
        script=script,
        data=script_json(data),
        picture=picture,
        transcript=escape(transcript),
        transcript_hidden="" if transcript else " hidden",
        top=top,
        parts=parts,
        **{name: escape(text) for name, text in texts.items()},
    )


@lru_cache
def asset(name: str) -> str:
    """One of the page's files."""
    return (FOLDER / name).read_text(encoding="utf-8")


def _prefix(data: object) -> str:
    """What the ids of this page's picture begin with, so that two pages fit into one document."""
    return "g" + hashlib.sha256(script_json(data).encode("utf-8", "replace")).hexdigest()[:8]

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
from ..steps.updates import rule_name
from .program import engine, fold_data, graph_data, ops_of, script
from .text import packed, policy, script_json
from .update_rule import Recorded, optimizer_data, recorded_rule

__all__ = ["asset", "filled_page", "page", "page_data", "small_style"]

FOLDER = Path(__file__).parent
PHONE = "TB"
SCRIPTS = ("arithmetic", "paint", "page", "predict", "what_if", "card")
TRAINING = "beginnings.push(beginTraining);listenToTraining();"
MATRICES = 'reshapings.push(findLayers);hooks.push(drawMatrix);byId("matrix").addEventListener("toggle",draw);'
FOLDING = "beginnings.push(beginFolding);listenToFolding();"
START = 'show(JSON.parse(document.getElementById("data").textContent));listen();'
SPARE = re.compile(  # of a picture: what the page's style says, what only scripts read, and arrows that only steps show
    r'<g class="back".*?</g>|<g class="pill" display="none">.*?</g>| (?:font-family|font-size|font-weight|fill|'
    r'stroke|stroke-width|stroke-dasharray|opacity|display|rx|tabindex|aria-label|data-\w+)="[^"]*"'
    r'| (?:text-anchor="middle"|role="button"|id="[^"]*-n\d+"|height="19")'
)


def page(steps: StepSequence, more: Mapping[str, object] | None = None) -> str:
    """The whole page as HTML; `more` is what else its scripts are told, such as a training that was recorded."""
    mode = steps.mistake
    steps = steps.readable().without_mistake()
    graph = steps.graph
    pictures = {direction: Picture(graph, widest_texts(steps), direction) for direction in ("LR", PHONE)}
    final = state_after(steps, len(steps))
    final.active = None
    update = recorded_rule(steps.optimizer)
    data = page_data(steps, pictures, mode, update) | dict(more or {})
    folded = graph.scalars is not graph
    layered = any(name.startswith("z") and name.endswith("⁾") for name in graph.names)
    caption = filter(None, (first_nonfinite(graph).words or graph.caption.partition(" Open one with")[0], *steps.notes))
    return filled_page(
        title=f"Backprop from {graph.root_name}",
        heading="Backprop, step by step",
        formula=showable(whole_formula(graph), 400),
        caption=" ".join(caption),
        picture=_slim(pictures["LR"].svg(final, prefix=_prefix(data))),
        transcript=transcript(steps),
        data=data,
        runs=page_script(
            engine(ops_of(graph), update),
            ["train"] + ["matrix"] * layered + ["layout", "fold"] * folded,
            TRAINING + MATRICES * layered + FOLDING * folded + START,
            parts=asset("train.html") + asset("matrix.html") * layered,
        ),
    )


def page_script(computes: str, more: Sequence[str], start: str, *, top: str = "", parts: str = "") -> str:
    """The page's one script: the engine, the page, further parts, its HTML with `top` and `parts`, and what begins."""
    html = script_json(Template(asset("live.html")).substitute(top=top, parts=parts))
    scripts = map(script, [*SCRIPTS, *more])
    return "\n".join(["(()=>{", '"use strict";', computes, *scripts, f"build({html});", start, "})();"])


def page_data(
    steps: StepSequence, pictures: dict[str, Picture], mode: str | None, update: Recorded | None
) -> dict[str, object]:
    """What ``scripts/page.js`` shows: the graph, the places, and how the steps were asked for."""
    graph = steps.graph
    data: dict[str, object] = {
        "graph": graph_data(graph),
        **({} if graph.scalars is graph else {"fold": fold_data(graph)}),
        "layouts": {direction: _places(picture) for direction, picture in pictures.items()},
        "forward": steps.forward,
    }
    if mode:
        data["mode"] = mode
    if steps.lr is not None:
        data["lr"] = steps.lr
    if steps.optimizer is not None:
        data |= _optimizer(steps, update)
    if graph.outdated:
        data["outdated"] = sorted(graph.scalars.outdated)
    cause = first_nonfinite(graph).words
    if cause:
        data["cause"] = cause
    return data


def _optimizer(steps: StepSequence, update: Recorded | None) -> dict[str, object]:
    """The optimiser: where it stands, if the page has its rule; else the updates that Python computed."""
    scalars = steps.graph.scalars
    parameters = scalars.parameters or scalars.leaves
    data: dict[str, object] = {"rule": rule_name(steps.optimizer), "parameters": parameters}
    if update:
        return data | {"optimizer": optimizer_data(steps.optimizer, len(parameters))}
    moves = [s for s in steps if s.phase == "update"]
    places = [scalars.index[steps.graph.nodes[s.target_index]] for s in moves]
    return data | {"updates": [[i, s.total_before, s.total_after] for i, s in zip(places, moves, strict=True)]}


def _places(picture: Picture) -> dict[str, object]:
    """Where boxes, curves and labels stand, in whole pixels."""
    layout = picture.layout
    curves = [" ".join(f"{x:.0f}" for point in (c.start, *c.points, c.end) for x in point) for c in layout.curves]
    return {
        "size": [round(layout.width), round(layout.height)],
        "boxes": [list(map(round, box)) for box in layout.boxes],
        "curves": curves,
        "pills": [[round(p.x + p.width / 2), round(p.y + p.height / 2)] for p in picture.pills],
    }


def _slim(picture: str) -> str:
    """A picture in whole pixels, without what styles and scripts add."""
    whole = re.sub(r' (?:d|points|[xy]\d?)="[^"]*"', lambda found: _rounded(found[0]), picture)
    return SPARE.sub("", whole)


def _rounded(text: str) -> str:
    return re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.0f}", text)


def filled_page(*, runs: str, data: object, picture: str = "", transcript: str = "", **texts: str) -> str:
    """The page around its parts; `runs` is its script, texts are escaped, `picture` is HTML."""
    style, live = small_style(asset("page.css")), small_style(asset("live.css"))
    unpacks = script("unpack")
    return Template(asset("page.html")).substitute(
        policy=policy([style, live], [unpacks, runs]),
        style=style,
        script=unpacks,
        packed=packed([["style", live], ["script", runs]]),
        data=script_json(data),
        picture=picture,
        transcript=escape(transcript),
        transcript_hidden="" if transcript else " hidden",
        **{name: escape(text) for name, text in texts.items()},
    )


def small_style(style: str) -> str:
    """A style sheet without comments and spaces."""
    return re.sub(r"\s*([{};,])\s*|(:) ", r"\1\2", re.sub(r"/\*.*?\*/", "", style)).replace(";}", "}")


@lru_cache
def asset(name: str) -> str:
    """One of the page's files."""
    return (FOLDER / name).read_text(encoding="utf-8")


def _prefix(data: object) -> str:
    """What the ids of this page's picture begin with, so that two pages fit into one document."""
    return "g" + hashlib.sha256(script_json(data).encode("utf-8", "replace")).hexdigest()[:8]

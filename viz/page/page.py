"""The page: backprop in a browser, as one file that needs no network.

Python prepares all numbers as text, and both layouts (left to right, and top to bottom for a phone); ``page.js`` only
shows them. The data stand in the page as JSON; labels are escaped in it, in the SVG and in the HTML, and the policy of
the page allows its own script and style by their hash, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
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
from .data import page_data, wrong_sequences

__all__ = ["page"]

FOLDER = Path(__file__).parent
PHONE = "TB"


def page(steps: StepSequence) -> str:
    """The whole page as HTML."""
    mode = steps.mistake
    steps = steps.readable().without_mistake()
    graph = steps.graph
    wrong = wrong_sequences(steps)
    widest = widest_texts(steps, [listed for listed, _ in wrong.values() if listed is not None])
    pictures = {direction: Picture(graph, widest, direction) for direction in ("LR", PHONE)}
    final = state_after(steps, len(steps))
    final.active = None
    data = page_data(steps, wrong, pictures["LR"].edges, mode)
    sizes = "".join(
        f".{kind}{{--w:{pictures[direction].layout.width:g}}}" for kind, direction in (("wide", "LR"), ("tall", PHONE))
    )
    style, script, prefix = _asset("page.css") + sizes, _asset("page.js"), _prefix(data)
    return Template(_asset("page.html")).substitute(
        policy=_policy(style, script),
        title=escape(f"Backprop from {graph.root_name}"),
        formula=escape(showable(whole_formula(graph), 400)),
        caption=escape(" ".join(filter(None, (first_nonfinite(graph).words or graph.caption, *steps.notes)))),
        style=style,
        wide=pictures["LR"].svg(final, prefix=f"{prefix}w"),
        tall=pictures[PHONE].svg(final, prefix=f"{prefix}t"),
        transcript=escape(transcript(steps)),
        data=_json(data),
        script=script,
    )


@lru_cache
def _asset(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _json(data: object) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for c in "<>&\u2028\u2029":
        text = text.replace(c, f"\\u{ord(c):04x}")
    return text


def _prefix(data: object) -> str:
    """What the ids of this page's pictures begin with, so that two pages fit into one document."""
    return "g" + hashlib.sha256(_json(data).encode("utf-8", "replace")).hexdigest()[:8]


def _policy(style: str, script: str) -> str:
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    return f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'"

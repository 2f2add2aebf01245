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
from typing import Any

from autograd_lite.expressions import pretty_number

from .explanation import Explanation
from .finite import agrees, finite_difference
from .inline import whole_formula
from .lines import lines_of
from .names import showable
from .picture import Picture
from .predictions import answers, question
from .states import state_after, widest_texts
from .step_text import rule_line, short
from .stepping import Step, Steps
from .sweeps import naive_length

__all__ = ["page"]

FOLDER = Path(__file__).parent
PATHS_SHOWN = 6
PHONE = "TB"


def page(steps: Steps) -> str:
    """The whole page as HTML.

    Raises
    ------
    MissingDependencyError
        If there is no Graphviz to lay the graph out.
    GraphTooLargeError
        If there are more than 500 boxes.
    """
    steps = steps.readable()
    graph = steps.graph
    wrong = {name: _wrong_sequence(steps, name) for name in ("order", "overwrite")}
    widest = widest_texts(steps, [listed for listed, _ in wrong.values() if listed])
    pictures = {direction: Picture(graph, widest, direction) for direction in ("LR", PHONE)}
    final = state_after(steps, len(steps))
    final.active = None
    data = {
        "root": graph.root,
        "ends": [[edge.giver, edge.receiver] for edge in pictures["LR"].edges],
        "nodes": [_node(steps, pictures["LR"], i) for i in range(len(graph.nodes))],
        "sequences": {
            "right": [_step(step, pictures["LR"]) for step in steps],
            **{name: [_step(step, pictures["LR"]) for step in listed] for name, (listed, _) in wrong.items() if listed},
        },
        "notes": {name: note for name, (_, note) in wrong.items()},
    }
    sizes = "".join(
        f".{kind}{{--w:{pictures[direction].layout.width:g}}}" for kind, direction in (("wide", "LR"), ("tall", PHONE))
    )
    style, script, prefix = _asset("page.css") + sizes, _asset("page.js"), _prefix(data)
    return Template(_asset("page.html")).substitute(
        policy=_policy(style, script),
        title=escape(f"Backprop from {graph.names[graph.root]}"),
        formula=escape(showable(whole_formula(graph), 400)),
        caption=escape(graph.caption),
        style=style,
        wide=pictures["LR"].svg(final, prefix=f"{prefix}w"),
        tall=pictures[PHONE].svg(final, prefix=f"{prefix}t"),
        transcript=escape(steps.transcript()),
        data=_json(data),
        script=script,
    )


@lru_cache
def _asset(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _json(data: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for c in "<>&\u2028\u2029":
        text = text.replace(c, f"\\u{ord(c):04x}")
    return text


def _prefix(data: Any) -> str:
    """What the ids of this page's pictures begin with, so that two pages fit into one document."""
    return "g" + hashlib.sha256(_json(data).encode("utf-8", "replace")).hexdigest()[:8]


def _policy(style: str, script: str) -> str:
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    return f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'"


# --- The data -------------------------------------------------------------------------------------------------------


def _wrong_sequence(steps: Steps, mistake: str) -> tuple[Steps | None, str]:
    """The steps of a sweep that goes wrong, and a word about it; no steps where it makes no difference."""
    graph = steps.graph
    if mistake == "order" and naive_length(graph) > max(400, len(graph.uses)):
        return None, f"Naive recursion would take {naive_length(graph):,} steps here, in place of {len(graph.uses):,}."
    listed = Steps(graph, mistake=mistake)
    if any(step.mistake for step in listed):
        return listed, ""
    if mistake == "order":
        return None, "Here naive recursion comes out right: no node between the leaves and the root is used twice."
    return None, "Here = in place of += comes out right: no node is used twice."


def _step(step: Step, picture: Picture) -> dict[str, Any]:
    """A step as the page reads it: places, texts, and the tokens of its arithmetic."""
    is_backward = step.phase == "backward"
    return {
        "phase": step.phase,
        "title": step.title,
        "giver": step.giver_place,
        "receiver": step.receiver_place,
        "edge": picture.edge_numbers[step.giver_place, step.operand] if is_backward else None,
        "after": pretty_number(step.total_after),
        "final": step.final,
        "lines": [[list(token) for token in line] for line in lines_of(step)],
        "rule": rule_line(step),
        "words": step.sentence,
        "mistake": step.mistake,
        "question": question(step),
        "answers": _answers(step) if is_backward else [],
    }


def _answers(step: Step) -> list[list[Any]]:
    seen: set[float] = set()
    kept: list[list[Any]] = []
    for number, right, verdict in answers(step):
        if number - number == 0.0 and number not in seen:  # finite, and the first to claim that number
            seen.add(number)
            kept.append([number, right, verdict])
    return kept


def _node(steps: Steps, picture: Picture, i: int) -> dict[str, Any]:
    graph = steps.graph
    node: dict[str, Any] = {
        "name": graph.names[i],
        "data": pretty_number(graph.data[i]),
        "formula": "" if graph.leaf[i] else short(graph.formula(i).pretty),
        "kind": graph.symbol(i),
        "needs": graph.needs[i],
    }
    if not graph.needs[i]:
        return node
    explanation = Explanation(graph, i, PATHS_SHOWN)
    node["slopes"] = [
        f"∂{graph.names[i]}/∂{graph.names[j]} = {short(graph.slope(i, k).pretty)} = {pretty_number(local)}"
        for k, (j, local) in enumerate(zip(graph.operands[i], graph.partials[i], strict=True))
        if local is not None
    ]
    node["paths"] = [
        {
            "edges": [picture.edge_numbers[use.giver, use.operand] for use in path.uses],
            "lines": explanation.path_lines(path),
        }
        for path in explanation.paths
    ]
    node["count"] = explanation.count
    node["sum"] = (
        (explanation.sum_lines() if explanation.complete else explanation.share_lines()) if node["paths"] else []
    )
    if graph.leaf[i]:
        difference = finite_difference(graph, i)
        node["difference"] = pretty_number(difference)
        node["confirmed"] = agrees(difference, graph.adjoints[i])
    return node

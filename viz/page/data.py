"""The numbers of the page: what `page.js` reads, as plain lists, dictionaries and texts.

Python formats every number, so that the page, the transcript and the terminal show the same digits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from autograd_lite.text import pretty_number

from ..drawing.boxes import Edge
from ..explain.explanation import Explanation
from ..explain.paths import Paths
from ..graphs.finite_difference import agrees, finite_difference
from ..graphs.notation import equal, short, slope_name
from ..graphs.view import GraphView
from ..steps.arithmetic import lines_of
from ..steps.predictions import answers, question
from ..steps.sequence import StepSequence
from ..steps.step import Step
from ..steps.sweeps import naive_length
from ..steps.words import rule_line

__all__ = ["page_data", "wrong_sequences"]

PATHS_SHOWN = 6
EdgeNumbers = Mapping[tuple[int, int], int]
Wrong = Mapping[str, tuple[StepSequence | None, str]]


def page_data(steps: StepSequence, wrong: Wrong, edges: Sequence[Edge], mode: str | None = None) -> dict[str, object]:
    """Data of the page, without positions; edges numbered as in the picture, beginning with one of the wrong sweeps."""
    numbers = {(e.node, e.position): k for k, e in enumerate(edges)}
    verdicts: dict[str, int] = {}
    paths = Paths(steps.graph, PATHS_SHOWN)
    sequences = {"right": steps} | {name: listed for name, (listed, _) in wrong.items() if listed is not None}
    return {
        "root": steps.graph.root,
        "mode": mode or "right",
        "ends": [[e.node, e.operand] for e in edges],
        "locals": [e.text for e in edges],
        "nodes": [_node(steps.graph, numbers, i, paths) for i in range(len(steps.graph.nodes))],
        "sequences": {name: [_step(step, numbers, verdicts) for step in listed] for name, listed in sequences.items()},
        "verdicts": list(verdicts),
        "notes": {name: note for name, (_, note) in wrong.items()},
    }


def wrong_sequences(steps: StepSequence) -> dict[str, tuple[StepSequence | None, str]]:
    """Sweeps with a deliberate mistake, each with a note; no steps where the mistake makes no difference."""
    return {name: _wrong_sequence(steps, name) for name in ("order", "overwrite")}


def _wrong_sequence(steps: StepSequence, mistake: str) -> tuple[StepSequence | None, str]:
    graph = steps.graph
    if mistake == "order" and naive_length(graph) > max(400, len(graph.uses)):
        return None, f"Naive recursion would take {naive_length(graph):,} steps here, in place of {len(graph.uses):,}."
    listed = StepSequence(graph, mistake=mistake)
    if any(step.mistake for step in listed):
        return listed, ""
    if mistake == "order":
        return None, "Naive recursion happens to work here: no node between the leaves and the root is used twice."
    return None, "= gives the same result as += here, because no node is used twice."


def _step(step: Step, edges: EdgeNumbers, verdicts: dict[str, int]) -> dict[str, object]:
    """A step as the page reads it: indices, texts, and the tokens of its arithmetic."""
    is_backward = step.phase == "backward"
    return {
        "phase": step.phase,
        "title": step.title,
        "source": step.source_index,
        "target": step.target_index,
        "edge": edges[step.source_index, step.operand] if is_backward else None,
        "after": pretty_number(step.total_after),
        "final": step.final,
        "lines": [[[part for part in token if part] for token in line] for line in lines_of(step)],
        "rule": rule_line(step),
        "words": step.sentence,
        "mistake": step.mistake,
        "cause": step.cause,
        "question": question(step),
        "answers": _answers(step, verdicts) if is_backward else [],
    }


def _answers(step: Step, verdicts: dict[str, int]) -> list[list[float]]:
    """The numbers that may be typed, whether each is right, and the index of its verdict."""
    seen: set[float] = set()
    kept: list[list[float]] = []
    for number, right, verdict in answers(step):
        if math.isfinite(number) and number not in seen:  # the first to claim a number has it
            seen.add(number)
            kept.append([number, right, verdicts.setdefault(verdict, len(verdicts))])
    return kept


def _node(graph: GraphView, edges: EdgeNumbers, i: int, paths: Paths) -> dict[str, object]:
    node: dict[str, object] = {
        "name": graph.names[i],
        "data": pretty_number(graph.data[i]),
        "formula": "" if graph.leaf[i] else short(graph.formula(i).pretty),
        "kind": graph.symbol(i),
        "needs": graph.needs[i],
        "outdated": i in graph.outdated,
    }
    if not graph.needs[i]:
        return node
    explanation = Explanation(paths, i)
    node["slopes"] = [
        f"{slope_name(graph.names[i], graph.names[j], graph.use_mark(i, k))} = "
        + equal(graph.slope(i, k).pretty, pretty_number(local))
        for k, (j, local) in enumerate(zip(graph.operands[i], graph.partials[i], strict=True))
        if local is not None
    ]
    node["paths"] = [
        {"edges": [edges[use.node, use.position] for use in path.uses], "lines": explanation.path_lines(path)}
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

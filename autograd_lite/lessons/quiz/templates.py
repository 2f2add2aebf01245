"""The questions as data: the formulas of a graph, and what is asked. Names that no formula defines get numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["LEVELS", "TEMPLATES", "TOPICS", "Template"]

TOPICS = ("forward", "local", "gradients", "deltas", "updates")
LEVELS = (1, 2, 3)


@dataclass(frozen=True)
class Template:
    """A question without its numbers.

    Attributes
    ----------
    topic : str
        One of `TOPICS`.
    level : int
        1, 2 or 3.
    graph : mapping of str to str
        Formulas by name.
    ask : str
        What is asked, a formula in names.
    solved : mapping of str to str
        Names that are not shown, each with the sigmoid or tanh whose value it makes clean.
    """

    topic: str
    level: int
    graph: Mapping[str, str]
    ask: str
    solved: Mapping[str, str] = field(default_factory=dict)


NEURON = {"p": "w x + b", "a": "sigmoid(p)", "E": "1/2 (a - t)^2"}
HIDDEN = {"q": "u x + c", "h": "sigmoid(q)", "p": "v h + b", "a": "sigmoid(p)", "E": "1/2 (a - t)^2"}
LINE = {"p": "w x + b", "L": "(p - y)^2"}

TEMPLATES = (
    Template("forward", 1, {"c": "a b + d"}, "c"),
    Template("forward", 1, {"c": "a + b", "d": "c a"}, "d"),
    Template("forward", 1, {"s": "w1 x1 + w2 x2"}, "s"),
    Template("forward", 2, LINE, "L"),
    Template("forward", 2, {"c": "a - b", "L": "c^2 + a"}, "L"),
    Template("forward", 2, {"s": "w1 x1 + w2 x2 + b", "h": "relu(s)"}, "h"),
    Template("forward", 3, {"h": "relu(u x + c)", "p": "v h + b", "L": "1/2 (p - y)^2"}, "L"),
    Template("forward", 3, {"p": "a/b", "q": "p^2 - a", "L": "q p"}, "L"),
    Template("local", 1, {"c": "a b"}, "dc/da"),
    Template("local", 1, {"c": "a - b"}, "dc/db"),
    Template("local", 1, {"c": "a^2"}, "dc/da"),
    Template("local", 2, {"c": "x^3"}, "dc/dx"),
    Template("local", 2, {"c": "a/b"}, "dc/db"),
    Template("local", 2, {"E": "1/2 (y - t)^2"}, "dE/dy"),
    Template("local", 2, {"h": "relu(s)"}, "dh/ds"),
    Template("local", 3, {"a": "sigmoid(p)"}, "da/dp", {"p": "a"}),
    Template("local", 3, {"h": "tanh(p)"}, "dh/dp", {"p": "h"}),
    Template("local", 3, {"c": "1/x^2"}, "dc/dx"),
    Template("gradients", 1, {"c": "a b", "d": "c + e1", "L": "d f"}, "dL/da"),
    Template("gradients", 1, {"c": "a + b", "L": "c d"}, "dL/db"),
    Template("gradients", 1, {"c": "a - b", "L": "c d"}, "dL/db"),
    Template("gradients", 2, LINE, "dL/dw"),
    Template("gradients", 2, {"c": "a b", "L": "c a"}, "dL/da"),
    Template("gradients", 2, {"c": "a + a", "L": "c b"}, "dL/da"),
    Template("gradients", 2, {"h": "relu(w x)", "L": "h v"}, "dL/dw"),
    Template("gradients", 3, {"u": "a b", "v": "a + b", "L": "u v"}, "dL/da"),
    Template("gradients", 3, {"h": "w x", "p": "w h", "L": "(p - y)^2"}, "dL/dw"),
    Template("gradients", 3, {"c": "a/b", "L": "c^2 + b"}, "dL/db"),
    Template("deltas", 1, {"y": "v h", "E": "1/2 (y - t)^2"}, "dE/dy"),
    Template("deltas", 1, {"p": "v h", "E": "1/2 (p - t)^2"}, "dE/dh"),
    Template("deltas", 2, NEURON, "dE/dp", {"b": "a"}),
    Template("deltas", 2, NEURON, "dE/da", {"b": "a"}),
    Template("deltas", 2, {"p": "w x + b", "h": "tanh(p)", "E": "1/2 (h - t)^2"}, "dE/dp", {"b": "h"}),
    Template("deltas", 3, HIDDEN, "dE/dq", {"c": "h", "b": "a"}),
    Template("deltas", 3, HIDDEN, "dE/dh", {"c": "h", "b": "a"}),
    Template("updates", 1, {"w_new": "w - eta g"}, "w_new"),
    Template("updates", 2, {**LINE, "w_new": "w - eta dL/dw"}, "w_new"),
    Template("updates", 2, {**LINE, "b_new": "b - eta dL/db"}, "b_new"),
    Template("updates", 2, {"step": "alpha step_old - eta g", "w_new": "w + step"}, "w_new"),
    Template("updates", 3, {**NEURON, "w_new": "w - eta dE/dw"}, "w_new", {"b": "a"}),
    Template("updates", 3, {**HIDDEN, "v_new": "v - eta dE/dv"}, "v_new", {"c": "h", "b": "a"}),
)

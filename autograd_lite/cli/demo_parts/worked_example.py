"""Backprop on a network of two inputs, one hidden and one output neuron, as it is worked by hand in class.

Every number stands beside the one that a set of course notes prints, with the verdict of `verify_example`.

Letters: inputs ``x``, weights ``w``, biases ``b``; ``_in`` is what arrives at a neuron, ``_out`` what leaves it;
target ``y``, error ``E = (y - y_out)**2 / 2``, learning rate ``eta``.
"""

from __future__ import annotations

from typing import NamedTuple

from autograd_lite import viz
from autograd_lite.engine import Value
from autograd_lite.lessons.errata import NOTES
from autograd_lite.lessons.examples import LineReport, verify_example
from autograd_lite.ops import sigmoid, sumprod

from .files import Files

__all__ = ["TITLE", "Network", "Row", "build", "rows_of", "show"]

TITLE = "Backprop by hand: two inputs, one hidden neuron, one output neuron"
ETA = 0.25


class Network(NamedTuple):
    """The nodes of the worked example that have a name."""

    w1: Value
    w2: Value
    b1: Value
    wh: Value
    b2: Value
    h_in: Value
    h_out: Value
    y_in: Value
    y_out: Value
    error: Value

    @property
    def parameters(self) -> tuple[Value, ...]:
        """The weights and biases, in order."""
        return self.w1, self.w2, self.b1, self.wh, self.b2


def build(w1: float, w2: float, b1: float, wh: float, b2: float) -> Network:
    """Run the forward pass: a graph of which every part has its name from the notes."""
    w = Value(w1, "w1"), Value(w2, "w2")
    hidden_bias, output_weight, output_bias = Value(b1, "b1"), Value(wh, "wh"), Value(b2, "b2")
    x, y = (Value(0.5, "x1"), Value(1.1, "x2")), Value(0.8, "y")
    h_in = sumprod(w, x) + hidden_bias
    h_out = sigmoid(h_in)
    y_in = output_weight * h_out + output_bias
    y_out = sigmoid(y_in)
    error = 0.5 * (y - y_out) ** 2
    for node, label in ((h_in, "h_in"), (h_out, "h_out"), (y_in, "y_in"), (y_out, "y_out"), (error, "E")):
        node.label = label
    return Network(*w, hidden_bias, output_weight, output_bias, h_in, h_out, y_in, y_out, error)


class Row(NamedTuple):
    """One number: its name, the value computed here, and the line of the notes about it, if there is one."""

    name: str
    ours: float
    line: LineReport | None = None

    @property
    def notes(self) -> str:
        """The number in the notes; "" for none."""
        return self.line.claim.printed if self.line else ""

    @property
    def verdict(self) -> str:
        """What is to say of the number in the notes."""
        return self.line.value_verdict if self.line else "not in the notes"

    @property
    def remark(self) -> str:
        """Where it differs, what the checker found."""
        if self.line is None or self.verdict != "differs":
            return ""
        found = [*map(str, self.line.mismatches), *self.line.formulas]
        found += [f"perhaps {' or '.join(self.line.candidates)}"] if self.line.candidates else []
        return "; ".join(found) or f"but it {self.line.factors_verdict} from the rounded numbers printed with it"


def show(files: Files, *, quick: bool) -> None:
    """Work the example: forward, backward, update; two pictures, a page to step through, and a transcript."""
    net = build(w1=0.25, w2=0.3, b1=-0.1, wh=0.33, b2=0.3)
    files.add("1-before.svg", "the graph after the forward pass", viz.draw(net.error).save)
    net.error.backward()
    files.add("1-after.svg", "the same graph with its gradients", viz.draw(net.error).save)
    steps = viz.steps(net.error, forward=True, lr=ETA, parameters=net.parameters)
    files.add("1-steps.html", "the worked example in a browser, a step at a key", steps.save)
    files.add("1-transcript.txt", "every step in words", steps.save)
    print('"notes" is what a printed worksheet of this example says; here is what comes out.')
    _print_rows(rows_of(net))
    after = build(*[p.data - ETA * p.grad for p in net.parameters])
    print(f"One step of gradient descent takes E from {net.error.data:.12f} to {after.error.data:.12f}.")


def rows_of(net: Network) -> list[Row]:
    """List every number of the example, after the sweep."""
    lines = {
        line.claim.about.pretty: line
        for line in verify_example(NOTES / "network_2_1_1.toml").lines
        if line.claim.printed
    }
    rows = _forward_rows(net) + _backward_rows(net) + _update_rows(net)
    return [Row(name, ours, lines.get(key)) for name, key, ours in rows]


def _forward_rows(net: Network) -> list[tuple[str, str, float]]:
    nodes = (net.h_in, net.h_out, net.y_in, net.y_out, net.error)
    return [(node.label, node.label, node.data) for node in nodes]


def _backward_rows(net: Network) -> list[tuple[str, str, float]]:
    parameters = (net.wh, net.w1, net.w2, net.b1, net.b2)
    rows = [
        ("dE/dy_out", net.y_out.grad),
        ("dy_out/dy_in", net.y_out.partials[0] or 0.0),
        ("dh_out/dh_in", net.h_out.partials[0] or 0.0),
        *((f"dE/d{p.label}", p.grad) for p in parameters),
    ]
    return [(name, name, ours) for name, ours in rows]


def _update_rows(net: Network) -> list[tuple[str, str, float]]:
    return [(f"{p.label} - eta dE/d{p.label}", f"{p.label}_new", p.data - ETA * p.grad) for p in net.parameters]


def _print_rows(rows: list[Row]) -> None:
    print(f"{'':<16}{'here':>18}  {'notes':<11}verdict")
    for row in rows:
        remark = f": {row.remark}" if row.remark else ""
        print(f"{row.name:<16}{row.ours:>18.12f}  {row.notes:<11}{row.verdict}{remark}".rstrip())

"""Backprop on a network of two inputs, one hidden and one output neuron, as it is worked by hand in class.

Every number stands beside the one that a set of course notes prints, with the verdict.

Letters: inputs ``x``, weights ``w``, biases ``b``; ``_in`` is what arrives at a neuron, ``_out`` what leaves it;
target ``y``, error ``E = (y - y_out)**2 / 2``, learning rate ``eta``.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from autograd_lite import viz
from autograd_lite.engine import Value
from autograd_lite.ops import sigmoid, sumprod

from .files import Files

__all__ = ["TITLE", "Network", "Row", "build", "rows_of", "show", "verdict"]

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
    """One number: its name, the value computed here, the one in the notes ("" for none), and what went wrong there."""

    name: str
    ours: float
    notes: str = ""
    remark: str = ""


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
    return _forward_rows(net) + _backward_rows(net) + _update_rows(net)


def _forward_rows(net: Network) -> list[Row]:
    return [
        Row("h_in", net.h_in.data, "0.355"),
        Row("h_out", net.h_out.data, "0.587"),
        Row("y_in", net.y_in.data, "0.491", "from 0.58, not 0.587"),
        Row("y_out", net.y_out.data, "0.62"),
        Row("E", net.error.data, "0.0162", "the rounding of y_out was carried on"),
    ]


def _backward_rows(net: Network) -> list[Row]:
    return [
        Row("dE/dy_out", net.y_out.grad, "-0.18"),
        Row("dy_out/dy_in", net.y_out.partials[0] or 0.0, "0.235"),
        Row("dh_out/dh_in", net.h_out.partials[0] or 0.0, "0.242"),
        Row("dE/dwh", net.wh.grad, "-0.024"),
        Row("dE/dw1", net.w1.grad, "-0.0016"),
        Row("dE/dw2", net.w2.grad, "-0.004223", "1.25 stood in for x2 = 1.1"),
        Row("dE/db1", net.b1.grad),
        Row("dE/db2", net.b2.grad),
    ]


def _update_rows(net: Network) -> list[Row]:
    notes = {"w1": "0.25042", "w2": "0.24894425", "wh": "0.336"}
    remarks = {"w2": "the old w2 is 0.3, and minus times minus is plus"}
    return [
        Row(f"{p.label} - eta dE/d{p.label}", p.data - ETA * p.grad, notes.get(p.label, ""), remarks.get(p.label, ""))
        for p in net.parameters
    ]


def _print_rows(rows: list[Row]) -> None:
    print(f"{'':<16}{'here':>18}  {'notes':<11}verdict")
    for name, ours, notes, remark in rows:
        said = verdict(notes, ours)
        print(f"{name:<16}{ours:>18.12f}  {notes:<11}{said}{': ' + remark if said == 'differs' else ''}".rstrip())


def verdict(notes: str, ours: float) -> str:
    """Compare a printed number with the computed one, to the digits that were printed.

    Examples
    --------
    >>> verdict("0.355", 0.355), verdict("0.587", 0.58783), verdict("0.491", 0.49398), verdict("", 1.0)
    ('agrees', 'cut, not rounded', 'differs', 'not in the notes')
    """
    if not notes:
        return "not in the notes"
    printed, computed = Decimal(notes), Decimal(ours)
    if computed.quantize(printed, ROUND_HALF_EVEN) == printed:
        return "agrees"
    return "cut, not rounded" if computed.quantize(printed, ROUND_DOWN) == printed else "differs"

"""The two networks that are worked by hand in class, as graphs whose nodes carry the names of the worksheets."""

from __future__ import annotations

from autograd_lite import Value, sigmoid, sumprod

__all__ = ["three_two_one", "two_one_one"]

Net = dict[str, Value]


def two_one_one(*, w1: float = 0.25, w2: float = 0.3, b1: float = -0.1, wh: float = 0.33, b2: float = 0.3) -> Net:
    """Two inputs, one hidden neuron, one output: every node by its name.

    Examples
    --------
    >>> round(two_one_one()["E"].data, 12)
    0.016012544181
    """
    net = {name: Value(number, name) for name, number in {"w1": w1, "w2": w2, "b1": b1, "wh": wh, "b2": b2}.items()}
    net |= {name: Value(number, name) for name, number in {"x1": 0.5, "x2": 1.1, "y": 0.8}.items()}
    net["h_in"] = sumprod([net["w1"], net["w2"]], [net["x1"], net["x2"]]) + net["b1"]
    net["h_out"] = sigmoid(net["h_in"])
    net["y_in"] = net["wh"] * net["h_out"] + net["b2"]
    net["y_out"] = sigmoid(net["y_in"])
    net["E"] = 0.5 * (net["y"] - net["y_out"]) ** 2
    return labelled(net)


THREE_TWO_ONE = {
    "w11": 0.2, "w12": -0.3, "w21": 0.4, "w22": 0.1, "w31": -0.5, "w32": 0.2, "wh1": -0.3, "wh2": -0.2,
    "b1": -0.4, "b2": 0.2, "b3": 0.1,
}  # fmt: skip


def three_two_one(**weights: float) -> Net:
    """Three inputs, two hidden neurons, one output, with the numbers of Han and Kamber's textbook.

    Examples
    --------
    >>> round(three_two_one()["y_out"].data, 12)
    0.473888898824
    """
    net = {name: Value(number, name) for name, number in (THREE_TWO_ONE | weights).items()}
    net |= {name: Value(number, name) for name, number in {"x1": 1.0, "x2": 0.0, "x3": 1.0, "y": 1.0}.items()}
    xs = [net["x1"], net["x2"], net["x3"]]
    for h in "12":
        net[f"h{h}_in"] = sumprod([net[f"w{i}{h}"] for i in "123"], xs) + net[f"b{h}"]
        net[f"h{h}"] = sigmoid(net[f"h{h}_in"])
    net["y_in"] = sumprod([net["wh1"], net["wh2"]], [net["h1"], net["h2"]]) + net["b3"]
    net["y_out"] = sigmoid(net["y_in"])
    net["E"] = 0.5 * (net["y"] - net["y_out"]) ** 2
    return labelled(net)


def labelled(net: Net) -> Net:
    """Give each node the name under which the dictionary has it."""
    for name, node in net.items():
        node.label = name
    return net

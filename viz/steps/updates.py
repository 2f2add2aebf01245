"""Updates of the parameters by a learning rate or an optimiser, computed without applying them."""

from __future__ import annotations

import copy
from dataclasses import fields, is_dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from autograd_lite.errors import DomainError
from autograd_lite.text import pretty_number

from ..graphs.view import GraphView

__all__ = ["Optimizer", "Update", "rule_name", "updates"]

Array = npt.NDArray[np.float64]


class Optimizer(Protocol):
    """Interface of an optimiser: new weights from weights and gradient, as float64 arrays of shape (n,)."""

    def update(self, weights: Array, gradient: Array) -> Array:
        """Take one step."""
        ...


class Update(NamedTuple):
    """One parameter before and after, and the rule in words; the learning rate where that alone is the rule."""

    parameter: int
    before: float
    after: float
    rule: str
    lr: float | None


def updates(graph: GraphView, lr: float | None, optimizer: Optimizer | None) -> list[Update]:
    """The updates of all parameters, or of all leaves if none is known to be one; none without a rule.

    Examples
    --------
    >>> from autograd_lite import Value
    >>> from autograd_lite.viz.graphs.view import scalar_view
    >>> w = Value(3.0, "w")
    >>> updates(scalar_view(w * w), 0.1, None)[0].after
    2.4
    """
    if lr is not None and not lr >= 0.0:
        raise DomainError(f"lr is {lr}; a learning rate is a number from 0 up, such as lr=0.1.")
    if lr is None and optimizer is None:
        return []
    scalars = graph.scalars
    indices = scalars.parameters or (graph.leaves if scalars is graph else [])
    boxes = [graph.index.get(scalars.nodes[i]) for i in indices]  # None: hidden, and updated with the others
    weights = np.array([scalars.data[i] for i in indices])
    gradient = np.array(
        [scalars.adjoints[i] if k is None else graph.adjoints[k] for i, k in zip(indices, boxes, strict=True)]
    )
    if optimizer is not None:
        after = copy.deepcopy(optimizer).update(weights, gradient)  # a copy, because an optimiser remembers
        rule = rule_name(optimizer)
    else:
        after = weights - (lr or 0.0) * gradient
        rule = f"lr = {pretty_number(lr or 0.0)}"
    rate = None if optimizer is not None else lr
    found = zip(boxes, weights.tolist(), np.asarray(after).tolist(), strict=True)
    return [Update(k, before, after, rule, rate) for k, before, after in found if k is not None]


def rule_name(optimizer: object) -> str:
    """An optimiser with its rate and what was set otherwise than by default.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> rule_name(nn.Adam(0.1, beta1=0.8)), rule_name(nn.SGD())
    ('Adam(lr=0.1, beta1=0.8)', 'SGD(lr=0.01)')
    """
    if not is_dataclass(optimizer):
        return repr(optimizer)
    settings = [(f.name, getattr(optimizer, f.name), f.default) for f in fields(optimizer) if f.init and f.repr]
    told = [f"{name}={value!r}" for name, value, default in settings if name == "lr" or value != default]
    return f"{type(optimizer).__name__}({', '.join(told)})"

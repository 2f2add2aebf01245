"""A training that ran in Python, as a page: the weights of every epoch, the rows, the loss.

Types: ``Any`` stands for a model and a run of nn, which viz does not import.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograd_lite.atomic_files import write_whole
from autograd_lite.engine import Value
from autograd_lite.errors import AutogradLiteError, OperandError
from autograd_lite.text import counted, shown

from ..graphs.course import course_view
from ..graphs.view import GraphView
from ..steps.sequence import StepSequence
from .notebook import framed
from .page import page

__all__ = ["Recording", "record"]

MOST_EPOCHS = 400
MOST_ROWS = 5000
DIGITS = 7  # of a recorded weight


def record(model: Any) -> Recording:
    """Make a callback of ``nn.fit`` that records the training for a page.

    The page shows the graph of one sample, its steps, the loss curve and the decision map, with a slider through the
    epochs; from any of them training can go on in the page.

    Parameters
    ----------
    model : object
        The model to be trained; its ``parameters()`` are recorded as they are now, and after each epoch.

    Returns
    -------
    Recording
        Give it to ``fit(..., callbacks=[recording])``; then ``recording.save("run.html")``, or show it in a notebook.

    Raises
    ------
    OperandError
        If the model has no parameters.

    Examples
    --------
    >>> from autograd_lite import nn
    >>> model = nn.MLP(2, [2, 1], activation="tanh", seed=0)
    >>> recording = record(model)
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0.0, 1.0, 1.0, 0.0]
    >>> _ = nn.fit(model, X, y, loss="mean_squared_error", optimizer=nn.SGD(0.1), epochs=5, callbacks=[recording])
    >>> recording
    <recording of 5 epochs>
    """
    parameters = list(model.parameters()) if callable(getattr(model, "parameters", None)) else []
    if not parameters or not all(isinstance(p, Value) for p in parameters):
        raise OperandError(f"record needs a model with parameters, such as nn.MLP(...), not {shown(model)}.")
    return Recording(model, parameters)


class Recording:
    """The weights of a training, epoch by epoch; `record` makes it."""

    def __init__(self, model: Any, parameters: Sequence[Value]) -> None:
        self.model = model
        self.parameters = list(parameters)
        self.epochs = 0
        self._stride = 1
        self._weights = [self._now()]
        self._losses: list[float | None] = [None]
        self._training: Any = None

    def __call__(self, training: Any) -> None:
        """Note the weights after an epoch; of long trainings every second, fourth, ... epoch is kept."""
        self._training = training
        self.epochs += 1
        if self.epochs % self._stride == 0:
            self._weights.append(self._now())
            self._losses.append(training.history.loss[-1])
        if len(self._weights) > MOST_EPOCHS:
            self._stride *= 2
            self._weights, self._losses = self._weights[::2], self._losses[::2]

    def _now(self) -> list[float]:
        return [float(f"{p.data:.{DIGITS}g}") for p in self.parameters]

    @property
    def html(self) -> str:
        """The page.

        Raises
        ------
        OperandError
            If nothing was recorded.
        """
        if self._training is None:
            raise OperandError("Nothing is recorded yet: give the recording to nn.fit(..., callbacks=[recording]).")
        inputs, target = self._training.data[:2]
        loss, x, t = self._sample(inputs[0].tolist(), target[0].tolist())
        loss.label = loss.label or "L"
        graph = course_view(loss, self.parameters)
        trained = [graph.index[p] for p in self.parameters if p in graph.index]
        more: dict[str, object] = {"trained": trained, "momentum": getattr(self._training.optimizer, "momentum", 0.0)}
        if t and all(v in graph.index for v in t) and len(trained) == len(self.parameters):
            more["table"] = self._table(graph, x, t)
            more["run"] = {"stride": self._stride, "weights": self._weights, "losses": self._finite_losses()}
        optimizer = self._training.optimizer
        if hasattr(optimizer, "update") and len(trained) == len(self.parameters):
            return page(StepSequence(graph, forward=True, optimizer=optimizer), more)
        return page(StepSequence(graph, forward=True, lr=getattr(optimizer, "lr", None)), more)

    def _finite_losses(self) -> list[float | None]:
        return [x if x is not None and math.isfinite(x) else None for x in self._losses]

    def _sample(self, x: Any, target: Any) -> tuple[Value, list[Value], list[Value]]:
        """The loss of one sample on named leaves: the inputs and the target, which has none if it is a class."""
        xs = [Value(number, f"x{i}") for i, number in enumerate(x if isinstance(x, list) else [x], start=1)]
        many = isinstance(target, list) and len(target) > 1
        wanted = [float(number) for number in (target if isinstance(target, list) else [target])]
        ts = [Value(number, f"t{i}" if many else "t") for i, number in enumerate(wanted, start=1)]
        loss = self._training.batch_loss.objective.loss
        output = self.model(xs)
        try:
            return loss.sample(output, ts if many else ts[0]), xs, ts
        except (AutogradLiteError, TypeError, IndexError):  # a class, which is no number to compute with
            return loss.sample(output, wanted if many else int(wanted[0])), xs, []

    def _table(self, graph: GraphView, x: list[Value], t: list[Value]) -> dict[str, object]:
        inputs, target = self._training.data[:2]
        used = [(v, k) for k, v in enumerate([*x, *t]) if v in graph.index]
        rows = [
            [*_flat(a), *_flat(b)]
            for a, b in zip(inputs[:MOST_ROWS].tolist(), target[:MOST_ROWS].tolist(), strict=True)
        ]
        names = [graph.names[graph.index[v]] for v, _ in used]
        targets = [graph.names[graph.index[v]] for v in t if v in graph.index]
        return {"columns": names, "targets": targets, "rows": [[row[k] for _, k in used] for row in rows]}

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file.

        Raises
        ------
        OperandError
            If nothing was recorded.
        OutputError
            If the file cannot be written; nothing is left half-written.
        MissingDependencyError
            If there is no Graphviz.
        """
        return write_whole(path, self.html)

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        """Notebook view: the page in a frame, once something was recorded."""
        text = {"text/plain": repr(self)}
        return text if self._training is None else text | {"text/html": framed(self.html, "Training")}

    def __repr__(self) -> str:
        return f"<recording of {counted(self.epochs, 'epoch')}>"


def _flat(thing: Any) -> list[float]:
    return thing if isinstance(thing, list) else [thing]

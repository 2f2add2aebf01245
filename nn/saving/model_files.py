"""Models in files: `save` and `load`, and checkpoints with the state of training."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_lite.errors import DomainError, ModelFileError
from autograd_lite.text import plain

from ..kinds import Json
from ..networks.weights import Model, parameters_of, read_weights, write_weights
from ..optimizers.optimizer import Optimizer
from ..training.history import History
from ..training.loop import Callback, Training
from .archive import Archive, expect, open_archive, write_archive
from .packing import (
    architecture_of,
    built,
    packed_history,
    packed_optimizer,
    unpacked_history,
    unpacked_optimizer,
)

__all__ = ["Checkpoint", "SavedModel", "load", "load_checkpoint", "save"]


@dataclass
class SavedModel:
    """What a model file holds.

    Attributes
    ----------
    model : Model
    optimizer : Optimizer or None
        With its state, to go on training.
    history : History or None
    notes : dict
        What was saved besides: numbers, text, lists and dicts of them.
    """

    model: Any  # an MLP, or what was given to `load_checkpoint`
    optimizer: Optimizer | None
    history: History | None
    notes: Json


def save(
    model: Model,
    path: str | os.PathLike[str],
    *,
    optimizer: Optimizer | None = None,
    history: History | None = None,
    notes: Mapping[str, object] | None = None,
) -> None:
    """Save a model in one file, a NumPy .npz with a manifest; an old file is replaced only by a complete new one.

    Parameters
    ----------
    model : Model
        The architecture of an `MLP` is saved too; of a class of your own only the weights, see `load`.
    path : path
    optimizer, history : optional
        To go on training later, see `load_checkpoint`.
    notes : mapping, optional
        What else to keep: finite numbers, text, lists and dicts of them.

    Raises
    ------
    OutputError
        If the file cannot be written; the old one is still there.
    OperandError
        If the model has no parameters, the optimizer is a class of your own, the notes cannot be written as JSON or
        are longer than 2 MB, or the file would be larger than 128 MB (sixteen million weights, or five with
        the state of Adam).

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from autograd_lite import nn
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.npz"
    >>> model = nn.MLP(2, [3, 1], activation="tanh")
    >>> save(model, path)
    >>> load(path)
    MLP(2 → 3 tanh → 1 linear, 13 parameters)
    """
    weights = read_weights(parameters_of(model))
    _write(path, model, weights, optimizer=optimizer, history=history, notes=notes or {})


def _write(
    path: str | os.PathLike[str],
    model: Model,
    weights: npt.NDArray[np.float64],
    *,
    optimizer: Optimizer | None,
    history: History | None,
    notes: Mapping[str, object],
) -> None:
    arrays = {"weights": weights}
    contents: Json = {
        "model": type(model).__name__,
        "architecture": architecture_of(model),
        "notes": dict(notes),
    }
    if optimizer is not None:
        contents["optimizer"], more = packed_optimizer(optimizer)
        arrays |= more
    if history is not None:
        contents["history"], more = packed_history(history)
        arrays |= more
    write_archive(path, contents, arrays)


def load(path: str | os.PathLike[str], model: Model | None = None) -> Any:  # an MLP or `model`
    """Load a model.

    Parameters
    ----------
    path : path
    model : Model, optional
        An object of your own class, which gets the saved weights; an `MLP` is built anew.

    Returns
    -------
    Model

    Raises
    ------
    ModelFileError
        If the file is damaged, not a model file, or of another architecture than `model`.
    OperandError
        If `model` is none.

    Examples
    --------
    See `save`.
    """
    return load_checkpoint(path, model).model


def load_checkpoint(path: str | os.PathLike[str], model: Model | None = None) -> SavedModel:
    """Load a model with what was saved beside it, to go on training.

    Parameters
    ----------
    path, model
        As in `load`.

    Raises
    ------
    ModelFileError
        As `load`.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from autograd_lite import nn
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.npz"
    >>> data = {"X": [[0.0], [1.0]], "y": [0.0, 1.0], "loss": "mean_squared_error"}
    >>> optimizer = nn.Adam(0.1)
    >>> history = nn.fit(model := nn.MLP(1, [1]), **data, optimizer=optimizer, epochs=5)
    >>> save(model, path, optimizer=optimizer, history=history)
    >>> saved = load_checkpoint(path)
    >>> nn.fit(saved.model, **data, optimizer=saved.optimizer, epochs=8, resume=saved.history).epochs
    8
    """
    if model is not None:
        parameters_of(model)  # an error of the model, not of the file
    with open_archive(path) as archive:
        return _unpacked(archive, model)


def _unpacked(archive: Archive, model: Model | None) -> SavedModel:
    contents, shape = archive.contents, archive.shapes["weights"]
    kind = expect(contents["model"], str, "the name of the model")
    notes = expect(contents["notes"], dict, "what notes should be")
    parameters = None if model is None else parameters_of(model)
    if parameters is None:
        model = built(contents, shape)
        parameters = model.parameters()
    if shape != (len(parameters),):
        raise ModelFileError(
            f"holds {math.prod(shape)} weights of a {plain(kind)}; the model given has {len(parameters)}."
        )
    weights = archive.array("weights")
    saved = SavedModel(model, unpacked_optimizer(archive), unpacked_history(archive), notes)
    write_weights(parameters, weights)
    return saved


@dataclass(eq=False)
class Checkpoint(Callback):
    """Save the model and the state of training every so many epochs, and at the end.

    After Ctrl-C the file holds the state after the last step, and the history the number of that step:
    ``fit(..., resume=saved.history)`` continues with the next one, and gives the same bits as an undisturbed run.
    After an error, and after a kill, the file holds the last epoch that was saved.

    Parameters
    ----------
    path : path
        The file, replaced each time.
    every : int
        Distance in epochs.
    only_best : bool
        Whether to save only when the loss (on the validation data, if there are any) is the smallest so far, and not
        at the end or after Ctrl-C.

    Raises
    ------
    DomainError
        If `every` is less than 1.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from autograd_lite import nn
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.npz"
    >>> data = {"X": [[1.0]], "y": [1.0], "loss": "mean_squared_error"}
    >>> history = nn.fit(nn.MLP(1, [1]), **data, epochs=3, callbacks=[Checkpoint(path)])
    >>> load_checkpoint(path).history.epochs
    3
    """

    path: str | os.PathLike[str]
    every: int = field(default=1, kw_only=True)
    only_best: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if self.every < 1:
            raise DomainError(f"every is {self.every}; a checkpoint is saved every so many epochs, at least 1.")

    def after_epoch(self, training: Training) -> None:
        """Save every so many epochs."""
        losses = training.history.watched
        best = losses[-1] < min(losses[:-1], default=math.inf)
        if training.epoch % self.every == 0 and (best or not self.only_best):
            self._save(training, read_weights(training.parameters))  # another callback may have changed them

    def finish(self, training: Training) -> None:
        """Save the last state, unless training ended with an error or it is saved already."""
        history = training.history
        new = history.epochs % self.every != 0 or history.unfinished is not None
        if history.stopped and new and not self.only_best:
            self._save(training, training.weights)  # the model may hold the best ones already

    def _save(self, training: Training, weights: npt.NDArray[np.float64]) -> None:
        _write(self.path, training.model, weights, optimizer=training.optimizer, history=training.history, notes={})

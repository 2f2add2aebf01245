"""Models in files: `save` and `load`, and checkpoints with the state of training."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograd_lite.errors import DomainError, ModelFileError, OperandError

from .archive import read_archive, write_archive
from .callbacks import Callback
from .history import History
from .layers import MLP
from .optim import Optimizer
from .optimizers import OPTIMIZERS
from .weights import parameters_of, read_weights, write_weights

if TYPE_CHECKING:
    from .training import Training

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
        What else was saved: numbers, text, lists and dicts of them.
    """

    model: Any
    optimizer: Optimizer | None
    history: History | None
    notes: dict[str, Any]


def save(
    model: Any,
    path: str | os.PathLike[str],
    *,
    optimizer: Optimizer | None = None,
    history: History | None = None,
    notes: Mapping[str, Any] | None = None,
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
        What else to keep: numbers, text, lists and dicts of them.

    Raises
    ------
    OutputError
        If the file cannot be written; the old one is still there.
    OperandError
        If the model has no parameters, the optimizer is a class of your own, or the notes cannot be written as JSON.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.npz"
    >>> model = MLP(2, [3, 1], activation="tanh")
    >>> save(model, path)
    >>> load(path)
    MLP(2 → 3 tanh → 1 linear, 13 parameters)
    """
    parameters = parameters_of(model)
    arrays = {"weights": read_weights(parameters)}
    contents: dict[str, Any] = {
        "model": type(model).__name__,
        "architecture": architecture_of(model),
        "notes": dict(notes or {}),
    }
    if optimizer is not None:
        contents["optimizer"] = _described(optimizer)
        arrays |= {f"optimizer.{name}": array for name, array in optimizer.memory.items()}
    if history is not None:
        contents["history"] = history.as_dict()
    try:
        write_archive(path, contents, arrays)
    except (TypeError, RecursionError) as error:
        raise OperandError(f"The notes cannot be saved: {error}. Use numbers, text, lists and dicts.") from error


def load(path: str | os.PathLike[str], model: Any = None) -> Any:
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

    Examples
    --------
    See `save`.
    """
    return load_checkpoint(path, model).model


def load_checkpoint(path: str | os.PathLike[str], model: Any = None) -> SavedModel:
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
    >>> history = nn.fit(model := MLP(1, [1]), **data, optimizer=optimizer, epochs=5)
    >>> save(model, path, optimizer=optimizer, history=history)
    >>> saved = load_checkpoint(path)
    >>> nn.fit(saved.model, **data, optimizer=saved.optimizer, epochs=8, resume=saved.history).epochs
    8
    """
    contents, arrays = read_archive(path)
    try:
        return _unpacked(contents, arrays, model)
    except ModelFileError as error:
        raise ModelFileError(f"{str(path)!r} {error}") from None
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(f"{str(path)!r} is not a model file of this version ({error}).") from error


def _unpacked(contents: Mapping[str, Any], arrays: Mapping[str, Any], model: Any) -> SavedModel:
    weights = arrays["weights"]
    if model is None:
        model = _built(contents, weights.size)
    parameters = parameters_of(model)
    if weights.shape != (len(parameters),):
        raise ModelFileError(
            f"holds {weights.size} weights of a {contents['model']}; the model given has {len(parameters)}."
        )
    optimizer = _restored(contents, arrays)
    history = History(**contents["history"]) if "history" in contents else None
    saved = SavedModel(model, optimizer, history, contents["notes"])
    write_weights(parameters, weights)
    return saved


def architecture_of(model: Any) -> dict[str, Any] | None:
    """What builds an `MLP` again; None for any other model, and for one whose activations have no name."""
    if type(model) is not MLP:
        return None
    widths = [len(layer.neurons) for layer in model.layers]
    hidden = {layer.activation for layer in model.layers[:-1]} or {"relu"}
    if len(hidden) > 1 or not all(isinstance(layer.activation, str) for layer in model.layers):
        return None
    return {
        "n_in": model.n_in,
        "sizes": widths,
        "activation": hidden.pop(),
        "output_activation": model.layers[-1].activation,
        "written_out": model.layers[0].written_out,
    }


def _built(contents: Mapping[str, Any], size: int) -> MLP:
    architecture = contents["architecture"]
    if architecture is None:
        raise ModelFileError(
            f"holds the weights of a {contents['model']}, which is not an MLP of named activations. Build one yourself "
            "and pass it: load(path, model)."
        )
    widths = [architecture["n_in"], *architecture["sizes"]]
    if sum((a + 1) * b for a, b in itertools.pairwise(widths)) != size or min(widths) < 1:
        raise ModelFileError("is damaged: its weights are not as many as its architecture needs.")
    return MLP(**architecture, init="small")


def _described(optimizer: Optimizer) -> dict[str, Any]:
    kind = type(optimizer).__name__
    if OPTIMIZERS.get(kind.lower()) is not type(optimizer):
        raise OperandError(f"{kind} is no optimizer of this library; save what its state() gives in a file of yours.")
    return {"kind": kind, "settings": optimizer.settings(), "steps": optimizer.steps}


def _restored(contents: Mapping[str, Any], arrays: Mapping[str, Any]) -> Optimizer | None:
    if "optimizer" not in contents:
        return None
    described = contents["optimizer"]
    optimizer = OPTIMIZERS[described["kind"].lower()](**described["settings"])
    memory = {name.removeprefix("optimizer."): a for name, a in arrays.items() if name.startswith("optimizer.")}
    optimizer.restore({"steps": described["steps"], "memory": memory})
    return optimizer


class Checkpoint(Callback):
    """Save the model and the state of training every so many epochs, and at the end.

    Parameters
    ----------
    path : path
        The file, replaced each time.
    every : int
        Distance in epochs.
    only_best : bool
        Whether to save only when the loss (on the validation data, if there are any) is the smallest so far.

    Raises
    ------
    DomainError
        If `every` is less than 1.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from autograd_lite import nn
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.npz"
    >>> history = nn.fit(MLP(1, [1]), [[1.0]], [1.0], loss="mean_squared_error", epochs=3, callbacks=[Checkpoint(path)])
    >>> load_checkpoint(path).history.epochs
    3
    """

    def __init__(self, path: str | os.PathLike[str], *, every: int = 1, only_best: bool = False) -> None:
        if every < 1:
            raise DomainError(f"A checkpoint every {every} epochs makes no sense; give at least 1.")
        self.path = path
        self.every = every
        self.only_best = only_best

    def after_epoch(self, training: Training) -> None:
        """Save, if it is time."""
        losses = training.history.watched
        best = losses[-1] < min(losses[:-1], default=math.inf)
        if training.epoch % self.every == 0 and (best or not self.only_best):
            self._save(training)

    def finish(self, training: Training) -> None:
        """Save the last epoch, unless training broke off in the middle of one."""
        complete = training.history.stopped not in ("", "interrupted")
        if complete and not self.only_best and training.history.epochs % self.every:
            self._save(training)

    def _save(self, training: Training) -> None:
        save(training.model, self.path, optimizer=training.optimizer, history=training.history)

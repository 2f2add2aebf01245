"""Parts of a model file: a model, an optimiser and a history as JSON and arrays, and back.

What is read from a file is validated here, part by part: checksums show that it is what was written, not that it is
valid.
"""

from __future__ import annotations

import itertools

import numpy as np

from autograd_lite.errors import ModelFileError, OperandError
from autograd_lite.text import plain

from ..kinds import Array, Json
from ..networks.activations import activation_names
from ..networks.layers import MLP
from ..optimizers.named import OPTIMIZERS
from ..optimizers.optimizer import Optimizer
from ..training.history import History, Unfinished
from .archive import Archive, expect

__all__ = [
    "architecture_of",
    "built",
    "packed_history",
    "packed_optimizer",
    "unpacked_history",
    "unpacked_optimizer",
]

Packed = tuple[Json, dict[str, Array]]

SERIES = ("loss", "validation_loss", "gradient_norm", "lr", "seconds")


# --- The architecture -----------------------------------------------------------------------------------------------


def architecture_of(model: object) -> Json | None:
    """Constructor arguments of an `MLP`; None for any other model, and where an activation has no name."""
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


def built(contents: Json, weights: tuple[int, ...]) -> MLP:
    """Build the network that a file describes, if it has as many weights as the file."""
    architecture = contents["architecture"]
    if architecture is None:
        raise ModelFileError(
            f"holds the weights of a {plain(contents['model'])}, which is not an MLP of named activations. Build one "
            "yourself and pass it: load(path, model)."
        )
    widths = [expect(n, int, "the size of a layer") for n in [architecture["n_in"], *architecture["sizes"]]]
    expect(architecture["written_out"], bool, "written_out")
    if min(widths) < 1 or weights != (sum((a + 1) * b for a, b in itertools.pairwise(widths)),):
        raise ModelFileError("is damaged: its weights are not as many as its architecture needs.")
    for name in (architecture["activation"], architecture["output_activation"]):
        if expect(name, str, "an activation") not in activation_names():
            raise _unregistered("activation", name)
    return MLP(**architecture, init="small")


def _unregistered(kind: str, name: str) -> ModelFileError:
    register = f"nn.register_{kind}({plain(name)!r}, ...)"
    return ModelFileError(f"needs the {kind} {plain(name)!r}, which is not registered; call {register} before loading.")


# --- The optimiser --------------------------------------------------------------------------------------------------


def packed_optimizer(optimizer: Optimizer) -> Packed:
    """The settings of an optimiser and the arrays of its memory."""
    kind = type(optimizer).__name__
    if OPTIMIZERS.get(kind.lower()) is not type(optimizer):
        kind = next((name for name, registered in OPTIMIZERS.items() if registered is type(optimizer)), "")
    if not kind:
        raise OperandError(
            f"{type(optimizer).__name__} has no name, by which a file could be loaded again; give it one with "
            "nn.register_optimizer."
        )
    described = {"kind": kind, "settings": optimizer.settings(), "steps": optimizer.steps}
    return described, {f"optimizer.{name}": array for name, array in optimizer.memory.items()}


def unpacked_optimizer(archive: Archive) -> Optimizer | None:
    """The optimiser of a file, with its state."""
    if "optimizer" not in archive.contents:
        return None
    described = archive.contents["optimizer"]
    kind = expect(described["kind"], str, "the optimizer")
    made = OPTIMIZERS.get(kind, OPTIMIZERS.get(kind.lower()))
    if made is None:
        raise _unregistered("optimizer", kind)
    optimizer = made(**described["settings"])
    names = [name for name in archive.shapes if name.startswith("optimizer.")]
    steps = expect(described["steps"], int, "the number of steps")
    if steps < 0 or (names and sorted(names) != sorted(f"optimizer.{name}" for name in optimizer.remembers)):
        raise ModelFileError("is damaged: its optimizer has another state than its kind has.")
    if any(archive.shapes[name] != archive.shapes["weights"] for name in names):
        raise ModelFileError("is damaged: its optimizer's state has another size than its weights.")
    memory = {name.removeprefix("optimizer."): archive.array(name) for name in names}
    optimizer.restore({"steps": steps, "memory": memory})
    return optimizer


# --- The history ----------------------------------------------------------------------------------------------------


def packed_history(history: History) -> Packed:
    """Text and whole numbers of a history, and its series as arrays."""
    metrics = [f"history.metric{i}" for i in range(1, len(history.metrics) + 1)]
    arrays = {f"history.{name}": np.array(getattr(history, name), dtype=float) for name in SERIES}
    arrays |= {name: np.array(series) for name, series in zip(metrics, history.metrics.values(), strict=True)}
    if history.unfinished is not None:
        arrays["history.unfinished"] = np.array([*vars(history.unfinished).values()], dtype=float)
    return {"seed": history.seed, "stopped": history.stopped, "metrics": list(history.metrics)}, arrays


def unpacked_history(archive: Archive) -> History | None:
    """The history of a file."""
    if "history" not in archive.contents:
        return None
    described = archive.contents["history"]
    names = [expect(name, str, "the name of a metric") for name in expect(described["metrics"], list, "metrics")]
    history = History(
        seed=expect(described["seed"], int, "the seed"), stopped=expect(described["stopped"], str, "its end")
    )
    for name in SERIES:
        getattr(history, name).extend(_series(archive, name))
    history.metrics = {name: _series(archive, f"metric{i}") for i, name in enumerate(names, start=1)}
    if any(len(series) > history.epochs for series in [*history.metrics.values(), history.lr]) or history.seed < 0:
        raise ModelFileError("is damaged: its history does not make sense.")
    if "history.unfinished" in archive.shapes:
        steps, batch, samples, loss, seconds = _series(archive, "unfinished")
        history.unfinished = Unfinished(int(steps), int(batch), int(samples), loss, seconds)
        if not 1 <= steps * batch < samples:
            raise ModelFileError("is damaged: its history does not make sense.")
    return history


def _series(archive: Archive, name: str) -> list[float]:
    if len(archive.shapes[f"history.{name}"]) != 1:
        raise ModelFileError("is damaged: its history is not a list of numbers.")
    numbers: list[float] = archive.array(f"history.{name}").tolist()
    return numbers

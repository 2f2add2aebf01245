"""A network of scalars classifies three kinds of iris by the length and width of sepals and petals."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from autograd_lite import nn, viz
from autograd_lite.atomic_files import writing_atomically
from autograd_lite.errors import MissingDependencyError
from autograd_lite.text import install_command

from .files import Files
from .training import train

__all__ = ["TITLE", "show"]

TITLE = "Real data: three kinds of iris, a network of 8 hidden neurons"
SEED = 0


class Samples(NamedTuple):
    """Standardised measurements, one row a flower, and its kind, 0, 1 or 2."""

    rows: list[list[float]]
    kinds: list[int]


def show(files: Files, *, quick: bool) -> None:
    """Train on two thirds of the flowers, score on the third that was held out, and plot the loss."""
    try:
        training, held_out = load()
    except MissingDependencyError as error:
        files.skip("iris", error)
        return
    model = nn.MLP(4, [8, 3], activation="tanh", seed=SEED)
    print(model, f"on {len(training.rows)} flowers, scored on {len(held_out.rows)} others")
    history = train(
        model,
        *training,
        validation=held_out,
        loss="cross_entropy",
        optimizer=nn.SGD(lr=0.1, momentum=0.9),
        epochs=5 if quick else 150,
    )
    accuracy = nn.accuracy_of_classes([model(row) for row in held_out.rows], held_out.kinds)
    print(f"Right on {accuracy:.0%} of the held-out flowers.")
    files.add("3-iris-loss.png", "the loss of iris, epoch by epoch", partial(_save_plot, history))


def load() -> tuple[Samples, Samples]:
    """Load the flowers, two thirds for training and one third held out, standardised by the training part."""
    try:
        from sklearn.datasets import load_iris  # noqa: PLC0415 - an optional package
        from sklearn.model_selection import train_test_split  # noqa: PLC0415 - as above
        from sklearn.preprocessing import StandardScaler  # noqa: PLC0415 - as above
    except ImportError as error:
        raise MissingDependencyError(
            f"The iris data come with scikit-learn, which is not installed: {install_command('sklearn')}"
        ) from error
    rows, kinds = load_iris(return_X_y=True)
    settings = {"test_size": 1 / 3, "stratify": kinds, "random_state": SEED}
    parts: list[Any] = train_test_split(rows, kinds, **settings)  # scikit-learn has no types
    scaler: Any = StandardScaler().fit(parts[0])  # scikit-learn has no types
    training, held_out = [scaler.transform(part).tolist() for part in parts[:2]]
    return Samples(training, parts[2].tolist()), Samples(held_out, parts[3].tolist())


def _save_plot(history: nn.History, path: Path) -> None:
    axes = viz.plot_history({"training": history.loss, "held-out flowers": history.validation_loss})
    axes.set_ylabel("cross-entropy (nats)")
    with writing_atomically(path, durable=False) as file:
        axes.figure.savefig(file, format="png", dpi=120)  # type: ignore[union-attr]

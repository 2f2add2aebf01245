"""Scikit-learn's digits, network 64-32-10, softmax cross-entropy, mini-batches of 32, Adam: one epoch, side by side.

Ours is written with scalars and compiled; PyTorch runs eagerly (nn.Sequential), scikit-learn is `MLPClassifier`. All
start from the same weights and see the same rows, in orders of their own. One thread each.
Run it with ``python tests/benchmarks/digits.py``; a peer that is not installed is skipped.
"""

from __future__ import annotations

import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import argparse
import importlib.util
import statistics
import time
from collections.abc import Callable

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from autograd_lite import nn

INPUTS, CLASSES = load_digits(return_X_y=True)
TRAIN_X, TEST_X, TRAIN_Y, TEST_Y = train_test_split(
    INPUTS / 16.0, CLASSES, test_size=1 / 3, random_state=0, stratify=CLASSES
)
LR, BATCH, EPOCHS = 0.005, 32, 40

Epoch = Callable[[], None]


def network() -> nn.MLP:
    """The start that all contenders share."""
    return nn.MLP(64, [32, 10], seed=0)


def ours() -> tuple[Epoch, Callable[[], float]]:
    """One epoch of `nn.fit` after the other, in one run that is resumed: nothing is compiled again."""
    model, optimizer = network(), nn.Adam(LR)
    training = nn.Training(model, optimizer, nn.History(), 0)
    training.batch_size = BATCH
    training.rows = [TRAIN_X, TRAIN_Y.astype(float)]
    training.use(nn.loss_named("cross_entropy"))

    def epoch() -> None:
        training.epochs += 1
        training.run()

    return epoch, lambda: nn.accuracy_of_classes(nn.predict(model, TEST_X), TEST_Y)


def scikit_learn() -> tuple[Epoch, Callable[[], float]]:
    """`partial_fit` on all rows goes through them once, in mini-batches."""
    arrays = nn.to_numpy(network())
    theirs = MLPClassifier((32,), learning_rate_init=LR, batch_size=BATCH, alpha=0.0, random_state=0)
    theirs.partial_fit(TRAIN_X[:BATCH], TRAIN_Y[:BATCH], classes=np.arange(10))
    for i in (1, 2):
        theirs.coefs_[i - 1][...] = arrays[f"layer{i}.W"].T
        theirs.intercepts_[i - 1][...] = arrays[f"layer{i}.b"]
    del theirs._optimizer  # it begins anew
    return lambda: theirs.partial_fit(TRAIN_X, TRAIN_Y), lambda: float(theirs.score(TEST_X, TEST_Y))


def pytorch() -> tuple[Epoch, Callable[[], float]]:
    """Eager PyTorch, as its tutorials write it."""
    import torch  # noqa: PLC0415 - a peer that may be missing

    torch.set_num_threads(1)
    arrays = nn.to_numpy(network())
    model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)).double()
    with torch.no_grad():
        for layer, i in ((model[0], 1), (model[2], 2)):
            layer.weight.copy_(torch.tensor(arrays[f"layer{i}.W"]))
            layer.bias.copy_(torch.tensor(arrays[f"layer{i}.b"]))
    optimizer = torch.optim.Adam(model.parameters(), lr=LR)
    loss = torch.nn.CrossEntropyLoss()
    x, y = torch.tensor(TRAIN_X), torch.tensor(TRAIN_Y)

    def epoch() -> None:
        order = torch.randperm(len(x))
        for start in range(0, len(x), BATCH):
            chosen = order[start : start + BATCH]
            optimizer.zero_grad()
            loss(model(x[chosen]), y[chosen]).backward()
            optimizer.step()

    def accuracy() -> float:
        with torch.no_grad():
            return float((model(torch.tensor(TEST_X)).argmax(1) == torch.tensor(TEST_Y)).double().mean())

    return epoch, accuracy


def main() -> None:
    """Take turns, epoch by epoch, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    epochs = parser.parse_args().epochs
    contenders = {"autograd_lite": ours(), "scikit-learn": scikit_learn()}
    if importlib.util.find_spec("torch"):
        contenders["PyTorch, eager"] = pytorch()
    else:
        print("PyTorch is not installed: skipped.")
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(epochs):
        for name, (epoch, _) in contenders.items():
            start = time.perf_counter()
            epoch()
            times[name].append(time.perf_counter() - start)
    own = statistics.median(times["autograd_lite"][1:])
    compiling = times["autograd_lite"][0] - own
    print(f"{len(TRAIN_X)} rows, {epochs} epochs; compiling took {compiling * 1e3:.0f} ms, in the first epoch")
    print(f"{'':16}{'min':>10}{'median':>12}{'ratio':>9}{'held out':>10}")
    for name, seconds in times.items():
        middle = statistics.median(seconds[1:])
        low, score = min(seconds), contenders[name][1]()
        print(f"{name:16}{low * 1e3:7.2f} ms{middle * 1e3:9.2f} ms{middle / own:8.2f}x{score:10.3f}")


if __name__ == "__main__":
    main()
